#include "libs/ledger_audit/books.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace kubari::ledger_audit {

using stock::v1::FeedEntry;
using stock::v1::Lot;
using stock::v1::Movement;
using stock::v1::MovementKind;
using stock::v1::PlaceKind;

namespace {

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

// "MOVEMENT_KIND_RECEIVE" → "RECEIVE".
std::string Short(const std::string& name, std::string_view prefix) {
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : absl::StrCat("kind ", name);
}
std::string NameOf(MovementKind kind) { return Short(stock::v1::MovementKind_Name(kind), "MOVEMENT_KIND_"); }
std::string NameOf(PlaceKind kind) { return Short(stock::v1::PlaceKind_Name(kind), "PLACE_KIND_"); }

std::string Describe(const Movement& movement) {
  return absl::StrCat("position ", movement.position(), " (", NameOf(movement.kind()), " of ", movement.items(),
                      " of lot ", movement.lot_code(), ")");
}

// Between which kinds of places each kind of movement goes.
struct Way {
  MovementKind kind;
  PlaceKind from, to;
};
constexpr std::array<Way, 23> kWays = {{
    {stock::v1::MOVEMENT_KIND_RECEIVE, stock::v1::PLACE_KIND_DONOR, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_TRANSFER, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_RESERVE, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_VOID, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_EXPIRE, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_ISSUE, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_DELIVERY},
    {stock::v1::MOVEMENT_KIND_CONFIRM, stock::v1::PLACE_KIND_DELIVERY, stock::v1::PLACE_KIND_GROUP},
    {stock::v1::MOVEMENT_KIND_SHORTAGE, stock::v1::PLACE_KIND_DELIVERY, stock::v1::PLACE_KIND_ADJUSTMENT},
    {stock::v1::MOVEMENT_KIND_SHORTAGE, stock::v1::PLACE_KIND_TRANSIT, stock::v1::PLACE_KIND_ADJUSTMENT},
    {stock::v1::MOVEMENT_KIND_DISCARD, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_WASTE},
    {stock::v1::MOVEMENT_KIND_DISCARD, stock::v1::PLACE_KIND_GROUP, stock::v1::PLACE_KIND_WASTE},
    {stock::v1::MOVEMENT_KIND_REFUSE, stock::v1::PLACE_KIND_DONOR, stock::v1::PLACE_KIND_DONOR},
    {stock::v1::MOVEMENT_KIND_SEND, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_TRANSIT},
    {stock::v1::MOVEMENT_KIND_ARRIVE, stock::v1::PLACE_KIND_TRANSIT, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_DIRECT, stock::v1::PLACE_KIND_DONOR, stock::v1::PLACE_KIND_DELIVERY},
    {stock::v1::MOVEMENT_KIND_PASS_ON, stock::v1::PLACE_KIND_GROUP, stock::v1::PLACE_KIND_DELIVERY},
    {stock::v1::MOVEMENT_KIND_RETURN, stock::v1::PLACE_KIND_DELIVERY, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_RETURN, stock::v1::PLACE_KIND_GROUP, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_RETURN, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_DONOR},
    {stock::v1::MOVEMENT_KIND_ADJUST, stock::v1::PLACE_KIND_ADJUSTMENT, stock::v1::PLACE_KIND_SHELF},
    {stock::v1::MOVEMENT_KIND_ADJUST, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_ADJUSTMENT},
    {stock::v1::MOVEMENT_KIND_CONSUME, stock::v1::PLACE_KIND_SHELF, stock::v1::PLACE_KIND_WORKSHOP},
    {stock::v1::MOVEMENT_KIND_PRODUCE, stock::v1::PLACE_KIND_WORKSHOP, stock::v1::PLACE_KIND_SHELF},
}};

// RESERVE, VOID, EXPIRE and REFUSE move nothing.
bool Stays(MovementKind kind) {
  return kind == stock::v1::MOVEMENT_KIND_RESERVE || kind == stock::v1::MOVEMENT_KIND_VOID ||
         kind == stock::v1::MOVEMENT_KIND_EXPIRE || kind == stock::v1::MOVEMENT_KIND_REFUSE;
}

// What stands there cannot be less than nothing. Donors, adjustment and workshops give and take.
bool IsReal(PlaceKind kind) {
  return kind == stock::v1::PLACE_KIND_SHELF || kind == stock::v1::PLACE_KIND_DELIVERY ||
         kind == stock::v1::PLACE_KIND_GROUP || kind == stock::v1::PLACE_KIND_TRANSIT ||
         kind == stock::v1::PLACE_KIND_WASTE;
}

// `items` of a lot in lots that are no kits.
void Unpack(const Lot& lot, int64_t items, std::map<std::string, int64_t>& into) {
  for (const stock::v1::LotPart& part : lot.parts()) into[part.lot()] += items * part.items();
  if (lot.parts().empty()) into[lot.name()] += items;
}

}  // namespace

Adder::Adder(const std::string& network, Books& books, std::vector<std::string>& problems)
    : network_(network), books_(books), problems_(problems) {}

void Adder::Expect(bool holds, const std::string& otherwise) {
  if (!holds) problems_.push_back(absl::StrCat(Describe(*now_), ": ", otherwise));
}

void Adder::Add(const FeedEntry& entry) {
  const Movement& movement = entry.movement();
  now_ = &movement;
  CheckForm(movement);
  CheckRequest(movement);
  CheckPlaces(entry);
  RememberLot(entry);
  if (movement.kind() == stock::v1::MOVEMENT_KIND_REVERSAL) {
    CheckReversal(entry);
  } else {
    Expect(movement.effect_kind() == movement.kind() && movement.effect_items() == movement.items(),
           "its effect is not its own");
    Expect(movement.reverses().empty(), "it names something to undo and is no reversal");
    Promise(movement);
  }
  Carry(movement);
  Follow(movement);
  CheckBalance(movement, movement.from_place());
  if (movement.to_place() != movement.from_place()) CheckBalance(movement, movement.to_place());
  recorded_[movement.name()] = movement;
  counter_.Add(entry);
  now_ = nullptr;
}

// What the movement says of itself.
void Adder::CheckForm(const Movement& movement) {
  Expect(movement.position() == next_, absl::StrCat("position ", next_, " was expected"));
  next_ = movement.position() + 1;
  Expect(movement.leaf_hash() == LeafHashOf(movement, network_), "its leaf hash does not fit its content");
  Expect(movement.name() == MovementNameAt(network_, movement.position()),
         "its id is not that of its position in this network");
  Expect(Micros(movement.recorded_time()) >= last_recorded_, "recorded before the one in front of it");
  last_recorded_ = Micros(movement.recorded_time());
  Expect(movement.items() > 0, "moves nothing");
  Expect(recorded_.count(movement.name()) == 0, "its id was there before");
}

// One effect for each request: what it records stands together, by one person.
void Adder::CheckRequest(const Movement& movement) {
  std::vector<std::string>& same = books_.requests[movement.request_id()];
  Expect(!movement.request_id().empty(), "no request made it");
  Expect(same.empty() || last_request_ == movement.request_id(), "its request was recorded before");
  Expect(same.empty() || last_actor_ == movement.actor(), "its request came from two people");
  same.push_back(movement.name());
  last_request_ = movement.request_id();
  last_actor_ = movement.actor();
}

void Adder::CheckPlaces(const FeedEntry& entry) {
  const Movement& movement = entry.movement();
  for (const auto& [place, kind] :
       {std::pair(movement.from_place(), entry.from_kind()), std::pair(movement.to_place(), entry.to_kind())}) {
    const PlaceKind known = books_.places.emplace(place, kind).first->second;
    Expect(known == kind, absl::StrCat(place, " was ", NameOf(known), " before, and is ", NameOf(kind), " now"));
  }
  Expect(movement.from_kind() == entry.from_kind() && movement.to_kind() == entry.to_kind(),
         "the movement and its entry disagree on what its places are");
  // What is taken back goes the other way.
  const bool back = movement.effect_items() < 0;
  const PlaceKind from = back ? entry.to_kind() : entry.from_kind();
  const PlaceKind to = back ? entry.from_kind() : entry.to_kind();
  const bool known = std::any_of(kWays.begin(), kWays.end(), [&](const Way& way) {
    return way.kind == movement.effect_kind() && way.from == from && way.to == to;
  });
  Expect(known, absl::StrCat(NameOf(movement.effect_kind()), " does not go from ", NameOf(from), " to ", NameOf(to)));
  Expect(Stays(movement.effect_kind()) == (movement.from_place() == movement.to_place()),
         "whether it moves does not fit its kind");
}

void Adder::RememberLot(const FeedEntry& entry) {
  Lot facts = entry.lot();
  facts.clear_recall();  // the one thing that may change
  const auto [known, is_new] = books_.lots.emplace(entry.movement().lot(), facts);
  Expect(facts.name() == entry.movement().lot() && facts.code() == entry.movement().lot_code(),
         "the lot told with it is another");
  Expect(is_new || known->second.SerializeAsString() == facts.SerializeAsString(),
         "its lot's facts are not those told before");
}

void Adder::CheckReversal(const FeedEntry& entry) {
  const Movement& movement = entry.movement();
  const auto undone = recorded_.find(movement.reverses());
  Expect(undone != recorded_.end(), "it undoes what is not there");
  if (undone == recorded_.end()) return;
  const Movement& original = undone->second;
  Expect(reversed_.insert(original.name()).second, "it undoes what was undone before");
  Expect(movement.from_place() == original.to_place() && movement.to_place() == original.from_place() &&
             movement.items() == original.items() && movement.lot() == original.lot() &&
             entry.reversed_kind() == original.kind() && movement.effect_kind() == original.effect_kind() &&
             movement.effect_items() == -original.effect_items(),
         absl::StrCat("it is not the contrary of ", Describe(original)));
  Expect(movement.delivery() == original.delivery() && movement.group() == original.group() &&
             movement.operation() == original.operation(),
         absl::StrCat("it belongs to something else than ", Describe(original)));
  Expect(movement.reservation().empty(), "promises are given up, not undone");
}

// What it changes of what is promised.
void Adder::Promise(const Movement& movement) {
  const bool reserves = movement.kind() == stock::v1::MOVEMENT_KIND_RESERVE;
  const bool gives_up =
      movement.kind() == stock::v1::MOVEMENT_KIND_VOID || movement.kind() == stock::v1::MOVEMENT_KIND_EXPIRE;
  if (!reserves && !gives_up && movement.reservation().empty()) return;
  Expect(reserves || gives_up || movement.kind() == stock::v1::MOVEMENT_KIND_ISSUE, "it cannot have a reservation");
  Books::Balance& shelf = At(movement, movement.from_place());
  if (reserves) {
    shelf.reserved += movement.items();
    const bool is_new = books_.reservations
                            .emplace(movement.reservation(), Books::Reservation{.lot = movement.lot(),
                                                                                .place = movement.from_place(),
                                                                                .group = movement.group(),
                                                                                .delivery = movement.delivery(),
                                                                                .items = movement.items()})
                            .second;
    Expect(is_new && !movement.reservation().empty(), "its reservation was there before");
    return;
  }
  shelf.reserved -= movement.items();
  const auto found = books_.reservations.find(movement.reservation());
  Expect(found != books_.reservations.end(), "there is no such reservation");
  if (found == books_.reservations.end()) return;
  Books::Reservation& reserved = found->second;
  Expect(reserved.lot == movement.lot() && reserved.place == movement.from_place() &&
             reserved.group == movement.group() && reserved.delivery == movement.delivery(),
         "it is not what was reserved");
  (gives_up ? reserved.given_up : reserved.issued) += movement.items();
  Expect(reserved.open() >= 0, absl::StrCat("its reservation was of ", reserved.items, ", and ",
                                            reserved.issued + reserved.given_up, " were used"));
}

void Adder::Carry(const Movement& movement) {
  At(movement, movement.from_place()).on_hand -= movement.items();
  At(movement, movement.to_place()).on_hand += movement.items();
}

// Deliveries, transfers and transformations: by their effect, so that reversals, and reversals of those, need no rules
// of their own.
void Adder::Follow(const Movement& movement) {
  switch (movement.effect_kind()) {
    case stock::v1::MOVEMENT_KIND_ISSUE:
    case stock::v1::MOVEMENT_KIND_DIRECT:
    case stock::v1::MOVEMENT_KIND_PASS_ON:
    case stock::v1::MOVEMENT_KIND_CONFIRM:
      FollowDelivery(movement);
      break;
    case stock::v1::MOVEMENT_KIND_RETURN:
      if (!movement.delivery().empty()) FollowDelivery(movement);
      break;
    case stock::v1::MOVEMENT_KIND_SHORTAGE:
      movement.delivery().empty() ? FollowTransfer(movement) : FollowDelivery(movement);
      break;
    case stock::v1::MOVEMENT_KIND_SEND:
    case stock::v1::MOVEMENT_KIND_ARRIVE:
      FollowTransfer(movement);
      break;
    case stock::v1::MOVEMENT_KIND_CONSUME:
    case stock::v1::MOVEMENT_KIND_PRODUCE:
      FollowTransformation(movement);
      break;
    default:
      break;
  }
}

void Adder::FollowDelivery(const Movement& movement) {
  Books::DeliveryLine& line = books_.deliveries[{movement.delivery(), movement.lot()}];
  switch (movement.effect_kind()) {
    case stock::v1::MOVEMENT_KIND_CONFIRM:
      line.confirmed += movement.effect_items();
      break;
    case stock::v1::MOVEMENT_KIND_SHORTAGE:
      line.missing += movement.effect_items();
      break;
    case stock::v1::MOVEMENT_KIND_RETURN:
      line.returned += movement.effect_items();
      break;
    default:
      line.issued += movement.effect_items();
      break;
  }
  Expect(line.open() >= 0 && line.confirmed >= 0 && line.missing >= 0 && line.returned >= 0,
         absl::StrCat("its delivery has ", line.open(), " on the way"));
  const std::string& group = books_.group_of.emplace(movement.delivery(), movement.group()).first->second;
  Expect(!movement.delivery().empty() && !movement.group().empty() && group == movement.group(),
         "one delivery goes to two groups");
  // The one of its two places that is on the way.
  const std::string& place = books_.places[movement.from_place()] == stock::v1::PLACE_KIND_DELIVERY
                                 ? movement.from_place()
                                 : movement.to_place();
  Expect(party_of_.emplace(place, movement.group()).first->second == movement.group(),
         "it is on the way to another group's door");
}

void Adder::FollowTransfer(const Movement& movement) {
  Books::TransferLine& line = books_.transfers[{movement.operation(), movement.lot()}];
  switch (movement.effect_kind()) {
    case stock::v1::MOVEMENT_KIND_SEND:
      line.sent += movement.effect_items();
      break;
    case stock::v1::MOVEMENT_KIND_ARRIVE:
      line.arrived += movement.effect_items();
      break;
    default:
      line.missing += movement.effect_items();
      break;
  }
  Expect(movement.operation().rfind("transfers/", 0) == 0, "it belongs to no transfer");
  Expect(line.open() >= 0 && line.arrived >= 0 && line.missing >= 0,
         absl::StrCat("its transfer has ", line.open(), " on the way"));
  const std::string& place = books_.places[movement.from_place()] == stock::v1::PLACE_KIND_TRANSIT
                                 ? movement.from_place()
                                 : movement.to_place();
  Expect(transit_of_.emplace(movement.operation(), place).first->second == place,
         "one transfer goes to two warehouses");
}

void Adder::FollowTransformation(const Movement& movement) {
  Expect(movement.operation().rfind("transformations/", 0) == 0, "it belongs to no transformation");
  Books::Transformation& made = books_.transformations[movement.operation()];
  (movement.effect_kind() == stock::v1::MOVEMENT_KIND_CONSUME ? made.consumed : made.produced)[movement.lot()] +=
      movement.effect_items();
  if (movement.effect_kind() == stock::v1::MOVEMENT_KIND_PRODUCE)
    Expect(books_.lots[movement.lot()].transformation() == movement.operation(),
           "its lot was not made by this transformation");
}

void Adder::CheckBalance(const Movement& movement, const std::string& place) {
  const Books::Balance& balance = At(movement, place);
  const PlaceKind kind = books_.places[place];
  if (IsReal(kind))
    Expect(balance.on_hand >= 0, absl::StrCat("the ", NameOf(kind), " ", place, " holds ", balance.on_hand));
  if (kind == stock::v1::PLACE_KIND_SHELF) {
    Expect(0 <= balance.reserved && balance.reserved <= balance.on_hand,
           absl::StrCat("of ", balance.on_hand, " on the shelf ", place, " ", balance.reserved, " are reserved"));
  } else {
    Expect(balance.reserved == 0, absl::StrCat("something is reserved at ", place, ", which is no shelf"));
  }
}

void Adder::Finish() {
  std::map<std::string, int64_t> sums;
  for (const auto& [key, balance] : books_.balances) sums[key.first] += balance.on_hand;
  for (const auto& [lot, sum] : sums) {
    if (sum != 0)
      problems_.push_back(absl::StrCat("the sum of lot ", books_.lots[lot].code(), " over all places is ", sum));
  }
  CheckDeliveryPlaces();
  CheckTransformations();
  books_.figures = counter_.Total();
}

// What was issued is with the group, short, back, or on its way: the places on the way hold just that.
void Adder::CheckDeliveryPlaces() {
  std::map<std::pair<std::string, std::string>, int64_t> under_way;  // (lot, place)
  std::map<std::string, std::string> place_of;                       // group → place
  for (const auto& [place, group] : party_of_) place_of[group] = place;
  for (const auto& [key, line] : books_.deliveries)
    under_way[{key.second, place_of[books_.group_of[key.first]]}] += line.open();
  for (const auto& [key, line] : books_.transfers) under_way[{key.second, transit_of_[key.first]}] += line.open();
  for (const auto& [key, balance] : books_.balances) {
    const PlaceKind kind = books_.places[key.second];
    if (kind == stock::v1::PLACE_KIND_DELIVERY || kind == stock::v1::PLACE_KIND_TRANSIT)
      under_way[key] -= balance.on_hand;
  }
  for (const auto& [key, items] : under_way) {
    if (items != 0)
      problems_.push_back(absl::StrCat("of lot ", books_.lots[key.first].code(), " ", key.second, " holds ", -items,
                                       " more than its deliveries and transfers have under way"));
  }
}

// Kits hold what went into them; nothing else weighs more than what it was made of.
void Adder::CheckTransformations() {
  for (const auto& [name, made] : books_.transformations) {
    std::map<std::string, int64_t> in, out;
    int64_t grams_in = 0, grams_out = 0;
    bool kit = false;
    for (const auto& [lot, items] : made.consumed) {
      Unpack(books_.lots[lot], items, in);
      grams_in += items * books_.lots[lot].item_grams();
    }
    for (const auto& [lot, items] : made.produced) {
      Unpack(books_.lots[lot], items, out);
      grams_out += items * books_.lots[lot].item_grams();
      kit |= !books_.lots[lot].parts().empty();
    }
    if (kit && in != out) problems_.push_back(absl::StrCat(name, ": its kits do not hold what went into them"));
    if (grams_out > grams_in)
      problems_.push_back(absl::StrCat(name, ": ", grams_out, " g were made of ", grams_in, " g"));
  }
}

}  // namespace kubari::ledger_audit
