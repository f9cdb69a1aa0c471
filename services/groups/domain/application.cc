#include "services/groups/domain/application.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"

namespace kubari::groups {

std::vector<v1::CheckKind> MissingChecks(const v1::Application& application, const v1::GroupRules& rules) {
  std::vector<v1::CheckKind> missing;
  for (const int required : rules.required_checks()) {
    const bool ticked = std::any_of(application.checks().begin(), application.checks().end(),
                                    [&](const v1::Check& check) { return check.kind() == required; });
    // Who answered our e-mail can be reached.
    if (required == v1::CHECK_KIND_CONTACT && application.has_email_confirm_time()) continue;
    if (!ticked) missing.push_back(static_cast<v1::CheckKind>(required));
  }
  return missing;
}

absl::Status JudgeApproval(const v1::Application& application, const v1::GroupRules& rules, const std::string& group_id,
                           const auth::Principal& caller, const std::string& caller_email) {
  const bool belongs = std::any_of(caller.grants.begin(), caller.grants.end(),
                                   [&](const auth::Grant& grant) { return grant.organisation_id == group_id; });
  const bool applied = !caller_email.empty() && absl::AsciiStrToLower(caller_email) ==
                                                    absl::AsciiStrToLower(application.applicant_email());
  if (belongs || applied) {
    return errors::Make(absl::StatusCode::kPermissionDenied, "APPROVAL_BY_APPLICANT",
                        "You belong to the group that applied, or applied for it; somebody else must approve it.",
                        "申請した団体の方、または申請者ご本人は承認できません。ほかの人に承認してもらってください。",
                        {{"group", application.group()}});
  }
  if (rules.four_eyes() && !application.entered_by().empty() && application.entered_by() == caller.subject) {
    return errors::Make(absl::StatusCode::kPermissionDenied, "FOUR_EYES",
                        "You entered this application; in this network somebody else must approve it.",
                        "この申請はご自身が登録したものです。このネットワークでは、登録した人とは別の人が承認します。",
                        {{"group", application.group()}});
  }
  const std::vector<v1::CheckKind> missing = MissingChecks(application, rules);
  if (missing.empty()) return absl::OkStatus();
  std::vector<std::string> english, japanese, names;
  for (const v1::CheckKind kind : missing) {
    english.push_back(EnglishName(kind));
    japanese.push_back(JapaneseName(kind));
    names.push_back(v1::CheckKind_Name(kind));
  }
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "CHECKS_MISSING",
      absl::StrCat("Before approval these must be checked: ", absl::StrJoin(english, ", "), "."),
      absl::StrCat("承認の前に次の確認が必要です: ", absl::StrJoin(japanese, "、"), "。"),
      {{"group", application.group()}, {"checks", absl::StrJoin(names, ",")}});
}

std::string JapaneseName(v1::CheckKind kind) {
  switch (kind) {
    case v1::CHECK_KIND_CONTACT:
      return "連絡先";
    case v1::CHECK_KIND_AGREEMENT:
      return "合意書";
    case v1::CHECK_KIND_EVIDENCE:
      return "証明書類";
    case v1::CHECK_KIND_SITE_VISIT:
      return "現地訪問";
    case v1::CHECK_KIND_REFERENCES:
      return "紹介・推薦";
    default:
      return "不明";
  }
}

std::string EnglishName(v1::CheckKind kind) {
  switch (kind) {
    case v1::CHECK_KIND_CONTACT:
      return "contact";
    case v1::CHECK_KIND_AGREEMENT:
      return "agreement";
    case v1::CHECK_KIND_EVIDENCE:
      return "evidence";
    case v1::CHECK_KIND_SITE_VISIT:
      return "visit";
    case v1::CHECK_KIND_REFERENCES:
      return "references";
    default:
      return "unknown";
  }
}

}  // namespace kubari::groups
