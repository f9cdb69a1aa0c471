// From what a run sees to who gets what, and why. Pure: no clock, no I/O, no chance. Equal snapshots give equal
// proposals, to the byte.
//
//   Snapshot ─ Judgement (libs/eligibility) ─ ShareOut (libs/fairflow) ─▶ Outcome ─▶ lines with their explanations, and
//   a summary
//
// Where groups choose (POLICY_CLAIMS, POLICY_BIDS), SettleMarket puts what they did in place of the fair shares.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/allocation/v1/snapshot.pb.h"
#include "services/allocation/domain/judge.h"
#include "services/allocation/domain/market.h"
#include "services/allocation/domain/share_out.h"

namespace kubari::allocation {

// Into the order that snapshot.proto promises; of entries with the same names the last one stays.
void Canonicalise(pb::Snapshot& snapshot);
// Wire format with fields in order of number.
std::string CanonicalBytes(const google::protobuf::Message& message);
// Hexadecimal.
std::string Sha256(std::string_view bytes);

struct Assignment {
  int supply = 0;
  int group = 0;
  int64_t items = 0;
};

struct ProposedLine {
  Assignment assignment;
  // Without name, state, times and what is known only after publishing. The explanation names no other group; `reason`
  // is that of its pin.
  pb::Line line;
  // Display name of the group that would have had the next case; empty: nobody could take more; "-": groups chose.
  std::string next_group;
  // The claim or bid of the snapshot, where groups chose; -1: fair share.
  int entry = -1;
};

struct Proposal {
  Judgement judgement;
  Outcome outcome;
  // Of a run in which groups choose; policy UNSPECIFIED: of fair share.
  MarketResult market;
  std::vector<ProposedLine> lines;  // by group name, then lot, then place
  pb::RunSummary summary;
  // SHA-256 of ListLinesResponse with these lines, the sentence about the next group included.
  std::string result_hash;
};

// `snapshot` is canonical and must outlive the proposal. FAILED_PRECONDITION / RUN_TOO_LARGE if its numbers are beyond
// what can be counted exactly.
absl::StatusOr<Proposal> Propose(const pb::Snapshot& snapshot);

// A snapshot with its proposal; stays where it is, since the proposal points into the snapshot.
struct Solved {
  pb::Snapshot snapshot;
  Proposal proposal;
};
// INTERNAL if the bytes are no snapshot; as Propose().
absl::StatusOr<std::shared_ptr<const Solved>> Solve(const std::string& snapshot_bytes);

// A line's facts for a pair that the policy did not propose; explanation empty.
pb::Line LineOf(const pb::Snapshot& snapshot, const Judgement& judgement, const Assignment& assignment);

// The summary as it is with these assignments. What stays beyond what the policy left is put down to ADJUSTED.
pb::RunSummary Summarise(const pb::Snapshot& snapshot, const Proposal& proposal,
                         const std::vector<Assignment>& assignments);

}  // namespace kubari::allocation
