// What the identity service knows: networks, and who is meant by an audience.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/calendar/clock.h"

namespace kubari::notifications {

struct Network {
  std::string display_name;
  absl::TimeZone zone;
};

class Directory {
 public:
  Directory(std::shared_ptr<grpc::ChannelInterface> identity, std::string service_key, const calendar::Clock& clock)
      : identity_(identity::v1::IdentityService::NewStub(identity)), service_key_(std::move(service_key)), clock_(clock) {}

  // Kept for a minute. A network that identity does not know has no name and Japan's time.
  absl::StatusOr<Network> NetworkOf(const std::string& network_id);

  // Each once, by id.
  absl::StatusOr<std::vector<identity::v1::Recipient>> Recipients(const std::string& network_id,
                                                                  const std::vector<identity::v1::Grant>& holders,
                                                                  const std::vector<std::string>& people) const;

 private:
  absl::StatusOr<std::map<std::string, Network>> ReadNetworks() const;

  const std::unique_ptr<identity::v1::IdentityService::Stub> identity_;
  const std::string service_key_;
  const calendar::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Network> networks_;
  absl::Time read_ = absl::InfinitePast();
};

}  // namespace kubari::notifications
