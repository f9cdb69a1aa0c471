// Ways to call: gRPC straight to a service, and HTTP to the gateway, with protobuf or JSON in the body. Each keeps its connection open.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "ops/benchmarks/load.h"

namespace kubari::bench {

// What is called: one lot is read, or one item of it is moved between two shelves, to and fro.
struct Target {
  std::string lot, from, to;
  std::string token;
};

enum class Body { kProtobuf, kJson };

// All callers share one connection, as gRPC does it.
MakeCall GrpcGetLot(std::shared_ptr<grpc::Channel> channel, const Target& target);
MakeCall GrpcTransfer(std::shared_ptr<grpc::Channel> channel, const Target& target);
// Each caller has its own connection to `url` ("http://host:port").
MakeCall HttpGetLot(const std::string& url, Body body, const Target& target);
MakeCall HttpTransfer(const std::string& url, Body body, const Target& target);

}  // namespace kubari::bench
