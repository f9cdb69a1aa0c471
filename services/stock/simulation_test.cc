// Many phones, lost connections and repeated requests against the real database; judged by an auditor who reads the
// feed alone and shares no code with what it judges. The seed is printed; KUBARI_SEED repeats a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "libs/errors/testing.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/ledger_writer.h"
#include "services/stock/migrations/migrations.h"
#include "services/stock/pg_ledger_store.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::IsOk;

// What a client was told: request → the movements it made.
using Told = std::map<std::string, std::vector<std::string>>;

constexpr int kLots = 3, kShelves = 3, kGroups = 3;
// From the middle of the run on a recall stops this lot.
constexpr int kStopped = 3;

class Simulation : public ::testing::Test {
 protected:
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(60); }

  // A copy of one of what the phones have made so far; nothing if there is none yet.
  template <typename T>
  std::optional<T> OneOf(const std::vector<T>& all, std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    if (all.empty()) return std::nullopt;
    return all[std::uniform_int_distribution<size_t>(0, all.size() - 1)(random)];
  }
  template <typename T>
  T Keep(std::vector<T>& all, T value) {
    const std::lock_guard lock(mutex_);
    all.push_back(value);
    return value;
  }

  Command Random(std::mt19937& random, const std::string& actor) {
    Command command{.request_id = ids::NewUuid(),
                    .request_hash = std::string(16, 'h'),
                    .actor = actor,
                    .occurred_time = absl::Now()};
    command.new_places = {DonorPlace(), Waste(), Adjustment(), Transit(), Workshop()};
    for (int group = 1; group <= kGroups; ++group) {
      command.new_places.push_back(DeliveryPlace(group));
      command.new_places.push_back(GroupPlace(group));
    }
    // Now and then there is nothing yet to go on from.
    while (true) {
      if (auto action = RandomAction(random)) {
        command.action = *std::move(action);
        return command;
      }
    }
  }

  using Action = std::optional<decltype(Command::action)>;
  Action RandomAction(std::mt19937& random) {
    const auto pick = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
    const int group = pick(1, kGroups), other_group = group % kGroups + 1;
    const Lot lot = LotOf(pick(1, kLots));
    const Place shelf = Shelf(pick(1, kShelves)), next_shelf = Shelf(shelf.code.back() % kShelves + 1);
    switch (pick(0, 18)) {
      case 0:
      case 1:
      case 2:
        return Receive{.lot = lot,
                       .shelf = shelf,
                       .donor = DonorPlace(),
                       .items = pick(1, 60),
                       .refused = pick(0, 3) == 0 ? std::vector<Receive::Refused>{{.items = 2, .reason = "DAMAGED"}}
                                                  : std::vector<Receive::Refused>{}};
      case 3:
        if (shelf.id == next_shelf.id) return std::nullopt;
        return Transfer{lot, shelf, next_shelf, pick(1, 20)};
      case 4:
        return Keep(reservations_, Reserve{.reservation_id = ids::NewUuid(),
                                           .lot = lot,
                                           .shelf = shelf,
                                           .group_id = Group(group),
                                           .delivery_id = Id(12, group),
                                           .items = pick(1, 30),
                                           .expire_time = absl::Now() + absl::Hours(1)});
      case 5: {
        // Gives up a reservation that somebody made, or tried to make.
        const auto one = OneOf(reservations_, random);
        if (!one) return std::nullopt;
        return Release{.reservation = {.id = one->reservation_id}, .items = pick(0, 5)};
      }
      case 6: {
        // Posts one.
        const auto one = OneOf(reservations_, random);
        if (!one) return std::nullopt;
        return Issue{.lot = one->lot,
                     .shelf = one->shelf,
                     .delivery_place = DeliveryPlace(one->group_id.back() - '0'),
                     .reservation_id = one->reservation_id,
                     .group_id = one->group_id,
                     .delivery_id = one->delivery_id,
                     .items = pick(1, 10)};
      }
      case 7:
        return Issue{.lot = lot,
                     .shelf = shelf,
                     .delivery_place = DeliveryPlace(group),
                     .group_id = Group(group),
                     .delivery_id = Id(12, group),
                     .items = pick(1, 30)};
      case 8: {
        std::vector<Confirm::Line> lines;
        if (pick(0, 1) == 0) lines.push_back({.lot_id = lot.id, .items = pick(0, 5), .reason = "MISSING"});
        return Confirm{.delivery_id = Id(12, group),
                       .group_id = Group(group),
                       .lines = lines,
                       .delivery_place = DeliveryPlace(group),
                       .group_place = GroupPlace(group),
                       .adjustment = Adjustment()};
      }
      case 9:
        return Discard{lot, pick(0, 1) == 0 ? shelf : GroupPlace(group), Waste(), pick(1, 5), "DAMAGED"};
      case 10:
        return Direct{.lot = lot,
                      .donor = DonorPlace(),
                      .delivery_place = DeliveryPlace(group),
                      .group_id = Group(group),
                      .delivery_id = Id(12, group),
                      .items = pick(1, 30)};
      case 11:
        return PassOn{.lot = lot,
                      .from = GroupPlace(group),
                      .delivery_place = DeliveryPlace(other_group),
                      .group_id = Group(other_group),
                      .delivery_id = Id(12, other_group),
                      .items = pick(1, 10),
                      .consent = "架空"};
      case 12:
        switch (pick(0, 2)) {
          case 0:
            return Return{.lot = lot, .from = shelf, .to = DonorPlace(), .items = pick(1, 5), .reason = "AGREED"};
          case 1:
            return Return{.lot = lot,
                          .from = GroupPlace(group),
                          .to = shelf,
                          .group_id = Group(group),
                          .items = pick(1, 5),
                          .reason = "NOT_NEEDED"};
          default:
            return Return{.lot = lot,
                          .from = DeliveryPlace(group),
                          .to = shelf,
                          .delivery_id = Id(12, group),
                          .group_id = Group(group),
                          .items = pick(1, 5),
                          .reason = "NOBODY_THERE"};
        }
      case 13:
        // Of a lot that nobody has made yet nothing can be found: the handlers look it up before.
        return Adjust{.lot = lot,
                      .shelf = shelf,
                      .adjustment = Adjustment(),
                      .difference = IsMade(lot.id) && pick(0, 1) == 0 ? pick(1, 5) : -pick(1, 5),
                      .reason = "COUNTED"};
      case 14:
        return Keep(sent_, Send{.transfer_id = pick(0, 1) == 0 ? ids::NewUuid() : Id(13, pick(1, 3)),
                                .from_warehouse_id = kWarehouse,
                                .to_warehouse_id = kOtherWarehouse,
                                .transit = Transit(),
                                .goods = {{lot, shelf, pick(1, 10)}}});
      case 15: {
        const auto one = OneOf(sent_, random);
        if (!one) return std::nullopt;
        return Arrive{.transfer_id = one->transfer_id,
                      .transit = one->transit,
                      .adjustment = Adjustment(),
                      .goods = {{one->goods[0].lot, Shelf(4), pick(0, 5), pick(0, 1), "MISSING"}}};
      }
      case 16: {
        const std::string transformation = ids::NewUuid();
        const int kits = pick(1, 5);
        return Transform{.transformation_id = transformation,
                         .workshop = Workshop(),
                         .inputs = {{LotOf(1), shelf, kits}, {LotOf(2), shelf, 2 * kits}},
                         .outputs = {{MadeLot(transformation), shelf, kits}}};
      }
      default: {
        // Undoes something, perhaps an undoing; of a transformation all of it.
        const auto one = OneOf(made_, random);
        if (!one) return std::nullopt;
        Reverse reverse{.reason = "MISTAKE"};
        for (const Movement& m : *one) {
          if (m.effect_kind == one->front().effect_kind || !m.operation_id.empty())
            reverse.originals.push_back({m, {.id = m.lot_id}, PlaceOf(m.from_place), PlaceOf(m.to_place)});
          if (m.effect_kind != pb::MOVEMENT_KIND_CONSUME && m.effect_kind != pb::MOVEMENT_KIND_PRODUCE) break;
        }
        return reverse;
      }
    }
  }

  bool IsMade(const std::string& lot_id) {
    const std::lock_guard lock(mutex_);
    return std::any_of(made_.begin(), made_.end(), [&](const std::vector<Movement>& movements) {
      return std::any_of(movements.begin(), movements.end(), [&](const Movement& m) { return m.lot_id == lot_id; });
    });
  }

  static Place PlaceOf(const std::string& id) {
    static const std::map<std::string, Place> all = [] {
      std::map<std::string, Place> places;
      for (int n = 1; n <= kShelves + 1; ++n) places[Shelf(n).id] = Shelf(n);
      for (int n = 1; n <= kGroups; ++n) {
        places[DeliveryPlace(n).id] = DeliveryPlace(n);
        places[GroupPlace(n).id] = GroupPlace(n);
      }
      for (const Place& place : {DonorPlace(), Waste(), Adjustment(), Transit(), Workshop()}) places[place.id] = place;
      return places;
    }();
    return all.at(id);
  }

  std::mutex mutex_;
  std::vector<Reserve> reservations_;
  std::vector<Send> sent_;
  std::vector<std::vector<Movement>> made_;
};

// Recomputes everything from the feed: no balance is looked at before the end.
class Auditor {
 public:
  // Places that never hold less than nothing, and among them those where goods may be promised. From `stopped_at` on
  // the lot `stopped` may not be handed over.
  Auditor(std::set<std::string> solid, std::set<std::string> shelves, std::string stopped, int64_t stopped_at)
      : solid_(std::move(solid)), shelves_(std::move(shelves)), stopped_(std::move(stopped)), stopped_at_(stopped_at) {}

  void Read(const Movement& m) {
    ASSERT_EQ(m.position, next_) << "a gap in the positions";
    ++next_;
    ASSERT_TRUE(ids_.insert({m.id, m}).second) << "a movement twice";
    ASSERT_GE(m.recorded_time, last_) << "time goes back";
    last_ = m.recorded_time;
    by_request_[m.request_id].push_back(m.id);
    ++kinds_[m.kind];
    if (m.kind == pb::MOVEMENT_KIND_REVERSAL) {
      ASSERT_EQ(ids_.count(m.reverses), 1u);
      const Movement& original = ids_[m.reverses];
      ASSERT_TRUE(undone_.insert(m.reverses).second) << "undone twice";
      ASSERT_TRUE(original.from_place == m.to_place && original.to_place == m.from_place && original.items == m.items);
      ASSERT_TRUE(original.effect_kind == m.effect_kind && original.takes_back != m.takes_back);
    } else {
      ASSERT_TRUE(m.effect_kind == m.kind && !m.takes_back && m.reverses.empty());
    }
    if (m.position >= stopped_at_ && m.lot_id == stopped_ && m.kind != pb::MOVEMENT_KIND_REVERSAL) {
      ASSERT_TRUE(m.kind != pb::MOVEMENT_KIND_RESERVE && m.kind != pb::MOVEMENT_KIND_ISSUE &&
                  m.kind != pb::MOVEMENT_KIND_DIRECT && m.kind != pb::MOVEMENT_KIND_PASS_ON &&
                  m.kind != pb::MOVEMENT_KIND_CONSUME)
          << "a stopped lot is handed over at position " << m.position;
    }
    held_[m.lot_id][m.from_place] -= m.items;
    held_[m.lot_id][m.to_place] += m.items;
    auto& promised = promised_[m.lot_id][m.from_place];
    if (m.kind == pb::MOVEMENT_KIND_RESERVE) {
      promised += m.items;
      open_[m.reservation_id] += m.items;
    } else if (!m.reservation_id.empty()) {
      promised -= m.items;
      open_[m.reservation_id] -= m.items;
      ASSERT_GE(open_[m.reservation_id], 0);
    }
    for (const std::string& place : {m.from_place, m.to_place}) {
      if (solid_.count(place) > 0) {
        ASSERT_GE(held_[m.lot_id][place], 0) << "a place below zero at position " << m.position;
      }
      ASSERT_GE(promised_[m.lot_id][place], 0);
      ASSERT_LE(promised_[m.lot_id][place], shelves_.count(place) == 0 ? 0 : held_[m.lot_id][place])
          << "more promised than there is";
    }
    // What is under way of one delivery or transfer.
    const bool sent = m.effect_kind == pb::MOVEMENT_KIND_ISSUE || m.effect_kind == pb::MOVEMENT_KIND_DIRECT ||
                      m.effect_kind == pb::MOVEMENT_KIND_PASS_ON || m.effect_kind == pb::MOVEMENT_KIND_SEND;
    const bool promise = m.from_place == m.to_place;
    const bool shipment = sent || m.effect_kind == pb::MOVEMENT_KIND_ARRIVE ||
                          m.effect_kind == pb::MOVEMENT_KIND_SHORTAGE || !m.delivery_id.empty();
    if (shipment && !promise) {
      int64_t& under_way = under_way_[m.delivery_id + m.operation_id + m.lot_id];
      under_way += sent != m.takes_back ? m.items : -m.items;
      ASSERT_GE(under_way, 0) << "more arrives than left at position " << m.position;
    }
  }

  // lot/place → "on hand/reserved" of every place that ever held something.
  std::map<std::string, std::string> Balances() const {
    std::map<std::string, std::string> all;
    for (const auto& [lot, places] : held_) {
      int64_t sum = 0;
      for (const auto& [place, items] : places) {
        sum += items;
        const auto lot_promised = promised_.find(lot);
        const auto reserved = lot_promised->second.find(place);
        all[lot + "/" + place] =
            absl::StrCat(items, "/", reserved == lot_promised->second.end() ? 0 : reserved->second);
      }
      EXPECT_EQ(sum, 0) << "items appeared or vanished";
    }
    return all;
  }
  const Told& by_request() const { return by_request_; }
  const std::map<int, int>& kinds() const { return kinds_; }
  int64_t positions() const { return next_; }

 private:
  const std::set<std::string> solid_, shelves_;
  const std::string stopped_;
  const int64_t stopped_at_;
  int64_t next_ = 0;
  absl::Time last_ = absl::InfinitePast();
  std::map<std::string, Movement> ids_;
  std::set<std::string> undone_;
  std::map<std::string, std::map<std::string, int64_t>> held_, promised_;
  std::map<std::string, int64_t> open_, under_way_;
  std::map<int, int> kinds_;
  Told by_request_;
};

TEST_F(Simulation, AuditorAgreesAfterKilledConnectionsAndRetries) {
  const char* given = std::getenv("KUBARI_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  const pg::testing::Database database = pg::testing::CreateDatabase("stock", kMigrations);
  Furnish(database);
  // Two processes of the service: each has its own pool and writer.
  struct Process {
    explicit Process(const std::string& conninfo)
        : pool({.conninfo = conninfo, .schema = "stock", .size = 3}), store(pool), writer(store, clock, registry) {}
    calendar::SystemClock clock;
    prometheus::Registry registry;
    pg::Pool pool;
    PgLedgerStore store;
    LedgerWriter writer;
  };
  Process processes[2] = {Process(database.service), Process(database.service)};

  std::atomic<bool> stop{false};
  std::atomic<int> killed{0};
  std::thread killer([&] {
    while (!stop) {
      absl::SleepFor(absl::Milliseconds(60));
      const std::string done = pg::testing::Sql(
          database.superuser,
          absl::StrCat(
              "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '",
              database.name, "' AND usename = 'kubari_stock' ORDER BY random() LIMIT 1) AS one"));
      killed += std::atoi(done.c_str());
    }
  });
  // In the middle of it a recall stops a lot, under the ledger's lock: at a position that all of them agree on.
  std::atomic<int> sent{0};
  std::atomic<int64_t> stopped_at{0};
  std::thread recall([&] {
    while (sent < 300) absl::SleepFor(absl::Milliseconds(5));
    stopped_at = std::atoll(
        pg::testing::Sql(
            database.superuser,
            absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", kNetwork,
                         "', true); SELECT lock_head('", kNetwork, "'); INSERT INTO stopped_lots VALUES ('", kNetwork,
                         "', '", LotOf(kStopped).id, "', '", Id(14, 1), "'); SELECT next_position FROM ledgers"))
            .c_str());
  });
  std::mutex told_mutex;
  Told told;
  std::map<std::string, int> refused;
  std::vector<std::thread> phones;
  for (int phone = 0; phone < 6; ++phone) {
    phones.emplace_back([&, phone] {
      std::mt19937 random(seed + phone);
      for (int i = 0; i < 200; ++i) {
        const Command command = Random(random, "devices/" + Id(10, phone));
        ++sent;
        absl::StatusOr<Outcome> outcome = absl::UnknownError("");
        // A phone repeats until it hears an answer, perhaps from another process, and sometimes though it heard one.
        for (int attempt = 0; attempt < 50; ++attempt) {
          outcome = processes[(phone + attempt) % 2].writer.Submit(kNetwork, command, Deadline());
          if (outcome.ok() ? random() % 4 != 0 : !absl::IsUnavailable(outcome.status())) break;
        }
        ASSERT_FALSE(absl::IsUnavailable(outcome.status())) << "no answer in 50 attempts";
        const std::lock_guard lock(told_mutex);
        if (outcome.ok()) {
          for (const Movement& m : outcome->movements) told[command.request_id].push_back(m.id);
          const std::lock_guard made(mutex_);
          made_.push_back(outcome->movements);
        } else {
          ++refused[errors::ReasonOf(outcome.status())];
          ASSERT_NE(errors::ReasonOf(outcome.status()), "DATABASE_ERROR") << pg::DetailOf(outcome.status());
          ASSERT_FALSE(absl::IsInternal(outcome.status())) << outcome.status();
        }
      }
    });
  }
  for (std::thread& phone : phones) phone.join();
  recall.join();
  stop = true;
  killer.join();

  std::set<std::string> solid = {Transit().id}, shelves;
  for (int n = 1; n <= kShelves + 1; ++n) shelves.insert(Shelf(n).id);
  for (int n = 1; n <= kGroups; ++n) solid.insert({DeliveryPlace(n).id, GroupPlace(n).id});
  solid.insert(shelves.begin(), shelves.end());
  Auditor auditor(solid, shelves, LotOf(kStopped).id, stopped_at);
  while (true) {
    const auto page = processes[0].store.Feed(kNetwork, auditor.positions(), 50, Deadline());
    if (absl::IsUnavailable(page.status())) continue;  // an idle connection was killed
    ASSERT_THAT(page, IsOk());
    if (page->empty()) break;
    for (const Movement& movement : *page) auditor.Read(movement);
  }
  EXPECT_EQ(auditor.by_request(), told);  // all that was promised to the phones, once, and nothing else
  for (const auto& [key, expected] : auditor.Balances()) {
    const std::string lot = key.substr(0, 36), place = key.substr(37);
    EXPECT_EQ(
        pg::testing::Sql(database.superuser,
                         absl::StrCat("SELECT on_hand || '/' || reserved FROM stock.stock_balances WHERE lot_id = '",
                                      lot, "' AND place_id = '", place, "'")),
        expected);
  }
  std::cout << auditor.positions() << " movements, " << killed << " connections killed;";
  for (const auto& [reason, count] : refused) std::cout << " " << reason << " " << count;
  std::cout << std::endl;
  EXPECT_GT(killed, 0);
  EXPECT_GT(auditor.positions(), 100);
  EXPECT_GT(refused["LOT_RECALLED"], 0);
  for (int kind = pb::MOVEMENT_KIND_RECEIVE; kind <= pb::MOVEMENT_KIND_PRODUCE; ++kind) {
    // Nothing expires within the hour that reservations hold.
    if (kind != pb::MOVEMENT_KIND_EXPIRE) EXPECT_GT(auditor.kinds().count(kind), 0u) << "no movement of kind " << kind;
  }
}

}  // namespace
}  // namespace kubari::stock
