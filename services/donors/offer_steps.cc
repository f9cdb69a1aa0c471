// The steps of an offer's life: submit, accept, decline, withdraw, close (domain/offer.h).
#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/donors/acting_store.h"
#include "services/donors/handler.h"
#include "services/donors/notices.h"
#include "services/donors/take.h"

namespace kubari::donors {
absl::StatusOr<v1::Offer> DonorsHandler::SubmitOffer(const rpc::Call& call, const v1::SubmitOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return Take(pool_, clock_, call, request, Step::kSubmit, [&](pg::Transaction& tx, v1::Offer& offer) -> absl::Status {
    RETURN_IF_ERROR(CheckConsent(tx, offer, today));
    ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, *ids::IdFromName("donors", offer.donor()), today));
    RETURN_IF_ERROR(SubmitUnder(donor, today, offer));
    TellSubmitted(tx, offer, clock_.Now());
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
  violations.Text("note", request.note(), 0, 500);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Offer>(pool_, call, request));
  if (first) return *first;
  RETURN_IF_ERROR(catalogue_.CheckWarehouse(call, request.warehouse()));
  return Take(pool_, clock_, call, request, Step::kAccept, [&](pg::Transaction& tx, v1::Offer& offer) -> absl::Status {
    offer.set_warehouse(request.warehouse());
    RETURN_IF_ERROR(AcceptLines(offer, request.lines()));
    offer.set_accept_note(request.note());
    TellAccepted(tx, offer, clock_.Now());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::DeclineOffer(const rpc::Call& call, const v1::DeclineOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("reason", request.reason(), 1, 500);
  RETURN_IF_ERROR(violations.status());
  return Take(pool_, clock_, call, request, Step::kDecline, [&](pg::Transaction& tx, v1::Offer& offer) {
    offer.set_decline_reason(request.reason());
    TellDeclined(tx, offer, clock_.Now());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::WithdrawOffer(const rpc::Call& call, const v1::WithdrawOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(pool_, clock_, call, request, Step::kWithdraw,
              [](pg::Transaction&, v1::Offer&) { return absl::OkStatus(); });
}

absl::StatusOr<v1::Offer> DonorsHandler::CloseOffer(const rpc::Call& call, const v1::CloseOfferRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Text("note", request.note(), 0, 500);
  RETURN_IF_ERROR(violations.status());
  return Take(pool_, clock_, call, request, Step::kClose, [&](pg::Transaction& tx, v1::Offer& offer) {
    offer.set_close_note(request.note());
    // What arrived in full was told when it did.
    const bool differs = std::any_of(offer.lines().begin(), offer.lines().end(), [](const v1::OfferLine& line) {
      return line.received_items() != line.accepted_cases() * line.items_per_case();
    });
    if (differs) TellReceived(tx, offer, clock_.Now());
    return absl::OkStatus();
  });
}

}  // namespace kubari::donors
