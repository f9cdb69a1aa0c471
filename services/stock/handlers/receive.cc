// ReceiveStock: what a lot is, is settled when its goods first come in.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/movements.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

// Lots' ids are derived from what makes them the same lot; a constant for ever.
constexpr char kLotNamespace[] = "0f9f2c7e-3f56-4bd5-8a55-2d0f1a6c9b31";

// "offers/{uuid}/lines/{uuid}" → "offers/{uuid}"; "" if it is not of that form.
std::string OfferOfLine(const std::string& line) {
  constexpr size_t kOffer = 7 + 36;  // "offers/" and the UUID
  if (line.size() <= kOffer || !ids::IdFromName("offers", line.substr(0, kOffer)) ||
      !ids::IdFromName("lines", line.substr(kOffer + 1)) || line[kOffer] != '/') {
    return "";
  }
  return line.substr(0, kOffer);
}

absl::Status CheckShape(const pb::ReceiveStockRequest& request, errors::Violations& violations) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("places", "place", request.place());
  violations.Range("items", request.items(), 1, 100'000'000);
  violations.Text("note", request.note(), 0, 500);
  violations.Text("donor_lot_number", request.donor_lot_number(), 0, 20);
  if (request.has_good_until()) CheckGoodUntil(request.good_until(), "good_until", violations);
  if (!request.offer_line().empty()) {
    violations.Require(!OfferOfLine(request.offer_line()).empty(), "offer_line", "NOT_A_NAME",
                       "Expected offers/{uuid}/lines/{uuid}.", "offers/{uuid}/lines/{uuid} の形で指定してください。");
    violations.Require(request.donor().empty() && request.product().empty(), "offer_line", "MISMATCH",
                       "Give either offer_line, or donor and product.",
                       "offer_line か、donor と product のどちらかを指定してください。");
  } else {
    violations.Name("donors", "donor", request.donor());
    violations.Name("products", "product", request.product());
    violations.Require(request.has_good_until(), "good_until", "REQUIRED",
                       "Goods that were not offered need the printed date, or kind DATE_KIND_NONE.",
                       "寄付申出のない品物は、印字された期限（なければ DATE_KIND_NONE）が必要です。");
  }
  return violations.status();
}

// Everything that is the product's.
void TakeProduct(const pb::Product& product, pb::Lot& facts) {
  facts.set_product(product.name());
  facts.set_product_display_name(product.display_name());
  facts.set_gtin(product.gtin());
  facts.set_category(product.category());
  facts.set_temperature_zone(product.temperature_zone());
  facts.set_item_grams(product.item_grams());
  facts.set_items_per_case(product.items_per_case());
  facts.set_milli_person_days(product.milli_person_days());
  *facts.mutable_allergens() = product.allergens();
  *facts.mutable_tags() = product.tags();
}

// Everything that the donor said about it when offering; what the donor left open stays the product's.
void TakeOfferLine(const donors::v1::Offer& offer, const donors::v1::OfferLine& line, Lot& lot) {
  pb::Lot& facts = lot.facts;
  facts.set_offer_line(line.name());
  facts.set_donor(offer.donor());
  lot.offer_title = offer.title();
  if (line.items_per_case() > 0) facts.set_items_per_case(line.items_per_case());
  if (line.temperature_zone() != kubari::type::v1::TEMPERATURE_ZONE_UNSPECIFIED)
    facts.set_temperature_zone(line.temperature_zone());
  if (line.min_lot_cases() > 1) facts.set_min_lot_items(line.min_lot_cases() * facts.items_per_case());
  *facts.mutable_good_until() = line.good_until();
  facts.set_donor_lot_number(line.donor_lot_number());
  *facts.mutable_conditions() = offer.conditions();
}

}  // namespace

absl::StatusOr<pb::ReceiveStockResponse> MovementsHandler::ReceiveStock(const rpc::Call& call,
                                                                        const pb::ReceiveStockRequest& request) {
  errors::Violations violations;
  const absl::Time occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(CheckShape(request, violations));
  ASSIGN_OR_RETURN(const Before before, LookBefore(context_, call, request.request_id(), request));
  const auto answer = [&](const Movement& movement) -> absl::StatusOr<pb::ReceiveStockResponse> {
    pb::ReceiveStockResponse response;
    const View view(context_.catalogue, call);
    ASSIGN_OR_RETURN(*response.mutable_movement(), view.OneMovement(movement));
    ASSIGN_OR_RETURN(const Lot lot, FindLot(context_, call, ids::Name("lots", movement.lot_id)));
    *response.mutable_lot() = view.ToProto(lot);
    return response;
  };
  if (!before.recorded.empty()) return answer(before.recorded.front());

  Receive receive{.items = request.items()};
  Lot& lot = receive.lot;
  donors::v1::Offer offer;
  const donors::v1::OfferLine* line = nullptr;
  if (!request.offer_line().empty()) {
    absl::StatusOr<donors::v1::Offer> found = context_.registers.GetOffer(call, OfferOfLine(request.offer_line()));
    if (absl::IsNotFound(found.status())) return refusals::OfferLineNotFound(request.offer_line());
    RETURN_IF_ERROR(found);
    offer = *std::move(found);
    for (const donors::v1::OfferLine& one : offer.lines()) {
      if (one.name() == request.offer_line()) line = &one;
    }
    if (line == nullptr) return refusals::OfferLineNotFound(request.offer_line());
  }
  ASSIGN_OR_RETURN(const pb::Product product,
                   FindProduct(context_, call, line != nullptr ? line->product() : request.product()));
  ASSIGN_OR_RETURN(receive.shelf, FindShelf(context_, call, request.place()));
  RETURN_IF_ERROR(CheckOwnShelf(context_, call, receive.shelf));

  TakeProduct(product, lot.facts);
  if (line != nullptr) {
    const bool expected =
        offer.state() == donors::v1::OFFER_STATE_ACCEPTED || offer.state() == donors::v1::OFFER_STATE_RECEIVED;
    if (!expected || line->accepted_cases() == 0) {
      return refusals::OfferNotAccepted(offer.name(),
                                        expected ? "LINE_NOT_ACCEPTED" : donors::v1::OfferState_Name(offer.state()));
    }
    TakeOfferLine(offer, *line, lot);
  } else {
    lot.facts.set_donor(request.donor());
  }
  if (request.has_good_until()) *lot.facts.mutable_good_until() = request.good_until();
  if (lot.facts.good_until().kind() == kubari::type::v1::DATE_KIND_UNSPECIFIED) {
    lot.facts.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_NONE);
  }
  if (!request.donor_lot_number().empty()) lot.facts.set_donor_lot_number(request.donor_lot_number());

  ASSIGN_OR_RETURN(const donors::v1::Donor donor, context_.registers.GetDonor(call, lot.facts.donor()));
  const absl::CivilDay day = absl::ToCivilDay(occurred, ZoneOf(call));
  const kubari::type::v1::Agreement* agreement = nullptr;
  for (const auto& one : donor.agreements()) {
    const auto period = eligibility::PeriodOf(one);
    if (agreement == nullptr && period && period->Contains(day)) agreement = &one;
  }
  // By id: whether the donor may be named is what the missing agreement would say.
  if (agreement == nullptr) return refusals::NoAgreement(donor.name(), donor.name(), absl::FormatCivilTime(day));
  if (line == nullptr || !offer.has_conditions()) *lot.facts.mutable_conditions() = agreement->conditions();
  lot.facts.set_donor_display_name(donor.display_name());
  if (lot.facts.temperature_zone() != receive.shelf.zone) return refusals::TemperatureMismatch(lot, receive.shelf);

  lot.id = ids::DeriveV5(kLotNamespace, absl::StrCat(call.principal.network_id, "|", lot.Origin()));
  lot.facts.set_name(ids::Name("lots", lot.id));
  Command command = BeginCommand(context_, call, request.request_id(), request, occurred, request.note());
  ASSIGN_OR_RETURN(receive.donor,
                   StandIn(context_, call, pb::PLACE_KIND_DONOR, donor.name(), donor.display_name(), command));
  command.action = receive;
  ASSIGN_OR_RETURN(const Outcome outcome, Submit(context_, call, command));
  return answer(outcome.movements.front());
}

}  // namespace kubari::stock
