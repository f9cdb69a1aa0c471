// What a run sees, read from the other services.
#pragma once

#include <absl/status/statusor.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kubari/allocation/v1/snapshot.pb.h"
#include "kubari/donors/v1/donors.grpc.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/groups/v1/needs.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/rpc/client.h"

namespace kubari::allocation {

class SnapshotReader {
 public:
  SnapshotReader(std::shared_ptr<grpc::ChannelInterface> stock, std::shared_ptr<grpc::ChannelInterface> groups,
                 std::shared_ptr<grpc::ChannelInterface> donors);

  // Free stock of these warehouses ("warehouses/{uuid}"; empty: all), what accepted offers will bring there, active
  // and suspended groups with what they ask for, and whether the donors' agreements are in force on `hand_over_date` (ISO). Canonical, with the options;
  // without history and claims, which only this service knows. Errors: NOT_FOUND / WAREHOUSE_NOT_FOUND,
  // FAILED_PRECONDITION / NOTHING_TO_ALLOCATE, and those of the other services.
  absl::StatusOr<v1::Snapshot> Read(const rpc::Outgoing& outgoing, const std::string& hand_over_date,
                                    const std::vector<std::string>& warehouses, const v1::RunOptions& options);
  // NOT_FOUND / GROUP_NOT_FOUND.
  absl::StatusOr<groups::v1::Group> ReadGroup(const rpc::Outgoing& outgoing, const std::string& name);
  absl::StatusOr<std::vector<groups::v1::Group>> ReadGroups(const rpc::Outgoing& outgoing,
                                                            const std::vector<groups::v1::GroupState>& states);

 private:
  // Open ones that the matching can go by, by group.
  absl::StatusOr<std::map<std::string, std::vector<groups::v1::Need>>> ReadNeeds(const rpc::Outgoing& outgoing);
  absl::StatusOr<std::vector<v1::SnapshotExpected>> ReadExpected(const rpc::Outgoing& outgoing,
                                                                 const std::set<std::string>& warehouses,
                                                                 const std::map<std::string, bool>& agreement);

  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
  const std::unique_ptr<groups::v1::GroupsService::Stub> groups_;
  const std::unique_ptr<groups::v1::NeedsService::Stub> needs_;
  const std::unique_ptr<donors::v1::DonorsService::Stub> donors_;
};

}  // namespace kubari::allocation
