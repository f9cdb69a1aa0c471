#include "services/stock/pg_ledger_store.h"

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

constexpr pg::Statement kLockHead{"SELECT next_position, last_recorded_time FROM lock_head($1)"};
constexpr pg::Statement kHead{"SELECT next_position, last_recorded_time FROM ledger_heads WHERE network_id = $1"};
constexpr pg::Statement kRequests{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM movements m WHERE m.network_id = $1 AND m.request_id = ANY($2::uuid[]) ORDER BY m.position"};
constexpr pg::Statement kLotsById{"SELECT " KUBARI_LOT_COLUMNS
                                  "FROM lots l WHERE l.network_id = $1 AND l.lot_id = ANY($2::uuid[])"};
constexpr pg::Statement kCodes{"SELECT code FROM lots WHERE network_id = $1 AND code = ANY($2::text[])"};
constexpr pg::Statement kBalances{
    "SELECT b.lot_id, b.place_id, b.on_hand, b.reserved FROM balances b "
    "JOIN unnest($2::uuid[], $3::uuid[]) AS k (lot_id, place_id) ON k.lot_id = b.lot_id AND k.place_id = b.place_id "
    "WHERE b.network_id = $1"};
constexpr pg::Statement kReservations{
    "SELECT " KUBARI_RESERVATION_COLUMNS
    "FROM reservations r WHERE r.network_id = $1 AND r.reservation_id = ANY($2::uuid[])"};
constexpr pg::Statement kDeliveries{
    "SELECT delivery_id, group_id, ship_time, confirm_time FROM deliveries WHERE network_id = $1 AND delivery_id = "
    "ANY($2::uuid[])"};
constexpr pg::Statement kDeliveryLines{
    "SELECT delivery_id, lot_id, issued_items, confirmed_items, short_items FROM delivery_lines "
    "WHERE network_id = $1 AND delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kMovements{"SELECT " KUBARI_MOVEMENT_COLUMNS
                                   "FROM movements m WHERE m.network_id = $1 AND m.movement_id = ANY($2::uuid[])"};
constexpr pg::Statement kReversed{
    "SELECT reverses FROM movements WHERE network_id = $1 AND reverses = ANY($2::uuid[])"};

constexpr pg::Statement kInsertPlaces{
    "INSERT INTO places (network_id, place_id, kind, party, display_name) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING"};
constexpr pg::Statement kInsertLots{
    "INSERT INTO lots (network_id, lot_id, code, product_id, origin_id, donor_id, offer_id, date_kind, good_until, "
    "last_good_day, "
    "donor_lot_number, gtin, offer_title, facts, create_time) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], "
    "$8::smallint[], $9::text[], "
    "$10::date[], $11::text[], $12::text[], $13::text[], $14::jsonb[], $15::timestamptz[])"};
constexpr pg::Statement kInsertReservations{
    "INSERT INTO reservations (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, "
    "expire_time, create_time) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], "
    "$8::timestamptz[], "
    "$9::timestamptz[])"};
constexpr pg::Statement kInsertMovements{
    "INSERT INTO movements (network_id, position, movement_id, kind, lot_id, from_place, to_place, items, "
    "reservation_id, delivery_id, "
    "group_id, reverses, reason, note, actor, occurred_time, recorded_time, households, municipality_code, request_id, "
    "request_hash, "
    "leaf_hash) SELECT $1::uuid, * FROM unnest($2::bigint[], $3::uuid[], $4::smallint[], $5::uuid[], $6::uuid[], "
    "$7::uuid[], "
    "$8::bigint[], $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::text[], "
    "$16::timestamptz[], "
    "$17::timestamptz[], $18::bigint[], $19::text[], $20::uuid[], $21::bytea[], $22::bytea[])"};

constexpr pg::Statement kFeed{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM movements m WHERE m.network_id = $1 AND m.position >= $2 ORDER BY m.position LIMIT $3"};
constexpr pg::Statement kHolders{
    "SELECT place_id, on_hand, reserved FROM balances WHERE network_id = $1 AND lot_id = $2 AND on_hand <> 0"};
constexpr pg::Statement kOverdue{"SELECT network_id, reservation_id FROM overdue_reservations($1, $2)"};

template <typename Range>
std::vector<std::string> List(const Range& range) {
  return std::vector<std::string>(range.begin(), range.end());
}

// Where in the results of a batch each answer stands; -1: not asked.
struct Asked {
  int head = -1, requests = -1, lots = -1, codes = -1, balances = -1, reservations = -1, deliveries = -1,
      delivery_lines = -1, movements = -1, reversed = -1;
};

Asked Ask(pg::Batch& batch, const std::string& network, const Needs& needs, const pg::Statement& head) {
  Asked asked;
  int next = 0;
  // The lock comes first: the statements behind it then see all that was committed before it was given.
  batch.Add(head, network);
  asked.head = next++;
  if (!needs.requests.empty()) {
    batch.Add(kRequests, network, List(needs.requests));
    asked.requests = next++;
  }
  if (!needs.origins.empty()) {
    std::vector<std::string> ids, codes;
    for (const auto& [origin, lot] : needs.origins) {
      ids.push_back(lot.id);
      for (int n = 0; n < kLotCodeCandidates; ++n) codes.push_back(LotCode(lot.id, n));
    }
    batch.Add(kLotsById, network, ids);
    asked.lots = next++;
    batch.Add(kCodes, network, codes);
    asked.codes = next++;
  }
  if (!needs.balances.empty()) {
    std::vector<std::string> lots, places;
    for (const auto& [lot, place] : needs.balances) {
      lots.push_back(lot);
      places.push_back(place);
    }
    batch.Add(kBalances, network, lots, places);
    asked.balances = next++;
  }
  if (!needs.reservations.empty()) {
    batch.Add(kReservations, network, List(needs.reservations));
    asked.reservations = next++;
  }
  if (!needs.deliveries.empty()) {
    batch.Add(kDeliveries, network, List(needs.deliveries));
    asked.deliveries = next++;
    batch.Add(kDeliveryLines, network, List(needs.deliveries));
    asked.delivery_lines = next++;
  }
  if (!needs.movements.empty()) {
    batch.Add(kMovements, network, List(needs.movements));
    asked.movements = next++;
    batch.Add(kReversed, network, List(needs.movements));
    asked.reversed = next++;
  }
  return asked;
}

State Read(const std::vector<pg::Result>& results, const Asked& asked) {
  State state;
  const auto rows = [&](int at) { return at < 0 ? pg::Result() : results[at]; };
  for (const pg::Row row : rows(asked.head)) {
    state.next_position = row.Get<int64_t>("next_position");
    state.last_recorded_time = row.Get<absl::Time>("last_recorded_time");
  }
  for (const pg::Row row : rows(asked.requests)) {
    Movement movement = sql::ReadMovement(row);
    state.requests[movement.request_id].push_back(std::move(movement));
  }
  for (const pg::Row row : rows(asked.lots)) {
    Lot lot = sql::ReadLot(row);
    state.origins[lot.Origin()] = std::move(lot);
  }
  for (const pg::Row row : rows(asked.codes)) state.codes.insert(row.Get<std::string>("code"));
  for (const pg::Row row : rows(asked.balances)) {
    state.balances[{row.Get<std::string>("lot_id"), row.Get<std::string>("place_id")}] = {row.Get<int64_t>("on_hand"),
                                                                                          row.Get<int64_t>("reserved")};
  }
  for (const pg::Row row : rows(asked.reservations)) {
    Reservation reservation = sql::ReadReservation(row);
    state.reservations[reservation.id] = std::move(reservation);
  }
  for (const pg::Row row : rows(asked.deliveries)) {
    Delivery& delivery = state.deliveries[row.Get<std::string>("delivery_id")];
    delivery.id = row.Get<std::string>("delivery_id");
    delivery.group_id = row.Get<std::string>("group_id");
    delivery.ship_time = row.Get<std::optional<absl::Time>>("ship_time").value_or(absl::InfinitePast());
    delivery.confirm_time = row.Get<std::optional<absl::Time>>("confirm_time").value_or(absl::InfinitePast());
  }
  for (const pg::Row row : rows(asked.delivery_lines)) {
    state.deliveries[row.Get<std::string>("delivery_id")].lines[row.Get<std::string>("lot_id")] = {
        .issued = row.Get<int64_t>("issued_items"),
        .confirmed = row.Get<int64_t>("confirmed_items"),
        .missing = row.Get<int64_t>("short_items")};
  }
  for (const pg::Row row : rows(asked.movements)) {
    Movement movement = sql::ReadMovement(row);
    state.movements[movement.id] = std::move(movement);
  }
  for (const pg::Row row : rows(asked.reversed)) state.reversed.insert(row.Get<std::string>("reverses"));
  return state;
}

// Collects one column of many values.
template <typename T, typename F>
auto Column(const std::vector<T>& values, F get) {
  std::vector<std::decay_t<decltype(get(values.front()))>> column;
  column.reserve(values.size());
  for (const T& value : values) column.push_back(get(value));
  return column;
}

// For `unnest`: one array per field.
#define FIELD(expression) Column(all, [](const auto& v) { return expression; })

void InsertPlaces(pg::Batch& batch, const std::string& network, const std::vector<Place>& all) {
  if (all.empty()) return;
  batch.Add(kInsertPlaces, network, FIELD(v.id), FIELD(static_cast<int>(v.kind)), FIELD(v.party),
            FIELD(v.display_name));
}

void InsertLots(pg::Batch& batch, const std::string& network, const std::vector<Lot>& all) {
  if (all.empty()) return;
  const auto id = [](const char* collection, const std::string& name) {
    return ids::IdFromName(collection, name).value_or("");
  };
  // "offers/{uuid}/lines/{uuid}"
  const auto offer_id = [](const std::string& line) { return line.size() < 43 ? std::string() : line.substr(7, 36); };
  const auto origin = [&](const pb::Lot& lot) {
    return lot.offer_line().empty() ? id("donors", lot.donor()) : lot.offer_line().substr(lot.offer_line().size() - 36);
  };
  batch.Add(
      kInsertLots, network, FIELD(v.id), FIELD(v.code()),
      Column(all, [&](const Lot& v) { return id("products", v.facts.product()); }),
      Column(all, [&](const Lot& v) { return origin(v.facts); }),
      Column(all, [&](const Lot& v) { return id("donors", v.facts.donor()); }),
      Column(all, [&](const Lot& v) { return sql::OrNull(offer_id(v.facts.offer_line())); }),
      FIELD(static_cast<int>(v.facts.good_until().kind())), FIELD(v.facts.good_until().date()),
      FIELD(eligibility::LotFactsOf(v.facts, false).date ? eligibility::LotFactsOf(v.facts, false).date->LastGoodDay()
                                                         : absl::CivilDay(9999, 12, 31)),
      FIELD(v.facts.donor_lot_number()), FIELD(sql::OrNull(v.facts.gtin())), FIELD(v.offer_title),
      FIELD(sql::ToJson(v.facts)), FIELD(absl::FromUnixSeconds(v.facts.create_time().seconds())));
}

void InsertReservations(pg::Batch& batch, const std::string& network, const std::vector<Reservation>& all) {
  if (all.empty()) return;
  batch.Add(kInsertReservations, network, FIELD(v.id), FIELD(v.lot_id), FIELD(v.place_id), FIELD(v.group_id),
            FIELD(v.delivery_id), FIELD(v.items), FIELD(v.expire_time), FIELD(v.create_time));
}

void InsertMovements(pg::Batch& batch, const std::string& network, const std::vector<Movement>& all) {
  batch.Add(kInsertMovements, network, FIELD(v.position), FIELD(v.id), FIELD(static_cast<int>(v.kind)), FIELD(v.lot_id),
            FIELD(v.from_place), FIELD(v.to_place), FIELD(v.items), FIELD(sql::OrNull(v.reservation_id)),
            FIELD(sql::OrNull(v.delivery_id)), FIELD(sql::OrNull(v.group_id)), FIELD(sql::OrNull(v.reverses)),
            FIELD(v.reason), FIELD(v.note), FIELD(v.actor), FIELD(v.occurred_time), FIELD(v.recorded_time),
            FIELD(v.households), FIELD(v.municipality_code), FIELD(v.request_id), FIELD(pg::Bytes{v.request_hash}),
            FIELD(pg::Bytes{v.leaf_hash}));
}

#undef FIELD

}  // namespace

absl::Status PgLedgerStore::Append(const std::string& network_id, const Needs& needs, absl::Time deadline,
                                   Decide decide) {
  return pool_.Transact({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::Status {
    pg::Batch questions;
    const Asked asked = Ask(questions, network_id, needs, kLockHead);
    ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(questions));
    State state = Read(results, asked);
    const Appendix appendix = decide(state);
    if (appendix.movements.empty()) return absl::OkStatus();
    pg::Batch record;
    InsertPlaces(record, network_id, appendix.places);
    InsertLots(record, network_id, appendix.lots);
    InsertReservations(record, network_id, appendix.reservations);
    InsertMovements(record, network_id, appendix.movements);
    return tx.PipelineAndCommit(record).status();
  });
}

absl::StatusOr<State> PgLedgerStore::Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<State> {
                      pg::Batch questions;
                      const Asked asked = Ask(questions, network_id, needs, kHead);
                      ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.PipelineAndCommit(questions));
                      return Read(results, asked);
                    });
}

absl::StatusOr<std::vector<Movement>> PgLedgerStore::Feed(const std::string& network_id, int64_t position, int limit,
                                                          absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Movement>> {
                      pg::Batch question;
                      question.Add(kFeed, network_id, position, limit);
                      ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.PipelineAndCommit(question));
                      return sql::ReadMovements(results[0]);
                    });
}

absl::StatusOr<std::map<std::string, Balance>> PgLedgerStore::Holders(const std::string& network_id,
                                                                      const std::string& lot_id, absl::Time deadline) {
  using Holders = std::map<std::string, Balance>;
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<Holders> {
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kHolders, network_id, lot_id));
        Holders holders;
        for (const pg::Row row : rows) {
          holders[row.Get<std::string>("place_id")] = {row.Get<int64_t>("on_hand"), row.Get<int64_t>("reserved")};
        }
        return holders;
      });
}

absl::StatusOr<std::vector<LedgerStore::Overdue>> PgLedgerStore::OverdueReservations(absl::Time now, int limit,
                                                                                     absl::Time deadline) {
  return pool_.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Overdue>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kOverdue, now, limit));
    std::vector<Overdue> overdue;
    for (const pg::Row row : rows)
      overdue.push_back({row.Get<std::string>("network_id"), row.Get<std::string>("reservation_id")});
    return overdue;
  });
}

}  // namespace kubari::stock
