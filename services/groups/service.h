// gRPC ⇄ handler: one line per RPC.
#pragma once

#include "kubari/groups/v1/agreements.grpc.pb.h"
#include "kubari/groups/v1/applications.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/groups/v1/municipalities.grpc.pb.h"
#include "kubari/groups/v1/needs.grpc.pb.h"
#include "kubari/groups/v1/surveys.grpc.pb.h"
#include "libs/registry/agreement_handler.h"
#include "libs/rpc/dispatcher.h"
#include "services/groups/application_handler.h"
#include "services/groups/handler.h"
#include "services/groups/municipality_handler.h"
#include "services/groups/need_handler.h"
#include "services/groups/survey_handler.h"

namespace kubari::groups {

class GroupsService final : public v1::GroupsService::CallbackService {
 public:
  GroupsService(rpc::Dispatcher& dispatcher, GroupsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::GroupsService, CreateGroup)
  KUBARI_RPC(v1::GroupsService, GetGroup)
  KUBARI_RPC(v1::GroupsService, ListGroups)
  KUBARI_RPC(v1::GroupsService, ListHubGroups)
  KUBARI_RPC(v1::GroupsService, UpdateGroup)
  KUBARI_RPC(v1::GroupsService, ApproveGroup)
  KUBARI_RPC(v1::GroupsService, SuspendGroup)
  KUBARI_RPC(v1::GroupsService, CreateAgreement)
  KUBARI_RPC(v1::GroupsService, TerminateAgreement)
  KUBARI_RPC(v1::GroupsService, ImportGroups)
  KUBARI_RPC(v1::GroupsService, GetImportTemplate)

 private:
  rpc::Dispatcher& dispatcher_;
  GroupsHandler& handler_;
};

class ApplicationsService final : public v1::ApplicationsService::CallbackService {
 public:
  ApplicationsService(rpc::Dispatcher& dispatcher, ApplicationsHandler& handler)
      : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::ApplicationsService, ListApplications)
  KUBARI_RPC(v1::ApplicationsService, GetApplication)
  KUBARI_RPC(v1::ApplicationsService, RejectGroup)
  KUBARI_RPC(v1::ApplicationsService, SetCheck)
  KUBARI_RPC(v1::ApplicationsService, RecordReview)
  KUBARI_RPC(v1::ApplicationsService, GetGroupRules)
  KUBARI_RPC(v1::ApplicationsService, UpdateGroupRules)
  KUBARI_RPC(v1::ApplicationsService, GetApplicationForm)
  KUBARI_RPC(v1::ApplicationsService, SubmitApplication)
  KUBARI_RPC(v1::ApplicationsService, ConfirmApplication)

 private:
  rpc::Dispatcher& dispatcher_;
  ApplicationsHandler& handler_;
};

class NeedsService final : public v1::NeedsService::CallbackService {
 public:
  NeedsService(rpc::Dispatcher& dispatcher, NeedsHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::NeedsService, CreateNeed)
  KUBARI_RPC(v1::NeedsService, GetNeed)
  KUBARI_RPC(v1::NeedsService, ListNeeds)
  KUBARI_RPC(v1::NeedsService, UpdateNeed)
  KUBARI_RPC(v1::NeedsService, SetNeedState)

 private:
  rpc::Dispatcher& dispatcher_;
  NeedsHandler& handler_;
};

class SurveysService final : public v1::SurveysService::CallbackService {
 public:
  SurveysService(rpc::Dispatcher& dispatcher, SurveysHandler& handler) : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::SurveysService, CreateSurvey)
  KUBARI_RPC(v1::SurveysService, GetSurvey)
  KUBARI_RPC(v1::SurveysService, ListSurveys)
  KUBARI_RPC(v1::SurveysService, UpdateSurvey)
  KUBARI_RPC(v1::SurveysService, RemindSurvey)
  KUBARI_RPC(v1::SurveysService, ListSurveyAnswers)

 private:
  rpc::Dispatcher& dispatcher_;
  SurveysHandler& handler_;
};

class MunicipalitiesService final : public v1::MunicipalitiesService::CallbackService {
 public:
  MunicipalitiesService(rpc::Dispatcher& dispatcher, MunicipalitiesHandler& handler)
      : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::MunicipalitiesService, ListMunicipalities)

 private:
  rpc::Dispatcher& dispatcher_;
  MunicipalitiesHandler& handler_;
};

class AgreementsService final : public v1::AgreementsService::CallbackService {
 public:
  AgreementsService(rpc::Dispatcher& dispatcher, registry::AgreementsHandler& handler)
      : dispatcher_(dispatcher), handler_(handler) {}

  KUBARI_RPC(v1::AgreementsService, ReviseAgreement)
  KUBARI_RPC(v1::AgreementsService, ListAgreementVersions)
  KUBARI_RPC(v1::AgreementsService, AddAgreementDocument)
  KUBARI_RPC(v1::AgreementsService, GetAgreementDocument)
  KUBARI_RPC(v1::AgreementsService, ListAgreements)

 private:
  rpc::Dispatcher& dispatcher_;
  registry::AgreementsHandler& handler_;
};

}  // namespace kubari::groups
