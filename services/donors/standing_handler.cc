#include "services/donors/standing_handler.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/donors/acting_store.h"
#include "services/donors/domain/shapes.h"
#include "services/donors/domain/standing.h"
#include "services/donors/handler.h"
#include "services/donors/notices.h"
#include "services/donors/offer_store.h"
#include "services/donors/viewer.h"

namespace kubari::donors {
namespace {

// Namespace of the ids of offers that are made from standing ones; made once at random.
constexpr char kMadeIds[] = "5b0a9c2e-73d1-4f0e-9a64-2e1f7d60c8b3";
constexpr int kNextDates = 8;

const std::string& Owner(const v1::StandingOffer& offer) {
  return offer.acting_donor().empty() ? offer.donor() : offer.acting_donor();
}

// The maker and who offers in its name both may see and stop it.
absl::Status CheckOwnStanding(const rpc::Call& call, const v1::StandingOffer& offer) {
  if (!offer.acting_donor().empty() && CheckOwn(call, offer.acting_donor()).ok()) return absl::OkStatus();
  return CheckOwn(call, offer.donor());
}

// With the days to come, but for those that are made already.
absl::StatusOr<v1::StandingOffer> Shown(pg::Transaction& tx, v1::StandingOffer offer, absl::CivilDay today) {
  const std::vector<absl::CivilDay> next = NextDates(offer, today, kNextDates + 5);
  ASSIGN_OR_RETURN(const std::vector<absl::CivilDay> left,
                   NotMadeYet(tx, *ids::IdFromName("standingOffers", offer.name()), next));
  for (size_t i = 0; i < left.size() && i < kNextDates; ++i) offer.add_next_dates(absl::FormatCivilTime(left[i]));
  return offer;
}

}  // namespace

absl::StatusOr<Standing> StandingOffersHandler::Content(const rpc::Call& call, const v1::StandingOffer& given) {
  Standing standing;
  v1::StandingOffer& offer = standing.offer;
  offer.set_title(given.title());
  *offer.mutable_lines() = given.lines();
  offer.set_weekday(given.weekday());
  offer.set_lead_days(given.lead_days());
  offer.set_from_date(given.from_date());
  offer.set_until_date(given.until_date());
  offer.set_paused(given.paused());
  offer.set_as_draft(given.as_draft());
  *offer.mutable_skip_dates() = given.skip_dates();
  if (given.has_place()) *offer.mutable_place() = given.place();
  for (const v1::StandingOfferLine& line : given.lines()) {
    v1::OfferLine& described = *standing.lines.add_lines();
    described.set_product(line.product());
    described.set_cases(line.cases());
    described.set_items_per_case(line.items_per_case());
    described.set_temperature_zone(line.temperature_zone());
    described.set_min_lot_cases(line.min_lot_cases());
    described.set_remarks(line.remarks());
  }
  ASSIGN_OR_RETURN(const Products products, catalogue_.ProductsOf(call, standing.lines));
  for (int i = 0; i < offer.lines_size(); ++i) {
    Describe(*standing.lines.mutable_lines(i), products.at(offer.lines(i).product()));
    offer.mutable_lines(i)->set_product_display_name(standing.lines.lines(i).product_display_name());
    offer.mutable_lines(i)->set_temperature_zone(standing.lines.lines(i).temperature_zone());
  }
  return standing;
}

absl::StatusOr<v1::StandingOffer> StandingOffersHandler::CreateStandingOffer(
    const rpc::Call& call, const v1::CreateStandingOfferRequest& request) {
  const v1::StandingOffer& given = request.standing_offer();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.standing_offer_id().empty()) violations.Uuid("standing_offer_id", request.standing_offer_id());
  violations.Name("donors", "standing_offer.donor", given.donor());
  if (!given.acting_donor().empty()) {
    violations.Name("donors", "standing_offer.acting_donor", given.acting_donor());
    violations.Require(given.acting_donor() != given.donor(), "standing_offer.acting_donor", "SAME_DONOR",
                       "A donor does not act for itself; leave acting_donor out.",
                       "寄付企業自身の申出では acting_donor を空にしてください。");
  }
  CheckStandingOffer(violations, given);
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckOwn(call, Owner(given)));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::StandingOffer>(pool_, call, request));
  if (first) return *first;
  ASSIGN_OR_RETURN(Standing standing, Content(call, given));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  const std::string id = request.standing_offer_id().empty() ? ids::NewV7(clock_.Now()) : request.standing_offer_id();
  standing.offer.set_name(ids::Name("standingOffers", id));
  standing.offer.set_donor(given.donor());
  standing.offer.set_acting_donor(given.acting_donor());
  return registry::Mutate<v1::StandingOffer>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::StandingOffer> {
        ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, *ids::IdFromName("donors", given.donor()), today));
        RETURN_IF_ERROR(CheckConsent(tx, given, today));
        RETURN_IF_ERROR(AgreementToday(donor, today).status());
        RETURN_IF_ERROR(InsertStanding(tx, standing, clock_.Now()));
        ASSIGN_OR_RETURN(Standing made, LoadStanding(tx, id));
        return Shown(tx, std::move(made.offer), today);
      });
}

absl::StatusOr<v1::StandingOffer> StandingOffersHandler::GetStandingOffer(const rpc::Call& call,
                                                                          const v1::GetStandingOfferRequest& request) {
  errors::Violations violations;
  violations.Name("standingOffers", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::StandingOffer> {
    ASSIGN_OR_RETURN(Standing standing, LoadStanding(tx, *ids::IdFromName("standingOffers", request.name())));
    RETURN_IF_ERROR(CheckOwnStanding(call, standing.offer));
    return Shown(tx, std::move(standing.offer), today);
  });
}

absl::StatusOr<v1::ListStandingOffersResponse> StandingOffersHandler::ListStandingOffers(
    const rpc::Call& call, const v1::ListStandingOffersRequest& request) {
  errors::Violations violations;
  if (!request.donor().empty()) violations.Name("donors", "donor", request.donor());
  violations.Text("query", request.query(), 0, registry::kMaxName);
  RETURN_IF_ERROR(violations.status());
  if (!request.donor().empty()) RETURN_IF_ERROR(CheckOwn(call, request.donor()));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  StandingFilter filter{.donor_id = ids::IdFromName("donors", request.donor()),
                        .query = request.query(),
                        .today = today,
                        .after_title = page.key(0),
                        .after_id = page.key(1),
                        .limit = page.limit()};
  if (!call.scope.whole_network) filter.only = call.scope.organisation_ids;
  if (request.has_going_on()) filter.going_on = request.going_on();
  v1::ListStandingOffersResponse response;
  RETURN_IF_ERROR(pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<Standing> found, ListStanding(tx, filter));
    response.Clear();
    response.set_next_page_token(page.Cut(found, [](const Standing& last) {
      return std::vector{last.offer.title(), *ids::IdFromName("standingOffers", last.offer.name())};
    }));
    for (Standing& each : found) {
      ASSIGN_OR_RETURN(*response.add_standing_offers(), Shown(tx, std::move(each.offer), today));
    }
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<v1::StandingOffer> StandingOffersHandler::UpdateStandingOffer(
    const rpc::Call& call, const v1::UpdateStandingOfferRequest& request) {
  const v1::StandingOffer& given = request.standing_offer();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("standingOffers", "standing_offer.name", given.name());
  violations.Text("standing_offer.etag", given.etag(), 1, 40);
  CheckStandingOffer(violations, given);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::StandingOffer>(pool_, call, request));
  if (first) return *first;
  const std::string id = *ids::IdFromName("standingOffers", given.name());
  const auto judge = [&](const v1::StandingOffer& offer) -> absl::Status {
    RETURN_IF_ERROR(CheckOwnStanding(call, offer));
    return registry::CheckEtag(offer.name(), given.etag(), offer.etag());
  };
  RETURN_IF_ERROR(pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Standing standing, LoadStanding(tx, id));
    return judge(standing.offer);
  }));
  ASSIGN_OR_RETURN(Standing content, Content(call, given));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  // Days off that are past are of no use any more.
  auto& skips = *content.offer.mutable_skip_dates();
  skips.erase(std::remove_if(skips.begin(), skips.end(),
                             [&](const std::string& day) { return *registry::ParseDay(day) < today; }),
              skips.end());
  return registry::Mutate<v1::StandingOffer>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::StandingOffer> {
        ASSIGN_OR_RETURN(const Standing before, LoadStanding(tx, id, Lock::kUpdate));
        RETURN_IF_ERROR(judge(before.offer));
        content.offer.set_name(before.offer.name());
        UpdateStanding(tx, content);
        ASSIGN_OR_RETURN(Standing after, LoadStanding(tx, id));
        return Shown(tx, std::move(after.offer), today);
      });
}

namespace {

// One day of one standing offer: an offer, submitted or a draft; or none where the donor gives nothing on that day.
absl::Status Repeat(pg::Transaction& tx, const Standing& standing, absl::CivilDay ready, absl::CivilDay today,
                    absl::Time now) {
  const std::string id = *ids::IdFromName("standingOffers", standing.offer.name());
  const std::string donor_id = *ids::IdFromName("donors", standing.offer.donor());
  ASSIGN_OR_RETURN(const v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
  absl::Status refused = CheckConsent(tx, standing.offer, today);
  if (refused.ok()) refused = AgreementToday(donor, ready).status();
  if (refused.ok()) refused = AgreementToday(donor, today).status();
  if (!refused.ok()) {
    // Refusals are sentences for people; anything else is ours to try again.
    if (errors::ReasonOf(refused).empty()) return refused;
    RecordMade(tx, id, ready, std::nullopt, errors::ReasonOf(refused));
    TellStandingHalted(tx, standing.offer, ready, refused, now);
    return absl::OkStatus();
  }
  v1::Offer offer = OfferFor(standing.offer, standing.lines, ready);
  const std::string offer_id =
      ids::DeriveV5(kMadeIds, absl::StrCat(tx.network_id(), "/", id, "/", absl::FormatCivilTime(ready)));
  offer.set_name(ids::Name("offers", offer_id));
  offer.set_donor(donor.name());
  offer.set_donor_display_name(donor.display_name());
  offer.set_acting_donor(standing.offer.acting_donor());
  offer.set_standing_offer(standing.offer.name());
  offer.set_state(v1::OFFER_STATE_DRAFT);
  ASSIGN_OR_RETURN(*offer.mutable_code(), NewOfferCode(tx, donor_id, today));
  for (v1::OfferLine& line : *offer.mutable_lines())
    line.set_name(absl::StrCat(offer.name(), "/lines/", ids::NewV7(now)));
  if (!standing.offer.as_draft()) {
    RETURN_IF_ERROR(SubmitUnder(donor, today, offer));
    offer.set_state(v1::OFFER_STATE_SUBMITTED);
  } else {
    ASSIGN_OR_RETURN(const type::v1::Agreement agreement, AgreementToday(donor, today));
    RETURN_IF_ERROR(PutUnder(agreement, offer));
  }
  RETURN_IF_ERROR(InsertOffer(tx, offer, now));
  RecordMade(tx, id, ready, offer_id, "");
  TellStandingMade(tx, standing.offer, offer, now);
  if (offer.state() == v1::OFFER_STATE_SUBMITTED) TellSubmitted(tx, offer, now);
  return absl::OkStatus();
}

}  // namespace

absl::Status RepeatStandingOffers(pg::Pool& pool, const std::string& network_id, absl::CivilDay today, absl::Time now) {
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + absl::Seconds(30)};
  ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                   pool.Read(context, [&](pg::Transaction& tx) { return MaybeDue(tx, today); }));
  absl::Status first;
  for (const std::string& id : ids) {
    const pg::TxContext own{.network_id = network_id, .deadline = absl::Now() + absl::Seconds(30)};
    // One transaction each: what is wrong with one holds up no other.
    const absl::Status status = pool.Transact(own, [&](pg::Transaction& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const Standing standing, LoadStanding(tx, id, Lock::kUpdate));
      ASSIGN_OR_RETURN(const std::vector<absl::CivilDay> due, NotMadeYet(tx, id, DueDates(standing.offer, today)));
      for (const absl::CivilDay ready : due) RETURN_IF_ERROR(Repeat(tx, standing, ready, today, now));
      return absl::OkStatus();
    });
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace kubari::donors
