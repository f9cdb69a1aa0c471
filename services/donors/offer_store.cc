#include "services/donors/offer_store.h"

#include <algorithm>

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

// Offers with the names of those who give and offer.
#define KUBARI_OFFER_NAMES                                                                   \
  "SELECT o.*, d.display_name AS donor_display_name, "                                       \
  "coalesce(a.display_name, '') AS acting_display_name FROM "
#define KUBARI_OFFER_DONORS                                                                  \
  " o JOIN donors d USING (network_id, donor_id) "                                           \
  "LEFT JOIN donors a ON a.network_id = o.network_id AND a.donor_id = o.acting_donor_id "
constexpr pg::Statement kFind{KUBARI_OFFER_NAMES "offers" KUBARI_OFFER_DONORS
                              "WHERE o.network_id = $1 AND o.offer_id = $2"};
constexpr pg::Statement kFindAndLock{KUBARI_OFFER_NAMES "offers" KUBARI_OFFER_DONORS
                                     "WHERE o.network_id = $1 AND o.offer_id = $2 FOR UPDATE OF o"};
constexpr pg::Statement kFindByCode{KUBARI_OFFER_NAMES "offers" KUBARI_OFFER_DONORS
                                    "WHERE o.network_id = $1 AND o.donor_id = $2 AND o.code = $3"};
constexpr pg::Statement kSetContentHash{
    "UPDATE offers SET content_hash = $3 WHERE network_id = $1 AND offer_id = $2"};
constexpr pg::Statement kIsContent{
    "SELECT content_hash = $3 AS same FROM offers WHERE network_id = $1 AND offer_id = $2"};
constexpr pg::Statement kActedForOthers{
    "SELECT FROM offers WHERE network_id = $1 AND acting_donor_id = $2 LIMIT 1"};
// Filters that are not set fold away when the plan is made for the actual values.
constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};
// $2 states, $3 to $6 who asks, $7 donor, $8 warehouse, $9 and $10 first and last ready date; behind $11, $12; $13 so many; $14 who offers
// for others. All: a page of each state, as its index has it, and of these a page. Found: what $15 to $17 find, by itself or by its donor.
struct OfferLists {
  pg::Statement all, found;
};
#define KUBARI_FITTING_OFFERS(key, type, behind)                                                                       \
  "o.network_id = $1 AND ($3 OR o.donor_id = ANY($4::uuid[]) OR o.acting_donor_id = ANY($4) "                         \
  "OR ($5 AND o.state = ANY($6::int[]))) "                                                                            \
  "AND ($7::uuid IS NULL OR o.donor_id = $7) AND ($8::uuid IS NULL OR o.warehouse_id = $8) "                          \
  "AND ($9::date IS NULL OR o.ready_date >= $9) AND ($10::date IS NULL OR o.ready_date <= $10) "                      \
  "AND ($14::uuid IS NULL OR o.acting_donor_id = $14) "                                                               \
  "AND ($11::" type " IS NULL OR (o." key ", o.offer_id) " behind " ($11, $12::uuid)) "
#define KUBARI_OFFER_LISTS(key, type, behind, desc)                                                                    \
  {                                                                                                                    \
    .all = KUBARI_OFFER_NAMES                                                                                         \
        "(SELECT o.* FROM unnest($2::int[]) s (state) "                                                               \
        "CROSS JOIN LATERAL (SELECT o.* FROM offers o WHERE o.state = s.state AND " KUBARI_FITTING_OFFERS(            \
            key, type, behind) "ORDER BY o." key desc ", o.offer_id" desc " LIMIT $13) o ORDER BY o." key desc         \
        ", o.offer_id" desc " LIMIT $13)" KUBARI_OFFER_DONORS "ORDER BY o." key desc ", o.offer_id" desc,              \
    .found = "WITH found AS MATERIALIZED (SELECT id FROM " KUBARI_SEARCH_FOUND("'{offers,donors}'", "$15", "$16", "$17") ") "       \
        KUBARI_OFFER_NAMES                                                                                            \
        "(SELECT o.* FROM (SELECT id FROM found UNION "                                                              \
        "SELECT x.offer_id FROM found CROSS JOIN LATERAL (SELECT * FROM offers x WHERE x.network_id = $1 "             \
        "AND x.donor_id = found.id AND ($3 OR x.donor_id = ANY($4::uuid[]) OR x.acting_donor_id = ANY($4)) "           \
        "OFFSET 0) x) f CROSS JOIN LATERAL (SELECT * FROM offers o WHERE o.offer_id = f.id "                           \
        "AND o.state = ANY($2::int[]) AND " KUBARI_FITTING_OFFERS(key, type, behind) "OFFSET 0) o ORDER BY o." key desc \
        ", o.offer_id" desc " LIMIT $13)" KUBARI_OFFER_DONORS "ORDER BY o." key desc ", o.offer_id" desc               \
  }
constexpr OfferLists kNewest KUBARI_OFFER_LISTS("create_time", "timestamptz", "<", " DESC");
constexpr OfferLists kOldest KUBARI_OFFER_LISTS("create_time", "timestamptz", ">", "");
constexpr OfferLists kReadyLast KUBARI_OFFER_LISTS("ready_date", "date", "<", " DESC");
constexpr OfferLists kReadyFirst KUBARI_OFFER_LISTS("ready_date", "date", ">", "");
constexpr OfferLists kTitleLast KUBARI_OFFER_LISTS("title", "text", "<", " DESC");
constexpr OfferLists kTitleFirst KUBARI_OFFER_LISTS("title", "text", ">", "");
constexpr OfferLists kDonorLast KUBARI_OFFER_LISTS("donor_sort", "text", "<", " DESC");
constexpr OfferLists kDonorFirst KUBARI_OFFER_LISTS("donor_sort", "text", ">", "");
#undef KUBARI_OFFER_LISTS
#undef KUBARI_FITTING_OFFERS
constexpr pg::Statement kLines{
    "SELECT * FROM offer_lines WHERE network_id = $1 AND offer_id = ANY($2::uuid[]) ORDER BY offer_id, ordinal"};
constexpr pg::Statement kInsert{
    "INSERT INTO offers (network_id, offer_id, donor_id, code, title, state, ready_date, warehouse_id, agreement_id, "
    "decline_reason, detail, create_time, update_time, acting_donor_id, agreement_version, "
    "standing_offer_id, donor_sort) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15, "
    "(SELECT display_name FROM donors WHERE network_id = $1 AND donor_id = $3))"};
constexpr pg::Statement kUpdate{
    "UPDATE offers SET title = $3, state = $4, ready_date = $5, warehouse_id = $6, agreement_id = $7, decline_reason = "
    "$8, detail = $9, update_time = $10, agreement_version = $11, close_note = $12, "
    "version = version + 1 "
    "WHERE network_id = $1 AND offer_id = $2"};
constexpr pg::Statement kInsertLine{
    "INSERT INTO offer_lines (network_id, offer_id, line_id, ordinal, product_id, cases, items_per_case, "
    "accepted_cases, detail) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr pg::Statement kDeleteLines{"DELETE FROM offer_lines WHERE network_id = $1 AND offer_id = $2"};
constexpr pg::Statement kAcceptLine{
    "UPDATE offer_lines SET accepted_cases = $3 WHERE network_id = $1 AND line_id = $2"};
constexpr pg::Statement kReceive{
    "UPDATE offer_lines l SET received_items = l.received_items + r.items "
    "FROM unnest($3::uuid[], $4::bigint[]) AS r(line_id, items) "
    "WHERE l.network_id = $1 AND l.offer_id = $2 AND l.line_id = r.line_id"};
constexpr pg::Statement kCodeTaken{"SELECT 1 FROM offers WHERE network_id = $1 AND donor_id = $2 AND code = $3"};
constexpr pg::Statement kCountByCode{
    "SELECT count(*) FROM offers WHERE network_id = $1 AND donor_id = $2 AND starts_with(code, $3)"};
constexpr pg::Statement kFindKeys{
    "SELECT o.donor_id, o.code FROM offers o JOIN unnest($2::uuid[], $3::text[]) AS k(donor_id, code) "
    "ON o.donor_id = k.donor_id AND o.code = k.code WHERE o.network_id = $1"};

std::string DetailOf(const v1::Offer& offer) {
  v1::Offer detail;
  if (offer.has_conditions()) *detail.mutable_conditions() = offer.conditions();
  if (offer.has_place()) *detail.mutable_place() = offer.place();
  detail.set_accept_note(offer.accept_note());
  return detail.SerializeAsString();
}

std::string DetailOf(const v1::OfferLine& line) {
  v1::OfferLine detail = line;
  detail.clear_name();
  detail.clear_product();
  detail.clear_cases();
  detail.clear_items_per_case();
  detail.clear_accepted_cases();
  detail.clear_received_items();
  return detail.SerializeAsString();
}

// The last id of a name, or NULL of an empty one.
std::optional<std::string> IdOrNull(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return name.substr(name.rfind('/') + 1);
}

std::optional<int> VersionOrNull(const v1::Offer& offer) {
  return offer.agreement_version() == 0 ? std::nullopt : std::optional(offer.agreement_version());
}

void PutSearchKeyOf(pg::Transaction& tx, const std::string& offer_id, const v1::Offer& offer) {
  std::vector<std::string> texts = {offer.title(), offer.code()};
  for (const v1::OfferLine& line : offer.lines()) texts.push_back(line.product_display_name());
  registry::PutSearchKey(tx, "offers", offer_id, texts);
}

std::string OfferIdOf(const v1::Offer& offer) { return *ids::IdFromName("offers", offer.name()); }

absl::StatusOr<v1::Offer> FromRow(const pg::Row& row) {
  v1::Offer offer;
  if (!offer.ParseFromString(row.Get<pg::Bytes>("detail").value))
    return absl::InternalError("offers.detail does not parse");
  const auto donor_id = row.Get<std::string>("donor_id");
  offer.set_name(ids::Name("offers", row.Get<std::string>("offer_id")));
  offer.set_donor(ids::Name("donors", donor_id));
  offer.set_code(row.Get<std::string>("code"));
  offer.set_title(row.Get<std::string>("title"));
  offer.set_state(static_cast<v1::OfferState>(row.Get<int>("state")));
  offer.set_ready_date(row.Get<std::string>("ready_date"));
  if (const auto id = row.Get<std::optional<std::string>>("warehouse_id"))
    offer.set_warehouse(ids::Name("warehouses", *id));
  if (const auto id = row.Get<std::optional<std::string>>("agreement_id")) {
    offer.set_agreement(absl::StrCat("donors/", donor_id, "/agreements/", *id));
  }
  offer.set_decline_reason(row.Get<std::string>("decline_reason"));
  if (const auto id = row.Get<std::optional<std::string>>("acting_donor_id"))
    offer.set_acting_donor(ids::Name("donors", *id));
  offer.set_acting_donor_display_name(row.Get<std::string>("acting_display_name"));
  offer.set_agreement_version(row.Get<std::optional<int>>("agreement_version").value_or(0));
  if (const auto id = row.Get<std::optional<std::string>>("standing_offer_id"))
    offer.set_standing_offer(ids::Name("standingOffers", *id));
  offer.set_close_note(row.Get<std::string>("close_note"));
  offer.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *offer.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  *offer.mutable_update_time() = registry::ToTimestamp(row.Get<absl::Time>("update_time"));
  offer.set_donor_display_name(row.Get<std::string>("donor_display_name"));
  return offer;
}

absl::StatusOr<v1::OfferLine> LineFromRow(const pg::Row& row) {
  v1::OfferLine line;
  if (!line.ParseFromString(row.Get<pg::Bytes>("detail").value))
    return absl::InternalError("offer_lines.detail does not parse");
  line.set_name(absl::StrCat("offers/", row.Get<std::string>("offer_id"), "/lines/", row.Get<std::string>("line_id")));
  line.set_product(ids::Name("products", row.Get<std::string>("product_id")));
  line.set_cases(row.Get<int64_t>("cases"));
  line.set_items_per_case(row.Get<int64_t>("items_per_case"));
  line.set_accepted_cases(row.Get<int64_t>("accepted_cases"));
  line.set_received_items(row.Get<int64_t>("received_items"));
  return line;
}

absl::StatusOr<std::vector<v1::Offer>> WithLines(pg::Transaction& tx, const pg::Result& rows) {
  std::vector<v1::Offer> offers;
  std::vector<std::string> offer_ids;
  std::map<std::string, size_t> index;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(v1::Offer offer, FromRow(row));
    offer_ids.push_back(OfferIdOf(offer));
    index[offer_ids.back()] = offers.size();
    offers.push_back(std::move(offer));
  }
  if (offers.empty()) return offers;
  ASSIGN_OR_RETURN(const pg::Result lines, tx.Query(kLines, tx.network_id(), offer_ids));
  for (const pg::Row row : lines) {
    ASSIGN_OR_RETURN(*offers[index[row.Get<std::string>("offer_id")]].add_lines(), LineFromRow(row));
  }
  return offers;
}

void InsertLines(pg::Transaction& tx, const v1::Offer& offer) {
  for (int i = 0; i < offer.lines_size(); ++i) {
    const v1::OfferLine& line = offer.lines(i);
    tx.Defer(kInsertLine, tx.network_id(), OfferIdOf(offer), IdOrNull(line.name()), i, IdOrNull(line.product()),
             line.cases(), line.items_per_case(), line.accepted_cases(), pg::Bytes{DetailOf(line)});
  }
}

}  // namespace

absl::Status OfferNotFound(const std::string& offer_id) {
  const std::string name = ids::Name("offers", offer_id);
  return errors::Make(absl::StatusCode::kNotFound, "OFFER_NOT_FOUND", absl::StrCat("There is no offer ", name, "."),
                      absl::StrCat("申出 ", name, " は見つかりません。"), {{"offer", name}});
}

absl::StatusOr<v1::Offer> LoadOffer(pg::Transaction& tx, const std::string& offer_id, Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), offer_id));
  if (rows.empty()) return OfferNotFound(offer_id);
  ASSIGN_OR_RETURN(std::vector<v1::Offer> offers, WithLines(tx, rows));
  return std::move(offers[0]);
}

absl::StatusOr<std::optional<v1::Offer>> FindOfferByCode(pg::Transaction& tx, const std::string& donor_id,
                                                         const std::string& code) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindByCode, tx.network_id(), donor_id, code));
  if (rows.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<v1::Offer> offers, WithLines(tx, rows));
  return std::move(offers[0]);
}

absl::StatusOr<bool> IsContentOf(pg::Transaction& tx, const v1::Offer& offer, const std::string& hash) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kIsContent, tx.network_id(), OfferIdOf(offer), pg::Bytes{hash}));
  return !rows.empty() && rows[0].Get<std::optional<bool>>("same").value_or(false);
}

void RememberContent(pg::Transaction& tx, const v1::Offer& offer, const std::string& hash) {
  tx.Defer(kSetContentHash, tx.network_id(), OfferIdOf(offer), pg::Bytes{hash});
}

absl::StatusOr<std::vector<v1::Offer>> ListOffers(pg::Transaction& tx, const OfferFilter& filter) {
  std::vector<int> states = filter.states;
  if (states.empty()) {
    for (int state = v1::OfferState_MIN + 1; state <= v1::OfferState_MAX; ++state) states.push_back(state);
  }
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  const Viewer& viewer = filter.viewer;
  if (!viewer.everything && viewer.own_donors.empty())  // they see these states, if any
    std::erase_if(states, [](int state) { return std::ranges::count(ExpectedStates(), state) == 0; });
  // Most act for one donor only, and offer nothing for others: then it has an index of its own.
  std::optional<std::string> donor_id = filter.donor_id;
  if (!donor_id && !viewer.everything && !viewer.expected_goods && viewer.own_donors.size() == 1) {
    ASSIGN_OR_RETURN(const pg::Result acted, tx.Query(kActedForOthers, tx.network_id(), viewer.own_donors.front()));
    if (acted.empty()) donor_id = viewer.own_donors.front();
  }
  const registry::SearchWords words = registry::SplitQuery(filter.query);
  const registry::SearchWords query = viewer.everything ? words : words.Exactly();
  tx.Defer(kPlanForValues);
  const auto ask = [&](const OfferLists& lists, const auto& after) {
    const auto with = [&](const pg::Statement& list, const auto&... more) {
      return tx.Query(list, tx.network_id(), states, viewer.everything, viewer.own_donors, viewer.expected_goods,
                      ExpectedStates(), donor_id, filter.warehouse_id, filter.ready_from, filter.ready_to, after,
                      filter.after_id, filter.limit, filter.acting_donor_id, more...);
    };
    if (query.empty()) return with(lists.all);
    return with(lists.found, query.words, query.readings, query.similar);
  };
  const auto read = [&]() -> absl::StatusOr<pg::Result> {
    const bool last_first = filter.descending;
    switch (filter.order) {
      case OfferOrder::kReadyDate:
        return ask(last_first ? kReadyLast : kReadyFirst, filter.after_day);
      case OfferOrder::kTitle:
        return ask(last_first ? kTitleLast : kTitleFirst, filter.after_text);
      case OfferOrder::kDonor:
        return ask(last_first ? kDonorLast : kDonorFirst, filter.after_text);
      case OfferOrder::kCreateTime:
        break;
    }
    return ask(last_first ? kNewest : kOldest, filter.after_time);
  };
  ASSIGN_OR_RETURN(const pg::Result rows, read());
  return WithLines(tx, rows);
}

absl::Status InsertOffer(pg::Transaction& tx, const v1::Offer& offer, absl::Time now) {
  const std::optional<std::string> donor_id = IdOrNull(offer.donor());
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), OfferIdOf(offer), donor_id, offer.code(), offer.title(),
               static_cast<int>(offer.state()), registry::ParseDay(offer.ready_date()), IdOrNull(offer.warehouse()),
               IdOrNull(offer.agreement()), offer.decline_reason(), pg::Bytes{DetailOf(offer)}, now,
               IdOrNull(offer.acting_donor()), VersionOrNull(offer), IdOrNull(offer.standing_offer()))
          .status();
  if (pg::ConstraintOf(status) == "offers_code_key") {
    return errors::Make(
        absl::StatusCode::kAlreadyExists, "CODE_TAKEN",
        absl::StrCat("This donor has an offer with the code '", offer.code(), "' already; choose another."),
        absl::StrCat("コード「", offer.code(), "」の申出がすでにあります。別のコードにしてください。"),
        {{"code", offer.code()}});
  }
  if (pg::ConstraintOf(status) == "offers_pkey") {
    return errors::Make(
        absl::StatusCode::kAlreadyExists, "OFFER_EXISTS",
        absl::StrCat("There is an ", offer.name(), " already; choose another id, or leave offer_id empty."),
        absl::StrCat(offer.name(), " はすでにあります。別の ID にするか、offer_id を空にしてください。"),
        {{"offer", offer.name()}});
  }
  RETURN_IF_ERROR(status);
  PutSearchKeyOf(tx, OfferIdOf(offer), offer);
  InsertLines(tx, offer);
  return absl::OkStatus();
}

absl::Status SaveOffer(pg::Transaction& tx, const v1::Offer& offer, absl::Time now, bool new_lines) {
  const std::string offer_id = OfferIdOf(offer);
  tx.Defer(kUpdate, tx.network_id(), offer_id, offer.title(), static_cast<int>(offer.state()),
           registry::ParseDay(offer.ready_date()), IdOrNull(offer.warehouse()), IdOrNull(offer.agreement()),
           offer.decline_reason(), pg::Bytes{DetailOf(offer)}, now, VersionOrNull(offer), offer.close_note());
  PutSearchKeyOf(tx, offer_id, offer);
  if (new_lines) {
    tx.Defer(kDeleteLines, tx.network_id(), offer_id);
    InsertLines(tx, offer);
  } else {
    for (const v1::OfferLine& line : offer.lines()) {
      tx.Defer(kAcceptLine, tx.network_id(), IdOrNull(line.name()), line.accepted_cases());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> NewOfferCode(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today) {
  const std::string prefix = absl::StrFormat("%04d%02d%02d-", today.year(), today.month(), today.day());
  ASSIGN_OR_RETURN(const pg::Result counted, tx.Query(kCountByCode, tx.network_id(), donor_id, prefix));
  for (int64_t number = counted[0].Get<int64_t>(0) + 1;; ++number) {
    const std::string code = absl::StrCat(prefix, number);
    ASSIGN_OR_RETURN(const pg::Result taken, tx.Query(kCodeTaken, tx.network_id(), donor_id, code));
    if (taken.empty()) return code;
  }
}

absl::StatusOr<std::set<std::pair<std::string, std::string>>> FindOffers(
    pg::Transaction& tx, const std::vector<std::pair<std::string, std::string>>& keys) {
  std::vector<std::string> donor_ids, codes;
  for (const auto& [donor_id, code] : keys) {
    donor_ids.push_back(donor_id);
    codes.push_back(code);
  }
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindKeys, tx.network_id(), donor_ids, codes));
  std::set<std::pair<std::string, std::string>> found;
  for (const pg::Row row : rows) found.emplace(row.Get<std::string>("donor_id"), row.Get<std::string>("code"));
  return found;
}

absl::StatusOr<int64_t> AddReceived(pg::Transaction& tx, const std::string& offer_id,
                                    const std::map<std::string, int64_t>& items) {
  std::vector<std::string> line_ids;
  std::vector<int64_t> counts;
  for (const auto& [line_id, count] : items) {
    line_ids.push_back(line_id);
    counts.push_back(count);
  }
  return tx.Execute(kReceive, tx.network_id(), offer_id, line_ids, counts);
}

}  // namespace kubari::donors
