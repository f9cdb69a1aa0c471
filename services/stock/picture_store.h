// Products' pictures. Functions of a transaction; what they tell is as it is now, never kept.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/stock/domain/picture.h"
#include "services/stock/domain/types.h"

namespace kubari::stock::pictures {

// Sets `picture_hash` of these products, whose names are set; "" if there is none.
absl::Status TellHashes(pg::Transaction& tx, const std::vector<pb::Product*>& products);
absl::StatusOr<std::optional<pb::ProductPicture>> Load(pg::Transaction& tx, const std::string& product_id);

// Sets the image in place of the one with `expected_hash` (none, if that is empty); an empty image takes that one away.
// `hash`: of the image, 64 hexadecimal digits, or "" without one; if the product has it already, nothing happens.
// Errors: ABORTED / STALE_ETAG. The product must exist.
absl::Status Set(pg::Transaction& tx, const pb::SetProductPictureRequest& request, const Picture& picture,
                 const std::string& hash, const std::string& actor, absl::Time now);

}  // namespace kubari::stock::pictures
