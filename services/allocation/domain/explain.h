// The policy's decisions in sentences for people, English and Japanese.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kubari/allocation/v1/allocation.pb.h"
#include "services/allocation/domain/fair_share.h"

namespace kubari::allocation {

struct Sentence {
  std::string english;
  std::string japanese;
};

// Why this much: of how many, how many cases, how many eligible groups had less, the level before and after. Names no
// other group.
Sentence ExplainShare(const Share& share, const Supply& supply);

// Who would have had the next case; an empty name: nobody could take more.
Sentence ExplainNext(std::string_view next_group);
// Puts it behind the line's explanation, if there is one. Only for readers who may know of all groups.
void AppendNext(std::string_view next_group, v1::Line& line);

// Why items stayed; `reason` is a code of eligibility, NO_CAPACITY, BELOW_MINIMUM_LOT or ADJUSTED.
Sentence ExplainLeftover(std::string_view reason, int64_t items);

}  // namespace kubari::allocation
