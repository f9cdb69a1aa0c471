// Which goods a trace or a recall is about, from the request.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "libs/errors/errors.h"
#include "services/stock/domain/recall.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

// Adds to `violations` what is wrong with the shape; `field` is its path in the request.
void CheckGoods(const pb::Goods& goods, std::string_view field, errors::Violations& violations);

struct AskedGoods {
  Goods goods;
  // The same as the contract shows it: lots by name, the GTIN with 14 digits.
  pb::Goods shown;
};
// Errors: LOT_NOT_FOUND; INVALID_ARGUMENT / CODE_INVALID for a GTIN that cannot be read.
absl::StatusOr<AskedGoods> ReadGoods(const Context& context, const rpc::Call& call, const pb::Goods& goods);

}  // namespace kubari::stock
