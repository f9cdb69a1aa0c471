// The RPCs of kubari.groups.v1.SurveysService.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/groups/v1/surveys.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

class SurveysHandler {
 public:
  SurveysHandler(pg::Pool& pool, const calendar::Clock& clock) : pool_(pool), clock_(clock) {}

  absl::StatusOr<v1::Survey> CreateSurvey(const rpc::Call& call, const v1::CreateSurveyRequest& request);
  absl::StatusOr<v1::Survey> GetSurvey(const rpc::Call& call, const v1::GetSurveyRequest& request);
  absl::StatusOr<v1::ListSurveysResponse> ListSurveys(const rpc::Call& call, const v1::ListSurveysRequest& request);
  absl::StatusOr<v1::Survey> UpdateSurvey(const rpc::Call& call, const v1::UpdateSurveyRequest& request);
  absl::StatusOr<v1::RemindSurveyResponse> RemindSurvey(const rpc::Call& call, const v1::RemindSurveyRequest& request);
  absl::StatusOr<v1::ListSurveyAnswersResponse> ListSurveyAnswers(const rpc::Call& call,
                                                                  const v1::ListSurveyAnswersRequest& request);

 private:
  pg::Pool& pool_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::groups
