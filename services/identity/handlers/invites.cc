#include "services/identity/handlers/invites.h"

#include <google/protobuf/util/time_util.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/outbox.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/identity/domain/grants.h"
#include "services/identity/domain/invite_codes.h"
#include "services/identity/domain/sessions.h"
#include "services/identity/store/devices.h"
#include "services/identity/store/invites.h"
#include "services/identity/store/people.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {
namespace {

absl::Status InviteInvalid(const char* cause, const char* english, const char* japanese) {
  return errors::Make(absl::StatusCode::kUnauthenticated, "INVITE_INVALID", english, japanese, {{"cause", cause}});
}

absl::Status Unknown() {
  return InviteInvalid("unknown", "No invite has this code. Check it letter by letter, or ask for a new invite.",
                       "このコードの招待はありません。もう一度ご確認いただくか、新しい招待を依頼してください。");
}

absl::Status Revoked() {
  return InviteInvalid("revoked", "This invite was revoked. Ask for a new one.",
                       "この招待は取り消されています。新しい招待を依頼してください。");
}

absl::Status CheckWorks(const pb::Invite& invite, bool count_uses, absl::Time now) {
  const absl::Time expires =
      absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(invite.expire_time()));
  switch (JudgeInvite(invite.revoked(), expires, count_uses ? invite.uses_left() : 1, now)) {
    case InviteState::kWorks:
      return absl::OkStatus();
    case InviteState::kRevoked:
      return Revoked();
    case InviteState::kExpired:
      return InviteInvalid("expired", "This invite is no longer valid. Ask for a new one.",
                           "この招待の有効期限が切れています。新しい招待を依頼してください。");
    case InviteState::kUsedUp:
      return InviteInvalid("used_up", "This invite was used as often as it may be. Ask for a new one.",
                           "この招待は使用回数の上限に達しています。新しい招待を依頼してください。");
  }
  return Unknown();
}

absl::Status CheckShape(const pb::CreateInviteRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Range("valid_hours", request.valid_hours(), 0, 720);
  violations.Range("max_uses", request.max_uses(), 0, 100);
  if (!request.person().empty()) {
    violations.Name("people", "person", request.person());
    violations.Require(
        !request.has_grant(), "grant", "NOT_BOTH",
        "There is a person and a grant; a person's invite gives the roles the person has. Leave out one of the two.",
        "個人と役割が両方指定されています。個人の招待ではその方の役割が使われます。どちらか一方にしてください。");
    return violations.status();
  }
  violations.Require(!request.send_by_email(), "send_by_email", "NOT_A_PERSON",
                     "is set, but only a person has an e-mail address; show the code of a device's invite on the screen",
                     "が指定されていますが、メールで送れるのは個人の招待だけです。端末の招待は画面に表示してください");
  CheckGrantShape(violations, "grant", request.grant());
  const type::v1::Role role = request.grant().role();
  violations.Require(
      role == type::v1::ROLE_VOLUNTEER || role == type::v1::ROLE_WAREHOUSE_MANAGER, "grant.role", "NOT_A_DEVICE_ROLE",
      "A device can be a volunteer's or a warehouse manager's. Invite a person for other roles.",
      "端末に付与できるのは倉庫ボランティアか倉庫管理者の役割です。ほかの役割には個人を招待してください。");
  return violations.status();
}

// What may be judged before the database is asked.
absl::Status CheckRights(const rpc::Call& call, const pb::CreateInviteRequest& request) {
  if (!request.person().empty()) {
    return call.scope.whole_network ? absl::OkStatus() : auth::NotYourOrganisation(request.person());
  }
  const std::string& organisation = request.grant().organisation();
  return call.scope.Includes(IdOf(organisation)) ? absl::OkStatus() : auth::NotYourOrganisation(organisation);
}

absl::StatusOr<pb::CreateInviteResponse> MakeInvite(pg::Transaction& tx, const rpc::Call& call,
                                                    const pb::CreateInviteRequest& request, absl::Time now) {
  pb::Invite invite;
  const std::string id = ids::NewV7(now);
  invite.set_name(ids::Name("invites", id));
  if (request.person().empty()) {
    RETURN_IF_ERROR(CheckGrantsInNetwork(tx, {ToGrant(request.grant())}));
    *invite.mutable_grant() = request.grant();
    invite.set_uses_left(request.max_uses() == 0 ? 1 : request.max_uses());
  } else {
    ASSIGN_OR_RETURN(const pb::Person person, LoadPerson(tx, IdOf(request.person())));
    std::vector<auth::Grant> grants;
    for (const pb::Grant& grant : person.grants()) grants.push_back(ToGrant(grant));
    RETURN_IF_ERROR(CheckMayInvitePerson(call.principal, grants));
    invite.set_person(person.name());
    invite.set_uses_left(1);
  }
  *invite.mutable_expire_time() =
      ToTimestamp(now + absl::Hours(request.valid_hours() == 0 ? 24 : request.valid_hours()));
  invite.set_creator(call.principal.subject);
  RETURN_IF_ERROR(InsertInvite(tx, invite, now));
  pb::CreateInviteResponse response;
  ASSIGN_OR_RETURN(*response.mutable_invite(), LoadInvite(tx, id));
  return response;
}

// The link, for the person's mailbox. The code is in it, so it is sealed until it has left.
outbox::Notice InviteNotice(const pb::CreateInviteResponse& made, absl::Time now) {
  const pb::Invite& invite = made.invite();
  const int64_t hours = (invite.expire_time().seconds() - absl::ToUnixSeconds(now)) / 3600;
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_INVITE, {.ja = "サインインのご案内", .en = "Your link to sign in"},
      {.ja = absl::StrCat("下のリンクを開くと、パスワードなしでサインインできます。\n一度だけ、", hours,
                          "時間以内に使えます。ほかの方に転送しないでください。\n心当たりがない場合は、このメールを捨ててください。"),
       .en = absl::StrCat("Open the link below to sign in without a password.\nIt works once, within ", hours,
                          " hours. Do not pass it on.\nIf you did not expect this, throw this e-mail away.")},
      absl::StrCat("/join/", made.code()), now);
  outbox::ToPerson(notice, IdOf(invite.person()));
  return notice;
}

// The first redemption by this request: takes a use, makes the device. The answer has the subject only.
absl::StatusOr<pb::SignInResponse> Redeem(pg::Transaction& tx, const pb::Invite& invite,
                                          const pb::RedeemInviteRequest& request, absl::Time now) {
  RETURN_IF_ERROR(CheckWorks(invite, /*count_uses=*/true, now));
  pb::SignInResponse response;
  if (!invite.person().empty()) {
    response.mutable_session()->set_subject(invite.person());
  } else {
    errors::Violations violations;
    violations.Text("device_display_name", request.device_display_name(), 1, 100);
    RETURN_IF_ERROR(violations.status());
    pb::Device device;
    device.set_name(ids::Name("devices", ids::NewV7(now)));
    device.set_display_name(request.device_display_name());
    *device.mutable_grant() = invite.grant();
    RETURN_IF_ERROR(InsertDevice(tx, device, now));
    response.mutable_session()->set_subject(device.name());
  }
  RETURN_IF_ERROR(TakeUse(tx, IdOf(invite.name())));
  return response;
}

}  // namespace

absl::StatusOr<pb::CreateInviteResponse> InvitesHandler::CreateInvite(const rpc::Call& call,
                                                                      const pb::CreateInviteRequest& request) {
  RETURN_IF_ERROR(CheckShape(request));
  RETURN_IF_ERROR(CheckRights(call, request));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateInviteResponse> {
    // Recorded without the code, which is stored nowhere in clear: a replay gets a new one.
    ASSIGN_OR_RETURN(pb::CreateInviteResponse response,
                     pg::Idempotent<pb::CreateInviteResponse>(
                         tx, request.request_id(), call.method->full_name(), request,
                         [&](pg::Transaction& tx) { return MakeInvite(tx, call, request, now); }));
    // A replay passes by the judgement of who may invite whom, so it must come from the one who was judged.
    if (response.invite().creator() != call.principal.subject) {
      return pg::RequestIdReused(request.request_id(), call.method->full_name(), call.method->full_name());
    }
    ASSIGN_OR_RETURN(const std::string code, GiveCode(tx, IdOf(response.invite().name())));
    response.set_code(FormatInviteCode(code));
    if (request.send_by_email()) outbox::WriteConfidential(tx, InviteNotice(response, now), tools_.service_key);
    return response;
  });
}

absl::StatusOr<pb::ListInvitesResponse> InvitesHandler::ListInvites(const rpc::Call& call,
                                                                    const pb::ListInvitesRequest& request) {
  ASSIGN_OR_RETURN(const auto organisation_id, OrganisationFilter(call, request.organisation()));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {kLastId}));
  auto invites = tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return identity::ListInvites(tx, organisation_id, page.key(0), page.limit());
  });
  RETURN_IF_ERROR(invites);
  pb::ListInvitesResponse response;
  response.set_next_page_token(
      page.Cut(*invites, [](const pb::Invite& last) { return std::vector{IdOf(last.name())}; }));
  Fill(response.mutable_invites(), *std::move(invites));
  return response;
}

absl::StatusOr<pb::Invite> InvitesHandler::RevokeInvite(const rpc::Call& call, const pb::RevokeInviteRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("invites", "name", request.name());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.name());
  const auto revoke = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Invite> {
    RETURN_IF_ERROR(identity::RevokeInvite(tx, id));
    return LoadInvite(tx, id);
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Invite> {
    ASSIGN_OR_RETURN(const pb::Invite invite, LoadInvite(tx, id));
    // An invite for a person belongs to no organisation, so only those with the whole network pass.
    if (!call.scope.Includes(IdOf(invite.grant().organisation()))) return auth::NotYourOrganisation(request.name());
    return pg::Idempotent<pb::Invite>(tx, request.request_id(), call.method->full_name(), request, revoke);
  });
}

absl::StatusOr<pb::SignInResponse> InvitesHandler::RedeemInvite(const rpc::Call& call,
                                                                const pb::RedeemInviteRequest& request) {
  errors::Violations violations;
  violations.Text("code", request.code(), 1, 100);
  violations.Text("device_display_name", request.device_display_name(), 0, 100);
  violations.RequestId("request_id", request.request_id());
  RETURN_IF_ERROR(violations.status());

  const std::string code = NormalInviteCode(request.code());
  if (code.empty()) return Unknown();
  ASSIGN_OR_RETURN(const auto network_id, FindNetworkOfInvite(tools_.pool, code, call.deadline));
  if (!network_id) return Unknown();
  pb::RedeemInviteRequest normal = request;  // however the code was typed, it is the same request
  normal.set_code(code);
  const absl::Time now = tools_.clock.Now();
  const pg::TxContext context{.network_id = *network_id, .deadline = call.deadline};
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::SignInResponse> {
    ASSIGN_OR_RETURN(const auto invite, LockInviteByCode(tx, code));
    if (!invite) return Unknown();
    RETURN_IF_ERROR(CheckWorks(*invite, /*count_uses=*/false, now));  // holds for replays too
    ASSIGN_OR_RETURN(
        pb::SignInResponse response,
        pg::Idempotent<pb::SignInResponse>(tx, request.request_id(), call.method->full_name(), normal,
                                           [&](pg::Transaction& tx) { return Redeem(tx, *invite, request, now); }));
    // The first time and each time again: a token in place of the former.
    const std::string subject = response.session().subject();
    const std::string invite_id = IdOf(invite->name());
    bool is_device = false;
    if (const auto device_id = ids::IdFromName("devices", subject)) {
      is_device = true;
      ASSIGN_OR_RETURN(const pb::Device device, LoadDevice(tx, *device_id));
      if (device.revoked()) return Revoked();
    }
    RETURN_IF_ERROR(EndSessionsOfInvite(tx, invite_id, subject));
    const absl::Time expires = now + (is_device ? kDeviceSession : kPersonSession);
    ASSIGN_OR_RETURN(*response.mutable_token(), StartSession(tx,
                                                             {.subject = subject,
                                                              .display_name = request.device_display_name(),
                                                              .invite_id = invite_id,
                                                              .expire_time = expires},
                                                             now));
    ASSIGN_OR_RETURN(*response.mutable_session(), LoadSession(tx, response.token(), now));
    return response;
  });
}

}  // namespace kubari::identity
