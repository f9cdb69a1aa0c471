// Every "no" of the ledger: a stable reason, what is there, what was asked, and what to do; English and Japanese.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "services/stock/domain/ledger.h"

namespace kubari::stock::refusals {

absl::Status ProductNotFound(std::string_view name);
absl::Status WarehouseNotFound(std::string_view name);
absl::Status PlaceNotFound(std::string_view name);
absl::Status LotNotFound(std::string_view name);
absl::Status ReservationNotFound(std::string_view name);
absl::Status DeliveryNotFound(std::string_view name);
absl::Status MovementNotFound(std::string_view name);
absl::Status OfferLineNotFound(std::string_view name);
absl::Status GroupNotFound(std::string_view name);
absl::Status TransferNotFound(std::string_view name);
absl::Status PictureNotFound(std::string_view product);
// An id made by the caller, "transformations/{uuid}", is in use.
absl::Status IdTaken(std::string_view name);
// The delivery goes to another group than the one named: for this group there is none with that id.
absl::Status DeliveryOfOtherGroup(std::string_view delivery, std::string_view group);
// Only what they did themselves.
absl::Status NotYourMovement(std::string_view movement);

absl::Status OfferNotAccepted(std::string_view offer, std::string_view state);
// `party`: "donors/{uuid}" or "groups/{uuid}".
absl::Status NoAgreement(std::string_view party, std::string_view display_name, std::string_view day);
absl::Status TemperatureMismatch(const Lot& lot, const Place& place);
absl::Status TemperatureMismatch(kubari::type::v1::TemperatureZone needed, std::string_view what, const Place& place);
// Goods of `lot` do not go together with `what`, which is kept at `zone`.
absl::Status TemperaturesDiffer(const Lot& lot, std::string_view what, kubari::type::v1::TemperatureZone zone);
// `left` days, `required` by the network; no reason was given.
absl::Status TooFewDays(const Lot& lot, int64_t left, int required);
// The donor does not allow it, or nobody said who agreed.
absl::Status OnwardNotAllowed(const Lot& lot, bool by_donor);
absl::Status OtherWarehouse(const Place& from, const Place& to);
// A transfer to `warehouse` does not arrive on this shelf.
absl::Status ArrivesElsewhere(const pb::Warehouse& warehouse, const Place& shelf);
// `items` of the input do not divide evenly among `kits`.
absl::Status UnevenKit(const Lot& input, int64_t items, int64_t kits);
absl::Status WeightExceeded(int64_t grams_in, int64_t grams_out);
// What is made of them cannot be good for longer than `earliest`.
absl::Status DateTooLate(const type::v1::GoodUntil& given, const type::v1::GoodUntil& earliest);
absl::Status ReservationRequired();
absl::Status ReservationExists(const std::string& reservation_id);
// `how`: "posted or voided" or "expired".
absl::Status ReservationClosed(const Reservation& reservation, bool expired);
absl::Status ReservationExceeded(const Reservation& reservation, int64_t requested);
absl::Status InsufficientStock(const Lot& lot, const Place& place, const Balance& balance, int64_t requested);
// A recall stops it.
absl::Status LotRecalled(const Lot& lot, const std::string& recall_id);
// `first` expires earlier, and so much of it is free.
absl::Status FefoDeparture(const Lot& lot, const State::Candidate& first, int64_t free);
// What was judged is not what is there any more; the caller judges again.
absl::Status LotsChanged(const Lot& lot);
// Something of it arrived, or it goes between other warehouses.
absl::Status TransferClosed(const Shipment& shipment);
// By whom and when it was reversed is told.
absl::Status AlreadyReversed(const Movement& movement, const Movement& reversal);
absl::Status PromiseNotReversible(const Movement& movement);
// Of what the movement brought to `place`, only `there` can be taken away again; `balance` is the place's.
absl::Status MovedOn(const Movement& movement, const Lot& lot, const Place& place, const Balance& balance,
                     int64_t there, int64_t asked);
absl::Status DeliveryConfirmed(const std::string& delivery_id);
absl::Status RequestIdReused(const std::string& request_id);

}  // namespace kubari::stock::refusals
