// The RPCs of kubari.donors.v1.DonorsService, as plain functions. Each reads: shape → rights → existence → etag → state
// → write.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/errors/errors.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/donors/catalogue.h"
#include "services/donors/domain/import_offers.h"
#include "services/donors/domain/offer.h"

namespace kubari::donors {

class DonorsHandler {
 public:
  DonorsHandler(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> identity,
                std::shared_ptr<grpc::ChannelInterface> stock, const calendar::Clock& clock)
      : pool_(pool), identity_(identity::v1::IdentityService::NewStub(identity)), catalogue_(stock), clock_(clock) {}

  // donor_handlers.cc
  absl::StatusOr<v1::Donor> CreateDonor(const rpc::Call& call, const v1::CreateDonorRequest& request);
  absl::StatusOr<v1::Donor> GetDonor(const rpc::Call& call, const v1::GetDonorRequest& request);
  absl::StatusOr<v1::ListDonorsResponse> ListDonors(const rpc::Call& call, const v1::ListDonorsRequest& request);
  absl::StatusOr<v1::Donor> UpdateDonor(const rpc::Call& call, const v1::UpdateDonorRequest& request);
  absl::StatusOr<v1::Donor> CreateAgreement(const rpc::Call& call, const v1::CreateAgreementRequest& request);
  absl::StatusOr<v1::Donor> TerminateAgreement(const rpc::Call& call, const v1::TerminateAgreementRequest& request);

  // offer_handlers.cc
  absl::StatusOr<v1::Offer> CreateOffer(const rpc::Call& call, const v1::CreateOfferRequest& request);
  absl::StatusOr<v1::Offer> GetOffer(const rpc::Call& call, const v1::GetOfferRequest& request);
  absl::StatusOr<v1::ListOffersResponse> ListOffers(const rpc::Call& call, const v1::ListOffersRequest& request);
  absl::StatusOr<v1::Offer> UpdateOffer(const rpc::Call& call, const v1::UpdateOfferRequest& request);

  // offer_steps.cc
  absl::StatusOr<v1::Offer> SubmitOffer(const rpc::Call& call, const v1::SubmitOfferRequest& request);
  absl::StatusOr<v1::Offer> AcceptOffer(const rpc::Call& call, const v1::AcceptOfferRequest& request);
  absl::StatusOr<v1::Offer> DeclineOffer(const rpc::Call& call, const v1::DeclineOfferRequest& request);
  absl::StatusOr<v1::Offer> WithdrawOffer(const rpc::Call& call, const v1::WithdrawOfferRequest& request);
  absl::StatusOr<v1::Offer> CloseOffer(const rpc::Call& call, const v1::CloseOfferRequest& request);

  // import_handlers.cc
  absl::StatusOr<v1::ImportDonorsResponse> ImportDonors(const rpc::Call& call, const v1::ImportDonorsRequest& request);
  absl::StatusOr<v1::ImportOffersResponse> ImportOffers(const rpc::Call& call, const v1::ImportOffersRequest& request);
  absl::StatusOr<type::v1::ImportTemplate> GetImportTemplate(const rpc::Call& call, const type::v1::GetImportTemplateRequest& request);

 private:
  // The donors that the table names, as far as they are the caller's, by code.
  absl::StatusOr<std::map<std::string, v1::Donor>> DonorsOf(const rpc::Call& call, OfferTable& table);
  // Finds each line's product in the stock service; tells what is not there.
  absl::Status FindProducts(const rpc::Call& call, OfferTable& table);

  pg::Pool& pool_;
  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  Catalogue catalogue_;
  const calendar::Clock& clock_;
};

// Shared by offer handlers and imports: the agreement in force today, or FAILED_PRECONDITION / NO_AGREEMENT.
absl::StatusOr<type::v1::Agreement> AgreementToday(const v1::Donor& donor, absl::CivilDay today);
// Puts the offer under the agreement: its conditions become the agreement's, or must be as tight (CONDITIONS_WEAKENED).
absl::Status PutUnder(const type::v1::Agreement& agreement, v1::Offer& offer);
// Both, and the offer records which version of which agreement it was.
absl::Status SubmitUnder(const v1::Donor& donor, absl::CivilDay today, v1::Offer& offer);

}  // namespace kubari::donors
