// Standing offers in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/donors/v1/standing_offers.pb.h"
#include "libs/pg/transaction.h"
#include "services/donors/donor_store.h"

namespace kubari::donors {

// A standing offer and its lines as the products describe them.
struct Standing {
  v1::StandingOffer offer;  // without next_dates
  v1::Offer lines;
};

// NOT_FOUND / STANDING_OFFER_NOT_FOUND.
absl::StatusOr<Standing> LoadStanding(pg::Transaction& tx, const std::string& id, Lock lock = Lock::kNone);

struct StandingFilter {
  std::optional<std::vector<std::string>> only;  // donors' ids, whose or by whom they are; nothing: all
  std::optional<std::string> donor_id;           // of this donor, or made by it
  std::string query;
  std::optional<bool> going_on;
  absl::CivilDay today;
  std::optional<std::string> after_title, after_id;  // both or neither
  int limit = 0;
};
// By title, then id.
absl::StatusOr<std::vector<Standing>> ListStanding(pg::Transaction& tx, const StandingFilter& filter);

// Writes it, new or changed; a change raises the version. ALREADY_EXISTS / STANDING_OFFER_EXISTS.
absl::Status InsertStanding(pg::Transaction& tx, const Standing& standing, absl::Time now);
void UpdateStanding(pg::Transaction& tx, const Standing& standing);

// The ids of those that may be due on `today`: not paused, and their time not over.
absl::StatusOr<std::vector<std::string>> MaybeDue(pg::Transaction& tx, absl::CivilDay today);
// Of these days, those for which no offer was made or tried yet.
absl::StatusOr<std::vector<absl::CivilDay>> NotMadeYet(pg::Transaction& tx, const std::string& id,
                                                       const std::vector<absl::CivilDay>& days);
// Records that the day is done: with the offer's id, or with none if it could not be made; `reason` why it is no more
// than a draft. The version stays: nobody changed anything.
void RecordMade(pg::Transaction& tx, const std::string& id, absl::CivilDay day,
                const std::optional<std::string>& offer_id, const std::string& reason);

}  // namespace kubari::donors
