// What goods become when they are packed together, split or repacked: facts of the new lots, from those of the old.
// Pure.
//
//   items               kit: each input divides evenly among the kits. Split: item for item. Repack: no more grams come
//                       out than went in.
//   date                the earliest of the inputs, as a use-by date if any of them has one; a given date may be
//   earlier temperature         the same for inputs and outputs allergens           contains what any input or the
//   product contains; free from what all inputs are free from tags                what suits someone (care food, low
//   salt, baby food, halal, vegetarian) only if all inputs have
//                       it; needs cooking and stockpile if any has
//   conditions          the strictest of all
//   donor               of all inputs, if it is one; else empty: parts name theirs
//   parts               of kits; those of a kit in a kit are its own (kits of kits are flat). Its grams and person-days
//                       are their sums. A split kit keeps its parts. A kit is not repacked: it is taken apart by
//                       reversing what made it.
//   person-days         conserved: repacked goods have their share by weight, rounded down
//   lot number          as given, or of a single input lot
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "services/stock/domain/ledger.h"

namespace kubari::stock {

struct Recipe {
  struct Output {
    pb::Product product;
    int64_t items = 0;
    std::optional<type::v1::GoodUntil> good_until;
    std::string donor_lot_number;
  };
  pb::TransformationKind kind = pb::TRANSFORMATION_KIND_UNSPECIFIED;
  std::string transformation_id;
  std::vector<Send::Goods> inputs;  // at least one
  std::vector<Output> outputs;      // at least one; a split's product is the input's
};

// The lots that come out, in the order of the outputs, without their codes. Errors in this order: INVALID_ARGUMENT (a
// recipe that its kind does not know: fields "inputs" and "outputs"), TEMPERATURE_MISMATCH, UNEVEN_KIT,
// WEIGHT_EXCEEDED, DATE_TOO_LATE.
absl::StatusOr<std::vector<Lot>> LotsMadeBy(const std::string& network_id, const Recipe& recipe);

}  // namespace kubari::stock
