#include "services/allocation/telling.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/civil_time.h>
#include <absl/time/clock.h>

#include <vector>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/outbox.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);

// 2 is LINE_STATE_OFFERED; what is being answered just now needs no word.
constexpr pg::Statement kAsked{
    "SELECT l.group_id, count(*) AS lines, sum(l.items) AS items, r.title, r.answer_due_time, r.time_zone "
    "FROM lines l JOIN runs r ON r.network_id = l.network_id AND r.run_id = l.run_id "
    "WHERE l.network_id = $1 AND l.run_id = $2 AND l.state = 2 AND l.answer_items IS NULL "
    "GROUP BY l.group_id, r.title, r.answer_due_time, r.time_zone ORDER BY l.group_id"};
constexpr pg::Statement kToRemind{"SELECT network_id, run_id AS id FROM runs_to_remind($1)"};
constexpr pg::Statement kReminded{"UPDATE runs SET reminded = true WHERE network_id = $1 AND run_id = $2 AND NOT reminded"};

outbox::Words DueIn(absl::Time time, const std::string& zone_name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(zone_name, &zone)) zone = absl::UTCTimeZone();
  const absl::CivilMinute due = absl::ToCivilMinute(time, zone);
  return {.ja = absl::StrFormat("%d月%d日 %d:%02d", due.month(), due.day(), due.hour(), due.minute()),
          .en = absl::FormatTime("%Y-%m-%d %H:%M", time, zone)};
}

// One notice for each group that is asked.
absl::Status Ask(pg::Transaction& tx, const std::string& run_id, absl::Time now, bool reminder) {
  ASSIGN_OR_RETURN(const pg::Result groups, tx.Query(kAsked, tx.network_id(), run_id));
  for (const pg::Row row : groups) {
    const auto group_id = row.Get<std::string>("group_id"), title = row.Get<std::string>("title"), zone = row.Get<std::string>("time_zone");
    const auto lines = row.Get<int64_t>("lines"), items = row.Get<int64_t>("items");
    const auto due = row.Get<absl::Time>("answer_due_time");
    const auto [due_ja, due_en] = DueIn(due, zone);
    outbox::Notice notice = outbox::Make(
        reminder ? notifications::v1::NOTICE_KIND_ANSWER_DUE_SOON : notifications::v1::NOTICE_KIND_LINES_OFFERED,
        reminder ? outbox::Words{.ja = absl::StrCat("お返事の期限が近づいています（", due_ja, "まで）"),
                                 .en = absl::StrCat("Please answer by ", due_en)}
                 : outbox::Words{.ja = absl::StrCat("食品のご提案が", lines, "件あります（", due_ja, "までにお返事ください）"),
                                 .en = absl::StrCat("Food is offered to you; please answer by ", due_en)},
        {.ja = absl::StrCat(title.empty() ? "" : absl::StrCat("「", title, "」\n"), lines, "件、合わせて", items, "点です。受け取るか、断るかを画面でお選びください。\n",
                            due_ja, "までにお返事がないと、ほかの団体に回ります。"),
         .en = absl::StrCat(title.empty() ? "" : absl::StrCat(title, "\n"), lines, lines == 1 ? " line, " : " lines, ", items,
                            " items in all. Accept or refuse them in the app.\nWithout an answer by ", due_en, " they go to other groups.")},
        "/", now);
    notice.set_notice_id(outbox::IdOf({reminder ? "answer due soon" : "lines offered", run_id, group_id}));
    outbox::ToHolders(notice, kubari::type::v1::ROLE_GROUP, group_id);
    (*notice.mutable_facts())["run"] = ids::Name("runs", run_id);
    (*notice.mutable_facts())["group"] = ids::Name("groups", group_id);
    (*notice.mutable_facts())["lines"] = absl::StrCat(lines);
    (*notice.mutable_facts())["items"] = absl::StrCat(items);
    outbox::Write(tx, notice);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TellOffered(pg::Transaction& tx, const std::string& run_id, absl::Time now) { return Ask(tx, run_id, now, /*reminder=*/false); }

absl::Status TellRefused(pg::Transaction& tx, const LineRow& line, absl::Time now) {
  outbox::Words too_little;
  if (line.min_lot_items > 1) {
    ASSIGN_OR_RETURN(const std::vector<pb::ShortDelivery> short_ones, ShortDeliveries(tx, line.run_id));
    for (const pb::ShortDelivery& one : short_ones) {
      if (one.hub() != ReceiverOf(line.facts) || one.lot() != line.facts.lot() || one.place() != line.facts.place()) continue;
      too_little = {.ja = absl::StrCat("\n拠点「", one.hub_display_name(), "」に届く分が", one.items(), "点となり、寄付者の条件の",
                                       one.minimum_items(), "点を下回ります。このまま届けるか、残りの団体の分も取りやめるかを決めてください。"),
                    .en = absl::StrCat("\nThe hub ", one.hub_display_name(), " now gets ", one.items(),
                                       " of it, and the donor gives at least ", one.minimum_items(),
                                       ". Decide whether it goes all the same, or refuse the other groups' lines, too.")};
    }
  }
  const std::string& group = line.facts.group_display_name();
  const std::string& product = line.facts.product_display_name();
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_LINE_REFUSED, {.ja = absl::StrCat(group, "が断りました：", product), .en = absl::StrCat(group, " refused ", product)},
      {.ja = absl::StrCat(product, " ", line.now.items, "点\n理由：", line.now.reason, too_little.ja),
       .en = absl::StrCat(product, ", ", line.now.items, " items\nReason: ", line.now.reason, too_little.en)},
      absl::StrCat("/runs/", line.run_id), now);
  outbox::ToHolders(notice, kubari::type::v1::ROLE_COORDINATOR);
  (*notice.mutable_facts())["line"] = line.name();
  (*notice.mutable_facts())["group"] = line.facts.group();
  outbox::Write(tx, notice);
  return absl::OkStatus();
}

absl::Status RemindGroups(pg::Pool& pool, const calendar::Clock& clock) {
  const absl::Time now = clock.Now();
  std::vector<Unfinished> runs;
  RETURN_IF_ERROR(pool.Read({.deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    runs.clear();
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kToRemind, now));
    for (const pg::Row row : rows) runs.push_back({.network_id = row.Get<std::string>("network_id"), .id = row.Get<std::string>("id")});
    return absl::OkStatus();
  }));
  for (const Unfinished& run : runs) {
    RETURN_IF_ERROR(pool.Transact({.network_id = run.network_id, .deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const int64_t ours, tx.Execute(kReminded, tx.network_id(), run.id));
      return ours == 0 ? absl::OkStatus() : Ask(tx, run.id, now, /*reminder=*/true);
    }));
  }
  return absl::OkStatus();
}

}  // namespace kubari::allocation
