// Surveys in PostgreSQL. Who has answered is read from the confirmations: a survey keeps no answers. All functions run inside a transaction of
// one network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/groups/v1/surveys.pb.h"
#include "libs/pg/transaction.h"
#include "services/groups/group_store.h"

namespace kubari::groups {

// When a survey is over: with the end of its last day, in the network's time zone.
struct Until {
  absl::CivilDay today;
  absl::TimeZone zone;
};

// Without counts and progress. NOT_FOUND / SURVEY_NOT_FOUND.
absl::StatusOr<v1::Survey> LoadSurvey(pg::Transaction& tx, const std::string& survey_id, const Until& until,
                                      Lock lock = Lock::kNone);
struct SurveyFilter {
  std::optional<bool> open;
  std::optional<absl::Time> before_time;
  std::optional<std::string> before_id;
  int limit = 0;
};
// Newest first.
absl::StatusOr<std::vector<v1::Survey>> ListSurveys(pg::Transaction& tx, const SurveyFilter& filter, const Until& until);
// `survey` with its name. ALREADY_EXISTS / SURVEY_EXISTS.
absl::Status InsertSurvey(pg::Transaction& tx, const v1::Survey& survey, absl::Time now);
absl::Status SaveSurvey(pg::Transaction& tx, const v1::Survey& survey);

// One who is asked.
struct Asked {
  std::string group_id;
  std::string display_name;
  std::vector<v1::Section> answered;  // of the survey's sections, confirmed while it was open
  std::optional<absl::Time> answer_time;
};
struct AskedFilter {
  std::optional<std::vector<std::string>> only;  // ids of groups; nothing: all that are asked
  std::vector<int> states;                       // v1::SurveyAnswerState; empty: any
  std::string query;
  std::optional<std::string> after_name, after_id;
  std::optional<int> limit;
};
// By display name.
absl::StatusOr<std::vector<Asked>> ListAsked(pg::Transaction& tx, const v1::Survey& survey, const Until& until,
                                             const AskedFilter& filter);
// Fills in the counts.
absl::Status CountAnswers(pg::Transaction& tx, v1::Survey& survey, const Until& until);

v1::SurveyAnswerState StateOf(const v1::Survey& survey, const Asked& asked);

}  // namespace kubari::groups
