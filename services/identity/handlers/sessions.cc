#include "services/identity/handlers/sessions.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/idempotency.h"
#include "services/identity/domain/names.h"
#include "services/identity/domain/passwords.h"
#include "services/identity/domain/sessions.h"
#include "services/identity/store/networks.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {
namespace {

absl::Status SignInFailed() {
  return errors::Make(
      absl::StatusCode::kUnauthenticated, "SIGN_IN_FAILED",
      "The network, the e-mail address or the password is wrong. Check all three, or ask for an invite link.",
      "ネットワーク、メールアドレス、パスワードのいずれかが正しくありません。ご確認いただくか、招待リンクを依頼してくだ"
      "さい。");
}

absl::Status PasswordWrong() {
  return errors::Make(absl::StatusCode::kPermissionDenied, "PASSWORD_WRONG",
                      "The old password is wrong. Enter the one you sign in with now.",
                      "現在のパスワードが正しくありません。いまサインインに使っているものを入力してください。");
}

absl::Status NotAPerson(const std::string& subject) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "NOT_A_PERSON",
                      "Only a person has a password; this is a device, a program or a service. Sign in as a person.",
                      "パスワードを設定できるのは個人のみです。個人としてサインインしてください。",
                      {{"subject", subject}});
}

absl::Status NotASession(const std::string& subject) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "NOT_A_SESSION",
                      "This call is not made from a session: an API key is ended with RevokeApiKey, the service key by "
                      "the installation.",
                      "サインインしたセッションからの操作ではありません。APIキーは RevokeApiKey で停止してください。",
                      {{"subject", subject}});
}

absl::Status ChangedMeanwhile() {
  return errors::Make(absl::StatusCode::kAborted, "PASSWORD_CHANGED_MEANWHILE",
                      "The password was changed by another call at the same moment. Try again with the new one.",
                      "同時に別の操作でパスワードが変更されました。新しいパスワードでもう一度お試しください。");
}

}  // namespace

absl::StatusOr<pb::SignInResponse> SessionsHandler::SignIn(const rpc::Call& call, const pb::SignInRequest& request) {
  errors::Violations violations;
  violations.Text("email", request.email(), 1, 254);
  violations.Text("password", request.password(), 1, 200);
  violations.Text("device_display_name", request.device_display_name(), 0, 100);
  RETURN_IF_ERROR(violations.status());

  const std::string email_key = EmailKey(request.email());
  ASSIGN_OR_RETURN(const auto network_id,
                   FindNetworkByCode(tools_.pool, NormalNetworkCode(request.network_code()), call.deadline));
  ASSIGN_OR_RETURN(const PasswordHasher::Turn turn, tools_.hasher.Take(call.deadline));
  const absl::Time now = tools_.clock.Now();
  std::optional<Login> login;
  const pg::TxContext context{.network_id = network_id.value_or(""), .deadline = call.deadline};
  if (network_id) {
    auto found = tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<Login>> {
      RETURN_IF_ERROR(BeginAttempt(tx, email_key, now));
      return FindLogin(tx, email_key);
    });
    RETURN_IF_ERROR(found);
    login = *std::move(found);
  }
  // The same work whether the network, the person and a password exist or not.
  ASSIGN_OR_RETURN(const bool right, turn.Verify(login ? login->password_hash : std::nullopt, request.password()));
  if (!right) return SignInFailed();

  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::SignInResponse> {
    RETURN_IF_ERROR(ForgetAttempts(tx, email_key));
    pb::SignInResponse response;
    ASSIGN_OR_RETURN(*response.mutable_token(), StartSession(tx,
                                                             {.subject = ids::Name("people", login->person_id),
                                                              .display_name = request.device_display_name(),
                                                              .expire_time = now + kPersonSession},
                                                             now));
    ASSIGN_OR_RETURN(*response.mutable_session(), LoadSession(tx, response.token(), now));
    return response;
  });
}

absl::StatusOr<pb::SignOutResponse> SessionsHandler::SignOut(const rpc::Call& call, const pb::SignOutRequest&) {
  const std::string& subject = call.principal.subject;
  if (call.principal.is_service || ids::IdFromName("apiKeys", subject)) return NotASession(subject);
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  RETURN_IF_ERROR(tools_.pool.Transact(context, [&](pg::Transaction& tx) { return EndSession(tx, call.token); }));
  return pb::SignOutResponse();
}

absl::StatusOr<pb::SetPasswordResponse> SessionsHandler::SetPassword(const rpc::Call& call,
                                                                     const pb::SetPasswordRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("old_password", request.old_password(), 0, 200);
  CheckNewPassword(violations, "new_password", request.new_password());
  RETURN_IF_ERROR(violations.status());
  const std::optional<std::string> person_id = ids::IdFromName("people", call.principal.subject);
  if (!person_id || call.principal.is_service) return NotAPerson(call.principal.subject);

  // The answer is recorded without the passwords, because a plain hash of a password may not be stored anywhere. That a
  // replay has the same content is seen by Argon2id instead: its new password is the one in use.
  pb::SetPasswordRequest recorded;
  recorded.set_request_id(request.request_id());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const PasswordHasher::Turn turn, tools_.hasher.Take(call.deadline));
  const absl::Time now = tools_.clock.Now();

  bool replay = false;
  auto login = tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<Login> {
    ASSIGN_OR_RETURN(const auto answer,
                     pg::FindAnswer(tx, request.request_id(), call.method->full_name(), pg::RequestHash(recorded)));
    replay = answer.has_value();
    ASSIGN_OR_RETURN(Login found, LoadLogin(tx, *person_id));
    if (!replay && found.password_hash) RETURN_IF_ERROR(BeginAttempt(tx, found.email_key, now));
    return found;
  });
  RETURN_IF_ERROR(login);
  if (replay) {
    ASSIGN_OR_RETURN(const bool same, turn.Verify(login->password_hash, request.new_password()));
    if (same) return pb::SetPasswordResponse();
    return pg::RequestIdReused(request.request_id(), call.method->full_name(), call.method->full_name());
  }
  if (login->password_hash) {
    ASSIGN_OR_RETURN(const bool right, turn.Verify(login->password_hash, request.old_password()));
    if (!right) return PasswordWrong();
  }
  ASSIGN_OR_RETURN(const std::string new_hash, turn.Hash(request.new_password()));

  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::SetPasswordResponse>(
        tx, request.request_id(), call.method->full_name(), recorded,
        [&](pg::Transaction& tx) -> absl::StatusOr<pb::SetPasswordResponse> {
          ASSIGN_OR_RETURN(const bool replaced, ReplacePasswordHash(tx, *person_id, login->password_hash, new_hash));
          if (!replaced) return ChangedMeanwhile();
          RETURN_IF_ERROR(ForgetAttempts(tx, login->email_key));
          RETURN_IF_ERROR(EndSessionsOf(tx, call.principal.subject, /*but=*/call.token));
          return pb::SetPasswordResponse();
        });
  });
}

absl::StatusOr<pb::SetLocaleResponse> SessionsHandler::SetLocale(const rpc::Call& call,
                                                                 const pb::SetLocaleRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckLocale(violations, "locale", request.locale());
  RETURN_IF_ERROR(violations.status());
  const std::optional<std::string> person_id = ids::IdFromName("people", call.principal.subject);
  if (!person_id || call.principal.is_service) return NotAPerson(call.principal.subject);
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::SetLocaleResponse>(tx, request.request_id(), call.method->full_name(), request,
                                                 [&](pg::Transaction& tx) -> absl::StatusOr<pb::SetLocaleResponse> {
                                                   RETURN_IF_ERROR(UpdateLocale(tx, *person_id, request.locale()));
                                                   return pb::SetLocaleResponse();
                                                 });
  });
}

absl::StatusOr<pb::Session> SessionsHandler::GetSession(const rpc::Call& call, const pb::GetSessionRequest&) {
  if (call.principal.is_service) return NotASession(call.principal.subject);
  return FindSession(tools_.pool, call.token, tools_.clock.Now(), call.deadline);
}

absl::StatusOr<pb::AuthenticateResponse> SessionsHandler::Authenticate(const rpc::Call& call,
                                                                       const pb::AuthenticateRequest& request) {
  pb::AuthenticateResponse response;
  ASSIGN_OR_RETURN(*response.mutable_session(),
                   FindSession(tools_.pool, request.token(), tools_.clock.Now(), call.deadline));
  return response;
}

}  // namespace kubari::identity
