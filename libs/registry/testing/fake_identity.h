// An identity service for handler tests of the registries: organisations and networks, in memory.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/errors/errors.h"

namespace kubari::registry {

class FakeIdentity final : public identity::v1::IdentityService::Service {
 public:
  grpc::Status CreateOrganisation(grpc::ServerContext*, const identity::v1::CreateOrganisationRequest* request,
                                  identity::v1::Organisation* response) override {
    std::lock_guard lock(mutex_);
    if (away) return {grpc::StatusCode::UNAVAILABLE, "away"};
    ++creations;
    const auto replay = by_request_.find(request->request_id());
    if (replay != by_request_.end()) {
      *response = organisations_[replay->second];
      return grpc::Status::OK;
    }
    if (organisations_.contains(request->organisation_id())) {
      return errors::ToGrpc(
          errors::Make(absl::StatusCode::kAlreadyExists, "ORGANISATION_EXISTS", "exists", "あります"));
    }
    identity::v1::Organisation& made = organisations_[request->organisation_id()];
    made.set_name("organisations/" + request->organisation_id());
    made.set_kind(request->kind());
    made.set_display_name(request->display_name());
    by_request_[request->request_id()] = request->organisation_id();
    *response = made;
    return grpc::Status::OK;
  }
  grpc::Status GetOrganisation(grpc::ServerContext*, const identity::v1::GetOrganisationRequest* request,
                               identity::v1::Organisation* response) override {
    std::lock_guard lock(mutex_);
    *response = organisations_[request->name().substr(request->name().find('/') + 1)];
    return grpc::Status::OK;
  }
  grpc::Status ListNetworks(grpc::ServerContext*, const identity::v1::ListNetworksRequest*,
                            identity::v1::ListNetworksResponse* response) override {
    std::lock_guard lock(mutex_);
    ++lists;
    for (const identity::v1::Network& network : networks) *response->add_networks() = network;
    return grpc::Status::OK;
  }
  // Everybody has this address.
  grpc::Status GetPerson(grpc::ServerContext*, const identity::v1::GetPersonRequest* request,
                         identity::v1::Person* response) override {
    std::lock_guard lock(mutex_);
    response->set_name(request->name());
    response->set_email(email);
    return grpc::Status::OK;
  }

  // Puts one there as if somebody had made it before.
  void Add(const std::string& id, identity::v1::OrganisationKind kind) {
    std::lock_guard lock(mutex_);
    organisations_[id].set_name("organisations/" + id);
    organisations_[id].set_kind(kind);
  }
  void AddNetwork(const identity::v1::Network& network) {
    std::lock_guard lock(mutex_);
    networks.push_back(network);
  }
  std::map<std::string, identity::v1::Organisation> organisations() {
    std::lock_guard lock(mutex_);
    return organisations_;
  }

  bool away = false;
  int creations = 0;
  int lists = 0;
  std::vector<identity::v1::Network> networks;
  std::string email = "office@example.org";

 private:
  std::mutex mutex_;
  std::map<std::string, identity::v1::Organisation> organisations_;
  std::map<std::string, std::string> by_request_;
};

}  // namespace kubari::registry
