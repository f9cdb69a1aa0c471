#include "services/stock/handlers/stocktakes.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/domain/stocktake_refusals.h"
#include "services/stock/handlers/stocktake_answers.h"
#include "services/stock/registry_store.h"

namespace kubari::stock {
namespace {

constexpr int kMaxPlaces = 2'000;

// The shelves named, or none if all are meant. PLACE_NOT_FOUND, or INVALID_ARGUMENT for one of another warehouse.
absl::StatusOr<std::vector<std::string>> FindPlaces(const Context& context, const rpc::Call& call,
                                                    const pb::OpenStocktakeRequest& request) {
  std::set<std::string> ids;
  for (const std::string& name : request.places()) ids.insert(IdOf(name));
  ASSIGN_OR_RETURN(const auto found, context.catalogue.Places(call.principal.network_id, ids, call.deadline));
  errors::Violations violations;
  for (int i = 0; i < request.places_size(); ++i) {
    const auto place = found.find(IdOf(request.places(i)));
    if (place == found.end() || !place->second.shelf()) return refusals::PlaceNotFound(request.places(i));
    violations.Require(ids::Name("warehouses", place->second.warehouse_id) == request.warehouse(),
                       absl::StrCat("places[", i, "]"), "MISMATCH",
                       absl::StrCat(place->second.display_name, " is a shelf of another warehouse."),
                       absl::StrCat(place->second.display_name, "は別の倉庫の棚です。"));
  }
  RETURN_IF_ERROR(violations.status());
  return std::vector<std::string>(ids.begin(), ids.end());
}

// All shelves of a warehouse, if they can be counted at once.
absl::StatusOr<std::vector<std::string>> AllPlaces(pg::Transaction& tx, const std::string& warehouse_id) {
  ASSIGN_OR_RETURN(const std::vector<Place> shelves, registry::ShelvesOf(tx, {warehouse_id}));
  errors::Violations violations;
  violations.Require(!shelves.empty(), "warehouse", "EMPTY", "This warehouse has no shelves to count; add one first.",
                     "この倉庫には数える棚がありません。先に棚を登録してください。");
  violations.Require(
      shelves.size() <= kMaxPlaces, "places", "OUT_OF_RANGE",
      absl::StrCat("This warehouse has ", shelves.size(), " shelves; name at most ", kMaxPlaces, " to count at once."),
      absl::StrCat("この倉庫には棚が", shelves.size(), "あります。一度に数える棚を", kMaxPlaces,
                   "以内で指定してください。"));
  RETURN_IF_ERROR(violations.status());
  std::vector<std::string> ids;
  for (const Place& shelf : shelves) ids.push_back(shelf.id);
  return ids;
}

// request_id and name.
template <typename Request>
absl::Status CheckShape(const Request& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("stocktakes", "name", request.name());
  return violations.status();
}

// A change of state as a whole: `step` may refuse it, and does it.
template <typename Request, typename Step>
absl::StatusOr<pb::Stocktake> StepTo(const Context& context, const rpc::Call& call, const Request& request, Step step) {
  RETURN_IF_ERROR(CheckShape(request));
  ASSIGN_OR_RETURN(pb::Stocktake answer,
                   Once<pb::Stocktake>(context, call, SnapshotOf(call), request,
                                       [&](pg::Transaction& tx) -> absl::StatusOr<pb::Stocktake> {
                                         ASSIGN_OR_RETURN(Stocktake stocktake,
                                                          FindOwn(tx, call, request.name(), Hold::kUpdate));
                                         RETURN_IF_ERROR(step(tx, stocktake, context.clock.Now()));
                                         return Describe(tx, stocktake);
                                       }));
  RETURN_IF_ERROR(ShowPlaces(context, call, answer));
  return answer;
}

absl::Status SetState(pg::Transaction& tx, Stocktake& stocktake, pb::StocktakeState state, absl::Time now) {
  stocktake.state = state;
  stocktake.state_time = now;
  return stocktakes::SetState(tx, stocktake.id, state, now);
}

absl::Status CheckNotBeingPosted(const Stocktake& stocktake, absl::Time now) {
  return stocktake.posting_until > now ? refusals::StocktakeBeingPosted(stocktake.id) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Stocktake> StocktakesHandler::OpenStocktake(const rpc::Call& call,
                                                               const pb::OpenStocktakeRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Uuid("stocktake_id", request.stocktake_id());
  violations.Text("title", request.title(), 1, 200);
  violations.Name("warehouses", "warehouse", request.warehouse());
  violations.Range("places", request.places_size(), 0, kMaxPlaces);
  for (int i = 0; i < request.places_size(); ++i) {
    violations.Name("places", absl::StrCat("places[", i, "]"), request.places(i));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pb::Warehouse warehouse, FindWarehouse(context_, call, request.warehouse()));
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(warehouse.organisation()))) {
    return auth::NotYourOrganisation(warehouse.name());
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> named, FindPlaces(context_, call, request));
  const absl::Time now = context_.clock.Now();
  // Not one snapshot: whoever waited for another stocktake of the network to be opened must see its places.
  ASSIGN_OR_RETURN(
      pb::Stocktake answer,
      Once<pb::Stocktake>(context_, call, {.network_id = call.principal.network_id, .deadline = call.deadline}, request,
                          [&](pg::Transaction& tx) -> absl::StatusOr<pb::Stocktake> {
                            std::vector<std::string> places = named;
                            if (places.empty()) {
                              ASSIGN_OR_RETURN(places, AllPlaces(tx, IdOf(warehouse.name())));
                            }
                            const Stocktake stocktake{.id = request.stocktake_id(),
                                                      .title = request.title(),
                                                      .warehouse_id = IdOf(warehouse.name()),
                                                      .warehouse_display_name = warehouse.display_name(),
                                                      .organisation_id = IdOf(warehouse.organisation()),
                                                      .open_time = now,
                                                      .state_time = now,
                                                      .opened_by = call.principal.subject,
                                                      .place_count = static_cast<int>(places.size())};
                            RETURN_IF_ERROR(stocktakes::Insert(tx, stocktake, places));
                            return Describe(tx, stocktake);
                          }));
  RETURN_IF_ERROR(ShowPlaces(context_, call, answer));
  return answer;
}

absl::StatusOr<pb::Stocktake> StocktakesHandler::GetStocktake(const rpc::Call& call,
                                                              const pb::GetStocktakeRequest& request) {
  errors::Violations violations;
  violations.Name("stocktakes", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(pb::Stocktake answer,
                   context_.pool.Read(SnapshotOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::Stocktake> {
                     ASSIGN_OR_RETURN(const Stocktake stocktake,
                                      stocktakes::Find(tx, IdOf(request.name()), Hold::kNothing));
                     return Describe(tx, stocktake);
                   }));
  RETURN_IF_ERROR(ShowPlaces(context_, call, answer));
  return answer;
}

absl::StatusOr<pb::ListStocktakesResponse> StocktakesHandler::ListStocktakes(const rpc::Call& call,
                                                                             const pb::ListStocktakesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  if (request.state() != pb::STOCKTAKE_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  std::optional<std::pair<absl::Time, std::string>> after;
  if (!key.empty()) {
    int64_t micros = 0;
    if (key.size() != 2 || !absl::SimpleAtoi(key[0], &micros) || !ids::IsUuid(key[1])) return paging::InvalidToken();
    after = {absl::FromUnixMicros(micros), key[1]};
  }
  stocktakes::StocktakeFilter filter;
  if (!request.warehouse().empty()) filter.warehouse = IdOf(request.warehouse());
  if (request.state() != pb::STOCKTAKE_STATE_UNSPECIFIED) filter.state = request.state();
  return context_.pool.Read(SnapshotOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListStocktakesResponse> {
    ASSIGN_OR_RETURN(std::vector<Stocktake> found, stocktakes::List(tx, filter, after, size + 1));
    pb::ListStocktakesResponse response;
    if (static_cast<int>(found.size()) > size) {
      found.resize(size);
      const Stocktake& last = found.back();
      response.set_next_page_token(
          paging::Encode(fingerprint, {absl::StrCat(absl::ToUnixMicros(last.open_time)), last.id}));
    }
    // The lines of all that are not closed, read together.
    std::map<std::string, std::vector<StocktakeLine>> lines;
    for (const Stocktake& stocktake : found) {
      if (!IsClosed(stocktake.state)) lines[stocktake.id] = {};
    }
    std::vector<std::string> open;
    for (const auto& [id, none] : lines) open.push_back(id);
    if (!open.empty()) {
      ASSIGN_OR_RETURN(std::vector<StocktakeLine> all, stocktakes::Lines(tx, open, {}));
      for (StocktakeLine& line : all) lines[line.stocktake_id].push_back(std::move(line));
    }
    for (const Stocktake& stocktake : found) {
      pb::Stocktake& out = *response.add_stocktakes() = ToProto(stocktake);
      if (!IsClosed(stocktake.state)) SetFigures(lines[stocktake.id], out);
    }
    return response;
  });
}

absl::StatusOr<pb::Stocktake> StocktakesHandler::ReviewStocktake(const rpc::Call& call,
                                                                 const pb::ReviewStocktakeRequest& request) {
  return StepTo(context_, call, request, [](pg::Transaction& tx, Stocktake& stocktake, absl::Time now) -> absl::Status {
    if (!MayReview(stocktake.state)) return refusals::StocktakeClosed(stocktake.id, stocktake.state);
    return SetState(tx, stocktake, pb::STOCKTAKE_STATE_REVIEW, now);
  });
}

absl::StatusOr<pb::Stocktake> StocktakesHandler::ReopenStocktake(const rpc::Call& call,
                                                                 const pb::ReopenStocktakeRequest& request) {
  return StepTo(context_, call, request, [](pg::Transaction& tx, Stocktake& stocktake, absl::Time now) -> absl::Status {
    if (!MayDecide(stocktake.state)) return refusals::StocktakeClosed(stocktake.id, stocktake.state);
    RETURN_IF_ERROR(CheckNotBeingPosted(stocktake, now));
    return SetState(tx, stocktake, pb::STOCKTAKE_STATE_OPEN, now);
  });
}

absl::StatusOr<pb::Stocktake> StocktakesHandler::CancelStocktake(const rpc::Call& call,
                                                                 const pb::CancelStocktakeRequest& request) {
  return StepTo(context_, call, request, [](pg::Transaction& tx, Stocktake& stocktake, absl::Time now) -> absl::Status {
    if (!MayCancel(stocktake.state)) return refusals::StocktakeClosed(stocktake.id, stocktake.state);
    RETURN_IF_ERROR(CheckNotBeingPosted(stocktake, now));
    ASSIGN_OR_RETURN(const std::vector<StocktakeLine> lines, stocktakes::Lines(tx, {stocktake.id}, {}));
    return CloseStocktake(tx, stocktake, pb::STOCKTAKE_STATE_CANCELLED, now, lines);
  });
}

}  // namespace kubari::stock
