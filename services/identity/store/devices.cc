#include "services/identity/store/devices.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/search_table.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {
namespace {

constexpr pg::Statement kInsertDevice{
    "INSERT INTO devices (network_id, device_id, display_name, organisation_id, role, create_time) VALUES ($1, $2, $3, "
    "$4, $5, $6)"};
constexpr pg::Statement kLoadDevice{
    "SELECT device_id, display_name, organisation_id, role, create_time, last_seen_time, revoked "
    "FROM devices WHERE network_id = $1 AND device_id = $2"};
constexpr pg::Statement kListDevices{
    "SELECT device_id, display_name, organisation_id, role, create_time, last_seen_time, revoked "
    "FROM devices WHERE network_id = $1 AND ($2::uuid IS NULL OR organisation_id = $2) AND device_id < $3 "
    "AND ($5::text[] IS NULL OR device_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{devices}'", "$5", "$6", "$7") " f)) ORDER BY device_id DESC LIMIT $4"};
constexpr pg::Statement kRevokeDevice{"UPDATE devices SET revoked = true WHERE network_id = $1 AND device_id = $2"};

constexpr pg::Statement kInsertApiKey{
    "INSERT INTO api_keys (network_id, api_key_id, display_name, organisation_id, role, create_time) VALUES ($1, $2, "
    "$3, $4, $5, $6)"};
constexpr pg::Statement kLoadApiKey{
    "SELECT api_key_id, display_name, organisation_id, role, create_time, last_seen_time, revoked "
    "FROM api_keys WHERE network_id = $1 AND api_key_id = $2"};
constexpr pg::Statement kListApiKeys{
    "SELECT api_key_id, display_name, organisation_id, role, create_time, last_seen_time, revoked "
    "FROM api_keys WHERE network_id = $1 AND api_key_id < $2 ORDER BY api_key_id DESC LIMIT $3"};
constexpr pg::Statement kRevokeApiKey{"UPDATE api_keys SET revoked = true WHERE network_id = $1 AND api_key_id = $2"};

// Device and ApiKey have the same fields.
template <typename Message>
Message MessageOf(const pg::Row& row, const char* collection, const char* id_column) {
  Message message;
  message.set_name(ids::Name(collection, row.Get<std::string>(id_column)));
  message.set_display_name(row.Get<std::string>("display_name"));
  *message.mutable_grant() = GrantOf(row);
  *message.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  if (const auto seen = row.Get<std::optional<absl::Time>>("last_seen_time"))
    *message.mutable_last_seen_time() = ToTimestamp(*seen);
  message.set_revoked(row.Get<bool>("revoked"));
  return message;
}

pb::Device DeviceOf(const pg::Row& row) { return MessageOf<pb::Device>(row, "devices", "device_id"); }
pb::ApiKey ApiKeyOf(const pg::Row& row) { return MessageOf<pb::ApiKey>(row, "apiKeys", "api_key_id"); }

}  // namespace

absl::Status InsertDevice(pg::Transaction& tx, const pb::Device& device, absl::Time now) {
  registry::PutSearchKey(tx, "devices", *ids::IdFromName("devices", device.name()), {device.display_name()});
  return tx
      .Execute(kInsertDevice, tx.network_id(), ids::IdFromName("devices", device.name()), device.display_name(),
               ids::IdFromName("organisations", device.grant().organisation()), static_cast<int>(device.grant().role()),
               now)
      .status();
}

absl::StatusOr<pb::Device> LoadDevice(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadDevice, tx.network_id(), id));
  if (rows.empty()) return NotFound("DEVICE_NOT_FOUND", ids::Name("devices", id));
  return DeviceOf(rows[0]);
}

absl::StatusOr<std::vector<pb::Device>> ListDevices(pg::Transaction& tx,
                                                    const std::optional<std::string>& organisation_id,
                                                    const std::string& query, const std::string& before_id, int limit) {
  const registry::SearchWords all = registry::SplitQuery(query);
  const registry::SearchWords words = organisation_id ? all.Exactly() : all;
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kListDevices, tx.network_id(), organisation_id, before_id, limit, words.any(),
                            words.readings, words.similar));
  std::vector<pb::Device> devices;
  for (const pg::Row row : rows) devices.push_back(DeviceOf(row));
  return devices;
}

absl::Status RevokeDevice(pg::Transaction& tx, const std::string& id) {
  RETURN_IF_ERROR(tx.Execute(kRevokeDevice, tx.network_id(), id));
  return EndSessionsOf(tx, ids::Name("devices", id));
}

absl::Status InsertApiKey(pg::Transaction& tx, const pb::ApiKey& key, absl::Time now) {
  return tx
      .Execute(kInsertApiKey, tx.network_id(), ids::IdFromName("apiKeys", key.name()), key.display_name(),
               ids::IdFromName("organisations", key.grant().organisation()), static_cast<int>(key.grant().role()), now)
      .status();
}

absl::StatusOr<pb::ApiKey> LoadApiKey(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadApiKey, tx.network_id(), id));
  if (rows.empty()) return NotFound("API_KEY_NOT_FOUND", ids::Name("apiKeys", id));
  return ApiKeyOf(rows[0]);
}

absl::StatusOr<std::vector<pb::ApiKey>> ListApiKeys(pg::Transaction& tx, const std::string& before_id, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListApiKeys, tx.network_id(), before_id, limit));
  std::vector<pb::ApiKey> keys;
  for (const pg::Row row : rows) keys.push_back(ApiKeyOf(row));
  return keys;
}

absl::Status RevokeApiKey(pg::Transaction& tx, const std::string& id) {
  RETURN_IF_ERROR(tx.Execute(kRevokeApiKey, tx.network_id(), id));
  return EndSessionsOf(tx, ids::Name("apiKeys", id));
}

}  // namespace kubari::identity
