// Every "no" of a stocktake; see domain/refusals.h.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "services/stock/domain/stocktake.h"

namespace kubari::stock::refusals {

absl::Status StocktakeNotFound(std::string_view name);
absl::Status CountNotFound(std::string_view name);
// Nobody counted it, or everybody who did took it back.
absl::Status LineNotCounted(const Lot& lot, const Place& place);
absl::Status StocktakeIdTaken(const std::string& stocktake_id);
// Says what may be done in the state that it is in.
absl::Status StocktakeClosed(const std::string& stocktake_id, pb::StocktakeState state);
absl::Status StocktakeBeingPosted(const std::string& stocktake_id);
absl::Status PlaceBeingCounted(std::string_view place_display_name, const std::string& stocktake_id,
                               std::string_view title);
absl::Status PlaceNotInStocktake(const std::string& stocktake_id, const std::string& place_id);
// `lines` are unsettled; the first of them is the one described.
absl::Status NotSettled(int lines, std::string_view lot_code, const std::string& lot_id, std::string_view place_code,
                        const std::string& place_id, const Line& first);
absl::Status NotYourCount(std::string_view count);

}  // namespace kubari::stock::refusals
