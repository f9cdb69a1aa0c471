#include "services/notifications/handlers/inbox.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/paging/page.h"
#include "services/notifications/domain/stop_link.h"
#include "services/notifications/store/notices.h"

namespace kubari::notifications {
namespace {

constexpr int kMaxNotices = 200;
// Behind every key of the inbox.
constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

bool CanGet(const rpc::Call& call, const KindRule& rule) {
  return rule.roles.empty() || std::ranges::any_of(rule.roles, [&](type::v1::Role role) { return call.principal.HasRole(role); });
}

pb::Preferences PreferencesOf(const rpc::Call& call, const Choices& choices, const identity::v1::Recipient& person, bool email_works) {
  pb::Preferences preferences;
  for (const KindRule& rule : AllKinds()) {
    if (!CanGet(call, rule)) continue;
    pb::KindPreference& kind = *preferences.add_kinds();
    kind.set_kind(rule.kind);
    kind.set_timing(TimingOf(rule.kind, choices.chosen));
    kind.set_default_timing(rule.timing);
    kind.set_fixed(rule.fixed);
  }
  preferences.set_digest_hour(choices.digest_hour);
  preferences.set_email(person.email());
  preferences.set_locale(person.locale());
  preferences.set_email_works(email_works);
  preferences.set_etag(absl::StrCat(choices.version));
  return preferences;
}

absl::Status KindIsFixed(pb::NoticeKind kind) {
  const std::string name = NameOf(kind);
  return errors::Make(absl::StatusCode::kFailedPrecondition, "KIND_IS_FIXED",
                      absl::StrCat("Notices of kind ", name, " are always sent at once; leave this kind as it is."),
                      absl::StrCat("種類 ", name, " のお知らせは、必ずすぐにお送りします。この種類は変更できません。"), {{"kind", name}});
}

}  // namespace

absl::StatusOr<pb::AcceptNoticesResponse> InboxHandler::AcceptNotices(const rpc::Call& call, const pb::AcceptNoticesRequest& request) {
  errors::Violations violations;
  violations.Range("notices", request.notices_size(), 1, kMaxNotices);
  for (int i = 0; i < std::min(request.notices_size(), kMaxNotices); ++i) outbox::Check(violations, absl::StrCat("notices[", i, "]"), request.notices(i));
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  RETURN_IF_ERROR(tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    for (const pb::Notice& notice : request.notices()) InsertNotice(tx, notice, tools_.vault, now);
    return absl::OkStatus();
  }));
  tools_.wake_addressing();
  return pb::AcceptNoticesResponse();
}

absl::StatusOr<pb::ListNoticesResponse> InboxHandler::ListNotices(const rpc::Call& call, const pb::ListNoticesRequest& request) {
  ASSIGN_OR_RETURN(const std::string person_id, PersonOf(call));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, absl::StrCat(context.network_id, person_id), {"", kLastId}));
  absl::Time before = absl::InfiniteFuture();
  if (!page.key(0).empty()) {
    int64_t micros = 0;
    if (!absl::SimpleAtoi(page.key(0), &micros)) return paging::InvalidToken();
    before = absl::FromUnixMicros(micros);
  }
  ASSIGN_OR_RETURN(std::vector<pb::InboxNotice> notices, tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return ReadInbox(tx, person_id, request.unread_only(), before, page.key(1), page.limit());
  }));
  pb::ListNoticesResponse response;
  response.set_next_page_token(page.Cut(notices, [](const pb::InboxNotice& last) {
    return std::vector<std::string>{absl::StrCat(absl::ToUnixMicros(FromTimestamp(last.occurred_time()))), IdOf(last.name())};
  }));
  for (pb::InboxNotice& notice : notices) *response.add_notices() = std::move(notice);
  return response;
}

absl::StatusOr<pb::CountUnreadResponse> InboxHandler::CountUnread(const rpc::Call& call, const pb::CountUnreadRequest&) {
  pb::CountUnreadResponse response;
  const std::optional<std::string> person_id = ids::IdFromName("people", call.principal.subject);
  if (!person_id || call.principal.is_service) return response;
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const int unread,
                   tools_.pool.Read(context, [&](pg::Transaction& tx) { return notifications::CountUnread(tx, *person_id); }));
  response.set_unread(unread);
  return response;
}

absl::StatusOr<pb::MarkNoticesResponse> InboxHandler::MarkNotices(const rpc::Call& call, const pb::MarkNoticesRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Require(request.names().empty() == request.has_all_until_time(), "names", "ONE_OF",
                     "and all_until_time: exactly one of the two was expected", "と all_until_time のどちらか一方だけを指定してください");
  violations.Range("names", request.names_size(), 0, kMaxNotices);
  std::vector<std::string> ids;
  for (int i = 0; i < std::min(request.names_size(), kMaxNotices); ++i) {
    if (violations.Name("notices", absl::StrCat("names[", i, "]"), request.names(i))) ids.push_back(IdOf(request.names(i)));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string person_id, PersonOf(call));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  std::optional<absl::Time> read;
  if (!request.unread()) read = tools_.clock.Now();
  return Mutate<pb::MarkNoticesResponse>(tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::MarkNoticesResponse> {
    if (request.has_all_until_time()) {
      MarkAllRead(tx, person_id, FromTimestamp(request.all_until_time()), read);
    } else {
      MarkRead(tx, person_id, ids, read);
    }
    pb::MarkNoticesResponse response;
    ASSIGN_OR_RETURN(const int unread, notifications::CountUnread(tx, person_id));
    response.set_unread(unread);
    return response;
  });
}

absl::StatusOr<pb::Preferences> InboxHandler::GetPreferences(const rpc::Call& call, const pb::GetPreferencesRequest&) {
  ASSIGN_OR_RETURN(const std::string person_id, PersonOf(call));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const identity::v1::Recipient person, RecipientOf(tools_.directory, context.network_id, person_id));
  ASSIGN_OR_RETURN(const auto choices, tools_.pool.Read(context, [&](pg::Transaction& tx) { return ReadChoices(tx, {person_id}); }));
  const auto own = choices.find(person_id);
  return PreferencesOf(call, own == choices.end() ? Choices() : own->second, person, tools_.smtp.Current().has_value());
}

absl::StatusOr<pb::Preferences> InboxHandler::UpdatePreferences(const rpc::Call& call, const pb::UpdatePreferencesRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Range("kinds", request.kinds_size(), 0, kMaxNotices);
  for (int i = 0; i < std::min(request.kinds_size(), kMaxNotices); ++i) {
    const std::string field = absl::StrCat("kinds[", i, "]");
    violations.Enum(field + ".kind", request.kinds(i).kind());
    if (request.kinds(i).timing() != pb::TIMING_UNSPECIFIED) violations.Enum(field + ".timing", request.kinds(i).timing());
  }
  if (request.has_digest_hour()) violations.Range("digest_hour", request.digest_hour(), 0, 23);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string person_id, PersonOf(call));
  for (const pb::KindPreference& kind : request.kinds()) {
    const KindRule& rule = RuleOf(kind.kind());
    if (rule.fixed && kind.timing() != pb::TIMING_UNSPECIFIED && kind.timing() != rule.timing) return KindIsFixed(kind.kind());
  }
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const identity::v1::Recipient person, RecipientOf(tools_.directory, context.network_id, person_id));
  const bool email_works = tools_.smtp.Current().has_value();
  return Mutate<pb::Preferences>(tools_.pool, context, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Preferences> {
    ASSIGN_OR_RETURN(Choices choices, LockChoices(tx, person_id));
    RETURN_IF_ERROR(CheckEtag("preferences", request.etag(), absl::StrCat(choices.version)));
    for (const pb::KindPreference& kind : request.kinds()) {
      if (kind.timing() == pb::TIMING_UNSPECIFIED || RuleOf(kind.kind()).fixed) {
        choices.chosen.erase(kind.kind());
      } else {
        choices.chosen[kind.kind()] = kind.timing();
      }
    }
    if (request.has_digest_hour()) choices.digest_hour = request.digest_hour();
    ++choices.version;
    WriteChoices(tx, person_id, choices);
    return PreferencesOf(call, choices, person, email_works);
  });
}

absl::StatusOr<pb::StopEmailsResponse> InboxHandler::StopEmails(const rpc::Call& call, const pb::StopEmailsRequest& request) {
  const std::optional<std::string> text = tools_.vault.ReadSigned(request.token());
  const std::optional<StopLink> link = text ? ReadStopLink(*text) : std::nullopt;
  if (!link) {
    return errors::Make(absl::StatusCode::kNotFound, "LINK_INVALID",
                        "This link does not stop any e-mail: it is not whole, or not from here. Choose in the app under notices, settings.",
                        "このリンクではメールを停止できません。リンクが途中で切れているか、このサイトのものではありません。アプリの「お知らせの受け取り方」で変更してください。");
  }
  const pg::TxContext context{.network_id = link->network_id, .deadline = call.deadline};
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::StopEmailsResponse> {
    ASSIGN_OR_RETURN(Choices choices, LockChoices(tx, link->person_id));
    pb::StopEmailsResponse response;
    bool changed = false;
    for (const pb::NoticeKind kind : link->kinds) {
      if (RuleOf(kind).fixed) continue;  // since the e-mail was sent
      response.add_kinds(kind);
      changed = changed || TimingOf(kind, choices.chosen) != pb::TIMING_NEVER;
      choices.chosen[kind] = pb::TIMING_NEVER;
    }
    if (!changed) return response;
    ++choices.version;
    WriteChoices(tx, link->person_id, choices);
    return response;
  });
}

}  // namespace kubari::notifications
