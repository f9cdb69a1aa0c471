// Asking the groups, and seeing who has answered.
#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"
#include "services/groups/rules_store.h"
#include "services/groups/survey_handler.h"
#include "services/groups/survey_store.h"

namespace kubari::groups {
namespace {

constexpr int kMaxNamedGroups = 1'000;

absl::StatusOr<Until> UntilOf(const rpc::Call& call, const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(call.principal.time_zone));
  return Until{.today = calendar::Today(clock.Now(), zone), .zone = zone};
}

void CheckTitleAndNote(errors::Violations& violations, const v1::Survey& survey) {
  violations.Text("survey.title", survey.title(), 1, registry::kMaxName);
  violations.Text("survey.note", survey.note(), 0, 2'000);
}

void CheckUntil(errors::Violations& violations, const v1::Survey& survey, absl::CivilDay today) {
  const auto day = registry::CheckDay(violations, "survey.until_date", survey.until_date());
  violations.Require(!day || *day >= today, "survey.until_date", "IN_THE_PAST",
                     absl::StrCat("The last day, ", survey.until_date(), ", has passed; choose today or later."),
                     absl::StrCat("締切（", survey.until_date(), "）が過ぎています。今日以降の日にしてください。"));
}

void CheckAudience(errors::Violations& violations, const v1::Survey& survey) {
  std::set<std::string> seen;
  for (int i = 0; i < survey.kinds_size(); ++i) violations.Enum(absl::StrCat("survey.kinds[", i, "]"), survey.kinds(i));
  for (int i = 0; i < survey.prefectures_size(); ++i) {
    violations.Require(registry::IsPrefectureCode(survey.prefectures(i)), absl::StrCat("survey.prefectures[", i, "]"),
                       "NOT_A_PREFECTURE", "A prefecture is two digits, 01 to 47.",
                       "都道府県は01〜47の2桁で指定してください。");
  }
  violations.Range("survey.groups", survey.groups_size(), 0, kMaxNamedGroups);
  for (int i = 0; i < std::min(survey.groups_size(), kMaxNamedGroups); ++i) {
    const std::string path = absl::StrCat("survey.groups[", i, "]");
    violations.Name("groups", path, survey.groups(i));
    violations.Require(seen.insert(survey.groups(i)).second, path, "DUPLICATE", "This group is named twice.",
                       "同じ団体が二度書かれています。");
  }
}

// To all of them, in notices of as many as one may have. What is told once (`told`) has the same id again.
void Tell(pg::Transaction& tx, notifications::v1::NoticeKind kind, const outbox::Words& subject, const v1::Survey& survey,
          const std::vector<Asked>& groups, const std::string& told, absl::Time now) {
  const std::string id = *ids::IdFromName("surveys", survey.name());
  const std::string note = survey.note().empty() ? "" : absl::StrCat("\n\n", survey.note());
  for (size_t first = 0; first < groups.size(); first += outbox::kMaxAudiences) {
    outbox::Notice notice = outbox::Make(
        kind, subject,
        {.ja = absl::StrCat("前回のお答えが入っています。変わったところだけ直してください（5分ほど）。\n締切: ", survey.until_date(), note),
         .en = absl::StrCat("Last year's answers are filled in: change what is different (about five minutes).\nUntil ",
                            survey.until_date(), note)},
        absl::StrCat("/group/surveys/", id), now);
    notice.set_notice_id(outbox::IdOf({told, id, absl::StrCat(first)}));
    for (size_t i = first; i < std::min(groups.size(), first + outbox::kMaxAudiences); ++i)
      outbox::ToHolders(notice, type::v1::ROLE_GROUP, groups[i].group_id);
    (*notice.mutable_facts())["survey"] = survey.name();
    outbox::Write(tx, notice);
  }
}

absl::Status SurveyClosed(const v1::Survey& survey) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "SURVEY_CLOSED",
                      absl::StrCat("'", survey.title(), "' ended on ", survey.until_date(), "; give it a later last day first."),
                      absl::StrCat("「", survey.title(), "」は ", survey.until_date(), " で終わりました。先に締切を延ばしてください。"),
                      {{"survey", survey.name()}});
}

// What of it a group's own people see.
void AsGroupsSee(v1::Survey& survey, const std::vector<Asked>& own) {
  survey.clear_groups();
  survey.clear_kinds();
  survey.clear_prefectures();
  survey.clear_remind_date();
  survey.clear_etag();
  for (const Asked& asked : own) {
    v1::SurveyProgress& progress = *survey.add_progress();
    progress.set_group(ids::Name("groups", asked.group_id));
    for (const v1::Section section : asked.answered) progress.add_answered(section);
  }
}

}  // namespace

absl::StatusOr<v1::Survey> SurveysHandler::CreateSurvey(const rpc::Call& call, const v1::CreateSurveyRequest& request) {
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.survey_id().empty()) violations.Uuid("survey_id", request.survey_id());
  CheckTitleAndNote(violations, request.survey());
  CheckUntil(violations, request.survey(), until.today);
  CheckAudience(violations, request.survey());
  violations.Range("survey.sections", request.survey().sections_size(), 1, 20);
  CheckSections(violations, "survey.sections", request.survey().sections());
  RETURN_IF_ERROR(violations.status());
  return registry::Mutate<v1::Survey>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Survey> {
    const absl::Time now = clock_.Now();
    const std::string id = request.survey_id().empty() ? ids::NewV7(now) : request.survey_id();
    v1::Survey survey = request.survey();
    survey.clear_remind_date();
    survey.set_name(ids::Name("surveys", id));
    RETURN_IF_ERROR(InsertSurvey(tx, survey, now));
    ASSIGN_OR_RETURN(survey, LoadSurvey(tx, id, until));
    ASSIGN_OR_RETURN(const std::vector<Asked> asked, ListAsked(tx, survey, until, {}));
    Tell(tx, notifications::v1::NOTICE_KIND_SURVEY_OPENED,
         {.ja = absl::StrCat("調査のお願い: ", survey.title()), .en = absl::StrCat("Please answer: ", survey.title())}, survey,
         asked, "survey opened", now);
    RETURN_IF_ERROR(CountAnswers(tx, survey, until));
    return survey;
  });
}

absl::StatusOr<v1::Survey> SurveysHandler::GetSurvey(const rpc::Call& call, const v1::GetSurveyRequest& request) {
  errors::Violations violations;
  violations.Name("surveys", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::Survey> {
    ASSIGN_OR_RETURN(v1::Survey survey, LoadSurvey(tx, *ids::IdFromName("surveys", request.name()), until));
    if (call.scope.whole_network) {
      RETURN_IF_ERROR(CountAnswers(tx, survey, until));
      return survey;
    }
    ASSIGN_OR_RETURN(const std::vector<Asked> own,
                     ListAsked(tx, survey, until, {.only = call.scope.organisation_ids}));
    if (own.empty()) return auth::NotYourOrganisation(request.name());
    AsGroupsSee(survey, own);
    return survey;
  });
}

absl::StatusOr<v1::ListSurveysResponse> SurveysHandler::ListSurveys(const rpc::Call& call,
                                                                    const v1::ListSurveysRequest& request) {
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  SurveyFilter filter{.limit = page.limit()};
  if (request.has_open()) filter.open = request.open();
  if (!page.key(0).empty()) {
    int64_t micros = 0;
    if (!absl::SimpleAtoi(page.key(0), &micros)) return paging::InvalidToken();
    filter.before_time = absl::FromUnixMicros(micros);
    filter.before_id = page.key(1);
  }
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListSurveysResponse> {
    ASSIGN_OR_RETURN(std::vector<v1::Survey> surveys, groups::ListSurveys(tx, filter, until));
    v1::ListSurveysResponse response;
    response.set_next_page_token(page.Cut(surveys, [](const v1::Survey& last) {
      const int64_t micros = last.open_time().seconds() * 1'000'000 + last.open_time().nanos() / 1'000;
      return std::vector{absl::StrCat(micros), *ids::IdFromName("surveys", last.name())};
    }));
    for (v1::Survey& survey : surveys) {
      if (call.scope.whole_network) {
        RETURN_IF_ERROR(CountAnswers(tx, survey, until));
      } else {
        ASSIGN_OR_RETURN(const std::vector<Asked> own,
                         ListAsked(tx, survey, until, {.only = call.scope.organisation_ids}));
        if (own.empty()) continue;
        AsGroupsSee(survey, own);
      }
      *response.add_surveys() = std::move(survey);
    }
    return response;
  });
}

absl::StatusOr<v1::Survey> SurveysHandler::UpdateSurvey(const rpc::Call& call, const v1::UpdateSurveyRequest& request) {
  static const std::vector<std::string> known = {"title", "note", "until_date"};
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  const auto named = [&](const std::string& field) {
    return std::find(request.update_mask().begin(), request.update_mask().end(), field) != request.update_mask().end();
  };
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("surveys", "survey.name", request.survey().name());
  violations.Text("survey.etag", request.survey().etag(), 1, 40);
  violations.Require(request.update_mask_size() > 0, "update_mask", "REQUIRED",
                     "Name the fields to change, of: title, note, until_date.",
                     "変更する項目を指定してください: title, note, until_date");
  for (int i = 0; i < request.update_mask_size(); ++i) {
    const std::string& field = request.update_mask(i);
    violations.Require(std::find(known.begin(), known.end(), field) != known.end(), absl::StrCat("update_mask[", i, "]"),
                       "UNKNOWN_FIELD", absl::StrCat("'", field, "' cannot be changed; these can: title, note, until_date."),
                       absl::StrCat("「", field, "」は変更できません。変更できる項目: title, note, until_date"));
  }
  if (named("title")) violations.Text("survey.title", request.survey().title(), 1, registry::kMaxName);
  if (named("note")) violations.Text("survey.note", request.survey().note(), 0, 2'000);
  if (named("until_date")) CheckUntil(violations, request.survey(), until.today);
  RETURN_IF_ERROR(violations.status());
  const std::string id = *ids::IdFromName("surveys", request.survey().name());
  return registry::Mutate<v1::Survey>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Survey> {
    ASSIGN_OR_RETURN(v1::Survey survey, LoadSurvey(tx, id, until, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(survey.name(), request.survey().etag(), survey.etag()));
    if (named("title")) survey.set_title(request.survey().title());
    if (named("note")) survey.set_note(request.survey().note());
    if (named("until_date")) survey.set_until_date(request.survey().until_date());
    RETURN_IF_ERROR(SaveSurvey(tx, survey));
    ASSIGN_OR_RETURN(survey, LoadSurvey(tx, id, until));
    RETURN_IF_ERROR(CountAnswers(tx, survey, until));
    return survey;
  });
}

absl::StatusOr<v1::RemindSurveyResponse> SurveysHandler::RemindSurvey(const rpc::Call& call,
                                                                      const v1::RemindSurveyRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("surveys", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  const std::string id = *ids::IdFromName("surveys", request.name());
  return registry::Mutate<v1::RemindSurveyResponse>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::RemindSurveyResponse> {
        ASSIGN_OR_RETURN(v1::Survey survey, LoadSurvey(tx, id, until, Lock::kUpdate));
        if (!survey.open()) return SurveyClosed(survey);
        const std::string today = absl::FormatCivilTime(until.today);
        if (survey.remind_date() == today) {
          return errors::Make(absl::StatusCode::kFailedPrecondition, "REMINDED_TODAY",
                              "The groups were reminded today already; once a day is enough.",
                              "今日はすでにお知らせしました。お知らせは1日1回です。", {{"survey", survey.name()}});
        }
        ASSIGN_OR_RETURN(const std::vector<Asked> open,
                         ListAsked(tx, survey, until,
                                   {.states = {v1::SURVEY_ANSWER_STATE_NONE, v1::SURVEY_ANSWER_STATE_BEGUN}}));
        survey.set_remind_date(today);
        RETURN_IF_ERROR(SaveSurvey(tx, survey));
        Tell(tx, notifications::v1::NOTICE_KIND_SURVEY_REMINDER,
             {.ja = absl::StrCat("まだお答えいただいていません: ", survey.title()),
              .en = absl::StrCat("Not answered yet: ", survey.title())},
             survey, open, absl::StrCat("survey reminder ", today), clock_.Now());
        v1::RemindSurveyResponse response;
        response.set_reminded_count(static_cast<int32_t>(open.size()));
        return response;
      });
}

absl::StatusOr<v1::ListSurveyAnswersResponse> SurveysHandler::ListSurveyAnswers(
    const rpc::Call& call, const v1::ListSurveyAnswersRequest& request) {
  errors::Violations violations;
  violations.Name("surveys", "survey", request.survey());
  violations.Text("query", request.query(), 0, registry::kMaxName);
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Until until, UntilOf(call, clock_));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListSurveyAnswersResponse> {
    ASSIGN_OR_RETURN(const v1::Survey survey, LoadSurvey(tx, *ids::IdFromName("surveys", request.survey()), until));
    ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
    AskedFilter filter{.states = {request.states().begin(), request.states().end()}, .query = request.query()};
    filter.after_name = page.key(0);
    filter.after_id = page.key(1);
    filter.limit = page.limit();
    ASSIGN_OR_RETURN(std::vector<Asked> asked, ListAsked(tx, survey, until, filter));
    v1::ListSurveyAnswersResponse response;
    response.set_next_page_token(
        page.Cut(asked, [](const Asked& last) { return std::vector{last.display_name, last.group_id}; }));
    std::vector<std::string> group_ids;
    for (const Asked& each : asked) group_ids.push_back(each.group_id);
    GroupFilter whole{.only = group_ids, .states = {v1::GROUP_STATE_ACTIVE}, .day = until.today, .limit = static_cast<int>(group_ids.size())};
    ASSIGN_OR_RETURN(std::vector<v1::Group> groups, groups::ListGroups(tx, whole));
    for (const Asked& each : asked) {
      v1::SurveyAnswer& answer = *response.add_answers();
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const v1::Group& one) {
        return one.name() == ids::Name("groups", each.group_id);
      });
      if (group != groups.end()) {
        Derive(*group, until.today, rules);
        *answer.mutable_group() = std::move(*group);
      }
      for (const v1::Section section : each.answered) answer.add_answered(section);
      answer.set_state(StateOf(survey, each));
      if (each.answer_time) *answer.mutable_answer_time() = registry::ToTimestamp(*each.answer_time);
    }
    return response;
  });
}

}  // namespace kubari::groups
