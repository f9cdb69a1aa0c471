// The networks of the installation, for methods that anybody may call: there is no principal that says which one is meant.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/rpc/call.h"

namespace kubari::registry {

class Networks {
 public:
  // Asks the identity service as a service; what it says counts for a minute.
  Networks(std::shared_ptr<grpc::ChannelInterface> identity, std::string service_key, const calendar::Clock& clock);

  // The network with this code; an empty code is the only network, where there is one. NOT_FOUND / NETWORK_NOT_FOUND. A network younger than
  // what is known is asked for at once, but all the guesses of strangers together ask once a second at most.
  absl::StatusOr<identity::v1::Network> Find(const rpc::Call& call, const std::string& code);
  // All of them; for work that no caller waits for.
  absl::StatusOr<std::vector<identity::v1::Network>> All(absl::Time deadline);

  // `call` as if somebody without any right made it inside that network: for transactions, today, and calls to other services.
  static rpc::Call Inside(const rpc::Call& call, const identity::v1::Network& network);

 private:
  absl::StatusOr<std::vector<identity::v1::Network>> Ask(absl::Time deadline);
  bool MayAskAgain();

  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  const std::string service_key_;
  const calendar::Clock& clock_;
  std::mutex mutex_;
  std::vector<identity::v1::Network> known_;
  absl::Time asked_ = absl::InfinitePast();  // the last time, whatever came of it
  absl::Time fresh_until_ = absl::InfinitePast();
};

}  // namespace kubari::registry
