// A small world for tests of the ledger: one network, two warehouses (shelves 1 to 3 in the first, 4 in the second), a
// donor, groups, two products, lots. Nothing in it is real.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <string>

#include "libs/ids/ids.h"
#include "libs/pg/testing/database.h"
#include "services/stock/domain/ledger.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/sql.h"

namespace kubari::stock::testing {

// A made-up UUID: kind tells the collections apart.
inline std::string Id(int kind, int64_t n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }

inline const std::string kNetwork = Id(1, 1);
inline const std::string kOperator = Id(2, 1);
inline const std::string kWarehouse = Id(3, 1);
inline const std::string kOtherWarehouse = Id(3, 2);
inline const std::string kProduct = Id(4, 1);
inline const std::string kKitProduct = Id(4, 2);
inline const std::string kDonor = Id(5, 1);

inline Place Shelf(int n) {
  return {.id = Id(6, n),
          .kind = pb::PLACE_KIND_SHELF,
          .warehouse_id = n == 4 ? kOtherWarehouse : kWarehouse,
          .code = absl::StrCat("A-", n),
          .zone = kubari::type::v1::TEMPERATURE_ZONE_AMBIENT,
          .display_name = absl::StrCat(n == 4 ? "西倉庫 A-" : "東倉庫 A-", n)};
}
inline std::string Group(int n) { return Id(7, n); }
inline std::string GroupName(int n) { return ids::Name("groups", Group(n)); }
inline Place DonorPlace() {
  return StandInPlace(kNetwork, pb::PLACE_KIND_DONOR, ids::Name("donors", kDonor), "架空食品");
}
inline Place DeliveryPlace(int group) {
  return StandInPlace(kNetwork, pb::PLACE_KIND_DELIVERY, GroupName(group), "こども食堂（配送中）");
}
inline Place GroupPlace(int group) {
  return StandInPlace(kNetwork, pb::PLACE_KIND_GROUP, GroupName(group), "こども食堂");
}
inline Place Waste() { return StandInPlace(kNetwork, pb::PLACE_KIND_WASTE, "", "廃棄"); }
// Towards the second warehouse.
inline Place Transit() {
  return StandInPlace(kNetwork, pb::PLACE_KIND_TRANSIT, ids::Name("warehouses", kOtherWarehouse), "西倉庫（移動中）");
}
inline Place Workshop() { return StandInPlace(kNetwork, pb::PLACE_KIND_WORKSHOP, "", "加工"); }
inline Place Adjustment() { return StandInPlace(kNetwork, pb::PLACE_KIND_ADJUSTMENT, "", "差異調整"); }

inline Lot LotOf(int n) {
  Lot lot{.id = Id(8, n)};
  lot.facts.set_name(ids::Name("lots", lot.id));
  lot.facts.set_code(LotCode(lot.id, 0));
  lot.facts.set_product(ids::Name("products", kProduct));
  lot.facts.set_product_display_name("架空めん");
  lot.facts.set_donor(ids::Name("donors", kDonor));
  lot.facts.set_donor_display_name("架空食品");
  lot.facts.set_donor_lot_number(absl::StrCat("L", n));
  lot.facts.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_BEST_BEFORE);
  lot.facts.mutable_good_until()->set_date("2027-03");
  lot.facts.set_temperature_zone(kubari::type::v1::TEMPERATURE_ZONE_AMBIENT);
  lot.facts.set_item_grams(100);
  return lot;
}

// The same goods with another date.
inline Lot DatedLot(int n, const std::string& date) {
  Lot lot = LotOf(n);
  lot.facts.mutable_good_until()->set_date(date);
  return lot;
}
// What a transformation makes.
inline Lot MadeLot(const std::string& transformation_id) {
  Lot lot = LotOf(1);
  lot.transformation_id = transformation_id;
  lot.facts.set_product(ids::Name("products", kKitProduct));
  lot.facts.set_product_display_name("架空セット");
  lot.facts.set_transformation(ids::Name("transformations", transformation_id));
  lot.id = LotId(kNetwork, lot);
  lot.facts.set_name(ids::Name("lots", lot.id));
  lot.facts.set_code(LotCode(lot.id, 0));
  return lot;
}

// What the ledger refers to and does not make itself, in a fresh database.
inline void Furnish(const pg::testing::Database& database) {
  std::string sql =
      absl::StrCat("SET search_path = stock; SELECT set_config('kubari.network', '", kNetwork, "', false);");
  absl::StrAppend(&sql, "INSERT INTO products (network_id, product_id, display_name, facts) VALUES ('", kNetwork,
                  "', '", kProduct, "', '架空めん', '{}'), ('", kNetwork, "', '", kKitProduct,
                  "', '架空セット', '{}');");
  absl::StrAppend(&sql, "INSERT INTO warehouses VALUES ('", kNetwork, "', '", kWarehouse, "', 'EAST', '東倉庫', '",
                  kOperator, "', '{}'), ('", kNetwork, "', '", kOtherWarehouse, "', 'WEST', '西倉庫', '", kOperator,
                  "', '{}');");
  for (int n = 1; n <= 4; ++n) {
    const Place shelf = Shelf(n);
    absl::StrAppend(
        &sql,
        "INSERT INTO places (network_id, place_id, number, kind, warehouse_id, code, temperature_zone, display_name) "
        "SELECT '",
        kNetwork, "', '", shelf.id, "', first_place * 10 + 1, 1, '", shelf.warehouse_id, "', '", shelf.code, "', 1, '",
        shelf.display_name, "' FROM take_numbers('", kNetwork, "', 0, 1, 0, 0);");
  }
  pg::testing::Sql(database.superuser, sql);
}

}  // namespace kubari::stock::testing
