#include "services/stock/pg_ledger_store.h"

#include <unordered_map>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/sql.h"

namespace kubari::stock {
namespace {

// The statements below have one good plan, whatever their values. Left to itself PostgreSQL would plan those that read
// the views anew each time, which takes longer than running them.
constexpr pg::Statement kPlanOnce{"SET LOCAL plan_cache_mode = force_generic_plan"};

// Round trip 1: the lock, and what the decisions need -----------------------------------------------------------------

constexpr pg::Statement kLockHead{
    "SELECT ledger, next_position, last_recorded_time, next_lot, next_place, next_actor, next_recipient FROM "
    "lock_head($1)"};
constexpr pg::Statement kHead{
    "SELECT ledger, next_position, last_recorded_time, next_lot, next_place, next_actor, next_recipient FROM ledgers "
    "WHERE network_id = $1"};
// Hardly ever was one of them recorded before: only then the movements themselves are asked for (ReadReplays). The view
// joins seven tables, which takes time even where it finds nothing.
constexpr pg::Statement kRequests{
    "SELECT m.position FROM movements m WHERE m.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) "
    "AND m.request_id = ANY($2::uuid[])"};
constexpr pg::Statement kLotsById{"SELECT " KUBARI_LOT_COLUMNS
                                  "FROM lots l WHERE l.network_id = $1 AND l.lot_id = ANY($2::uuid[])"};
constexpr pg::Statement kCodes{"SELECT code FROM lots WHERE network_id = $1 AND code = ANY($2::text[])"};
// `n` counts the keys from 1. Keys whose numbers are known, and keys whose numbers are not.
constexpr pg::Statement kBalances{
    "SELECT k.n, b.on_hand, b.reserved FROM unnest($2::integer[], $3::integer[]) WITH ORDINALITY AS k (lot, place, n) "
    "JOIN balances b ON b.lot = k.lot AND b.place = k.place "
    "WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1)"};
constexpr pg::Statement kBalancesById{
    "SELECT k.n, l.number AS lot, p.number AS place, b.on_hand, b.reserved "
    "FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS k (lot_id, place_id, n) "
    "JOIN lots l ON l.network_id = $1 AND l.lot_id = k.lot_id "
    "JOIN places p ON p.network_id = $1 AND p.place_id = k.place_id "
    "LEFT JOIN balances b ON b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) "
    "AND b.lot = l.number AND b.place = p.number"};
constexpr pg::Statement kReservations{
    "SELECT " KUBARI_RESERVATION_COLUMNS
    "FROM reservations r WHERE r.network_id = $1 AND r.reservation_id = ANY($2::uuid[])"};
constexpr pg::Statement kDeliveries{"SELECT " KUBARI_DELIVERY_COLUMNS
                                    "FROM deliveries d WHERE d.network_id = $1 AND d.delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kDeliveryLines{
    "SELECT " KUBARI_DELIVERY_LINE_COLUMNS
    "FROM delivery_lines d WHERE d.network_id = $1 AND d.delivery_id = ANY($2::uuid[])"};
constexpr pg::Statement kShipments{"SELECT " KUBARI_SHIPMENT_COLUMNS
                                   "FROM transfers t WHERE t.network_id = $1 AND t.transfer_id = ANY($2::uuid[])"};
constexpr pg::Statement kShipmentLines{
    "SELECT " KUBARI_SHIPMENT_LINE_COLUMNS
    "FROM transfer_lines t WHERE t.network_id = $1 AND t.transfer_id = ANY($2::uuid[])"};
constexpr pg::Statement kMovements{"SELECT " KUBARI_MOVEMENT_COLUMNS
                                   "FROM ledger_entries m WHERE m.network_id = $1 AND m.position = ANY($2::bigint[]) "
                                   "ORDER BY m.position"};
constexpr pg::Statement kReversed{"SELECT " KUBARI_MOVEMENT_COLUMNS
                                  "FROM ledger_entries m WHERE m.network_id = $1 AND m.reverses = ANY($2::bigint[])"};
constexpr pg::Statement kTransformations{
    "SELECT DISTINCT m.operation_id FROM ledger_entries m WHERE m.network_id = $1 AND m.operation_id = "
    "ANY($2::uuid[])"};
constexpr pg::Statement kStopped{
    "SELECT lot_id, recall_id FROM stopped_lots WHERE network_id = $1 AND lot_id = ANY($2::uuid[]) "
    "ORDER BY lot_id, recall_id"};
// Lots that will be stopped as soon as they are made, since they fit the goods of an open recall.
constexpr pg::Statement kStoppedIfMade{
    "SELECT n.lot_id, min(r.recall_id::text) AS recall_id "
    "FROM unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::text[], $6::text[]) AS n (lot_id, product_id, date_kind, "
    "good_until, donor_lot_number) "
    "JOIN products p ON p.network_id = $1 AND p.product_id = n.product_id "
    "JOIN recalls r ON r.network_id = $1 AND r.state = 1 AND NOT r.drill AND (p.gtin = r.gtin OR p.case_gtin = r.gtin) "
    "WHERE date_and_number_fit(n.date_kind, n.good_until, n.donor_lot_number, r.date_kind, r.good_until, "
    "r.donor_lot_number) GROUP BY n.lot_id"};
// First to expire first. Of several recalls the same one is named as by kStopped.
constexpr pg::Statement kEarlier{
    "SELECT k.warehouse_id, k.product_id, l.lot_id, l.code, p.place_id, p.display_name, b.last_good_day, b.on_hand, "
    "b.reserved, (SELECT min(s.recall_id::text) FROM stopped_lots s WHERE s.network_id = $1 AND s.lot_id = l.lot_id) "
    "AS recall_id "
    "FROM unnest($2::uuid[], $3::uuid[], $4::date[]) AS k (warehouse_id, product_id, before) "
    "JOIN balances b ON b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = $1) "
    "AND b.product_id = k.product_id AND b.warehouse_id = k.warehouse_id AND b.last_good_day < k.before "
    "AND b.present AND b.place % 10 = 1 "
    "JOIN lots l ON l.network_id = $1 AND l.number = b.lot JOIN places p ON p.network_id = $1 AND p.number = b.place "
    "ORDER BY b.last_good_day, l.lot_id, p.place_id"};

// Between the two, when something was met for the first time ----------------------------------------------------------

constexpr pg::Statement kLotNumbers{
    "SELECT lot_id AS id, number FROM lots WHERE network_id = $1 AND lot_id = ANY($2::uuid[])"};
constexpr pg::Statement kPlaceNumbers{
    "SELECT place_id AS id, number FROM places WHERE network_id = $1 AND place_id = ANY($2::uuid[])"};
constexpr pg::Statement kActorNumbers{
    "SELECT actor AS id, number FROM actors WHERE network_id = $1 AND actor = ANY($2::text[])"};
constexpr pg::Statement kGroupNumbers{
    "SELECT group_id AS id, number FROM recipients WHERE network_id = $1 AND group_id = ANY($2::uuid[])"};

// Round trip 2: what was decided
// ----------------------------------------------------------------------------------------

constexpr pg::Statement kTakeNumbers{"SELECT take_numbers($1, $2, $3, $4, $5)"};
constexpr pg::Statement kInsertPlaces{
    "INSERT INTO places (network_id, place_id, number, kind, party, display_name) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::integer[], $4::smallint[], $5::text[], $6::text[])"};
constexpr pg::Statement kInsertLots{
    "INSERT INTO lots (network_id, lot_id, number, code, product_id, origin_id, donor_id, offer_id, transformation_id, "
    "date_kind, good_until, last_good_day, donor_lot_number, gtin, offer_title, facts, create_time) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], "
    "$8::uuid[], $9::uuid[], $10::smallint[], $11::text[], $12::date[], $13::text[], $14::text[], $15::text[], "
    "$16::jsonb[], $17::timestamptz[])"};
constexpr pg::Statement kInsertActors{
    "INSERT INTO actors (network_id, actor, number) SELECT $1::uuid, * FROM unnest($2::text[], $3::integer[])"};
constexpr pg::Statement kInsertGroups{
    "INSERT INTO recipients (network_id, group_id, number) SELECT $1::uuid, * FROM unnest($2::uuid[], $3::integer[])"};
constexpr pg::Statement kInsertReservations{
    "INSERT INTO reservations (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, "
    "expire_time, create_time) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], "
    "$8::timestamptz[], $9::timestamptz[])"};
constexpr pg::Statement kInsertMovements{
    "INSERT INTO movements (ledger, position, kind, lot, from_place, to_place, items, actor, occurred_time, "
    "recorded_time, request_id, request_hash, leaf_hash, recipient, reservation_id, delivery_id, operation_id, "
    "reverses, effect_kind, takes_back, households, reason, note, municipality_code) "
    "SELECT $1::integer, * FROM unnest($2::bigint[], $3::smallint[], $4::integer[], $5::integer[], $6::integer[], "
    "$7::integer[], $8::integer[], $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::bytea[], $13::bytea[], "
    "$14::integer[], $15::uuid[], $16::uuid[], $17::uuid[], $18::bigint[], $19::smallint[], $20::boolean[], "
    "$21::integer[], $22::text[], $23::text[], $24::text[])"};

// Readers
// ---------------------------------------------------------------------------------------------------------------

constexpr pg::Statement kFeed{
    "SELECT " KUBARI_MOVEMENT_COLUMNS
    "FROM ledger_entries m WHERE m.network_id = $1 AND m.position >= $2 ORDER BY m.position LIMIT $3"};
constexpr pg::Statement kHolders{
    "SELECT place_id, on_hand, reserved FROM stock_balances WHERE network_id = $1 AND lot_id = $2 AND on_hand <> 0"};
constexpr pg::Statement kOverdue{"SELECT network_id, reservation_id FROM overdue_reservations($1, $2)"};

template <typename Range>
std::vector<std::string> List(const Range& range) {
  return std::vector<std::string>(range.begin(), range.end());
}

// The questions of a batch, and where among the results each answer stands; -1: not asked.
struct Questions {
  pg::Batch batch;
  int count = 0;
  int head = -1, requests = -1, lots = -1, codes = -1, balances = -1, balances_by_id = -1, reservations = -1,
      deliveries = -1, delivery_lines = -1, shipments = -1, shipment_lines = -1, movements = -1, reversed = -1,
      transformations = -1, stopped = -1, stopped_if_made = -1, earlier = -1;
  // The keys asked for by `balances` and `balances_by_id`.
  std::vector<BalanceKey> keys, keys_by_id;

  template <typename... Args>
  int Ask(const pg::Statement& statement, const Args&... args) {
    batch.Add(statement, args...);
    return count++;
  }
};

void AskForBalances(Questions& questions, const std::string& network, const Needs& needs,
                    const PgLedgerStore::Numbers& numbers) {
  std::vector<int32_t> lots, places;
  std::vector<std::string> lot_ids, place_ids;
  for (const BalanceKey& key : needs.balances) {
    const auto lot = numbers.lots.Find(network, key.first), place = numbers.places.Find(network, key.second);
    if (lot && place) {
      questions.keys.push_back(key);
      lots.push_back(*lot);
      places.push_back(*place);
    } else {
      questions.keys_by_id.push_back(key);
      lot_ids.push_back(key.first);
      place_ids.push_back(key.second);
    }
  }
  if (!lots.empty()) questions.balances = questions.Ask(kBalances, network, lots, places);
  if (!lot_ids.empty()) questions.balances_by_id = questions.Ask(kBalancesById, network, lot_ids, place_ids);
}

// Of lots that a command makes and hands over at once (DIRECT) it matters whether a recall would stop them.
void AskForNewStops(Questions& questions, const std::string& network, const Needs& needs) {
  std::vector<std::string> lots, products, dates, numbers;
  std::vector<int> kinds;
  for (const auto& [origin, lot] : needs.origins) {
    if (needs.stops.count(lot.id) == 0) continue;
    lots.push_back(lot.id);
    products.push_back(ids::IdFromName("products", lot.facts.product()).value_or(""));
    kinds.push_back(lot.facts.good_until().kind());
    dates.push_back(lot.facts.good_until().date());
    numbers.push_back(lot.facts.donor_lot_number());
  }
  if (!lots.empty())
    questions.stopped_if_made = questions.Ask(kStoppedIfMade, network, lots, products, kinds, dates, numbers);
}

Questions Ask(const std::string& network, const Needs& needs, const PgLedgerStore::Numbers& numbers,
              const pg::Statement& head) {
  Questions questions;
  // The lock comes first: the statements behind it then see all that was committed before it was given.
  questions.head = questions.Ask(head, network);
  if (!needs.requests.empty()) questions.requests = questions.Ask(kRequests, network, List(needs.requests));
  if (!needs.origins.empty()) {
    std::vector<std::string> ids, codes;
    for (const auto& [origin, lot] : needs.origins) {
      ids.push_back(lot.id);
      for (int n = 0; n < kLotCodeCandidates; ++n) codes.push_back(LotCode(lot.id, n));
    }
    questions.lots = questions.Ask(kLotsById, network, ids);
    questions.codes = questions.Ask(kCodes, network, codes);
  }
  AskForBalances(questions, network, needs, numbers);
  if (!needs.reservations.empty())
    questions.reservations = questions.Ask(kReservations, network, List(needs.reservations));
  if (!needs.deliveries.empty()) {
    questions.deliveries = questions.Ask(kDeliveries, network, List(needs.deliveries));
    questions.delivery_lines = questions.Ask(kDeliveryLines, network, List(needs.deliveries));
  }
  if (!needs.shipments.empty()) {
    questions.shipments = questions.Ask(kShipments, network, List(needs.shipments));
    questions.shipment_lines = questions.Ask(kShipmentLines, network, List(needs.shipments));
  }
  if (!needs.movements.empty()) {
    std::vector<int64_t> positions;
    for (const std::string& id : needs.movements) {
      if (const auto position = PositionOf(network, id)) positions.push_back(*position);
    }
    questions.movements = questions.Ask(kMovements, network, positions);
    questions.reversed = questions.Ask(kReversed, network, positions);
  }
  if (!needs.transformations.empty())
    questions.transformations = questions.Ask(kTransformations, network, List(needs.transformations));
  if (!needs.stops.empty()) questions.stopped = questions.Ask(kStopped, network, List(needs.stops));
  AskForNewStops(questions, network, needs);
  if (!needs.earlier.empty()) {
    std::vector<std::string> warehouses, products;
    std::vector<absl::CivilDay> before;
    for (const auto& [key, day] : needs.earlier) {
      warehouses.push_back(key.first);
      products.push_back(key.second);
      before.push_back(day);
    }
    questions.earlier = questions.Ask(kEarlier, network, warehouses, products, before);
  }
  return questions;
}

void ReadEarlier(const pg::Result& rows, const Needs& needs, State& state) {
  for (const auto& [key, before] : needs.earlier) state.earlier[key];
  for (const pg::Row row : rows) {
    const std::string lot = row.Get<std::string>("lot_id"), place = row.Get<std::string>("place_id");
    state.earlier[{row.Get<std::string>("warehouse_id"), row.Get<std::string>("product_id")}].push_back(
        {.lot_id = lot,
         .lot_code = row.Get<std::string>("code"),
         .place_id = place,
         .place_display_name = row.Get<std::string>("display_name"),
         .last_good_day = row.Get<absl::CivilDay>("last_good_day")});
    state.balances[{lot, place}] = sql::ReadBalance(row);
    if (const auto recall = row.Get<std::optional<std::string>>("recall_id")) state.stopped.emplace(lot, *recall);
  }
}

// Of each what the questions' results say. Remembers the numbers that were learned.
State Read(const std::vector<pg::Result>& results, const Questions& asked, const std::string& network,
           const Needs& needs, PgLedgerStore::Numbers& numbers) {
  State state;
  const auto rows = [&](int at) { return at < 0 ? pg::Result() : results[at]; };
  for (const pg::Row row : rows(asked.head)) {
    state.next_position = row.Get<int64_t>("next_position");
    state.last_recorded_time = row.Get<absl::Time>("last_recorded_time");
  }
  for (const pg::Row row : rows(asked.lots)) {
    Lot lot = sql::ReadLot(row);
    numbers.lots.Put(network, lot.id, lot.number);
    state.origins[lot.Origin()] = std::move(lot);
  }
  for (const pg::Row row : rows(asked.codes)) state.codes.insert(row.Get<std::string>("code"));
  for (const pg::Row row : rows(asked.balances))
    state.balances[asked.keys[row.Get<size_t>("n") - 1]] = sql::ReadBalance(row);
  for (const pg::Row row : rows(asked.balances_by_id)) {
    const BalanceKey& key = asked.keys_by_id[row.Get<size_t>("n") - 1];
    numbers.lots.Put(network, key.first, row.Get<int32_t>("lot"));
    numbers.places.Put(network, key.second, row.Get<int32_t>("place"));
    if (!row.IsNull("on_hand")) state.balances[key] = sql::ReadBalance(row);
  }
  for (const pg::Row row : rows(asked.reservations)) {
    Reservation reservation = sql::ReadReservation(row);
    state.reservations[reservation.id] = std::move(reservation);
  }
  for (const pg::Row row : rows(asked.deliveries)) {
    Delivery delivery = sql::ReadDelivery(row);
    state.deliveries[delivery.id] = std::move(delivery);
  }
  for (const pg::Row row : rows(asked.delivery_lines))
    sql::ReadLine(row, state.deliveries[row.Get<std::string>("delivery_id")]);
  for (const pg::Row row : rows(asked.shipments)) {
    Shipment shipment = sql::ReadShipment(row);
    state.shipments[shipment.id] = std::move(shipment);
  }
  for (const pg::Row row : rows(asked.shipment_lines))
    sql::ReadLine(row, state.shipments[row.Get<std::string>("transfer_id")]);
  for (Movement& movement : sql::ReadMovements(rows(asked.movements)))
    state.movements[movement.id] = std::move(movement);
  for (Movement& movement : sql::ReadMovements(rows(asked.reversed)))
    state.reversed[movement.reverses] = std::move(movement);
  for (const pg::Row row : rows(asked.transformations))
    state.transformations.insert(row.Get<std::string>("operation_id"));
  for (const int answer : {asked.stopped, asked.stopped_if_made}) {
    for (const pg::Row row : rows(answer))
      state.stopped.emplace(row.Get<std::string>("lot_id"), row.Get<std::string>("recall_id"));
  }
  ReadEarlier(rows(asked.earlier), needs, state);
  return state;
}

// What the requests recorded before.
absl::Status ReadReplays(pg::Transaction& tx, const std::vector<pg::Result>& results, const Questions& asked,
                         State& state) {
  if (asked.requests < 0 || results[asked.requests].empty()) return absl::OkStatus();
  std::vector<int64_t> positions;
  for (const pg::Row row : results[asked.requests]) positions.push_back(row.Get<int64_t>("position"));
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMovements, tx.network_id(), positions));
  for (Movement& movement : sql::ReadMovements(rows))
    state.requests[movement.request_id].push_back(std::move(movement));
  return absl::OkStatus();
}

// Numbers
// ---------------------------------------------------------------------------------------------------------------

// Of one kind (lots, places, actors or groups): what a batch names, by number.
class Numbering {
 public:
  Numbering(const std::string& network, FactCache<int32_t>& known) : network_(network), known_(known) {}

  void Need(const std::string& id) {
    if (id.empty() || of_.count(id) > 0) return;
    if (const auto number = known_.Find(network_, id)) {
      of_.emplace(id, *number);
    } else {
      unknown_.insert(id);
    }
  }
  const std::set<std::string>& unknown() const { return unknown_; }
  void Learn(const pg::Result& rows) {
    for (const pg::Row row : rows) Learn(row.Get<std::string>("id"), row.Get<int32_t>("number"));
  }
  void Learn(const std::string& id, int32_t number) {
    of_[id] = number;
    learned_.emplace_back(id, number);
    unknown_.erase(id);
  }
  // 0 for what is not there; the database refuses that.
  int32_t Of(const std::string& id) const {
    const auto found = of_.find(id);
    return found == of_.end() ? 0 : found->second;
  }
  // Only when it is committed: until then others may be given these numbers.
  void Remember() const {
    for (const auto& [id, number] : learned_) known_.Put(network_, id, number);
  }

 private:
  const std::string& network_;
  FactCache<int32_t>& known_;
  std::unordered_map<std::string, int32_t> of_;
  std::set<std::string> unknown_;
  std::vector<std::pair<std::string, int32_t>> learned_;
};

struct Numberings {
  Numberings(const std::string& network, PgLedgerStore::Numbers& known)
      : lots(network, known.lots),
        places(network, known.places),
        actors(network, known.actors),
        groups(network, known.groups) {}

  Numbering lots, places, actors, groups;
  // Not stored yet.
  std::vector<Place> new_places;
  std::vector<std::string> new_actors, new_groups;
};

// Numbers for all that the appendix names: known, looked up, or (for what is new) given out from the head, which is
// locked. Usually all are known and nothing is asked.
absl::Status Number(pg::Transaction& tx, const pg::Row& head, Appendix& appendix, Numberings& numberings) {
  int32_t next_lot = head.Get<int32_t>("next_lot"), next_place = head.Get<int32_t>("next_place"),
          next_actor = head.Get<int32_t>("next_actor"), next_group = head.Get<int32_t>("next_recipient");
  for (Lot& lot : appendix.lots) {
    lot.number = next_lot++;
    numberings.lots.Learn(lot.id, lot.number);
  }
  for (const Place& place : appendix.places) numberings.places.Need(place.id);
  for (const Movement& m : appendix.movements) {
    numberings.lots.Need(m.lot_id);
    numberings.places.Need(m.from_place);
    numberings.places.Need(m.to_place);
    numberings.actors.Need(m.actor);
    numberings.groups.Need(m.group_id);
  }
  const std::pair<Numbering*, const pg::Statement*> kinds[] = {{&numberings.lots, &kLotNumbers},
                                                               {&numberings.places, &kPlaceNumbers},
                                                               {&numberings.actors, &kActorNumbers},
                                                               {&numberings.groups, &kGroupNumbers}};
  pg::Batch questions;
  std::vector<Numbering*> asked;
  for (const auto& [numbering, statement] : kinds) {
    if (numbering->unknown().empty()) continue;
    questions.Add(*statement, tx.network_id(), List(numbering->unknown()));
    asked.push_back(numbering);
  }
  if (asked.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(questions));
  for (size_t i = 0; i < asked.size(); ++i) asked[i]->Learn(results[i]);

  for (Place& place : appendix.places) {
    if (numberings.places.unknown().count(place.id) == 0) continue;
    place.number = next_place++ * 10 + static_cast<int32_t>(place.kind);
    numberings.places.Learn(place.id, place.number);
    numberings.new_places.push_back(place);
  }
  numberings.new_actors = List(numberings.actors.unknown());
  for (const std::string& actor : numberings.new_actors) numberings.actors.Learn(actor, next_actor++);
  numberings.new_groups = List(numberings.groups.unknown());
  for (const std::string& group : numberings.new_groups) numberings.groups.Learn(group, next_group++);
  return absl::OkStatus();
}

// Writing
// ---------------------------------------------------------------------------------------------------------------

// Collects one column of many values.
template <typename T, typename F>
auto Column(const std::vector<T>& values, F get) {
  std::vector<std::decay_t<decltype(get(values.front()))>> column;
  column.reserve(values.size());
  for (const T& value : values) column.push_back(get(value));
  return column;
}

// For `unnest`: one array per field.
#define FIELD(expression) Column(all, [&](const auto& v) { return expression; })

void InsertPlaces(pg::Batch& batch, const std::string& network, const std::vector<Place>& all) {
  if (all.empty()) return;
  batch.Add(kInsertPlaces, network, FIELD(v.id), FIELD(v.number), FIELD(static_cast<int>(v.kind)), FIELD(v.party),
            FIELD(v.display_name));
}

void InsertLots(pg::Batch& batch, const std::string& network, const std::vector<Lot>& all) {
  if (all.empty()) return;
  const auto id = [](const char* collection, const std::string& name) {
    return ids::IdFromName(collection, name).value_or("");
  };
  // "offers/{uuid}/lines/{uuid}"
  const auto offer_id = [](const std::string& line) { return line.size() < 43 ? std::string() : line.substr(7, 36); };
  // See lots.origin_id.
  const auto origin = [&](const pb::Lot& lot) {
    if (!lot.transformation().empty()) return id("transformations", lot.transformation());
    return lot.offer_line().empty() ? id("donors", lot.donor()) : lot.offer_line().substr(lot.offer_line().size() - 36);
  };
  batch.Add(kInsertLots, network, FIELD(v.id), FIELD(v.number), FIELD(v.code()),
            FIELD(id("products", v.facts.product())), FIELD(origin(v.facts)),
            FIELD(sql::OrNull(id("donors", v.facts.donor()))), FIELD(sql::OrNull(offer_id(v.facts.offer_line()))),
            FIELD(sql::OrNull(id("transformations", v.facts.transformation()))),
            FIELD(static_cast<int>(v.facts.good_until().kind())), FIELD(v.facts.good_until().date()),
            FIELD(LastGoodDay(v.facts)), FIELD(v.facts.donor_lot_number()), FIELD(sql::OrNull(v.facts.gtin())),
            FIELD(v.offer_title), FIELD(sql::ToJson(v.facts)),
            FIELD(absl::FromUnixSeconds(v.facts.create_time().seconds())));
}

void InsertNames(pg::Batch& batch, const std::string& network, const pg::Statement& statement,
                 const std::vector<std::string>& all, const Numbering& numbering) {
  if (!all.empty()) batch.Add(statement, network, all, FIELD(numbering.Of(v)));
}

void InsertReservations(pg::Batch& batch, const std::string& network, const std::vector<Reservation>& all) {
  if (all.empty()) return;
  batch.Add(kInsertReservations, network, FIELD(v.id), FIELD(v.lot_id), FIELD(v.place_id), FIELD(v.group_id),
            FIELD(v.delivery_id), FIELD(v.items), FIELD(v.expire_time), FIELD(v.create_time));
}

void InsertMovements(pg::Batch& batch, const std::string& network, int32_t ledger, const std::vector<Movement>& all,
                     const Numberings& n) {
  const auto number = [](int64_t value) { return value == 0 ? std::nullopt : std::optional(value); };
  const auto reversal = [](const Movement& m, auto value) {
    return m.reverses.empty() ? std::nullopt : std::optional(value);
  };
  batch.Add(kInsertMovements, ledger, FIELD(v.position), FIELD(static_cast<int>(v.kind)), FIELD(n.lots.Of(v.lot_id)),
            FIELD(n.places.Of(v.from_place)), FIELD(n.places.Of(v.to_place)), FIELD(v.items),
            FIELD(n.actors.Of(v.actor)), FIELD(v.occurred_time), FIELD(v.recorded_time), FIELD(v.request_id),
            FIELD(pg::Bytes{v.request_hash}), FIELD(pg::Bytes{v.leaf_hash}), FIELD(number(n.groups.Of(v.group_id))),
            FIELD(sql::OrNull(v.reservation_id)), FIELD(sql::OrNull(v.delivery_id)), FIELD(sql::OrNull(v.operation_id)),
            FIELD(v.reverses.empty() ? std::nullopt : PositionOf(network, v.reverses)),
            FIELD(reversal(v, static_cast<int>(v.effect_kind))), FIELD(reversal(v, v.takes_back)),
            FIELD(number(v.households)), FIELD(sql::OrNull(v.reason)), FIELD(sql::OrNull(v.note)),
            FIELD(sql::OrNull(v.municipality_code)));
}

#undef FIELD

}  // namespace

absl::Status PgLedgerStore::Append(const std::string& network_id, const Needs& needs, absl::Time deadline,
                                   Decide decide) {
  return pool_.Transact({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::Status {
    tx.Defer(kPlanOnce);
    const Questions questions = Ask(network_id, needs, numbers_, kLockHead);
    ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(questions.batch));
    State state = Read(results, questions, network_id, needs, numbers_);
    RETURN_IF_ERROR(ReadReplays(tx, results, questions, state));
    Appendix appendix = decide(state);
    if (appendix.movements.empty()) return absl::OkStatus();

    const pg::Row head = results[questions.head][0];
    Numberings numberings(network_id, numbers_);
    RETURN_IF_ERROR(Number(tx, head, appendix, numberings));
    const size_t lots = appendix.lots.size(), places = numberings.new_places.size(),
                 actors = numberings.new_actors.size(), groups = numberings.new_groups.size();
    pg::Batch record;
    if (lots + places + actors + groups > 0) record.Add(kTakeNumbers, network_id, lots, places, actors, groups);
    InsertPlaces(record, network_id, numberings.new_places);
    InsertLots(record, network_id, appendix.lots);
    InsertNames(record, network_id, kInsertActors, numberings.new_actors, numberings.actors);
    InsertNames(record, network_id, kInsertGroups, numberings.new_groups, numberings.groups);
    InsertReservations(record, network_id, appendix.reservations);
    InsertMovements(record, network_id, head.Get<int32_t>("ledger"), appendix.movements, numberings);
    RETURN_IF_ERROR(tx.PipelineAndCommit(record).status());
    for (const Numbering* one : {&numberings.lots, &numberings.places, &numberings.actors, &numberings.groups})
      one->Remember();
    return absl::OkStatus();
  });
}

absl::StatusOr<State> PgLedgerStore::Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) {
  return pool_.Read(
      {.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<State> {
        tx.Defer(kPlanOnce);
        const Questions questions = Ask(network_id, needs, numbers_, kHead);
        ASSIGN_OR_RETURN(const std::vector<pg::Result> results,
                         questions.requests < 0 ? tx.PipelineAndCommit(questions.batch) : tx.Pipeline(questions.batch));
        State state = Read(results, questions, network_id, needs, numbers_);
        RETURN_IF_ERROR(ReadReplays(tx, results, questions, state));
        return state;
      });
}

absl::StatusOr<std::vector<Movement>> PgLedgerStore::Feed(const std::string& network_id, int64_t position, int limit,
                                                          absl::Time deadline) {
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<Movement>> {
                      tx.Defer(kPlanOnce);
                      pg::Batch question;
                      question.Add(kFeed, network_id, position, limit);
                      ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.PipelineAndCommit(question));
                      return sql::ReadMovements(results[0]);
                    });
}

absl::StatusOr<std::map<std::string, Balance>> PgLedgerStore::Holders(const std::string& network_id,
                                                                      const std::string& lot_id, absl::Time deadline) {
  using Holders = std::map<std::string, Balance>;
  return pool_.Read({.network_id = network_id, .deadline = deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<Holders> {
                      tx.Defer(kPlanOnce);
                      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kHolders, network_id, lot_id));
                      Holders holders;
                      for (const pg::Row row : rows) holders[row.Get<std::string>("place_id")] = sql::ReadBalance(row);
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
