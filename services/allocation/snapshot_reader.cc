#include "services/allocation/snapshot_reader.h"

#include <map>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/macros.h"
#include "libs/paging/paging.h"
#include "libs/registry/parallel.h"
#include "libs/rpc/client.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {
namespace {

// All pages of a list.
template <typename Item, typename Method, typename Stub, typename Request, typename ItemsOf>
absl::StatusOr<std::vector<Item>> All(Method method, Stub& stub, const rpc::Outgoing& outgoing, Request request,
                                      ItemsOf items_of) {
  std::vector<Item> all;
  request.set_page_size(paging::kMaxPageSize);
  do {
    ASSIGN_OR_RETURN(auto page, rpc::Invoke(method, stub, outgoing, request));
    for (auto& item : *items_of(page)) all.push_back(std::move(item));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace

SnapshotReader::SnapshotReader(std::shared_ptr<grpc::ChannelInterface> stock,
                               std::shared_ptr<grpc::ChannelInterface> groups,
                               std::shared_ptr<grpc::ChannelInterface> donors)
    : stock_(stock::v1::StockService::NewStub(stock)),
      groups_(groups::v1::GroupsService::NewStub(groups)),
      donors_(donors::v1::DonorsService::NewStub(donors)) {}

absl::StatusOr<v1::Snapshot> SnapshotReader::Read(const rpc::Call& call, const std::string& hand_over_date,
                                                  const std::vector<std::string>& warehouses) {
  const rpc::Outgoing outgoing = rpc::OnBehalfOf(call);
  std::vector<stock::v1::Warehouse> all_warehouses;
  std::vector<groups::v1::Group> groups;
  std::vector<donors::v1::Donor> donors;
  stock::v1::StockRules rules;
  const std::vector<std::function<absl::Status()>> registers = {
      [&]() -> absl::Status {
        ASSIGN_OR_RETURN(all_warehouses,
                         All<stock::v1::Warehouse>(&stock::v1::StockService::Stub::ListWarehouses, *stock_, outgoing,
                                                   stock::v1::ListWarehousesRequest(),
                                                   [](auto& page) { return page.mutable_warehouses(); }));
        return absl::OkStatus();
      },
      [&]() -> absl::Status {
        groups::v1::ListGroupsRequest active;
        active.add_states(groups::v1::GROUP_STATE_ACTIVE);
        ASSIGN_OR_RETURN(
            groups, All<groups::v1::Group>(&groups::v1::GroupsService::Stub::ListGroups, *groups_, outgoing, active,
                                           [](auto& page) { return page.mutable_groups(); }));
        return absl::OkStatus();
      },
      [&]() -> absl::Status {
        ASSIGN_OR_RETURN(rules, rpc::Invoke(&stock::v1::StockService::Stub::GetStockRules, *stock_, outgoing,
                                            stock::v1::GetStockRulesRequest()));
        return absl::OkStatus();
      },
      [&]() -> absl::Status {
        ASSIGN_OR_RETURN(donors, All<donors::v1::Donor>(&donors::v1::DonorsService::Stub::ListDonors, *donors_,
                                                        outgoing, donors::v1::ListDonorsRequest(),
                                                        [](auto& page) { return page.mutable_donors(); }));
        return absl::OkStatus();
      }};
  RETURN_IF_ERROR(registry::ForEachInParallel(registers.size(), [&](size_t i) { return registers[i](); }));

  std::map<std::string, stock::v1::Warehouse> chosen;
  for (const stock::v1::Warehouse& warehouse : all_warehouses) {
    if (warehouses.empty() || std::ranges::count(warehouses, warehouse.name()) > 0)
      chosen[warehouse.name()] = warehouse;
  }
  for (const std::string& name : warehouses) {
    if (!chosen.contains(name)) return refusals::WarehouseNotFound(name);
  }
  std::vector<std::string> names;
  for (const auto& [name, warehouse] : chosen) names.push_back(name);
  std::vector<std::vector<stock::v1::Balance>> balances(names.size());
  RETURN_IF_ERROR(registry::ForEachInParallel(names.size(), [&](size_t i) -> absl::Status {
    stock::v1::ListBalancesRequest free;
    free.set_warehouse(names[i]);
    free.set_free_only(true);
    ASSIGN_OR_RETURN(balances[i],
                     All<stock::v1::Balance>(&stock::v1::StockService::Stub::ListBalances, *stock_, outgoing, free,
                                             [](auto& page) { return page.mutable_balances(); }));
    return absl::OkStatus();
  }));

  v1::Snapshot snapshot;
  snapshot.set_policy_version(kFairShareVersion);
  snapshot.set_hand_over_date(hand_over_date);
  rules.clear_etag();  // nothing that is judged by
  *snapshot.mutable_stock_rules() = std::move(rules);
  const absl::CivilDay day = HandOverDay(snapshot);
  std::map<std::string, bool> agreement;
  for (const donors::v1::Donor& donor : donors) agreement[donor.name()] = eligibility::InForce(donor.agreements(), day);
  for (size_t i = 0; i < names.size(); ++i) {
    bool any = false;
    for (stock::v1::Balance& balance : balances[i]) {
      if (balance.free() <= 0) continue;
      any = true;
      v1::SnapshotStock& stock = *snapshot.add_stock();
      *stock.mutable_lot() = std::move(*balance.mutable_lot());
      *stock.mutable_place() = std::move(*balance.mutable_place());
      stock.set_free_items(balance.free());
      const std::vector<std::string> donors_of_lot = eligibility::DonorsOf(stock.lot());
      stock.set_donor_agreement_in_force(
          std::ranges::all_of(donors_of_lot, [&](const std::string& donor) { return agreement[donor]; }));
    }
    if (any) *snapshot.add_warehouses() = std::move(chosen[names[i]]);
  }
  if (snapshot.stock().empty()) return refusals::NothingToAllocate();
  for (groups::v1::Group& group : groups) {
    group.clear_contact_email();  // nothing that a run needs, so nothing that its snapshot keeps
    *snapshot.add_groups()->mutable_group() = std::move(group);
  }
  Canonicalise(snapshot);
  return snapshot;
}

}  // namespace kubari::allocation
