#include "services/support/domain/campaign.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/registry/fields.h"
#include "services/support/domain/shapes.h"

namespace kubari::support {
namespace {

constexpr int kDefaultDays = 3;

bool IsCode(const std::string& code) {
  if (code.size() < 3 || code.size() > 40 || code.front() == '-' || code.back() == '-') return false;
  for (const char c : code) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  return true;
}

void CheckLocal(errors::Violations& violations, const std::string& field, const pb::LocalText& text, bool required,
                int max) {
  violations.Text(field + ".ja", text.ja(), required || !text.en().empty() ? 1 : 0, max);
  violations.Text(field + ".en", text.en(), 0, max);
}

struct Asked {
  bool asked = false;
  bool required = false;
};

std::map<pb::QuestionItem, Asked> AskedBy(const pb::Campaign& campaign) {
  std::map<pb::QuestionItem, Asked> asked;
  for (const pb::Question& question : campaign.questions()) asked[question.item()] = {true, question.required()};
  return asked;
}

}  // namespace

void CheckCampaign(errors::Violations& violations, const std::string& field, const pb::Campaign& campaign) {
  violations.Require(IsCode(campaign.code()), field + ".code", campaign.code().empty() ? "REQUIRED" : "NOT_A_CODE",
                     "is no code for the address: 3 to 40 of a–z, 0–9 and - between them, such as spring-2027",
                     "が公開ページの番号として使えません。半角の英小文字・数字と途中のハイフンで3〜40文字（例: "
                     "spring-2027）にしてください");
  CheckLocal(violations, field + ".title", campaign.title(), true, 100);
  CheckLocal(violations, field + ".text", campaign.text(), true, 4000);
  CheckLocal(violations, field + ".closing_text", campaign.closing_text(), false, 1000);
  std::set<int> seen;
  for (int i = 0; i < campaign.questions_size(); ++i) {
    const pb::Question& question = campaign.questions(i);
    const std::string path = absl::StrCat(field, ".questions[", i, "]");
    violations.Enum(path + ".item", question.item());
    violations.Require(seen.insert(question.item()).second, path + ".item", "DUPLICATE",
                       "is asked twice; each item is asked once", "が重複しています。同じ質問は一度だけにしてください");
    CheckLocal(violations, path + ".help", question.help(), false, 300);
  }
  const std::optional<absl::CivilDay> opens =
      registry::CheckDay(violations, field + ".opens_date", campaign.opens_date());
  const std::optional<absl::CivilDay> closes =
      registry::CheckDay(violations, field + ".closes_date", campaign.closes_date());
  violations.Require(
      !opens || !closes || *opens <= *closes, field + ".closes_date", "ENDS_EARLY",
      absl::StrCat("is ", campaign.closes_date(), ", before the first day, ", campaign.opens_date()),
      absl::StrCat("（", campaign.closes_date(), "）が受付開始日（", campaign.opens_date(), "）より前です"));
  violations.Range(field + ".capacity", campaign.capacity(), 1, 100'000);
  violations.Range(field + ".hourly_limit", campaign.hourly_limit(), 0, 10'000);
  violations.Require(campaign.municipality_codes_size() <= 100, field + ".municipality_codes", "TOO_MANY",
                     absl::StrCat("names ", campaign.municipality_codes_size(), " areas; up to 100 were expected"),
                     absl::StrCat("に", campaign.municipality_codes_size(), "件あります。100件までにしてください"));
  for (int i = 0; i < campaign.municipality_codes_size() && i < 100; ++i) {
    CheckArea(violations, absl::StrCat(field, ".municipality_codes[", i, "]"), campaign.municipality_codes(i));
  }
}

pb::PublicState PublicStateOf(const pb::Campaign& campaign, absl::CivilDay today, int64_t taken, int64_t waiting) {
  const auto opens = registry::ParseDay(campaign.opens_date()), closes = registry::ParseDay(campaign.closes_date());
  if (campaign.state() == pb::CAMPAIGN_STATE_CLOSED || (closes && today > *closes)) return pb::PUBLIC_STATE_CLOSED;
  if (opens && today < *opens) return pb::PUBLIC_STATE_NOT_YET;
  if (taken < campaign.capacity() && waiting == 0) return pb::PUBLIC_STATE_OPEN;
  return campaign.waiting_list() ? pb::PUBLIC_STATE_WAITING_LIST : pb::PUBLIC_STATE_FULL;
}

absl::Status JudgeSubmission(const pb::Campaign& campaign, pb::PublicState state) {
  switch (state) {
    case pb::PUBLIC_STATE_NOT_YET:
      return errors::Make(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_NOT_OPEN",
                          absl::StrCat("Applications are taken from ", campaign.opens_date(), "."),
                          absl::StrCat("申し込みの受付は ", campaign.opens_date(), " からです。"),
                          {{"opens_date", campaign.opens_date()}});
    case pb::PUBLIC_STATE_CLOSED:
      return errors::Make(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_CLOSED",
                          "Applications are no longer taken. Nothing was stored.",
                          "申し込みの受付は終了しました。入力内容は保存されていません。");
    case pb::PUBLIC_STATE_FULL:
      return errors::Make(
          absl::StatusCode::kFailedPrecondition, "CAMPAIGN_FULL",
          "As many have applied as can be helped, so no more applications are taken. Nothing was stored.",
          "申し込みが定員に達したため、受付を終了しました。入力内容は保存されていません。");
    default:
      return absl::OkStatus();
  }
}

void CheckApplication(errors::Violations& violations, const pb::Campaign& campaign,
                      const pb::SubmitApplicationRequest& request) {
  const pb::Details& details = request.details();
  CheckHousehold(violations, "household", request.household());
  CheckMunicipality(violations, "municipality_code", request.municipality_code());
  CheckDetails(violations, "details", WithDefaults(details));
  if (request.urgency() != pb::URGENCY_UNSPECIFIED) violations.Enum("urgency", request.urgency());
  violations.Require(request.consent(), "consent", "REQUIRED",
                     "is not given; without it nothing can be stored. Read how the data are used, then agree",
                     "がありません。情報の取り扱いを確認し、同意のうえで送信してください");
  violations.Require(request.website().empty(), "website", "SPAM",
                     "is filled in; people do not see this field. Empty it and send again",
                     "欄は空のままにしてください（自動入力された場合は消して、もう一度送信してください）");
  if (campaign.municipality_codes_size() > 0 && registry::IsMunicipalityCode(request.municipality_code())) {
    bool inside = false;
    for (const std::string& area : campaign.municipality_codes())
      inside = inside || LiesIn(request.municipality_code(), area);
    violations.Require(inside, "municipality_code", "OUT_OF_AREA",
                       "lies outside of the area for which this campaign is",
                       "が、このキャンペーンの対象地域ではありません");
  }
  const std::map<pb::QuestionItem, Asked> asked = AskedBy(campaign);
  const auto judge = [&](pb::QuestionItem item, const std::string& field, bool said) {
    const auto found = asked.find(item);
    if (found == asked.end()) {
      violations.Require(!said, field, "NOT_ASKED", "is not asked here; leave it empty",
                         "は質問していない項目です。空にしてください");
    } else {
      violations.Require(said || !found->second.required, field, "REQUIRED", "is not answered; this question must be",
                         "が未回答です。必須の質問です");
    }
  };
  judge(pb::QUESTION_ITEM_ALLERGENS, "details.allergens", details.allergens_size() > 0);
  judge(pb::QUESTION_ITEM_DIETARY_TAGS, "details.dietary_tags", details.dietary_tags_size() > 0);
  judge(pb::QUESTION_ITEM_COOKING, "details.cooking", details.cooking_size() > 0);
  judge(pb::QUESTION_ITEM_PLACE, "details.place",
        details.place() != pb::HANDOVER_PLACE_UNSPECIFIED || !details.place_text().empty());
  judge(pb::QUESTION_ITEM_DAYS, "details.days", details.days() != 0);
  judge(pb::QUESTION_ITEM_NOTE, "details.note", !details.note().empty());
  judge(pb::QUESTION_ITEM_CONTACT, "details.contact", !details.contact().empty());
  judge(pb::QUESTION_ITEM_URGENCY, "urgency", request.urgency() != pb::URGENCY_UNSPECIFIED);
  violations.Require(details.partner_reference().empty(), "details.partner_reference", "NOT_ASKED",
                     "is not asked here; leave it empty", "は質問していない項目です。空にしてください");
}

pb::Details WithDefaults(pb::Details details) {
  if (details.days() == 0) details.set_days(kDefaultDays);
  if (details.place() == pb::HANDOVER_PLACE_UNSPECIFIED) details.set_place(pb::HANDOVER_PLACE_FETCH);
  return details;
}

}  // namespace kubari::support
