// One step of an offer's life (domain/offer.h).
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "kubari/donors/v1/donors.pb.h"
#include "libs/calendar/clock.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "services/donors/offer_store.h"
#include "services/donors/viewer.h"

namespace kubari::donors {

// What every such request has.
template <typename Request>
void CheckStep(errors::Violations& violations, const Request& request) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("offers", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
}

// In one transaction: rights, etag, state, then `change`, which sees the offer in its new state. Who acts for the donor
// does not decide about its offer: PERMISSION_DENIED / OWN_OFFER.
template <typename Request>
absl::StatusOr<v1::Offer> Take(pg::Pool& pool, const calendar::Clock& clock, const rpc::Call& call,
                               const Request& request, Step step,
                               const std::function<absl::Status(pg::Transaction&, v1::Offer&)>& change) {
  const std::string offer_id = *ids::IdFromName("offers", request.name());
  return registry::Mutate<v1::Offer>(pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Offer> {
    ASSIGN_OR_RETURN(v1::Offer offer, LoadOffer(tx, offer_id, Lock::kUpdate));
    RETURN_IF_ERROR(CheckOwn(call, offer));
    if (step == Step::kAccept || step == Step::kDecline) RETURN_IF_ERROR(CheckDecider(call, offer));
    RETURN_IF_ERROR(registry::CheckEtag(offer.name(), request.etag(), offer.etag()));
    ASSIGN_OR_RETURN(const v1::OfferState next, Next(offer, step));
    offer.set_state(next);
    RETURN_IF_ERROR(change(tx, offer));
    RETURN_IF_ERROR(SaveOffer(tx, offer, clock.Now(), /*new_lines=*/false));
    return LoadOffer(tx, offer_id);
  });
}

}  // namespace kubari::donors
