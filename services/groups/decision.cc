#include "services/groups/decision.h"

#include "absl/strings/str_cat.h"
#include "libs/outbox/outbox.h"
#include "libs/registry/mutation.h"
#include "services/groups/application_store.h"

namespace kubari::groups {

void Decide(pg::Transaction& tx, v1::Application& application, const rpc::Call& call, absl::Time now,
            v1::GroupState state, const std::string& reason) {
  application.set_decided_by(call.principal.subject);
  application.set_decided_by_display_name(call.principal.display_name);
  *application.mutable_decide_time() = registry::ToTimestamp(now);
  SaveApplication(tx, application);
  if (application.applicant_email().empty()) return;
  const std::string& name = application.group_display_name();
  const bool approved = state == v1::GROUP_STATE_ACTIVE;
  outbox::Notice notice =
      approved ? outbox::Make(notifications::v1::NOTICE_KIND_APPLICATION_DECIDED,
                              {.ja = absl::StrCat(name, " の参加が承認されました"),
                               .en = absl::StrCat(name, " has been accepted")},
                              {.ja = "参加のお申し込みを承認しました。利用を始めるための招待を、担当者からお送りします。",
                               .en = "Your application has been accepted. Your coordinator will send you an invitation to begin."},
                              "", now)
               : outbox::Make(notifications::v1::NOTICE_KIND_APPLICATION_DECIDED,
                              {.ja = absl::StrCat(name, " のお申し込みについて"),
                               .en = absl::StrCat("About the application of ", name)},
                              {.ja = absl::StrCat("お申し込みは、今回は見送りとなりました。\n理由: ", reason),
                               .en = absl::StrCat("Your application was not accepted this time.\nReason: ", reason)},
                              "", now);
  outbox::ToMailbox(notice, application.applicant_email(), application.applicant_display_name(),
                    application.locale() == "en" ? "en" : "ja");
  (*notice.mutable_facts())["group"] = application.group();
  (*notice.mutable_facts())["state"] = v1::GroupState_Name(state);
  outbox::Write(tx, notice);
}

}  // namespace kubari::groups
