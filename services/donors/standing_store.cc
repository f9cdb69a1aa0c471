#include "services/donors/standing_store.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"

namespace kubari::donors {
namespace {

#define KUBARI_STANDING                                                                                         \
  "SELECT s.*, d.display_name AS donor_display_name, coalesce(a.display_name, '') AS acting_display_name "      \
  "FROM standing_offers s JOIN donors d USING (network_id, donor_id) "                                          \
  "LEFT JOIN donors a ON a.network_id = s.network_id AND a.donor_id = s.acting_donor_id WHERE s.network_id = $1 "
constexpr pg::Statement kFind{KUBARI_STANDING "AND s.standing_offer_id = $2"};
constexpr pg::Statement kFindAndLock{KUBARI_STANDING "AND s.standing_offer_id = $2 FOR UPDATE OF s"};
constexpr pg::Statement kList{
    "WITH found AS MATERIALIZED (SELECT id FROM " KUBARI_SEARCH_FOUND("'{standingOffers,donors}'", "$4", "$10", "$11") ") "
    KUBARI_STANDING
    "AND ($2::uuid[] IS NULL OR s.donor_id = ANY($2) OR s.acting_donor_id = ANY($2)) "
    "AND ($3::uuid IS NULL OR s.donor_id = $3 OR s.acting_donor_id = $3) "
    "AND ($4::text[] IS NULL OR s.standing_offer_id IN (SELECT id FROM found) OR s.donor_id IN (SELECT id FROM found)) "
    "AND ($5::boolean IS NULL OR $5 = (coalesce(s.until_date, 'infinity'::date) >= $6::date)) "
    "AND ($7::text IS NULL OR (s.title, s.standing_offer_id) > ($7, $8::uuid)) "
    "ORDER BY s.title, s.standing_offer_id LIMIT $9"};
constexpr pg::Statement kInsert{
    "INSERT INTO standing_offers (network_id, standing_offer_id, donor_id, acting_donor_id, title, weekday, lead_days, "
    "from_date, until_date, paused, as_draft, skip_dates, detail, products, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::date[], $13, $14, $15)"};
constexpr pg::Statement kUpdate{
    "UPDATE standing_offers SET title = $3, weekday = $4, lead_days = $5, from_date = $6, until_date = $7, paused = $8, "
    "as_draft = $9, skip_dates = $10::date[], detail = $11, products = $12, version = version + 1 "
    "WHERE network_id = $1 AND standing_offer_id = $2"};
constexpr pg::Statement kMaybeDue{
    "SELECT standing_offer_id FROM standing_offers WHERE network_id = $1 AND NOT paused "
    "AND coalesce(until_date, 'infinity'::date) >= $2 AND from_date - lead_days <= $2 ORDER BY standing_offer_id"};
constexpr pg::Statement kNotMadeYet{
    "SELECT d.day FROM unnest($3::date[]) d (day) WHERE NOT EXISTS (SELECT FROM standing_offer_days m "
    "WHERE m.network_id = $1 AND m.standing_offer_id = $2 AND m.ready_date = d.day) ORDER BY d.day"};
constexpr pg::Statement kMade{
    "INSERT INTO standing_offer_days (network_id, standing_offer_id, ready_date, offer_id) VALUES ($1, $2, $3, $4)"};
constexpr pg::Statement kLast{
    "UPDATE standing_offers SET last_offer_id = coalesce($3, last_offer_id), draft_reason = $4 "
    "WHERE network_id = $1 AND standing_offer_id = $2"};

std::string IdOf(const std::string& name) { return name.substr(name.rfind('/') + 1); }
std::optional<std::string> IdOrNull(const std::string& name) {
  return name.empty() ? std::nullopt : std::optional(IdOf(name));
}

std::string DetailOf(const v1::StandingOffer& offer) {
  v1::StandingOffer detail;
  *detail.mutable_lines() = offer.lines();
  if (offer.has_place()) *detail.mutable_place() = offer.place();
  return detail.SerializeAsString();
}

void PutSearchKeyOf(pg::Transaction& tx, const v1::StandingOffer& offer) {
  std::vector<std::string> texts = {offer.title()};
  for (const v1::StandingOfferLine& line : offer.lines()) texts.push_back(line.product_display_name());
  registry::PutSearchKey(tx, "standingOffers", IdOf(offer.name()), texts);
}

std::vector<std::string> SkipsOf(const v1::StandingOffer& offer) {
  return {offer.skip_dates().begin(), offer.skip_dates().end()};
}

absl::StatusOr<Standing> FromRow(const pg::Row& row) {
  Standing standing;
  v1::StandingOffer& offer = standing.offer;
  if (!offer.ParseFromString(row.Get<pg::Bytes>("detail").value) ||
      !standing.lines.ParseFromString(row.Get<pg::Bytes>("products").value)) {
    return absl::InternalError("standing_offers.detail or products does not parse");
  }
  offer.set_name(ids::Name("standingOffers", row.Get<std::string>("standing_offer_id")));
  offer.set_donor(ids::Name("donors", row.Get<std::string>("donor_id")));
  offer.set_donor_display_name(row.Get<std::string>("donor_display_name"));
  if (const auto id = row.Get<std::optional<std::string>>("acting_donor_id"))
    offer.set_acting_donor(ids::Name("donors", *id));
  offer.set_acting_donor_display_name(row.Get<std::string>("acting_display_name"));
  offer.set_title(row.Get<std::string>("title"));
  offer.set_weekday(static_cast<groups::v1::Weekday>(row.Get<int>("weekday")));
  offer.set_lead_days(row.Get<int>("lead_days"));
  offer.set_from_date(row.Get<std::string>("from_date"));
  offer.set_until_date(row.Get<std::optional<std::string>>("until_date").value_or(""));
  offer.set_paused(row.Get<bool>("paused"));
  offer.set_as_draft(row.Get<bool>("as_draft"));
  for (std::string& day : row.Get<std::vector<std::string>>("skip_dates")) offer.add_skip_dates(std::move(day));
  if (const auto id = row.Get<std::optional<std::string>>("last_offer_id")) offer.set_last_offer(ids::Name("offers", *id));
  offer.set_draft_reason(row.Get<std::string>("draft_reason"));
  offer.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *offer.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  return standing;
}

}  // namespace

absl::StatusOr<Standing> LoadStanding(pg::Transaction& tx, const std::string& id, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), id));
  if (!rows.empty()) return FromRow(rows[0]);
  const std::string name = ids::Name("standingOffers", id);
  return errors::Make(absl::StatusCode::kNotFound, "STANDING_OFFER_NOT_FOUND",
                      absl::StrCat("There is no standing offer ", name, "."),
                      absl::StrCat("定期の申出 ", name, " は見つかりません。"), {{"standing_offer", name}});
}

absl::StatusOr<std::vector<Standing>> ListStanding(pg::Transaction& tx, const StandingFilter& filter) {
  const registry::SearchWords words = registry::SplitQuery(filter.query);
  const registry::SearchWords query = filter.only ? words.Exactly() : words;
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), filter.only, filter.donor_id, query.any(), filter.going_on,
                            filter.today, filter.after_title, filter.after_id, filter.limit, query.readings, query.similar));
  std::vector<Standing> all;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(all.emplace_back(), FromRow(row));
  }
  return all;
}

absl::Status InsertStanding(pg::Transaction& tx, const Standing& standing, absl::Time now) {
  const v1::StandingOffer& offer = standing.offer;
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), IdOf(offer.name()), IdOf(offer.donor()), IdOrNull(offer.acting_donor()),
               offer.title(), static_cast<int>(offer.weekday()), offer.lead_days(),
               registry::ParseDay(offer.from_date()), registry::ParseDay(offer.until_date()), offer.paused(),
               offer.as_draft(), SkipsOf(offer), pg::Bytes{DetailOf(offer)},
               pg::Bytes{standing.lines.SerializeAsString()}, now)
          .status();
  if (pg::ConstraintOf(status) == "standing_offers_pkey") {
    return errors::Make(absl::StatusCode::kAlreadyExists, "STANDING_OFFER_EXISTS",
                        absl::StrCat("There is a ", offer.name(), " already; choose another id, or leave it empty."),
                        absl::StrCat(offer.name(), " はすでにあります。別の ID にするか、空にしてください。"),
                        {{"standing_offer", offer.name()}});
  }
  PutSearchKeyOf(tx, offer);
  return status;
}

void UpdateStanding(pg::Transaction& tx, const Standing& standing) {
  const v1::StandingOffer& offer = standing.offer;
  tx.Defer(kUpdate, tx.network_id(), IdOf(offer.name()), offer.title(), static_cast<int>(offer.weekday()),
           offer.lead_days(), registry::ParseDay(offer.from_date()), registry::ParseDay(offer.until_date()),
           offer.paused(), offer.as_draft(), SkipsOf(offer), pg::Bytes{DetailOf(offer)},
           pg::Bytes{standing.lines.SerializeAsString()});
  PutSearchKeyOf(tx, offer);
}

absl::StatusOr<std::vector<std::string>> MaybeDue(pg::Transaction& tx, absl::CivilDay today) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMaybeDue, tx.network_id(), today));
  std::vector<std::string> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<std::string>(0));
  return ids;
}

absl::StatusOr<std::vector<absl::CivilDay>> NotMadeYet(pg::Transaction& tx, const std::string& id,
                                                       const std::vector<absl::CivilDay>& days) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNotMadeYet, tx.network_id(), id, days));
  std::vector<absl::CivilDay> left;
  for (const pg::Row row : rows) left.push_back(row.Get<absl::CivilDay>(0));
  return left;
}

void RecordMade(pg::Transaction& tx, const std::string& id, absl::CivilDay day,
                const std::optional<std::string>& offer_id, const std::string& reason) {
  tx.Defer(kMade, tx.network_id(), id, day, offer_id);
  tx.Defer(kLast, tx.network_id(), id, offer_id, reason);
}

}  // namespace kubari::donors
