// The RPCs of kubari.donors.v1.OfferQuestionsService, as plain functions.
#pragma once

#include "absl/status/statusor.h"
#include "kubari/donors/v1/questions.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::donors {

class QuestionsHandler {
 public:
  QuestionsHandler(pg::Pool& pool, const calendar::Clock& clock) : pool_(pool), clock_(clock) {}

  absl::StatusOr<v1::Offer> AskAboutOffer(const rpc::Call& call, const v1::AskAboutOfferRequest& request);
  absl::StatusOr<v1::Offer> AnswerQuestion(const rpc::Call& call, const v1::AnswerQuestionRequest& request);
  absl::StatusOr<v1::ListOfferMessagesResponse> ListOfferMessages(const rpc::Call& call,
                                                                  const v1::ListOfferMessagesRequest& request);

 private:
  pg::Pool& pool_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::donors
