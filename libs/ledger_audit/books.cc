#include "libs/ledger_audit/books.h"

#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <algorithm>

namespace kubari::ledger_audit {
namespace {

namespace impact = kubari::impact::v1;
namespace stock = kubari::stock::v1;

// "lots/0190…" → "0190…"
std::string Id(const std::string& name) { return name.substr(name.find('/') + 1); }

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

std::string Describe(const stock::Movement& movement) {
  return absl::StrCat("position ", movement.position(), " (", stock::MovementKind_Name(movement.kind()), " of ", movement.items(), " of lot ",
                      movement.lot_code(), ")");
}

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

Adder::Adder(const std::string& network, Books& books, std::vector<std::string>& problems)
    : network_(network), books_(books), problems_(problems) {}

void Adder::Add(const stock::FeedEntry& entry) {
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
  if (movement.to_place() != movement.from_place()) CheckShelf(movement, movement.to_place());
}

void Adder::Finish() {
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

void Adder::Expect(bool holds, const stock::Movement& movement, const std::string& otherwise) {
  if (!holds) problems_.push_back(absl::StrCat(Describe(movement), ": ", otherwise));
}

void Adder::Remember(const stock::FeedEntry& entry) {
  books_.lots[entry.movement().lot()] = entry.lot();
  books_.places[entry.movement().from_place()] = entry.from_kind();
  books_.places[entry.movement().to_place()] = entry.to_kind();
}

Books::Balance& Adder::At(const stock::Movement& movement, const std::string& place) { return books_.balances[{movement.lot(), place}]; }

void Adder::Carry(const stock::Movement& movement) {
  At(movement, movement.from_place()).on_hand -= movement.items();
  At(movement, movement.to_place()).on_hand += movement.items();
}

// `sign` -1 undoes.
void Adder::Count(const stock::Movement& movement, const stock::Lot& lot, stock::MovementKind kind, int sign) {
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

void Adder::Move(const stock::FeedEntry& entry) {
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

void Adder::Reverse(const stock::FeedEntry& entry) {
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

void Adder::CheckShelf(const stock::Movement& movement, const std::string& place) {
  if (books_.places[place] != stock::PLACE_KIND_SHELF) return;
  const Books::Balance& balance = At(movement, place);
  Expect(balance.on_hand >= 0, movement, absl::StrCat("the shelf holds ", balance.on_hand));
  Expect(0 <= balance.reserved && balance.reserved <= balance.on_hand, movement,
         absl::StrCat("of ", balance.on_hand, " on the shelf ", balance.reserved, " are reserved"));
}

void Adder::CountHouseholds() {
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

}  // namespace kubari::ledger_audit
