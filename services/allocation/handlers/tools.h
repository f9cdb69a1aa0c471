// What the handlers share.
#pragma once

#include <absl/strings/str_cat.h>

#include <string>
#include <string_view>

#include "kubari/allocation/v1/allocation.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "services/allocation/publisher.h"
#include "services/allocation/snapshot_reader.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

// All must outlive the handlers.
struct Tools {
  pg::Pool& pool;
  SnapshotReader& reader;
  Publisher& publisher;
  const calendar::Clock& clock;
};

// "runs/{uuid}" → the UUID, of a name that was checked before.
inline std::string IdOf(std::string_view name) { return std::string(name.substr(name.find('/') + 1)); }

}  // namespace kubari::allocation
