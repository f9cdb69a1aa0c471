// The RPCs of kubari.groups.v1.GroupsService, as plain functions. Each reads: shape → rights → existence → etag → state
// → write.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "kubari/groups/v1/groups.pb.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::groups {

class GroupsHandler {
 public:
  // `service_key`: to ask the identity service for the e-mail address of whoever approves.
  GroupsHandler(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> identity, const calendar::Clock& clock,
                std::string service_key = "")
      : pool_(pool),
        identity_(identity::v1::IdentityService::NewStub(std::move(identity))),
        clock_(clock),
        service_key_(std::move(service_key)) {}

  // group_handlers.cc
  absl::StatusOr<v1::Group> CreateGroup(const rpc::Call& call, const v1::CreateGroupRequest& request);
  absl::StatusOr<v1::Group> GetGroup(const rpc::Call& call, const v1::GetGroupRequest& request);
  absl::StatusOr<v1::ListGroupsResponse> ListGroups(const rpc::Call& call, const v1::ListGroupsRequest& request);
  absl::StatusOr<v1::ListHubGroupsResponse> ListHubGroups(const rpc::Call& call,
                                                          const v1::ListHubGroupsRequest& request);
  absl::StatusOr<v1::Group> UpdateGroup(const rpc::Call& call, const v1::UpdateGroupRequest& request);

  // standing_handlers.cc: what lets a group receive
  absl::StatusOr<v1::Group> ApproveGroup(const rpc::Call& call, const v1::ApproveGroupRequest& request);
  absl::StatusOr<v1::Group> SuspendGroup(const rpc::Call& call, const v1::SuspendGroupRequest& request);
  absl::StatusOr<v1::Group> CreateAgreement(const rpc::Call& call, const v1::CreateAgreementRequest& request);
  absl::StatusOr<v1::Group> TerminateAgreement(const rpc::Call& call, const v1::TerminateAgreementRequest& request);

  // import_handler.cc
  absl::StatusOr<v1::ImportGroupsResponse> ImportGroups(const rpc::Call& call, const v1::ImportGroupsRequest& request);
  absl::StatusOr<type::v1::ImportTemplate> GetImportTemplate(const rpc::Call& call, const type::v1::GetImportTemplateRequest& request);

 private:
  // Of the person who calls; empty for a program.
  absl::StatusOr<std::string> EmailOf(const rpc::Call& call);

  pg::Pool& pool_;
  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  const calendar::Clock& clock_;
  const std::string service_key_;
};

}  // namespace kubari::groups
