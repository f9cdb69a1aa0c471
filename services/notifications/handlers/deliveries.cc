#include "services/notifications/handlers/deliveries.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/paging/page.h"
#include "services/notifications/store/deliveries.h"
#include "services/notifications/store/notices.h"

namespace kubari::notifications {
namespace {

constexpr int kMaxRetries = 200;
constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

absl::Status NotFailed(const pb::Delivery& delivery) {
  const std::string state = pb::DeliveryState_Name(delivery.state());
  return errors::Make(absl::StatusCode::kFailedPrecondition, "DELIVERY_NOT_FAILED",
                      absl::StrCat(delivery.name(), " is ", state, "; only what has FAILED can be tried again. Read the list again."),
                      absl::StrCat(delivery.name(), " の状態は ", state, " です。失敗したものだけをもう一度送れます。一覧を読み込み直してください。"),
                      {{"delivery", delivery.name()}, {"state", state}});
}

}  // namespace

absl::StatusOr<pb::EmailStatus> DeliveriesHandler::GetEmailStatus(const rpc::Call& call, const pb::GetEmailStatusRequest&) {
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const MailStatus status, tools_.pool.Read(context, [](pg::Transaction& tx) { return ReadMailStatus(tx); }));
  pb::EmailStatus answer;
  if (const std::optional<SmtpSettings> settings = tools_.smtp.Current()) {
    answer.set_configured(true);
    answer.set_server(settings->Server());
    answer.set_sender(settings->from.email);
    answer.set_encrypted(settings->encrypted);
  }
  if (status.last_success) *answer.mutable_last_success_time() = ToTimestamp(*status.last_success);
  if (status.last_failure) *answer.mutable_last_failure_time() = ToTimestamp(*status.last_failure);
  const std::string problem = tools_.smtp.Problem();
  answer.set_last_error(problem.empty() ? status.last_error : absl::StrCat("smtp.conf: ", problem));
  answer.set_waiting(status.waiting);
  answer.set_failed(status.failed);
  return answer;
}

absl::StatusOr<pb::Delivery> DeliveriesHandler::SendTestEmail(const rpc::Call& call, const pb::SendTestEmailRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string person_id, PersonOf(call));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const identity::v1::Recipient person, RecipientOf(tools_.directory, context.network_id, person_id));
  const absl::Time now = tools_.clock.Now();
  const bool email_works = tools_.smtp.Current().has_value();
  pb::Notice notice = outbox::Make(pb::NOTICE_KIND_TEST, {.ja = "お試しのメールです", .en = "A test e-mail"},
                                   {.ja = "このメールが届いていれば、メールの設定は正しく動いています。", .en = "If you can read this, e-mail works."},
                                   "/admin/notifications", now);
  const std::string delivery_id = ids::NewV7(now);
  absl::StatusOr<pb::Delivery> answer =
      Mutate<pb::Delivery>(tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Delivery> {
        InsertNotice(tx, notice, tools_.vault, now, /*addressed=*/true);
        InsertDeliveries(tx,
                         {{.delivery_id = delivery_id,
                           .notice_id = notice.notice_id(),
                           .channel = pb::CHANNEL_EMAIL,
                           .recipient = call.principal.subject,
                           .display_name = person.display_name(),
                           .email = person.email(),
                           .locale = person.locale() == "en" ? "en" : "ja",
                           .due = now}},
                         now);
        ASSIGN_OR_RETURN(const auto made, ReadDeliveries(tx, {delivery_id}, email_works));
        return made.at(delivery_id);
      });
  if (answer.ok()) tools_.wake_couriers();
  return answer;
}

absl::StatusOr<pb::ListDeliveriesResponse> DeliveriesHandler::ListDeliveries(const rpc::Call& call, const pb::ListDeliveriesRequest& request) {
  errors::Violations violations;
  if (request.state() != pb::DELIVERY_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  if (request.channel() != pb::CHANNEL_UNSPECIFIED) violations.Enum("channel", request.channel());
  if (request.kind() != pb::NOTICE_KIND_UNSPECIFIED) violations.Enum("kind", request.kind());
  violations.Require(request.recipient().empty() || ids::IdFromName("people", request.recipient()) || ids::IdFromName("webhooks", request.recipient()),
                     "recipient", "NOT_A_NAME", "is neither people/{uuid} nor webhooks/{uuid}", "が people/{uuid} でも webhooks/{uuid} でもありません");
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {kLastId}));
  const bool email_works = tools_.smtp.Current().has_value();
  const DeliveryFilter filter{.state = request.state(), .channel = request.channel(), .recipient = request.recipient(), .kind = request.kind()};
  ASSIGN_OR_RETURN(std::vector<pb::Delivery> deliveries, tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return notifications::ListDeliveries(tx, filter, email_works, page.key(0), page.limit());
  }));
  pb::ListDeliveriesResponse response;
  response.set_next_page_token(page.Cut(deliveries, [](const pb::Delivery& last) { return std::vector<std::string>{IdOf(last.name())}; }));
  for (pb::Delivery& delivery : deliveries) *response.add_deliveries() = std::move(delivery);
  return response;
}

absl::StatusOr<pb::Delivery> DeliveriesHandler::GetDelivery(const rpc::Call& call, const pb::GetDeliveryRequest& request) {
  errors::Violations violations;
  violations.Name("deliveries", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const bool email_works = tools_.smtp.Current().has_value();
  const std::string id = IdOf(request.name());
  ASSIGN_OR_RETURN(const auto found, tools_.pool.Read(context, [&](pg::Transaction& tx) { return ReadDeliveries(tx, {id}, email_works); }));
  if (found.empty()) return DeliveryNotFound(id);
  return found.at(id);
}

absl::StatusOr<pb::RetryDeliveriesResponse> DeliveriesHandler::RetryDeliveries(const rpc::Call& call, const pb::RetryDeliveriesRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Range("names", request.names_size(), 1, kMaxRetries);
  std::vector<std::string> ids;
  for (int i = 0; i < std::min(request.names_size(), kMaxRetries); ++i) {
    if (violations.Name("deliveries", absl::StrCat("names[", i, "]"), request.names(i))) ids.push_back(IdOf(request.names(i)));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const bool email_works = tools_.smtp.Current().has_value();
  // A wrong address is the usual reason: take the one that the person has now.
  ASSIGN_OR_RETURN(const auto asked, tools_.pool.Read(context, [&](pg::Transaction& tx) { return ReadDeliveries(tx, ids, email_works); }));
  std::set<std::string> people;
  for (const auto& [id, delivery] : asked) {
    if (ids::IdFromName("people", delivery.recipient())) people.insert(delivery.recipient());
  }
  std::map<std::string, identity::v1::Recipient> now_known;
  ASSIGN_OR_RETURN(const std::vector<identity::v1::Recipient> recipients,
                   tools_.directory.Recipients(context.network_id, {}, {people.begin(), people.end()}));
  for (const identity::v1::Recipient& recipient : recipients) now_known[recipient.person()] = recipient;

  const absl::Time now = tools_.clock.Now();
  auto answer = Mutate<pb::RetryDeliveriesResponse>(
      tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::RetryDeliveriesResponse> {
        ASSIGN_OR_RETURN(const auto found, ReadDeliveries(tx, ids, email_works, /*lock=*/true));
        for (const std::string& id : ids) {
          const auto delivery = found.find(id);
          if (delivery == found.end()) return DeliveryNotFound(id);
          if (delivery->second.state() != pb::DELIVERY_STATE_FAILED) return NotFailed(delivery->second);
          std::optional<std::string> email, locale;
          if (const auto person = now_known.find(delivery->second.recipient()); person != now_known.end()) {
            email = person->second.email();
            locale = person->second.locale() == "en" ? "en" : "ja";
          }
          TryAgain(tx, id, email, locale, now);
        }
        ASSIGN_OR_RETURN(const auto changed, ReadDeliveries(tx, ids, email_works));
        pb::RetryDeliveriesResponse response;
        for (const std::string& id : ids) *response.add_deliveries() = changed.at(id);
        return response;
      });
  if (answer.ok()) tools_.wake_couriers();
  return answer;
}

}  // namespace kubari::notifications
