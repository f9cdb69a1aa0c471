// Devices (phones) and API keys (programs).
#pragma once

#include "services/identity/handlers/tools.h"

namespace kubari::identity {

class DevicesHandler {
 public:
  explicit DevicesHandler(const Tools& tools) : tools_(tools) {}

  absl::StatusOr<pb::ListDevicesResponse> ListDevices(const rpc::Call& call, const pb::ListDevicesRequest& request);
  absl::StatusOr<pb::Device> RevokeDevice(const rpc::Call& call, const pb::RevokeDeviceRequest& request);

  absl::StatusOr<pb::CreateApiKeyResponse> CreateApiKey(const rpc::Call& call, const pb::CreateApiKeyRequest& request);
  absl::StatusOr<pb::ListApiKeysResponse> ListApiKeys(const rpc::Call& call, const pb::ListApiKeysRequest& request);
  absl::StatusOr<pb::ApiKey> RevokeApiKey(const rpc::Call& call, const pb::RevokeApiKeyRequest& request);

 private:
  const Tools tools_;
};

}  // namespace kubari::identity
