#include "services/allocation/market_notices.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include "libs/calendar/clock.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"

namespace kubari::allocation {

void TellGroups(pg::Transaction& tx, const RunRow& run) {
  const bool open = run.market == MarketPhase::kOpen;
  const bool bids = run.run.policy() == pb::POLICY_BIDS;
  const absl::StatusOr<absl::TimeZone> zone = calendar::LoadZone(run.time_zone);
  const std::string due = absl::FormatTime("%Y-%m-%d %H:%M", run.answer_due_time.value_or(run.create_time),
                                           zone.value_or(absl::UTCTimeZone()));
  const std::string& title = run.run.title();
  outbox::Words subject, text;
  if (open) {
    subject = {.ja = bids ? "入札できる食品があります" : "早い者順で選べる食品があります",
               .en = bids ? "Food to bid for" : "Food to claim, first come, first served"};
    text = {.ja = absl::StrCat("「", title, "」の受付が始まりました。締切は", due, "です。"),
            .en = absl::StrCat("\"", title, "\" is open until ", due, ".")};
  } else {
    subject = {.ja = bids ? "入札の結果が出ました" : "申込みの受付が終わりました",
               .en = bids ? "The bids are settled" : "The time for claims is over"};
    text = {.ja = absl::StrCat("「", title, "」の結果をご確認ください。"),
            .en = absl::StrCat("See what became of \"", title, "\".")};
  }
  notifications::v1::Notice notice =
      outbox::Make(open ? notifications::v1::NOTICE_KIND_ROUND_OPENED : notifications::v1::NOTICE_KIND_ROUND_CLOSED,
                   subject, text, absl::StrCat("/group/choose/", run.id),
                   open ? run.publish_time.value_or(run.create_time) : run.answer_due_time.value_or(run.create_time));
  notice.set_notice_id(outbox::IdOf({open ? "round opened" : "round closed", run.id}));
  outbox::ToHolders(notice, type::v1::ROLE_GROUP);
  (*notice.mutable_facts())["run"] = run.run.name();
  outbox::Write(tx, notice);
}

}  // namespace kubari::allocation
