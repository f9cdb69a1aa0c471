#include "services/stock/alert_digest.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"

namespace kubari::stock {
namespace {

constexpr pg::Statement kToldOn{"SELECT day FROM alerts_told WHERE network_id = $1"};
constexpr pg::Statement kTakeDay{
    "INSERT INTO alerts_told AS old (network_id, day) VALUES ($1, $2) "
    "ON CONFLICT (network_id) DO UPDATE SET day = excluded.day WHERE old.day < excluded.day"};
constexpr pg::Statement kWarehouses{
    "SELECT warehouse_id, organisation_id, display_name FROM warehouses WHERE network_id = $1 ORDER BY display_name, "
    "warehouse_id"};

struct Kind {
  pb::AlertKind kind;
  outbox::Words words;
};
// As the app calls them. What is near its date but wholly promised needs nobody.
const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
      {pb::ALERT_KIND_RECALLED_STOCK, {.ja = "回収対象の在庫", .en = "Recalled stock on shelves"}},
      {pb::ALERT_KIND_EXPIRED, {.ja = "期限が過ぎた在庫", .en = "Past its date"}},
      {pb::ALERT_KIND_NEAR_EXPIRY_UNRESERVED,
       {.ja = "期限が近く、行き先がない", .en = "Near its date, promised to no one"}},
      {pb::ALERT_KIND_RESERVED_EXPIRING, {.ja = "出庫前に期限が来る引当", .en = "Promised, but its date comes first"}},
      {pb::ALERT_KIND_BELOW_MINIMUM, {.ja = "最低在庫を下回る", .en = "Below minimum"}},
      {pb::ALERT_KIND_NEGATIVE_ATTEMPT, {.ja = "在庫より多い出庫の試み", .en = "More taken than there was"}},
      {pb::ALERT_KIND_UNCONFIRMED_DELIVERY, {.ja = "受領確認がない配送", .en = "Delivery not confirmed"}},
      {pb::ALERT_KIND_LATE_TRANSFER, {.ja = "到着していない倉庫間移動", .en = "Transfer not arrived"}},
  };
  return kinds;
}

struct Told {
  int64_t all = 0;
  outbox::Words text;
  std::map<std::string, int64_t> facts;

  // Under a heading, if there is one.
  void Add(const AlertStore::Counts& counts, const std::string& heading) {
    outbox::Words lines;
    for (const Kind& kind : Kinds()) {
      const auto found = counts.find(kind.kind);
      if (found == counts.end() || found->second == 0) continue;
      all += found->second;
      facts[pb::AlertKind_Name(kind.kind).substr(sizeof("ALERT_KIND_") - 1)] += found->second;
      absl::StrAppend(&lines.ja, "・", kind.words.ja, "：", found->second, "件\n");
      absl::StrAppend(&lines.en, "- ", kind.words.en, ": ", found->second, "\n");
    }
    if (lines.ja.empty()) return;
    if (!heading.empty()) {
      absl::StrAppend(&text.ja, heading, "\n");
      absl::StrAppend(&text.en, heading, "\n");
    }
    absl::StrAppend(&text.ja, lines.ja);
    absl::StrAppend(&text.en, lines.en);
  }
};

// `organisation_id`: whose managers are told; empty: the network's coordinators.
void Write(pg::Transaction& tx, const Told& told, const std::string& organisation_id, absl::CivilDay today,
           absl::Time now) {
  if (told.all == 0) return;
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_STOCK_ALERTS,
      {.ja = absl::StrCat("在庫の注意が", told.all, "件あります"),
       .en = absl::StrCat("Stock: ", told.all, told.all == 1 ? " thing needs attention" : " things need attention")},
      told.text, "/alerts", now);
  notice.set_notice_id(outbox::IdOf({"stock alerts", tx.network_id(), organisation_id, absl::FormatCivilTime(today)}));
  if (organisation_id.empty()) {
    outbox::ToHolders(notice, kubari::type::v1::ROLE_COORDINATOR);
  } else {
    outbox::ToHolders(notice, kubari::type::v1::ROLE_WAREHOUSE_MANAGER, organisation_id);
    (*notice.mutable_facts())["organisation"] = ids::Name("organisations", organisation_id);
  }
  (*notice.mutable_facts())["date"] = absl::FormatCivilTime(today);
  for (const auto& [kind, count] : told.facts) (*notice.mutable_facts())[kind] = absl::StrCat(count);
  outbox::Write(tx, notice);
}

}  // namespace

absl::Status AlertDigest::Tell(const std::string& network_id, const std::string& time_zone) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(time_zone));
  const absl::Time now = clock_.Now(), deadline = absl::Now() + absl::Seconds(60);
  const absl::CivilHour hour = absl::ToCivilHour(now, zone);
  const absl::CivilDay today(hour);
  if (hour.hour() < kAlertsHour) return absl::OkStatus();
  const pg::TxContext context{.network_id = network_id, .deadline = deadline};
  ASSIGN_OR_RETURN(const pg::Result told_on,
                   pool_.Read(context, [&](pg::Transaction& tx) { return tx.Query(kToldOn, network_id); }));
  if (!told_on.empty() && told_on[0].Get<absl::CivilDay>("day") >= today) return absl::OkStatus();

  ASSIGN_OR_RETURN(const auto rules, rules_.Get(network_id, deadline));
  const AlertMoment moment{.now = now,
                           .zone = zone,
                           .near_expiry_days = rules->stock.near_expiry_days(),
                           .unconfirmed_days = rules->stock.unconfirmed_days(),
                           .transit_days = rules->stock.transit_days()};
  Told office;
  ASSIGN_OR_RETURN(const AlertStore::Counts all, alerts_.Count(network_id, std::nullopt, moment, deadline));
  office.Add(all, "");
  std::map<std::string, Told> operators;
  ASSIGN_OR_RETURN(const pg::Result warehouses,
                   pool_.Read(context, [&](pg::Transaction& tx) { return tx.Query(kWarehouses, network_id); }));
  for (const pg::Row row : warehouses) {
    if (office.all == 0) break;
    ASSIGN_OR_RETURN(const AlertStore::Counts counts,
                     alerts_.Count(network_id, row.Get<std::string>("warehouse_id"), moment, deadline));
    operators[row.Get<std::string>("organisation_id")].Add(counts, row.Get<std::string>("display_name"));
  }
  return pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t taken, tx.Execute(kTakeDay, network_id, today));
    if (taken == 0) return absl::OkStatus();  // somebody else was quicker
    Write(tx, office, "", today, now);
    for (const auto& [organisation_id, told] : operators) Write(tx, told, organisation_id, today, now);
    return absl::OkStatus();
  });
}

absl::Status AlertDigest::TellAll(registry::Networks& networks) {
  ASSIGN_OR_RETURN(const auto all, networks.All(absl::Now() + absl::Seconds(10)));
  absl::Status first;
  for (const auto& network : all) first.Update(Tell(*ids::IdFromName("networks", network.name()), network.time_zone()));
  return first;
}

}  // namespace kubari::stock
