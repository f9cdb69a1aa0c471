#include "services/support/domain/statistics.h"

#include <vector>

#include "libs/registry/small_counts.h"

namespace kubari::support {
namespace {

void Take(pb::StatisticsRow& row) {
  row.clear_figures();
  row.set_suppressed(true);
}

}  // namespace

void Suppress(pb::SupportStatistics& statistics) {
  if (statistics.total().requests() < registry::kSmallestTold) {
    statistics.clear_total();
    statistics.set_total_suppressed(true);
  }
  std::vector<int64_t> counts;
  for (const pb::StatisticsRow& row : statistics.rows()) counts.push_back(row.figures().requests());
  const std::vector<size_t> hidden = registry::NotTold(counts);
  for (const size_t i : hidden) Take(*statistics.mutable_rows(static_cast<int>(i)));
  if (hidden.size() == 1 && !statistics.total_suppressed()) {
    // The only row there is: the total would be its count.
    statistics.clear_total();
    statistics.set_total_suppressed(true);
  }
}

}  // namespace kubari::support
