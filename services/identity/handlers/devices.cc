#include "services/identity/handlers/devices.h"

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/identity/store/devices.h"
#include "services/identity/store/sessions.h"

namespace kubari::identity {

absl::StatusOr<pb::ListDevicesResponse> DevicesHandler::ListDevices(const rpc::Call& call,
                                                                    const pb::ListDevicesRequest& request) {
  errors::Violations violations;
  CheckQuery(violations, request.query());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto organisation_id, OrganisationFilter(call, request.organisation()));
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {kLastId}));
  auto devices = tools_.pool.Read(context, [&](pg::Transaction& tx) {
    return identity::ListDevices(tx, organisation_id, request.query(), page.key(0), page.limit());
  });
  RETURN_IF_ERROR(devices);
  pb::ListDevicesResponse response;
  response.set_next_page_token(
      page.Cut(*devices, [](const pb::Device& last) { return std::vector{IdOf(last.name())}; }));
  Fill(response.mutable_devices(), *std::move(devices));
  return response;
}

absl::StatusOr<pb::Device> DevicesHandler::RevokeDevice(const rpc::Call& call, const pb::RevokeDeviceRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("devices", "name", request.name());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.name());
  const auto revoke = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Device> {
    RETURN_IF_ERROR(identity::RevokeDevice(tx, id));
    return LoadDevice(tx, id);
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Device> {
    ASSIGN_OR_RETURN(const pb::Device device, LoadDevice(tx, id));
    if (!call.scope.Includes(IdOf(device.grant().organisation()))) return auth::NotYourOrganisation(request.name());
    return pg::Idempotent<pb::Device>(tx, request.request_id(), call.method->full_name(), request, revoke);
  });
}

absl::StatusOr<pb::CreateApiKeyResponse> DevicesHandler::CreateApiKey(const rpc::Call& call,
                                                                      const pb::CreateApiKeyRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("display_name", request.display_name(), 1, 100);
  CheckGrantShape(violations, "grant", request.grant());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const absl::Time now = tools_.clock.Now();
  const auto create = [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateApiKeyResponse> {
    RETURN_IF_ERROR(CheckGrantsInNetwork(tx, {ToGrant(request.grant())}));
    pb::ApiKey key;
    const std::string id = ids::NewV7(now);
    key.set_name(ids::Name("apiKeys", id));
    key.set_display_name(request.display_name());
    *key.mutable_grant() = request.grant();
    RETURN_IF_ERROR(InsertApiKey(tx, key, now));
    pb::CreateApiKeyResponse response;
    ASSIGN_OR_RETURN(*response.mutable_api_key(), LoadApiKey(tx, id));
    return response;
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<pb::CreateApiKeyResponse> {
    // Recorded without the key, which is stored nowhere in clear: a replay gets a new one. (Of a key that was revoked
    // since, the new one does not work either: FindSession looks.)
    ASSIGN_OR_RETURN(
        pb::CreateApiKeyResponse response,
        pg::Idempotent<pb::CreateApiKeyResponse>(tx, request.request_id(), call.method->full_name(), request, create));
    const std::string& subject = response.api_key().name();
    RETURN_IF_ERROR(EndSessionsOf(tx, subject));
    ASSIGN_OR_RETURN(*response.mutable_key(),
                     StartSession(tx, {.subject = subject, .display_name = request.display_name()}, now));
    return response;
  });
}

absl::StatusOr<pb::ListApiKeysResponse> DevicesHandler::ListApiKeys(const rpc::Call& call,
                                                                    const pb::ListApiKeysRequest& request) {
  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, context.network_id, {kLastId}));
  auto keys = tools_.pool.Read(
      context, [&](pg::Transaction& tx) { return identity::ListApiKeys(tx, page.key(0), page.limit()); });
  RETURN_IF_ERROR(keys);
  pb::ListApiKeysResponse response;
  response.set_next_page_token(page.Cut(*keys, [](const pb::ApiKey& last) { return std::vector{IdOf(last.name())}; }));
  Fill(response.mutable_api_keys(), *std::move(keys));
  return response;
}

absl::StatusOr<pb::ApiKey> DevicesHandler::RevokeApiKey(const rpc::Call& call, const pb::RevokeApiKeyRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("apiKeys", "name", request.name());
  RETURN_IF_ERROR(violations.status());

  ASSIGN_OR_RETURN(const pg::TxContext context, InNetwork(call));
  const std::string id = IdOf(request.name());
  const auto revoke = [&](pg::Transaction& tx) -> absl::StatusOr<pb::ApiKey> {
    RETURN_IF_ERROR(LoadApiKey(tx, id));
    RETURN_IF_ERROR(identity::RevokeApiKey(tx, id));
    return LoadApiKey(tx, id);
  };
  return tools_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::ApiKey>(tx, request.request_id(), call.method->full_name(), request, revoke);
  });
}

}  // namespace kubari::identity
