// The key of each network, and what else is known of it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/support/sealing.h"

namespace kubari::support {

struct Network {
  Key key;
  std::string time_zone;
};

// Thread-safe. Opened keys are kept in memory: a network's key never changes, only what it is sealed with.
class Keys {
 public:
  // `former`: the installation key that was in use before, if networks are still sealed with it.
  Keys(pg::Pool& pool, const calendar::Clock& clock, Key installation, std::optional<Key> former)
      : pool_(pool), clock_(clock), installation_(std::move(installation)), former_(std::move(former)) {}

  // Makes it if the network has none. INTERNAL if it is sealed with another installation key.
  absl::StatusOr<Network> Of(const std::string& network_id, const std::string& time_zone, absl::Time deadline);
  // Of a network that has one: NOT_FOUND without.
  absl::StatusOr<Network> Find(const std::string& network_id, absl::Time deadline);

  absl::StatusOr<std::vector<std::string>> AllNetworks(absl::Time deadline);

  // Seals with the installation key what is sealed with the former one. FAILED_PRECONDITION, naming fingerprints, if a
  // network is sealed with neither: then this is the wrong key file. Called before serving.
  absl::Status Rotate();

 private:
  absl::StatusOr<Network> OpenRow(const std::string& network_id, const pg::Row& row) const;

  pg::Pool& pool_;
  const calendar::Clock& clock_;
  const Key installation_;
  const std::optional<Key> former_;
  std::mutex mutex_;
  std::map<std::string, Network> networks_;
};

}  // namespace kubari::support
