// Goods as they are named when they come from a donor: by the line of an offer, or by donor and product. What is said
// of them, what was offered, and what is known already make a lot.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>

#include <string>

#include "services/stock/handlers/commands.h"

namespace kubari::stock {

// What ReceiveStockRequest and DeliverDirectRequest have in common.
struct NamedGoods {
  const std::string& offer_line;
  const std::string& donor;
  const std::string& product;
  const std::string& donor_lot_number;
  const type::v1::GoodUntil* good_until;  // nullptr: not said
};
template <typename Request>
NamedGoods GoodsIn(const Request& request) {
  return {request.offer_line(), request.donor(), request.product(), request.donor_lot_number(),
          request.has_good_until() ? &request.good_until() : nullptr};
}

void CheckGoods(const NamedGoods& named, errors::Violations& violations);

// What the registers say of them.
struct OfferedGoods {
  donors::v1::Offer offer;  // without a name if they were not offered
  donors::v1::OfferLine line;
  pb::Product product;

  bool offered() const { return !offer.name().empty(); }
};
// OFFER_LINE_NOT_FOUND, PRODUCT_NOT_FOUND.
absl::StatusOr<OfferedGoods> FindGoods(const Context& context, const rpc::Call& call, const NamedGoods& named);

// The lot that they are, and who gives it. Its code is not settled yet.
//
// Each fact is the first of these that is known: what is said now; what the offer line says; and, of date and lot
// number, what all lots say that came in by this offer line and agree with the rest. So a scan of a bare code joins the
// lot that a fuller scan made, and never makes one with less. A date that even so is not known has to be said; a lot
// number may stay unknown. Without an offer, goods of the same donor may be of another day, so nothing is concluded.
//
// Errors in this order: OFFER_NOT_ACCEPTED; `good_until` REQUIRED; NO_AGREEMENT on `day`.
struct GivenLot {
  Lot lot;
  donors::v1::Donor donor;
};
absl::StatusOr<GivenLot> LotOfGoods(const Context& context, const rpc::Call& call, const NamedGoods& named,
                                    const OfferedGoods& goods, absl::CivilDay day);

// What came of the offer line so far, for people. Counts what the ledger says: received is net of what went back to the
// donor and of what was reversed.
absl::StatusOr<pb::OfferLineProgress> ProgressOf(const Context& context, const rpc::Call& call,
                                                 const std::string& offer_line, const Lot& lot);

// The response's lot and, if the response has a place for it and an offer line is named, its progress; that is left out
// if it cannot be told now.
template <typename Response>
absl::Status AnswerGoods(const Context& context, const rpc::Call& call, const std::string& offer_line,
                         const Outcome& outcome, Response& response) {
  const absl::StatusOr<Lot> lot =
      outcome.lot ? *outcome.lot : FindLot(context, call, absl::StrCat("lots/", outcome.movements.front().lot_id));
  if (!lot.ok()) return lot.status();
  const absl::StatusOr<std::vector<pb::Lot>> lots = View(context.catalogue, call).Lots({*lot});
  if (!lots.ok()) return lots.status();
  *response.mutable_lot() = lots->front();
  if constexpr (requires { response.mutable_progress(); }) {
    if (offer_line.empty()) return absl::OkStatus();
    absl::StatusOr<pb::OfferLineProgress> progress = ProgressOf(context, call, offer_line, *lot);
    if (progress.ok()) *response.mutable_progress() = *std::move(progress);
  }
  return absl::OkStatus();
}

}  // namespace kubari::stock
