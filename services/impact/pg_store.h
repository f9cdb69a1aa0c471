// The impact schema. Everything is called inside a transaction of the network in question.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/pg/transaction.h"
#include "services/impact/domain/facts.h"

namespace kubari::impact {

namespace pb = kubari::impact::v1;

// What a query may see and asks for. `whole_network` or else: what came from these donors or went to these groups (UUIDs).
struct Query {
  absl::CivilDay from, to;  // inclusive
  std::optional<std::string> donor_id, group_id, prefecture;
  std::optional<int> category;
  bool whole_network = false;
  std::vector<std::string> own_donors, own_groups;
};

// What is known of these groups, and of those whose places these are (UUIDs).
absl::StatusOr<KnownGroups> ReadGroups(pg::Transaction& tx, const std::vector<std::string>& groups,
                                       const std::vector<std::string>& places);

// Adds the facts, their sums, and what is known of the groups by now. Positions must be new: the feed's cursor sees to that, in the same transaction.
absl::Status AddFacts(pg::Transaction& tx, std::span<const Fact> facts, const KnownGroups& known);

// Up to which position of ReadReached the network's food-support requests are known.
absl::StatusOr<int64_t> ReadSupportPosition(pg::Transaction& tx);
// Takes over a page of it, in order. Of two who do so at once the second changes nothing.
absl::Status AddReached(pg::Transaction& tx, const google::protobuf::RepeatedPtrField<support::v1::Reached>& reached);

// One row for each value of the dimension (at most 1,000, most grams first, months in order), or one with an empty key for UNSPECIFIED.
absl::StatusOr<std::vector<pb::ImpactRow>> Figures(pg::Transaction& tx, const Query& query, pb::Dimension dimension);

// In the order of positions and of their parts.
struct Listed {
  pb::ImpactMovement movement;
  int part = 0;
};
absl::StatusOr<std::vector<Listed>> Movements(pg::Transaction& tx, const Query& query, int64_t after_position,
                                              int after_part, int limit);

// How far the ledger has been read: all positions below this one, and when the last of them that counts was recorded.
struct Progress {
  int64_t next_position = 0;
  std::optional<absl::Time> recorded_time;
};
absl::StatusOr<Progress> ReadProgress(pg::Transaction& tx);

}  // namespace kubari::impact
