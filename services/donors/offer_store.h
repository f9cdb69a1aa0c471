// Offers in PostgreSQL. All functions run inside a transaction of one network.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kubari/donors/v1/donors.pb.h"
#include "libs/pg/transaction.h"
#include "services/donors/domain/offer.h"
#include "services/donors/donor_store.h"

namespace kubari::donors {

// Complete, with the donor's display name (see HideDonor). NOT_FOUND / OFFER_NOT_FOUND.
absl::StatusOr<v1::Offer> LoadOffer(pg::Transaction& tx, const std::string& offer_id, Lock lock = Lock::kNone);
absl::Status OfferNotFound(const std::string& offer_id);

// Whose code it is, if anybody's.
absl::StatusOr<std::optional<v1::Offer>> FindOfferByCode(pg::Transaction& tx, const std::string& donor_id,
                                                         const std::string& code);
// Was the offer made of content with this hash? RememberContent keeps it.
absl::StatusOr<bool> IsContentOf(pg::Transaction& tx, const v1::Offer& offer, const std::string& hash);
void RememberContent(pg::Transaction& tx, const v1::Offer& offer, const std::string& hash);

enum class OfferOrder { kCreateTime, kReadyDate, kTitle, kDonor };

struct OfferFilter {
  Viewer viewer;
  std::vector<int> states;  // empty: any
  std::optional<std::string> donor_id, warehouse_id, acting_donor_id;
  std::string query;                                   // part of title, code, product or donor; empty: any
  std::optional<absl::CivilDay> ready_from, ready_to;  // both days included
  OfferOrder order = OfferOrder::kCreateTime;
  bool descending = true;
  // Go on behind this one: its time, day or text, whichever orders the list, and its id.
  std::optional<absl::Time> after_time;
  std::optional<absl::CivilDay> after_day;
  std::optional<std::string> after_text;
  std::optional<std::string> after_id;
  int limit = 0;
};
// What the viewer may not see is left out; what is equal comes by id. A page costs what it shows, however many offers
// there are; with `query` it costs what is found.
absl::StatusOr<std::vector<v1::Offer>> ListOffers(pg::Transaction& tx, const OfferFilter& filter);

// `offer` with name, donor, code and state; lines with names. ALREADY_EXISTS / CODE_TAKEN or OFFER_EXISTS.
absl::Status InsertOffer(pg::Transaction& tx, const v1::Offer& offer, absl::Time now);
// Writes everything but code, donors and standing offer, and raises the version. `new_lines`: the lines were replaced; otherwise only
// their accepted_cases may have changed.
absl::Status SaveOffer(pg::Transaction& tx, const v1::Offer& offer, absl::Time now, bool new_lines);

// A code for an offer that has none: "20270331-1", "20270331-2", … by day and donor. The donor's row must be locked.
absl::StatusOr<std::string> NewOfferCode(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today);

// Which of these (donor id, offer code) exist.
absl::StatusOr<std::set<std::pair<std::string, std::string>>> FindOffers(
    pg::Transaction& tx, const std::vector<std::pair<std::string, std::string>>& keys);

// Adds to received_items (negative: takes away), by line id; lines of other offers or unknown ones are left alone.
// Returns how many lines there were. The offer's row must be locked.
absl::StatusOr<int64_t> AddReceived(pg::Transaction& tx, const std::string& offer_id,
                                    const std::map<std::string, int64_t>& items);

}  // namespace kubari::donors
