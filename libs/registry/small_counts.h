// Which counts of people's affairs may be told to readers who are not parties to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kubari::registry {

// A count below this could point to somebody.
inline constexpr int64_t kSmallestTold = 5;

// The places in `counts` that are not told: those below 5; and if that is only one, its count would follow from the
// total and the others, so the next smallest goes as well (the first of several). Counts of 0 are no secret and leave
// no trace: leave them out of `counts`.
inline std::vector<size_t> NotTold(const std::vector<int64_t>& counts) {
  std::vector<size_t> hidden;
  size_t next = counts.size();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < kSmallestTold) {
      hidden.push_back(i);
    } else if (next == counts.size() || counts[i] < counts[next]) {
      next = i;
    }
  }
  if (hidden.size() == 1 && next < counts.size()) hidden.push_back(next);
  return hidden;
}

}  // namespace kubari::registry
