#include "services/support/domain/statistics.h"

namespace kubari::support {
namespace {

void Take(pb::StatisticsRow& row) {
  row.clear_figures();
  row.set_suppressed(true);
}

}  // namespace

void Suppress(pb::SupportStatistics& statistics) {
  if (statistics.total().requests() < kSmallestTold) {
    statistics.clear_total();
    statistics.set_total_suppressed(true);
  }
  int taken = 0;
  for (pb::StatisticsRow& row : *statistics.mutable_rows()) {
    if (row.figures().requests() >= kSmallestTold) continue;
    Take(row);
    ++taken;
  }
  if (taken != 1) return;
  pb::StatisticsRow* smallest = nullptr;
  for (pb::StatisticsRow& row : *statistics.mutable_rows()) {
    if (row.suppressed()) continue;
    if (smallest == nullptr || row.figures().requests() < smallest->figures().requests()) smallest = &row;
  }
  if (smallest != nullptr) {
    Take(*smallest);
  } else if (!statistics.total_suppressed()) {
    // The only row there is: the total would be its count.
    statistics.clear_total();
    statistics.set_total_suppressed(true);
  }
}

}  // namespace kubari::support
