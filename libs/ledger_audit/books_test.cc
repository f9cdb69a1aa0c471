#include "libs/ledger_audit/books.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace kubari::ledger_audit {
namespace {

using namespace kubari::stock::v1;  // NOLINT: the kinds are many
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kNetwork[] = "00000000-0000-4000-8000-000000000001";

std::string Uuid(int kind, int n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }

struct Spot {
  std::string name;
  PlaceKind kind;
};
Spot At(PlaceKind kind, int n = 1) { return {"places/" + Uuid(6, 10 * n + kind), kind}; }
const Spot kDonor = At(PLACE_KIND_DONOR), kShelf = At(PLACE_KIND_SHELF), kOther = At(PLACE_KIND_SHELF, 2),
           kDelivery = At(PLACE_KIND_DELIVERY), kGroup = At(PLACE_KIND_GROUP), kDoor2 = At(PLACE_KIND_DELIVERY, 2),
           kGroup2 = At(PLACE_KIND_GROUP, 2), kWaste = At(PLACE_KIND_WASTE), kAdjustment = At(PLACE_KIND_ADJUSTMENT),
           kTransit = At(PLACE_KIND_TRANSIT), kWorkshop = At(PLACE_KIND_WORKSHOP);

Lot LotOf(int n) {
  Lot lot;
  lot.set_name("lots/" + Uuid(8, n));
  lot.set_code(absl::StrCat("LOT", n));
  lot.set_donor("donors/" + Uuid(2, n));
  lot.set_item_grams(100 * n);
  return lot;
}

// Two of lot 1 and one of lot 2.
Lot Kit() {
  Lot kit = LotOf(3);
  kit.clear_donor();
  kit.set_transformation("transformations/" + Uuid(20, 1));
  kit.set_item_grams(400);
  for (int n = 1; n <= 2; ++n) {
    LotPart& part = *kit.add_parts();
    part.set_lot(LotOf(n).name());
    part.set_items(3 - n);
    part.set_donor(LotOf(n).donor());
    part.set_item_grams(LotOf(n).item_grams());
  }
  return kit;
}

// Writes a ledger as it should be; tests then change it, with a hash that fits or without.
class Ledger {
 public:
  using Change = std::function<void(Movement&)>;

  Movement& Add(
      MovementKind kind, const Lot& lot, const Spot& from, const Spot& to, int64_t items,
      const Change& change = [](Movement&) {}) {
    FeedEntry& entry = entries_.emplace_back();
    Movement& m = *entry.mutable_movement();
    m.set_position(static_cast<int64_t>(entries_.size()) - 1);
    m.set_kind(kind);
    m.set_lot(lot.name());
    m.set_lot_code(lot.code());
    m.set_from_place(from.name);
    m.set_from_kind(from.kind);
    m.set_to_place(to.name);
    m.set_to_kind(to.kind);
    m.set_items(items);
    m.set_effect_kind(kind);
    m.set_effect_items(items);
    m.set_actor("people/" + Uuid(10, 1));
    m.set_request_id(Uuid(13, static_cast<int>(m.position())));
    m.mutable_recorded_time()->set_seconds(1'000 + m.position());
    *entry.mutable_lot() = lot;
    entry.set_from_kind(from.kind);
    entry.set_to_kind(to.kind);
    change(m);
    Sign(m);
    return m;
  }
  // What undoes the movement at `position`.
  Movement& Reverse(
      int64_t position, const Change& change = [](Movement&) {}) {
    const FeedEntry original = entries_.at(position);
    const Movement& o = original.movement();
    Add(MOVEMENT_KIND_REVERSAL, original.lot(), {o.to_place(), o.to_kind()}, {o.from_place(), o.from_kind()}, o.items(),
        [&](Movement& m) {
          m.set_reverses(o.name());
          m.set_effect_kind(o.effect_kind());
          m.set_effect_items(-o.effect_items());
          m.set_delivery(o.delivery());
          m.set_group(o.group());
          m.set_operation(o.operation());
          change(m);
        });
    entries_.back().set_reversed_kind(o.kind());
    return *entries_.back().mutable_movement();
  }
  static void Sign(Movement& m) {
    m.set_name(MovementNameAt(kNetwork, m.position()));
    m.set_leaf_hash(LeafHashOf(m, kNetwork));
  }
  std::vector<FeedEntry>& entries() { return entries_; }
  Movement& operator[](int64_t position) { return *entries_.at(position).mutable_movement(); }

  std::vector<std::string> Problems() {
    std::vector<std::string> problems;
    books_ = {};
    Adder adder(kNetwork, books_, problems);
    for (const FeedEntry& entry : entries_) adder.Add(entry);
    adder.Finish();
    return problems;
  }
  const Books& books() const { return books_; }

 private:
  std::vector<FeedEntry> entries_;
  Books books_;
};

Ledger::Change To(int group, int delivery) {
  return [=](Movement& m) {
    m.set_group("groups/" + Uuid(7, group));
    m.set_delivery("deliveries/" + Uuid(12, delivery));
    m.set_households(10 * group);
  };
}
Ledger::Change Reserved(int reservation, int group, int delivery) {
  return [=](Movement& m) {
    To(group, delivery)(m);
    m.set_reservation("reservations/" + Uuid(11, reservation));
  };
}
Ledger::Change Of(const std::string& operation) {
  return [=](Movement& m) { m.set_operation(operation); };
}
const std::string kTransfer = "transfers/" + Uuid(21, 1), kTransformation = "transformations/" + Uuid(20, 1);

// Every kind of movement once, and reversals, also of a reversal.
Ledger Everything() {
  Ledger ledger;
  const Lot rice = LotOf(1), soup = LotOf(2), kit = Kit();
  ledger.Add(MOVEMENT_KIND_RECEIVE, rice, kDonor, kShelf, 100);                     // 0
  ledger.Add(MOVEMENT_KIND_RECEIVE, soup, kDonor, kShelf, 100);                     // 1
  ledger.Add(MOVEMENT_KIND_REFUSE, rice, kDonor, kDonor, 5);                        // 2
  ledger.Add(MOVEMENT_KIND_TRANSFER, rice, kShelf, kOther, 20);                     // 3
  ledger.Add(MOVEMENT_KIND_RESERVE, rice, kShelf, kShelf, 30, Reserved(1, 1, 1));   // 4
  ledger.Add(MOVEMENT_KIND_ISSUE, rice, kShelf, kDelivery, 20, Reserved(1, 1, 1));  // 5
  ledger.Add(MOVEMENT_KIND_VOID, rice, kShelf, kShelf, 4, Reserved(1, 1, 1));       // 6
  ledger.Add(MOVEMENT_KIND_EXPIRE, rice, kShelf, kShelf, 6, Reserved(1, 1, 1));     // 7
  ledger.Add(MOVEMENT_KIND_RETURN, rice, kDelivery, kShelf, 2, To(1, 1));           // 8
  ledger.Add(MOVEMENT_KIND_SHORTAGE, rice, kDelivery, kAdjustment, 1, To(1, 1));    // 9
  ledger.Add(MOVEMENT_KIND_CONFIRM, rice, kDelivery, kGroup, 17, To(1, 1));         // 10
  ledger.Add(MOVEMENT_KIND_PASS_ON, rice, kGroup, kDoor2, 7, To(2, 2));             // 11
  ledger.Add(MOVEMENT_KIND_CONFIRM, rice, kDoor2, kGroup2, 7, To(2, 2));            // 12
  ledger.Add(MOVEMENT_KIND_DIRECT, soup, kDonor, kDelivery, 9, To(1, 3));           // 13
  ledger.Add(MOVEMENT_KIND_DISCARD, soup, kShelf, kWaste, 3);                       // 14
  ledger.Add(MOVEMENT_KIND_DISCARD, rice, kGroup, kWaste, 1, [](Movement& m) {      // 15
    m.set_group("groups/" + Uuid(7, 1));
  });
  ledger.Add(MOVEMENT_KIND_ADJUST, soup, kAdjustment, kShelf, 8);                       // 16
  ledger.Add(MOVEMENT_KIND_ADJUST, soup, kShelf, kAdjustment, 2);                       // 17
  ledger.Add(MOVEMENT_KIND_SEND, soup, kShelf, kTransit, 12, Of(kTransfer));            // 18
  ledger.Add(MOVEMENT_KIND_ARRIVE, soup, kTransit, kOther, 10, Of(kTransfer));          // 19
  ledger.Add(MOVEMENT_KIND_SHORTAGE, soup, kTransit, kAdjustment, 2, Of(kTransfer));    // 20
  ledger.Add(MOVEMENT_KIND_CONSUME, rice, kShelf, kWorkshop, 10, Of(kTransformation));  // 21
  ledger.Add(MOVEMENT_KIND_CONSUME, soup, kShelf, kWorkshop, 5, Of(kTransformation));   // 22
  ledger.Add(MOVEMENT_KIND_PRODUCE, kit, kWorkshop, kShelf, 5, Of(kTransformation));    // 23
  ledger.Add(MOVEMENT_KIND_ISSUE, kit, kShelf, kDelivery, 3, To(1, 4));                 // 24
  ledger.Add(MOVEMENT_KIND_CONFIRM, kit, kDelivery, kGroup, 3, To(1, 4));               // 25
  ledger.Reverse(25);                                                                   // 26
  ledger.Reverse(26, [](Movement& m) { m.set_households(10); });                        // 27
  ledger.Add(MOVEMENT_KIND_RETURN, soup, kShelf, kDonor, 4);                            // 28
  return ledger;
}

TEST(LedgerAudit, ALedgerWithEveryKindOfMovementHolds) {
  Ledger ledger = Everything();
  EXPECT_THAT(ledger.Problems(), IsEmpty());
}

TEST(LedgerAudit, NothingAtAllHolds) { EXPECT_THAT(Ledger().Problems(), IsEmpty()); }

TEST(LedgerAudit, TheFiguresAreThoseOfTheDefinitions) {
  Ledger ledger = Everything();
  ledger.Problems();
  const impact::v1::Figures& f = ledger.books().figures;
  EXPECT_EQ(f.received_items(), 100 + 100 - 4);  // less what went back to the donor
  // To group 1 directly and from the shelf, less what came back; a kit counts by its parts (2 + 1).
  EXPECT_EQ(f.shipped_items(), 20 - 2 + 9 + 3 * 3);
  // What was passed on counts once, where it arrived; what the group threw away does not.
  EXPECT_EQ(f.items(), 17 - 7 + 7 - 1 + 3 * 3);
  EXPECT_EQ(f.grams(), (17 - 1) * 100 + 3 * 400);
  EXPECT_EQ(f.discarded_items(), 3 + 1);
  EXPECT_EQ(f.deliveries(), 3);
  EXPECT_EQ(f.groups(), 2);
  EXPECT_EQ(f.donors(), 2);
  EXPECT_EQ(f.households_cumulative(), 10 + 20 + 10);
  EXPECT_EQ(f.households_distinct(), 10 + 20);
}

TEST(LedgerAudit, WhatIsOnTheWayIsKnownByDeliveryAndTransfer) {
  Ledger ledger = Everything();
  ledger.Problems();
  const Books& books = ledger.books();
  const auto& line = books.deliveries.at({"deliveries/" + Uuid(12, 1), LotOf(1).name()});
  EXPECT_EQ(line.issued, 20);
  EXPECT_EQ(line.returned, 2);
  EXPECT_EQ(line.open(), 0);
  EXPECT_EQ(books.deliveries.at({"deliveries/" + Uuid(12, 3), LotOf(2).name()}).open(), 9);
  EXPECT_EQ(books.transfers.at({kTransfer, LotOf(2).name()}).open(), 0);
  EXPECT_EQ(books.reservations.at("reservations/" + Uuid(11, 1)).open(), 0);
}

// What someone who changes an export, or a program with a mistake in it, could write; and what is said of it first.
struct Tampering {
  const char* name;
  std::function<void(Ledger&)> tamper;
  const char* row;      // how the first problem begins
  const char* problem;  // what it says
};

// Changes a movement and makes its hash fit again.
std::function<void(Ledger&)> Forge(int64_t position, const Ledger::Change& change) {
  return [=](Ledger& ledger) {
    change(ledger[position]);
    ledger[position].set_leaf_hash(LeafHashOf(ledger[position], kNetwork));
  };
}

class Tampered : public ::testing::TestWithParam<Tampering> {};

TEST_P(Tampered, IsFoundAtTheFirstRowThatDoesNotHold) {
  Ledger ledger = Everything();
  GetParam().tamper(ledger);
  const std::vector<std::string> problems = ledger.Problems();
  ASSERT_THAT(problems, Not(IsEmpty()));
  EXPECT_THAT(problems.front(), StartsWith(GetParam().row));
  EXPECT_THAT(problems.front(), HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Ledger, Tampered,
    ::testing::Values(
        Tampering{"ChangedQuantity", [](Ledger& l) { l[14].set_items(2); }, "position 14 ", "leaf hash"},
        Tampering{"ChangedReason", [](Ledger& l) { l[14].set_reason("EXPIRED"); }, "position 14 ", "leaf hash"},
        Tampering{"ChangedEffect", [](Ledger& l) { l[26].set_effect_kind(MOVEMENT_KIND_ISSUE); }, "position 26 ",
                  "leaf hash"},
        Tampering{"ChangedOperation", [](Ledger& l) { l[18].clear_operation(); }, "position 18 ", "leaf hash"},
        Tampering{"MissingRow", [](Ledger& l) { l.entries().erase(l.entries().begin() + 14); }, "position 15 ",
                  "position 14 was expected"},
        Tampering{"RowTwice", [](Ledger& l) { l.entries().insert(l.entries().begin() + 14, l.entries()[14]); },
                  "position 14 ", "position 15 was expected"},
        Tampering{"SwappedRows", [](Ledger& l) { std::swap(l.entries()[14], l.entries()[15]); }, "position 15 ",
                  "position 14 was expected"},
        Tampering{"OtherId", Forge(14, [](Movement& m) { m.set_name("movements/" + Uuid(9, 9)); }), "position 14 ",
                  "its id is not that of its position"},
        Tampering{"TimeGoesBack", Forge(14, [](Movement& m) { m.mutable_recorded_time()->set_seconds(5); }),
                  "position 14 ", "recorded before"},
        Tampering{"Nothing", Forge(2, [](Movement& m) {
                    m.set_items(0);
                    m.set_effect_items(0);
                  }),
                  "position 2 ", "moves nothing"},
        Tampering{"ShelfBelowZero", Forge(3, [](Movement& m) {
                    m.set_items(101);
                    m.set_effect_items(101);
                  }),
                  "position 3 ", "holds -1"},
        Tampering{"PromisedIsTakenAway", Forge(3, [](Movement& m) {
                    m.set_items(71);
                    m.set_effect_items(71);
                  }),
                  "position 4 ", "of 29 on the shelf"},
        Tampering{"GroupBelowZero", Forge(11, [](Movement& m) {
                    m.set_items(18);
                    m.set_effect_items(18);
                  }),
                  "position 11 ", "the GROUP"},
        Tampering{"MoreArrivesThanWasSent", Forge(19, [](Movement& m) {
                    m.set_items(13);
                    m.set_effect_items(13);
                  }),
                  "position 19 ", "has -1 on the way"},
        Tampering{"MoreIsConfirmedThanWasIssued", Forge(12, [](Movement& m) {
                    m.set_items(8);
                    m.set_effect_items(8);
                  }),
                  "position 12 ", "has -1 on the way"},
        Tampering{"AnotherWay", Forge(16, [](Movement& m) {
                    m.set_kind(MOVEMENT_KIND_RECEIVE);
                    m.set_effect_kind(MOVEMENT_KIND_RECEIVE);
                  }),
                  "position 16 ", "RECEIVE does not go from ADJUSTMENT to SHELF"},
        Tampering{"UnknownKind", Forge(16, [](Movement& m) {
                    m.set_kind(static_cast<MovementKind>(77));
                    m.set_effect_kind(static_cast<MovementKind>(77));
                  }),
                  "position 16 ", "does not go from"},
        Tampering{"EffectOfItsOwn", Forge(14, [](Movement& m) { m.set_effect_items(30); }), "position 14 ",
                  "its effect is not its own"},
        Tampering{"PlaceChangesItsKind", [](Ledger& l) {
                    l.entries()[14].set_from_kind(PLACE_KIND_GROUP);
                    l[14].set_from_kind(PLACE_KIND_GROUP);
                  },
                  "position 14 ", "was SHELF before, and is GROUP now"},
        Tampering{"LotChangesItsFacts", [](Ledger& l) { l.entries()[14].mutable_lot()->set_item_grams(1); },
                  "position 14 ", "facts are not those told before"},
        Tampering{"AnotherLot", Forge(14, [](Movement& m) { m.set_lot(LotOf(1).name()); }), "position 14 ",
                  "the lot told with it is another"},
        Tampering{"ReservationIsExceeded", Forge(5, [](Movement& m) {
                    m.set_items(31);
                    m.set_effect_items(31);
                  }),
                  "position 5 ", "its reservation was of 30"},
        Tampering{"ReservationOfAnotherGroup", Forge(5, Reserved(1, 2, 1)), "position 5 ", "not what was reserved"},
        Tampering{"NoSuchReservation", Forge(6, Reserved(2, 1, 1)), "position 6 ", "no such reservation"},
        Tampering{"OneDeliveryToTwoGroups", Forge(9, To(2, 1)), "position 9 ", "two groups"},
        Tampering{"AnotherGroupsDoor", Forge(12, [](Movement& m) {
                    m.set_from_place(kDelivery.name);
                  }),
                  "position 12 ", "another group's door"},
        Tampering{"NoTransfer", Forge(18, [](Movement& m) { m.clear_operation(); }), "position 18 ", "no transfer"},
        Tampering{"NoTransformation", Forge(23, Of(kTransfer)), "position 23 ", "no transformation"},
        Tampering{"ReversalOfNothing", Forge(26, [](Movement& m) { m.set_reverses("movements/" + Uuid(9, 9)); }),
                  "position 26 ", "undoes what is not there"},
        Tampering{"ReversalOfLess", Forge(26, [](Movement& m) {
                    m.set_items(2);
                    m.set_effect_items(-2);
                  }),
                  "position 26 ", "not the contrary of position 25"},
        Tampering{"ReversalOfAnotherDelivery", Forge(26, To(1, 1)), "position 26 ", "belongs to something else"},
        Tampering{"ReversedTwice", [](Ledger& l) { l.Reverse(25); }, "position 29 ", "undone before"},
        Tampering{"ReversesAndIsNone", Forge(14, [](Movement& m) { m.set_reverses(MovementNameAt(kNetwork, 1)); }),
                  "position 14 ", "is no reversal"},
        Tampering{"RequestTwice", Forge(14, [](Movement& m) { m.set_request_id(Uuid(13, 1)); }), "position 14 ",
                  "its request was recorded before"},
        Tampering{"RequestOfTwo", Forge(23, [](Movement& m) {
                    m.set_request_id(Uuid(13, 22));
                    m.set_actor("people/" + Uuid(10, 2));
                  }),
                  "position 23 ", "two people"},
        Tampering{"NoRequest", Forge(14, [](Movement& m) { m.clear_request_id(); }), "position 14 ",
                  "no request made it"},
        Tampering{"KitOfOtherParts", Forge(21, [](Movement& m) {
                    m.set_items(9);
                    m.set_effect_items(9);
                  }),
                  kTransformation.c_str(), "do not hold what went into them"},
        Tampering{"HeavierThanItsParts", [](Ledger& l) {
                    l.entries()[23].mutable_lot()->clear_parts();
                    l.entries()[23].mutable_lot()->set_item_grams(500);
                    l.entries().resize(24);
                  },
                  kTransformation.c_str(), "2500 g were made of 2000 g"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(LedgerAudit, AnotherNetworksLedgerDoesNotPass) {
  Books books;
  std::vector<std::string> problems;
  Adder adder("00000000-0000-4000-8000-000000000009", books, problems);
  adder.Add(Everything().entries()[0]);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("leaf hash"), HasSubstr("its id is not that of its position")));
}

// The bytes are written down in services/stock/README.md for whoever wants to compute them; this is their other
// reading. It agrees to the byte with services/stock/domain/domain_test.cc.
TEST(Canonical, BytesAreThoseOfTheDescription) {
  const std::string network = "00000001-0000-4000-8000-000000000001";
  Movement m;
  m.set_position(42);
  m.set_name(MovementNameAt(network, 42));
  m.set_kind(MOVEMENT_KIND_REVERSAL);
  m.set_lot("lots/00000008-0000-4000-8000-000000000001");
  m.set_from_place("places/00000006-0000-4000-8000-000000000001");
  m.set_to_place("places/00000006-0000-4000-8000-000000000002");
  m.set_items(12);
  m.set_operation("transfers/00000014-0000-4000-8000-000000000003");
  m.set_reverses(MovementNameAt(network, 41));
  m.set_effect_kind(MOVEMENT_KIND_SHORTAGE);
  m.set_effect_items(-12);
  m.set_reason("MISTAKE");
  m.set_note("箱が\n濡れた \\ 全部");
  m.set_actor("people/0000000a-0000-4000-8000-000000000001");
  m.mutable_occurred_time()->set_seconds(1790000000);
  m.mutable_occurred_time()->set_nanos(123456000);
  m.mutable_recorded_time()->set_seconds(1790000001);
  m.set_request_id("0000000d-0000-4000-8000-000000000001");
  EXPECT_EQ(CanonicalBytesOf(m, network), absl::StrCat("kubari.movement.v1\n"
                                                       "network:00000001-0000-4000-8000-000000000001\n"
                                                       "position:42\n"
                                                       "movement:",
                                                       m.name().substr(10),
                                                       "\n"
                                                       "kind:REVERSAL\n"
                                                       "lot:00000008-0000-4000-8000-000000000001\n"
                                                       "from:00000006-0000-4000-8000-000000000001\n"
                                                       "to:00000006-0000-4000-8000-000000000002\n"
                                                       "items:12\n"
                                                       "reservation:\n"
                                                       "delivery:\n"
                                                       "group:\n"
                                                       "operation:transfers/00000014-0000-4000-8000-000000000003\n"
                                                       "reverses:",
                                                       m.reverses().substr(10),
                                                       "\n"
                                                       "effect:SHORTAGE\n"
                                                       "effect_items:-12\n"
                                                       "reason:MISTAKE\n"
                                                       "note:箱が\\n濡れた \\\\ 全部\n"
                                                       "actor:people/0000000a-0000-4000-8000-000000000001\n"
                                                       "occurred:1790000000123456\n"
                                                       "recorded:1790000001000000\n"
                                                       "households:0\n"
                                                       "municipality:\n"
                                                       "request:0000000d-0000-4000-8000-000000000001\n"));
  EXPECT_EQ(absl::BytesToHexString(LeafHashOf(m, network)),
            "fd2289fc15adbbf29de542686ebb9f968488617e4989f118802ffcb837dc29a7");
}

TEST(Canonical, MovementsAreNamedByNetworkAndPosition) {
  // SHA-256("00000001-0000-4000-8000-000000000001") begins with the sixty bits that stand in front.
  EXPECT_EQ(MovementNameAt("00000001-0000-4000-8000-000000000001", 42),
            "movements/d57d19d1-bc9e-83d9-8000-00000000002a");
  EXPECT_THAT(MovementNameAt(kNetwork, 0x1fffffffffff), ::testing::EndsWith("-8000-1fffffffffff"));
  EXPECT_THAT(MovementNameAt(kNetwork, int64_t{1} << 48), ::testing::EndsWith("-8001-000000000000"));
}

}  // namespace
}  // namespace kubari::ledger_audit
