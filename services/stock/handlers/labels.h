// Papers: lot labels and delivery sheets (libs/labels draws them).
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "kubari/stock/v1/labels.pb.h"
#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class LabelsHandler {
 public:
  // `public_url`: where people open the web app, without a trailing slash; the codes on paper lead there.
  LabelsHandler(const Context& context, std::string public_url)
      : context_(context), public_url_(std::move(public_url)) {}

  absl::StatusOr<pb::PrintLabelsResponse> PrintLabels(const rpc::Call& call, const pb::PrintLabelsRequest& request);
  absl::StatusOr<pb::PrintDeliverySheetResponse> PrintDeliverySheet(const rpc::Call& call,
                                                                    const pb::PrintDeliverySheetRequest& request);

 private:
  const Context context_;
  const std::string public_url_;
};

// A lot's own label as GS1 Digital Link: (01) the product's GTIN, or one for restricted circulation if it has none,
// (10) the lot's code, and its date as (17) use-by or (15) best-before. LookUpCode reads it back.
absl::StatusOr<std::string> LinkOfLot(const std::string& public_url, const pb::Lot& lot);

}  // namespace kubari::stock
