// Broadcasts and their answers in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/donors/v1/broadcasts.pb.h"
#include "libs/pg/transaction.h"
#include "services/donors/donor_store.h"

namespace kubari::donors {

// With its counts as of now; `open` as of `now`. NOT_FOUND / BROADCAST_NOT_FOUND.
absl::StatusOr<v1::Broadcast> LoadBroadcast(pg::Transaction& tx, const std::string& id, absl::Time now,
                                            Lock lock = Lock::kNone);

struct BroadcastFilter {
  // Asked of one of these groups, or about an offer of one of these donors; both nothing: all.
  std::optional<std::vector<std::string>> groups, donors;
  std::optional<bool> open;
  std::optional<std::string> offer_id;
  absl::Time now;
  std::optional<absl::Time> after_time;
  std::optional<std::string> after_id;
  int limit = 0;
};
// Newest first.
absl::StatusOr<std::vector<v1::Broadcast>> ListBroadcasts(pg::Transaction& tx, const BroadcastFilter& filter);

// Asks these groups (id, display name). ALREADY_EXISTS / BROADCAST_EXISTS.
absl::Status InsertBroadcast(pg::Transaction& tx, const v1::Broadcast& broadcast,
                             const std::vector<std::pair<std::string, std::string>>& groups, absl::Time now);
void CloseBroadcast(pg::Transaction& tx, const std::string& id, absl::Time now);
// Returns whether the group was asked. The answer is untold.
absl::StatusOr<bool> Answer(pg::Transaction& tx, const std::string& id, const std::string& group_id,
                            const v1::BroadcastAnswer& answer, absl::Time now);

struct AnswerFilter {
  std::vector<int> replies;                            // empty: any
  std::optional<std::vector<std::string>> group_ids;  // nothing: all
  // Go on behind this one: its place (see below), cases and group.
  std::optional<int> after_rank;
  int64_t after_cases = 0;
  std::string after_group;
  int limit = 0;
};
// Those who can use it first, the most cases before the others; then LATER, NO, no answer yet. The rank is what a page goes on
// behind.
struct RankedAnswer {
  int rank = 0;
  v1::BroadcastAnswer answer;
};
absl::StatusOr<std::vector<RankedAnswer>> ListAnswers(pg::Transaction& tx, const std::string& id,
                                                      const AnswerFilter& filter);
// Of many broadcasts at once, in one statement: what these groups answered, by the broadcast's name.
absl::StatusOr<std::vector<std::pair<std::string, v1::BroadcastAnswer>>> AnswersOf(
    pg::Transaction& tx, const std::vector<std::string>& broadcast_ids, const std::vector<std::string>& group_ids);

// Answers that were not told to the groups service yet (needs.h), as broadcast and group, oldest first.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Untold(pg::Transaction& tx, int limit);
// Such an answer, kept as it is until the transaction ends; nothing if it was told, or another transaction has it.
absl::StatusOr<std::optional<v1::BroadcastAnswer>> LockUntold(pg::Transaction& tx, const std::string& id,
                                                              const std::string& group_id);
void MarkTold(pg::Transaction& tx, const std::string& id, const std::string& group_id);

// Broadcasts whose time ran out after `since`, for the notice that they are over.
absl::StatusOr<std::vector<v1::Broadcast>> RanOut(pg::Transaction& tx, absl::Time since, absl::Time now);

}  // namespace kubari::donors
