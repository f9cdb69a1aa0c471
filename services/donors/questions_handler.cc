#include "services/donors/questions_handler.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "services/donors/notices.h"
#include "services/donors/take.h"

namespace kubari::donors {
namespace {

constexpr int kMaxMessages = 200;
constexpr int kMaxMessage = 1'000;  // characters

// One more, unless there are too many. The offer's row is locked, so its messages are written one after the other.
constexpr pg::Statement kAdd{
    "INSERT INTO offer_messages (network_id, offer_id, ordinal, question, body, author, create_time) "
    "SELECT $1::uuid, $2::uuid, count(*) + 1, $3::boolean, $4::text, $5::text, $6::timestamptz FROM offer_messages WHERE network_id = $1 AND offer_id = $2 "
    "HAVING count(*) < $7"};
constexpr pg::Statement kList{
    "SELECT question, body, create_time FROM offer_messages WHERE network_id = $1 AND offer_id = $2 ORDER BY ordinal"};

absl::Status Add(pg::Transaction& tx, const rpc::Call& call, const v1::Offer& offer, bool question,
                 const std::string& text, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t added, tx.Execute(kAdd, tx.network_id(), *ids::IdFromName("offers", offer.name()),
                                                   question, text, call.principal.subject, now, kMaxMessages));
  if (added > 0) return absl::OkStatus();
  return errors::Make(absl::StatusCode::kFailedPrecondition, "TOO_MANY_MESSAGES",
                      absl::StrCat("The offer '", offer.title(), "' has ", kMaxMessages,
                                   " messages; no more are kept. Decide about it, or speak by telephone."),
                      absl::StrCat("申出「", offer.title(), "」にはやりとりが ", kMaxMessages,
                                   " 件あります。これ以上は残せません。受け入れか辞退を決めるか、電話でご相談ください。"),
                      {{"offer", offer.name()}});
}

}  // namespace

absl::StatusOr<v1::Offer> QuestionsHandler::AskAboutOffer(const rpc::Call& call,
                                                          const v1::AskAboutOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("text", request.text(), 1, kMaxMessage);
  RETURN_IF_ERROR(violations.status());
  return Take(pool_, clock_, call, request, Step::kAsk, [&](pg::Transaction& tx, v1::Offer& offer) -> absl::Status {
    RETURN_IF_ERROR(Add(tx, call, offer, /*question=*/true, request.text(), clock_.Now()));
    TellAsked(tx, offer, request.text(), clock_.Now());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> QuestionsHandler::AnswerQuestion(const rpc::Call& call,
                                                           const v1::AnswerQuestionRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("text", request.text(), 1, kMaxMessage);
  RETURN_IF_ERROR(violations.status());
  return Take(pool_, clock_, call, request, Step::kAnswer, [&](pg::Transaction& tx, v1::Offer& offer) -> absl::Status {
    RETURN_IF_ERROR(Add(tx, call, offer, /*question=*/false, request.text(), clock_.Now()));
    TellAnswered(tx, offer, request.text(), clock_.Now());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::ListOfferMessagesResponse> QuestionsHandler::ListOfferMessages(
    const rpc::Call& call, const v1::ListOfferMessagesRequest& request) {
  errors::Violations violations;
  violations.Name("offers", "offer", request.offer());
  RETURN_IF_ERROR(violations.status());
  const std::string offer_id = *ids::IdFromName("offers", request.offer());
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListOfferMessagesResponse> {
    ASSIGN_OR_RETURN(const v1::Offer offer, LoadOffer(tx, offer_id));
    RETURN_IF_ERROR(CheckOwn(call, offer));
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), offer_id));
    v1::ListOfferMessagesResponse response;
    for (const pg::Row row : rows) {
      v1::OfferMessage& message = *response.add_messages();
      message.set_question(row.Get<bool>("question"));
      message.set_text(row.Get<std::string>("body"));
      *message.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
    }
    return response;
  });
}

}  // namespace kubari::donors
