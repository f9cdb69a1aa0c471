#include "services/stock/registers.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/rpc/client.h"

namespace kubari::stock {

GrpcRegisters::GrpcRegisters(std::shared_ptr<grpc::ChannelInterface> identity,
                             std::shared_ptr<grpc::ChannelInterface> donors,
                             std::shared_ptr<grpc::ChannelInterface> groups, std::string service_key)
    : identity_(identity::v1::IdentityService::NewStub(identity)),
      donors_(donors::v1::DonorsService::NewStub(donors)),
      groups_(groups::v1::GroupsService::NewStub(groups)),
      service_key_(std::move(service_key)) {}

absl::StatusOr<donors::v1::Offer> GrpcRegisters::GetOffer(const rpc::Call& call, const std::string& name) {
  donors::v1::GetOfferRequest request;
  request.set_name(name);
  return rpc::Invoke(&donors::v1::DonorsService::Stub::GetOffer, *donors_, rpc::AsService(service_key_, call), request);
}

absl::StatusOr<donors::v1::Donor> GrpcRegisters::GetDonor(const rpc::Call& call, const std::string& name) {
  donors::v1::GetDonorRequest request;
  request.set_name(name);
  return rpc::Invoke(&donors::v1::DonorsService::Stub::GetDonor, *donors_, rpc::AsService(service_key_, call), request);
}

absl::StatusOr<groups::v1::Group> GrpcRegisters::GetGroup(const rpc::Call& call, const std::string& name) {
  groups::v1::GetGroupRequest request;
  request.set_name(name);
  return rpc::Invoke(&groups::v1::GroupsService::Stub::GetGroup, *groups_, rpc::AsService(service_key_, call), request);
}

absl::StatusOr<std::string> GrpcRegisters::NetworkName(const rpc::Call& call) {
  identity::v1::GetNetworkRequest request;
  ASSIGN_OR_RETURN(
      const identity::v1::Network network,
      rpc::Invoke(&identity::v1::IdentityService::Stub::GetNetwork, *identity_, rpc::AsService(service_key_, call), request));
  return network.display_name();
}

absl::Status GrpcRegisters::CreateOperator(const rpc::Call& call, const std::string& request_id,
                                           const std::string& organisation_id, const std::string& display_name) {
  identity::v1::CreateOrganisationRequest request;
  request.set_request_id(request_id);
  request.set_organisation_id(organisation_id);
  request.set_kind(identity::v1::ORGANISATION_KIND_OPERATOR);
  request.set_display_name(display_name);
  return rpc::Invoke(&identity::v1::IdentityService::Stub::CreateOrganisation, *identity_, rpc::OnBehalfOf(call),
                     request)
      .status();
}

}  // namespace kubari::stock
