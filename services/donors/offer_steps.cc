// The steps of an offer's life: submit, accept, decline, withdraw, close (domain/offer.h).
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/donors/handler.h"
#include "services/donors/offer_store.h"
#include "services/donors/viewer.h"

namespace kubari::donors {
namespace {

// What all five requests have.
template <typename Request>
void CheckStep(errors::Violations& violations, const Request& request) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("offers", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
}

absl::Status Nothing(pg::Transaction&, v1::Offer&) { return absl::OkStatus(); }

}  // namespace

template <typename Request>
absl::StatusOr<v1::Offer> DonorsHandler::Take(const rpc::Call& call, const Request& request, Step step,
                                              const Change& change) {
  const std::string offer_id = *ids::IdFromName("offers", request.name());
  return registry::Mutate<v1::Offer>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Offer> {
    ASSIGN_OR_RETURN(v1::Offer offer, LoadOffer(tx, offer_id, Lock::kUpdate));
    RETURN_IF_ERROR(CheckOwn(call, offer.donor()));
    RETURN_IF_ERROR(registry::CheckEtag(offer.name(), request.etag(), offer.etag()));
    ASSIGN_OR_RETURN(const v1::OfferState next, Next(offer, step));
    RETURN_IF_ERROR(change(tx, offer));
    offer.set_state(next);
    RETURN_IF_ERROR(SaveOffer(tx, offer, clock_.Now(), /*new_lines=*/false));
    return LoadOffer(tx, offer_id);
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::SubmitOffer(const rpc::Call& call, const v1::SubmitOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return Take(call, request, Step::kSubmit, [&](pg::Transaction& tx, v1::Offer& offer) -> absl::Status {
    ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, *ids::IdFromName("donors", offer.donor())));
    ASSIGN_OR_RETURN(const type::v1::Agreement agreement, AgreementToday(donor, today));
    RETURN_IF_ERROR(PutUnder(agreement, offer));
    offer.set_agreement(agreement.name());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::AcceptOffer(const rpc::Call& call, const v1::AcceptOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Name("warehouses", "warehouse", request.warehouse());
  for (int i = 0; i < request.lines_size(); ++i) {
    registry::CheckChildName(violations, "offers", "lines", absl::StrCat("lines[", i, "].line"),
                             request.lines(i).line());
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Offer>(pool_, call, request));
  if (first) return *first;
  RETURN_IF_ERROR(catalogue_.CheckWarehouse(call, request.warehouse()));
  return Take(call, request, Step::kAccept, [&](pg::Transaction&, v1::Offer& offer) -> absl::Status {
    offer.set_warehouse(request.warehouse());
    return AcceptLines(offer, request.lines());
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::DeclineOffer(const rpc::Call& call, const v1::DeclineOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("reason", request.reason(), 1, 500);
  RETURN_IF_ERROR(violations.status());
  return Take(call, request, Step::kDecline, [&](pg::Transaction&, v1::Offer& offer) {
    offer.set_decline_reason(request.reason());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::WithdrawOffer(const rpc::Call& call, const v1::WithdrawOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(call, request, Step::kWithdraw, &Nothing);
}

absl::StatusOr<v1::Offer> DonorsHandler::CloseOffer(const rpc::Call& call, const v1::CloseOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(call, request, Step::kClose, &Nothing);
}

}  // namespace kubari::donors
