#include "services/allocation/snapshot_reader.h"

#include <algorithm>
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
      needs_(groups::v1::NeedsService::NewStub(groups)),
      donors_(donors::v1::DonorsService::NewStub(donors)) {}

// Lines of accepted offers, as the lots that they will be.
absl::StatusOr<std::vector<v1::SnapshotExpected>> SnapshotReader::ReadExpected(
    const rpc::Outgoing& outgoing, const std::set<std::string>& warehouses,
    const std::map<std::string, bool>& agreement) {
  donors::v1::ListOffersRequest accepted;
  accepted.add_states(donors::v1::OFFER_STATE_ACCEPTED);
  ASSIGN_OR_RETURN(const std::vector<donors::v1::Offer> offers,
                   All<donors::v1::Offer>(&donors::v1::DonorsService::Stub::ListOffers, *donors_, outgoing, accepted,
                                          [](auto& page) { return page.mutable_offers(); }));
  std::vector<v1::SnapshotExpected> expected;
  std::set<std::string> names;
  for (const donors::v1::Offer& offer : offers) {
    if (!warehouses.contains(offer.warehouse())) continue;
    for (const donors::v1::OfferLine& line : offer.lines()) {
      const int64_t items = line.accepted_cases() * line.items_per_case() - line.received_items();
      if (items <= 0) continue;
      v1::SnapshotExpected& coming = expected.emplace_back();
      coming.set_warehouse(offer.warehouse());
      coming.set_items(items);
      coming.set_ready_date(offer.ready_date());
      const auto found = agreement.find(offer.donor());
      coming.set_donor_agreement_in_force(found != agreement.end() && found->second);
      stock::v1::Lot& lot = *coming.mutable_lot();
      lot.set_name(line.name());
      lot.set_product(line.product());
      lot.set_product_display_name(line.product_display_name());
      *lot.mutable_good_until() = line.good_until();
      lot.set_temperature_zone(line.temperature_zone());
      lot.set_donor(offer.donor());
      lot.set_item_grams(line.item_grams());
      lot.set_items_per_case(line.items_per_case());
      if (line.min_lot_cases() > 1) lot.set_min_lot_items(line.min_lot_cases() * line.items_per_case());
      *lot.mutable_allergens() = line.allergens();
      *lot.mutable_conditions() = offer.conditions();
      names.insert(line.product());
    }
  }
  // What an offer's line does not say of its product.
  const std::vector<std::string> wanted(names.begin(), names.end());
  std::vector<stock::v1::Product> products(wanted.size());
  RETURN_IF_ERROR(registry::ForEachInParallel(wanted.size(), [&](size_t i) -> absl::Status {
    stock::v1::GetProductRequest get;
    get.set_name(wanted[i]);
    ASSIGN_OR_RETURN(products[i], rpc::Invoke(&stock::v1::StockService::Stub::GetProduct, *stock_, outgoing, get));
    return absl::OkStatus();
  }));
  for (v1::SnapshotExpected& coming : expected) {
    const auto at = std::ranges::lower_bound(wanted, coming.lot().product()) - wanted.begin();
    coming.mutable_lot()->set_category(products[at].category());
    coming.mutable_lot()->set_milli_person_days(products[at].milli_person_days());
    *coming.mutable_lot()->mutable_tags() = products[at].tags();
  }
  return expected;
}

absl::StatusOr<groups::v1::Group> SnapshotReader::ReadGroup(const rpc::Outgoing& outgoing, const std::string& name) {
  groups::v1::GetGroupRequest request;
  request.set_name(name);
  return rpc::Invoke(&groups::v1::GroupsService::Stub::GetGroup, *groups_, outgoing, request);
}

absl::StatusOr<std::vector<groups::v1::Group>> SnapshotReader::ReadGroups(
    const rpc::Outgoing& outgoing, const std::vector<groups::v1::GroupState>& states) {
  groups::v1::ListGroupsRequest request;
  for (const groups::v1::GroupState state : states) request.add_states(state);
  return All<groups::v1::Group>(&groups::v1::GroupsService::Stub::ListGroups, *groups_, outgoing, request,
                                [](auto& page) { return page.mutable_groups(); });
}

absl::StatusOr<std::map<std::string, std::vector<groups::v1::Need>>> SnapshotReader::ReadNeeds(
    const rpc::Outgoing& outgoing) {
  groups::v1::ListNeedsRequest open;
  open.add_states(groups::v1::NEED_STATE_OPEN);
  ASSIGN_OR_RETURN(std::vector<groups::v1::Need> needs,
                   All<groups::v1::Need>(&groups::v1::NeedsService::Stub::ListNeeds, *needs_, outgoing, open,
                                         [](auto& page) { return page.mutable_needs(); }));
  std::map<std::string, std::vector<groups::v1::Need>> by_group;
  for (groups::v1::Need& need : needs) {
    if (!IsForMatching(need)) continue;
    const std::string group = need.group();
    // Nothing that a run needs, so nothing that its snapshot keeps.
    need.clear_group();
    need.clear_group_display_name();
    need.clear_note();
    need.clear_state();
    need.clear_creator();
    need.clear_creator_display_name();
    need.clear_create_time();
    need.clear_update_time();
    need.clear_etag();
    by_group[group].push_back(std::move(need));
  }
  return by_group;
}

absl::StatusOr<v1::Snapshot> SnapshotReader::Read(const rpc::Outgoing& outgoing, const std::string& hand_over_date,
                                                  const std::vector<std::string>& warehouses,
                                                  const v1::RunOptions& options) {
  std::vector<stock::v1::Warehouse> all_warehouses;
  std::vector<groups::v1::Group> groups;
  std::map<std::string, std::vector<groups::v1::Need>> needs;
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
        // Suspended ones get nothing, and are told why.
        ASSIGN_OR_RETURN(groups,
                         ReadGroups(outgoing, {groups::v1::GROUP_STATE_ACTIVE, groups::v1::GROUP_STATE_SUSPENDED}));
        return absl::OkStatus();
      },
      [&]() -> absl::Status {
        ASSIGN_OR_RETURN(needs, ReadNeeds(outgoing));
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
  const std::set<std::string> chosen_names(names.begin(), names.end());
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
  snapshot.set_policy_version(kPolicyVersion);
  snapshot.set_hand_over_date(hand_over_date);
  rules.clear_etag();  // nothing that is judged by
  *snapshot.mutable_stock_rules() = std::move(rules);
  const absl::CivilDay day = HandOverDay(snapshot);
  *snapshot.mutable_options() = options;
  std::map<std::string, bool> agreement;
  for (const donors::v1::Donor& donor : donors) agreement[donor.name()] = eligibility::InForce(donor.agreements(), day);
  ASSIGN_OR_RETURN(std::vector<v1::SnapshotExpected> expected, ReadExpected(outgoing, chosen_names, agreement));
  std::set<std::string> expecting;
  for (v1::SnapshotExpected& coming : expected) {
    expecting.insert(coming.warehouse());
    *snapshot.add_expected() = std::move(coming);
  }
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
    if (any || expecting.contains(names[i])) *snapshot.add_warehouses() = std::move(chosen[names[i]]);
  }
  if (snapshot.stock().empty()) return refusals::NothingToAllocate();
  for (groups::v1::Group& group : groups) {
    group.clear_contact_email();  // nothing that a run needs, so nothing that its snapshot keeps
    group.clear_contacts();
    group.clear_confirmations();
    v1::SnapshotGroup& seen = *snapshot.add_groups();
    for (groups::v1::Need& need : needs[group.name()]) *seen.add_needs() = std::move(need);
    *seen.mutable_group() = std::move(group);
  }
  Canonicalise(snapshot);
  return snapshot;
}

}  // namespace kubari::allocation
