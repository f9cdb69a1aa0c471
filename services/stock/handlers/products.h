// What exists: products, warehouses, shelves; and what a scanned code stands for.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class ProductsHandler {
 public:
  explicit ProductsHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::Product> CreateProduct(const rpc::Call& call, const pb::CreateProductRequest& request);
  absl::StatusOr<pb::Product> GetProduct(const rpc::Call& call, const pb::GetProductRequest& request);
  absl::StatusOr<pb::ListProductsResponse> ListProducts(const rpc::Call& call, const pb::ListProductsRequest& request);
  absl::StatusOr<pb::LookUpCodeResponse> LookUpCode(const rpc::Call& call, const pb::LookUpCodeRequest& request);
  absl::StatusOr<pb::ImportProductsResponse> ImportProducts(const rpc::Call& call,
                                                            const pb::ImportProductsRequest& request);
  absl::StatusOr<kubari::type::v1::ImportTemplate> GetImportTemplate(const rpc::Call& call,
                                                                     const kubari::type::v1::GetImportTemplateRequest& request);

 private:
  const Context context_;
};

}  // namespace kubari::stock
