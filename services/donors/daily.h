// What happens by itself as time goes on: agreements end, standing offers repeat, broadcasts run out.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/registry/agreement_handler.h"
#include "libs/registry/networks.h"
#include "services/donors/needs.h"

namespace kubari::donors {

// Whose agreements this service keeps.
extern const registry::Parties kParties;

// One look at one network: in its own day, each thing once, however often and in however many processes it runs.
absl::Status LookAfter(pg::Pool& pool, const std::string& network_id, const std::string& time_zone,
                       const calendar::Clock& clock);
// At all networks; what fails in one holds up no other.
// Answers to broadcasts that could not be told at once are told.
absl::Status LookAfterAll(pg::Pool& pool, registry::Networks& networks, AnsweredNeeds& needs, const calendar::Clock& clock);

}  // namespace kubari::donors
