// What is said of claims and bids: of the lines that they made, and of why there is not more. English and Japanese; no
// other group's name.
#pragma once

#include "kubari/allocation/v1/allocation.pb.h"
#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/propose.h"

namespace kubari::allocation {

// 12500 → "12.5"; thousandths of a share, without needless zeros.
std::string ShareText(int64_t milli_shares);

// Why this line is there. `share.entry` is that of a claim or bid of the snapshot.
Sentence ExplainChoice(const pb::Snapshot& snapshot, const Proposal& proposal, const Share& share);
// Number of the claim, or price of the bid.
void MarkChoice(const pb::Snapshot& snapshot, const Share& share, pb::Line& line);

// A claim as it is made: `food_with` in milli-person-days, that claim included.
Sentence ExplainClaim(const Supply& supply, int64_t items, int number, int64_t food_with, int64_t cap,
                      const Level& level_with);

// What became of a bid's part, for its group.
Sentence ExplainBid(const pb::SnapshotBid& bid, int part, const BidResult& result, const Supply& supply);

// Why not (any more); `most` in items. Empty if it may. Eligibility is told by its own reasons.
Sentence ExplainNo(No no, const MarketBook& book, const Judgement& judgement, int supply, int group);
// "NO_CAPACITY", "CLAIM_CAP" …
const char* CodeOf(No no);

}  // namespace kubari::allocation
