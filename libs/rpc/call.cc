#include "libs/rpc/call.h"

#include "libs/errors/errors.h"

namespace kubari::rpc {

absl::StatusOr<std::string> NetworkOf(const Call& call) {
  if (!call.principal.network_id.empty()) return call.principal.network_id;
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "METADATA_INVALID",
      "Metadata kubari-network is missing; a service names the network (UUID) in which it acts.",
      "メタデータ kubari-network がありません。サービスは対象のネットワーク（UUID）を指定してください。");
}

}  // namespace kubari::rpc
