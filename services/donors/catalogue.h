// Products and warehouses, asked of the stock service on behalf of the caller.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/rpc/call.h"

namespace kubari::donors {

using Products = std::map<std::string, stock::v1::Product>;  // by name

class Catalogue {
 public:
  explicit Catalogue(std::shared_ptr<grpc::ChannelInterface> stock)
      : stock_(stock::v1::StockService::NewStub(std::move(stock))) {}

  // The products of all lines. NOT_FOUND / PRODUCT_NOT_FOUND names every one that is not there (metadata "products").
  absl::StatusOr<Products> ProductsOf(const rpc::Call& call, const v1::Offer& offer);
  // What each GTIN (14 digits) stands for; those that name no known product are left out.
  absl::StatusOr<std::map<std::string, stock::v1::LookUpCodeResponse>> LookUp(const rpc::Call& call,
                                                                              const std::set<std::string>& gtins);
  // Gives each line that names a barcode its product and, where it has none, its items per case. NOT_FOUND /
  // PRODUCT_NOT_FOUND names every code that no product has (metadata "barcodes"). The barcodes must have been checked.
  absl::Status ReadBarcodes(const rpc::Call& call, v1::Offer& offer);
  // NOT_FOUND / WAREHOUSE_NOT_FOUND.
  absl::Status CheckWarehouse(const rpc::Call& call, const std::string& warehouse);

 private:
  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
};

// The code of a case says how many items it holds; else the product does.
int64_t ItemsPerCase(const stock::v1::LookUpCodeResponse& code);

// Copies the product's facts into the line's output-only fields; its zone too, where the line has none.
void Describe(v1::OfferLine& line, const stock::v1::Product& product);

}  // namespace kubari::donors
