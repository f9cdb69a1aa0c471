// A stored run, made again.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kubari::allocation {

struct Replay {
  std::string snapshot_hash;   // of the bytes given
  std::string result_hash;     // of the lines that come out
  std::string permuted_hash;   // … with the snapshot's parts in another order: the same
  std::string policy_version;  // that the snapshot was made for
};

// OTHER_ENGINE (FAILED_PRECONDITION) if the snapshot is for another policy version than this program's; as Solve().
absl::StatusOr<Replay> ReplaySnapshot(const std::string& snapshot_bytes);

// FAILED_PRECONDITION / OTHER_ENGINE unless this program's engine made it.
absl::Status CheckEngine(const std::string& policy_version);

}  // namespace kubari::allocation
