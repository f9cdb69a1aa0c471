#include "services/donors/catalogue.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/registry/parallel.h"
#include "libs/rpc/client.h"

namespace kubari::donors {
namespace {
using Stub = stock::v1::StockService::Stub;
}  // namespace

absl::StatusOr<Products> Catalogue::ProductsOf(const rpc::Call& call, const v1::Offer& offer) {
  std::set<std::string> names;
  for (const v1::OfferLine& line : offer.lines()) names.insert(line.product());
  const std::vector<std::string> wanted(names.begin(), names.end());
  std::vector<absl::StatusOr<stock::v1::Product>> found(wanted.size(), absl::UnknownError("not asked"));
  RETURN_IF_ERROR(registry::ForEachInParallel(wanted.size(), [&](size_t i) -> absl::Status {
    stock::v1::GetProductRequest request;
    request.set_name(wanted[i]);
    found[i] = rpc::Invoke(&Stub::GetProduct, *stock_, rpc::OnBehalfOf(call), request);
    return errors::ReasonOf(found[i].status()) == "PRODUCT_NOT_FOUND" ? absl::OkStatus() : found[i].status();
  }));
  Products products;
  std::vector<std::string> missing;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (found[i].ok()) {
      products[wanted[i]] = *std::move(found[i]);
    } else {
      missing.push_back(wanted[i]);
    }
  }
  if (missing.empty()) return products;
  return errors::Make(
      absl::StatusCode::kNotFound, "PRODUCT_NOT_FOUND",
      absl::StrCat("There are no such products: ", absl::StrJoin(missing, ", "), ". Register them first."),
      absl::StrCat("次の商品は登録されていません: ", absl::StrJoin(missing, ", "), "。先に登録してください。"),
      {{"products", absl::StrJoin(missing, ",")}});
}

absl::StatusOr<std::map<std::string, stock::v1::LookUpCodeResponse>> Catalogue::LookUp(
    const rpc::Call& call, const std::set<std::string>& gtins) {
  const std::vector<std::string> wanted(gtins.begin(), gtins.end());
  std::vector<stock::v1::LookUpCodeResponse> found(wanted.size());
  RETURN_IF_ERROR(registry::ForEachInParallel(wanted.size(), [&](size_t i) -> absl::Status {
    stock::v1::LookUpCodeRequest request;
    request.set_code(wanted[i]);
    ASSIGN_OR_RETURN(found[i], rpc::Invoke(&Stub::LookUpCode, *stock_, rpc::OnBehalfOf(call), request));
    return absl::OkStatus();
  }));
  std::map<std::string, stock::v1::LookUpCodeResponse> known;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (found[i].has_product()) known[wanted[i]] = std::move(found[i]);
  }
  return known;
}

absl::Status Catalogue::ReadBarcodes(const rpc::Call& call, v1::Offer& offer) {
  std::map<std::string, std::string> gtins;  // by barcode
  std::set<std::string> wanted;
  for (const v1::OfferLine& line : offer.lines()) {
    if (line.barcode().empty()) continue;
    ASSIGN_OR_RETURN(gtins[line.barcode()], gs1::NormalizeGtin(line.barcode()));
    wanted.insert(gtins[line.barcode()]);
  }
  if (wanted.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto known, LookUp(call, wanted));
  std::vector<std::string> missing;
  for (v1::OfferLine& line : *offer.mutable_lines()) {
    if (line.barcode().empty()) continue;
    const auto found = known.find(gtins[line.barcode()]);
    if (found == known.end()) {
      missing.push_back(line.barcode());
      continue;
    }
    line.set_product(found->second.product().name());
    if (line.items_per_case() == 0) line.set_items_per_case(ItemsPerCase(found->second));
  }
  if (missing.empty()) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kNotFound, "PRODUCT_NOT_FOUND",
      absl::StrCat("No product has these barcodes: ", absl::StrJoin(missing, ", "), ". Register the products first."),
      absl::StrCat("次のバーコードの商品は登録されていません: ", absl::StrJoin(missing, ", "),
                   "。先に商品を登録してください。"),
      {{"barcodes", absl::StrJoin(missing, ",")}});
}

absl::Status Catalogue::CheckWarehouse(const rpc::Call& call, const std::string& warehouse) {
  stock::v1::ListWarehousesRequest request;
  request.set_page_size(200);
  do {
    ASSIGN_OR_RETURN(const stock::v1::ListWarehousesResponse page,
                     rpc::Invoke(&Stub::ListWarehouses, *stock_, rpc::OnBehalfOf(call), request));
    for (const stock::v1::Warehouse& each : page.warehouses()) {
      if (each.name() == warehouse) return absl::OkStatus();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return errors::Make(absl::StatusCode::kNotFound, "WAREHOUSE_NOT_FOUND", absl::StrCat("There is no ", warehouse, "."),
                      absl::StrCat("倉庫 ", warehouse, " は見つかりません。"), {{"warehouse", warehouse}});
}

int64_t ItemsPerCase(const stock::v1::LookUpCodeResponse& code) {
  return code.items() > 1 ? code.items() : std::max<int64_t>(code.product().items_per_case(), 1);
}

void Describe(v1::OfferLine& line, const stock::v1::Product& product) {
  line.set_product_display_name(product.display_name());
  line.set_item_grams(product.item_grams());
  *line.mutable_allergens() = product.allergens();
  if (line.temperature_zone() == type::v1::TEMPERATURE_ZONE_UNSPECIFIED)
    line.set_temperature_zone(product.temperature_zone());
}

}  // namespace kubari::donors
