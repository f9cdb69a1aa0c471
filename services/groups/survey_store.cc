#include "services/groups/survey_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"

namespace kubari::groups {
namespace {

constexpr pg::Statement kFind{"SELECT * FROM surveys WHERE network_id = $1 AND survey_id = $2"};
constexpr pg::Statement kFindAndLock{"SELECT * FROM surveys WHERE network_id = $1 AND survey_id = $2 FOR UPDATE"};
constexpr pg::Statement kList{
    "SELECT * FROM surveys WHERE network_id = $1 AND ($2::boolean IS NULL OR $2 = (until_date >= $3::date)) "
    "AND ($4::timestamptz IS NULL OR (open_time, survey_id) < ($4, $5::uuid)) "
    "ORDER BY open_time DESC, survey_id DESC LIMIT $6"};
constexpr pg::Statement kInsert{
    "INSERT INTO surveys (network_id, survey_id, open_time, until_date, survey) VALUES ($1, $2, $3, $4, $5)"};
constexpr pg::Statement kSave{
    "UPDATE surveys SET until_date = $3, survey = $4, version = version + 1 WHERE network_id = $1 AND survey_id = $2"};
// Who is asked, with what each has confirmed of sections $4 from $5 until $6: named groups $7, or kinds $2 and prefectures $3. $8 only these,
// $9 to $11 what is searched for, $12 states of the answer of $13 sections.
#define KUBARI_ASKED                                                                                                    \
  "WITH asked AS (SELECT g.group_id, g.display_name, "                                                                 \
  "(SELECT array_agg(DISTINCT c.section) FROM confirmations c WHERE c.network_id = $1 AND c.group_id = g.group_id "     \
  "AND c.section = ANY($4::smallint[]) AND c.confirm_time >= $5::timestamptz AND c.confirm_time < $6::timestamptz) AS answered, " \
  "(SELECT max(c.confirm_time) FROM confirmations c WHERE c.network_id = $1 AND c.group_id = g.group_id "              \
  "AND c.section = ANY($4::smallint[]) AND c.confirm_time >= $5 AND c.confirm_time < $6) AS answer_time "              \
  "FROM groups g WHERE g.network_id = $1 AND g.state = 2 AND CASE WHEN $7::uuid[] IS NULL "                            \
  "THEN ($2::int[] IS NULL OR g.kind = ANY($2)) AND ($3::text[] IS NULL OR g.prefecture = ANY($3)) "                   \
  "ELSE g.group_id = ANY($7) END AND ($8::uuid[] IS NULL OR g.group_id = ANY($8)) "                                    \
  "AND ($9::text[] IS NULL OR g.group_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{groups}'", "$9", "$10", "$11") " f))), "      \
  "judged AS (SELECT *, CASE WHEN answered IS NULL THEN 1 WHEN cardinality(answered) < $12 THEN 2 ELSE 3 END AS state " \
  "FROM asked) "
constexpr pg::Statement kAsked{
    KUBARI_ASKED
    "SELECT group_id, display_name, array_to_string(answered, ',') AS answered, answer_time FROM judged "
    "WHERE ($13::int[] IS NULL OR state = ANY($13::int[])) "
    "AND ($14::text IS NULL OR (display_name, group_id) > ($14, $15::uuid)) "
    "ORDER BY display_name, group_id LIMIT $16"};
constexpr pg::Statement kCount{
    KUBARI_ASKED
    "SELECT count(*) AS asked, count(*) FILTER (WHERE state = 3) AS answered, count(*) FILTER (WHERE state = 2) AS begun "
    "FROM judged"};
#undef KUBARI_ASKED

absl::StatusOr<v1::Survey> FromRow(const pg::Row& row, const Until& until) {
  v1::Survey survey;
  if (!survey.ParseFromString(row.Get<pg::Bytes>("survey").value))
    return absl::InternalError("surveys.survey does not parse");
  const absl::CivilDay last = row.Get<absl::CivilDay>("until_date");
  survey.set_name(ids::Name("surveys", row.Get<std::string>("survey_id")));
  survey.set_until_date(absl::FormatCivilTime(last));
  survey.set_open(last >= until.today);
  *survey.mutable_open_time() = registry::ToTimestamp(row.Get<absl::Time>("open_time"));
  survey.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  return survey;
}

std::string KeptOf(const v1::Survey& survey) {
  v1::Survey kept = survey;
  kept.clear_name();
  kept.clear_until_date();
  kept.clear_open();
  kept.clear_open_time();
  kept.clear_asked_count();
  kept.clear_answered_count();
  kept.clear_begun_count();
  kept.clear_etag();
  kept.clear_progress();
  return kept.SerializeAsString();
}

template <typename Values>
std::optional<std::vector<typename Values::value_type>> AnyIfEmpty(const Values& values) {
  if (values.empty()) return std::nullopt;
  return std::vector<typename Values::value_type>(values.begin(), values.end());
}

// The parameters $1 to $12 of KUBARI_ASKED, and what follows.
template <typename... More>
absl::StatusOr<pg::Result> Ask(pg::Transaction& tx, const pg::Statement& statement, const v1::Survey& survey,
                               const Until& until, const AskedFilter& filter, const More&... more) {
  std::optional<std::vector<std::string>> named;
  if (survey.groups_size() > 0) {
    named.emplace();
    for (const std::string& group : survey.groups()) named->push_back(ids::IdFromName("groups", group).value_or(""));
  }
  const registry::SearchWords query = registry::SplitQuery(filter.query);
  const absl::CivilDay last = registry::ParseDay(survey.until_date()).value_or(until.today);
  const absl::Time opened = absl::FromUnixMicros(survey.open_time().seconds() * 1'000'000 + survey.open_time().nanos() / 1'000);
  return tx.Query(statement, tx.network_id(), AnyIfEmpty(std::vector<int>(survey.kinds().begin(), survey.kinds().end())),
                  AnyIfEmpty(std::vector<std::string>(survey.prefectures().begin(), survey.prefectures().end())),
                  std::vector<int>(survey.sections().begin(), survey.sections().end()), opened,
                  absl::FromCivil(last + 1, until.zone), named, filter.only,
                  query.any(), query.readings, query.similar,
                  survey.sections_size(), more...);
}

}  // namespace

absl::StatusOr<v1::Survey> LoadSurvey(pg::Transaction& tx, const std::string& survey_id, const Until& until, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), survey_id));
  if (!rows.empty()) return FromRow(rows[0], until);
  const std::string name = ids::Name("surveys", survey_id);
  return errors::Make(absl::StatusCode::kNotFound, "SURVEY_NOT_FOUND", absl::StrCat("There is no survey ", name, "."),
                      absl::StrCat("調査 ", name, " は見つかりません。"), {{"survey", name}});
}

absl::StatusOr<std::vector<v1::Survey>> ListSurveys(pg::Transaction& tx, const SurveyFilter& filter, const Until& until) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), filter.open, until.today, filter.before_time,
                                                   filter.before_id, filter.limit));
  std::vector<v1::Survey> surveys;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(v1::Survey survey, FromRow(row, until));
    surveys.push_back(std::move(survey));
  }
  return surveys;
}

absl::Status InsertSurvey(pg::Transaction& tx, const v1::Survey& survey, absl::Time now) {
  const absl::Status status = tx.Query(kInsert, tx.network_id(), *ids::IdFromName("surveys", survey.name()), now,
                                       registry::ParseDay(survey.until_date()), pg::Bytes{KeptOf(survey)})
                                  .status();
  if (pg::ConstraintOf(status) == "surveys_pkey") {
    return errors::Make(absl::StatusCode::kAlreadyExists, "SURVEY_EXISTS",
                        absl::StrCat("There is a survey ", survey.name(), " already; choose another id, or leave it empty."),
                        absl::StrCat("調査 ", survey.name(), " はすでにあります。別の ID にするか、空にしてください。"),
                        {{"survey", survey.name()}});
  }
  return status;
}

absl::Status SaveSurvey(pg::Transaction& tx, const v1::Survey& survey) {
  return tx
      .Query(kSave, tx.network_id(), *ids::IdFromName("surveys", survey.name()), registry::ParseDay(survey.until_date()),
             pg::Bytes{KeptOf(survey)})
      .status();
}

absl::StatusOr<std::vector<Asked>> ListAsked(pg::Transaction& tx, const v1::Survey& survey, const Until& until,
                                             const AskedFilter& filter) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   Ask(tx, kAsked, survey, until, filter, AnyIfEmpty(filter.states), filter.after_name, filter.after_id,
                       filter.limit));
  std::vector<Asked> all;
  for (const pg::Row row : rows) {
    Asked asked{.group_id = row.Get<std::string>("group_id"),
                .display_name = row.Get<std::string>("display_name"),
                .answer_time = row.Get<std::optional<absl::Time>>("answer_time")};
    const std::string sections = row.Get<std::optional<std::string>>("answered").value_or("");
    for (const auto& part : absl::StrSplit(sections, ',', absl::SkipEmpty())) {
      int number = 0;
      if (absl::SimpleAtoi(part, &number)) asked.answered.push_back(static_cast<v1::Section>(number));
    }
    all.push_back(std::move(asked));
  }
  return all;
}

absl::Status CountAnswers(pg::Transaction& tx, v1::Survey& survey, const Until& until) {
  ASSIGN_OR_RETURN(const pg::Result rows, Ask(tx, kCount, survey, until, {}));
  survey.set_asked_count(static_cast<int32_t>(rows[0].Get<int64_t>("asked")));
  survey.set_answered_count(static_cast<int32_t>(rows[0].Get<int64_t>("answered")));
  survey.set_begun_count(static_cast<int32_t>(rows[0].Get<int64_t>("begun")));
  return absl::OkStatus();
}

v1::SurveyAnswerState StateOf(const v1::Survey& survey, const Asked& asked) {
  if (asked.answered.empty()) return v1::SURVEY_ANSWER_STATE_NONE;
  return static_cast<int>(asked.answered.size()) < survey.sections_size() ? v1::SURVEY_ANSWER_STATE_BEGUN
                                                                          : v1::SURVEY_ANSWER_STATE_COMPLETE;
}

}  // namespace kubari::groups
