// What the ledger asks of other services: offers and donors, groups, organisations.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/rpc/call.h"

namespace kubari::stock {

class Registers {
 public:
  virtual ~Registers() = default;
  // Asked as this service, in the network of `call`: a volunteer's scan is judged by facts that the volunteer may not
  // read. `name`: "offers/{uuid}" … NOT_FOUND and UNAVAILABLE pass through.
  virtual absl::StatusOr<donors::v1::Offer> GetOffer(const rpc::Call& call, const std::string& name) = 0;
  virtual absl::StatusOr<donors::v1::Donor> GetDonor(const rpc::Call& call, const std::string& name) = 0;
  virtual absl::StatusOr<groups::v1::Group> GetGroup(const rpc::Call& call, const std::string& name) = 0;
  // How the caller's network is called.
  virtual absl::StatusOr<std::string> NetworkName(const rpc::Call& call) = 0;
  // On behalf of the caller. An organisation of this id and content that exists already is no error.
  virtual absl::Status CreateOperator(const rpc::Call& call, const std::string& request_id,
                                      const std::string& organisation_id, const std::string& display_name) = 0;
};

class GrpcRegisters final : public Registers {
 public:
  GrpcRegisters(std::shared_ptr<grpc::ChannelInterface> identity, std::shared_ptr<grpc::ChannelInterface> donors,
                std::shared_ptr<grpc::ChannelInterface> groups, std::string service_key);

  absl::StatusOr<donors::v1::Offer> GetOffer(const rpc::Call& call, const std::string& name) override;
  absl::StatusOr<donors::v1::Donor> GetDonor(const rpc::Call& call, const std::string& name) override;
  absl::StatusOr<groups::v1::Group> GetGroup(const rpc::Call& call, const std::string& name) override;
  absl::StatusOr<std::string> NetworkName(const rpc::Call& call) override;
  absl::Status CreateOperator(const rpc::Call& call, const std::string& request_id, const std::string& organisation_id,
                              const std::string& display_name) override;

 private:
  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  const std::unique_ptr<donors::v1::DonorsService::Stub> donors_;
  const std::unique_ptr<groups::v1::GroupsService::Stub> groups_;
  const std::string service_key_;
};

}  // namespace kubari::stock
