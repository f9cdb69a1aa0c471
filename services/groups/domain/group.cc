#include "services/groups/domain/group.h"

#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/eligibility/eligibility.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "services/groups/domain/sections.h"

namespace kubari::groups {
namespace {

std::string Word(v1::GroupState state) {
  return v1::GroupState_Name(state).substr(std::string_view("GROUP_STATE_").size());
}

std::string JapaneseWord(v1::GroupState state) {
  switch (state) {
    case v1::GROUP_STATE_APPLIED:
      return "申請中";
    case v1::GROUP_STATE_ACTIVE:
      return "利用中";
    case v1::GROUP_STATE_SUSPENDED:
      return "停止中";
    case v1::GROUP_STATE_UNCONFIRMED:
      return "メール未確認";
    case v1::GROUP_STATE_REJECTED:
      return "見送り";
    default:
      return "不明";
  }
}

}  // namespace

absl::StatusOr<v1::GroupState> Next(const v1::Group& group, Step step) {
  const bool active = group.state() == v1::GROUP_STATE_ACTIVE;
  if (step == Step::kApprove && !active) return v1::GROUP_STATE_ACTIVE;
  if (step == Step::kSuspend && active) return v1::GROUP_STATE_SUSPENDED;
  const bool open = group.state() == v1::GROUP_STATE_APPLIED || group.state() == v1::GROUP_STATE_UNCONFIRMED;
  if (step == Step::kReject && open) return v1::GROUP_STATE_REJECTED;
  struct Sentence {
    const char* english;
    const char* japanese;
  };
  const Sentence sentence =
      step == Step::kApprove   ? Sentence{"approved only while it is not ACTIVE.", "承認できるのは「利用中」でないときだけです。"}
      : step == Step::kSuspend ? Sentence{"suspended only while it is ACTIVE.", "停止できるのは「利用中」のときだけです。"}
                               : Sentence{"rejected only while it is APPLIED or UNCONFIRMED.",
                                          "見送りにできるのは「申請中」か「メール未確認」のときだけです。"};
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "GROUP_STATE",
      absl::StrCat(group.display_name(), " is ", Word(group.state()), "; it can be ", sentence.english),
      absl::StrCat(group.display_name(), " は「", JapaneseWord(group.state()), "」です。", sentence.japanese),
      {{"group", group.name()}, {"state", Word(group.state())}});
}

void Derive(v1::Group& group, absl::CivilDay today, const v1::GroupRules& rules) {
  type::v1::ComplianceLevel level = type::v1::COMPLIANCE_LEVEL_UNSPECIFIED;
  for (const auto& [proven, period] : eligibility::GroupFactsOf(group).evidence) {
    if (period.Contains(today)) level = std::max(level, proven);
  }
  group.set_compliance_level(level);
  group.set_agreement_in_force(eligibility::InForce(group.agreements(), today));
  group.clear_stale_sections();
  for (const v1::Section section : StaleSections(group, today, rules.fact_months())) group.add_stale_sections(section);
  group.clear_stopped_sections();
  for (v1::StoppedSection& stopped : StoppedSections(group, today, rules.stop_months()))
    *group.add_stopped_sections() = std::move(stopped);
}

absl::Status CheckHub(const std::string& group_id, const std::string& hub_id, const std::map<std::string, std::string>& hub_of,
                      const std::map<std::string, std::string>& names) {
  std::vector<std::string> path = {group_id};
  std::string at = hub_id;
  // Other groups' hubs have no cycle, as none was ever let in; the bound is for tables that are only being judged.
  while (path.size() <= hub_of.size() + 1) {
    path.push_back(at);
    if (at == group_id) {
      const std::string told = absl::StrJoin(path, " → ", [&](std::string* out, const std::string& id) {
        const auto name = names.find(id);
        *out += name == names.end() ? id : name->second;
      });
      const bool directly = hub_id == group_id;
      return errors::Make(
          absl::StatusCode::kFailedPrecondition, "HUB_CYCLE",
          directly ? "A group cannot be its own hub. Choose another hub, or none."
                   : absl::StrCat("The group would be its own hub by others: ", told, ". Choose another hub."),
          directly ? "自分自身をハブにすることはできません。別のハブを選ぶか、空にしてください。"
                   : absl::StrCat("ほかの団体を通じて自分自身がハブになってしまいます: ", told, "。別のハブを選んでください。"),
          {{"path", absl::StrJoin(path, ",")}});
    }
    const auto next = hub_of.find(at);
    if (next == hub_of.end()) break;
    at = next->second;
  }
  return absl::OkStatus();
}

v1::HubGroup AsHubSees(const v1::Group& group) {
  v1::HubGroup seen;
  seen.set_name(group.name());
  seen.set_display_name(group.display_name());
  seen.set_name_kana(group.name_kana());
  seen.set_kind(group.kind());
  seen.set_state(group.state());
  *seen.mutable_sites() = group.sites();
  *seen.mutable_accepted_categories() = group.accepted_categories();
  *seen.mutable_excluded_allergens() = group.excluded_allergens();
  *seen.mutable_wanted_tags() = group.wanted_tags();
  *seen.mutable_excluded_tags() = group.excluded_tags();
  *seen.mutable_receiving_days() = group.receiving_days();
  seen.set_min_remaining_days(group.min_remaining_days());
  *seen.mutable_receiving_windows() = group.receiving_windows();
  return seen;
}

v1::Group Settable(const v1::Group& given) {
  google::protobuf::FieldMask mask;
  for (const std::string& field : SettableFields()) mask.add_paths(field);
  v1::Group group;
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(given, mask, {}, &group);
  return group;
}

const std::vector<std::string>& SettableFields() {
  static const std::vector<std::string> fields = {"code",
                                                  "display_name",
                                                  "name_kana",
                                                  "kind",
                                                  "contact_email",
                                                  "sites",
                                                  "households",
                                                  "children",
                                                  "need_percent",
                                                  "accepted_categories",
                                                  "excluded_allergens",
                                                  "wanted_tags",
                                                  "excluded_tags",
                                                  "receiving_days",
                                                  "min_remaining_days",
                                                  "max_distance_km",
                                                  "evidence",
                                                  "hub",
                                                  "may_be_named_to_donors",
                                                  "legal_form",
                                                  "areas",
                                                  "activities",
                                                  "age_bands",
                                                  "school_districts",
                                                  "issues",
                                                  "wanted_help",
                                                  "wanted_help_note",
                                                  "contacts",
                                                  "receiving_windows",
                                                  "vehicle",
                                                  "vehicle_refrigerated"};
  return fields;
}

absl::Status CheckOwnFields(const std::vector<std::string>& fields) {
  std::vector<std::string> refused;
  for (const std::string& field : fields) {
    if (field == "code" || field == "hub" || field == "evidence" || field == "need_percent") refused.push_back(field);
  }
  if (refused.empty()) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kPermissionDenied, "FIELD_NOT_YOURS",
      absl::StrCat("Only a coordinator may change ", absl::StrJoin(refused, ", "), "; ask yours."),
      absl::StrCat(absl::StrJoin(refused, ", "), " を変更できるのはコーディネーターだけです。ご相談ください。"),
      {{"fields", absl::StrJoin(refused, ",")}});
}

}  // namespace kubari::groups
