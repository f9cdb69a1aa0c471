#include "services/allocation/share_store.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/allocation/domain/shares.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {
namespace {

constexpr pg::Statement kInsertPool{
    "INSERT INTO share_pools (network_id, pool, granted, time_zone) VALUES ($1, 0, 0, $2) "
    "ON CONFLICT (network_id) DO UPDATE SET time_zone = excluded.time_zone"};
constexpr pg::Statement kInsertAccounts{
    "INSERT INTO share_accounts AS old (network_id, group_id, group_name, weight, balance) "
    "SELECT $1, m.group_id, m.group_name, m.weight, 0 FROM unnest($2::uuid[], $3::text[], $4::bigint[]) "
    "AS m (group_id, group_name, weight) "
    "ON CONFLICT (network_id, group_id) DO UPDATE SET group_name = excluded.group_name, weight = excluded.weight "
    "WHERE (old.group_name, old.weight) IS DISTINCT FROM (excluded.group_name, excluded.weight)"};
constexpr pg::Statement kOthersLeave{
    "UPDATE share_accounts SET weight = 0 WHERE network_id = $1 AND weight > 0 AND NOT group_id = ANY($2::uuid[])"};
constexpr pg::Statement kGranted{
    "SELECT group_id FROM share_entries WHERE network_id = $1 AND kind = 1 AND group_id = ANY($2::uuid[])"};
// Locks every account that the entries concern, in order.
constexpr pg::Statement kLockAccounts{
    "SELECT group_id, balance FROM share_accounts WHERE network_id = $1 AND group_id = ANY($2::uuid[]) "
    "ORDER BY group_id FOR UPDATE"};
constexpr pg::Statement kSetBalances{
    "UPDATE share_accounts a SET balance = u.balance FROM unnest($2::uuid[], $3::bigint[]) AS u (group_id, balance) "
    "WHERE a.network_id = $1 AND a.group_id = u.group_id"};
constexpr pg::Statement kInsertEntries{
    "INSERT INTO share_entries (network_id, entry_id, group_id, newest, kind, amount, balance, run_id, line_id, "
    "product, "
    "create_time) SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::smallint[], $6::bigint[], "
    "$7::bigint[], "
    "$8::uuid[], $9::uuid[], $10::text[], $11::timestamptz[])"};
constexpr pg::Statement kMovePool{
    "UPDATE share_pools SET pool = pool + $2, granted = granted + $3 WHERE network_id = $1"};
#define KUBARI_ACCOUNTS                                                                \
  "SELECT a.group_id, a.group_name, a.weight, a.balance, "                             \
  "(SELECT coalesce(sum(p.cases * greatest(p.price, 0)), 0)::bigint FROM bid_parts p " \
  " WHERE p.network_id = a.network_id AND p.group_id = a.group_id AND p.open) AS in_bids FROM share_accounts a "
constexpr pg::Statement kFind{KUBARI_ACCOUNTS "WHERE a.network_id = $1 AND a.group_id = $2"};
constexpr pg::Statement kLock{"SELECT FROM share_accounts WHERE network_id = $1 AND group_id = $2 FOR UPDATE"};
constexpr pg::Statement kList{KUBARI_ACCOUNTS
                              "WHERE a.network_id = $1 AND ($2::uuid[] IS NULL OR a.group_id = ANY($2)) AND "
                              "(a.group_name, a.group_id) > ($3, $4::uuid) "
                              "ORDER BY a.group_name, a.group_id LIMIT $5"};
constexpr pg::Statement kEntries{
    "SELECT e.entry_id, e.group_id, a.group_name, e.kind, e.amount, e.balance, e.run_id, e.line_id, e.product, "
    "e.create_time "
    "FROM share_entries e JOIN share_accounts a USING (network_id, group_id) "
    "WHERE e.network_id = $1 AND ($2::uuid[] IS NULL OR e.group_id = ANY($2)) AND (e.newest, e.entry_id) > ($3, "
    "$4::uuid) "
    "ORDER BY e.newest, e.entry_id LIMIT $5"};
constexpr pg::Statement kPool{"SELECT pool FROM share_pools WHERE network_id = $1"};
constexpr pg::Statement kPoolLocked{"SELECT pool FROM share_pools WHERE network_id = $1 FOR UPDATE"};
constexpr pg::Statement kWeights{
    "SELECT group_id, weight FROM share_accounts WHERE network_id = $1 AND weight > 0 ORDER BY group_id FOR UPDATE"};
constexpr pg::Statement kBeginDay{
    "INSERT INTO recirculations (network_id, day, amount) VALUES ($1, $2::text::date, $3) ON CONFLICT DO NOTHING"};
constexpr pg::Statement kDayDone{"SELECT FROM recirculations WHERE network_id = $1 AND day = $2::text::date"};
constexpr pg::Statement kNetworks{"SELECT network_id, time_zone FROM networks_with_shares()"};

std::optional<std::string> IfSet(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

Account ReadAccount(const pg::Row& row) {
  return {.group_id = row.Get<std::string>("group_id"),
          .group_name = row.Get<std::string>("group_name"),
          .weight = row.Get<int64_t>("weight"),
          .balance = row.Get<int64_t>("balance"),
          .in_bids = row.Get<int64_t>("in_bids")};
}

}  // namespace

std::vector<Member> MembersOf(const pb::Snapshot& snapshot, const Judgement& judgement) {
  constexpr int64_t kMostWeight = 1'000'000'000;
  std::vector<Member> members;
  for (int g = 0; g < snapshot.groups_size(); ++g) {
    const groups::v1::Group& group = snapshot.groups(g).group();
    if (group.state() != groups::v1::GROUP_STATE_ACTIVE) continue;
    members.push_back({.group_id = ids::IdFromName("groups", group.name()).value_or(""),
                       .group_name = group.display_name(),
                       .weight = std::min(judgement.demands()[g].weight, kMostWeight)});
  }
  return members;
}

absl::Status EnsureAccounts(pg::Transaction& tx, const std::string& time_zone, std::vector<Member> members,
                            absl::Time now, bool others_leave) {
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.group_id < b.group_id; });
  std::vector<std::string> ids, names;
  std::vector<int64_t> weights;
  for (const Member& member : members) {
    ids.push_back(member.group_id);
    names.push_back(member.group_name);
    weights.push_back(member.weight);
  }
  RETURN_IF_ERROR(tx.Execute(kInsertPool, tx.network_id(), time_zone).status());
  // Two at once: the second waits here, and sees what the first granted.
  RETURN_IF_ERROR(tx.Query(kPoolLocked, tx.network_id()).status());
  RETURN_IF_ERROR(tx.Execute(kInsertAccounts, tx.network_id(), ids, names, weights).status());
  if (others_leave) RETURN_IF_ERROR(tx.Execute(kOthersLeave, tx.network_id(), ids).status());
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kGranted, tx.network_id(), ids));
  std::set<std::string> granted;
  for (const pg::Row row : rows) granted.insert(row.Get<std::string>("group_id"));
  std::vector<ShareEntry> entries;
  for (const Member& member : members) {
    if (granted.contains(member.group_id)) continue;
    entries.push_back({.id = ids::NewV7(now),
                       .group_id = member.group_id,
                       .kind = pb::SHARE_ENTRY_KIND_GRANT,
                       .amount = member.weight * kGrantForWeight,
                       .create_time = now});
  }
  return Post(tx, std::move(entries));
}

absl::Status Post(pg::Transaction& tx, std::vector<ShareEntry> entries) {
  std::erase_if(entries, [](const ShareEntry& entry) { return entry.amount == 0; });
  if (entries.empty()) return absl::OkStatus();
  // The pool first, then the accounts in order: as everybody does.
  RETURN_IF_ERROR(tx.Query(kPoolLocked, tx.network_id()).status());
  std::set<std::string> groups;
  for (const ShareEntry& entry : entries) groups.insert(entry.group_id);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kLockAccounts, tx.network_id(), std::vector<std::string>(groups.begin(), groups.end())));
  std::map<std::string, int64_t> balance;
  for (const pg::Row row : rows) balance[row.Get<std::string>("group_id")] = row.Get<int64_t>("balance");
  std::vector<std::string> id, group, product;
  std::vector<std::optional<std::string>> run, line;
  std::vector<int64_t> newest, amount, after;
  std::vector<int> kind;
  std::vector<absl::Time> time;
  int64_t pool = 0, granted = 0;
  for (ShareEntry& entry : entries) {
    const auto account = balance.find(entry.group_id);
    if (account == balance.end()) return absl::InternalError(absl::StrCat("no account of shares for ", entry.group_id));
    if (account->second + entry.amount < 0) return refusals::NotEnoughShares(-entry.amount, account->second);
    entry.balance = account->second += entry.amount;
    (entry.kind == pb::SHARE_ENTRY_KIND_GRANT ? granted : pool) += entry.amount;
    id.push_back(entry.id);
    group.push_back(entry.group_id);
    newest.push_back(entry.newest());
    kind.push_back(entry.kind);
    amount.push_back(entry.amount);
    after.push_back(entry.balance);
    run.push_back(IfSet(entry.run_id));
    line.push_back(IfSet(entry.line_id));
    product.push_back(entry.product);
    time.push_back(entry.create_time);
  }
  std::vector<std::string> accounts;
  std::vector<int64_t> balances;
  for (const auto& [group_id, now] : balance) {
    accounts.push_back(group_id);
    balances.push_back(now);
  }
  pg::Batch batch;
  batch.Add(kSetBalances, tx.network_id(), accounts, balances);
  batch.Add(kInsertEntries, tx.network_id(), id, group, newest, kind, amount, after, run, line, product, time);
  batch.Add(kMovePool, tx.network_id(), -pool, granted);
  return tx.Pipeline(batch).status();
}

absl::StatusOr<std::optional<Account>> FindAccount(pg::Transaction& tx, const std::string& group_id, bool lock) {
  if (lock) RETURN_IF_ERROR(tx.Query(kLock, tx.network_id(), group_id).status());
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, tx.network_id(), group_id));
  if (rows.empty()) return std::nullopt;
  return ReadAccount(rows[0]);
}

absl::StatusOr<std::vector<Account>> ListAccounts(pg::Transaction& tx,
                                                  const std::optional<std::vector<std::string>>& groups,
                                                  const std::string& name, const std::string& id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kList, tx.network_id(), groups, name, id, limit));
  std::vector<Account> accounts;
  for (const pg::Row row : rows) accounts.push_back(ReadAccount(row));
  return accounts;
}

absl::StatusOr<std::vector<ShareEntry>> ListEntries(pg::Transaction& tx,
                                                    const std::optional<std::vector<std::string>>& groups,
                                                    int64_t newest, const std::string& id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kEntries, tx.network_id(), groups, newest, id, limit));
  std::vector<ShareEntry> entries;
  for (const pg::Row row : rows) {
    entries.push_back({.id = row.Get<std::string>("entry_id"),
                       .group_id = row.Get<std::string>("group_id"),
                       .kind = static_cast<pb::ShareEntryKind>(row.Get<int>("kind")),
                       .amount = row.Get<int64_t>("amount"),
                       .balance = row.Get<int64_t>("balance"),
                       .run_id = row.Get<std::optional<std::string>>("run_id").value_or(""),
                       .line_id = row.Get<std::optional<std::string>>("line_id").value_or(""),
                       .product = row.Get<std::string>("product"),
                       .create_time = row.Get<absl::Time>("create_time"),
                       .group_name = row.Get<std::string>("group_name")});
  }
  return entries;
}

absl::StatusOr<int64_t> ReadPool(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kPool, tx.network_id()));
  return rows.empty() ? 0 : rows[0].Get<int64_t>("pool");
}

absl::StatusOr<bool> Recirculate(pg::Transaction& tx, absl::CivilDay day, absl::Time now) {
  ASSIGN_OR_RETURN(const pg::Result pools, tx.Query(kPoolLocked, tx.network_id()));
  if (pools.empty()) return false;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kWeights, tx.network_id()));
  std::vector<std::string> groups;
  std::vector<int64_t> weights;
  for (const pg::Row row : rows) {
    groups.push_back(row.Get<std::string>("group_id"));
    weights.push_back(row.Get<int64_t>("weight"));
  }
  const std::vector<int64_t> parts = GiveBack(pools[0].Get<int64_t>("pool"), weights);
  int64_t amount = 0;
  for (const int64_t part : parts) amount += part;
  ASSIGN_OR_RETURN(const int64_t begun, tx.Execute(kBeginDay, tx.network_id(), absl::FormatCivilTime(day), amount));
  if (begun == 0) return false;
  std::vector<ShareEntry> entries;
  for (size_t i = 0; i < parts.size(); ++i) {
    entries.push_back({.id = ids::NewV7(now),
                       .group_id = groups[i],
                       .kind = pb::SHARE_ENTRY_KIND_RECIRCULATED,
                       .amount = parts[i],
                       .create_time = now});
  }
  RETURN_IF_ERROR(Post(tx, std::move(entries)));
  return true;
}

absl::StatusOr<bool> WasRecirculated(pg::Transaction& tx, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDayDone, tx.network_id(), absl::FormatCivilTime(day)));
  return !rows.empty();
}

absl::StatusOr<std::vector<NetworkOfShares>> NetworksWithShares(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworks));
  std::vector<NetworkOfShares> networks;
  for (const pg::Row row : rows)
    networks.push_back({row.Get<std::string>("network_id"), row.Get<std::string>("time_zone")});
  return networks;
}

}  // namespace kubari::allocation
