// From what a run sees to who gets what, and why. Pure: no clock, no I/O, no chance. Equal snapshots give equal
// proposals, to the byte.
//
//   Snapshot ─ JudgeAll (libs/eligibility) ─▶ Problem ─ FairShare ─▶ Outcome ─▶ lines with their explanations, and a
//   summary
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/allocation/v1/snapshot.pb.h"
#include "libs/eligibility/eligibility.h"
#include "services/allocation/domain/fair_share.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

// Into the order that snapshot.proto promises; of entries with the same names the last one stays.
void Canonicalise(pb::Snapshot& snapshot);
// Wire format with fields in order of number.
std::string CanonicalBytes(const google::protobuf::Message& message);
// Hexadecimal.
std::string Sha256(std::string_view bytes);

// The day for which the snapshot is judged.
absl::CivilDay HandOverDay(const pb::Snapshot& snapshot);

// Every pair of lot and group, judged.
struct Judgement {
  Problem problem;  // supplies are snapshot.stock, demands are snapshot.groups, by index
  // Distinct lot names in order, and the supplies of each.
  std::vector<std::string> lots;
  std::vector<std::vector<int>> supplies_of_lot;
  // By lot, then group: the codes that hold at every place of the lot, as bits (1 << Code); 0: they go together.
  std::vector<std::vector<uint16_t>> exclusions;
  // By supply: index into snapshot.warehouses; -1: unknown.
  std::vector<int> warehouse_of_supply;
  // By warehouse, then group: whole metres; -1: unknown.
  std::vector<std::vector<int64_t>> metres;

  // Whole metres from the supply's warehouse to the group's first site; -1: unknown.
  int64_t Metres(int supply, int group) const;
};
Judgement JudgeAll(const pb::Snapshot& snapshot);

// Why a group may not have a supply, in words; empty: it may.
std::vector<eligibility::Reason> WhyNot(const pb::Snapshot& snapshot, const Judgement& judgement, int supply,
                                        int group);

struct Assignment {
  int supply = 0;
  int group = 0;
  int64_t items = 0;
};

struct ProposedLine {
  Assignment assignment;
  // Without name, state, times and what is known only after publishing. The explanation names no other group.
  pb::Line line;
  // Display name of the group that would have had the next case; empty: nobody could take more.
  std::string next_group;
};

struct Proposal {
  Judgement judgement;
  Outcome outcome;
  std::vector<ProposedLine> lines;  // by group name, then lot, then place
  pb::RunSummary summary;
  // SHA-256 of ListLinesResponse with these lines, the sentence about the next group included.
  std::string result_hash;
};

Proposal Propose(const pb::Snapshot& snapshot);

// A line's facts for a pair that the policy did not propose; explanation empty.
pb::Line LineOf(const pb::Snapshot& snapshot, const Judgement& judgement, const Assignment& assignment);

// The summary as it is with these assignments. What stays beyond what the policy left is put down to ADJUSTED.
pb::RunSummary Summarise(const pb::Snapshot& snapshot, const Proposal& proposal,
                         const std::vector<Assignment>& assignments);

}  // namespace kubari::allocation
