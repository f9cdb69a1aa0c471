// What making a request by hand and out of an application have in common.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/pg/transaction.h"
#include "services/support/boxes.h"
#include "services/support/request_store.h"

namespace kubari::support {

// For which `from` is responsible, as it asks.
Request NewRequest(const Organisation& from, absl::Time now);
// Finds a free code, writes the row and the boxes. Journal entries and SaveRequest follow.
absl::Status WriteNew(pg::Transaction& tx, const Key& network_key, Request& request, const pb::Details& details);
// The details into their boxes; the contact into its own, or out of it if it is empty.
void PutDetails(pg::Transaction& tx, Boxes& boxes, Request& request, const pb::Details& details);
// Details as they were put; `with_contact` too.
absl::StatusOr<pb::Details> TakeDetails(const std::map<std::string, std::string>& texts, bool with_contact,
                                        const std::string& resource);

void Propose(Request& request, const Organisation& to, const std::string& actor, const pb::SupportSettings& settings,
             absl::Time now);
void EndProposal(Request& request);
// The state becomes one of the closed ones; the contact is erased with it.
void Close(pg::Transaction& tx, Request& request, pb::SupportState state, absl::Time now);

}  // namespace kubari::support
