// A made-up network for tests: one warehouse, lots, groups.
#pragma once

#include <absl/strings/str_format.h>

#include <string>

#include "kubari/allocation/v1/snapshot.pb.h"

namespace kubari::allocation {

inline std::string Uuid(int number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

inline constexpr char kToday[] = "2026-11-18";
inline const std::string kWarehouse = "warehouses/" + Uuid(1);
inline const std::string kPlace = "places/" + Uuid(2);
inline const std::string kDonor = "donors/" + Uuid(3);

inline std::string LotName(int number) { return "lots/" + Uuid(100 + number); }
inline std::string GroupName(int number) { return "groups/" + Uuid(200'000 + number); }

inline stock::v1::Warehouse MakeWarehouse() {
  stock::v1::Warehouse warehouse;
  warehouse.set_name(kWarehouse);
  warehouse.set_code("EAST");
  warehouse.set_display_name("東倉庫");
  warehouse.mutable_address()->mutable_position()->set_latitude_e6(35'680'000);
  warehouse.mutable_address()->mutable_position()->set_longitude_e6(139'760'000);
  return warehouse;
}

inline stock::v1::Place MakePlace() {
  stock::v1::Place place;
  place.set_name(kPlace);
  place.set_kind(stock::v1::PLACE_KIND_SHELF);
  place.set_warehouse(kWarehouse);
  place.set_display_name("東倉庫 A-01");
  return place;
}

// Rice for 100 milli-person-days an item, ten to a case, with no allergens that anybody could exclude undeclared.
inline stock::v1::Lot MakeLot(int number) {
  stock::v1::Lot lot;
  lot.set_name(LotName(number));
  lot.set_code(absl::StrFormat("LOT%04d", number));
  lot.set_product_display_name(absl::StrFormat("米 %d", number));
  lot.set_category(type::v1::FOOD_CATEGORY_RICE);
  lot.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  lot.mutable_good_until()->set_date("2027-12");
  lot.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  lot.set_donor(kDonor);
  lot.set_item_grams(500);
  lot.set_items_per_case(10);
  lot.set_milli_person_days(100);
  lot.mutable_allergens()->add_free_from(type::v1::ALLERGEN_EGG);
  return lot;
}

// Ten households, an agreement, room for 1,000 ambient items, as many kilometres east of the warehouse as its number
// (about).
inline groups::v1::Group MakeGroup(int number) {
  groups::v1::Group group;
  group.set_name(GroupName(number));
  group.set_display_name(absl::StrFormat("こども食堂%03d", number));
  group.set_state(groups::v1::GROUP_STATE_ACTIVE);
  group.set_contact_email("renraku@example.jp");
  group.set_households(10);
  groups::v1::Site& site = *group.add_sites();
  site.mutable_address()->set_municipality_code("13101");
  site.mutable_address()->mutable_position()->set_latitude_e6(35'680'000);
  site.mutable_address()->mutable_position()->set_longitude_e6(139'760'000 + number * 11'070);
  site.set_ambient_items(1'000);
  type::v1::Agreement& agreement = *group.add_agreements();
  agreement.set_state(type::v1::AGREEMENT_STATE_SIGNED);
  agreement.set_valid_from_date("2026-01-01");
  return group;
}

inline v1::Snapshot EmptySnapshot() {
  v1::Snapshot snapshot;
  snapshot.set_policy_version("fair-share/6");
  snapshot.set_hand_over_date(kToday);
  *snapshot.add_warehouses() = MakeWarehouse();
  return snapshot;
}

inline v1::SnapshotStock& AddStock(v1::Snapshot& snapshot, int lot, int64_t free_items) {
  v1::SnapshotStock& stock = *snapshot.add_stock();
  *stock.mutable_lot() = MakeLot(lot);
  *stock.mutable_place() = MakePlace();
  stock.set_free_items(free_items);
  stock.set_donor_agreement_in_force(true);
  return stock;
}

inline v1::SnapshotGroup& AddGroup(v1::Snapshot& snapshot, int number) {
  v1::SnapshotGroup& group = *snapshot.add_groups();
  *group.mutable_group() = MakeGroup(number);
  return group;
}

}  // namespace kubari::allocation
