#include "services/donors/receipts.h"

#include <map>
#include <string>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "libs/registry/fields.h"
#include "services/donors/notices.h"
#include "services/donors/offer_store.h"

namespace kubari::donors {
namespace {

int64_t ReceivedBy(const stock::v1::FeedEntry& entry) {
  const stock::v1::Movement& movement = entry.movement();
  if (movement.kind() == stock::v1::MOVEMENT_KIND_RECEIVE) return movement.items();
  if (movement.kind() == stock::v1::MOVEMENT_KIND_REVERSAL &&
      entry.reversed_kind() == stock::v1::MOVEMENT_KIND_RECEIVE) {
    return -movement.items();
  }
  return 0;
}

absl::Status ApplyToOffer(pg::Transaction& tx, const std::string& offer_id, const std::map<std::string, int64_t>& items,
                          absl::Time now) {
  // The offer first and its lines after it, as every handler does: two that go the other way round would wait for each
  // other.
  const absl::StatusOr<v1::Offer> before = LoadOffer(tx, offer_id, Lock::kUpdate);
  if (errors::ReasonOf(before.status()) == "OFFER_NOT_FOUND") {
    log::Warning("the stock ledger names an offer that is not here", {{"offer", offer_id}});
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(before.status());
  ASSIGN_OR_RETURN(const int64_t known, AddReceived(tx, offer_id, items));
  if (known < static_cast<int64_t>(items.size())) {
    log::Warning("the stock ledger names lines that their offer does not have", {{"offer", offer_id}});
  }
  ASSIGN_OR_RETURN(v1::Offer after, LoadOffer(tx, offer_id));
  const v1::OfferState state = AfterReceipts(after);
  if (state == after.state()) return absl::OkStatus();
  after.set_state(state);
  if (state == v1::OFFER_STATE_RECEIVED) TellReceived(tx, after, now);
  return SaveOffer(tx, after, now, /*new_lines=*/false);
}

}  // namespace

absl::Status ApplyReceipts(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries,
                           const calendar::Clock& clock) {
  std::map<std::string, std::map<std::string, int64_t>> by_offer;  // offer id → line id → items
  for (const stock::v1::FeedEntry& entry : entries) {
    const int64_t items = ReceivedBy(entry);
    const auto line = registry::ParseChildName("offers", "lines", entry.lot().offer_line());
    if (items != 0 && line) by_offer[line->first][line->second] += items;
  }
  for (const auto& [offer_id, items] : by_offer) RETURN_IF_ERROR(ApplyToOffer(tx, offer_id, items, clock.Now()));
  return absl::OkStatus();
}

}  // namespace kubari::donors
