// Networks and organisations in the database.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/identity/store/rows.h"

namespace kubari::identity {

// The transaction's own network. Errors: ALREADY_EXISTS / NETWORK_CODE_TAKEN.
absl::Status InsertNetwork(pg::Transaction& tx, const std::string& code, const std::string& display_name,
                           const std::string& time_zone, absl::Time now);
// NOT_FOUND / NETWORK_NOT_FOUND.
absl::StatusOr<pb::Network> LoadNetwork(pg::Transaction& tx);

// Across networks. An empty code finds the only network, if there is but one.
absl::StatusOr<std::optional<std::string>> FindNetworkByCode(pg::Pool& pool, const std::string& code,
                                                             absl::Time deadline);
absl::StatusOr<std::vector<pb::Network>> ListNetworks(pg::Pool& pool, const std::string& after_code, int limit,
                                                      absl::Time deadline);

// Does nothing if the id is taken.
absl::Status InsertOrganisation(pg::Transaction& tx, const std::string& id, pb::OrganisationKind kind,
                                const std::string& display_name, absl::Time now);
// NOT_FOUND / ORGANISATION_NOT_FOUND.
absl::StatusOr<pb::Organisation> LoadOrganisation(pg::Transaction& tx, const std::string& id);
// By display name; of any kind if unspecified.
absl::StatusOr<std::vector<pb::Organisation>> ListOrganisations(pg::Transaction& tx, pb::OrganisationKind kind,
                                                                const std::string& query, const std::string& after_name,
                                                                const std::string& after_id, int limit);
// Of those that exist, by id.
absl::StatusOr<std::map<std::string, pb::OrganisationKind>> KindsOf(pg::Transaction& tx,
                                                                    const std::vector<std::string>& ids);

}  // namespace kubari::identity
