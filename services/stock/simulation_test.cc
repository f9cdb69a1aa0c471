// Many phones, lost connections and repeated requests against the real database; judged by an auditor who reads the
// feed alone and shares no code with what it judges. The seed is printed; KUBARI_SEED repeats a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

  Command Random(std::mt19937& random, const std::string& actor) {
    const auto pick = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
    const int lot = pick(1, 3), shelf = pick(1, 3), group = pick(1, 3);
    Command command{.request_id = ids::NewUuid(),
                    .request_hash = std::string(32, 'h'),
                    .actor = actor,
                    .occurred_time = absl::Now()};
    command.new_places = {DonorPlace(), DeliveryPlace(group), GroupPlace(group), Waste(), Adjustment()};
    switch (pick(0, 8)) {
      case 0:
      case 1:
        command.action = Receive{LotOf(lot), Shelf(shelf), DonorPlace(), pick(1, 60)};
        break;
      case 2:
        command.action = Transfer{LotOf(lot), Shelf(shelf), Shelf(shelf % 3 + 1), pick(1, 20)};
        break;
      case 3: {
        const std::string id = ids::NewUuid();
        command.action = Reserve{
            id, LotOf(lot), Shelf(shelf), Group(group), Id(12, group), pick(1, 30), absl::Now() + absl::Hours(1)};
        const std::lock_guard lock(mutex_);
        reservations_.push_back(std::get<Reserve>(command.action));
        break;
      }
      case 4:
        command.action = Discard{LotOf(lot), Shelf(shelf), Waste(), pick(1, 10), "DAMAGED"};
        break;
      case 5: {
        std::vector<Confirm::Line> lines;
        command.action = Confirm{.delivery_id = Id(12, group),
                                 .group_id = Group(group),
                                 .lines = lines,
                                 .delivery_place = DeliveryPlace(group),
                                 .group_place = GroupPlace(group),
                                 .adjustment = Adjustment()};
        break;
      }
      case 6: {
        Issue issue{.lot = LotOf(lot),
                    .shelf = Shelf(shelf),
                    .delivery_place = DeliveryPlace(group),
                    .group_id = Group(group),
                    .delivery_id = Id(12, group),
                    .items = pick(1, 30)};
        command.action = issue;
        break;
      }
      case 7: {
        // Posts or gives up a reservation that somebody made, or tried to make.
        const std::optional<Reserve> one = OneOf(reservations_, random);
        if (!one) return Random(random, actor);
        const Reserve& r = *one;
        const int number = r.group_id.back() - '0';
        if (pick(0, 1) == 0) {
          command.action = Release{.reservation = {.id = r.reservation_id}, .items = pick(0, 5)};
        } else {
          command.new_places.push_back(DeliveryPlace(number));
          command.action = Issue{.lot = r.lot,
                                 .shelf = r.shelf,
                                 .delivery_place = DeliveryPlace(number),
                                 .reservation_id = r.reservation_id,
                                 .group_id = r.group_id,
                                 .delivery_id = r.delivery_id,
                                 .items = pick(1, 10)};
        }
        break;
      }
      default: {
        const std::optional<Movement> one = OneOf(made_, random);
        if (!one) return Random(random, actor);
        const Movement& m = *one;
        Lot lot_of{.id = m.lot_id};
        command.action = Reverse{m, lot_of, {.id = m.from_place}, {.id = m.to_place}, "MISTAKE"};
      }
    }
    return command;
  }

  std::mutex mutex_;
  std::vector<Reserve> reservations_;
  std::vector<Movement> made_;
};

// Recomputes everything from the feed: no balance is looked at before the end.
class Auditor {
 public:
  explicit Auditor(std::set<std::string> shelves) : shelves_(std::move(shelves)) {}

  void Read(const Movement& m) {
    ASSERT_EQ(m.position, next_) << "a gap in the positions";
    ++next_;
    ASSERT_TRUE(ids_.insert({m.id, m}).second) << "a movement twice";
    ASSERT_GE(m.recorded_time, last_) << "time goes back";
    last_ = m.recorded_time;
    by_request_[m.request_id].push_back(m.id);
    if (m.kind == pb::MOVEMENT_KIND_REVERSAL) {
      ASSERT_EQ(ids_.count(m.reverses), 1u);
      const Movement& original = ids_[m.reverses];
      ASSERT_TRUE(undone_.insert(m.reverses).second) << "undone twice";
      ASSERT_TRUE(original.from_place == m.to_place && original.to_place == m.from_place && original.items == m.items);
    }
    auto& from = held_[m.lot_id][m.from_place];
    auto& to = held_[m.lot_id][m.to_place];
    from -= m.items;
    to += m.items;
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
      if (shelves_.count(place) == 0) continue;
      ASSERT_GE(held_[m.lot_id][place], 0) << "a shelf below zero at position " << m.position;
      ASSERT_GE(promised_[m.lot_id][place], 0);
      ASSERT_LE(promised_[m.lot_id][place], held_[m.lot_id][place]) << "more promised than there is";
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
  int64_t positions() const { return next_; }

 private:
  const std::set<std::string> shelves_;
  int64_t next_ = 0;
  absl::Time last_ = absl::InfinitePast();
  std::map<std::string, Movement> ids_;
  std::set<std::string> undone_;
  std::map<std::string, std::map<std::string, int64_t>> held_, promised_;
  std::map<std::string, int64_t> open_;
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
  std::mutex told_mutex;
  Told told;
  std::map<std::string, int> refused;
  std::vector<std::thread> phones;
  for (int phone = 0; phone < 6; ++phone) {
    phones.emplace_back([&, phone] {
      std::mt19937 random(seed + phone);
      for (int i = 0; i < 120; ++i) {
        const Command command = Random(random, "devices/" + Id(10, phone));
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
          made_.insert(made_.end(), outcome->movements.begin(), outcome->movements.end());
        } else {
          ++refused[errors::ReasonOf(outcome.status())];
          ASSERT_NE(errors::ReasonOf(outcome.status()), "DATABASE_ERROR") << pg::DetailOf(outcome.status());
          ASSERT_FALSE(absl::IsInternal(outcome.status())) << outcome.status();
        }
      }
    });
  }
  for (std::thread& phone : phones) phone.join();
  stop = true;
  killer.join();

  Auditor auditor({Shelf(1).id, Shelf(2).id, Shelf(3).id});
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
    EXPECT_EQ(pg::testing::Sql(database.superuser,
                               absl::StrCat("SELECT on_hand || '/' || reserved FROM stock.balances WHERE lot_id = '",
                                            lot, "' AND place_id = '", place, "'")),
              expected);
  }
  std::cout << auditor.positions() << " movements, " << killed << " connections killed;";
  for (const auto& [reason, count] : refused) std::cout << " " << reason << " " << count;
  std::cout << std::endl;
  EXPECT_GT(killed, 0);
  EXPECT_GT(auditor.positions(), 100);
}

}  // namespace
}  // namespace kubari::stock
