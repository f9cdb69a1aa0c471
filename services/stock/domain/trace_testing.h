// The facts of a small made-up story in which every kind of movement happens, for tests of what is written about them.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <string>
#include <vector>

#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/trace_file.h"

namespace kubari::stock::testing {

inline std::string MadeUpId(int kind, int n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }
inline const std::string kStoryNetwork = MadeUpId(1, 1);
inline std::string NoodlesId() { return MadeUpId(8, 1); }
inline std::string SoupId() { return MadeUpId(8, 2); }
inline std::string KitId() { return MadeUpId(8, 3); }

class Story {
 public:
  Story() {
    facts_.now = At(100);
    facts_.zone = absl::FixedTimeZone(9 * 3600);
    AddLot(NoodlesId(), "架空めん", "09520000000004", "AB-12");
    AddLot(SoupId(), "スープ", "", "");
    AddLot(KitId(), "夕食セット", "09520000000011", "");
    facts_.lots[KitId()].transformation_id = MadeUpId(13, 1);
    facts_.links = {{NoodlesId(), KitId(), MadeUpId(13, 1), 10, 5}, {SoupId(), KitId(), MadeUpId(13, 1), 5, 5}};
    for (const int n : {1, 2}) {
      pb::Warehouse& warehouse = facts_.warehouses[MadeUpId(3, n)];
      warehouse.set_display_name(n == 1 ? "東倉庫" : "西倉庫");
      warehouse.set_organisation(ids::Name("organisations", MadeUpId(2, n)));
    }
    donor_ = AddPlace(pb::PLACE_KIND_DONOR, ids::Name("donors", MadeUpId(5, 1)), "架空食品");
    shelf_ = AddPlace(pb::PLACE_KIND_SHELF, "", "東倉庫 A-01", MadeUpId(3, 1));
    second_ = AddPlace(pb::PLACE_KIND_SHELF, "", "東倉庫 A-02", MadeUpId(3, 1));
    west_ = AddPlace(pb::PLACE_KIND_SHELF, "", "西倉庫 B-01", MadeUpId(3, 2));
    for (const int n : {1, 2}) {
      const std::string group = ids::Name("groups", MadeUpId(7, n)), name = n == 1 ? "みなみ食堂" : "きた食堂";
      way_[n] = AddPlace(pb::PLACE_KIND_DELIVERY, group, name + "（配送中）");
      group_[n] = AddPlace(pb::PLACE_KIND_GROUP, group, name);
    }
    waste_ = AddPlace(pb::PLACE_KIND_WASTE, "", "廃棄");
    adjustment_ = AddPlace(pb::PLACE_KIND_ADJUSTMENT, "", "差異調整");
    transit_ = AddPlace(pb::PLACE_KIND_TRANSIT, ids::Name("warehouses", MadeUpId(3, 2)), "西倉庫（輸送中）");
    workshop_ = AddPlace(pb::PLACE_KIND_WORKSHOP, "", "加工");
  }

  TraceFacts Tell() {
    const std::string noodles = NoodlesId(), soup = SoupId(), kit = KitId();
    const std::string delivery = MadeUpId(12, 1), onward = MadeUpId(12, 2), straight = MadeUpId(12, 3);
    const std::string transfer = MadeUpId(14, 1), kitting = MadeUpId(13, 1), recall = MadeUpId(15, 1);
    Move(pb::MOVEMENT_KIND_RECEIVE, noodles, donor_, shelf_, 100);
    Move(pb::MOVEMENT_KIND_REFUSE, noodles, donor_, donor_, 3).reason = "DAMAGED";
    Move(pb::MOVEMENT_KIND_RECEIVE, soup, donor_, shelf_, 50);
    Move(pb::MOVEMENT_KIND_TRANSFER, noodles, shelf_, second_, 20);
    Consume(kitting, noodles, 10);
    Consume(kitting, soup, 5);
    Operation(Move(pb::MOVEMENT_KIND_PRODUCE, kit, workshop_, shelf_, 5), kitting).request_id = MadeUpId(99, 1);
    Promise(Move(pb::MOVEMENT_KIND_RESERVE, noodles, shelf_, shelf_, 30), delivery);
    Promise(Move(pb::MOVEMENT_KIND_VOID, noodles, shelf_, shelf_, 10), delivery);
    Deliver(Move(pb::MOVEMENT_KIND_ISSUE, noodles, shelf_, way_[1], 20), delivery, 1);
    Deliver(Move(pb::MOVEMENT_KIND_CONFIRM, noodles, way_[1], group_[1], 17), delivery, 1);
    Deliver(Move(pb::MOVEMENT_KIND_SHORTAGE, noodles, way_[1], adjustment_, 2), delivery, 1).reason = "MISSING";
    Deliver(Move(pb::MOVEMENT_KIND_RETURN, noodles, way_[1], shelf_, 1), delivery, 1).reason = "REFUSED";
    Deliver(Move(pb::MOVEMENT_KIND_PASS_ON, noodles, group_[1], way_[2], 5), onward, 2).reason = "電話で同意";
    Deliver(Move(pb::MOVEMENT_KIND_DIRECT, noodles, donor_, way_[2], 12), straight, 2);
    Operation(Move(pb::MOVEMENT_KIND_SEND, noodles, shelf_, transit_, 8), transfer);
    Operation(Move(pb::MOVEMENT_KIND_ARRIVE, noodles, transit_, west_, 7), transfer);
    Operation(Move(pb::MOVEMENT_KIND_SHORTAGE, noodles, transit_, adjustment_, 1), transfer).reason = "EXPIRED";
    Operation(Move(pb::MOVEMENT_KIND_RETURN, noodles, group_[1], shelf_, 4), recall).reason = "RECALLED";
    Operation(Move(pb::MOVEMENT_KIND_DISCARD, noodles, group_[1], waste_, 2), recall).reason = "RECALLED";
    Move(pb::MOVEMENT_KIND_RETURN, noodles, shelf_, donor_, 4).reason = "AGREED";
    Move(pb::MOVEMENT_KIND_ADJUST, noodles, adjustment_, shelf_, 2).reason = "FOUND";
    Move(pb::MOVEMENT_KIND_ADJUST, noodles, shelf_, adjustment_, 1).reason = "LOST";
    // A receipt that was a mistake; then the correction was one.
    const Movement wrong = Move(pb::MOVEMENT_KIND_RECEIVE, noodles, donor_, shelf_, 9);
    const Movement undone = Reverse(wrong, "MISTAKE");
    Reverse(undone, "OTHER");
    // Sent, and brought back before it arrived: that did happen.
    const Movement sent = Deliver(Move(pb::MOVEMENT_KIND_ISSUE, noodles, shelf_, way_[1], 6), delivery, 1);
    Reverse(sent, "RETURNED");
    return facts_;
  }

 private:
  static absl::Time At(int minute) {
    return absl::FromCivil(absl::CivilSecond(2026, 12, 1, 10, 0, 0), absl::FixedTimeZone(9 * 3600)) +
           absl::Minutes(minute);
  }

  void AddLot(const std::string& id, const std::string& product, const std::string& gtin, const std::string& number) {
    Lot& lot = facts_.lots[id];
    lot.id = id;
    lot.facts.set_name(ids::Name("lots", id));
    lot.facts.set_code(LotCode(id, 0));
    lot.facts.set_product_display_name(product);
    lot.facts.set_gtin(gtin);
    lot.facts.set_donor_lot_number(number);
    lot.facts.set_donor_display_name("架空食品");
    lot.facts.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_BEST_BEFORE);
    lot.facts.mutable_good_until()->set_date("2027-03");
    lot.offer_title = "春の寄付";
  }

  std::string AddPlace(pb::PlaceKind kind, const std::string& party, const std::string& name,
                       const std::string& warehouse = "") {
    const std::string id = MadeUpId(6, static_cast<int>(facts_.places.size()) + 1);
    facts_.places[id] = {.id = id, .kind = kind, .warehouse_id = warehouse, .party = party, .display_name = name};
    return id;
  }

  Movement& Move(pb::MovementKind kind, const std::string& lot, const std::string& from, const std::string& to,
                 int64_t items) {
    const int position = static_cast<int>(facts_.movements.size());
    facts_.movements.push_back({.network_id = kStoryNetwork,
                                .position = position,
                                .id = MovementId(kStoryNetwork, position),
                                .kind = kind,
                                .lot_id = lot,
                                .from_place = from,
                                .to_place = to,
                                .items = items,
                                .effect_kind = kind,
                                .actor = ids::Name("people", MadeUpId(10, 1)),
                                .occurred_time = At(position),
                                .recorded_time = At(position) + absl::Seconds(1),
                                .request_id = MadeUpId(98, position),
                                .leaf_hash = std::string(32, static_cast<char>(position))});
    return facts_.movements.back();
  }
  Movement& Operation(Movement& movement, const std::string& operation) {
    movement.operation_id = operation;
    return movement;
  }
  void Consume(const std::string& transformation, const std::string& lot, int64_t items) {
    Operation(Move(pb::MOVEMENT_KIND_CONSUME, lot, shelf_, workshop_, items), transformation).request_id =
        MadeUpId(99, 1);
  }
  Movement& Deliver(Movement& movement, const std::string& delivery, int group) {
    movement.delivery_id = delivery;
    movement.group_id = MadeUpId(7, group);
    movement.households = 30;
    return movement;
  }
  void Promise(Movement& movement, const std::string& delivery) {
    Deliver(movement, delivery, 1).reservation_id = MadeUpId(11, 1);
  }
  Movement Reverse(const Movement& original, const std::string& reason) {
    const Movement copy = original;
    Movement& reversal = Move(pb::MOVEMENT_KIND_REVERSAL, copy.lot_id, copy.to_place, copy.from_place, copy.items);
    reversal.reverses = copy.id;
    reversal.effect_kind = copy.effect_kind;
    reversal.takes_back = !copy.takes_back;
    reversal.delivery_id = copy.delivery_id;
    reversal.group_id = copy.group_id;
    reversal.operation_id = copy.operation_id;
    reversal.reason = reason;
    return reversal;
  }

  TraceFacts facts_;
  std::string donor_, shelf_, second_, west_, waste_, adjustment_, transit_, workshop_;
  std::map<int, std::string> way_, group_;
};

inline TraceFacts SomeFacts() { return Story().Tell(); }

}  // namespace kubari::stock::testing
