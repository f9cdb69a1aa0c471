#include "services/allocation/domain/levels.h"

#include <algorithm>
#include <limits>

namespace kubari::allocation {

using Wide = __int128;

int64_t ShownLevel(const Level& level) {
  return static_cast<int64_t>(
      std::min<Wide>(static_cast<Wide>(level.food) * 100 / level.weight, std::numeric_limits<int64_t>::max()));
}

int64_t GiniE6(std::vector<Level> levels) {
  std::sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return Less(a, b); });
  Wide weight = 0, food = 0;
  for (const Level& level : levels) {
    weight += level.weight;
    food += level.food;
  }
  if (weight == 0 || food == 0) return 0;
  // 1 − Σ w_i (F_{i−1} + F_i) ÷ (W F), with F_i the food of the i poorest: twice the area under the Lorenz curve.
  Wide area = 0, below = 0;
  for (const Level& level : levels) {
    area += level.weight * (2 * below + level.food);
    below += level.food;
  }
  // In steps that stay exact for 2^60 of food and of weight: the quotient is below one.
  Wide rest = weight * food - area, all = weight * food;
  while (all > (Wide{1} << 105)) rest >>= 1, all >>= 1;
  return static_cast<int64_t>(rest * 1'000'000 / all);
}

int64_t JainE6(const std::vector<Level>& levels) {
  int64_t largest = 0;
  std::vector<int64_t> shown;
  for (const Level& level : levels) {
    shown.push_back(ShownLevel(level));
    largest = std::max(largest, shown.back());
  }
  if (largest == 0) return 1'000'000;
  // Beyond a million person-days the last digits do not matter, and the squares stay within 128 bits.
  int shift = 0;
  while (largest >> shift > 1'000'000'000) ++shift;
  Wide sum = 0, squares = 0;
  for (const int64_t level : shown) {
    const Wide x = level >> shift;
    sum += x;
    squares += x * x;
  }
  return static_cast<int64_t>(sum * sum * 1'000'000 / (squares * static_cast<Wide>(shown.size())));
}

}  // namespace kubari::allocation
