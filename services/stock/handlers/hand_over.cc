#include "services/stock/handlers/hand_over.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

using eligibility::Code;
using eligibility::Reason;

absl::Status ConditionNotMet(const Lot& lot, const groups::v1::Group& group, const std::vector<Reason>& reasons) {
  std::vector<std::string> names, english, japanese;
  for (const Reason& reason : reasons) {
    names.emplace_back(eligibility::CodeName(reason.code));
    english.push_back(reason.english);
    japanese.push_back(reason.japanese);
  }
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "CONDITION_NOT_MET",
      absl::StrCat(group.display_name(), " may not have lot ", lot.code(), ": ", absl::StrJoin(english, " ")),
      absl::StrCat(group.display_name(), "にはロット", lot.code(), "を渡せません。", absl::StrJoin(japanese, "")),
      {{"conditions", absl::StrJoin(names, ",")}, {"lot", absl::StrCat("lots/", lot.id)}, {"group", group.name()}});
}

absl::Status LotExpired(const Lot& lot, const Reason& reason, absl::CivilDay day) {
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "LOT_EXPIRED",
      absl::StrCat("Lot ", lot.code(), " (", lot.facts.product_display_name(), "): ", reason.english),
      absl::StrCat("ロット", lot.code(), "（", lot.facts.product_display_name(), "）：", reason.japanese),
      {{"lot", absl::StrCat("lots/", lot.id)},
       {"date", lot.facts.good_until().date()},
       {"day", absl::FormatCivilTime(day)}});
}

struct Party {
  std::string name;      // "donors/{uuid}"
  std::string shown_as;  // its display name, if it may be told; else its name
};

// Those of the lot's donors, of a kit each part's, with whom no agreement is in force on that day.
absl::StatusOr<std::vector<Party>> DonorsWithoutAgreement(const Context& context, const rpc::Call& call, const Lot& lot,
                                                          absl::CivilDay day) {
  std::vector<Party> without;
  for (const std::string& name : eligibility::DonorsOf(lot.facts)) {
    absl::StatusOr<donors::v1::Donor> donor = absl::NotFoundError("nobody knows this lot's donor");
    if (!name.empty()) donor = context.registers.GetDonor(call, name);
    if (!donor.ok() && !absl::IsNotFound(donor.status())) return donor.status();
    if (donor.ok() && eligibility::InForce(donor->agreements(), day)) continue;
    const bool named = donor.ok() && lot.facts.conditions().donor_may_be_named();
    without.push_back({.name = name, .shown_as = named ? donor->display_name() : name});
  }
  return without;
}

}  // namespace

std::string HashOf(const google::protobuf::Message& request) {
  return Sha256(absl::StrCat(request.GetTypeName(), "\n", pg::RequestHash(request)));
}

absl::StatusOr<Before> LookBefore(const Context& context, const rpc::Call& call, const std::string& request_id,
                                  const google::protobuf::Message& request, Needs needs) {
  needs.requests.insert(request_id);
  Before before;
  ASSIGN_OR_RETURN(before.state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
  before.recorded = before.state.requests[request_id];
  if (!before.recorded.empty() && before.recorded.front().request_hash != HashOf(request))
    return refusals::RequestIdReused(request_id);
  return before;
}

Command BeginCommand(const Context& context, const rpc::Call& call, const std::string& request_id,
                     const google::protobuf::Message& request, absl::Time occurred_time, const std::string& note) {
  return {.request_id = request_id,
          .request_hash = HashOf(request),
          .actor = call.principal.subject,
          .occurred_time = occurred_time,
          .note = note};
}

absl::Time CheckOccurred(const google::protobuf::Timestamp& time, absl::Time now, errors::Violations& violations) {
  const absl::Time occurred = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  violations.Require(occurred >= now - absl::Hours(24 * 90) && occurred <= now + absl::Minutes(5), "occurred_time",
                     "OUT_OF_RANGE", "At most 90 days ago and 5 minutes ahead; check the phone's clock.",
                     "90日前から5分後までの時刻にしてください。端末の時計を確認してください。");
  return occurred;
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

absl::StatusOr<groups::v1::Group> FindGroup(const Context& context, const rpc::Call& call, const std::string& group) {
  absl::StatusOr<groups::v1::Group> found = context.registers.GetGroup(call, group);
  if (absl::IsNotFound(found.status())) return refusals::GroupNotFound(group);
  return found;
}

std::string MunicipalityOf(const groups::v1::Group& group) {
  return group.sites_size() == 0 ? "" : group.sites(0).address().municipality_code();
}

absl::StatusOr<groups::v1::Group> PassTheWall(const Context& context, const rpc::Call& call, const Lot& lot,
                                              const std::string& group_name, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const groups::v1::Group group, FindGroup(context, call, group_name));
  ASSIGN_OR_RETURN(const std::vector<Party> unbound, DonorsWithoutAgreement(context, call, lot, day));

  std::vector<Reason> conditions;
  std::optional<Reason> expired;
  std::vector<std::string> parties, names;
  for (const Reason& reason : eligibility::Judge(eligibility::LotFactsOf(lot.facts, unbound.empty()),
                                                 eligibility::GroupFactsOf(group), eligibility::HandOverRules(), day)) {
    switch (reason.code) {
      case Code::kNoGroupAgreement:
        parties.push_back(group.name());
        names.push_back(group.display_name());
        break;
      case Code::kNoDonorAgreement:
        for (const Party& donor : unbound) {
          parties.push_back(donor.name);
          names.push_back(donor.shown_as);
        }
        break;
      case Code::kUseByPassed:
      case Code::kBestBeforePassed:
        expired = reason;
        break;
      default:
        if (eligibility::IsHard(reason.code)) conditions.push_back(reason);
    }
  }
  if (!parties.empty()) {
    return refusals::NoAgreement(absl::StrJoin(parties, ","), absl::StrJoin(names, ", "), absl::FormatCivilTime(day));
  }
  if (!conditions.empty()) return ConditionNotMet(lot, group, conditions);
  if (expired) return LotExpired(lot, *expired, day);
  return group;
}

absl::StatusOr<Outcome> Submit(const Context& context, const rpc::Call& call, const Command& command) {
  ASSIGN_OR_RETURN(Outcome outcome, context.writer.Submit(call.principal.network_id, command, call.deadline));
  if (outcome.lot) context.catalogue.Remember(call.principal.network_id, *outcome.lot);
  return outcome;
}

}  // namespace kubari::stock
