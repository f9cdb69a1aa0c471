#include "services/stock/handlers/given_goods.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

using kubari::type::v1::GoodUntil;

// "offers/{uuid}/lines/{uuid}" → "offers/{uuid}"; "" if it is not of that form.
std::string OfferOfLine(const std::string& line) {
  constexpr size_t kOffer = 7 + 36;  // "offers/" and the UUID
  if (line.size() <= kOffer || !ids::IdFromName("offers", line.substr(0, kOffer)) ||
      !ids::IdFromName("lines", line.substr(kOffer + 1)) || line[kOffer] != '/') {
    return "";
  }
  return line.substr(0, kOffer);
}
std::string IdOfLine(const std::string& line) { return line.substr(line.size() - 36); }

bool Known(const GoodUntil& good_until) { return good_until.kind() != kubari::type::v1::DATE_KIND_UNSPECIFIED; }
bool Same(const GoodUntil& a, const GoodUntil& b) { return a.kind() == b.kind() && a.date() == b.date(); }

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

// Date and lot number, as far as all lots of the same offer line that agree with `facts` have the same.
void ConcludeFrom(const std::vector<Lot>& known, pb::Lot& facts) {
  std::vector<const pb::Lot*> agreeing;
  for (const Lot& lot : known) {
    if ((!Known(facts.good_until()) || Same(lot.facts.good_until(), facts.good_until())) &&
        (facts.donor_lot_number().empty() || lot.facts.donor_lot_number() == facts.donor_lot_number())) {
      agreeing.push_back(&lot.facts);
    }
  }
  if (agreeing.empty()) return;
  const pb::Lot& first = *agreeing.front();
  if (!std::all_of(agreeing.begin(), agreeing.end(),
                   [&](const pb::Lot* lot) { return Same(lot->good_until(), first.good_until()); })) {
    return;
  }
  *facts.mutable_good_until() = first.good_until();
  if (std::all_of(agreeing.begin(), agreeing.end(),
                  [&](const pb::Lot* lot) { return lot->donor_lot_number() == first.donor_lot_number(); })) {
    facts.set_donor_lot_number(first.donor_lot_number());
  }
}

absl::Status DateUnknown(bool several) {
  errors::Violations violations;
  violations.Add("good_until", "REQUIRED",
                 several ? "Goods of this offer line came in with different dates; say which date is printed on these."
                         : "The offer does not say the date; give the printed one, or kind DATE_KIND_NONE.",
                 several ? "この申出明細は期限の異なる品物が入庫されています。印字された期限を指定してください。"
                         : "寄付申出に期限がありません。印字された期限（なければ DATE_KIND_NONE）を指定してください。");
  return violations.status();
}

const type::v1::Agreement* AgreementInForce(const donors::v1::Donor& donor, absl::CivilDay day) {
  for (const auto& one : donor.agreements()) {
    const auto period = eligibility::PeriodOf(one);
    if (period && period->Contains(day)) return &one;
  }
  return nullptr;
}

}  // namespace

void CheckGoods(const NamedGoods& named, errors::Violations& violations) {
  violations.Text("donor_lot_number", named.donor_lot_number, 0, 20);
  if (named.good_until != nullptr) CheckGoodUntil(*named.good_until, "good_until", violations);
  if (!named.offer_line.empty()) {
    violations.Require(!OfferOfLine(named.offer_line).empty(), "offer_line", "NOT_A_NAME",
                       "Expected offers/{uuid}/lines/{uuid}.", "offers/{uuid}/lines/{uuid} の形で指定してください。");
    violations.Require(named.donor.empty() && named.product.empty(), "offer_line", "MISMATCH",
                       "Give either offer_line, or donor and product.",
                       "offer_line か、donor と product のどちらかを指定してください。");
    return;
  }
  violations.Name("donors", "donor", named.donor);
  violations.Name("products", "product", named.product);
  violations.Require(named.good_until != nullptr, "good_until", "REQUIRED",
                     "Goods that were not offered need the printed date, or kind DATE_KIND_NONE.",
                     "寄付申出のない品物は、印字された期限（なければ DATE_KIND_NONE）が必要です。");
}

absl::StatusOr<OfferedGoods> FindGoods(const Context& context, const rpc::Call& call, const NamedGoods& named) {
  OfferedGoods goods;
  std::string product = named.product;
  if (!named.offer_line.empty()) {
    absl::StatusOr<donors::v1::Offer> offer = context.registers.GetOffer(call, OfferOfLine(named.offer_line));
    if (absl::IsNotFound(offer.status())) return refusals::OfferLineNotFound(named.offer_line);
    RETURN_IF_ERROR(offer);
    goods.offer = *std::move(offer);
    const auto line = std::find_if(goods.offer.lines().begin(), goods.offer.lines().end(),
                                   [&](const auto& one) { return one.name() == named.offer_line; });
    if (line == goods.offer.lines().end()) return refusals::OfferLineNotFound(named.offer_line);
    goods.line = *line;
    product = line->product();
  }
  ASSIGN_OR_RETURN(goods.product, FindProduct(context, call, product));
  return goods;
}

absl::StatusOr<GivenLot> LotOfGoods(const Context& context, const rpc::Call& call, const NamedGoods& named,
                                    const OfferedGoods& goods, absl::CivilDay day) {
  const std::string& network = call.principal.network_id;
  GivenLot given;
  pb::Lot& facts = given.lot.facts;
  TakeProduct(goods.product, facts);
  if (goods.offered()) {
    const bool expected = goods.offer.state() == donors::v1::OFFER_STATE_ACCEPTED ||
                          goods.offer.state() == donors::v1::OFFER_STATE_RECEIVED;
    if (!expected || goods.line.accepted_cases() == 0) {
      return refusals::OfferNotAccepted(
          goods.offer.name(), expected ? "LINE_NOT_ACCEPTED" : donors::v1::OfferState_Name(goods.offer.state()));
    }
    TakeOfferLine(goods.offer, goods.line, given.lot);
  } else {
    facts.set_donor(named.donor);
  }
  if (named.good_until != nullptr) *facts.mutable_good_until() = *named.good_until;
  if (!named.donor_lot_number.empty()) facts.set_donor_lot_number(named.donor_lot_number);
  if (goods.offered() && (!Known(facts.good_until()) || facts.donor_lot_number().empty())) {
    ASSIGN_OR_RETURN(
        const std::vector<Lot> known,
        context.catalogue.LotsOfOrigin(network, IdOf(facts.product()), IdOfLine(facts.offer_line()), call.deadline));
    ConcludeFrom(known, facts);
    if (!Known(facts.good_until())) return DateUnknown(!known.empty());
  }

  ASSIGN_OR_RETURN(given.donor, context.registers.GetDonor(call, facts.donor()));
  const type::v1::Agreement* agreement = AgreementInForce(given.donor, day);
  // By id: whether the donor may be named is what the missing agreement would say.
  if (agreement == nullptr)
    return refusals::NoAgreement(given.donor.name(), given.donor.name(), absl::FormatCivilTime(day));
  if (!goods.offered() || !goods.offer.has_conditions()) *facts.mutable_conditions() = agreement->conditions();
  facts.set_donor_display_name(given.donor.display_name());
  given.lot.id = LotId(network, given.lot);
  facts.set_name(ids::Name("lots", given.lot.id));
  return given;
}

absl::StatusOr<pb::OfferLineProgress> ProgressOf(const Context& context, const rpc::Call& call,
                                                 const std::string& offer_line, const Lot& lot) {
  ASSIGN_OR_RETURN(const donors::v1::Offer offer, context.registers.GetOffer(call, OfferOfLine(offer_line)));
  ASSIGN_OR_RETURN(const Intake intake,
                   context.reading.OfferLineIntake(call.principal.network_id, offer_line, call.deadline));
  pb::OfferLineProgress progress;
  progress.set_offer_line(offer_line);
  for (const donors::v1::OfferLine& line : offer.lines()) {
    if (line.name() == offer_line) progress.set_expected_items(line.accepted_cases() * lot.facts.items_per_case());
  }
  progress.set_received_items(intake.received_items);
  progress.set_refused_items(intake.refused_items);
  progress.set_difference_items(intake.received_items + intake.refused_items - progress.expected_items());
  return progress;
}

}  // namespace kubari::stock
