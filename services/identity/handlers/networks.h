// Networks and organisations.
#pragma once

#include "services/identity/handlers/tools.h"

namespace kubari::identity {

class NetworksHandler {
 public:
  explicit NetworksHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::CreateNetworkResponse> CreateNetwork(const rpc::Call& call,
                                                          const pb::CreateNetworkRequest& request);
  absl::StatusOr<pb::ListNetworksResponse> ListNetworks(const rpc::Call& call, const pb::ListNetworksRequest& request);
  absl::StatusOr<pb::Network> GetNetwork(const rpc::Call& call, const pb::GetNetworkRequest& request);

  absl::StatusOr<pb::Organisation> CreateOrganisation(const rpc::Call& call,
                                                      const pb::CreateOrganisationRequest& request);
  absl::StatusOr<pb::Organisation> GetOrganisation(const rpc::Call& call, const pb::GetOrganisationRequest& request);
  absl::StatusOr<pb::ListOrganisationsResponse> ListOrganisations(const rpc::Call& call,
                                                                  const pb::ListOrganisationsRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::identity
