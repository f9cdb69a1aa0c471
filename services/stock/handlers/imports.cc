// Tables that people upload: all cells are judged first; with any problem nothing is written; what exists already is
// skipped.
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <cmath>
#include <set>

#include "libs/tables/table.h"
#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"
#include "libs/pg/idempotency.h"
#include "services/stock/handlers/products.h"
#include "services/stock/handlers/warehouses.h"
#include "services/stock/product_rules.h"
#include "services/stock/registry_store.h"

namespace kubari::stock {
namespace {

namespace type = kubari::type::v1;

constexpr tables::Limits kLimits{.bytes = 4 << 20, .rows = 10'000};
// Ids of operators are derived from their names, so that importing again finds the same organisation.
constexpr char kOperatorNamespace[] = "7d6e2b8e-1a53-4f0f-bb3c-0f2e8c1d9a47";

// The lower-case names of a proto enum without its prefix: "bread_cereal".
template <typename E>
std::vector<std::string> NamesOf(std::string_view prefix) {
  std::vector<std::string> names;
  const auto* descriptor = google::protobuf::GetEnumDescriptor<E>();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    if (descriptor->value(i)->number() != 0)
      names.push_back(absl::AsciiStrToLower(descriptor->value(i)->name().substr(prefix.size())));
  }
  return names;
}

template <typename E>
E ValueOf(std::string_view prefix, const std::string& lower) {
  E value{};
  google::protobuf::internal::ParseNamedEnum(google::protobuf::GetEnumDescriptor<E>(),
                                             absl::StrCat(std::string(prefix), absl::AsciiStrToUpper(lower)), &value);
  return value;
}

template <typename E>
std::optional<E> ReadEnum(tables::Cells& cells, std::string_view column, std::string_view prefix) {
  const auto choice = cells.Choice(column, NamesOf<E>(prefix));
  return choice ? std::optional(ValueOf<E>(prefix, *choice)) : std::nullopt;
}

// ";"-separated names.
template <typename E, typename Out>
void ReadEnums(tables::Cells& cells, std::string_view column, std::string_view prefix, Out* out) {
  if (cells.Empty(column)) return;
  const auto parts = cells.List(column, 40);
  if (!parts) return;
  const std::vector<std::string> names = NamesOf<E>(prefix);
  for (const std::string& part : *parts) {
    const std::string lower = absl::AsciiStrToLower(part);
    if (std::find(names.begin(), names.end(), lower) == names.end()) {
      cells.Fail(column, "NOT_A_CHOICE", absl::StrCat("\"", part, "\" is not known."),
                 absl::StrCat("「", part, "」は使えない値です。"));
    } else {
      out->Add(ValueOf<E>(prefix, lower));
    }
  }
}

void ReadGtin(tables::Cells& cells, std::string_view column, std::string* out) {
  const auto text = cells.Text(column, 14);
  if (!text) return;
  const absl::StatusOr<std::string> gtin = gs1::NormalizeGtin(*text);
  if (gtin.ok()) {
    *out = *gtin;
  } else {
    cells.Fail(column, "NOT_A_GTIN", errors::MessageIn("en", gtin.status()), errors::MessageIn("ja", gtin.status()));
  }
}

// Decimal degrees as micro-degrees.
std::optional<int32_t> ReadDegrees(tables::Cells& cells, std::string_view column, double limit) {
  const auto text = cells.Text(column, 20);
  if (!text) return std::nullopt;
  double degrees = 0;
  if (!absl::SimpleAtod(*text, &degrees) || !(std::abs(degrees) <= limit)) {
    cells.Fail(column, "OUT_OF_RANGE", absl::StrCat("Expected decimal degrees between -", limit, " and ", limit, "."),
               absl::StrCat("-", limit, "〜", limit, "の度数（十進）で入力してください。"));
    return std::nullopt;
  }
  return static_cast<int32_t>(std::lround(degrees * 1e6));
}

template <typename Response>
Response Problems(const tables::CellErrors& errors) {
  Response response;
  for (const tables::CellError& error : errors.all()) {
    type::ImportProblem& problem = *response.add_problems();
    problem.set_row(error.row);
    problem.set_column(error.column);
    problem.set_value(error.value);
    problem.set_reason(error.reason);
    problem.set_message(error.english);
    problem.set_message_ja(error.japanese);
  }
  return response;
}

std::optional<pb::Product> ReadProductRow(tables::Cells& cells, std::set<std::string>& seen) {
  pb::Product product;
  ReadGtin(cells, "barcode", product.mutable_gtin());
  if (const auto name = cells.Text("name", 200)) product.set_display_name(*name);
  if (!cells.Empty("name_kana")) product.set_name_kana(cells.Text("name_kana", 200).value_or(""));
  if (!cells.Empty("maker")) product.set_maker(cells.Text("maker", 200).value_or(""));
  product.set_category(
      ReadEnum<type::FoodCategory>(cells, "category", "FOOD_CATEGORY_").value_or(type::FOOD_CATEGORY_UNSPECIFIED));
  product.set_item_grams(cells.Int("grams", 1, 100'000).value_or(1));
  product.set_items_per_case(cells.Int("items_per_case", 1, 10'000).value_or(1));
  product.set_temperature_zone(ReadEnum<type::TemperatureZone>(cells, "temperature", "TEMPERATURE_ZONE_")
                                   .value_or(type::TEMPERATURE_ZONE_UNSPECIFIED));
  ReadEnums<type::Allergen>(cells, "allergens_contained", "ALLERGEN_", product.mutable_allergens()->mutable_contains());
  ReadEnums<type::Allergen>(cells, "allergens_free", "ALLERGEN_", product.mutable_allergens()->mutable_free_from());
  ReadEnums<type::DietaryTag>(cells, "tags", "DIETARY_TAG_", product.mutable_tags());
  if (!cells.Empty("case_barcode")) ReadGtin(cells, "case_barcode", product.mutable_case_gtin());
  if (product.gtin().empty()) return std::nullopt;
  if (!seen.insert(product.gtin()).second) {
    cells.Fail("barcode", "DUPLICATE", "This barcode stands in an earlier row.", "同じバーコードが前の行にあります。");
    return std::nullopt;
  }
  // What the single cells cannot show: rules between them.
  errors::Violations violations;
  CompleteProduct(product, "product", violations);
  if (product.display_name().empty() || product.category() == type::FOOD_CATEGORY_UNSPECIFIED ||
      product.temperature_zone() == type::TEMPERATURE_ZONE_UNSPECIFIED) {
    return std::nullopt;  // told by its cell already
  }
  if (!violations.empty()) {
    cells.Fail("", "INVALID", errors::MessageIn("en", violations.status()),
               errors::MessageIn("ja", violations.status()));
    return std::nullopt;
  }
  return product;
}

}  // namespace

absl::StatusOr<pb::ImportProductsResponse> ProductsHandler::ImportProducts(const rpc::Call& call,
                                                                           const pb::ImportProductsRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  RETURN_IF_ERROR(violations.status());
  tables::CellErrors errors;
  std::vector<pb::Product> products;
  const auto table = tables::Table::Read(request.table(),
                                      {{.name = "barcode"},
                                       {.name = "name"},
                                       {.name = "name_kana", .required = false},
                                       {.name = "category"},
                                       {.name = "grams"},
                                       {.name = "items_per_case"},
                                       {.name = "temperature"},
                                       {.name = "allergens_contained", .required = false},
                                       {.name = "allergens_free", .required = false},
                                       {.name = "tags", .required = false},
                                       {.name = "maker", .required = false},
                                       {.name = "case_barcode", .required = false}},
                                      kLimits, errors);
  if (table) {
    std::set<std::string> seen;
    for (const tables::Row& row : table->rows()) {
      tables::Cells cells(*table, row, errors);
      if (auto product = ReadProductRow(cells, seen)) products.push_back(*std::move(product));
    }
  }
  if (!errors.empty()) return Problems<pb::ImportProductsResponse>(errors);
  const absl::Time now = context_.clock.Now();
  // What is not there yet.
  const auto judge = [&](pg::Transaction& tx,
                         std::vector<pb::Product>& fresh) -> absl::StatusOr<pb::ImportProductsResponse> {
    std::vector<std::string> gtins;
    for (const pb::Product& product : products) gtins.push_back(product.gtin());
    ASSIGN_OR_RETURN(const auto known, registry::ProductsByGtin(tx, gtins));
    for (pb::Product product : products) {
      if (known.count(product.gtin()) > 0) continue;
      product.set_name(ids::Name("products", ids::NewV7(now)));
      fresh.push_back(std::move(product));
    }
    pb::ImportProductsResponse response;
    response.set_created_count(static_cast<int>(fresh.size()));
    response.set_skipped_count(static_cast<int>(products.size() - fresh.size()));
    return response;
  };
  const pg::TxContext context{.network_id = call.principal.network_id, .deadline = call.deadline};
  if (request.dry_run()) {
    return context_.pool.Read(context, [&](pg::Transaction& tx) {
      std::vector<pb::Product> fresh;
      return judge(tx, fresh);
    });
  }
  return context_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::ImportProductsResponse>(
        tx, request.request_id(), call.method->full_name(), request,
        [&](pg::Transaction& tx) -> absl::StatusOr<pb::ImportProductsResponse> {
          std::vector<pb::Product> fresh;
          ASSIGN_OR_RETURN(const pb::ImportProductsResponse response, judge(tx, fresh));
          if (!fresh.empty()) RETURN_IF_ERROR(registry::InsertProducts(tx, fresh));
          return response;
        });
  });
}

absl::StatusOr<pb::ImportWarehousesResponse> WarehousesHandler::ImportWarehouses(
    const rpc::Call& call, const pb::ImportWarehousesRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  RETURN_IF_ERROR(violations.status());
  const std::string& network = call.principal.network_id;
  struct Shelf {
    std::string warehouse_code;
    std::string code;
    type::TemperatureZone zone;
  };
  tables::CellErrors errors;
  std::map<std::string, pb::Warehouse> warehouses;  // by code
  std::map<std::string, std::string> operators;     // organisation id → name
  std::vector<Shelf> shelves;
  const auto table = tables::Table::Read(request.table(),
                                      {{.name = "warehouse_code"},
                                       {.name = "warehouse_name"},
                                       {.name = "operator_name"},
                                       {.name = "municipality_code", .required = false},
                                       {.name = "address", .required = false},
                                       {.name = "latitude", .required = false},
                                       {.name = "longitude", .required = false},
                                       {.name = "place_code"},
                                       {.name = "temperature"}},
                                      kLimits, errors);
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; table && i < table->rows().size(); ++i) {
    tables::Cells cells(*table, table->rows()[i], errors);
    const auto code = cells.Text("warehouse_code", 40), name = cells.Text("warehouse_name", 200),
               owner = cells.Text("operator_name", 200), place = cells.Text("place_code", 40);
    const auto zone = ReadEnum<type::TemperatureZone>(cells, "temperature", "TEMPERATURE_ZONE_");
    pb::Warehouse warehouse;
    type::Address& address = *warehouse.mutable_address();
    if (!cells.Empty("municipality_code")) {
      address.set_municipality_code(cells.Text("municipality_code", 5).value_or(""));
      const std::string& digits = address.municipality_code();
      if (digits.size() != 5 || digits.find_first_not_of("0123456789") != std::string::npos) {
        cells.Fail("municipality_code", "NOT_A_CODE", "Expected the five digits of JIS X 0402, for instance 13101.",
                   "全国地方公共団体コードの5桁（例：13101）を入力してください。");
      }
    }
    if (!cells.Empty("address")) address.set_text(cells.Text("address", 200).value_or(""));
    if (!cells.Empty("latitude"))
      address.mutable_position()->set_latitude_e6(ReadDegrees(cells, "latitude", 90).value_or(0));
    if (!cells.Empty("longitude"))
      address.mutable_position()->set_longitude_e6(ReadDegrees(cells, "longitude", 180).value_or(0));
    if (!code || !name || !owner || !place || !zone) continue;
    const std::string organisation = ids::DeriveV5(kOperatorNamespace, absl::StrCat(network, "/", *owner));
    operators[organisation] = *owner;
    warehouse.set_code(*code);
    warehouse.set_display_name(*name);
    warehouse.set_organisation(ids::Name("organisations", organisation));
    const auto [first, added] = warehouses.emplace(*code, warehouse);
    if (!added && (first->second.display_name() != *name || first->second.organisation() != warehouse.organisation())) {
      cells.Fail("warehouse_code", "MISMATCH", "An earlier row gives this warehouse another name or operator.",
                 "前の行と倉庫名または運営団体が異なります。");
    }
    if (!seen.insert({*code, *place}).second) {
      cells.Fail("place_code", "DUPLICATE", "This shelf stands in an earlier row.", "同じ棚が前の行にあります。");
    }
    shelves.push_back({*code, *place, *zone});
  }
  if (!errors.empty()) return Problems<pb::ImportWarehousesResponse>(errors);

  struct Fresh {
    std::vector<pb::Warehouse> warehouses;
    std::vector<Place> shelves;
    std::set<std::string> operators;
  };
  const absl::Time now = context_.clock.Now();
  const auto judge = [&](pg::Transaction& tx) -> absl::StatusOr<Fresh> {
    Fresh fresh;
    std::vector<std::string> codes, known_ids;
    for (const auto& [code, warehouse] : warehouses) codes.push_back(code);
    ASSIGN_OR_RETURN(const std::vector<pb::Warehouse> known, registry::WarehousesByCode(tx, codes));
    std::map<std::string, pb::Warehouse> all;
    for (const pb::Warehouse& warehouse : known) {
      all[warehouse.code()] = warehouse;
      known_ids.push_back(IdOf(warehouse.name()));
    }
    ASSIGN_OR_RETURN(const std::vector<Place> known_shelves, registry::ShelvesOf(tx, known_ids));
    std::set<std::pair<std::string, std::string>> there;
    for (const Place& place : known_shelves) there.insert({place.warehouse_id, place.code});
    for (auto [code, warehouse] : warehouses) {
      if (all.count(code) > 0) continue;
      warehouse.set_name(ids::Name("warehouses", ids::NewV7(now)));
      all[code] = warehouse;
      fresh.operators.insert(IdOf(warehouse.organisation()));
      fresh.warehouses.push_back(warehouse);
    }
    for (const Shelf& shelf : shelves) {
      const pb::Warehouse& warehouse = all[shelf.warehouse_code];
      const std::string warehouse_id = IdOf(warehouse.name());
      if (there.count({warehouse_id, shelf.code}) > 0) continue;
      fresh.shelves.push_back({.id = ids::NewV7(now),
                               .kind = pb::PLACE_KIND_SHELF,
                               .warehouse_id = warehouse_id,
                               .code = shelf.code,
                               .zone = shelf.zone,
                               .display_name = absl::StrCat(warehouse.display_name(), " ", shelf.code)});
    }
    return fresh;
  };
  const auto answer = [&](const Fresh& fresh) {
    pb::ImportWarehousesResponse response;
    response.set_created_count(static_cast<int>(fresh.shelves.size()));
    response.set_skipped_count(static_cast<int>(shelves.size() - fresh.shelves.size()));
    return response;
  };
  const pg::TxContext context{.network_id = network, .deadline = call.deadline};
  ASSIGN_OR_RETURN(const Fresh preview, context_.pool.Read(context, judge));
  if (request.dry_run()) return answer(preview);
  // Operators first, outside of the transaction: their ids are derived, so doing it twice makes no doubles.
  for (const std::string& id : preview.operators) {
    RETURN_IF_ERROR(
        context_.registers.CreateOperator(call, ids::DeriveV5(request.request_id(), id), id, operators[id]));
  }
  return context_.pool.Transact(context, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::ImportWarehousesResponse>(
        tx, request.request_id(), call.method->full_name(), request,
        [&](pg::Transaction& tx) -> absl::StatusOr<pb::ImportWarehousesResponse> {
          ASSIGN_OR_RETURN(const Fresh fresh, judge(tx));
          RETURN_IF_ERROR(registry::InsertWarehouses(tx, fresh.warehouses));
          RETURN_IF_ERROR(registry::InsertShelves(tx, fresh.shelves));
          return answer(fresh);
        });
  });
}

}  // namespace kubari::stock
