// The RPCs of kubari.donors.v1.StandingOffersService, as plain functions, and the work that repeats the offers.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/donors/v1/standing_offers.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/donors/catalogue.h"
#include "services/donors/standing_store.h"

namespace kubari::donors {

class StandingOffersHandler {
 public:
  StandingOffersHandler(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> stock, const calendar::Clock& clock)
      : pool_(pool), catalogue_(std::move(stock)), clock_(clock) {}

  absl::StatusOr<v1::StandingOffer> CreateStandingOffer(const rpc::Call& call,
                                                        const v1::CreateStandingOfferRequest& request);
  absl::StatusOr<v1::StandingOffer> GetStandingOffer(const rpc::Call& call, const v1::GetStandingOfferRequest& request);
  absl::StatusOr<v1::ListStandingOffersResponse> ListStandingOffers(const rpc::Call& call,
                                                                    const v1::ListStandingOffersRequest& request);
  absl::StatusOr<v1::StandingOffer> UpdateStandingOffer(const rpc::Call& call,
                                                        const v1::UpdateStandingOfferRequest& request);

 private:
  // What the caller may set, with the lines as their products describe them.
  absl::StatusOr<Standing> Content(const rpc::Call& call, const v1::StandingOffer& given);

  pg::Pool& pool_;
  Catalogue catalogue_;
  const calendar::Clock& clock_;
};

// Makes the offers of one network that are due on `today`, each once however often and wherever it runs: a day's row in
// standing_offer_days is its proof. One that cannot be submitted stays a draft, and people are told.
absl::Status RepeatStandingOffers(pg::Pool& pool, const std::string& network_id, absl::CivilDay today, absl::Time now);

}  // namespace kubari::donors
