// Claims and bids in PostgreSQL. Everything is called inside a transaction of the network in question.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kubari/allocation/v1/market.pb.h"
#include "kubari/allocation/v1/snapshot.pb.h"
#include "libs/pg/transaction.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {

// Needs no network.
absl::StatusOr<std::vector<Unfinished>> MarketsToClose(pg::Transaction& tx, absl::Time at);

// `ended_before` of a claim that ended and was not stamped yet.
inline constexpr int kEndedJustNow = 2'147'483'647;
// All claims of a run in their order.
absl::StatusOr<std::vector<pb::SnapshotClaim>> ClaimsOfRun(pg::Transaction& tx, const std::string& run_id);
// Claims that have ended and were not counted as such yet ended before the one with this number; under the run's lock.
absl::Status StampEnded(pg::Transaction& tx, const std::string& run_id, int number);
// Claims that are decided and not yet in the ledger.
absl::StatusOr<std::vector<std::string>> PendingLines(pg::Transaction& tx, const std::string& run_id);
// What was withdrawn while the run was open was offered to all the others then.
absl::Status EndedAreNotOfferedAgain(pg::Transaction& tx, const std::string& run_id);

struct PartRow {
  std::string group_id;  // UUID
  std::string group_name;
  int64_t cases = 0;
  int64_t price = 0;  // milli-shares for a case
  int64_t won_cases = 0;
  // When the run has closed; empty: won.
  std::string reason, message, message_ja;
  std::string subject;  // who bid: "people/{uuid}" …
};
struct BidRow {
  std::string id;  // UUID
  std::string run_id;
  pb::BidState state = pb::BID_STATE_OPEN;
  // lot, place, lot_code, product_display_name, items_per_case
  pb::Bid facts;
  int parties = 1;
  std::string join_code;
  absl::Time create_time;
  int64_t version = 1;
  std::vector<PartRow> parts;  // the maker's first

  int64_t newest() const { return -absl::ToUnixMicros(create_time); }
  bool open() const { return state == pb::BID_STATE_OPEN; }
};
// ALREADY_EXISTS / ID_TAKEN; FAILED_PRECONDITION / BID_TAKEN if the group has an open bid for that stock.
absl::Status InsertBid(pg::Transaction& tx, const BidRow& row);
// NOT_FOUND / BID_NOT_FOUND. `lock`: nobody else changes it until the transaction ends.
absl::StatusOr<BidRow> FindBid(pg::Transaction& tx, const std::string& bid_id, bool lock = false);
absl::StatusOr<BidRow> FindBidByCode(pg::Transaction& tx, const std::string& join_code, bool lock = false);
// State and parts, as they are in `row`; the version grows by one here and in `row`. FAILED_PRECONDITION / BID_TAKEN.
absl::Status UpdateBid(pg::Transaction& tx, BidRow& row);
// All of a run that are open, by id; locked.
absl::StatusOr<std::vector<BidRow>> OpenBids(pg::Transaction& tx, const std::string& run_id);
// Open bids of a run in which the group has a part.
absl::StatusOr<std::vector<BidRow>> OpenBidsOf(pg::Transaction& tx, const std::string& run_id,
                                               const std::string& group_id);
// What each group has free for this run: its account, less its bids in other open runs.
absl::StatusOr<std::vector<pb::SnapshotBalance>> FreeShares(pg::Transaction& tx, const std::string& run_id);

struct BidFilter {
  std::optional<std::string> run_id, group_id;
  // Only bids with a part of these groups; nothing: bids that are not open any more and were not withdrawn.
  std::optional<std::vector<std::string>> own_groups;
};
// After (newest, id), newest first.
absl::StatusOr<std::vector<BidRow>> ListBids(pg::Transaction& tx, const BidFilter& filter, int64_t newest,
                                             const std::string& id, int limit);

// Of one run.
struct Counts {
  int entries = 0, groups = 0;  // claims that hold, or bids that are open or won, and the groups that made them
  int64_t items = 0;            // that one group has claimed or won
};
// By run id. `group_id`: whose items; empty: nobody's.
absl::StatusOr<std::map<std::string, Counts>> CountEntries(pg::Transaction& tx, const std::vector<RunRow>& runs,
                                                           const std::string& group_id);

}  // namespace kubari::allocation
