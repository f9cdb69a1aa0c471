// What a run sees, read from the other services.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "kubari/allocation/v1/snapshot.pb.h"
#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/rpc/call.h"

namespace kubari::allocation {

class SnapshotReader {
 public:
  SnapshotReader(std::shared_ptr<grpc::ChannelInterface> stock, std::shared_ptr<grpc::ChannelInterface> groups,
                 std::shared_ptr<grpc::ChannelInterface> donors);

  // Free stock of these warehouses ("warehouses/{uuid}"; empty: all), active groups, and whether the donors' agreements
  // are in force on `hand_over_date` (ISO). On behalf of the caller. Canonical; without history and claims, which only
  // this service knows. Errors: NOT_FOUND / WAREHOUSE_NOT_FOUND, FAILED_PRECONDITION / NOTHING_TO_ALLOCATE, and those
  // of the other services.
  absl::StatusOr<v1::Snapshot> Read(const rpc::Call& call, const std::string& hand_over_date,
                                    const std::vector<std::string>& warehouses);

 private:
  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
  const std::unique_ptr<groups::v1::GroupsService::Stub> groups_;
  const std::unique_ptr<donors::v1::DonorsService::Stub> donors_;
};

}  // namespace kubari::allocation
