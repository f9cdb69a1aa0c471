// The last steps of SplitMix64 (Steele, Lea, Flood 2014): close numbers become numbers that have nothing to do with
// each other, the same on every machine. For choosing without chance.
#pragma once

#include <cstdint>

namespace kubari::fairflow {

inline uint64_t Mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace kubari::fairflow
