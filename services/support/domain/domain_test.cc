// The rules of food-support requests, without a database.
#include <gtest/gtest.h>

#include <map>

#include "libs/errors/testing.h"
#include "services/support/domain/campaign.h"
#include "services/support/domain/personal_data.h"
#include "services/support/domain/shapes.h"
#include "services/support/domain/states.h"
#include "services/support/domain/statistics.h"
#include "services/support/sealing.h"

namespace kubari::support {
namespace {

using errors::FailsBecause;
using errors::IsOk;

TEST(PersonalDataTest, FindsTelephoneNumbersHoweverTheyAreWritten) {
  for (const char* text :
       {"03-1234-5678", "電話は090-1234-5678です", "０９０ー１２３４ー５６７８", "090 1234 5678", "09012345678",
        "(03)1234-5678", "０３（１２３４）５６７８", "0120-123-456", "+81 90-1234-5678", "+819012345678",
        "〇九〇の一二三四の五六七八", "0476.12.3456", "連絡先:0312345678", "090-12345678", "TEL 03-1234-5678 まで"}) {
    EXPECT_EQ(FindPersonalData(text), PersonalData::kTelephone) << text;
  }
}

TEST(PersonalDataTest, FindsEmail) {
  for (const char* text : {"taro@example.org", "ＴＡＲＯ＠ＥＸＡＭＰＬＥ．ＯＲＧ", "メール→a.b+c@mail.example.jpへ"}) {
    EXPECT_EQ(FindPersonalData(text), PersonalData::kEmail) << text;
  }
}

TEST(PersonalDataTest, LetsOrdinaryTextThrough) {
  for (const char* text :
       {"", "卵アレルギーがあります。", "2026-12-01 10:00〜12:00", "〒060-0001 1-2-3", "100-0001 千代田1-1",
        "3人家族、3日分、12時頃", "受付番号 2026-000123", "3 5 8 13 21 34 55", "@home で受け取り", "0歳と3歳と7歳",
        "12:30-13:30 / 14:00-15:00", "K7PM-3QXN", "1,200円 × 3", "0-2歳が1人、3-5歳が2人"}) {
    EXPECT_EQ(FindPersonalData(text), PersonalData::kNone) << text;
  }
}

TEST(PersonalDataTest, TheViolationDoesNotRepeatTheText) {
  errors::Violations violations;
  CheckFreeText(violations, "note", "秘密のことば 090-1234-5678", 0, 500);
  const absl::Status status = violations.status();
  EXPECT_THAT(status, errors::Violates("note", "PERSONAL_DATA"));
  EXPECT_EQ(errors::DetailsOf(status).SerializeAsString().find("秘密"), std::string::npos);
  EXPECT_EQ(errors::DetailsOf(status).SerializeAsString().find("1234"), std::string::npos);
}

// One row for each step: who may take it, by part, in which situations. An independent table of the rules in the
// contract.
TEST(StatesTest, OnlyTheRightPartMayTakeAStepInTheRightState) {
  constexpr pb::SupportState kStates[] = {pb::SUPPORT_STATE_REQUESTED, pb::SUPPORT_STATE_ACKNOWLEDGED,
                                          pb::SUPPORT_STATE_PREPARING, pb::SUPPORT_STATE_DONE,
                                          pb::SUPPORT_STATE_DECLINED,  pb::SUPPORT_STATE_WITHDRAWN};
  // Letters: states R A P D N W; capital: without a proposal, small: with one.
  const std::map<pb::Step, std::pair<std::set<pb::Part>, std::string>> kRules = {
      {pb::STEP_READ_DETAILS, {{pb::PART_RESPONSIBLE, pb::PART_REQUESTER, pb::PART_PROPOSED}, "RrAaPpDNW"}},
      {pb::STEP_UPDATE, {{pb::PART_REQUESTER}, "RrAaPp"}},
      {pb::STEP_PROPOSE, {{pb::PART_RESPONSIBLE}, "RAP"}},
      {pb::STEP_CANCEL_PROPOSAL, {{pb::PART_RESPONSIBLE}, "rap"}},
      {pb::STEP_ACKNOWLEDGE, {{pb::PART_PROPOSED}, "rap"}},
      {pb::STEP_REFUSE, {{pb::PART_PROPOSED}, "rap"}},
      {pb::STEP_START_PREPARING, {{pb::PART_RESPONSIBLE}, "RAa"}},
      {pb::STEP_FULFIL, {{pb::PART_RESPONSIBLE}, "AaPp"}},
      {pb::STEP_COMPLETE, {{pb::PART_RESPONSIBLE}, "AP"}},
      {pb::STEP_DECLINE, {{pb::PART_RESPONSIBLE}, "AaPp"}},
      {pb::STEP_WITHDRAW, {{pb::PART_REQUESTER}, "RrAaPp"}},
      {pb::STEP_REOPEN, {{pb::PART_RESPONSIBLE, pb::PART_REQUESTER}, "DNW"}}};
  ASSERT_EQ(static_cast<int>(kRules.size()), pb::Step_MAX) << "a step has no row";
  const std::map<std::string, std::set<pb::Part>> kWho = {{"requester", {pb::PART_REQUESTER}},
                                                          {"responsible", {pb::PART_RESPONSIBLE}},
                                                          {"proposed", {pb::PART_PROPOSED}},
                                                          {"former", {pb::PART_FORMER}},
                                                          {"stranger", {}}};
  for (int s = 0; s < 6; ++s) {
    for (const bool proposed : {false, true}) {
      if (proposed && s >= 3) continue;
      const Standing standing{.state = kStates[s],
                              .requester = "requester",
                              .responsible = "responsible",
                              .proposed = proposed ? "proposed" : "",
                              .former = {"former"}};
      for (const auto& [who, expected_parts] : kWho) {
        const std::set<pb::Part> parts = PartsOf(standing, {who});
        if (who != "proposed" || proposed) {
          EXPECT_EQ(parts, expected_parts) << who;
        }
        const std::vector<pb::Step> steps = StepsOf(standing, parts);
        for (const auto& [step, rule] : kRules) {
          const char letter = (proposed ? "rapdnw" : "RAPDNW")[s];
          bool allowed = rule.second.find(letter) != std::string::npos;
          bool part = false;
          for (const pb::Part each : parts) part = part || rule.first.contains(each);
          allowed = allowed && part;
          EXPECT_EQ(JudgeStep(standing, parts, step, "supportRequests/x").ok(), allowed)
              << who << " " << pb::Step_Name(step) << " in " << letter;
          EXPECT_EQ(std::count(steps.begin(), steps.end(), step), allowed ? 1 : 0);
        }
      }
    }
  }
}

TEST(StatesTest, StrangersHearNothingAndRightsComeBeforeState) {
  const Standing done{.state = pb::SUPPORT_STATE_DONE, .requester = "a", .responsible = "b"};
  EXPECT_THAT(JudgeStep(done, {}, pb::STEP_COMPLETE, "supportRequests/x"), FailsBecause("REQUEST_NOT_FOUND"));
  EXPECT_THAT(JudgeStep(done, {pb::PART_REQUESTER}, pb::STEP_COMPLETE, "supportRequests/x"),
              FailsBecause("NOT_RESPONSIBLE"));
  EXPECT_THAT(JudgeStep(done, {pb::PART_RESPONSIBLE}, pb::STEP_COMPLETE, "supportRequests/x"),
              FailsBecause("REQUEST_STATE"));
  EXPECT_THAT(JudgeStep(done, {pb::PART_RESPONSIBLE}, pb::STEP_WITHDRAW, "supportRequests/x"),
              FailsBecause("NOT_REQUESTER"));
  Standing erased = done;
  erased.erased = true;
  EXPECT_THAT(JudgeStep(erased, {pb::PART_REQUESTER}, pb::STEP_READ_DETAILS, "supportRequests/x"),
              FailsBecause("DETAILS_ERASED"));
  EXPECT_THAT(JudgeStep(erased, {pb::PART_REQUESTER}, pb::STEP_REOPEN, "supportRequests/x"),
              FailsBecause("DETAILS_ERASED"));
}

TEST(StatesTest, OverdueIsWhatIsOpenAndLate) {
  const absl::CivilDay today(2026, 11, 21);
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  EXPECT_FALSE(IsOverdue(pb::SUPPORT_STATE_REQUESTED, today, absl::InfiniteFuture(), today, now));
  EXPECT_TRUE(IsOverdue(pb::SUPPORT_STATE_REQUESTED, today - 1, absl::InfiniteFuture(), today, now));
  EXPECT_TRUE(IsOverdue(pb::SUPPORT_STATE_PREPARING, today + 5, now - absl::Seconds(1), today, now));
  EXPECT_FALSE(IsOverdue(pb::SUPPORT_STATE_DONE, today - 9, absl::InfiniteFuture(), today, now));
}

pb::SupportStatistics Counts(const std::vector<int>& requests) {
  pb::SupportStatistics statistics;
  for (size_t i = 0; i < requests.size(); ++i) {
    pb::StatisticsRow& row = *statistics.add_rows();
    row.set_key(std::string(1, static_cast<char>('a' + i)));
    row.mutable_figures()->set_requests(requests[i]);
    statistics.mutable_total()->set_requests(statistics.total().requests() + requests[i]);
  }
  return statistics;
}

std::string Told(pb::SupportStatistics statistics) {
  Suppress(statistics);
  std::string told = statistics.total_suppressed() ? "-" : std::to_string(statistics.total().requests());
  for (const pb::StatisticsRow& row : statistics.rows()) {
    EXPECT_EQ(row.suppressed(), !row.has_figures());
    told += row.suppressed() ? " -" : " " + std::to_string(row.figures().requests());
  }
  return told;
}

TEST(StatisticsTest, SmallCountsAreNotToldNorWhatWouldGiveThemAway) {
  EXPECT_EQ(Told(Counts({})), "-");
  EXPECT_EQ(Told(Counts({4})),
            "-"
            " -");
  EXPECT_EQ(Told(Counts({5})), "5 5");
  EXPECT_EQ(Told(Counts({7, 9})), "16 7 9");
  EXPECT_EQ(Told(Counts({3, 9, 7})), "19 - 9 -") << "3 would be 19 - 9 - 7";
  EXPECT_EQ(Told(Counts({3, 2, 7})), "12 - - 7");
  // The total of one suppressed row and nothing else.
  EXPECT_EQ(Told(Counts({1, 1, 1, 1})), "- - - - -");
}

TEST(ShapesTest, EverythingWrongIsToldAtOnce) {
  pb::Details details;
  details.add_allergens(type::v1::ALLERGEN_EGG);
  details.add_allergens(type::v1::ALLERGEN_EGG);
  details.add_dietary_tags(type::v1::DIETARY_TAG_STOCKPILE);
  details.add_cooking(pb::COOKING_NONE);
  details.add_cooking(pb::COOKING_STOVE);
  details.set_place_text("taro@example.org");
  details.set_days(32);
  details.set_note(std::string(501, 'a'));
  errors::Violations violations;
  CheckDetails(violations, "details", details);
  CheckHousehold(violations, "household", {});
  CheckMunicipality(violations, "municipality_code", "99999");
  const absl::Status status = violations.status();
  for (const auto& [field, reason] : std::map<std::string, std::string>{{"details.allergens[1]", "DUPLICATE"},
                                                                        {"details.dietary_tags[0]", "UNKNOWN_VALUE"},
                                                                        {"details.cooking", "CONTRADICTION"},
                                                                        {"details.place", "REQUIRED"},
                                                                        {"details.place_text", "PERSONAL_DATA"},
                                                                        {"details.days", "OUT_OF_RANGE"},
                                                                        {"details.note", "TOO_LONG"},
                                                                        {"household", "REQUIRED"},
                                                                        {"municipality_code", "NOT_A_MUNICIPALITY"}}) {
    EXPECT_THAT(status, errors::Violates(field, reason));
  }
}

TEST(SealingTest, OpensOnlyWithTheKeyAndWhereItBelongs) {
  const Key key = Key::Random();
  const std::string box = Seal(key, ContextOf("n", "o", "details"), "ひみつ");
  EXPECT_THAT(Open(key, ContextOf("n", "o", "details"), box), errors::IsOkAndHolds("ひみつ"));
  EXPECT_EQ(box.find("ひみつ"), std::string::npos);
  EXPECT_NE(box, Seal(key, ContextOf("n", "o", "details"), "ひみつ")) << "a nonce is used twice";
  EXPECT_FALSE(Open(Key::Random(), ContextOf("n", "o", "details"), box).ok());
  for (const std::string& elsewhere :
       {ContextOf("m", "o", "details"), ContextOf("n", "p", "details"), ContextOf("n", "o", "contact")})
    EXPECT_FALSE(Open(key, elsewhere, box).ok());
  for (size_t i = 0; i < box.size(); ++i) {
    std::string changed = box;
    changed[i] ^= 1;
    EXPECT_FALSE(Open(key, ContextOf("n", "o", "details"), changed).ok()) << "byte " << i;
  }
  for (size_t length = 0; length < box.size(); ++length)
    EXPECT_FALSE(Open(key, ContextOf("n", "o", "details"), box.substr(0, length)).ok());
}

TEST(SealingTest, KeysAreReadFromHexadecimalDigits) {
  const std::string hex(64, 'a');
  EXPECT_THAT(Key::FromHex(hex), IsOk());
  EXPECT_EQ(Key::FromHex(hex)->Fingerprint(), Key::FromHex(std::string(64, 'A'))->Fingerprint());
  EXPECT_NE(Key::FromHex(hex)->Fingerprint(), Key::FromHex(std::string(64, 'b'))->Fingerprint());
  for (const std::string& wrong : {std::string(63, 'a'), std::string(64, 'g'), std::string(), std::string(65, 'a')}) {
    const auto key = Key::FromHex(wrong);
    EXPECT_FALSE(key.ok());
    if (!wrong.empty()) {
      EXPECT_EQ(std::string(key.status().message()).find(wrong), std::string::npos) << "a key in an error";
    }
  }
}

TEST(CampaignTest, StateFollowsDatesAndRoom) {
  pb::Campaign campaign;
  campaign.set_state(pb::CAMPAIGN_STATE_PUBLISHED);
  campaign.set_opens_date("2027-03-01");
  campaign.set_closes_date("2027-03-31");
  campaign.set_capacity(10);
  const auto on = [&](int month, int day, int64_t taken, int64_t waiting = 0) {
    return PublicStateOf(campaign, absl::CivilDay(2027, month, day), taken, waiting);
  };
  EXPECT_EQ(on(2, 28, 0), pb::PUBLIC_STATE_NOT_YET);
  EXPECT_EQ(on(3, 1, 0), pb::PUBLIC_STATE_OPEN);
  EXPECT_EQ(on(3, 31, 9), pb::PUBLIC_STATE_OPEN);
  EXPECT_EQ(on(4, 1, 0), pb::PUBLIC_STATE_CLOSED);
  EXPECT_EQ(on(3, 15, 10), pb::PUBLIC_STATE_FULL);
  campaign.set_waiting_list(true);
  EXPECT_EQ(on(3, 15, 10), pb::PUBLIC_STATE_WAITING_LIST);
  EXPECT_EQ(on(3, 15, 9, 2), pb::PUBLIC_STATE_WAITING_LIST) << "nobody is put before those who wait";
  campaign.set_state(pb::CAMPAIGN_STATE_CLOSED);
  EXPECT_EQ(on(3, 15, 0), pb::PUBLIC_STATE_CLOSED);
}

TEST(CampaignTest, AnApplicationSaysWhatIsAskedAndNothingElse) {
  pb::Campaign campaign;
  campaign.add_questions()->set_item(pb::QUESTION_ITEM_NOTE);
  campaign.add_questions()->set_item(pb::QUESTION_ITEM_CONTACT);
  campaign.mutable_questions(1)->set_required(true);
  campaign.add_municipality_codes("13");
  pb::SubmitApplicationRequest request;
  request.set_municipality_code("27100");
  request.mutable_household()->set_age_18_to_64(1);
  request.mutable_details()->add_allergens(type::v1::ALLERGEN_EGG);
  request.mutable_details()->set_partner_reference("A-1");
  request.set_website("http://spam.example");
  request.set_urgency(pb::URGENCY_WEEK);
  errors::Violations violations;
  CheckApplication(violations, campaign, request);
  const absl::Status status = violations.status();
  for (const auto& [field, reason] : std::map<std::string, std::string>{{"consent", "REQUIRED"},
                                                                        {"website", "SPAM"},
                                                                        {"municipality_code", "OUT_OF_AREA"},
                                                                        {"details.allergens", "NOT_ASKED"},
                                                                        {"details.partner_reference", "NOT_ASKED"},
                                                                        {"details.contact", "REQUIRED"},
                                                                        {"urgency", "NOT_ASKED"}}) {
    EXPECT_THAT(status, errors::Violates(field, reason));
  }
  request.Clear();
  request.set_municipality_code("13104");
  request.mutable_household()->set_age_18_to_64(1);
  request.mutable_details()->set_contact("駅の東口で");
  request.set_consent(true);
  errors::Violations none;
  CheckApplication(none, campaign, request);
  EXPECT_THAT(none.status(), IsOk());
}

}  // namespace
}  // namespace kubari::support
