// Ways to call: gRPC straight to a service, and HTTP to the gateway, with protobuf or JSON in the body. Each keeps its
// connection open.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "ops/benchmarks/load.h"

namespace kubari::bench {

// Lots with plenty of items on every one of the places.
struct Goods {
  std::vector<std::string> lots, places;
  std::string token;  // of a volunteer
  std::string auditor;
};

// One item of any of the lots from any of its places to another.
using MakeTransfer = std::function<kubari::stock::v1::TransferStockRequest()>;
MakeTransfer AnyLot(const Goods& goods, int caller);
MakeTransfer OneLot(const Goods& goods, int caller);

enum class Body { kProtobuf, kJson };

// All callers share one connection, as gRPC does it.
MakeCall GrpcGetLot(std::shared_ptr<grpc::Channel> channel, const Goods& goods);
MakeCall GrpcTransfer(std::shared_ptr<grpc::Channel> channel, const Goods& goods,
                      MakeTransfer (*make)(const Goods&, int) = AnyLot);
// `size` movements in one call; it fails if one of them does.
MakeCall GrpcBatch(std::shared_ptr<grpc::Channel> channel, const Goods& goods, int size);
// Each caller has its own connection to `url` ("http://host:port").
MakeCall HttpGetLot(const std::string& url, Body body, const Goods& goods);
MakeCall HttpTransfer(const std::string& url, Body body, const Goods& goods);

// Any of `lots` (names).
MakeCall GrpcTraceForward(std::shared_ptr<grpc::Channel> channel, const std::string& token,
                          const std::vector<std::string>& lots);
MakeCall GrpcTraceBackward(std::shared_ptr<grpc::Channel> channel, const std::string& token,
                           const std::vector<std::string>& lots);
// The first page of what stands in a warehouse.
MakeCall GrpcStockList(std::shared_ptr<grpc::Channel> channel, const std::string& token, const std::string& warehouse);

}  // namespace kubari::bench
