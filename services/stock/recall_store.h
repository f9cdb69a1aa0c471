// Recalls as they are kept. Functions of a transaction, so that one request is one transaction; the network is the
// transaction's.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/stock/domain/recall.h"

namespace kubari::stock::recalls {

// Ids of the lots that fit and of those made from them, at most `limit`, oldest first.
absl::StatusOr<std::vector<std::string>> LotsOf(pg::Transaction& tx, const Goods& goods, int limit);
// The same without those made from them.
absl::StatusOr<std::vector<std::string>> LotsNamedBy(pg::Transaction& tx, const Goods& goods, int limit);
// Locks the ledger, records the recall, stops its lots (unless it is a drill) and tells their holders. `recall`'s state
// and close_… are not read. Returns how many lots it has. Errors: ALREADY_EXISTS / ID_TAKEN.
absl::StatusOr<int64_t> Open(pg::Transaction& tx, const Recall& recall, const Goods& goods);
// Closes it, and frees its lots unless `keep_stopped`; under the ledger's lock.
absl::Status Close(pg::Transaction& tx, const std::string& recall_id, const std::string& closed_by, absl::Time now,
                   const std::string& note, bool keep_stopped);
absl::Status LockLedger(pg::Transaction& tx);
// Makes a notice for every holder of an open recall (empty: of all) who has none. Returns how many it made.
absl::StatusOr<int64_t> TellHolders(pg::Transaction& tx, const std::string& recall_id, absl::Time now);
// Networks with an open recall; for a transaction without a network.
absl::StatusOr<std::vector<std::string>> Networks(pg::Transaction& tx);

absl::StatusOr<std::optional<Recall>> Find(pg::Transaction& tx, const std::string& recall_id);
// Newest first, behind (time, id); state UNSPECIFIED: all.
absl::StatusOr<std::vector<Recall>> List(pg::Transaction& tx, pb::RecallState state, absl::Time before,
                                         const std::string& before_id, int limit);
absl::StatusOr<std::vector<std::string>> LotsOfRecall(pg::Transaction& tx, const std::string& recall_id, int limit);

// What a recall comes to now.
struct Summary {
  pb::RecallFigures figures;
  int lots = 0;
  int notices = 0;
  int acknowledged = 0;
  int settled = 0;
  int64_t open_items = 0;  // of all notices
};
// By recall.
absl::StatusOr<std::map<std::string, Summary>> Summaries(pg::Transaction& tx, const std::vector<std::string>& recalls);

struct NoticeFilter {
  std::string recall_id;                                  // empty: of all open recalls
  std::optional<std::vector<std::string>> organisations;  // only theirs: groups, or operators of warehouses
  bool unacknowledged_only = false;
  bool open_only = false;
};
// Newest first, behind (time, id).
absl::StatusOr<std::vector<Notice>> Notices(pg::Transaction& tx, const NoticeFilter& filter, absl::Time before,
                                            const std::string& before_id, int limit);
absl::StatusOr<std::optional<Notice>> FindNotice(pg::Transaction& tx, const std::string& recall_id,
                                                 const std::string& notice_id);
// By notice and lot: every lot that the holder has, or had since the recall began.
using Lines = std::map<std::string, std::map<std::string, NoticeLine>>;
absl::StatusOr<Lines> LinesOf(pg::Transaction& tx, const std::vector<Notice>& notices);

// What is free of these lots on the shelves of a warehouse, by lot: (place, items) by the shelf's code; shelves where
// nothing is left included.
absl::StatusOr<std::map<std::string, std::vector<std::pair<std::string, int64_t>>>> ShelvesOf(
    pg::Transaction& tx, const std::string& warehouse_id, const std::vector<std::string>& lots);

// The first time counts.
absl::Status Acknowledge(pg::Transaction& tx, const std::string& notice_id, const std::string& who, absl::Time now);
absl::Status AddAnswer(pg::Transaction& tx, const std::string& notice_id,
                       const std::map<std::string, HolderAnswer>& by_lot, const std::string& note,
                       const std::string& who, absl::Time now);
// All that are not acknowledged.
absl::Status Remind(pg::Transaction& tx, const std::string& recall_id, absl::Time now);

}  // namespace kubari::stock::recalls
