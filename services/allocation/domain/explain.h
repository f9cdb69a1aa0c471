// The policy's decisions in sentences for people, English and Japanese.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kubari/allocation/v1/allocation.pb.h"
#include "services/allocation/domain/share_out.h"

namespace kubari::allocation {

struct Sentence {
  std::string english;
  std::string japanese;
};

// Thousandths as hundredths, rounded: 12349 → "12.35".
std::string Hundredths(int64_t thousandths);

// "frozen", "冷凍".
Sentence ZoneName(int zone);

// One after the other.
Sentence Append(Sentence sentence, const Sentence& more);
// What a coordinator made of a proposed line; 0 items: dropped.
Sentence ExplainByHand(int64_t items, const std::string& reason);

// What the group had asked for, in its words; empty: it had not.
Sentence ExplainAskedFor(const std::string& asked_for);

// Why this much: of how many, how many cases, the group's level before and after the run, and with how many it shares
// the food. Names no other group but its hub, by `hub_name` (empty: it comes straight from the warehouse).
Sentence ExplainShare(const Outcome& outcome, const Share& share, const Supply& supply, int lots_of_tie,
                      std::string_view hub_name);
// `reason`: what the coordinator said.
Sentence ExplainPin(const Outcome& outcome, const Share& share, const Supply& supply, const std::string& reason,
                    std::string_view hub_name);

// In place of a name: groups chose for themselves, nobody was next.
inline constexpr std::string_view kNobodyAsked = "-";
// Who would have had the next case; an empty name: nobody could take more.
Sentence ExplainNext(std::string_view next_group, std::string_view own_group);
// Puts it behind the line's explanation, if there is one. Only for readers who may know of all groups.
void AppendNext(std::string_view next_group, v1::Line& line);

// Food that stays.
struct Staying {
  std::string reason;  // a code of eligibility, or one of UnallocatedReason
  int zone = 0;
  int64_t items = 0;
  int64_t cases = 0;  // an opened one counts
  // Of the groups that may have it the farthest; with TOO_FAR of the groups that nothing else keeps from it the
  // nearest. −1: not known.
  int64_t metres = -1;
};
Sentence ExplainStaying(const Staying& staying);

}  // namespace kubari::allocation
