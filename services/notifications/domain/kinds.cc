#include "services/notifications/domain/kinds.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

namespace kubari::notifications {
namespace {

using namespace type::v1;  // NOLINT: roles, twice on each line of the table

const std::vector<KindRule>& Table() {
  static const std::vector<KindRule> rules = {
      {pb::NOTICE_KIND_LINES_OFFERED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_ANSWER_DUE_SOON, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_LINE_EXPIRED, pb::TIMING_DAILY, false, {ROLE_GROUP, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_LINE_REFUSED, pb::TIMING_DAILY, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_ROUND_OPENED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_ROUND_CLOSED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_ALLOCATION_CHANGED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_DELIVERY_SHIPPED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_SHORTAGE_CONFIRMED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_WAREHOUSE_MANAGER}},
      {pb::NOTICE_KIND_RECALL, pb::TIMING_AT_ONCE, true,
       {ROLE_GROUP, ROLE_WAREHOUSE_MANAGER, ROLE_DONOR, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_STOCK_ALERTS, pb::TIMING_DAILY, false, {ROLE_COORDINATOR, ROLE_WAREHOUSE_MANAGER}},
      {pb::NOTICE_KIND_OFFER_SUBMITTED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_OFFER_QUESTION, pb::TIMING_AT_ONCE, false, {ROLE_DONOR, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_OFFER_DECIDED, pb::TIMING_AT_ONCE, false, {ROLE_DONOR}},
      {pb::NOTICE_KIND_OFFER_RECEIVED, pb::TIMING_DAILY, false, {ROLE_DONOR}},
      {pb::NOTICE_KIND_BROADCAST, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_BROADCAST_ANSWERED, pb::TIMING_DAILY, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_AGREEMENT_EXPIRING, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_DONOR, ROLE_GROUP}},
      {pb::NOTICE_KIND_AGREEMENT_ENDED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_DONOR, ROLE_GROUP}},
      {pb::NOTICE_KIND_STANDING_OFFER_HALTED, pb::TIMING_AT_ONCE, false, {ROLE_DONOR, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_STANDING_OFFER_MADE, pb::TIMING_DAILY, false, {ROLE_DONOR, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_REPORT_DUE, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_DONOR, ROLE_GROUP}},
      {pb::NOTICE_KIND_APPLICATION_SUBMITTED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_APPLICATION_DECIDED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_FACTS_STALE, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_SURVEY_OPENED, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_EVIDENCE_EXPIRING, pb::TIMING_AT_ONCE, false, {ROLE_GROUP, ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_NEED_STATED, pb::TIMING_DAILY, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_REVIEW_DUE, pb::TIMING_DAILY, false, {ROLE_COORDINATOR}},
      {pb::NOTICE_KIND_SURVEY_REMINDER, pb::TIMING_AT_ONCE, false, {ROLE_GROUP}},
      {pb::NOTICE_KIND_SUPPORT_REQUESTED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_GROUP, ROLE_WAREHOUSE_MANAGER, ROLE_PARTNER}},
      {pb::NOTICE_KIND_HANDOVER_OFFERED, pb::TIMING_AT_ONCE, true, {ROLE_COORDINATOR, ROLE_GROUP, ROLE_WAREHOUSE_MANAGER, ROLE_PARTNER}},
      {pb::NOTICE_KIND_HANDOVER_ANSWERED, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_GROUP, ROLE_WAREHOUSE_MANAGER, ROLE_PARTNER}},
      {pb::NOTICE_KIND_SUPPORT_OVERDUE, pb::TIMING_AT_ONCE, true, {ROLE_COORDINATOR, ROLE_GROUP, ROLE_WAREHOUSE_MANAGER, ROLE_PARTNER}},
      {pb::NOTICE_KIND_SUPPORT_DONE, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_GROUP, ROLE_PARTNER}},
      {pb::NOTICE_KIND_CAMPAIGN_APPLICATION, pb::TIMING_DAILY, false, {ROLE_COORDINATOR, ROLE_PARTNER}},
      {pb::NOTICE_KIND_INVITE, pb::TIMING_AT_ONCE, true, {}},
      {pb::NOTICE_KIND_WEBHOOK_DISABLED, pb::TIMING_AT_ONCE, true, {ROLE_ADMINISTRATOR}},
      {pb::NOTICE_KIND_TEST, pb::TIMING_AT_ONCE, true, {ROLE_ADMINISTRATOR}},
      {pb::NOTICE_KIND_WORK_DONE, pb::TIMING_AT_ONCE, false, {ROLE_COORDINATOR, ROLE_ADMINISTRATOR, ROLE_DONOR, ROLE_GROUP}},
  };
  return rules;
}

}  // namespace

std::span<const KindRule> AllKinds() { return Table(); }

const KindRule& RuleOf(pb::NoticeKind kind) {
  static const KindRule unknown;
  for (const KindRule& rule : Table()) {
    if (rule.kind == kind) return rule;
  }
  return unknown;
}

std::string NameOf(pb::NoticeKind kind) {
  const std::string name = pb::NoticeKind_Name(kind);
  if (name.empty()) return absl::StrCat("KIND_", static_cast<int>(kind));
  return std::string(absl::StripPrefix(name, "NOTICE_KIND_"));
}

pb::Timing TimingOf(pb::NoticeKind kind, const Chosen& chosen) {
  const KindRule& rule = RuleOf(kind);
  if (rule.fixed) return rule.timing;
  const auto found = chosen.find(kind);
  return found == chosen.end() ? rule.timing : found->second;
}

}  // namespace kubari::notifications
