#include "services/stock/handlers/wall.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "libs/errors/macros.h"
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

bool IsAgreement(Code code) { return code == Code::kNoGroupAgreement || code == Code::kNoDonorAgreement; }
bool IsExpired(Code code) { return code == Code::kUseByPassed || code == Code::kBestBeforePassed; }

}  // namespace

Wall::Wall(const Context& context, const rpc::Call& call, std::optional<groups::v1::Group> group,
           std::shared_ptr<const Rules> rules, absl::CivilDay day)
    : context_(context), call_(call), group_(std::move(group)), rules_(std::move(rules)), day_(day) {
  if (group_) facts_ = eligibility::GroupFactsOf(*group_);
}

absl::StatusOr<Wall> Wall::For(const Context& context, const rpc::Call& call, std::optional<groups::v1::Group> group,
                               absl::CivilDay day) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Rules> rules, context.rules.Get(call.principal.network_id, call.deadline));
  return Wall(context, call, std::move(group), std::move(rules), day);
}

absl::StatusOr<std::vector<Wall::Party>> Wall::DonorsWithoutAgreement(const Lot& lot) {
  std::vector<Party> without;
  for (const std::string& name : eligibility::DonorsOf(lot.facts)) {
    auto known = donors_.find(name);
    if (known == donors_.end()) {
      DonorSeen seen;
      if (!name.empty()) {  // of a part nobody knows the donor of, none can be in force
        const absl::StatusOr<donors::v1::Donor> donor = context_.registers.GetDonor(call_, name);
        if (!donor.ok() && !absl::IsNotFound(donor.status())) return donor.status();
        if (donor.ok()) seen = {eligibility::InForce(donor->agreements(), day_), donor->display_name()};
      }
      known = donors_.emplace(name, std::move(seen)).first;
    }
    const DonorSeen& donor = known->second;
    if (donor.agreement) continue;
    const bool named = lot.facts.conditions().donor_may_be_named() && !donor.display_name.empty();
    without.push_back({.name = name, .shown_as = named ? donor.display_name : name});
  }
  return without;
}

absl::StatusOr<Wall::Verdict> Wall::Judge(const Lot& lot) {
  Verdict verdict;
  if (group_) {
    ASSIGN_OR_RETURN(verdict.unbound, DonorsWithoutAgreement(lot));
  }
  const eligibility::LotFacts facts = eligibility::LotFactsOf(lot.facts, verdict.unbound.empty());
  for (Reason& reason : eligibility::Judge(facts, facts_, rules_->hand_over, day_)) {
    const bool counts =
        group_ ? eligibility::IsHard(reason.code)
               : IsExpired(reason.code) || reason.code == Code::kRemainingDays || reason.code == Code::kLotRecalled;
    if (!counts) continue;
    if (reason.code == Code::kNoGroupAgreement)
      verdict.unbound.insert(verdict.unbound.begin(), {.name = group_->name(), .shown_as = group_->display_name()});
    verdict.reasons.push_back(std::move(reason));
  }
  return verdict;
}

absl::Status Wall::Pass(const Lot& lot) {
  ASSIGN_OR_RETURN(const Verdict verdict, Judge(lot));
  if (!verdict.unbound.empty()) {
    const auto field = [&](std::string Party::*member) {
      return absl::StrJoin(verdict.unbound, member == &Party::name ? "," : ", ",
                           [&](std::string* out, const Party& party) { out->append(party.*member); });
    };
    return refusals::NoAgreement(field(&Party::name), field(&Party::shown_as), absl::FormatCivilTime(day_));
  }
  std::vector<Reason> conditions;
  const Reason* expired = nullptr;
  for (const Reason& reason : verdict.reasons) {
    if (IsExpired(reason.code)) {
      expired = &reason;
    } else if (!IsAgreement(reason.code)) {
      conditions.push_back(reason);
    }
  }
  if (!conditions.empty()) return ConditionNotMet(lot, group_.value_or(groups::v1::Group()), conditions);
  if (expired != nullptr) return LotExpired(lot, *expired, day_);
  return absl::OkStatus();
}

}  // namespace kubari::stock
