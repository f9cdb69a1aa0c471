// Tables that people upload: all cells are judged first; with any problem nothing is written; what exists already is
// skipped.
#include <absl/strings/str_cat.h>

#include <set>

#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"
#include "libs/imports/cells.h"
#include "libs/imports/columns.h"
#include "libs/imports/upload.h"
#include "libs/pg/idempotency.h"
#include "services/stock/handlers/products.h"
#include "services/stock/handlers/warehouses.h"
#include "services/stock/product_rules.h"
#include "services/stock/registry_store.h"

namespace kubari::stock {
namespace {

namespace type = kubari::type::v1;

// Ids of operators are derived from their names, so that importing again finds the same organisation.
constexpr char kOperatorNamespace[] = "7d6e2b8e-1a53-4f0f-bb3c-0f2e8c1d9a47";

const std::vector<tables::Column>& ProductColumns() {
  using tables::Kind;
  static const std::vector<tables::Column> columns =
      imports::List()
          .Add({.name = "barcode",
                .aliases = {"JAN", "JANコード", "GTIN", "EAN", "商品コード"},
                .title = "Barcode",
                .title_ja = "バーコード",
                .hint = "JAN of 8 or 13 digits, UPC, or ITF of 14. What is there already is skipped.",
                .hint_ja = "JAN 8桁・13桁、UPC、または ITF 14桁。登録済みの行は飛ばします。",
                .example = "9520000000019"})
          .Add(imports::NameColumn({"商品名", "品名"}, "やわらかごはん 200g"))
          .Add(imports::KanaColumn("ヤワラカゴハン"))
          .Add({.name = "category",
                .aliases = {"カテゴリ", "区分"},
                .title = "Category",
                .title_ja = "分類",
                .kind = Kind::kChoice,
                .hint = "Its category (retort, care food …).",
                .hint_ja = "分類名（レトルト、介護食 など）。",
                .example = "介護食",
                .choices = imports::Choices<type::FoodCategory>()})
          .Add({.name = "grams",
                .aliases = {"重量", "内容量", "グラム"},
                .title = "Grams",
                .title_ja = "重さ（g）",
                .kind = Kind::kNumber,
                .hint = "One item with its package.",
                .hint_ja = "1点の重さ。包装を含みます。",
                .example = "210"})
          .Add({.name = "items_per_case",
                .aliases = {"ケース入数"},
                .title = "Items per case",
                .title_ja = "入数",
                .kind = Kind::kNumber,
                .hint = "In one case.",
                .hint_ja = "1ケースの点数。",
                .example = "24"})
          .Add(imports::TemperatureColumn(true, "Ambient, chilled or frozen.", "常温・冷蔵・冷凍。"))
          .Add({.name = "allergens_contained",
                .aliases = {"アレルゲン"},
                .required = false,
                .title = "Contains",
                .title_ja = "含むアレルゲン",
                .kind = Kind::kChoices,
                .hint = "Separated by \";\".",
                .hint_ja = "「;」か「、」で区切ります（小麦、乳 など）。",
                .choices = imports::Choices<type::Allergen>()})
          .Add({.name = "allergens_free",
                .required = false,
                .title = "Declared free from",
                .title_ja = "含まないと表示",
                .kind = Kind::kChoices,
                .hint = "The same way. In neither list: unknown.",
                .hint_ja = "同じ書き方。どちらにもないものは「不明」です。",
                .choices = imports::Choices<type::Allergen>()})
          .Add({.name = "tags",
                .required = false,
                .title = "Properties",
                .title_ja = "特徴",
                .kind = Kind::kChoices,
                .hint = "Separated by \";\" (care food, low salt).",
                .hint_ja = "「;」か「、」で区切ります（介護食、塩分控えめ など）。",
                .example = "介護食",
                .choices = imports::Choices<type::DietaryTag>()})
          .Add({.name = "maker",
                .aliases = {"製造者", "ブランド"},
                .required = false,
                .title = "Maker",
                .title_ja = "メーカー",
                .hint = "Who makes it.",
                .hint_ja = "製造者の名前。",
                .example = "あおば食品（例）"})
          .Add({.name = "case_barcode",
                .aliases = {"ITF", "ITFコード"},
                .required = false,
                .title = "Barcode of the case",
                .title_ja = "ケースのバーコード",
                .hint = "ITF of 14 digits.",
                .hint_ja = "ITF 14桁。"})
          .Take();
  return columns;
}

const std::vector<tables::Column>& WarehouseColumns() {
  static const std::vector<tables::Column> columns =
      imports::List()
          .Add({.name = "warehouse_code",
                .title = "Warehouse code",
                .title_ja = "倉庫コード",
                .hint = "Short and unique in the network.",
                .hint_ja = "ネットワーク内で重ならない短い記号。",
                .example = "E"})
          .Add({.name = "warehouse_name",
                .aliases = {"倉庫"},
                .title = "Warehouse",
                .title_ja = "倉庫名",
                .hint = "For people; the same in all its rows.",
                .hint_ja = "人が読む名前。同じ倉庫の行では揃えます。",
                .example = "東倉庫（例）"})
          .Add({.name = "operator_name",
                .aliases = {"運営", "団体"},
                .title = "Operator",
                .title_ja = "運営団体",
                .hint = "Registered if it is new.",
                .hint_ja = "なければ新しく登録します。",
                .example = "東倉庫の会（例）"})
          .Add(imports::AddressColumns(/*municipality_required=*/false, /*position_required=*/false))
          .Add({.name = "place_code",
                .aliases = {"棚", "棚番", "ロケーション"},
                .title = "Shelf code",
                .title_ja = "棚コード",
                .hint = "Unique in the warehouse; a row a shelf.",
                .hint_ja = "倉庫の中で重ならない記号。1行に1つの棚。",
                .example = "A-01"})
          .Add(imports::TemperatureColumn(true, "Ambient, chilled or frozen.", "常温・冷蔵・冷凍。"))
          .Take();
  return columns;
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

std::optional<pb::Product> ReadProductRow(tables::Cells& cells, int row, imports::UniqueCodes& seen) {
  pb::Product product;
  ReadGtin(cells, "barcode", product.mutable_gtin());
  if (const auto name = cells.Text("name", 200)) product.set_display_name(*name);
  product.set_name_kana(imports::OptionalText(cells, "name_kana", 200));
  product.set_maker(imports::OptionalText(cells, "maker", 200));
  product.set_category(imports::EnumCell<type::FoodCategory>(cells, "category").value_or(type::FOOD_CATEGORY_UNSPECIFIED));
  product.set_item_grams(cells.Int("grams", 1, 100'000).value_or(1));
  product.set_items_per_case(cells.Int("items_per_case", 1, 10'000).value_or(1));
  product.set_temperature_zone(
      imports::EnumCell<type::TemperatureZone>(cells, "temperature").value_or(type::TEMPERATURE_ZONE_UNSPECIFIED));
  for (const auto allergen : imports::EnumList<type::Allergen>(cells, "allergens_contained"))
    product.mutable_allergens()->add_contains(allergen);
  for (const auto allergen : imports::EnumList<type::Allergen>(cells, "allergens_free"))
    product.mutable_allergens()->add_free_from(allergen);
  for (const auto tag : imports::EnumList<type::DietaryTag>(cells, "tags")) product.add_tags(tag);
  if (!cells.Empty("case_barcode")) ReadGtin(cells, "case_barcode", product.mutable_case_gtin());
  if (product.gtin().empty()) return std::nullopt;
  seen.Claim(cells, "barcode", product.gtin(), row);
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
  RETURN_IF_ERROR(imports::CheckImport(request));
  imports::Upload upload(request, ProductColumns());
  std::vector<pb::Product> products;
  imports::UniqueCodes seen;
  for (const tables::Row& row : upload.rows()) {
    tables::Cells cells = upload.CellsOf(row);
    auto product = ReadProductRow(cells, row.number, seen);
    if (product && !upload.IsBad(row.number)) products.push_back(*std::move(product));
  }
  pb::ImportProductsResponse told;
  upload.Tell(told);
  if (!upload.MayWrite()) return told;
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
    pb::ImportProductsResponse response = told;
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
  RETURN_IF_ERROR(imports::CheckImport(request));
  const std::string& network = call.principal.network_id;
  struct Shelf {
    std::string warehouse_code;
    std::string code;
    type::TemperatureZone zone;
  };
  imports::Upload upload(request, WarehouseColumns());
  std::map<std::string, pb::Warehouse> warehouses;  // by code
  std::map<std::string, std::string> operators;     // organisation id → name
  std::vector<Shelf> shelves;
  std::set<std::pair<std::string, std::string>> seen;
  for (const tables::Row& row : upload.rows()) {
    tables::Cells cells = upload.CellsOf(row);
    const auto code = cells.Text("warehouse_code", 40), name = cells.Text("warehouse_name", 200),
               owner = cells.Text("operator_name", 200), place = cells.Text("place_code", 40);
    const auto zone = imports::EnumCell<type::TemperatureZone>(cells, "temperature");
    pb::Warehouse warehouse;
    *warehouse.mutable_address() = imports::ReadAddress(cells, /*municipality_required=*/false, /*position_required=*/false);
    if (upload.IsBad(row.number)) continue;
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
    if (!upload.IsBad(row.number)) shelves.push_back({*code, *place, *zone});
  }
  pb::ImportWarehousesResponse told;
  upload.Tell(told);
  if (!upload.MayWrite()) return told;

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
    pb::ImportWarehousesResponse response = told;
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

absl::StatusOr<type::ImportTemplate> ProductsHandler::GetImportTemplate(const rpc::Call& call,
                                                                       const type::GetImportTemplateRequest& request) {
  return imports::MakeTemplate(request,
                               {{"products", "Products", "商品", ProductColumns()}, {"warehouses", "Warehouses", "倉庫", WarehouseColumns()}});
}

}  // namespace kubari::stock
