// gRPC ⇄ handler: one line per RPC.
#pragma once

#include "kubari/donors/v1/agreements.grpc.pb.h"
#include "kubari/donors/v1/broadcasts.grpc.pb.h"
#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/donors/v1/profile.grpc.pb.h"
#include "kubari/donors/v1/questions.grpc.pb.h"
#include "kubari/donors/v1/standing_offers.grpc.pb.h"
#include "libs/registry/agreement_handler.h"
#include "libs/rpc/dispatcher.h"
#include "services/donors/broadcast_handler.h"
#include "services/donors/handler.h"
#include "services/donors/profile_handler.h"
#include "services/donors/questions_handler.h"
#include "services/donors/standing_handler.h"

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
  KUBARI_RPC(v1::DonorsService, GetImportTemplate)

 private:
  rpc::Dispatcher& dispatcher_;
  DonorsHandler& handler_;
};

class AgreementsService final : public v1::AgreementsService::CallbackService {
 public:
  AgreementsService(rpc::Dispatcher& dispatcher, registry::AgreementsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::AgreementsService, ReviseAgreement)
  KUBARI_RPC(v1::AgreementsService, ListAgreementVersions)
  KUBARI_RPC(v1::AgreementsService, AddAgreementDocument)
  KUBARI_RPC(v1::AgreementsService, GetAgreementDocument)
  KUBARI_RPC(v1::AgreementsService, ListAgreements)

 private:
  rpc::Dispatcher& dispatcher_;
  registry::AgreementsHandler& handler_;
};

class DonorProfilesService final : public v1::DonorProfilesService::CallbackService {
 public:
  DonorProfilesService(rpc::Dispatcher& dispatcher, ProfilesHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::DonorProfilesService, GetDonorProfile)
  KUBARI_RPC(v1::DonorProfilesService, UpdateDonorProfile)
  KUBARI_RPC(v1::DonorProfilesService, AllowActing)
  KUBARI_RPC(v1::DonorProfilesService, EndActing)
  KUBARI_RPC(v1::DonorProfilesService, ListWholesalers)

 private:
  rpc::Dispatcher& dispatcher_;
  ProfilesHandler& handler_;
};

class OfferQuestionsService final : public v1::OfferQuestionsService::CallbackService {
 public:
  OfferQuestionsService(rpc::Dispatcher& dispatcher, QuestionsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::OfferQuestionsService, AskAboutOffer)
  KUBARI_RPC(v1::OfferQuestionsService, AnswerQuestion)
  KUBARI_RPC(v1::OfferQuestionsService, ListOfferMessages)

 private:
  rpc::Dispatcher& dispatcher_;
  QuestionsHandler& handler_;
};

class StandingOffersService final : public v1::StandingOffersService::CallbackService {
 public:
  StandingOffersService(rpc::Dispatcher& dispatcher, StandingOffersHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::StandingOffersService, CreateStandingOffer)
  KUBARI_RPC(v1::StandingOffersService, GetStandingOffer)
  KUBARI_RPC(v1::StandingOffersService, ListStandingOffers)
  KUBARI_RPC(v1::StandingOffersService, UpdateStandingOffer)

 private:
  rpc::Dispatcher& dispatcher_;
  StandingOffersHandler& handler_;
};

class BroadcastsService final : public v1::BroadcastsService::CallbackService {
 public:
  BroadcastsService(rpc::Dispatcher& dispatcher, BroadcastsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::BroadcastsService, CreateBroadcast)
  KUBARI_RPC(v1::BroadcastsService, GetBroadcast)
  KUBARI_RPC(v1::BroadcastsService, ListBroadcasts)
  KUBARI_RPC(v1::BroadcastsService, ListBroadcastAnswers)
  KUBARI_RPC(v1::BroadcastsService, AnswerBroadcast)
  KUBARI_RPC(v1::BroadcastsService, CloseBroadcast)

 private:
  rpc::Dispatcher& dispatcher_;
  BroadcastsHandler& handler_;
};

}  // namespace kubari::donors
