// What products look like.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class PicturesHandler {
 public:
  explicit PicturesHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::Product> SetProductPicture(const rpc::Call& call, const pb::SetProductPictureRequest& request);
  absl::StatusOr<pb::ProductPicture> GetProductPicture(const rpc::Call& call,
                                                       const pb::GetProductPictureRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
