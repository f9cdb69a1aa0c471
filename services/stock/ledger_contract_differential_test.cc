// Both stores are given the same thousands of commands, sensible and senseless: each answer, each movement to its hash,
// and everything that follows from them must be alike. The seed is printed; KUBARI_SEED repeats a run.
#include <cstdlib>
#include <iostream>
#include <random>

#include "libs/ids/ids.h"
#include "services/stock/ledger_contract_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

constexpr int kLots = 4, kShelves = 4, kGroups = 2, kDeliveries = 6, kTransfers = 4, kTransformations = 12,
              kReservations = 200;

Lot TheLot(int n) {
  static const char* const kDates[] = {"2027-03", "2027-02-10", "2027-03-31", "2027-01"};
  return DatedLot(n, kDates[n - 1]);
}

// What an answer says, in one line.
std::string Said(const absl::StatusOr<Outcome>& outcome) {
  if (!outcome.ok()) {
    std::string said = absl::StrCat(outcome.status().message(), " ", errors::ReasonOf(outcome.status()));
    for (const auto& [key, value] : errors::MetadataOf(outcome.status())) absl::StrAppend(&said, " ", key, "=", value);
    return said;
  }
  std::string said = outcome->replayed ? "again" : "now";
  for (const Movement& m : outcome->movements) absl::StrAppend(&said, "\n", CanonicalBytes(m));
  if (outcome->lot) absl::StrAppend(&said, "lot ", outcome->lot->id, " ", outcome->lot->code());
  for (const Lot& lot : outcome->lots) absl::StrAppend(&said, "made ", lot.id, " ", lot.code());
  if (outcome->reservation) absl::StrAppend(&said, "holds ", outcome->reservation->open_items);
  return said;
}

class Workload {
 public:
  Workload(unsigned seed, const calendar::Clock& clock) : random_(seed), clock_(clock) {
    for (int n = 1; n <= kLots; ++n) lots_[TheLot(n).id] = TheLot(n);
    for (int n = 1; n <= kTransformations; ++n) lots_[MadeLot(Id(22, n)).id] = MadeLot(Id(22, n));
    for (const Place& place : {DonorPlace(), Waste(), Transit(), Workshop(), Adjustment()}) places_[place.id] = place;
    for (int n = 1; n <= kShelves; ++n) places_[Shelf(n).id] = Shelf(n);
    for (int n = 1; n <= kGroups; ++n) {
      places_[DeliveryPlace(n).id] = DeliveryPlace(n);
      places_[GroupPlace(n).id] = GroupPlace(n);
    }
  }

  const std::map<std::string, Lot>& lots() const { return lots_; }
  const std::map<std::string, Place>& places() const { return places_; }
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool OneIn(int n) { return Below(n) == 0; }

  // One of all kinds; `past`: what was recorded so far.
  Command Next(const std::vector<Movement>& past) {
    if (!sent_.empty() && OneIn(12)) {  // phones repeat themselves, and some change their mind
      Command again = sent_[Below(static_cast<int>(sent_.size()))];
      if (OneIn(4)) again.request_hash = std::string(16, 'x');
      return again;
    }
    const int number = static_cast<int>(sent_.size()) + 1;
    Command command{.request_id = Id(9, number),
                    .request_hash = Sha256(absl::StrCat(number)).substr(0, 16),
                    .actor = "people/" + Id(10, 1 + Below(3)),
                    .occurred_time = clock_.Now() - absl::Minutes(Below(600)),
                    .note = OneIn(5) ? "覚え書き" : ""};
    // Whatever may be needed: places that are there already are not made again.
    for (const auto& [id, place] : places_) {
      if (!place.shelf()) command.new_places.push_back(place);
    }
    known_.clear();
    for (const Movement& m : past) {
      known_.push_back(m.lot_id);
      if (!m.delivery_id.empty()) deliveries_.insert(m.delivery_id);
    }
    command.action = Action(past);
    sent_.push_back(command);
    return command;
  }

 private:
  // One that is there; the more it moved, the likelier.
  Lot ALot() { return lots_.at(known_[Below(static_cast<int>(known_.size()))]); }
  Place AShelf() { return Shelf(1 + Below(kShelves)); }
  int64_t Items() { return 1 + Below(OneIn(10) ? 200 : 12); }
  int ADelivery() { return 1 + Below(kDeliveries); }
  // The one that the delivery goes to; of a delivery that is there, now and then another.
  int GroupOf(int delivery) {
    const bool other = deliveries_.count(Id(12, delivery)) > 0 && OneIn(20);
    return 1 + (delivery + (other ? 1 : 0)) % kGroups;
  }
  std::optional<FirstExpiring> MaybeFirst(const Lot& lot, const Place& shelf) {
    if (OneIn(2)) return std::nullopt;
    FirstExpiring first{.warehouse_id = shelf.warehouse_id,
                        .product_id = ids::IdFromName("products", lot.facts.product()).value_or(""),
                        .before = LastGoodDay(lot.facts)};
    for (int n = 1; n <= kLots; ++n) {
      if (!OneIn(6)) first.judged.insert(TheLot(n).id);
      if (!OneIn(3)) first.passed_over.insert(TheLot(n).id);
    }
    return first;
  }

  decltype(Command::action) Action(const std::vector<Movement>& past) {
    switch (known_.empty() ? 0 : Below(21)) {
      case 0:
      case 1:
      case 2: {
        Receive receive{TheLot(1 + Below(kLots)), AShelf(), DonorPlace(), 20 + 2 * Items(),
                        OneIn(4) ? "期限が近い" : ""};
        if (OneIn(4)) receive.refused = {{Items(), "OPENED", ""}};
        if (!receive.refused.empty() && OneIn(2)) receive.items = 0;
        return receive;
      }
      case 3:
        return Transfer{ALot(), Shelf(1), Shelf(2 + Below(2)), Items()};
      case 4:
      case 5: {
        Reserve reserve{.reservation_id = Id(11, 1 + Below(kReservations)), .lot = ALot(), .shelf = AShelf()};
        const int delivery = ADelivery();
        reserve.delivery_id = Id(12, delivery);
        reserve.group_id = Group(GroupOf(delivery));
        reserve.items = Items();
        reserve.expire_time = clock_.Now() + absl::Minutes(1 + Below(300));
        reserve.departure_reason = OneIn(4) ? "指定" : "";
        reserve.first_expiring = MaybeFirst(reserve.lot, reserve.shelf);
        return reserve;
      }
      case 6:
        return Release{.reservation = {.id = Id(11, 1 + Below(kReservations))},
                       .items = OneIn(2) ? 0 : Items(),
                       .expire = OneIn(3)};
      case 7:
        return AnIssue(past);
      case 8: {
        const int delivery = ADelivery(), group = GroupOf(delivery);
        return Direct{TheLot(1 + Below(kLots)), DonorPlace(), DeliveryPlace(group), Group(group),
                      Id(12, delivery),         Items(),      Below(3) * 10,        "13101"};
      }
      case 9: {
        const int delivery = ADelivery(), group = GroupOf(delivery);
        return PassOn{
            ALot(),  GroupPlace(1 + Below(kGroups)), DeliveryPlace(group), Group(group), Id(12, delivery), Items(),
            "寄付者"};
      }
      case 10:
        return AReturn();
      case 11:
        return Discard{ALot(),    OneIn(2) ? AShelf() : GroupPlace(1 + Below(kGroups)),
                       Waste(),   Items(),
                       "EXPIRED", OneIn(3) ? Id(21, 1) : ""};
      case 12:
        return Adjust{ALot(), AShelf(), Adjustment(), OneIn(2) ? Items() : -Items(), OneIn(3) ? Id(23, 1) : "", "LOST"};
      case 13: {
        Send send{.transfer_id = Id(20, 1 + Below(kTransfers)),
                  .from_warehouse_id = kWarehouse,
                  .to_warehouse_id = kOtherWarehouse,
                  .transit = Transit()};
        for (int i = 0; i <= Below(3); ++i) send.goods.push_back({ALot(), Shelf(1 + Below(3)), Items()});
        return send;
      }
      case 14: {
        Arrive arrive{.transfer_id = Id(20, 1 + Below(kTransfers)), .transit = Transit(), .adjustment = Adjustment()};
        for (int i = 0; i <= Below(2); ++i) {
          const bool any = !OneIn(4);
          const int64_t missing = any && OneIn(2) ? 0 : Items();
          arrive.goods.push_back(
              {ALot(), any ? Shelf(4) : Place(), any ? Items() : 0, missing, missing > 0 ? "MISSING" : ""});
        }
        return arrive;
      }
      case 15: {
        Transform kit{.transformation_id = Id(22, 1 + Below(kTransformations)), .workshop = Workshop()};
        for (int i = 0; i <= Below(2); ++i) kit.inputs.push_back({ALot(), Shelf(1 + Below(3)), Items()});
        kit.outputs.push_back({MadeLot(kit.transformation_id), Shelf(1 + Below(3)), Items()});
        return kit;
      }
      case 16: {
        const int delivery = ADelivery(), group = 1 + delivery % kGroups;
        Confirm confirm{.delivery_id = Id(12, delivery),
                        .group_id = Group(group),
                        .delivery_place = DeliveryPlace(group),
                        .group_place = GroupPlace(group),
                        .adjustment = Adjustment(),
                        .households = 30,
                        .municipality_code = "13101"};
        if (OneIn(2)) confirm.lines.push_back({ALot().id, Items() - 1, OneIn(3) ? "" : "DAMAGED"});
        return confirm;
      }
      default:
        return AReversal(past);
    }
  }

  decltype(Command::action) AnIssue(const std::vector<Movement>& past) {
    const int delivery = ADelivery(), group = GroupOf(delivery);
    Issue issue{.lot = ALot(),
                .shelf = AShelf(),
                .delivery_place = DeliveryPlace(group),
                .group_id = Group(group),
                .delivery_id = Id(12, delivery),
                .items = Items()};
    // Of a reservation lot, shelf and delivery are its own: that is judged before the ledger is asked.
    for (auto m = past.rbegin(); m != past.rend() && OneIn(2); ++m) {
      if (m->kind != pb::MOVEMENT_KIND_RESERVE) continue;
      issue.reservation_id = m->reservation_id;
      issue.lot = lots_.at(m->lot_id);
      issue.shelf = places_.at(m->from_place);
      issue.group_id = m->group_id;
      issue.delivery_id = m->delivery_id;
      issue.delivery_place = DeliveryPlace(m->group_id == Group(1) ? 1 : 2);
      return issue;
    }
    issue.departure_reason = OneIn(4) ? "指定" : "";
    issue.first_expiring = MaybeFirst(issue.lot, issue.shelf);
    return issue;
  }

  decltype(Command::action) AReturn() {
    Return back{.lot = ALot(), .items = Items(), .reason = "NOT_NEEDED"};
    const int delivery = ADelivery(), group = 1 + delivery % kGroups;
    switch (Below(3)) {
      case 0:
        back.from = DeliveryPlace(group);
        back.to = AShelf();
        back.delivery_id = Id(12, delivery);
        back.group_id = Group(group);
        break;
      case 1:
        back.from = GroupPlace(group);
        back.to = AShelf();
        back.group_id = Group(group);
        back.recall_id = OneIn(3) ? Id(21, 1) : "";
        break;
      default:
        back.from = AShelf();
        back.to = DonorPlace();
        break;
    }
    return back;
  }

  decltype(Command::action) AReversal(const std::vector<Movement>& past) {
    Reverse reverse{.reason = "MISTAKE"};
    if (past.empty()) return Release{.reservation = {.id = Id(11, 1)}};
    // What was just done is what people take back, and take back again.
    const int last = static_cast<int>(past.size()) - 1;
    const Movement& one = past[OneIn(3) ? Below(last + 1) : last - Below(std::min(last + 1, 15))];
    for (const Movement& m : past) {
      const bool whole = one.effect_kind == pb::MOVEMENT_KIND_CONSUME || one.effect_kind == pb::MOVEMENT_KIND_PRODUCE;
      if (m.id == one.id || (whole && m.request_id == one.request_id))
        reverse.originals.push_back({m, lots_.at(m.lot_id), places_.at(m.from_place), places_.at(m.to_place)});
    }
    return reverse;
  }

  std::mt19937 random_;
  const calendar::Clock& clock_;
  std::map<std::string, Lot> lots_;
  std::map<std::string, Place> places_;
  std::vector<std::string> known_;  // lots, as often as they moved
  std::set<std::string> deliveries_;
  std::vector<Command> sent_;
};

// All that a ledger can be asked for.
Needs Everything(const Workload& workload) {
  Needs needs;
  for (const auto& [lot_id, lot] : workload.lots()) {
    needs.origins.emplace(lot.Origin(), lot);
    needs.stops.insert(lot_id);
    for (const auto& [place_id, place] : workload.places()) needs.balances.insert({lot_id, place_id});
  }
  for (int n = 1; n <= kReservations; ++n) needs.reservations.insert(Id(11, n));
  for (int n = 1; n <= kDeliveries; ++n) needs.deliveries.insert(Id(12, n));
  for (int n = 1; n <= kTransfers; ++n) needs.shipments.insert(Id(20, n));
  for (int n = 1; n <= kTransformations; ++n) needs.transformations.insert(Id(22, n));
  for (const std::string& warehouse : {kWarehouse, kOtherWarehouse})
    needs.earlier[{warehouse, kProduct}] = absl::CivilDay(2027, 3, 31);
  return needs;
}

// A state in words. What is nothing (a balance of 0) need not be there.
std::string InWords(const State& state) {
  std::string words = absl::StrCat("next ", state.next_position, " at ", absl::ToUnixMicros(state.last_recorded_time));
  const auto add = [&](const auto&... parts) { absl::StrAppend(&words, "\n", parts...); };
  for (const auto& [origin, lot] : state.origins) add("lot ", origin, " ", lot.id, " ", lot.code());
  for (const std::string& code : state.codes) add("code ", code);
  for (const auto& [key, b] : state.balances) {
    if (b != Balance{}) add("balance ", key.first, " ", key.second, " ", b.on_hand, " ", b.reserved);
  }
  for (const auto& [id, r] : state.reservations) {
    add("reservation ", id, " ", r.lot_id, " ", r.place_id, " ", r.group_id, " ", r.delivery_id, " ", r.items, " ",
        r.open_items, " ", absl::ToUnixMicros(r.expire_time), " ", absl::ToUnixMicros(r.create_time));
  }
  for (const auto& [id, d] : state.deliveries) {
    add("delivery ", id, " ", d.group_id, " ", d.source_place, " ", absl::FormatTime(d.ship_time), " ",
        absl::FormatTime(d.confirm_time));
    for (const auto& [lot, l] : d.lines) {
      if (l != DeliveryLine{}) add("  ", lot, " ", l.issued, " ", l.confirmed, " ", l.missing, " ", l.returned);
    }
  }
  for (const auto& [id, s] : state.shipments) {
    add("transfer ", id, " ", s.from_warehouse_id, " ", s.to_warehouse_id, " ", absl::FormatTime(s.send_time), " ",
        absl::FormatTime(s.arrive_time));
    for (const auto& [lot, l] : s.lines) {
      if (l != ShipmentLine{}) add("  ", lot, " ", l.sent, " ", l.arrived, " ", l.missing);
    }
  }
  for (const std::string& id : state.transformations) add("transformation ", id);
  for (const auto& [lot, recall] : state.stopped) add("stopped ", lot, " ", recall);
  for (const auto& [key, candidates] : state.earlier) {
    for (const State::Candidate& one : candidates) {
      add("earlier ", key.first, " ", one.lot_id, " ", one.lot_code, " ", one.place_id, " ", one.place_display_name,
          " ", absl::FormatCivilTime(one.last_good_day));
    }
  }
  return words;
}

TEST(LedgerStores, AnswerAlikeWhateverTheyAreAsked) {
  const char* given = std::getenv("KUBARI_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  SCOPED_TRACE(absl::StrCat("KUBARI_SEED=", seed));
  calendar::FixedClock clock{kStart};
  StoreUnderTest memory(false, clock), postgres(true, clock);
  Workload workload(seed, clock);
  std::map<std::string, int> met;  // how often each answer was given
  for (int step = 0; step < 700; ++step) {
    clock.Advance(absl::Minutes(workload.Below(20)));
    const std::vector<Movement> past = memory.All();
    std::vector<Command> batch;
    for (int i = 0; i <= workload.Below(4); ++i) batch.push_back(workload.Next(past));
    const auto a = memory.writer().SubmitAll(kNetwork, batch, StoreUnderTest::Deadline());
    const auto b = postgres.writer().SubmitAll(kNetwork, batch, StoreUnderTest::Deadline());
    for (size_t i = 0; i < batch.size(); ++i) {
      ASSERT_EQ(Said(a[i]), Said(b[i])) << "step " << step;
      ASSERT_NE(errors::ReasonOf(a[i].status()), "DATABASE_ERROR") << "step " << step;
      ++met[a[i].ok() ? "OK" : errors::ReasonOf(a[i].status())];
      if (a[i].ok() && !a[i]->replayed) {
        for (const Movement& m : a[i]->movements)
          ++met[absl::StrCat(pb::MovementKind_Name(m.effect_kind), m.reverses.empty() ? "" : m.takes_back ? "-" : "+")];
      }
    }
    if (step % 50 == 49) {
      const Needs everything = Everything(workload);
      ASSERT_EQ(InWords(memory.Peek(everything)), InWords(postgres.Peek(everything))) << "step " << step;
      for (const auto& [id, lot] : workload.lots()) {
        const auto holders = memory.store().Holders(kNetwork, id, StoreUnderTest::Deadline());
        ASSERT_EQ(*holders, *postgres.store().Holders(kNetwork, id, StoreUnderTest::Deadline()));
        int64_t sum = 0;
        for (const auto& [place, balance] : *holders) sum += balance.on_hand;
        ASSERT_EQ(sum, 0) << lot.code();
      }
    }
    if (step == 400 && !past.empty()) {
      for (StoreUnderTest* store : {&memory, &postgres})
        store->Stop(workload.lots().at(past.front().lot_id), Id(21, 1));
    }
  }
  const std::vector<Movement> a = memory.All(), b = postgres.All();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].leaf_hash, b[i].leaf_hash);
    ASSERT_EQ(b[i].leaf_hash, LeafHash(b[i]));  // as it is read back
  }
  for (const auto& [answer, times] : met) std::cout << answer << " " << times << "\n";
  EXPECT_GT(met["OK"], 300);
}

}  // namespace
}  // namespace kubari::stock
