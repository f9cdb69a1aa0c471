// What the demo plays beside the main job, so that every register has something in it. Each may be repeated.
#pragma once

#include "kubari/allocation/v1/allocation.pb.h"
#include "ops/kubari/demo/cast.h"

namespace kubari::cli {

// A hub hands on some of what came by it for the groups it serves; the rest waits there.
absl::Status PlayHub(Cast& cast, const kubari::allocation::v1::Run& run);
// Needs, a survey under way, an application to be checked, a standing offer, and "who can use this?".
absl::Status PlayRegisters(Cast& cast);
// A municipality's office asks for food support: requests at every step, some fulfilled from stock.
absl::Status PlaySupport(Cast& cast);
// A campaign with a public form and applications.
absl::Status PlayCampaign(Cast& cast);
// An open round of claims and one of sealed bids, each with some entries.
absl::Status PlayRounds(Cast& cast);

}  // namespace kubari::cli
