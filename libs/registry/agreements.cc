#include "libs/registry/agreements.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"

namespace kubari::registry {
namespace {

std::string DaysOf(const type::v1::Agreement& agreement) {
  const bool ended = agreement.state() == type::v1::AGREEMENT_STATE_TERMINATED;
  return absl::StrCat(agreement.valid_from_date(), "–", ended ? agreement.end_date() : agreement.valid_to_date());
}

absl::Status AlreadyTerminated(const type::v1::Agreement& agreement) {
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "AGREEMENT_TERMINATED",
      absl::StrCat("The agreement '", agreement.title(), "' was ended before; its last day is ", agreement.end_date(),
                   "."),
      absl::StrCat("合意書「", agreement.title(), "」はすでに終了しています（最終日 ", agreement.end_date(), "）。"),
      {{"agreement", agreement.name()}, {"end_date", agreement.end_date()}});
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

void CheckAgreement(errors::Violations& violations, const std::string& field, const type::v1::Agreement& agreement,
                    bool for_goods) {
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
  violations.Require(for_goods || !agreement.has_conditions(), field + ".conditions", "NOT_EMPTY",
                     "Agreements with groups carry no conditions; leave them out.",
                     "団体との合意書には条件を付けられません。");
  CheckConditions(violations, field + ".conditions", agreement.conditions());
  const type::v1::Duties& duties = agreement.duties();
  violations.Text(field + ".duties.recall_contact", duties.recall_contact(), 0, 300);
  violations.Range(field + ".duties.report_months", duties.report_months(), 0, 60);
  violations.Range(field + ".duties.notice_days", duties.notice_days(), 0, 730);
  violations.Text(field + ".duties.other", duties.other(), 0, 4000);
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
  if (agreement.state() == type::v1::AGREEMENT_STATE_TERMINATED) return AlreadyTerminated(agreement);
  agreement.set_state(type::v1::AGREEMENT_STATE_TERMINATED);
  agreement.set_end_date(end_date);
  return absl::OkStatus();
}

absl::Status CheckRevision(const type::v1::Agreement& newest, const Agreements& others,
                           const type::v1::Agreement& revised, const std::string& from_date, absl::CivilDay today) {
  const absl::CivilDay first = *ParseDay(newest.valid_from_date());
  const std::optional<absl::CivilDay> last = ParseDay(newest.valid_to_date());
  if (newest.state() == type::v1::AGREEMENT_STATE_TERMINATED) return AlreadyTerminated(newest);
  if (last && *last < today) {
    return errors::Make(absl::StatusCode::kFailedPrecondition, "AGREEMENT_OVER",
                        absl::StrCat("The agreement '", newest.title(), "' ended on ", newest.valid_to_date(),
                                     ". Sign a new one."),
                        absl::StrCat("合意書「", newest.title(), "」は ", newest.valid_to_date(),
                                     " に終了しました。新しい合意書を登録してください。"),
                        {{"agreement", newest.name()}, {"end_date", newest.valid_to_date()}});
  }
  errors::Violations violations;
  const std::optional<absl::CivilDay> from = CheckDay(violations, "from_date", from_date);
  const std::string earliest = absl::FormatCivilTime(std::max(first, today));
  violations.Require(
      !from || *from >= std::max(first, today), "from_date", "OUT_OF_RANGE",
      absl::StrCat("A new version counts from ", earliest, " at the earliest, not from ", from_date, "."),
      absl::StrCat("改定の適用日 ", from_date, " が早すぎます。", earliest, " 以降にしてください。"));
  violations.Require(!from || !last || *from <= *last, "from_date", "OUT_OF_RANGE",
                     absl::StrCat("The agreement ends on ", newest.valid_to_date(), "; ", from_date, " is after it."),
                     absl::StrCat("改定の適用日 ", from_date, " が合意書の期限 ", newest.valid_to_date(),
                                  " より後です。"));
  const std::optional<absl::CivilDay> new_last = ParseDay(revised.valid_to_date());
  violations.Require(!from || !new_last || *from <= *new_last, "agreement.valid_to_date", "OUT_OF_ORDER",
                     absl::StrCat("The last day ", revised.valid_to_date(), " is before the day of change, ", from_date,
                                  "."),
                     absl::StrCat("終了日 ", revised.valid_to_date(), " が改定の適用日 ", from_date, " より前です。"));
  RETURN_IF_ERROR(violations.status());
  type::v1::Agreement as_revised = newest;
  as_revised.set_valid_to_date(revised.valid_to_date());
  return CheckOverlap(others, as_revised);
}

void CheckPdf(errors::Violations& violations, const std::string& field, const std::string& content) {
  if (!violations.Require(content.size() <= kMaxDocumentBytes, field, "TOO_LARGE",
                          absl::StrCat("The file has ", content.size(), " bytes; at most ", kMaxDocumentBytes,
                                       " (4 MiB) are kept."),
                          absl::StrCat("ファイルが大きすぎます（", content.size(), " バイト）。4 MiB までです。"))) {
    return;
  }
  const std::string_view all = content;
  const std::string_view tail = all.substr(all.size() - std::min<size_t>(all.size(), 1024));
  const bool begins = all.size() > 8 && all.starts_with("%PDF-") && (all[5] == '1' || all[5] == '2') && all[6] == '.' &&
                      all[7] >= '0' && all[7] <= '9';
  violations.Require(begins && tail.find("%%EOF") != std::string_view::npos, field, "NOT_A_PDF",
                     begins ? "The PDF is cut off: its end is missing. Save or scan it again."
                            : "This is not a PDF. Save or scan the paper as PDF.",
                     begins ? "PDF が途中で切れています。もう一度保存するか、スキャンし直してください。"
                            : "PDF ではありません。PDF として保存するか、スキャンしてください。");
}

void CheckFileName(errors::Violations& violations, const std::string& field, const std::string& name) {
  if (!violations.Text(field, name, 1, kMaxName)) return;
  violations.Require(name.find_first_of("/\\\n\t") == std::string::npos, field, "NOT_A_FILE_NAME",
                     "Give the file's name alone, without folders.", "フォルダーを含まないファイル名にしてください。");
}

absl::Status AgreementNotFound(const std::string& name) {
  return errors::Make(absl::StatusCode::kNotFound, "AGREEMENT_NOT_FOUND",
                      absl::StrCat("There is no agreement ", name, "."),
                      absl::StrCat("合意書 ", name, " は見つかりません。"), {{"agreement", name}});
}

}  // namespace kubari::registry
