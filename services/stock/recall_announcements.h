// Recalls by notice (libs/outbox): to those who hold the goods, to those who gave them, to the coordinators.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "libs/pg/transaction.h"
#include "services/stock/domain/recall.h"

namespace kubari::stock::recalls {

// A row of recall_notices that is to be announced; `reminders` tells which time this is.
struct ToAnnounce {
  std::string recall_id;
  std::string notice_id;
  HolderKind holder_kind = HolderKind::kGroup;
  std::string holder_id;
  int reminders = 0;
};

// Each holder once for each of its notices and reminders.
absl::Status AnnounceToHolders(pg::Transaction& tx, const std::vector<ToAnnounce>& holders, absl::Time now);
// When it is opened: to the donors whose goods they are (not of a drill), and to the coordinators.
absl::Status AnnounceOpening(pg::Transaction& tx, const Recall& recall);

}  // namespace kubari::stock::recalls
