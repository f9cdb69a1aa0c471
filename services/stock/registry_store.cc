#include "services/stock/registry_store.h"

#include <absl/strings/str_cat.h>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/search_table.h"
#include "services/stock/catalogue.h"
#include "services/stock/sql.h"

namespace kubari::stock::registry {
namespace {

constexpr pg::Statement kInsertProducts{
    "INSERT INTO products (network_id, product_id, gtin, case_gtin, display_name, facts) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])"};
constexpr pg::Statement kByGtin{
    "SELECT gtin, product_id FROM products WHERE network_id = $1 AND gtin = ANY($2::text[])"};
constexpr pg::Statement kByCodes{
    "SELECT product_id, facts FROM products WHERE network_id = $1 AND (gtin = ANY($2::text[]) OR case_gtin = "
    "ANY($2::text[])) "
    "ORDER BY display_name, product_id LIMIT $3"};
constexpr pg::Statement kListProducts{
    "SELECT product_id, facts FROM products WHERE network_id = $1 "
    "AND ($2::text[] IS NULL OR product_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{products}'", "$2", "$6", "$7") " f)) "
    "AND ($3::text IS NULL OR (display_name, product_id) > ($3, $4::uuid)) ORDER BY display_name, product_id LIMIT $5"};
constexpr pg::Statement kInsertWarehouses{
    "INSERT INTO warehouses (network_id, warehouse_id, code, display_name, organisation_id, address) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[])"};
// 1: PLACE_KIND_SHELF; see places.number.
constexpr pg::Statement kInsertShelves{
    "INSERT INTO places (network_id, place_id, number, kind, warehouse_id, code, temperature_zone, display_name) "
    "SELECT $1::uuid, s.id, (t.first_place + s.n - 1) * 10 + 1, 1, s.warehouse, s.code, s.zone, s.name "
    "FROM take_numbers($1::uuid, 0, cardinality($2::uuid[]), 0, 0) t, "
    "unnest($2::uuid[], $3::uuid[], $4::text[], $5::smallint[], $6::text[]) WITH ORDINALITY "
    "AS s (id, warehouse, code, zone, name, n)"};
constexpr pg::Statement kListWarehouses{
    "SELECT " KUBARI_WAREHOUSE_COLUMNS
    "FROM warehouses w WHERE w.network_id = $1 AND ($2::text IS NULL OR w.code > $2) "
    "ORDER BY w.code LIMIT $3"};
constexpr pg::Statement kListShelves{"SELECT " KUBARI_PLACE_COLUMNS
                                     "FROM places p WHERE p.network_id = $1 AND p.kind = 1 AND p.warehouse_id = $2 "
                                     "AND ($3::text IS NULL OR p.code > $3) ORDER BY p.code LIMIT $4"};
constexpr pg::Statement kWarehousesByCode{"SELECT " KUBARI_WAREHOUSE_COLUMNS
                                          "FROM warehouses w WHERE w.network_id = $1 AND w.code = ANY($2::text[])"};
constexpr pg::Statement kShelvesOf{
    "SELECT " KUBARI_PLACE_COLUMNS
    "FROM places p WHERE p.network_id = $1 AND p.kind = 1 AND p.warehouse_id = ANY($2::uuid[])"};

std::string IdIn(const char* collection, const std::string& name) {
  return ids::IdFromName(collection, name).value_or("");
}

absl::Status Taken(std::string_view reason, const std::string& english, const std::string& japanese,
                   errors::Metadata metadata = {}) {
  return errors::Make(absl::StatusCode::kAlreadyExists, reason, english, japanese, std::move(metadata));
}

// A violated unique key as what it means.
absl::Status Explain(const absl::Status& status) {
  const std::string constraint = pg::ConstraintOf(status);
  if (constraint == "products_gtin")
    return Taken("GTIN_TAKEN", "Another product has this GTIN.", "このJANコードの商品はすでにあります。");
  if (constraint == "warehouses_code") {
    return Taken("WAREHOUSE_CODE_TAKEN", "Another warehouse has this code; choose another.",
                 "この倉庫コードはすでに使われています。別のコードにしてください。");
  }
  if (constraint == "places_code") {
    return Taken("PLACE_CODE_TAKEN", "Another shelf of this warehouse has this code; choose another.",
                 "この棚コードは倉庫内ですでに使われています。別のコードにしてください。");
  }
  if (constraint == "products_pkey" || constraint == "warehouses_pkey" || constraint == "places_pkey") {
    return Taken("ID_TAKEN", "This id belongs to something else; make a new one.",
                 "このIDはすでに使われています。新しいIDを作ってください。");
  }
  return status;
}

template <typename T, typename F>
std::vector<T> ReadAll(const pg::Result& rows, F read) {
  std::vector<T> all;
  for (const pg::Row row : rows) all.push_back(read(row));
  return all;
}

}  // namespace

absl::Status InsertProducts(pg::Transaction& tx, const std::vector<pb::Product>& products) {
  std::vector<std::string> product_ids, names, facts, gtins;
  std::vector<std::optional<std::string>> gtin, case_gtin;
  for (const pb::Product& product : products) {
    product_ids.push_back(IdIn("products", product.name()));
    gtin.push_back(sql::OrNull(product.gtin()));
    case_gtin.push_back(sql::OrNull(product.case_gtin()));
    names.push_back(product.display_name());
    facts.push_back(sql::ToJson(product));
    if (!product.gtin().empty()) gtins.push_back(product.gtin());
  }
  ASSIGN_OR_RETURN(const auto known, ProductsByGtin(tx, gtins));
  if (!known.empty()) {
    const auto& [taken, by] = *known.begin();
    return Taken("GTIN_TAKEN", absl::StrCat("GTIN ", taken, " belongs to ", by, " already; use that product."),
                 absl::StrCat("JANコード", taken, "の商品はすでにあります（", by, "）。そちらを使ってください。"),
                 {{"product", by}, {"gtin", taken}});
  }
  std::vector<std::pair<std::string, std::vector<std::string>>> found_by;
  for (size_t i = 0; i < products.size(); ++i) {
    const pb::Product& product = products[i];
    found_by.push_back({product_ids[i], {product.display_name(), product.name_kana(), product.maker(), product.gtin()}});
  }
  const absl::StatusOr<int64_t> done =
      tx.Execute(kInsertProducts, tx.network_id(), product_ids, gtin, case_gtin, names, facts);
  if (done.ok()) kubari::registry::PutSearchKeys(tx, "products", found_by);
  return done.ok() ? absl::OkStatus() : Explain(done.status());
}

absl::StatusOr<std::map<std::string, std::string>> ProductsByGtin(pg::Transaction& tx,
                                                                  const std::vector<std::string>& gtins) {
  std::map<std::string, std::string> found;
  if (gtins.empty()) return found;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kByGtin, tx.network_id(), gtins));
  for (const pg::Row row : rows)
    found[row.Get<std::string>("gtin")] = ids::Name("products", row.Get<std::string>("product_id"));
  return found;
}

absl::StatusOr<std::vector<pb::Product>> FindByCodes(pg::Transaction& tx, const std::vector<std::string>& gtins,
                                                     int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kByCodes, tx.network_id(), gtins, limit));
  return ReadAll<pb::Product>(rows, ReadProduct);
}

absl::StatusOr<std::vector<pb::Product>> ListProducts(pg::Transaction& tx, const std::string& query,
                                                      const std::vector<std::string>& after, int limit) {
  std::optional<std::string> name, id;
  if (after.size() == 2) name = after[0], id = after[1];
  const kubari::registry::SearchWords words = kubari::registry::SplitQuery(query);
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListProducts, tx.network_id(), words.any(), name, id, limit,
                                                   words.readings, words.similar));
  return ReadAll<pb::Product>(rows, ReadProduct);
}

absl::Status InsertWarehouses(pg::Transaction& tx, const std::vector<pb::Warehouse>& warehouses) {
  if (warehouses.empty()) return absl::OkStatus();
  std::vector<std::string> warehouse_ids, codes, names, organisations, addresses;
  for (const pb::Warehouse& warehouse : warehouses) {
    warehouse_ids.push_back(IdIn("warehouses", warehouse.name()));
    codes.push_back(warehouse.code());
    names.push_back(warehouse.display_name());
    organisations.push_back(IdIn("organisations", warehouse.organisation()));
    addresses.push_back(sql::ToJson(warehouse.address()));
  }
  const absl::StatusOr<int64_t> done =
      tx.Execute(kInsertWarehouses, tx.network_id(), warehouse_ids, codes, names, organisations, addresses);
  return done.ok() ? absl::OkStatus() : Explain(done.status());
}

absl::Status InsertShelves(pg::Transaction& tx, const std::vector<Place>& shelves) {
  if (shelves.empty()) return absl::OkStatus();
  std::vector<std::string> place_ids, warehouses, codes, names;
  std::vector<int> zones;
  for (const Place& shelf : shelves) {
    place_ids.push_back(shelf.id);
    warehouses.push_back(shelf.warehouse_id);
    codes.push_back(shelf.code);
    zones.push_back(shelf.zone);
    names.push_back(shelf.display_name);
  }
  const absl::StatusOr<int64_t> done =
      tx.Execute(kInsertShelves, tx.network_id(), place_ids, warehouses, codes, zones, names);
  return done.ok() ? absl::OkStatus() : Explain(done.status());
}

absl::StatusOr<std::vector<pb::Warehouse>> ListWarehouses(pg::Transaction& tx, const std::optional<std::string>& after,
                                                          int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListWarehouses, tx.network_id(), after, limit));
  return ReadAll<pb::Warehouse>(rows, ReadWarehouse);
}

absl::StatusOr<std::vector<Place>> ListShelves(pg::Transaction& tx, const std::string& warehouse_id,
                                               const std::optional<std::string>& after, int limit) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListShelves, tx.network_id(), warehouse_id, after, limit));
  return ReadAll<Place>(rows, sql::ReadPlace);
}

absl::StatusOr<std::vector<pb::Warehouse>> WarehousesByCode(pg::Transaction& tx,
                                                            const std::vector<std::string>& codes) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kWarehousesByCode, tx.network_id(), codes));
  return ReadAll<pb::Warehouse>(rows, ReadWarehouse);
}

absl::StatusOr<std::vector<Place>> ShelvesOf(pg::Transaction& tx, const std::vector<std::string>& warehouse_ids) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kShelvesOf, tx.network_id(), warehouse_ids));
  return ReadAll<Place>(rows, sql::ReadPlace);
}

}  // namespace kubari::stock::registry
