#include "services/groups/daily.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"
#include "libs/registry/agreement_notices.h"
#include "services/groups/agreements.h"
#include "services/groups/domain/sections.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {
namespace {

constexpr pg::Statement kLastDay{"SELECT max(day) AS day FROM days_told WHERE network_id = $1"};
constexpr pg::Statement kTakeDay{"INSERT INTO days_told (network_id, day) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
// Behind $2, up to $3.
constexpr pg::Statement kReviews{
    "SELECT group_id, display_name FROM groups WHERE network_id = $1 AND state IN (2, 3) AND review_date > $2 "
    "AND review_date <= $3 ORDER BY display_name, group_id"};
constexpr pg::Statement kStale{
    "SELECT group_id, display_name FROM groups WHERE network_id = $1 AND state = 2 AND confirmed_from > $2 "
    "AND confirmed_from <= $3 ORDER BY group_id"};
constexpr pg::Statement kEvidence{
    "SELECT DISTINCT group_id, display_name, e.day FROM groups CROSS JOIN unnest(evidence_ends) AS e (day) "
    "WHERE network_id = $1 AND state = 2 AND e.day > $2 AND e.day <= $3 ORDER BY group_id, e.day"};

std::string Day(absl::CivilDay day) { return absl::FormatCivilTime(day); }

void TellReviews(pg::Transaction& tx, const pg::Result& rows, absl::CivilDay today, absl::Time now) {
  if (rows.empty()) return;
  constexpr int kNamed = 20;
  std::vector<std::string> names;
  for (const pg::Row row : rows) {
    if (names.size() < kNamed) names.push_back(row.Get<std::string>("display_name"));
  }
  const int more = rows.size() - static_cast<int>(names.size());
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_REVIEW_DUE,
      {.ja = absl::StrCat("見直しの時期になった団体: ", rows.size(), "件"),
       .en = absl::StrCat("Groups to be reviewed: ", rows.size())},
      {.ja = absl::StrCat(absl::StrJoin(names, "\n"), more > 0 ? absl::StrCat("\nほか ", more, " 件") : ""),
       .en = absl::StrCat(absl::StrJoin(names, "\n"), more > 0 ? absl::StrCat("\nand ", more, " more") : "")},
      "/reviews", now);
  notice.set_notice_id(outbox::IdOf({"reviews due", tx.network_id(), Day(today)}));
  outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
  outbox::Write(tx, notice);
}

void TellStale(pg::Transaction& tx, const pg::Result& rows, int months, absl::CivilDay today, absl::Time now) {
  for (int first = 0; first < rows.size(); first += outbox::kMaxAudiences) {
    outbox::Notice notice = outbox::Make(
        notifications::v1::NOTICE_KIND_FACTS_STALE,
        {.ja = "団体の情報を確かめてください", .en = "Please look through what we know of your group"},
        {.ja = absl::StrCat("登録されている情報のうち、", months,
                            "か月以上確認されていないものがあります。変わっていなければ「変わりなし」を押すだけです。"),
         .en = absl::StrCat("Some of what is registered has not been confirmed for ", months,
                            " months. If nothing has changed, one tap says so.")},
        "/group/confirm", now);
    notice.set_notice_id(outbox::IdOf({"facts stale", tx.network_id(), Day(today), absl::StrCat(first)}));
    for (int i = first; i < std::min(rows.size(), first + outbox::kMaxAudiences); ++i)
      outbox::ToHolders(notice, type::v1::ROLE_GROUP, rows[i].Get<std::string>("group_id"));
    outbox::Write(tx, notice);
  }
}

void TellEvidence(pg::Transaction& tx, const pg::Result& rows, bool ended, absl::Time now) {
  for (const pg::Row row : rows) {
    const std::string group_id = row.Get<std::string>("group_id");
    const std::string name = row.Get<std::string>("display_name");
    const std::string day = Day(row.Get<absl::CivilDay>("day"));
    outbox::Notice notice = outbox::Make(
        notifications::v1::NOTICE_KIND_EVIDENCE_EXPIRING,
        ended ? outbox::Words{.ja = absl::StrCat(name, ": 証明書類の期限が切れました"),
                              .en = absl::StrCat(name, ": evidence has ended")}
              : outbox::Words{.ja = absl::StrCat(name, ": 証明書類の期限が近づいています"),
                              .en = absl::StrCat(name, ": evidence ends soon")},
        {.ja = absl::StrCat("期限: ", day, "\n新しい書類を用意して、コーディネーターに見せてください。期限を過ぎると、その書類を条件とする食品は配分されません。"),
         .en = absl::StrCat("Last day: ", day,
                            "\nPlease show a new paper to the coordinator. After that day, food that asks for it is not allocated.")},
        absl::StrCat("/groups/", group_id), now);
    notice.set_notice_id(outbox::IdOf({ended ? "evidence ended" : "evidence ends", group_id, day}));
    outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
    outbox::ToHolders(notice, type::v1::ROLE_GROUP, group_id);
    (*notice.mutable_facts())["group"] = ids::Name("groups", group_id);
    (*notice.mutable_facts())["valid_to_date"] = day;
    outbox::Write(tx, notice);
  }
}

absl::Status TellDays(pg::Transaction& tx, absl::CivilDay today, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result last_row, tx.Query(kLastDay, tx.network_id()));
  const absl::CivilDay last = last_row[0].Get<std::optional<absl::CivilDay>>("day").value_or(today - 1);
  ASSIGN_OR_RETURN(const int64_t taken, tx.Execute(kTakeDay, tx.network_id(), today));
  if (taken == 0 || last >= today) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::GroupRules rules, LoadRules(tx));
  ASSIGN_OR_RETURN(const pg::Result reviews, tx.Query(kReviews, tx.network_id(), last, today));
  TellReviews(tx, reviews, today, now);
  const int months = rules.fact_months();
  ASSIGN_OR_RETURN(const pg::Result stale, tx.Query(kStale, tx.network_id(), StaleDay(last, months), StaleDay(today, months)));
  TellStale(tx, stale, months, today, now);
  const int notice_days = rules.evidence_notice_days();
  ASSIGN_OR_RETURN(const pg::Result ending,
                   tx.Query(kEvidence, tx.network_id(), last + notice_days, today + notice_days));
  TellEvidence(tx, ending, /*ended=*/false, now);
  ASSIGN_OR_RETURN(const pg::Result ended, tx.Query(kEvidence, tx.network_id(), last - 1, today - 1));
  TellEvidence(tx, ended, /*ended=*/true, now);
  return absl::OkStatus();
}

}  // namespace

absl::Status LookAfter(pg::Pool& pool, const std::string& network_id, const std::string& time_zone,
                       const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(time_zone));
  const absl::Time now = clock.Now();
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + absl::Seconds(60)};
  const absl::CivilDay today = calendar::Today(now, zone);
  absl::Status first = pool.Transact(context, [&](pg::Transaction& tx) {
    return registry::TellAgreements(tx, kParties, type::v1::ROLE_GROUP, "/group/agreement", today, now);
  });
  first.Update(pool.Transact(context, [&](pg::Transaction& tx) { return TellDays(tx, today, now); }));
  return first;
}

absl::Status LookAfterAll(pg::Pool& pool, registry::Networks& networks, const calendar::Clock& clock) {
  ASSIGN_OR_RETURN(const auto all, networks.All(absl::Now() + absl::Seconds(10)));
  absl::Status first;
  for (const identity::v1::Network& network : all)
    first.Update(LookAfter(pool, *ids::IdFromName("networks", network.name()), network.time_zone(), clock));
  return first;
}

}  // namespace kubari::groups
