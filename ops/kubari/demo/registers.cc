#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <set>

#include "kubari/donors/v1/broadcasts.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/standing_offers.pb.h"
#include "kubari/groups/v1/applications.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "kubari/groups/v1/needs.pb.h"
#include "kubari/groups/v1/surveys.pb.h"
#include "ops/kubari/demo/topics.h"

namespace kubari::cli {
namespace {

namespace donors = kubari::donors::v1;
namespace groups = kubari::groups::v1;
namespace stock = kubari::stock::v1;
namespace type = kubari::type::v1;

constexpr char kNeeds[] = "kubari.groups.v1.NeedsService/";
constexpr char kSurveys[] = "kubari.groups.v1.SurveysService/";
constexpr char kApplications[] = "kubari.groups.v1.ApplicationsService/";
constexpr char kStandingOffers[] = "kubari.donors.v1.StandingOffersService/";
constexpr char kBroadcasts[] = "kubari.donors.v1.BroadcastsService/";

absl::StatusOr<std::vector<groups::Group>> Groups(const Cast& cast) {
  return All<groups::ListGroupsResponse>(cast.coordinator, kGroups, "ListGroups", groups::ListGroupsRequest(),
                                         [](const auto& page) { return page.groups(); });
}

absl::StatusOr<std::string> GroupOf(const std::vector<groups::Group>& groups, const std::string& code) {
  for (const groups::Group& group : groups) {
    if (group.code() == code) return group.name();
  }
  return absl::NotFoundError(absl::StrCat("The example has no group ", code, "."));
}

absl::StatusOr<std::string> ProductOf(const Cast& cast, const std::string& text) {
  stock::ListProductsRequest request;
  request.set_query(text);
  request.set_page_size(1);
  ASSIGN_OR_RETURN(const auto found,
                   Ask<stock::ListProductsResponse>(cast.coordinator, kStock, "ListProducts", request));
  if (found.products_size() == 0) return absl::NotFoundError(absl::StrCat("The example has no product ", text, "."));
  return found.products(0).name();
}

struct Wanted {
  const char* group;
  const char* text;
  type::FoodCategory category;
  type::DietaryTag tag;
  int items;     // 0: standing
  int for_days;  // 0: no end
};
constexpr Wanted kWanted[] = {
    {"G012", "紙おむつ Mサイズ", type::FOOD_CATEGORY_NON_FOOD, type::DIETARY_TAG_UNSPECIFIED, 80, 20},
    {"G026", "お米（5kgまでの小袋）", type::FOOD_CATEGORY_RICE, type::DIETARY_TAG_UNSPECIFIED, 0, 0},
    {"G041", "介護食・やわらか食（配食を始めました）", type::FOOD_CATEGORY_CARE, type::DIETARY_TAG_CARE_FOOD, 120, 45},
    {"G057", "粉ミルク・離乳食", type::FOOD_CATEGORY_BABY, type::DIETARY_TAG_UNSPECIFIED, 0, 0},
    {"G063", "夏休みの朝食になるもの", type::FOOD_CATEGORY_BREAD_CEREAL, type::DIETARY_TAG_UNSPECIFIED, 300, 40},
    {"G080", "ハラールの食品（留学生の家庭が増えました）", type::FOOD_CATEGORY_UNSPECIFIED, type::DIETARY_TAG_HALAL, 60,
     30},
    {"G101", "塩分控えめの食品", type::FOOD_CATEGORY_UNSPECIFIED, type::DIETARY_TAG_LOW_SALT, 0, 0},
};

absl::Status StateNeeds(Cast& cast, const std::vector<groups::Group>& all) {
  for (const Wanted& wanted : kWanted) {
    groups::CreateNeedRequest request;
    request.set_request_id(Id(absl::StrCat("state need ", wanted.group)));
    request.set_need_id(Id(absl::StrCat("need of ", wanted.group)));
    groups::Need& need = *request.mutable_need();
    ASSIGN_OR_RETURN(*need.mutable_group(), GroupOf(all, wanted.group));
    need.set_text(wanted.text);
    need.set_standing(wanted.items == 0);
    need.set_category(wanted.category);
    if (wanted.tag != type::DIETARY_TAG_UNSPECIFIED) need.add_tags(wanted.tag);
    need.set_quantity(wanted.items);
    if (wanted.for_days > 0) need.set_until_date(cast.Day(wanted.for_days));
    RETURN_IF_ERROR(Ask<groups::Need>(cast.coordinator, kNeeds, "CreateNeed", request).status());
  }
  if (!cast.group.empty()) {
    groups::CreateNeedRequest request;
    request.set_request_id(Id("state own need"));
    request.set_need_id(Id("own need"));
    request.mutable_need()->set_group(cast.group);
    request.mutable_need()->set_text("温めるだけで食べられるもの");
    request.mutable_need()->set_category(type::FOOD_CATEGORY_RETORT);
    request.mutable_need()->set_quantity(100);
    request.mutable_need()->set_until_date(cast.Day(30));
    RETURN_IF_ERROR(Ask<groups::Need>(cast.group_session, kNeeds, "CreateNeed", request).status());
  }
  return absl::OkStatus();
}

// How a group answers, always the same.
void AnswerIssues(groups::Group& group) {
  for (const groups::Issue issue : {groups::ISSUE_FUNDS, groups::ISSUE_VOLUNTEERS, groups::ISSUE_FOOD,
                                    groups::ISSUE_STORAGE, groups::ISSUE_TRANSPORT}) {
    groups::IssueAnswer& answer = *group.add_issues();
    const std::string key = absl::StrCat(group.code(), static_cast<int>(issue));
    answer.set_issue(issue);
    answer.set_level(OneIn(3, key)         ? groups::ISSUE_LEVEL_GREAT
                     : OneIn(2, key)       ? groups::ISSUE_LEVEL_SOME
                     : OneIn(2, "?" + key) ? groups::ISSUE_LEVEL_LITTLE
                                           : groups::ISSUE_LEVEL_NONE);
  }
}

// A third of the groups has answered, some have begun.
absl::Status AskGroups(Cast& cast, const std::vector<groups::Group>& all) {
  groups::CreateSurveyRequest create;
  create.set_request_id(Id("open survey"));
  create.set_survey_id(Id("survey"));
  create.mutable_survey()->set_title(absl::StrCat(cast.first_day.year(), "年度 年次調査（例）"));
  create.mutable_survey()->set_note(
      "5分ほどで終わります。昨年の答えが入っていますので、変わったところだけ直してください。");
  create.mutable_survey()->add_sections(groups::SECTION_PEOPLE);
  create.mutable_survey()->add_sections(groups::SECTION_ISSUES);
  create.mutable_survey()->set_until_date(cast.Day(21));
  ASSIGN_OR_RETURN(const auto survey, Ask<groups::Survey>(cast.coordinator, kSurveys, "CreateSurvey", create));
  groups::ListSurveyAnswersRequest list;
  list.set_survey(survey.name());
  list.add_states(groups::SURVEY_ANSWER_STATE_NONE);
  ASSIGN_OR_RETURN(const auto silent,
                   (All<groups::ListSurveyAnswersResponse>(cast.coordinator, kSurveys, "ListSurveyAnswers", list,
                                                           [](const auto& page) { return page.answers(); })));
  std::vector<groups::Group> answering;
  for (const groups::SurveyAnswer& answer : silent) {
    const std::string& code = answer.group().code();
    if (answer.group().name() != cast.group && (OneIn(3, "answers " + code) || OneIn(9, "begins " + code)))
      answering.push_back(answer.group());
  }
  RETURN_IF_ERROR(InParallel(answering.size(), [&](size_t i) -> absl::Status {
    groups::UpdateGroupRequest update;
    update.set_request_id(Id(absl::StrCat("answer survey ", answering[i].name())));
    groups::Group& group = *update.mutable_group();
    group.set_name(answering[i].name());
    group.set_etag(answering[i].etag());
    group.set_code(answering[i].code());
    if (OneIn(3, "answers " + answering[i].code())) {
      AnswerIssues(group);
      update.add_update_mask("issues");
      update.add_confirm_sections(groups::SECTION_ISSUES);
    }
    update.add_confirm_sections(groups::SECTION_PEOPLE);
    return Ask<groups::Group>(cast.coordinator, kGroups, "UpdateGroup", update).status();
  }));
  cast.Say(absl::StrCat(std::size(kWanted) + 1, " needs stated; a survey of ", all.size(), " groups, ",
                        answering.size(), " have answered or begun"));
  return absl::OkStatus();
}

// A group has applied by telephone; the office has called back, the rest of the check is left to do.
absl::Status Apply(Cast& cast) {
  groups::CreateGroupRequest create;
  create.set_request_id(Id("apply"));
  create.set_group_id(Id("applicant"));
  groups::Group& group = *create.mutable_group();
  group.set_code("G900");
  group.set_display_name("ひだまり子ども食堂（例）");
  group.set_name_kana("ヒダマリコドモショクドウ");
  group.set_kind(groups::GROUP_KIND_CAFETERIA);
  group.set_legal_form(groups::LEGAL_FORM_VOLUNTARY);
  group.set_contact_email("renraku@hidamari.example");
  group.set_households(35);
  group.set_children(60);
  groups::Site& site = *group.add_sites();
  site.set_display_name("ひだまり集会所（例）");
  site.mutable_address()->set_municipality_code("13121");
  site.mutable_address()->set_text("足立区（例）5-6");
  site.set_ambient_items(400);
  site.set_chilled_items(60);
  group.add_receiving_days(groups::WEEKDAY_SATURDAY);
  ASSIGN_OR_RETURN(const auto made, Ask<groups::Group>(cast.coordinator, kGroups, "CreateGroup", create));
  groups::GetApplicationRequest get;
  get.set_group(made.name());
  ASSIGN_OR_RETURN(const auto application,
                   Ask<groups::Application>(cast.coordinator, kApplications, "GetApplication", get));
  if (application.checks_size() > 0) return absl::OkStatus();
  groups::SetCheckRequest check;
  check.set_request_id(Id("called back"));
  check.set_group(made.name());
  check.set_etag(application.etag());
  check.set_kind(groups::CHECK_KIND_CONTACT);
  check.set_done(true);
  check.set_note("電話で代表と話しました。来週、会場を見せてもらいます。");
  return Ask<groups::Application>(cast.coordinator, kApplications, "SetCheck", check).status();
}

absl::Status OfferEveryWeek(Cast& cast) {
  donors::ListDonorsRequest list;
  list.set_query("六甲ベーカリー");
  list.set_page_size(1);
  ASSIGN_OR_RETURN(const auto bakery, Ask<donors::ListDonorsResponse>(cast.coordinator, kDonors, "ListDonors", list));
  if (bakery.donors_size() == 0) return absl::NotFoundError("The example has no bakery.");
  donors::CreateStandingOfferRequest request;
  request.set_request_id(Id("standing offer"));
  request.set_standing_offer_id(Id("standing offer of the bakery"));
  donors::StandingOffer& offer = *request.mutable_standing_offer();
  offer.set_donor(bakery.donors(0).name());
  offer.set_title("毎週のミックス粉");
  donors::StandingOfferLine& line = *offer.add_lines();
  ASSIGN_OR_RETURN(*line.mutable_product(), ProductOf(cast, "ホットケーキミックス"));
  line.set_cases(6);
  line.set_items_per_case(12);
  line.set_date_kind(type::DATE_KIND_BEST_BEFORE);
  line.set_good_for_days(120);
  // The first offer is made two weeks from now.
  const absl::CivilDay first = cast.first_day + 21;
  offer.set_weekday(static_cast<groups::Weekday>(static_cast<int>(absl::GetWeekday(first)) + 1));
  offer.set_lead_days(7);
  offer.set_from_date(absl::FormatCivilTime(first));
  *offer.mutable_place() = bakery.donors(0).address();
  return Ask<donors::StandingOffer>(cast.coordinator, kStandingOffers, "CreateStandingOffer", request).status();
}

absl::Status AskWhoCanUse(Cast& cast) {
  donors::CreateBroadcastRequest request;
  request.set_request_id(Id("ask who can use it"));
  request.set_broadcast_id(Id("broadcast"));
  donors::Broadcast& broadcast = *request.mutable_broadcast();
  ASSIGN_OR_RETURN(*broadcast.mutable_product(), ProductOf(cast, "とろみ調整食品"));
  broadcast.set_cases(40);
  broadcast.set_items_per_case(20);
  broadcast.mutable_good_until()->set_kind(type::DATE_KIND_BEST_BEFORE);
  broadcast.mutable_good_until()->set_date(cast.Day(200));
  broadcast.set_text("飲み込みにくい方の飲み物やおかずに、とろみをつける粉です。お粥やみそ汁にも使えます。");
  broadcast.set_hand_over_date(cast.Day(10));
  broadcast.mutable_audience()->add_prefectures("13");
  broadcast.mutable_audience()->add_prefectures("27");
  broadcast.mutable_answer_until_time()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(cast.first_day + 10, absl::UTCTimeZone())));
  ASSIGN_OR_RETURN(const auto asked, Ask<donors::Broadcast>(cast.coordinator, kBroadcasts, "CreateBroadcast", request));
  donors::ListBroadcastAnswersRequest list;
  list.set_name(asked.name());
  list.add_replies(donors::BROADCAST_REPLY_UNSPECIFIED);
  ASSIGN_OR_RETURN(const auto silent,
                   (All<donors::ListBroadcastAnswersResponse>(cast.coordinator, kBroadcasts, "ListBroadcastAnswers",
                                                              list, [](const auto& page) { return page.answers(); })));
  int answers = 0;
  for (const donors::BroadcastAnswer& one : silent) {
    if (one.group() == cast.group || !OneIn(4, "uses thickener " + one.group())) continue;
    donors::AnswerBroadcastRequest answer;
    answer.set_request_id(Id("answer broadcast " + one.group()));
    answer.set_name(asked.name());
    answer.set_group(one.group());
    const bool uses = OneIn(2, one.group());
    answer.set_reply(uses                    ? donors::BROADCAST_REPLY_YES
                     : OneIn(3, one.group()) ? donors::BROADCAST_REPLY_LATER
                                             : donors::BROADCAST_REPLY_NO);
    if (uses) answer.set_cases(OneIn(2, one.group() + "?") ? 2 : 1);
    RETURN_IF_ERROR(Ask<donors::Broadcast>(cast.coordinator, kBroadcasts, "AnswerBroadcast", answer).status());
    ++answers;
  }
  cast.Say(absl::StrCat("an application to check, a standing offer; \"who can use this?\" asked of ",
                        asked.asked_count(), " groups, ", answers, " answered"));
  return absl::OkStatus();
}

}  // namespace

absl::Status PlayRegisters(Cast& cast) {
  ASSIGN_OR_RETURN(const std::vector<groups::Group> all, Groups(cast));
  RETURN_IF_ERROR(StateNeeds(cast, all));
  RETURN_IF_ERROR(AskGroups(cast, all));
  RETURN_IF_ERROR(Apply(cast));
  RETURN_IF_ERROR(OfferEveryWeek(cast));
  return AskWhoCanUse(cast);
}

}  // namespace kubari::cli
