#include "services/impact/pg_store.h"

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"

namespace kubari::impact {
namespace {

constexpr pg::Statement kInsertFacts{R"sql(
  INSERT INTO facts (network_id, position, part, movement_id, kind, day, recorded_time, donor_id, group_id, delivery_id, lot_id,
                     product_display_name, category, prefecture, items, grams, households)
  SELECT $1::uuid, * FROM unnest($2::bigint[], $3::integer[], $4::uuid[], $5::text[], $6::date[], $7::timestamptz[], $8::uuid[],
                                 $9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::integer[], $14::text[], $15::bigint[],
                                 $16::bigint[], $17::bigint[])
)sql"};

constexpr pg::Statement kAddToDaily{R"sql(
  INSERT INTO daily AS old (network_id, day, kind, donor_id, group_id, category, prefecture, items, grams)
  SELECT network_id, day, kind, donor_id, coalesce(group_id, '00000000-0000-0000-0000-000000000000'), category, prefecture,
         sum(items), sum(grams)
    FROM facts
   WHERE network_id = $1::uuid AND position BETWEEN $2 AND $3
   GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (network_id, day, kind, donor_id, group_id, category, prefecture)
  DO UPDATE SET items = old.items + excluded.items, grams = old.grams + excluded.grams
)sql"};

constexpr pg::Statement kAddToDelivered{R"sql(
  INSERT INTO delivered AS old (network_id, day, delivery_id, group_id, donor_id, category, prefecture, items, households)
  SELECT network_id, day, delivery_id, group_id, donor_id, category, prefecture, sum(items), max(households)
    FROM facts
   WHERE network_id = $1::uuid AND position BETWEEN $2 AND $3 AND kind = 'CONFIRM' AND delivery_id IS NOT NULL
   GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (network_id, day, delivery_id, group_id, donor_id, category, prefecture)
  DO UPDATE SET items = old.items + excluded.items, households = greatest(old.households, excluded.households)
)sql"};

// Names that are not told again do not blank those that are known.
constexpr pg::Statement kRememberParties{R"sql(
  INSERT INTO parties AS old (network_id, party_id, display_name, may_be_named, prefecture, place_id)
  SELECT DISTINCT ON (party_id) $1::uuid, party_id, display_name, may_be_named, prefecture, place_id
    FROM unnest($2::uuid[], $3::text[], $4::boolean[], $5::text[], $6::uuid[])
         WITH ORDINALITY AS p (party_id, display_name, may_be_named, prefecture, place_id, n)
   ORDER BY party_id, display_name <> '' DESC, n DESC
  ON CONFLICT (network_id, party_id) DO UPDATE
     SET display_name = excluded.display_name, may_be_named = excluded.may_be_named,
         prefecture = CASE WHEN excluded.prefecture = '' THEN old.prefecture ELSE excluded.prefecture END,
         place_id = coalesce(excluded.place_id, old.place_id)
   WHERE excluded.display_name <> ''
     AND (old.display_name, old.may_be_named, old.prefecture, old.place_id)
         IS DISTINCT FROM (excluded.display_name, excluded.may_be_named, excluded.prefecture, excluded.place_id)
)sql"};

constexpr pg::Statement kGroups{R"sql(
  SELECT party_id::text AS id, display_name, prefecture, place_id
    FROM parties WHERE network_id = $1::uuid AND (party_id = ANY ($2::uuid[]) OR place_id = ANY ($3::uuid[]))
)sql"};

// $2, $3: days; $4 donor, $5 group, $6 category, $7 prefecture: NULL does not restrict; $8: whole network, else $9 donors or
// $10 groups. $11: the dimension. The same conditions stand in all queries below.
constexpr pg::Statement kSums{R"sql(
  SELECT CASE $11::integer WHEN 1 THEN donor_id::text WHEN 2 THEN group_id::text WHEN 3 THEN category::text
                           WHEN 4 THEN to_char(day, 'YYYY-MM') WHEN 5 THEN prefecture ELSE '' END AS key,
         coalesce(sum(items) FILTER (WHERE kind = 'CONFIRM'), 0)::bigint AS items,
         coalesce(sum(grams) FILTER (WHERE kind = 'CONFIRM'), 0)::bigint AS grams,
         coalesce(sum(items) FILTER (WHERE kind = 'ISSUE'), 0)::bigint AS shipped_items,
         coalesce(sum(grams) FILTER (WHERE kind = 'ISSUE'), 0)::bigint AS shipped_grams,
         coalesce(sum(items) FILTER (WHERE kind = 'RECEIVE'), 0)::bigint AS received_items,
         coalesce(sum(grams) FILTER (WHERE kind = 'RECEIVE'), 0)::bigint AS received_grams,
         coalesce(sum(items) FILTER (WHERE kind = 'DISCARD'), 0)::bigint AS discarded_items,
         coalesce(sum(grams) FILTER (WHERE kind = 'DISCARD'), 0)::bigint AS discarded_grams
    FROM daily
   WHERE network_id = $1::uuid AND day BETWEEN $2::date AND $3::date
     AND ($4::uuid IS NULL OR donor_id = $4::uuid) AND ($5::uuid IS NULL OR group_id = $5::uuid)
     AND ($6::integer IS NULL OR category = $6::integer) AND ($7::text IS NULL OR prefecture = $7::text)
     AND ($8::boolean OR donor_id = ANY ($9::uuid[]) OR group_id = ANY ($10::uuid[]))
     AND ($11::integer NOT IN (2, 5) OR group_id <> '00000000-0000-0000-0000-000000000000')
   GROUP BY 1
   ORDER BY CASE WHEN $11::integer = 4 THEN 0 ELSE -coalesce(sum(grams) FILTER (WHERE kind = 'CONFIRM'), 0) END, 1
   LIMIT 1000
)sql"};

// A delivery counts where, of what is asked for, something is left of it after reversals.
constexpr pg::Statement kDistinct{R"sql(
  WITH parts AS (
    SELECT CASE $11::integer WHEN 1 THEN donor_id::text WHEN 2 THEN group_id::text WHEN 3 THEN category::text
                             WHEN 4 THEN to_char(day, 'YYYY-MM') WHEN 5 THEN prefecture ELSE '' END AS key,
           delivery_id, group_id, donor_id, items, households
      FROM delivered
     WHERE network_id = $1::uuid AND day BETWEEN $2::date AND $3::date
       AND ($4::uuid IS NULL OR donor_id = $4::uuid) AND ($5::uuid IS NULL OR group_id = $5::uuid)
       AND ($6::integer IS NULL OR category = $6::integer) AND ($7::text IS NULL OR prefecture = $7::text)
       AND ($8::boolean OR donor_id = ANY ($9::uuid[]) OR group_id = ANY ($10::uuid[]))
  ), deliveries AS (
    SELECT key, delivery_id, group_id, max(households) AS households FROM parts GROUP BY 1, 2, 3 HAVING sum(items) > 0
  ), of_groups AS (
    SELECT key, group_id, count(*) AS deliveries, sum(households) AS cumulative, max(households) AS largest
      FROM deliveries GROUP BY 1, 2
  ), of_donors AS (
    SELECT key, count(*) AS donors
      FROM (SELECT key, donor_id FROM parts GROUP BY 1, 2 HAVING sum(items) > 0) AS d GROUP BY 1
  )
  SELECT key, sum(deliveries)::bigint AS deliveries, sum(cumulative)::bigint AS cumulative, sum(largest)::bigint AS distinct_households,
         count(*) AS groups, coalesce(max(donors), 0)::bigint AS donors
    FROM of_groups LEFT JOIN of_donors USING (key)
   GROUP BY 1
)sql"};

// Of each request the households that it reached, once, where a delivery counts that was given for it.
constexpr pg::Statement kSupport{R"sql(
  WITH parts AS (
    SELECT CASE $11::integer WHEN 1 THEN donor_id::text WHEN 2 THEN group_id::text WHEN 3 THEN category::text
                             WHEN 4 THEN to_char(day, 'YYYY-MM') WHEN 5 THEN prefecture ELSE '' END AS key,
           s.support_request_id, d.delivery_id, d.group_id, d.items
      FROM support_deliveries AS s
      JOIN delivered AS d ON d.network_id = s.network_id AND d.delivery_id = s.delivery_id
     WHERE s.network_id = $1::uuid AND day BETWEEN $2::date AND $3::date
       AND ($4::uuid IS NULL OR donor_id = $4::uuid) AND ($5::uuid IS NULL OR group_id = $5::uuid)
       AND ($6::integer IS NULL OR category = $6::integer) AND ($7::text IS NULL OR prefecture = $7::text)
       AND ($8::boolean OR donor_id = ANY ($9::uuid[]) OR group_id = ANY ($10::uuid[]))
  ), counted AS (
    SELECT DISTINCT key, support_request_id
      FROM (SELECT key, support_request_id FROM parts GROUP BY key, support_request_id, delivery_id, group_id HAVING sum(items) > 0) AS p
  )
  SELECT key, sum(r.households)::bigint AS households
    FROM counted AS c JOIN support_reached AS r ON r.network_id = $1::uuid AND r.support_request_id = c.support_request_id
   GROUP BY key
)sql"};

constexpr pg::Statement kSupportPosition{R"sql(
  SELECT coalesce((SELECT position FROM support_cursor WHERE network_id = $1::uuid), 0) AS position
)sql"};

// Only forward; whoever comes second writes the same again.
constexpr pg::Statement kMoveSupportCursor{R"sql(
  INSERT INTO support_cursor AS old (network_id, position) VALUES ($1::uuid, $2)
  ON CONFLICT (network_id) DO UPDATE SET position = greatest(old.position, excluded.position)
  RETURNING position
)sql"};

constexpr pg::Statement kAddReached{R"sql(
  INSERT INTO support_reached (network_id, support_request_id, households)
  SELECT $1::uuid, * FROM unnest($2::uuid[], $3::bigint[])
  ON CONFLICT (network_id, support_request_id) DO UPDATE SET households = excluded.households
)sql"};

constexpr pg::Statement kAddSupportDeliveries{R"sql(
  INSERT INTO support_deliveries (network_id, support_request_id, delivery_id)
  SELECT $1::uuid, * FROM unnest($2::uuid[], $3::uuid[])
  ON CONFLICT DO NOTHING
)sql"};

constexpr pg::Statement kPartyNames{R"sql(
  SELECT party_id::text AS id, display_name, may_be_named FROM parties WHERE network_id = $1::uuid AND party_id = ANY ($2::uuid[])
)sql"};

constexpr pg::Statement kMovements{R"sql(
  SELECT f.position, f.part, f.movement_id, f.kind, f.day, f.donor_id, f.group_id, f.delivery_id, f.lot_id, f.product_display_name, f.category,
         f.items, f.grams, f.households, d.display_name AS donor_name, d.may_be_named, coalesce(g.display_name, '') AS group_name
    FROM facts AS f
    JOIN parties AS d ON d.network_id = f.network_id AND d.party_id = f.donor_id
    LEFT JOIN parties AS g ON g.network_id = f.network_id AND g.party_id = f.group_id
   WHERE f.network_id = $1::uuid AND f.day BETWEEN $2::date AND $3::date
     AND ($4::uuid IS NULL OR f.donor_id = $4::uuid) AND ($5::uuid IS NULL OR f.group_id = $5::uuid)
     AND ($6::integer IS NULL OR f.category = $6::integer) AND ($7::text IS NULL OR f.prefecture = $7::text)
     AND ($8::boolean OR f.donor_id = ANY ($9::uuid[]) OR f.group_id = ANY ($10::uuid[]))
     AND (f.position, f.part) > ($11, $12)
   ORDER BY f.position, f.part
   LIMIT $13
)sql"};

constexpr pg::Statement kProgress{R"sql(
  SELECT coalesce((SELECT next_position FROM feed_cursor WHERE network_id = $1::uuid), 0) AS next_position,
         (SELECT recorded_time FROM facts WHERE network_id = $1::uuid ORDER BY position DESC LIMIT 1) AS recorded_time
)sql"};

// May the caller learn the donor's name / the group's name?
bool MaySeeDonor(const Query& query, const std::string& donor_id, bool may_be_named) {
  return query.whole_network || may_be_named || std::ranges::count(query.own_donors, donor_id) > 0;
}
bool MaySeeGroup(const Query& query, const std::string& group_id) {
  return query.whole_network || std::ranges::count(query.own_groups, group_id) > 0;
}

}  // namespace

absl::StatusOr<KnownGroups> ReadGroups(pg::Transaction& tx, const std::vector<std::string>& groups,
                                       const std::vector<std::string>& places) {
  KnownGroups known;
  if (groups.empty() && places.empty()) return known;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kGroups, tx.network_id(), groups, places));
  for (const pg::Row row : rows) {
    const std::string id = row.Get<std::string>("id");
    KnownGroups::Group& group = known.groups[id];
    group = {row.Get<std::string>("display_name"), row.Get<std::string>("prefecture"),
             row.Get<std::optional<std::string>>("place_id").value_or("")};
    if (!group.place_id.empty()) known.group_at[group.place_id] = id;
  }
  return known;
}

absl::Status AddFacts(pg::Transaction& tx, std::span<const Fact> facts, const KnownGroups& known) {
  if (facts.empty()) return absl::OkStatus();
  std::vector<int64_t> positions, items, grams, households, categories, parts;
  std::vector<std::string> movements, kinds, donors, lots, products, prefectures, parties, names, days, times, located;
  std::vector<std::optional<std::string>> groups, deliveries, places;
  std::vector<bool> may_be_named;
  const auto optional = [](const std::string& id) { return id.empty() ? std::nullopt : std::optional(id); };
  const auto remember = [&](const std::string& party, const std::string& name, bool named, const std::string& prefecture,
                            const std::string& place) {
    parties.push_back(party);
    names.push_back(name);
    may_be_named.push_back(named);
    located.push_back(prefecture);
    places.push_back(optional(place));
  };
  for (const Fact& fact : facts) {
    positions.push_back(fact.position);
    parts.push_back(fact.part);
    movements.push_back(fact.movement_id);
    kinds.push_back(KindName(fact.kind));
    days.push_back(absl::FormatCivilTime(fact.day));
    times.push_back(absl::FormatTime(absl::RFC3339_full, fact.recorded_time, absl::UTCTimeZone()));
    donors.push_back(fact.donor_id);
    groups.push_back(optional(fact.group_id));
    deliveries.push_back(optional(fact.delivery_id));
    lots.push_back(fact.lot_id);
    products.push_back(fact.product_display_name);
    categories.push_back(fact.category);
    prefectures.push_back(fact.prefecture);
    items.push_back(fact.items);
    grams.push_back(fact.grams);
    households.push_back(fact.households);
    remember(fact.donor_id, fact.donor_display_name, fact.donor_may_be_named, "", "");
  }
  for (const auto& [id, group] : known.groups) remember(id, group.display_name, false, group.prefecture, group.place_id);
  const std::string& network = tx.network_id();
  const int64_t first = positions.front();
  const int64_t last = positions.back();
  pg::Batch batch;
  batch.Add(kInsertFacts, network, positions, parts, movements, kinds, days, times, donors, groups, deliveries, lots, products,
            categories, prefectures, items, grams, households);
  batch.Add(kAddToDaily, network, first, last);
  batch.Add(kAddToDelivered, network, first, last);
  batch.Add(kRememberParties, network, parties, names, may_be_named, located, places);
  return tx.Pipeline(batch).status();
}

absl::StatusOr<int64_t> ReadSupportPosition(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kSupportPosition, tx.network_id()));
  return rows[0].Get<int64_t>("position");
}

absl::Status AddReached(pg::Transaction& tx, const google::protobuf::RepeatedPtrField<support::v1::Reached>& reached) {
  if (reached.empty()) return absl::OkStatus();
  const int64_t last = reached.rbegin()->position();
  // Holds the cursor: pages are taken over one after the other.
  ASSIGN_OR_RETURN(const pg::Result moved, tx.Query(kMoveSupportCursor, tx.network_id(), last));
  if (moved[0].Get<int64_t>("position") > last) return absl::OkStatus();  // somebody else is further on
  std::vector<std::string> requests, of, deliveries;
  std::vector<int64_t> households;
  for (const support::v1::Reached& one : reached) {
    const std::string id = *ids::IdFromName("supportRequests", one.support_request());
    requests.push_back(id);
    households.push_back(one.households());
    for (const std::string& delivery : one.deliveries()) {
      of.push_back(id);
      deliveries.push_back(*ids::IdFromName("deliveries", delivery));
    }
  }
  pg::Batch batch;
  batch.Add(kAddReached, tx.network_id(), requests, households);
  batch.Add(kAddSupportDeliveries, tx.network_id(), of, deliveries);
  return tx.Pipeline(batch).status();
}

absl::StatusOr<std::vector<pb::ImpactRow>> Figures(pg::Transaction& tx, const Query& query, pb::Dimension dimension) {
  const int number = static_cast<int>(dimension);
  pg::Batch batch;
  batch.Add(kSums, tx.network_id(), query.from, query.to, query.donor_id, query.group_id, query.category, query.prefecture,
            query.whole_network, query.own_donors, query.own_groups, number);
  batch.Add(kDistinct, tx.network_id(), query.from, query.to, query.donor_id, query.group_id, query.category, query.prefecture,
            query.whole_network, query.own_donors, query.own_groups, number);
  batch.Add(kSupport, tx.network_id(), query.from, query.to, query.donor_id, query.group_id, query.category, query.prefecture,
            query.whole_network, query.own_donors, query.own_groups, number);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(batch));

  std::vector<pb::ImpactRow> rows;
  std::map<std::string, size_t> by_key;
  for (const pg::Row row : results[0]) {
    pb::ImpactRow& out = rows.emplace_back();
    out.set_key(row.Get<std::string>("key"));
    by_key[out.key()] = rows.size() - 1;
    pb::Figures& figures = *out.mutable_figures();
    figures.set_items(row.Get<int64_t>("items"));
    figures.set_grams(row.Get<int64_t>("grams"));
    figures.set_shipped_items(row.Get<int64_t>("shipped_items"));
    figures.set_shipped_grams(row.Get<int64_t>("shipped_grams"));
    figures.set_received_items(row.Get<int64_t>("received_items"));
    figures.set_received_grams(row.Get<int64_t>("received_grams"));
    figures.set_discarded_items(row.Get<int64_t>("discarded_items"));
    figures.set_discarded_grams(row.Get<int64_t>("discarded_grams"));
  }
  for (const pg::Row row : results[1]) {
    const auto found = by_key.find(row.Get<std::string>("key"));
    if (found == by_key.end()) continue;  // beyond the thousandth row
    pb::Figures& figures = *rows[found->second].mutable_figures();
    figures.set_deliveries(row.Get<int64_t>("deliveries"));
    figures.set_households_cumulative(row.Get<int64_t>("cumulative"));
    figures.set_households_distinct(row.Get<int64_t>("distinct_households"));
    figures.set_groups(row.Get<int64_t>("groups"));
    figures.set_donors(row.Get<int64_t>("donors"));
  }

  for (const pg::Row row : results[2]) {
    const auto found = by_key.find(row.Get<std::string>("key"));
    if (found != by_key.end()) rows[found->second].mutable_figures()->set_support_households(row.Get<int64_t>("households"));
  }

  const bool of_donors = dimension == pb::DIMENSION_DONOR;
  if (of_donors || dimension == pb::DIMENSION_GROUP) {
    std::vector<std::string> ids;
    for (const pb::ImpactRow& row : rows) ids.push_back(row.key());
    ASSIGN_OR_RETURN(const pg::Result names, tx.Query(kPartyNames, tx.network_id(), ids));
    for (const pg::Row name : names) {
      const std::string id = name.Get<std::string>("id");
      const bool visible = of_donors ? MaySeeDonor(query, id, name.Get<bool>("may_be_named")) : MaySeeGroup(query, id);
      if (visible) rows[by_key[id]].set_display_name(name.Get<std::string>("display_name"));
    }
    for (pb::ImpactRow& row : rows) row.set_key(absl::StrCat(of_donors ? "donors/" : "groups/", row.key()));
  } else if (dimension == pb::DIMENSION_CATEGORY) {
    for (pb::ImpactRow& row : rows) {
      row.set_key(type::v1::FoodCategory_Name(static_cast<type::v1::FoodCategory>(std::stoi(row.key()))));
    }
  }
  return rows;
}

absl::StatusOr<std::vector<Listed>> Movements(pg::Transaction& tx, const Query& query, int64_t after_position,
                                              int after_part, int limit) {
  ASSIGN_OR_RETURN(const pg::Result result,
                   tx.Query(kMovements, tx.network_id(), query.from, query.to, query.donor_id, query.group_id, query.category,
                            query.prefecture, query.whole_network, query.own_donors, query.own_groups, after_position, after_part, limit));
  std::vector<Listed> movements;
  for (const pg::Row row : result) {
    Listed& listed = movements.emplace_back();
    listed.part = row.Get<int>("part");
    pb::ImpactMovement& out = listed.movement;
    const std::string donor = row.Get<std::string>("donor_id");
    const std::optional<std::string> group = row.Get<std::optional<std::string>>("group_id");
    const std::optional<std::string> delivery = row.Get<std::optional<std::string>>("delivery_id");
    out.set_position(row.Get<int64_t>("position"));
    out.set_movement("movements/" + row.Get<std::string>("movement_id"));
    out.set_date(absl::FormatCivilTime(row.Get<absl::CivilDay>("day")));
    out.set_kind(row.Get<std::string>("kind"));
    out.set_donor("donors/" + donor);
    if (MaySeeDonor(query, donor, row.Get<bool>("may_be_named"))) out.set_donor_display_name(row.Get<std::string>("donor_name"));
    if (group) {
      out.set_group("groups/" + *group);
      if (MaySeeGroup(query, *group)) out.set_group_display_name(row.Get<std::string>("group_name"));
    }
    if (delivery) out.set_delivery("deliveries/" + *delivery);
    out.set_lot("lots/" + row.Get<std::string>("lot_id"));
    out.set_product_display_name(row.Get<std::string>("product_display_name"));
    out.set_category(static_cast<type::v1::FoodCategory>(row.Get<int>("category")));
    out.set_items(row.Get<int64_t>("items"));
    out.set_grams(row.Get<int64_t>("grams"));
    out.set_households(row.Get<int64_t>("households"));
  }
  return movements;
}

absl::StatusOr<Progress> ReadProgress(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result result, tx.Query(kProgress, tx.network_id()));
  return Progress{.next_position = result[0].Get<int64_t>("next_position"),
                  .recorded_time = result[0].Get<std::optional<absl::Time>>("recorded_time")};
}

}  // namespace kubari::impact
