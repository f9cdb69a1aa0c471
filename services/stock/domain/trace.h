// Tracing (トレース): which lots were made from which, forward and backward. Pure: what one step finds is asked from
// the caller, so the walk costs what the goods' own transformations are, however long the ledger.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/stock/domain/types.h"

namespace kubari::stock {

// What one transformation took of a lot and made of it; what was reversed is subtracted.
struct Transformed {
  std::string transformation_id;
  std::string lot_id;
  int64_t consumed = 0;
  int64_t produced = 0;
};

struct LotLink {
  std::string from_lot;
  std::string to_lot;
  std::string transformation_id;
  int64_t from_items = 0;  // went in
  int64_t to_items = 0;    // came out
};

struct Lineage {
  std::vector<std::string> lots;  // those asked for, then the others in the order they were found
  std::vector<LotLink> links;
  bool incomplete = false;  // cut at `limit` lots
};

enum class Direction { kForward, kBackward };

// All lots that were made from `seeds` (kForward), or that they were made from (kBackward). `step` gives every lot of
// the transformations that consumed (kForward) or produced (kBackward) one of these lots. A transformation that was
// reversed made nothing.
absl::StatusOr<Lineage> Follow(
    const std::vector<std::string>& seeds, Direction direction, int limit,
    absl::FunctionRef<absl::StatusOr<std::vector<Transformed>>(const std::vector<std::string>& lots)> step);

// From which lot which was made by these movements, all of each transformation among them.
std::vector<LotLink> LinksOf(const std::vector<Movement>& movements);

}  // namespace kubari::stock
