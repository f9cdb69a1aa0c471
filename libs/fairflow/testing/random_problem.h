// Small problems with everything that may occur, for tests.
#pragma once

#include <random>

#include "libs/fairflow/problem.h"

namespace kubari::fairflow::testing {

struct Shape {
  int groups = 3, lots = 4;
  int most_cases = 4, most_value = 3;
  bool limits = false;  // caps, floors, smallest quantities, what is held back
  bool doors = false;   // bins that share one
};

// mt19937_64 is the same everywhere; std's distributions are not, and are not used.
class RandomProblem {
 public:
  explicit RandomProblem(uint64_t seed) : engine_(seed) {}
  int Below(int limit) { return static_cast<int>(engine_() % static_cast<uint64_t>(limit)); }
  Problem Make(const Shape& shape);
  // The same problem with everything in another order.
  Problem Shuffled(const Problem& problem);

 private:
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(static_cast<int>(i))]);
  }
  std::mt19937_64 engine_;
};

}  // namespace kubari::fairflow::testing
