#include "services/stock/handlers/commands.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/first_expiring.h"

namespace kubari::stock {
namespace {

// How often a command is judged anew because there are goods that expire earlier and were not judged yet.
constexpr int kAttempts = 4;

// The refusal and, for people and programs, where the lot's items are now.
absl::StatusOr<absl::Status> SayWhereGoodsWent(const Context& context, const rpc::Call& call,
                                               const absl::Status& refusal, const std::string& lot_name) {
  const std::string& network = call.principal.network_id;
  ASSIGN_OR_RETURN(const auto holders, context.ledger.Holders(network, IdOf(lot_name), call.deadline));
  std::set<std::string> ids;
  for (const auto& [place, balance] : holders) ids.insert(place);
  ASSIGN_OR_RETURN(const auto places, context.catalogue.Places(network, ids, call.deadline));
  std::vector<std::string> went_to, english, japanese;
  for (const auto& [id, balance] : holders) {
    const auto place = places.find(id);
    if (balance.on_hand <= 0 || place == places.end() || place->second.kind == pb::PLACE_KIND_DONOR) continue;
    went_to.push_back(absl::StrCat(ids::Name("places", id), "=", balance.on_hand));
    english.push_back(absl::StrCat(place->second.display_name, " ", balance.on_hand));
    japanese.push_back(absl::StrCat(place->second.display_name, " ", balance.on_hand, "点"));
  }
  errors::Metadata metadata = errors::MetadataOf(refusal);
  metadata["went_to"] = absl::StrJoin(went_to, ",");
  const std::string nowhere_en = "nowhere any more", nowhere_ja = "どこにもありません";
  return errors::Make(refusal.code(), errors::ReasonOf(refusal),
                      absl::StrCat(errors::MessageIn("en", refusal), " All of it is now at: ",
                                   english.empty() ? nowhere_en : absl::StrJoin(english, ", "), "."),
                      absl::StrCat(errors::MessageIn("ja", refusal), "現在の所在：",
                                   japanese.empty() ? nowhere_ja : absl::StrJoin(japanese, "、"), "。"),
                      std::move(metadata));
}

}  // namespace

std::string HashOf(const google::protobuf::Message& request) {
  return Sha256(absl::StrCat(request.GetTypeName(), "\n", pg::RequestHash(request))).substr(0, 16);
}

Command BeginCommand(const Context&, const rpc::Call& call, const std::string& request_id,
                     const google::protobuf::Message& request, absl::Time occurred_time, const std::string& note) {
  return {.request_id = request_id,
          .request_hash = HashOf(request),
          .actor = call.principal.subject,
          .occurred_time = occurred_time,
          .note = note};
}

absl::StatusOr<Place> StandIn(const Context& context, const rpc::Call& call, pb::PlaceKind kind,
                              const std::string& party, const std::string& display_name, Command& command) {
  const std::string& network = call.principal.network_id;
  Place place = StandInPlace(network, kind, party, display_name);
  ASSIGN_OR_RETURN(const auto known, context.catalogue.Places(network, {place.id}, call.deadline));
  if (!known.empty()) return known.begin()->second;
  command.new_places.push_back(place);
  return place;
}

absl::StatusOr<Outcome> RecordedBefore(const Context& context, const rpc::Call& call, const std::string& request_id,
                                       const google::protobuf::Message& request, const absl::Status& refusal) {
  if (!ids::IsUuid(request_id)) return refusal;
  Needs needs;
  needs.requests.insert(request_id);
  ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.requests.find(request_id);
  if (found == state.requests.end() || found->second.empty()) return refusal;
  // A request that was never well-formed, or whose right is missing, is not told what another one did.
  const Movement& first = found->second.front();
  const bool same = first.request_hash == HashOf(request);
  if (absl::IsInvalidArgument(refusal) && !same) return refusal;
  if (absl::IsPermissionDenied(refusal) && first.actor != call.principal.subject) return refusal;
  if (!same) return refusals::RequestIdReused(request_id);
  return Outcome{.movements = std::move(found->second), .replayed = true};
}

absl::StatusOr<Outcome> Settle(const Context& context, const rpc::Call& call, Command& command,
                               absl::StatusOr<Outcome> outcome) {
  for (int attempt = 0; attempt < kAttempts && errors::ReasonOf(outcome.status()) == "LOTS_CHANGED"; ++attempt) {
    RETURN_IF_ERROR(JudgeFirstExpiring(context, call, command));
    outcome = context.writer.Submit(call.principal.network_id, command, call.deadline);
  }
  if (outcome.ok()) {
    if (outcome->lot) context.catalogue.Remember(call.principal.network_id, *outcome->lot);
    for (const Lot& lot : outcome->lots) context.catalogue.Remember(call.principal.network_id, lot);
  } else if (errors::ReasonOf(outcome.status()) == "NOT_REVERSIBLE") {
    const errors::Metadata metadata = errors::MetadataOf(outcome.status());
    if (const auto lot = metadata.find("lot"); lot != metadata.end()) {
      // If it cannot be found out, the refusal stands by itself.
      const auto told = SayWhereGoodsWent(context, call, outcome.status(), lot->second);
      if (told.ok()) return *told;
    }
  }
  return outcome;
}

absl::Time CheckOccurred(const google::protobuf::Timestamp& time, absl::Time now, errors::Violations& violations) {
  const absl::Time occurred = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  violations.Require(occurred >= now - absl::Hours(24 * 90) && occurred <= now + absl::Minutes(5), "occurred_time",
                     "OUT_OF_RANGE", "At most 90 days ago and 5 minutes ahead; check the phone's clock.",
                     "90日前から5分後までの時刻にしてください。端末の時計を確認してください。");
  return occurred;
}

void CheckReason(const std::string& reason, std::initializer_list<std::string_view> known, std::string_view field,
                 errors::Violations& violations) {
  if (std::find(known.begin(), known.end(), reason) != known.end()) return;
  std::string all;
  for (const std::string_view one : known) absl::StrAppend(&all, all.empty() ? "" : ", ", std::string(one));
  violations.Add(field, reason.empty() ? "REQUIRED" : "UNKNOWN_VALUE", absl::StrCat("Expected one of ", all, "."),
                 absl::StrCat("次のいずれかを指定してください：", all, "。"));
}

std::string_view CheckNameOf(std::initializer_list<std::string_view> collections, std::string_view field,
                             const std::string& name, errors::Violations& violations) {
  std::string all;
  for (const std::string_view collection : collections) {
    if (ids::IdFromName(collection, name)) return collection;
    absl::StrAppend(&all, all.empty() ? "" : ", ", std::string(collection), "/{uuid}");
  }
  violations.Add(field, name.empty() ? "REQUIRED" : "NOT_A_NAME", absl::StrCat("Expected one of ", all, "."),
                 absl::StrCat("次のいずれかの形で指定してください：", all, "。"));
  return "";
}

void CheckEachGoods(const NamedTransferGoods& goods, std::string_view field, errors::Violations& violations) {
  std::set<std::pair<std::string, std::string>> named;
  for (int i = 0; i < goods.size(); ++i) {
    const std::string path = absl::StrCat(std::string(field), "[", i, "]");
    const bool lot = violations.Name("lots", path + ".lot", goods[i].lot());
    const bool place = violations.Name("places", path + ".place", goods[i].place());
    violations.Range(path + ".items", goods[i].items(), 1, kMaxItems);
    if (lot && place) {
      violations.Require(named.insert({goods[i].lot(), goods[i].place()}).second, path, "DUPLICATE",
                         "Each lot on a shelf is named once.", "同じ棚の同じロットが2回あります。");
    }
  }
}

absl::StatusOr<std::vector<Send::Goods>> FindEachGoods(const Context& context, const rpc::Call& call,
                                                       const NamedTransferGoods& goods) {
  std::vector<Send::Goods> found;
  for (const pb::TransferGoods& one : goods) {
    Send::Goods each{.items = one.items()};
    ASSIGN_OR_RETURN(each.shelf, FindShelf(context, call, one.place()));
    ASSIGN_OR_RETURN(each.lot, FindLot(context, call, one.lot()));
    found.push_back(std::move(each));
  }
  return found;
}

absl::Status CheckOneWarehouse(const Place& first, const std::vector<Send::Goods>& goods) {
  for (const Send::Goods& one : goods) {
    if (one.shelf.warehouse_id != first.warehouse_id) return refusals::OtherWarehouse(first, one.shelf);
  }
  return absl::OkStatus();
}

}  // namespace kubari::stock
