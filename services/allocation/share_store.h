// Accounts of shares in PostgreSQL. Everything is called inside a transaction of the network in question. The pool is
// locked after runs and lines, accounts after the pool and in the order of their groups: nobody waits in a circle.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kubari/allocation/v1/market.pb.h"
#include "libs/pg/transaction.h"
#include "services/allocation/domain/judge.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

struct Member {
  std::string group_id;  // UUID
  std::string group_name;
  int64_t weight = 0;
};
// Of the snapshot's groups.
std::vector<Member> MembersOf(const pb::Snapshot& snapshot, const Judgement& judgement);
// Accounts for those who have none, with their first endowment; names and weights as given for the others.
// `others_leave`: who is not among them has weight 0 from now on.
absl::Status EnsureAccounts(pg::Transaction& tx, const std::string& time_zone, std::vector<Member> members,
                            absl::Time now, bool others_leave);

struct ShareEntry {
  std::string id;  // UUID
  std::string group_id;
  pb::ShareEntryKind kind = pb::SHARE_ENTRY_KIND_UNSPECIFIED;
  int64_t amount = 0;                    // milli-shares; 0: nothing happens
  int64_t balance = 0;                   // afterwards; set by Post
  std::string run_id, line_id, product;  // of WON and RETURNED
  absl::Time create_time;
  std::string group_name;  // read only

  int64_t newest() const { return -absl::ToUnixMicros(create_time); }
};
// Changes the accounts, and the pool the other way round (GRANT: what was granted). FAILED_PRECONDITION /
// NOT_ENOUGH_SHARES if an account would be below zero.
absl::Status Post(pg::Transaction& tx, std::vector<ShareEntry> entries);

struct Account {
  std::string group_id, group_name;
  int64_t weight = 0, balance = 0;
  int64_t in_bids = 0;  // milli-shares in open bids of all runs
};
// A group's account; nothing if it has none. `lock`: nobody else changes it, and no other bid of the group is placed,
// until the transaction ends.
absl::StatusOr<std::optional<Account>> FindAccount(pg::Transaction& tx, const std::string& group_id, bool lock = false);
// After (name, id), by name; only these groups if given.
absl::StatusOr<std::vector<Account>> ListAccounts(pg::Transaction& tx,
                                                  const std::optional<std::vector<std::string>>& groups,
                                                  const std::string& name, const std::string& id, int limit);
// After (newest, id), newest first.
absl::StatusOr<std::vector<ShareEntry>> ListEntries(pg::Transaction& tx,
                                                    const std::optional<std::vector<std::string>>& groups,
                                                    int64_t newest, const std::string& id, int limit);
absl::StatusOr<int64_t> ReadPool(pg::Transaction& tx);

// Gives back what was spent, unless this was done for the day. Returns whether it was done now.
absl::StatusOr<bool> Recirculate(pg::Transaction& tx, absl::CivilDay day, absl::Time now);
absl::StatusOr<bool> WasRecirculated(pg::Transaction& tx, absl::CivilDay day);

struct NetworkOfShares {
  std::string network_id, time_zone;
};
// Needs no network.
absl::StatusOr<std::vector<NetworkOfShares>> NetworksWithShares(pg::Transaction& tx);

}  // namespace kubari::allocation
