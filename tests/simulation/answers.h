// What the service says of a network when its phones have fallen silent: the ledger, and everything derived from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kubari/stock/v1/recalls.grpc.pb.h"
#include "tests/simulation/setting.h"

namespace kubari::simulation {

struct Answers {
  // The whole feed, read in long steps and in short ones.
  std::vector<pb::FeedEntry> feed, in_short_steps;
  std::vector<pb::Balance> balances;  // of all warehouses
  // Of all that the feed names. What the service does not know (NOT_FOUND) is not in them.
  std::map<std::string, pb::Reservation> reservations;
  std::map<std::string, pb::Delivery> deliveries;
  std::map<std::string, pb::Transfer> transfers;
  std::map<std::string, pb::Recall> recalls;
  // By lot; of some.
  std::map<std::string, pb::TraceResponse> forward, backward;
  // Questions that had no answer, in words.
  std::vector<std::string> unanswered;
};

// Asks as the auditor, until there is an answer. `recalls`: the names of those that were opened.
Answers AskEverything(House& house, const Setting& setting, const std::vector<std::string>& recalls);

}  // namespace kubari::simulation
