#include "libs/registry/agreements.h"

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/eligibility/eligibility.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"

namespace kubari::registry {
namespace {

std::string DaysOf(const type::v1::Agreement& agreement) {
  const bool ended = agreement.state() == type::v1::AGREEMENT_STATE_TERMINATED;
  return absl::StrCat(agreement.valid_from_date(), "–", ended ? agreement.end_date() : agreement.valid_to_date());
}

}  // namespace

void CheckConditions(errors::Violations& violations, const std::string& field, const type::v1::Conditions& conditions) {
  violations.Require(type::v1::ComplianceLevel_IsValid(conditions.min_compliance_level()),
                     field + ".min_compliance_level", "UNKNOWN_VALUE", "This compliance level is not known.",
                     "この法令遵守レベルは定義されていません。");
  for (int i = 0; i < conditions.only_groups_size(); ++i) {
    violations.Name("groups", absl::StrCat(field, ".only_groups[", i, "]"), conditions.only_groups(i));
  }
  std::set<std::string> seen;
  for (int i = 0; i < conditions.excluded_prefectures_size(); ++i) {
    const std::string& prefecture = conditions.excluded_prefectures(i);
    const std::string path = absl::StrCat(field, ".excluded_prefectures[", i, "]");
    violations.Require(IsPrefectureCode(prefecture), path, "NOT_A_PREFECTURE",
                       absl::StrCat("'", prefecture, "' is not a prefecture code, 01 to 47."),
                       absl::StrCat("「", prefecture, "」は都道府県コード（01〜47）ではありません。"));
    violations.Require(seen.insert(prefecture).second, path, "DUPLICATE",
                       absl::StrCat("Prefecture ", prefecture, " is given twice."),
                       absl::StrCat("都道府県 ", prefecture, " が二度書かれています。"));
  }
  violations.Range(field + ".min_remaining_days", conditions.min_remaining_days(), 0, 3650);
}

void CheckAgreement(errors::Violations& violations, const std::string& field, const type::v1::Agreement& agreement) {
  violations.Text(field + ".title", agreement.title(), 1, kMaxName);
  const std::optional<absl::CivilDay> from =
      CheckDay(violations, field + ".valid_from_date", agreement.valid_from_date());
  if (!agreement.valid_to_date().empty()) {
    const std::optional<absl::CivilDay> to = CheckDay(violations, field + ".valid_to_date", agreement.valid_to_date());
    violations.Require(
        !from || !to || *from <= *to, field + ".valid_to_date", "OUT_OF_ORDER",
        absl::StrCat("The last day ", agreement.valid_to_date(), " is before the first, ", agreement.valid_from_date(),
                     "."),
        absl::StrCat("終了日 ", agreement.valid_to_date(), " が開始日 ", agreement.valid_from_date(), " より前です。"));
  }
  CheckConditions(violations, field + ".conditions", agreement.conditions());
}

const type::v1::Agreement* InForceOn(const Agreements& agreements, absl::CivilDay day) {
  for (const type::v1::Agreement& agreement : agreements) {
    const std::optional<eligibility::Period> period = eligibility::PeriodOf(agreement);
    if (period && period->Contains(day)) return &agreement;
  }
  return nullptr;
}

absl::Status CheckOverlap(const Agreements& signed_before, const type::v1::Agreement& added) {
  type::v1::Agreement as_signed = added;
  as_signed.set_state(type::v1::AGREEMENT_STATE_SIGNED);
  const std::optional<eligibility::Period> period = eligibility::PeriodOf(as_signed);
  if (!period) return absl::InternalError("an agreement's dates were not checked before");
  for (const type::v1::Agreement& other : signed_before) {
    const std::optional<eligibility::Period> taken = eligibility::PeriodOf(other);
    if (!taken || (taken->to && *taken->to < taken->from)) continue;  // ended before it began
    if ((period->to && *period->to < taken->from) || (taken->to && *taken->to < period->from)) continue;
    return errors::Make(absl::StatusCode::kFailedPrecondition, "AGREEMENT_OVERLAPS",
                        absl::StrCat("The dates ", DaysOf(as_signed), " overlap the agreement '", other.title(), "' (",
                                     DaysOf(other), "). End that one first, or choose other dates."),
                        absl::StrCat("期間 ", DaysOf(as_signed), " は合意書「", other.title(), "」（", DaysOf(other),
                                     "）と重なっています。先にそちらを終了するか、別の期間にしてください。"),
                        {{"agreement", other.name()}});
  }
  return absl::OkStatus();
}

absl::Status Terminate(type::v1::Agreement& agreement, const std::string& end_date, absl::CivilDay today) {
  errors::Violations violations;
  const std::optional<absl::CivilDay> end = CheckDay(violations, "end_date", end_date);
  const std::string today_text = absl::FormatCivilTime(today);
  violations.Require(
      !end || *end >= today, "end_date", "OUT_OF_RANGE",
      absl::StrCat("The last day ", end_date, " is in the past; the earliest is today, ", today_text, "."),
      absl::StrCat("終了日 ", end_date, " は過去です。今日（", today_text, "）以降にしてください。"));
  const std::optional<absl::CivilDay> last = ParseDay(agreement.valid_to_date());
  violations.Require(
      !end || !last || *end <= *last, "end_date", "OUT_OF_RANGE",
      absl::StrCat("The last day ", end_date, " is after the agreement's own, ", agreement.valid_to_date(), "."),
      absl::StrCat("終了日 ", end_date, " が合意書の期限 ", agreement.valid_to_date(), " より後です。"));
  if (absl::Status status = violations.status(); !status.ok()) return status;
  if (agreement.state() == type::v1::AGREEMENT_STATE_TERMINATED) {
    return errors::Make(
        absl::StatusCode::kFailedPrecondition, "AGREEMENT_TERMINATED",
        absl::StrCat("The agreement '", agreement.title(), "' was ended before; its last day is ", agreement.end_date(),
                     "."),
        absl::StrCat("合意書「", agreement.title(), "」はすでに終了しています（最終日 ", agreement.end_date(), "）。"),
        {{"agreement", agreement.name()}, {"end_date", agreement.end_date()}});
  }
  agreement.set_state(type::v1::AGREEMENT_STATE_TERMINATED);
  agreement.set_end_date(end_date);
  return absl::OkStatus();
}

absl::Status AgreementNotFound(const std::string& name) {
  return errors::Make(absl::StatusCode::kNotFound, "AGREEMENT_NOT_FOUND",
                      absl::StrCat("There is no agreement ", name, "."),
                      absl::StrCat("合意書 ", name, " は見つかりません。"), {{"agreement", name}});
}

}  // namespace kubari::registry
