// Making, reading and rewriting offers.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/order.h"
#include "libs/paging/paging.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/pg/idempotency.h"
#include "services/donors/acting_store.h"
#include "services/donors/domain/conditions.h"
#include "services/donors/domain/shapes.h"
#include "services/donors/handler.h"
#include "services/donors/notices.h"
#include "services/donors/offer_store.h"
#include "services/donors/viewer.h"

namespace kubari::donors {
namespace {

// What a caller may set, in the form in which it is stored: lines named (those of `before` keep their names), described
// by their products, nothing accepted or received.
void SetContent(v1::Offer& offer, const v1::Offer& content, const Products& products, absl::CivilDay today,
                absl::Time now) {
  std::set<std::string> free_names;
  for (const v1::OfferLine& line : offer.lines()) free_names.insert(line.name());
  offer.set_title(content.title());
  offer.set_ready_date(content.ready_date().empty() ? absl::FormatCivilTime(today) : content.ready_date());
  *offer.mutable_place() = content.place();
  offer.clear_conditions();
  if (content.has_conditions()) *offer.mutable_conditions() = content.conditions();
  offer.clear_lines();
  for (const v1::OfferLine& given : content.lines()) {
    v1::OfferLine& line = *offer.add_lines();
    line = given;
    if (free_names.erase(given.name()) == 0) line.set_name(absl::StrCat(offer.name(), "/lines/", ids::NewV7(now)));
    line.clear_accepted_cases();
    line.clear_received_items();
    line.clear_barcode();
    Describe(line, products.at(given.product()));
  }
}

OfferOrder OrderOf(const std::string& field) {
  if (field == "ready_date") return OfferOrder::kReadyDate;
  if (field == "title") return OfferOrder::kTitle;
  return field == "donor" ? OfferOrder::kDonor : OfferOrder::kCreateTime;
}

// What the list goes on behind.
std::string KeyOf(OfferOrder order, const v1::Offer& last) {
  switch (order) {
    case OfferOrder::kReadyDate:
      return last.ready_date();
    case OfferOrder::kTitle:
      return last.title();
    case OfferOrder::kDonor:
      return last.donor_display_name();
    case OfferOrder::kCreateTime:
      break;
  }
  return absl::StrCat(last.create_time().seconds() * 1'000'000 + last.create_time().nanos() / 1000);
}

absl::Status OfferChanged(const v1::Offer& there) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "OFFER_CHANGED",
      absl::StrCat("There is an offer with the code '", there.code(), "' and other content: ", there.name(),
                   ". Use another code, or change that offer."),
      absl::StrCat("コード「", there.code(), "」の申出が別の内容ですでにあります（", there.name(),
                   "）。別のコードにするか、その申出を変更してください。"),
      {{"offer", there.name()}, {"code", there.code()}});
}

// A draft needs no agreement yet; where there is one, it is held to it at once.
absl::Status HoldToAgreement(const v1::Donor& donor, absl::CivilDay today, v1::Offer& offer) {
  const type::v1::Agreement* agreement = registry::InForceOn(donor.agreements(), today);
  return agreement == nullptr ? absl::OkStatus() : PutUnder(*agreement, offer);
}

}  // namespace

absl::StatusOr<type::v1::Agreement> AgreementToday(const v1::Donor& donor, absl::CivilDay today) {
  const type::v1::Agreement* agreement = registry::InForceOn(donor.agreements(), today);
  if (agreement != nullptr) return *agreement;
  return errors::Make(absl::StatusCode::kFailedPrecondition, "NO_AGREEMENT",
                      absl::StrCat("There is no agreement in force with ", donor.display_name(), " on ",
                                   absl::FormatCivilTime(today), ". Sign one first, then submit the offer."),
                      absl::StrCat(donor.display_name(), " との合意書で ", absl::FormatCivilTime(today),
                                   " に有効なものがありません。合意書を登録してから申出を提出してください。"),
                      {{"party", donor.name()}});
}

absl::Status PutUnder(const type::v1::Agreement& agreement, v1::Offer& offer) {
  if (offer.has_conditions()) return CheckTightened(agreement.conditions(), offer.conditions());
  *offer.mutable_conditions() = agreement.conditions();
  return absl::OkStatus();
}

absl::Status SubmitUnder(const v1::Donor& donor, absl::CivilDay today, v1::Offer& offer) {
  ASSIGN_OR_RETURN(const type::v1::Agreement agreement, AgreementToday(donor, today));
  RETURN_IF_ERROR(PutUnder(agreement, offer));
  offer.set_agreement(agreement.name());
  offer.set_agreement_version(agreement.version());
  return absl::OkStatus();
}

absl::StatusOr<v1::Offer> DonorsHandler::CreateOffer(const rpc::Call& call, const v1::CreateOfferRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.offer_id().empty()) violations.Uuid("offer_id", request.offer_id());
  violations.Name("donors", "offer.donor", request.offer().donor());
  if (!request.offer().acting_donor().empty()) {
    violations.Name("donors", "offer.acting_donor", request.offer().acting_donor());
    violations.Require(request.offer().acting_donor() != request.offer().donor(), "offer.acting_donor", "SAME_DONOR",
                       "A donor does not act for itself; leave acting_donor out.",
                       "寄付企業自身の申出では acting_donor を空にしてください。");
  }
  CheckOffer(violations, request.offer());
  RETURN_IF_ERROR(violations.status());
  v1::Offer content = request.offer();
  RETURN_IF_ERROR(CheckOwn(call, content.acting_donor().empty() ? content.donor() : content.acting_donor()));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Offer>(pool_, call, request));
  if (first) return *first;
  const std::string donor_id = *ids::IdFromName("donors", content.donor());
  const std::string content_hash = pg::RequestHash(request.offer());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  // The offer that has this code, if it is the same one.
  const auto same = [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<v1::Offer>> {
    if (content.code().empty()) return std::nullopt;
    ASSIGN_OR_RETURN(std::optional<v1::Offer> there, FindOfferByCode(tx, donor_id, content.code()));
    if (!there) return std::nullopt;
    ASSIGN_OR_RETURN(const bool equal, IsContentOf(tx, *there, content_hash));
    if (equal) return there;
    return OfferChanged(*there);
  };
  ASSIGN_OR_RETURN(const std::optional<v1::Offer> there,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<v1::Offer>> {
                     RETURN_IF_ERROR(LoadDonor(tx, donor_id, today));
                     RETURN_IF_ERROR(CheckConsent(tx, content, today));
                     return same(tx);
                   }));
  if (there) return *there;
  RETURN_IF_ERROR(catalogue_.ReadBarcodes(call, content));
  ASSIGN_OR_RETURN(const Products products, catalogue_.ProductsOf(call, content));

  const absl::Time now = clock_.Now();
  return registry::Mutate<v1::Offer>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Offer> {
    ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
    ASSIGN_OR_RETURN(const std::optional<v1::Offer> made_meanwhile, same(tx));
    if (made_meanwhile) return *made_meanwhile;
    RETURN_IF_ERROR(CheckConsent(tx, content, today));
    v1::Offer offer;
    const std::string offer_id = request.offer_id().empty() ? ids::NewV7(now) : request.offer_id();
    offer.set_name(ids::Name("offers", offer_id));
    offer.set_donor(donor.name());
    offer.set_donor_display_name(donor.display_name());
    offer.set_acting_donor(content.acting_donor());
    offer.set_state(v1::OFFER_STATE_DRAFT);
    offer.set_code(content.code());
    if (offer.code().empty()) {
      ASSIGN_OR_RETURN(*offer.mutable_code(), NewOfferCode(tx, donor_id, today));
    }
    SetContent(offer, content, products, today, now);
    if (request.submit()) {
      RETURN_IF_ERROR(SubmitUnder(donor, today, offer));
      offer.set_state(v1::OFFER_STATE_SUBMITTED);
    } else {
      RETURN_IF_ERROR(HoldToAgreement(donor, today, offer));
    }
    RETURN_IF_ERROR(InsertOffer(tx, offer, now));
    if (!content.code().empty()) RememberContent(tx, offer, content_hash);
    if (request.submit()) TellSubmitted(tx, offer, now);
    return LoadOffer(tx, offer_id);
  });
}

absl::StatusOr<v1::Offer> DonorsHandler::GetOffer(const rpc::Call& call, const v1::GetOfferRequest& request) {
  errors::Violations violations;
  violations.Name("offers", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const std::string offer_id = *ids::IdFromName("offers", request.name());
  ASSIGN_OR_RETURN(v1::Offer offer,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) { return LoadOffer(tx, offer_id); }));
  RETURN_IF_ERROR(CheckOwn(call, offer));
  const Viewer viewer = ViewerOf(call);
  if (!MaySee(viewer, offer)) return OfferNotFound(offer_id);
  HideDonor(viewer, offer);
  return offer;
}

absl::StatusOr<v1::ListOffersResponse> DonorsHandler::ListOffers(const rpc::Call& call,
                                                                 const v1::ListOffersRequest& request) {
  errors::Violations violations;
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  if (!request.donor().empty()) violations.Name("donors", "donor", request.donor());
  if (!request.warehouse().empty()) violations.Name("warehouses", "warehouse", request.warehouse());
  violations.Text("query", request.query(), 0, registry::kMaxName);
  const registry::DayRange ready = registry::CheckDays(violations, "ready_from_date", request.ready_from_date(),
                                                       "ready_to_date", request.ready_to_date());
  if (!request.acting_donor().empty()) violations.Name("donors", "acting_donor", request.acting_donor());
  const Viewer viewer = ViewerOf(call);
  // An order by what one may not know would tell it.
  const paging::Order order =
      viewer.expected_goods && !viewer.everything
          ? paging::ReadOrder(request.order_by(),
                              {"create_time desc", "create_time", "ready_date", "ready_date desc", "title", "title desc"},
                              violations)
          : paging::ReadOrder(request.order_by(),
                              {"create_time desc", "create_time", "ready_date", "ready_date desc", "title", "title desc",
                               "donor", "donor desc"},
                              violations);
  RETURN_IF_ERROR(violations.status());
  // A donor may ask for its own offers, for those it made, and for those of makers: of these it sees what it made.
  if (!request.acting_donor().empty()) RETURN_IF_ERROR(CheckOwn(call, request.acting_donor()));
  if (!request.donor().empty() && request.acting_donor().empty()) RETURN_IF_ERROR(CheckOwn(call, request.donor()));
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const auto key, paging::Decode(request.page_token(), fingerprint));
  OfferFilter filter{.viewer = viewer,
                     .states = {request.states().begin(), request.states().end()},
                     .donor_id = ids::IdFromName("donors", request.donor()),
                     .warehouse_id = ids::IdFromName("warehouses", request.warehouse()),
                     .acting_donor_id = ids::IdFromName("donors", request.acting_donor()),
                     .query = request.query(),
                     .ready_from = ready.first,
                     .ready_to = ready.last,
                     .order = OrderOf(order.field),
                     .descending = order.descending,
                     .limit = size + 1};
  if (!key.empty()) {
    if (key.size() != 2 || !ids::IsUuid(key[1])) return paging::InvalidToken();
    int64_t micros = 0;
    if (filter.order == OfferOrder::kReadyDate)
      filter.after_day = registry::ParseDay(key[0]);
    else if (filter.order != OfferOrder::kCreateTime)
      filter.after_text = key[0];
    else if (absl::SimpleAtoi(key[0], &micros))
      filter.after_time = absl::FromUnixMicros(micros);
    if (!filter.after_day && !filter.after_time && !filter.after_text) return paging::InvalidToken();
    filter.after_id = key[1];
  }
  ASSIGN_OR_RETURN(std::vector<v1::Offer> offers, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return donors::ListOffers(tx, filter);
  }));
  v1::ListOffersResponse response;
  if (static_cast<int>(offers.size()) > size) {
    offers.resize(size);
    const v1::Offer& last = offers.back();
    response.set_next_page_token(
        paging::Encode(fingerprint, {KeyOf(filter.order, last), *ids::IdFromName("offers", last.name())}));
  }
  for (v1::Offer& offer : offers) {
    HideDonor(filter.viewer, offer);
    *response.add_offers() = std::move(offer);
  }
  return response;
}

absl::StatusOr<v1::Offer> DonorsHandler::UpdateOffer(const rpc::Call& call, const v1::UpdateOfferRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("offers", "offer.name", request.offer().name());
  violations.Text("offer.etag", request.offer().etag(), 1, 40);
  CheckOffer(violations, request.offer());
  RETURN_IF_ERROR(violations.status());
  const std::string offer_id = *ids::IdFromName("offers", request.offer().name());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Offer>(pool_, call, request));
  if (first) return *first;
  const auto judge = [&](const v1::Offer& offer) -> absl::Status {
    RETURN_IF_ERROR(CheckOwn(call, offer));
    RETURN_IF_ERROR(registry::CheckEtag(offer.name(), request.offer().etag(), offer.etag()));
    return Next(offer, Step::kUpdate).status();
  };
  RETURN_IF_ERROR(pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const v1::Offer offer, LoadOffer(tx, offer_id));
    return judge(offer);
  }));
  v1::Offer content = request.offer();
  RETURN_IF_ERROR(catalogue_.ReadBarcodes(call, content));
  ASSIGN_OR_RETURN(const Products products, catalogue_.ProductsOf(call, content));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));

  const absl::Time now = clock_.Now();
  return registry::Mutate<v1::Offer>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Offer> {
    ASSIGN_OR_RETURN(v1::Offer offer, LoadOffer(tx, offer_id, Lock::kUpdate));
    RETURN_IF_ERROR(judge(offer));
    RETURN_IF_ERROR(CheckConsent(tx, offer, today));
    ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, *ids::IdFromName("donors", offer.donor()), today));
    SetContent(offer, content, products, today, now);
    // What is changed in answer to a question is offered anew, under the agreement of today.
    RETURN_IF_ERROR(offer.state() == v1::OFFER_STATE_DRAFT ? HoldToAgreement(donor, today, offer)
                                                           : SubmitUnder(donor, today, offer));
    RETURN_IF_ERROR(SaveOffer(tx, offer, now, /*new_lines=*/true));
    return LoadOffer(tx, offer_id);
  });
}

}  // namespace kubari::donors
