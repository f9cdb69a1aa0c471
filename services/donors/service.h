// gRPC ⇄ handler: one line per RPC.
#pragma once

#include "kubari/donors/v1/donors.grpc.pb.h"
#include "libs/rpc/dispatcher.h"
#include "services/donors/handler.h"

namespace kubari::donors {

class DonorsService final : public v1::DonorsService::CallbackService {
 public:
  DonorsService(rpc::Dispatcher& dispatcher, DonorsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::DonorsService, CreateDonor)
  KUBARI_RPC(v1::DonorsService, GetDonor)
  KUBARI_RPC(v1::DonorsService, ListDonors)
  KUBARI_RPC(v1::DonorsService, UpdateDonor)
  KUBARI_RPC(v1::DonorsService, CreateAgreement)
  KUBARI_RPC(v1::DonorsService, TerminateAgreement)
  KUBARI_RPC(v1::DonorsService, CreateOffer)
  KUBARI_RPC(v1::DonorsService, GetOffer)
  KUBARI_RPC(v1::DonorsService, ListOffers)
  KUBARI_RPC(v1::DonorsService, UpdateOffer)
  KUBARI_RPC(v1::DonorsService, SubmitOffer)
  KUBARI_RPC(v1::DonorsService, AcceptOffer)
  KUBARI_RPC(v1::DonorsService, DeclineOffer)
  KUBARI_RPC(v1::DonorsService, WithdrawOffer)
  KUBARI_RPC(v1::DonorsService, CloseOffer)
  KUBARI_RPC(v1::DonorsService, ImportDonors)
  KUBARI_RPC(v1::DonorsService, ImportOffers)

 private:
  rpc::Dispatcher& dispatcher_;
  DonorsHandler& handler_;
};

}  // namespace kubari::donors
