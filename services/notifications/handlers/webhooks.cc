#include "services/notifications/handlers/webhooks.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <set>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "services/notifications/domain/webhook.h"
#include "services/notifications/store/deliveries.h"
#include "services/notifications/store/notices.h"
#include "services/notifications/store/webhooks.h"

namespace kubari::notifications {
namespace {

constexpr absl::Duration kOverlap = absl::Hours(24);

std::string NewSecret() {
  std::string secret(32, '\0');
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

void CheckKinds(errors::Violations& violations, const pb::Webhook& webhook) {
  violations.Range("webhook.kinds", webhook.kinds_size(), 0, 100);
  std::set<int> seen;
  for (int i = 0; i < std::min(webhook.kinds_size(), 100); ++i) {
    const std::string field = absl::StrCat("webhook.kinds[", i, "]");
    violations.Enum(field, webhook.kinds(i));
    violations.Require(seen.insert(webhook.kinds(i)).second, field, "DUPLICATE", absl::StrCat("is ", NameOf(webhook.kinds(i)), ", which is there already"),
                       absl::StrCat("の ", NameOf(webhook.kinds(i)), " はすでに選ばれています"));
  }
}

absl::Status CheckHost(const std::string& url, bool allow_private) {
  const std::string host = ForbiddenHost(url, allow_private);
  if (host.empty()) return absl::OkStatus();
  return errors::Make(absl::StatusCode::kFailedPrecondition, "ADDRESS_NOT_ALLOWED",
                      absl::StrCat("\"", host, "\" is this installation's own host or network; give the address of a server on the internet."),
                      absl::StrCat("「", host, "」はこのシステム自身か、その内部ネットワークのアドレスです。インターネット上のサーバーのアドレスを指定してください。"),
                      {{"host", host}});
}

absl::Status TooMany() {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "TOO_MANY_WEBHOOKS",
                      absl::StrCat("The network has ", kMaxWebhooks, " webhooks, which is the most; remove one first."),
                      absl::StrCat("Webhook は", kMaxWebhooks, "件までです。先にどれかを削除してください。"), {{"most", absl::StrCat(kMaxWebhooks)}});
}

}  // namespace

absl::StatusOr<pb::ListWebhooksResponse> WebhooksHandler::ListWebhooks(const rpc::Call& call, const pb::ListWebhooksRequest&) {
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(std::vector<pb::Webhook> webhooks, tools_.pool.Read(context, [](pg::Transaction& tx) { return ReadWebhooks(tx); }));
  pb::ListWebhooksResponse response;
  for (pb::Webhook& webhook : webhooks) *response.add_webhooks() = std::move(webhook);
  return response;
}

absl::StatusOr<pb::CreateWebhookResponse> WebhooksHandler::CreateWebhook(const rpc::Call& call, const pb::CreateWebhookRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("webhook.display_name", request.webhook().display_name(), 1, 100);
  CheckUrl(violations, "webhook.url", request.webhook().url(), tools_.allow_private);
  CheckKinds(violations, request.webhook());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckHost(request.webhook().url(), tools_.allow_private));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateWebhookResponse> {
    // Recorded without the secret: a replay gets a new one.
    ASSIGN_OR_RETURN(pb::CreateWebhookResponse response,
                     pg::Idempotent<pb::CreateWebhookResponse>(
                         tx, request.request_id(), call.method->full_name(), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateWebhookResponse> {
                           ASSIGN_OR_RETURN(const int count, CountWebhooks(tx));
                           if (count >= kMaxWebhooks) return TooMany();
                           pb::Webhook webhook = request.webhook();
                           webhook.set_name(ids::Name("webhooks", ids::NewV7(now)));
                           InsertWebhook(tx, webhook, NewSecret(), tools_.vault, now);
                           pb::CreateWebhookResponse made;
                           ASSIGN_OR_RETURN(*made.mutable_webhook(), LockWebhook(tx, IdOf(webhook.name())));
                           return made;
                         }));
    const std::string secret = NewSecret(), id = IdOf(response.webhook().name());
    ASSIGN_OR_RETURN(*response.mutable_webhook(), LockWebhook(tx, id));
    ReplaceSecret(tx, id, secret, tools_.vault, now, absl::ZeroDuration());
    response.set_secret(ShownSecret(secret));
    return response;
  });
}

absl::StatusOr<pb::Webhook> WebhooksHandler::UpdateWebhook(const rpc::Call& call, const pb::UpdateWebhookRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("webhooks", "webhook.name", request.webhook().name());
  violations.Range("update_mask", request.update_mask_size(), 1, 4);
  std::set<std::string> mask;
  for (int i = 0; i < std::min(request.update_mask_size(), 4); ++i) {
    const std::string& field = request.update_mask(i);
    violations.Require(field == "display_name" || field == "url" || field == "kinds" || field == "state", absl::StrCat("update_mask[", i, "]"),
                       "UNKNOWN_VALUE", absl::StrCat("is \"", field, "\"; display_name, url, kinds or state was expected"),
                       absl::StrCat("が「", field, "」です。display_name、url、kinds、state のどれかにしてください"));
    mask.insert(field);
  }
  if (mask.contains("display_name")) violations.Text("webhook.display_name", request.webhook().display_name(), 1, 100);
  if (mask.contains("url")) CheckUrl(violations, "webhook.url", request.webhook().url(), tools_.allow_private);
  if (mask.contains("kinds")) CheckKinds(violations, request.webhook());
  if (mask.contains("state") && violations.Enum("webhook.state", request.webhook().state())) {
    violations.Require(request.webhook().state() != pb::WEBHOOK_STATE_DISABLED_AFTER_FAILURES, "webhook.state", "UNKNOWN_VALUE",
                       "is DISABLED_AFTER_FAILURES; ENABLED or DISABLED was expected", "は ENABLED か DISABLED にしてください");
  }
  RETURN_IF_ERROR(violations.status());
  if (mask.contains("url")) RETURN_IF_ERROR(CheckHost(request.webhook().url(), tools_.allow_private));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const std::string id = IdOf(request.webhook().name());
  auto answer = Mutate<pb::Webhook>(tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Webhook> {
    ASSIGN_OR_RETURN(pb::Webhook webhook, LockWebhook(tx, id));
    RETURN_IF_ERROR(CheckEtag(webhook.name(), request.webhook().etag(), webhook.etag()));
    const bool was_on = webhook.state() == pb::WEBHOOK_STATE_ENABLED;
    if (mask.contains("display_name")) webhook.set_display_name(request.webhook().display_name());
    if (mask.contains("url")) webhook.set_url(request.webhook().url());
    if (mask.contains("kinds")) *webhook.mutable_kinds() = request.webhook().kinds();
    if (mask.contains("state")) webhook.set_state(request.webhook().state());
    WriteWebhook(tx, webhook);
    if (!was_on && webhook.state() == pb::WEBHOOK_STATE_ENABLED) TryWaitingNow(tx, id, now);
    return LockWebhook(tx, id);
  });
  if (answer.ok()) tools_.wake_couriers();
  return answer;
}

absl::StatusOr<pb::DeleteWebhookResponse> WebhooksHandler::DeleteWebhook(const rpc::Call& call, const pb::DeleteWebhookRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("webhooks", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  return Mutate<pb::DeleteWebhookResponse>(tools_.pool, context, call, request,
                                           [&](pg::Transaction& tx) -> absl::StatusOr<pb::DeleteWebhookResponse> {
                                             ASSIGN_OR_RETURN(const pb::Webhook webhook, LockWebhook(tx, IdOf(request.name())));
                                             RETURN_IF_ERROR(CheckEtag(webhook.name(), request.etag(), webhook.etag()));
                                             notifications::DeleteWebhook(tx, IdOf(request.name()), now);
                                             return pb::DeleteWebhookResponse();
                                           });
}

absl::StatusOr<pb::CreateWebhookResponse> WebhooksHandler::RotateWebhookSecret(const rpc::Call& call, const pb::RotateWebhookSecretRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("webhooks", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const std::string id = IdOf(request.name());
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateWebhookResponse> {
    bool first = false;
    ASSIGN_OR_RETURN(pb::CreateWebhookResponse response,
                     pg::Idempotent<pb::CreateWebhookResponse>(
                         tx, request.request_id(), call.method->full_name(), request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateWebhookResponse> {
                           first = true;
                           pb::CreateWebhookResponse made;
                           ASSIGN_OR_RETURN(*made.mutable_webhook(), LockWebhook(tx, id));
                           return made;
                         }));
    const std::string secret = NewSecret();
    ASSIGN_OR_RETURN(*response.mutable_webhook(), LockWebhook(tx, id));
    if (first) {
      ReplaceSecret(tx, id, secret, tools_.vault, now, kOverlap);
    } else {
      ReplaceNewestSecret(tx, id, secret, tools_.vault);  // whoever lost the answer never had the one in between
    }
    response.set_secret(ShownSecret(secret));
    return response;
  });
}

absl::StatusOr<pb::Delivery> WebhooksHandler::TestWebhook(const rpc::Call& call, const pb::TestWebhookRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("webhooks", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const pb::Notice notice = outbox::Make(pb::NOTICE_KIND_TEST, {.ja = "お試しの送信です", .en = "A test"},
                                         {.ja = "受け取り側の設定を確かめるための送信です。", .en = "Sent to check the receiver."}, "", now);
  const std::string delivery_id = ids::NewV7(now);
  auto answer = Mutate<pb::Delivery>(tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Delivery> {
    ASSIGN_OR_RETURN(const pb::Webhook webhook, LockWebhook(tx, IdOf(request.name())));
    InsertNotice(tx, notice, tools_.vault, now, /*addressed=*/true);
    InsertDeliveries(tx,
                     {{.delivery_id = delivery_id,
                       .notice_id = notice.notice_id(),
                       .channel = pb::CHANNEL_WEBHOOK,
                       .recipient = webhook.name(),
                       .display_name = webhook.display_name(),
                       .due = now}},
                     now);
    ASSIGN_OR_RETURN(const auto made, ReadDeliveries(tx, {delivery_id}, true));
    return made.at(delivery_id);
  });
  if (answer.ok()) tools_.wake_couriers();
  return answer;
}

}  // namespace kubari::notifications
