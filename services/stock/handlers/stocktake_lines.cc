#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/domain/stocktake_refusals.h"
#include "services/stock/handlers/commands.h"
#include "services/stock/handlers/stocktake_answers.h"
#include "services/stock/handlers/stocktakes.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

// How far a phone's clock may be off, as with movements. A count keeps the time its phone gave it even then: the same
// phone's movements have theirs from the same clock, so what it did before and after the count stays before and after.
constexpr absl::Duration kClockTolerance = absl::Minutes(5);

absl::Time CountedTime(const pb::RecordCountRequest& request, absl::Time now, errors::Violations& violations) {
  // Whole microseconds, as the database keeps it: else it would lie a little behind itself.
  if (!request.has_counted_time()) return absl::FromUnixMicros(absl::ToUnixMicros(now));
  const absl::Time time = absl::FromUnixSeconds(request.counted_time().seconds()) +
                          absl::Microseconds(request.counted_time().nanos() / 1'000);
  violations.Require(time <= now + kClockTolerance, "counted_time", "OUT_OF_RANGE",
                     "This time is yet to come; check the phone's clock.",
                     "まだ来ていない時刻です。端末の時計を確認してください。");
  return time;
}

absl::Status CheckNotBefore(absl::Time counted, const Stocktake& stocktake) {
  errors::Violations violations;
  violations.Require(counted >= stocktake.open_time - kClockTolerance, "counted_time", "OUT_OF_RANGE",
                     "Counted before the stocktake was opened; count it again, or check the phone's clock.",
                     "棚卸の開始より前の時刻です。数え直すか、端末の時計を確認してください。");
  return violations.status();
}

// What was counted, in items.
absl::StatusOr<Count> CountOf(const pb::RecordCountRequest& request, const Lot& lot) {
  Count count{.mode = request.mode() == pb::COUNT_MODE_UNSPECIFIED ? pb::COUNT_MODE_WHOLE : request.mode(),
              .cases = request.cases(),
              .items_per_case = request.items_per_case() > 0 ? request.items_per_case() : lot.facts.items_per_case(),
              .loose_items = request.loose_items(),
              .note = request.note()};
  errors::Violations violations;
  violations.Require(count.cases == 0 || count.items_per_case > 0, "items_per_case", "REQUIRED",
                     "It is not known how many items of this lot are in a case; say it.",
                     "このロットの入数が分かりません。1ケースあたりの点数を指定してください。");
  violations.Require(count.items() <= kMaxItems, "cases", "OUT_OF_RANGE",
                     absl::StrCat(count.items(), " items; at most ", kMaxItems, " can be counted at once."),
                     absl::StrCat(count.items(), "点になります。一度に数えられるのは", kMaxItems, "点までです。"));
  RETURN_IF_ERROR(violations.status());
  return count;
}

// That line, which may be empty: nobody counted it, and nothing is there.
absl::StatusOr<StocktakeLine> FindLine(pg::Transaction& tx, const std::string& stocktake_id,
                                       const std::string& place_id, const std::string& lot_id) {
  ASSIGN_OR_RETURN(const std::vector<StocktakeLine> lines,
                   stocktakes::Lines(tx, {stocktake_id}, {.pair = {{place_id, lot_id}}}));
  if (lines.empty()) return StocktakeLine{.stocktake_id = stocktake_id, .place_id = place_id, .lot_id = lot_id};
  return lines.front();
}

// "stocktakes/{uuid}/counts/{uuid}"
struct CountName {
  std::string stocktake;  // "stocktakes/{uuid}"
  std::string count_id;
};
CountName ReadCountName(const std::string& name, errors::Violations& violations) {
  const size_t slash = name.find("/counts/");
  CountName read{.stocktake = name.substr(0, slash)};
  if (slash != std::string::npos) read.count_id = name.substr(slash + std::string_view("/counts/").size());
  violations.Require(ids::IdFromName("stocktakes", read.stocktake) && ids::IsUuid(read.count_id), "name",
                     name.empty() ? "REQUIRED" : "NOT_A_NAME", "Expected stocktakes/{uuid}/counts/{uuid}.",
                     "stocktakes/{uuid}/counts/{uuid} の形で指定してください。");
  return read;
}

// The decision that this request makes of the line as it stands.
absl::StatusOr<Decision> DecisionOf(const pb::SettleLineRequest& request, const Line& line) {
  Decision decision{.reason = request.reason(),
                    .note = request.note(),
                    .leave_out = request.leave_out(),
                    .basis_items = line.basis_items,
                    .changes = line.changes};
  if (request.has_counted_items()) {
    decision.counted_items = request.counted_items();
  } else if (!decision.leave_out) {
    decision.counted_items = line.settled_items;
  }
  errors::Violations violations;
  violations.Require(decision.counted_items || decision.leave_out || line.conflict == pb::LINE_CONFLICT_UNSPECIFIED,
                     "counted_items", "REQUIRED",
                     "The counts do not tell how many there were; say it, or leave the line out.",
                     "カウントからは数量が決まりません。数量を指定するか、この行を対象から外してください。");
  RETURN_IF_ERROR(violations.status());
  return decision;
}

absl::StatusOr<pb::StocktakeLine> ShowLine(const Context& context, const rpc::Call& call,
                                           absl::StatusOr<pb::StocktakeLine> line) {
  RETURN_IF_ERROR(line);
  RETURN_IF_ERROR(ShowLines(context, call, {&*line}));
  return line;
}

// A page of lines, with the key of each.
struct PageOfLines {
  std::vector<pb::StocktakeLine> lines;
  std::vector<std::vector<std::string>> keys;
};

absl::StatusOr<PageOfLines> ReadLines(pg::Transaction& tx, const pb::ListStocktakeLinesRequest& request,
                                      LineSelection selection) {
  ASSIGN_OR_RETURN(const Stocktake stocktake, stocktakes::Find(tx, IdOf(request.stocktake()), Hold::kNothing));
  const std::vector<int> states(request.states().begin(), request.states().end());
  PageOfLines page;
  if (IsClosed(stocktake.state)) {
    ASSIGN_OR_RETURN(std::vector<KeptLine> kept, stocktakes::KeptLines(tx, stocktake.id, states, selection));
    for (KeptLine& line : kept) {
      line.facts.mutable_lot()->set_name(ids::Name("lots", line.lot_id));
      line.facts.mutable_place()->set_name(ids::Name("places", line.place_id));
      page.lines.push_back(std::move(line.facts));
      page.keys.push_back({line.place_code, line.lot_code});
    }
    return page;
  }
  // A line's state is not known before the line has been worked out. So if only some are wanted, all are.
  const size_t limit = *selection.limit;
  if (!states.empty()) selection.limit.reset();
  ASSIGN_OR_RETURN(const std::vector<StocktakeLine> lines, stocktakes::Lines(tx, {stocktake.id}, selection));
  for (const StocktakeLine& line : lines) {
    if (!states.empty() && std::find(states.begin(), states.end(), line.line.state) == states.end()) continue;
    page.lines.push_back(ToProto(tx.network_id(), line));
    page.keys.push_back({line.place_code, line.lot_code});
    if (page.lines.size() == limit) break;
  }
  return page;
}

// What RecordCount and SettleLine name. Refusals: those of FindOwn; LOT_NOT_FOUND; then STOCKTAKE_CLOSED unless `may`
// holds of its state, and PLACE_NOT_IN_STOCKTAKE.
struct NamedLine {
  Stocktake stocktake;
  Place place;
  Lot lot;
};
template <typename Request>
absl::StatusOr<NamedLine> FindNamedLine(pg::Transaction& tx, const rpc::Call& call, const Request& request,
                                        bool (*may)(pb::StocktakeState)) {
  NamedLine named;
  ASSIGN_OR_RETURN(named.stocktake, FindOwn(tx, call, request.stocktake(), Hold::kShare));
  const std::string place_id = IdOf(request.place());
  ASSIGN_OR_RETURN(auto place, stocktakes::PlaceOf(tx, named.stocktake.id, place_id));
  ASSIGN_OR_RETURN(named.lot, stocktakes::LotOf(tx, IdOf(request.lot())));
  if (!may(named.stocktake.state)) return refusals::StocktakeClosed(named.stocktake.id, named.stocktake.state);
  if (!place) return refusals::PlaceNotInStocktake(named.stocktake.id, place_id);
  named.place = *std::move(place);
  return named;
}

}  // namespace

absl::StatusOr<pb::ListStocktakeLinesResponse> StocktakesHandler::ListStocktakeLines(
    const rpc::Call& call, const pb::ListStocktakeLinesRequest& request) {
  errors::Violations violations;
  violations.Name("stocktakes", "stocktake", request.stocktake());
  for (int i = 0; i < request.states_size(); ++i) {
    violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  }
  CheckOptionalName("places", "place", request.place(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  LineSelection selection{.limit = size + 1};
  if (!key.empty()) {
    if (key.size() != 2) return paging::InvalidToken();
    selection.after = {key[0], key[1]};
  }
  if (!request.place().empty()) selection.place_id = IdOf(request.place());
  ASSIGN_OR_RETURN(PageOfLines page,
                   context_.pool.Read(SnapshotOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<PageOfLines> {
                     return ReadLines(tx, request, selection);
                   }));
  pb::ListStocktakeLinesResponse response;
  if (static_cast<int>(page.lines.size()) > size) {
    page.lines.resize(size);
    response.set_next_page_token(paging::Encode(fingerprint, page.keys[size - 1]));
  }
  std::vector<pb::StocktakeLine*> lines;
  for (pb::StocktakeLine& line : page.lines) {
    *response.add_lines() = std::move(line);
    lines.push_back(response.mutable_lines(response.lines_size() - 1));
  }
  RETURN_IF_ERROR(ShowLines(context_, call, lines));
  return response;
}

absl::StatusOr<pb::StocktakeLine> StocktakesHandler::RecordCount(const rpc::Call& call,
                                                                 const pb::RecordCountRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("stocktakes", "stocktake", request.stocktake());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  violations.Range("cases", request.cases(), 0, 1'000'000);
  violations.Range("items_per_case", request.items_per_case(), 0, 10'000);
  violations.Range("loose_items", request.loose_items(), 0, kMaxItems);
  if (request.mode() != pb::COUNT_MODE_UNSPECIFIED) violations.Enum("mode", request.mode());
  violations.Text("note", request.note(), 0, 500);
  const absl::Time now = context_.clock.Now();
  const absl::Time counted = CountedTime(request, now, violations);
  RETURN_IF_ERROR(violations.status());
  const std::string place_id = IdOf(request.place()), lot_id = IdOf(request.lot());
  return ShowLine(
      context_, call,
      Once<pb::StocktakeLine>(
          context_, call, SnapshotOf(call), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::StocktakeLine> {
            ASSIGN_OR_RETURN(const NamedLine named, FindNamedLine(tx, call, request, MayCount));
            const Stocktake& stocktake = named.stocktake;
            RETURN_IF_ERROR(CheckNotBefore(counted, stocktake));
            ASSIGN_OR_RETURN(Count count, CountOf(request, named.lot));
            count.id = ids::NewV7(now);
            count.actor = call.principal.subject;
            count.counted_time = counted;
            count.recorded_time = now;
            ASSIGN_OR_RETURN(count.ledger_position, stocktakes::LedgerPosition(tx));
            RETURN_IF_ERROR(stocktakes::InsertCount(tx, stocktake.id, place_id, lot_id, count));
            ASSIGN_OR_RETURN(const StocktakeLine line, FindLine(tx, stocktake.id, place_id, lot_id));
            return ToProto(tx.network_id(), line);
          }));
}

absl::StatusOr<pb::StocktakeLine> StocktakesHandler::RetractCount(const rpc::Call& call,
                                                                  const pb::RetractCountRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  const CountName name = ReadCountName(request.name(), violations);
  RETURN_IF_ERROR(violations.status());
  return ShowLine(
      context_, call,
      Once<pb::StocktakeLine>(
          context_, call, SnapshotOf(call), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::StocktakeLine> {
            ASSIGN_OR_RETURN(const Stocktake stocktake, FindOwn(tx, call, name.stocktake, Hold::kShare));
            ASSIGN_OR_RETURN(const auto found, stocktakes::FindCount(tx, stocktake.id, name.count_id));
            if (!found) return refusals::CountNotFound(request.name());
            if (OnlyVolunteer(call, stocktake.organisation_id) && found->count.actor != call.principal.subject) {
              return refusals::NotYourCount(request.name());
            }
            if (!MayCount(stocktake.state)) return refusals::StocktakeClosed(stocktake.id, stocktake.state);
            // Taken back already: then it is as it was asked for.
            if (!found->count.retracted) {
              RETURN_IF_ERROR(
                  stocktakes::Retract(tx, stocktake.id, name.count_id, call.principal.subject, context_.clock.Now()));
            }
            ASSIGN_OR_RETURN(const StocktakeLine line, FindLine(tx, stocktake.id, found->place_id, found->lot_id));
            return ToProto(tx.network_id(), line);
          }));
}

absl::StatusOr<pb::StocktakeLine> StocktakesHandler::SettleLine(const rpc::Call& call,
                                                                const pb::SettleLineRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("stocktakes", "stocktake", request.stocktake());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  if (request.has_counted_items()) violations.Range("counted_items", request.counted_items(), 0, kMaxItems);
  if (!request.reason().empty()) {
    CheckReason(request.reason(), {"COUNTED", "FOUND", "LOST", "DAMAGED", "MISLABELLED", "OTHER"}, "reason",
                violations);
  }
  violations.Text("note", request.note(), 0, 500);
  violations.Require(!request.leave_out() || !request.has_counted_items(), "leave_out", "MISMATCH",
                     "A line that is left out has no figure; give the one or the other.",
                     "対象から外す行に数量は指定できません。どちらか一方にしてください。");
  violations.Require(request.leave_out() || request.has_counted_items() || !request.reason().empty(), "reason",
                     "REQUIRED", "Say how many there were, why it differs, or that the line is left out.",
                     "数量、差異の理由、または対象から外すことを指定してください。");
  RETURN_IF_ERROR(violations.status());
  const std::string place_id = IdOf(request.place()), lot_id = IdOf(request.lot());
  return ShowLine(
      context_, call,
      Once<pb::StocktakeLine>(
          context_, call, SnapshotOf(call), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::StocktakeLine> {
            ASSIGN_OR_RETURN(const NamedLine named, FindNamedLine(tx, call, request, MayDecide));
            const Stocktake& stocktake = named.stocktake;
            ASSIGN_OR_RETURN(const StocktakeLine before, FindLine(tx, stocktake.id, place_id, lot_id));
            if (!before.line.counted()) return refusals::LineNotCounted(named.lot, named.place);
            ASSIGN_OR_RETURN(const Decision decision, DecisionOf(request, before.line));
            RETURN_IF_ERROR(stocktakes::InsertDecision(tx, stocktake.id, place_id, lot_id, decision,
                                                       call.principal.subject, context_.clock.Now()));
            ASSIGN_OR_RETURN(const StocktakeLine line, FindLine(tx, stocktake.id, place_id, lot_id));
            return ToProto(tx.network_id(), line);
          }));
}

}  // namespace kubari::stock
