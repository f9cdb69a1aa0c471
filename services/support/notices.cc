#include "services/support/notices.h"

#include "absl/strings/str_cat.h"
#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/codes.h"
#include "libs/outbox/outbox.h"
#include "services/support/domain/states.h"

namespace kubari::support {
namespace {

using notifications::v1::Notice;

// Who acts for an organisation of this kind.
type::v1::Role RoleOf(int kind) {
  switch (kind) {
    case identity::v1::ORGANISATION_KIND_GROUP:
      return type::v1::ROLE_GROUP;
    case identity::v1::ORGANISATION_KIND_PARTNER:
      return type::v1::ROLE_PARTNER;
    default:
      return type::v1::ROLE_COORDINATOR;
  }
}

void Send(pg::Transaction& tx, const Request& request, notifications::v1::NoticeKind kind, const Audience& to,
          const outbox::Words& subject, const outbox::Words& text, absl::Time now) {
  if (to.empty()) return;
  Notice notice = outbox::Make(kind, subject, text, absl::StrCat("/support/", request.id), now);
  for (const Organisation& organisation : to) outbox::ToHolders(notice, RoleOf(organisation.kind), organisation.id);
  (*notice.mutable_facts())["support_request"] = request.name();
  (*notice.mutable_facts())["code"] = auth::FormatCode(request.code, 4);
  (*notice.mutable_facts())["state"] = pb::SupportState_Name(request.standing.state);
  outbox::Write(tx, notice);
}

std::string CodeOf(const Request& request) { return auth::FormatCode(request.code, 4); }

std::string Due(const Request& request) { return absl::FormatCivilTime(request.due); }

}  // namespace

void TellRequested(pg::Transaction& tx, const Request& request, const Organisation& to, absl::Time now) {
  Send(tx, request, notifications::v1::NOTICE_KIND_SUPPORT_REQUESTED, {to},
       {.ja = absl::StrCat("食支援の依頼があります（", CodeOf(request), "）"),
        .en = absl::StrCat("Food support is asked for (", CodeOf(request), ")")},
       {.ja = absl::StrCat(request.requester_name, " から食支援の依頼があります。必要な日：", Due(request),
                           "。\n内容を確認して、引き受けるかどうかを返答してください。"),
        .en = absl::StrCat(request.requester_name, " asks for food support, needed by ", Due(request),
                           ".\nPlease read the request and say whether you take it on.")},
       now);
}

void TellProposed(pg::Transaction& tx, const Request& request, const Organisation& to, absl::Time now) {
  Send(tx, request, notifications::v1::NOTICE_KIND_HANDOVER_OFFERED, {to},
       {.ja = absl::StrCat("食支援の引き継ぎの返事をお待ちしています（", CodeOf(request), "）"),
        .en = absl::StrCat("A handover waits for your answer (", CodeOf(request), ")")},
       {.ja = absl::StrCat(request.responsible_name, " から食支援依頼の引き継ぎの申し出があります。必要な日：",
                           Due(request), "。\n返事があるまで、担当は ", request.responsible_name, " のままです。"),
        .en = absl::StrCat(request.responsible_name,
                           " wants to hand a food-support request over to you; it is needed by ", Due(request),
                           ".\nUntil you answer, ", request.responsible_name, " stays responsible.")},
       now);
}

void TellAnswered(pg::Transaction& tx, const Request& request, const Audience& to, bool acknowledged, absl::Time now) {
  Send(tx, request, notifications::v1::NOTICE_KIND_HANDOVER_ANSWERED, to,
       acknowledged ? outbox::Words{.ja = absl::StrCat("食支援依頼が引き受けられました（", CodeOf(request), "）"),
                                    .en = absl::StrCat("A food-support request was taken on (", CodeOf(request), ")")}
                    : outbox::Words{.ja = absl::StrCat("食支援依頼の引き継ぎが断られました（", CodeOf(request), "）"),
                                    .en = absl::StrCat("A handover was refused (", CodeOf(request), ")")},
       acknowledged
           ? outbox::Words{.ja = absl::StrCat("現在の担当は ", request.responsible_name, " です。"),
                           .en = absl::StrCat(request.responsible_name, " is responsible now.")}
           : outbox::Words{.ja = absl::StrCat("担当は ", request.responsible_name,
                                              " のままです。理由を確認し、別の団体に依頼するか、取り下げてください。"),
                           .en = absl::StrCat(request.responsible_name,
                                              " stays responsible. See the reason, then ask somebody else or end it.")},
       now);
}

void TellClosed(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now) {
  Send(tx, request, notifications::v1::NOTICE_KIND_SUPPORT_DONE, to,
       {.ja = absl::StrCat("食支援依頼は「", StateInJapanese(request.standing.state), "」になりました（",
                           CodeOf(request), "）"),
        .en = absl::StrCat("A food-support request was ", StateInEnglish(request.standing.state), " (", CodeOf(request),
                           ")")},
       {.ja = "詳しくは依頼の画面をご覧ください。", .en = "See the request for what was done."}, now);
}

void TellReopened(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now) {
  Send(tx, request, notifications::v1::NOTICE_KIND_SUPPORT_REQUESTED, to,
       {.ja = absl::StrCat("食支援依頼が再開されました（", CodeOf(request), "）"),
        .en = absl::StrCat("A food-support request was opened again (", CodeOf(request), ")")},
       {.ja = absl::StrCat("現在の担当は ", request.responsible_name, " です。必要な日：", Due(request), "。"),
        .en = absl::StrCat(request.responsible_name, " is responsible; it is needed by ", Due(request), ".")},
       now);
}

void TellOverdue(pg::Transaction& tx, const Request& request, const Audience& to, absl::Time now) {
  const bool proposed = !request.standing.proposed.empty();
  Send(tx, request, notifications::v1::NOTICE_KIND_SUPPORT_OVERDUE, to,
       {.ja = absl::StrCat("食支援依頼の対応が遅れています（", CodeOf(request), "）"),
        .en = absl::StrCat("A food-support request is overdue (", CodeOf(request), ")")},
       {.ja = absl::StrCat("必要な日：", Due(request), "。現在の担当：", request.responsible_name,
                           proposed ? absl::StrCat("。返事待ち：", request.proposed_name) : "", "。"),
        .en = absl::StrCat("Needed by ", Due(request), ". Responsible now: ", request.responsible_name,
                           proposed ? absl::StrCat(". Still to answer: ", request.proposed_name) : "", ".")},
       now);
}

void TellToBeAbandoned(pg::Transaction& tx, const Request& request, const Audience& to, absl::CivilDay day,
                       absl::Time now) {
  const std::string date = absl::FormatCivilTime(day);
  Send(tx, request, notifications::v1::NOTICE_KIND_SUPPORT_OVERDUE, to,
       {.ja = absl::StrCat("食支援依頼がまもなく終了・消去されます（", CodeOf(request), "）"),
        .en = absl::StrCat("A food-support request is about to be closed and erased (", CodeOf(request), ")")},
       {.ja = absl::StrCat(
            "長い間、操作がありません。このままだと ", date,
            " に「対応不可」で終了し、内容は消去されます。\nまだ必要なときは、依頼の画面で次の操作をしてください（"
            "準備を始める、引き継ぐ、内容を直すなど）。済んでいるときは完了にしてください。現在の担当：",
            request.responsible_name, "。"),
        .en = absl::StrCat(
            "Nobody has taken a step for long. On ", date,
            " it is closed as declined and its content is erased.\nIf it is still needed, take the next step (prepare, "
            "hand over, correct it); if it is done, complete it. Responsible now: ",
            request.responsible_name, ".")},
       now);
}

void TellApplications(pg::Transaction& tx, const std::string& campaign_id, const std::string& title_ja,
                      const std::string& title_en, const Organisation& to, absl::CivilDay day, absl::Time now) {
  Notice notice =
      outbox::Make(notifications::v1::NOTICE_KIND_CAMPAIGN_APPLICATION,
                   {.ja = absl::StrCat("申し込みが届いています：", title_ja),
                    .en = absl::StrCat("Applications have come in: ", title_en.empty() ? title_ja : title_en)},
                   {.ja = "内容を確認して、受け付けるかどうかを決めてください。",
                    .en = "Please read them and decide which to accept."},
                   absl::StrCat("/campaigns/", campaign_id), now);
  notice.set_notice_id(outbox::IdOf({"campaign applications", campaign_id, absl::FormatCivilTime(day)}));
  outbox::ToHolders(notice, RoleOf(to.kind), to.id);
  (*notice.mutable_facts())["campaign"] = absl::StrCat("campaigns/", campaign_id);
  outbox::Write(tx, notice);
}

}  // namespace kubari::support
