#include "services/allocation/domain/shares.h"

#include <algorithm>
#include <cstddef>

namespace kubari::allocation {

using Wide = __int128;

int64_t CostOf(const LineFacts& line, int64_t price, int64_t per_case, int64_t paid) {
  const bool ended = line.state == v1::LINE_STATE_REFUSED || line.state == v1::LINE_STATE_EXPIRED ||
                     line.state == v1::LINE_STATE_DROPPED;
  const int64_t counts =
      price < 0 ? line.confirmed
                : std::max<int64_t>(0, (ended ? line.shipped : line.items) - line.missing - line.missing_on);
  // Towards zero: down for what is owed, and up (less) for what is earned.
  const int64_t cost = static_cast<int64_t>(static_cast<Wide>(price) * counts / std::max<int64_t>(1, per_case));
  return std::min(paid, cost);
}

std::vector<int64_t> GiveBack(int64_t pool, const std::vector<int64_t>& weights) {
  std::vector<int64_t> parts(weights.size());
  Wide all = 0;
  for (const int64_t weight : weights) all += weight;
  if (pool <= 0 || all == 0) return parts;
  std::vector<size_t> order;
  std::vector<Wide> remainder;
  int64_t left = pool;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Wide exact = static_cast<Wide>(pool) * weights[i];
    parts[i] = static_cast<int64_t>(exact / all);
    remainder.push_back(exact % all);
    left -= parts[i];
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  // Fewer are left than there are remainders above zero.
  for (size_t i = 0; left > 0; ++i, --left) ++parts[order[i]];
  return parts;
}

}  // namespace kubari::allocation
