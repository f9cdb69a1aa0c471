#include "services/allocation/domain/replay.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "services/allocation/domain/propose.h"

namespace kubari::allocation {
namespace {

// Another order that depends on nothing but the contents: backwards, and then the second half first.
template <typename Field>
void Permute(Field& field) {
  std::reverse(field.pointer_begin(), field.pointer_end());
  std::rotate(field.pointer_begin(), field.pointer_begin() + field.size() / 2, field.pointer_end());
}

}  // namespace

absl::Status CheckEngine(const std::string& policy_version) {
  if (policy_version == kPolicyVersion) return absl::OkStatus();
  return errors::Make(absl::StatusCode::kFailedPrecondition, "OTHER_ENGINE",
                      absl::StrCat("The run was made by ", policy_version, "; this program has ", kPolicyVersion,
                                   ". Use the program of that time."),
                      absl::StrCat("この配分は ", policy_version, " で計算されました。このプログラムは ",
                                   kPolicyVersion, " です。当時のプログラムを使ってください。"),
                      {{"made_by", policy_version}, {"this", kPolicyVersion}});
}

absl::StatusOr<Replay> ReplaySnapshot(const std::string& snapshot_bytes) {
  pb::Snapshot snapshot;
  if (!snapshot.ParseFromString(snapshot_bytes)) {
    return errors::Make(absl::StatusCode::kInvalidArgument, "NOT_A_SNAPSHOT", "These bytes are no snapshot of a run.",
                        "配分のスナップショットではありません。");
  }
  RETURN_IF_ERROR(CheckEngine(snapshot.policy_version()));
  Replay replay{.snapshot_hash = Sha256(snapshot_bytes), .policy_version = snapshot.policy_version()};
  // A snapshot that was not stored as it should be must not crash its judge.
  Canonicalise(snapshot);
  ASSIGN_OR_RETURN(const Proposal proposal, Propose(snapshot));
  replay.result_hash = proposal.result_hash;
  Permute(*snapshot.mutable_stock());
  Permute(*snapshot.mutable_groups());
  for (pb::SnapshotGroup& group : *snapshot.mutable_groups()) Permute(*group.mutable_needs());
  Permute(*snapshot.mutable_warehouses());
  Permute(*snapshot.mutable_expected());
  if (snapshot.has_market()) {
    Permute(*snapshot.mutable_market()->mutable_claims());
    Permute(*snapshot.mutable_market()->mutable_bids());
    Permute(*snapshot.mutable_market()->mutable_balances());
  }
  Canonicalise(snapshot);
  ASSIGN_OR_RETURN(const Proposal permuted, Propose(snapshot));
  replay.permuted_hash = permuted.result_hash;
  return replay;
}

}  // namespace kubari::allocation
