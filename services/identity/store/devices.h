// Devices and API keys in the database. Their tokens are sessions (store/sessions.h).
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "services/identity/store/rows.h"

namespace kubari::identity {

// Takes display_name and grant; `name` is "devices/{id}".
absl::Status InsertDevice(pg::Transaction& tx, const pb::Device& device, absl::Time now);
// NOT_FOUND / DEVICE_NOT_FOUND.
absl::StatusOr<pb::Device> LoadDevice(pg::Transaction& tx, const std::string& id);
// Newest first; only of `organisation_id`, if given, and with `query` in their name.
absl::StatusOr<std::vector<pb::Device>> ListDevices(pg::Transaction& tx,
                                                    const std::optional<std::string>& organisation_id,
                                                    const std::string& query, const std::string& before_id, int limit);
// Ends its session too.
absl::Status RevokeDevice(pg::Transaction& tx, const std::string& id);

// Takes display_name and grant; `name` is "apiKeys/{id}".
absl::Status InsertApiKey(pg::Transaction& tx, const pb::ApiKey& key, absl::Time now);
// NOT_FOUND / API_KEY_NOT_FOUND.
absl::StatusOr<pb::ApiKey> LoadApiKey(pg::Transaction& tx, const std::string& id);
// Newest first.
absl::StatusOr<std::vector<pb::ApiKey>> ListApiKeys(pg::Transaction& tx, const std::string& before_id, int limit);
// Ends its session too.
absl::Status RevokeApiKey(pg::Transaction& tx, const std::string& id);

}  // namespace kubari::identity
