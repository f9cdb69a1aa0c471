#include "tests/end_to_end/auditor.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <set>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "tests/end_to_end/calls.h"

namespace kubari::end_to_end {
namespace {

namespace allocation = kubari::allocation::v1;
namespace impact = kubari::impact::v1;
namespace stock = kubari::stock::v1;

// "lots/0190…" → "0190…"
std::string Id(const std::string& name) { return name.substr(name.find('/') + 1); }

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

std::string Describe(const stock::Movement& movement) {
  return absl::StrCat("position ", movement.position(), " (", stock::MovementKind_Name(movement.kind()), " of ", movement.items(), " of lot ",
                      movement.lot_code(), ")");
}

// Adds up one network's ledger, movement by movement.
class Adder {
 public:
  Adder(const std::string& network, Books& books, std::vector<std::string>& problems)
      : network_(network), books_(books), problems_(problems) {}

  void Add(const stock::FeedEntry& entry) {
    const stock::Movement& movement = entry.movement();
    Expect(movement.position() == next_, movement, absl::StrCat("position ", next_, " was expected"));
    next_ = movement.position() + 1;
    Expect(Micros(movement.recorded_time()) >= last_recorded_, movement, "recorded before the one in front of it");
    last_recorded_ = Micros(movement.recorded_time());
    Expect(movement.items() > 0, movement, "moves nothing");
    Expect(ids_.insert(movement.name()).second, movement, "its id was there before");
    Expect(movement.leaf_hash() == LeafHashOf(movement, network_), movement, "its leaf hash does not fit its content");
    Remember(entry);
    if (movement.kind() == stock::MOVEMENT_KIND_REVERSAL) {
      Reverse(entry);
    } else {
      Move(entry);
    }
    recorded_[movement.name()] = entry;
    CheckShelf(movement, movement.from_place());
    CheckShelf(movement, movement.to_place());
  }

  void Finish() {
    std::map<std::string, int64_t> sums;
    for (const auto& [key, balance] : books_.balances) sums[key.first] += balance.on_hand;
    for (const auto& [lot, sum] : sums) {
      if (sum != 0) problems_.push_back(absl::StrCat("the sum of lot ", books_.lots[lot].code(), " over all places is ", sum));
    }
    // What was issued is with the group, short, or on its way: delivery places, one a group, hold just that.
    std::map<std::pair<std::string, std::string>, int64_t> under_way;  // (lot, group)
    for (const auto& [key, line] : books_.deliveries) {
      under_way[{key.second, books_.group_of[key.first]}] += line.issued - line.confirmed - line.missing;
    }
    std::map<std::pair<std::string, std::string>, int64_t> on_places;
    for (const auto& [key, balance] : books_.balances) {
      if (books_.places[key.second] == stock::PLACE_KIND_DELIVERY) on_places[{key.first, party_of_[key.second]}] += balance.on_hand;
    }
    for (const auto& [key, items] : under_way) {
      if (items != on_places[key]) {
        problems_.push_back(absl::StrCat("of lot ", key.first, " ", items, " are on their way to ", key.second, ", but the place holds ", on_places[key]));
      }
    }
    CountHouseholds();
  }

 private:
  void Expect(bool holds, const stock::Movement& movement, const std::string& otherwise) {
    if (!holds) problems_.push_back(absl::StrCat(Describe(movement), ": ", otherwise));
  }

  void Remember(const stock::FeedEntry& entry) {
    books_.lots[entry.movement().lot()] = entry.lot();
    books_.places[entry.movement().from_place()] = entry.from_kind();
    books_.places[entry.movement().to_place()] = entry.to_kind();
  }

  Books::Balance& At(const stock::Movement& movement, const std::string& place) { return books_.balances[{movement.lot(), place}]; }

  void Carry(const stock::Movement& movement) {
    At(movement, movement.from_place()).on_hand -= movement.items();
    At(movement, movement.to_place()).on_hand += movement.items();
  }

  // `sign` -1 undoes.
  void Count(const stock::Movement& movement, const stock::Lot& lot, stock::MovementKind kind, int sign) {
    const int64_t items = sign * movement.items(), grams = items * lot.item_grams();
    impact::Figures& f = books_.figures;
    switch (kind) {
      case stock::MOVEMENT_KIND_RECEIVE:
        f.set_received_items(f.received_items() + items), f.set_received_grams(f.received_grams() + grams);
        break;
      case stock::MOVEMENT_KIND_ISSUE:
        f.set_shipped_items(f.shipped_items() + items), f.set_shipped_grams(f.shipped_grams() + grams);
        break;
      case stock::MOVEMENT_KIND_DISCARD:
        f.set_discarded_items(f.discarded_items() + items), f.set_discarded_grams(f.discarded_grams() + grams);
        break;
      case stock::MOVEMENT_KIND_CONFIRM: {
        f.set_items(f.items() + items), f.set_grams(f.grams() + grams);
        Arrived& arrived = arrived_[movement.delivery()];
        arrived.items += items;
        arrived.group = movement.group();
        if (sign > 0) arrived.households = movement.households();
        donors_[lot.donor()] += items;
        break;
      }
      default:
        break;
    }
  }

  void Move(const stock::FeedEntry& entry) {
    const stock::Movement& movement = entry.movement();
    const auto kinds = std::make_pair(entry.from_kind(), entry.to_kind());
    const auto goes = [&](stock::PlaceKind from, stock::PlaceKind to) {
      Expect(kinds == std::make_pair(from, to), movement,
             absl::StrCat("goes from ", stock::PlaceKind_Name(entry.from_kind()), " to ", stock::PlaceKind_Name(entry.to_kind())));
    };
    switch (movement.kind()) {
      case stock::MOVEMENT_KIND_RECEIVE:
        goes(stock::PLACE_KIND_DONOR, stock::PLACE_KIND_SHELF);
        Carry(movement);
        break;
      case stock::MOVEMENT_KIND_TRANSFER:
        goes(stock::PLACE_KIND_SHELF, stock::PLACE_KIND_SHELF);
        Carry(movement);
        break;
      case stock::MOVEMENT_KIND_DISCARD:
        goes(stock::PLACE_KIND_SHELF, stock::PLACE_KIND_WASTE);
        Carry(movement);
        break;
      case stock::MOVEMENT_KIND_RESERVE: {
        goes(stock::PLACE_KIND_SHELF, stock::PLACE_KIND_SHELF);
        Expect(movement.from_place() == movement.to_place(), movement, "a reservation moves nothing");
        At(movement, movement.from_place()).reserved += movement.items();
        const auto [at, is_new] = books_.reservations.emplace(
            movement.reservation(), Books::Reservation{.lot = movement.lot(),
                                                       .place = movement.from_place(),
                                                       .group = movement.group(),
                                                       .delivery = movement.delivery(),
                                                       .items = movement.items()});
        Expect(is_new && !movement.reservation().empty(), movement, "its reservation was there before");
        break;
      }
      case stock::MOVEMENT_KIND_VOID:
      case stock::MOVEMENT_KIND_EXPIRE:
        At(movement, movement.from_place()).reserved -= movement.items();
        Expect(books_.reservations.count(movement.reservation()) > 0, movement, "there is no such reservation");
        books_.reservations[movement.reservation()].given_up += movement.items();
        break;
      case stock::MOVEMENT_KIND_ISSUE: {
        goes(stock::PLACE_KIND_SHELF, stock::PLACE_KIND_DELIVERY);
        Carry(movement);
        party_of_[movement.to_place()] = movement.group();
        if (!movement.reservation().empty()) {
          At(movement, movement.from_place()).reserved -= movement.items();
          const Books::Reservation reserved = books_.reservations[movement.reservation()];
          Expect(reserved.lot == movement.lot() && reserved.place == movement.from_place() && reserved.group == movement.group() &&
                     reserved.delivery == movement.delivery(),
                 movement, "it is not what was reserved");
          books_.reservations[movement.reservation()].issued += movement.items();
        }
        books_.deliveries[{movement.delivery(), movement.lot()}].issued += movement.items();
        const std::string& group = books_.group_of.emplace(movement.delivery(), movement.group()).first->second;
        Expect(group == movement.group(), movement, "one delivery goes to two groups");
        break;
      }
      case stock::MOVEMENT_KIND_CONFIRM:
        goes(stock::PLACE_KIND_DELIVERY, stock::PLACE_KIND_GROUP);
        Carry(movement);
        books_.deliveries[{movement.delivery(), movement.lot()}].confirmed += movement.items();
        break;
      case stock::MOVEMENT_KIND_SHORTAGE:
        goes(stock::PLACE_KIND_DELIVERY, stock::PLACE_KIND_ADJUSTMENT);
        Carry(movement);
        books_.deliveries[{movement.delivery(), movement.lot()}].missing += movement.items();
        break;
      default:
        Expect(false, movement, "its kind is unknown");
    }
    Count(movement, entry.lot(), movement.kind(), 1);
  }

  void Reverse(const stock::FeedEntry& entry) {
    const stock::Movement& movement = entry.movement();
    const auto undone = recorded_.find(movement.reverses());
    Expect(undone != recorded_.end(), movement, "it undoes what is not there");
    if (undone == recorded_.end()) return;
    const stock::Movement& original = undone->second.movement();
    Expect(reversed_.insert(original.name()).second, movement, "it undoes what was undone before");
    Expect(movement.from_place() == original.to_place() && movement.to_place() == original.from_place() && movement.items() == original.items() &&
               movement.lot() == original.lot() && entry.reversed_kind() == original.kind(),
           movement, absl::StrCat("it is not the contrary of ", Describe(original)));
    Carry(movement);
    Books::DeliveryLine* line = original.delivery().empty() ? nullptr : &books_.deliveries[{original.delivery(), original.lot()}];
    if (line != nullptr && original.kind() == stock::MOVEMENT_KIND_ISSUE) line->issued -= movement.items();
    if (line != nullptr && original.kind() == stock::MOVEMENT_KIND_CONFIRM) line->confirmed -= movement.items();
    if (line != nullptr && original.kind() == stock::MOVEMENT_KIND_SHORTAGE) line->missing -= movement.items();
    Count(original, undone->second.lot(), original.kind(), -1);
  }

  void CheckShelf(const stock::Movement& movement, const std::string& place) {
    if (books_.places[place] != stock::PLACE_KIND_SHELF) return;
    const Books::Balance& balance = At(movement, place);
    Expect(balance.on_hand >= 0, movement, absl::StrCat("the shelf holds ", balance.on_hand));
    Expect(0 <= balance.reserved && balance.reserved <= balance.on_hand, movement,
           absl::StrCat("of ", balance.on_hand, " on the shelf ", balance.reserved, " are reserved"));
  }

  void CountHouseholds() {
    impact::Figures& f = books_.figures;
    std::map<std::string, int64_t> largest;
    for (const auto& [delivery, arrived] : arrived_) {
      if (arrived.items <= 0) continue;
      f.set_deliveries(f.deliveries() + 1);
      f.set_households_cumulative(f.households_cumulative() + arrived.households);
      largest[arrived.group] = std::max(largest[arrived.group], arrived.households);
    }
    for (const auto& [group, households] : largest) f.set_households_distinct(f.households_distinct() + households);
    f.set_groups(static_cast<int64_t>(largest.size()));
    for (const auto& [donor, items] : donors_) f.set_donors(f.donors() + (items > 0 ? 1 : 0));
  }

  struct Arrived {
    int64_t items = 0, households = 0;
    std::string group;
  };
  const std::string network_;
  Books& books_;
  std::vector<std::string>& problems_;
  int64_t next_ = 0, last_recorded_ = 0;
  std::set<std::string> ids_, reversed_;
  std::map<std::string, stock::FeedEntry> recorded_;
  std::map<std::string, Arrived> arrived_;      // by delivery
  std::map<std::string, int64_t> donors_;       // confirmed items
  std::map<std::string, std::string> party_of_;  // delivery place → group
};

}  // namespace

std::string LeafHashOf(const stock::Movement& m, const std::string& network) {
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"network", network},
      {"position", absl::StrCat(m.position())},
      {"movement", Id(m.name())},
      {"kind", stock::MovementKind_Name(m.kind()).substr(std::string("MOVEMENT_KIND_").size())},
      {"lot", Id(m.lot())},
      {"from", Id(m.from_place())},
      {"to", Id(m.to_place())},
      {"items", absl::StrCat(m.items())},
      {"reservation", Id(m.reservation())},
      {"delivery", Id(m.delivery())},
      {"group", Id(m.group())},
      {"reverses", Id(m.reverses())},
      {"reason", m.reason()},
      {"note", m.note()},
      {"actor", m.actor()},
      {"occurred", absl::StrCat(Micros(m.occurred_time()))},
      {"recorded", absl::StrCat(Micros(m.recorded_time()))},
      {"households", absl::StrCat(m.households())},
      {"municipality", m.municipality_code()},
      {"request", m.request_id()}};
  std::string bytes(1, '\0');
  bytes += "kubari.movement.v1\n";
  for (const auto& [name, value] : fields) {
    bytes += name + ":";
    for (const char c : value) bytes += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : std::string(1, c);
    bytes += "\n";
  }
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

std::vector<std::string> Auditor::AddUp(const std::vector<stock::FeedEntry>& ledger, const std::string& network, Books& books) {
  std::vector<std::string> problems;
  Adder adder(network, books, problems);
  for (const stock::FeedEntry& entry : ledger) adder.Add(entry);
  adder.Finish();
  return problems;
}

std::vector<stock::FeedEntry> Auditor::ReadLedger() const {
  std::vector<stock::FeedEntry> ledger;
  stock::ReadFeedRequest request;
  request.set_page_size(1'000);
  for (;;) {
    const auto page = Must<stock::ReadFeedResponse>(client_, "stock.ReadFeed", request);
    if (page.entries().empty()) return ledger;
    ledger.insert(ledger.end(), page.entries().begin(), page.entries().end());
    request.set_position(page.next_position());
  }
}

Books Auditor::Audit() const {
  const auto session = Must<kubari::identity::v1::Session>(client_, "identity.GetSession", kubari::identity::v1::GetSessionRequest());
  const std::vector<stock::FeedEntry> ledger = ReadLedger();
  Books books;
  for (const std::string& problem : AddUp(ledger, Id(session.network().name()), books)) ADD_FAILURE() << problem;
  CompareBalances(books);
  CompareDeliveries(books);
  CompareReservations(books);
  CompareLines(books);
  CompareTraces(books);
  CompareImpact(books, static_cast<int64_t>(ledger.size()));
  return books;
}

void Auditor::CompareBalances(const Books& books) const {
  std::map<std::pair<std::string, std::string>, Books::Balance> told;
  for (const auto& row : MustList<stock::ListBalancesResponse>(client_, "stock.ListBalances", stock::ListBalancesRequest(),
                                                               [](const auto& page) { return page.balances(); })) {
    told[{row.lot().name(), row.place().name()}] = {row.on_hand(), row.reserved()};
    EXPECT_EQ(row.free(), row.on_hand() - row.reserved()) << row.ShortDebugString();
  }
  for (const auto& [key, balance] : books.balances) {
    if (books.places.at(key.second) != stock::PLACE_KIND_SHELF) continue;
    const Books::Balance answer = told[key];
    EXPECT_EQ(balance.on_hand, answer.on_hand) << "on hand: " << key.first << " at " << key.second;
    EXPECT_EQ(balance.reserved, answer.reserved) << "reserved: " << key.first << " at " << key.second;
    told.erase(key);
  }
  for (const auto& [key, balance] : told) EXPECT_EQ(balance.on_hand, 0) << key.first << " at " << key.second << " was never moved there";
}

void Auditor::CompareDeliveries(const Books& books) const {
  size_t lines = 0;
  for (const auto& delivery : MustList<stock::ListDeliveriesResponse>(client_, "stock.ListDeliveries", stock::ListDeliveriesRequest(),
                                                                      [](const auto& page) { return page.deliveries(); })) {
    int64_t open = 0;
    for (const stock::DeliveryLine& line : delivery.lines()) {
      const auto found = books.deliveries.find({delivery.name(), line.lot().name()});
      ASSERT_NE(found, books.deliveries.end()) << delivery.name() << " names a lot that was not issued to it";
      EXPECT_EQ(line.issued_items(), found->second.issued) << delivery.name();
      EXPECT_EQ(line.confirmed_items(), found->second.confirmed) << delivery.name();
      EXPECT_EQ(line.short_items(), found->second.missing) << delivery.name();
      open += line.issued_items() - line.confirmed_items() - line.short_items();
      ++lines;
    }
    EXPECT_EQ(delivery.state() == stock::DELIVERY_STATE_CONFIRMED, open == 0) << delivery.name();
  }
  size_t issued = 0;
  for (const auto& [key, line] : books.deliveries) issued += line.issued > 0 ? 1 : 0;
  EXPECT_EQ(lines, issued) << "lines of all deliveries";
}

void Auditor::CompareReservations(const Books& books) const {
  std::map<std::string, int64_t> told;
  for (const auto& row : MustList<stock::ListReservationsResponse>(client_, "stock.ListReservations", stock::ListReservationsRequest(),
                                                                   [](const auto& page) { return page.reservations(); })) {
    told[row.name()] = row.open_items();
  }
  for (const auto& [name, reservation] : books.reservations) {
    EXPECT_GE(reservation.open(), 0) << name;
    EXPECT_EQ(told[name], reservation.open()) << name;
    told.erase(name);
  }
  EXPECT_TRUE(told.empty()) << told.size() << " reservations without a movement, such as " << told.begin()->first;
}

// Lines follow the ledger a moment later, so a difference counts only if it stays.
void Auditor::CompareLines(const Books& books) const {
  std::vector<std::string> problems;
  for (const absl::Time give_up = absl::Now() + absl::Seconds(20);; absl::SleepFor(absl::Milliseconds(300))) {
    problems.clear();
    const auto expect = [&](bool holds, const allocation::Line& line, const std::string& otherwise) {
      if (!holds) problems.push_back(absl::StrCat(line.name(), " (", allocation::LineState_Name(line.state()), "): ", otherwise));
    };
    for (const auto& run : MustList<allocation::ListRunsResponse>(client_, "allocation.ListRuns", allocation::ListRunsRequest(),
                                                                  [](const auto& page) { return page.runs(); })) {
      allocation::ListLinesRequest of_run;
      of_run.set_run(run.name());
      for (const auto& line : MustList<allocation::ListLinesResponse>(client_, "allocation.ListLines", of_run,
                                                                      [](const auto& page) { return page.lines(); })) {
        const auto found = books.reservations.find(line.reservation());
        const Books::Reservation reserved = found == books.reservations.end() ? Books::Reservation() : found->second;
        const bool fits = reserved.lot == line.lot() && reserved.place == line.place() && reserved.group == line.group() &&
                          reserved.delivery == line.delivery();
        switch (line.state()) {
          case allocation::LINE_STATE_OFFERED:
          case allocation::LINE_STATE_ACCEPTED:
          case allocation::LINE_STATE_SHIPPED:
          case allocation::LINE_STATE_CONFIRMED: {
            expect(fits, line, "its reservation is not in the ledger");
            expect(reserved.items - reserved.given_up == line.items(), line,
                   absl::StrCat("it has ", line.items(), " items, promised are ", reserved.items - reserved.given_up));
            expect(reserved.issued == line.shipped_items(), line,
                   absl::StrCat("it says ", line.shipped_items(), " shipped, the ledger ", reserved.issued));
            expect(line.state() != allocation::LINE_STATE_SHIPPED || reserved.issued > 0, line, "nothing of it was shipped");
            const auto delivered = books.deliveries.find({line.delivery(), line.lot()});
            const int64_t confirmed = delivered == books.deliveries.end() ? 0 : delivered->second.confirmed;
            expect(line.state() != allocation::LINE_STATE_CONFIRMED || confirmed > 0, line, "nothing of it was confirmed");
            expect(line.confirmed_items() <= confirmed, line,
                   absl::StrCat("it says ", line.confirmed_items(), " confirmed, the ledger ", confirmed));
            break;
          }
          case allocation::LINE_STATE_REFUSED:
          case allocation::LINE_STATE_EXPIRED:
          case allocation::LINE_STATE_DROPPED:
            expect(reserved.open() == 0, line, absl::StrCat(reserved.open(), " items are still promised"));
            break;
          default:
            expect(line.reservation().empty() || reserved.items == 0, line, "it is reserved though it was not published");
        }
      }
    }
    if (problems.empty() || absl::Now() > give_up) break;
  }
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
}

// Up to twenty lots, evenly chosen.
void Auditor::CompareTraces(const Books& books) const {
  const size_t step = books.lots.size() / 20 + 1;
  size_t index = 0;
  for (const auto& [name, lot] : books.lots) {
    if (index++ % step != 0) continue;
    stock::TraceLotRequest request;
    request.set_lot(lot.code());
    const auto trace = Must<stock::TraceLotResponse>(client_, "stock.TraceLot", request);
    int64_t sum = 0;
    for (const stock::Holder& holder : trace.holders()) {
      sum += holder.items();
      const auto found = books.balances.find({name, holder.place().name()});
      EXPECT_EQ(holder.items(), found == books.balances.end() ? 0 : found->second.on_hand) << lot.code() << " " << holder.ShortDebugString();
    }
    EXPECT_EQ(sum, 0) << "all holders of " << lot.code();
    EXPECT_FALSE(trace.movements().empty()) << lot.code();
    for (int i = 1; i < trace.movements_size(); ++i) EXPECT_LT(trace.movements(i - 1).position(), trace.movements(i).position()) << lot.code();
  }
}

void Auditor::CompareImpact(const Books& books, int64_t next_position) const {
  impact::GetImpactResponse answer;
  for (const absl::Time give_up = absl::Now() + absl::Seconds(30);; absl::SleepFor(absl::Milliseconds(200))) {
    answer = Must<impact::GetImpactResponse>(client_, "impact.GetImpact", impact::GetImpactRequest());
    if (answer.ledger_position() >= next_position || absl::Now() > give_up) break;
  }
  EXPECT_EQ(answer.ledger_position(), next_position) << "impact does not follow the ledger";
  EXPECT_EQ(answer.total().DebugString(), books.figures.DebugString());
}

}  // namespace kubari::end_to_end
