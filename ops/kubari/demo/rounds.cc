#include <absl/time/clock.h>

#include <algorithm>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/allocation/v1/market.pb.h"
#include "ops/kubari/demo/topics.h"

namespace kubari::cli {
namespace {

namespace allocation = kubari::allocation::v1;
namespace stock = kubari::stock::v1;

constexpr char kMarket[] = "kubari.allocation.v1.MarketService/";

// A published run with this policy over some warehouses.
absl::StatusOr<allocation::Run> Open(Cast& cast, const std::string& what, allocation::Policy policy,
                                     const std::string& title, const std::vector<std::string>& warehouses) {
  allocation::CreateRunRequest create;
  create.set_request_id(Id("round of " + what));
  create.set_run_id(Id("run of " + what));
  create.set_title(title);
  create.set_policy(policy);
  create.set_answer_hours(96);
  for (const std::string& warehouse : warehouses) create.add_warehouses(warehouse);
  ASSIGN_OR_RETURN(allocation::Run run, Ask<allocation::Run>(cast.coordinator, kAllocation, "CreateRun", create));
  allocation::PublishRunRequest publish;
  publish.set_request_id(Id("publish " + what));
  publish.set_name(run.name());
  publish.set_etag(run.etag());
  allocation::GetRunRequest get;
  get.set_name(run.name());
  RETURN_IF_ERROR(Ask<allocation::Run>(cast.coordinator, kAllocation, "PublishRun", publish).status());
  for (const absl::Time give_up = absl::Now() + absl::Minutes(1); absl::Now() < give_up;
       absl::SleepFor(absl::Milliseconds(50))) {
    ASSIGN_OR_RETURN(run, Ask<allocation::Run>(cast.coordinator, kAllocation, "GetRun", get));
    if (run.state() == allocation::RUN_STATE_PUBLISHED) return run;
  }
  return absl::DeadlineExceededError(absl::StrCat(title, " is not published after a minute."));
}

// What a group may take, cheapest to find first: soonest date first.
absl::StatusOr<std::vector<allocation::MarketStock>> Takeable(const Cast& cast, const std::string& run,
                                                              const std::string& group) {
  allocation::ListMarketStockRequest list;
  list.set_run(run);
  list.set_group(group);
  list.set_eligible_only(true);
  list.set_page_size(50);
  ASSIGN_OR_RETURN(const auto page,
                   Ask<allocation::ListMarketStockResponse>(cast.coordinator, kMarket, "ListMarketStock", list));
  std::vector<allocation::MarketStock> stock;
  for (const allocation::MarketStock& one : page.stock()) {
    if (one.takeable_items() >= std::max(one.items_per_case(), one.min_lot_items())) stock.push_back(one);
  }
  return stock;
}

// The smallest quantity that may be taken of it: whole cases.
int64_t Least(const allocation::MarketStock& one) {
  const int64_t least = std::max(one.items_per_case(), one.min_lot_items());
  return (least + one.items_per_case() - 1) / one.items_per_case() * one.items_per_case();
}

// Some groups, the demo's own first.
absl::StatusOr<std::vector<std::string>> Choosers(const Cast& cast) {
  allocation::ListShareAccountsRequest accounts;
  ASSIGN_OR_RETURN(const auto all,
                   (All<allocation::ListShareAccountsResponse>(cast.coordinator, kMarket, "ListShareAccounts", accounts,
                                                               [](const auto& page) { return page.accounts(); })));
  std::vector<std::string> choosers = {cast.group};
  for (const allocation::ShareAccount& account : all) {
    if (account.group() != cast.group && OneIn(8, "chooses " + account.group())) choosers.push_back(account.group());
  }
  return choosers;
}

absl::StatusOr<int> Claims(Cast& cast, const allocation::Run& run, const std::vector<std::string>& choosers) {
  int claims = 0;
  for (const std::string& group : choosers) {
    if (claims == 4) break;
    allocation::ListLinesRequest before;
    before.set_run(run.name());
    before.set_group(group);
    ASSIGN_OR_RETURN(const auto lines,
                     Ask<allocation::ListLinesResponse>(cast.coordinator, kAllocation, "ListLines", before));
    claims += lines.lines_size() > 0 ? 1 : 0;
    if (lines.lines_size() > 0) continue;
    ASSIGN_OR_RETURN(const auto stock, Takeable(cast, run.name(), group));
    if (stock.empty()) continue;
    allocation::ClaimRequest claim;
    claim.set_request_id(Id("claim of " + group));
    claim.set_run(run.name());
    claim.set_group(group);
    claim.set_lot(stock.front().lot());
    claim.set_place(stock.front().place());
    claim.set_items(std::min(Least(stock.front()), stock.front().takeable_items()));
    RETURN_IF_ERROR(
        Ask<allocation::Line>(group == cast.group ? cast.group_session : cast.coordinator, kMarket, "Claim", claim)
            .status());
    ++claims;
  }
  return claims;
}

// Nobody but the group itself may bid, so these are those whose people have signed in.
absl::StatusOr<int> Bids(Cast& cast, const allocation::Run& run) {
  const std::pair<std::string, const Client*> bidders[] = {{cast.group, &cast.group_session},
                                                           {cast.hub, &cast.hub_session}};
  int bids = 0;
  for (const auto& [group, session] : bidders) {
    if (group.empty() || (bids > 0 && group == cast.group)) continue;
    allocation::ListBidsRequest before;
    before.set_run(run.name());
    before.set_group(group);
    ASSIGN_OR_RETURN(const auto placed, Ask<allocation::ListBidsResponse>(*session, kMarket, "ListBids", before));
    bids += placed.bids_size();
    if (placed.bids_size() > 0) continue;
    allocation::GetMarketRequest get;
    get.set_run(run.name());
    get.set_group(group);
    ASSIGN_OR_RETURN(const auto market, Ask<allocation::Market>(*session, kMarket, "GetMarket", get));
    ASSIGN_OR_RETURN(const auto stock, Takeable(cast, run.name(), group));
    for (size_t i = 0; i < std::min<size_t>(2, stock.size()); ++i) {
      const int64_t cases = Least(stock[i]) / stock[i].items_per_case();
      allocation::PlaceBidRequest bid;
      bid.set_request_id(Id(absl::StrCat("bid ", i, " of ", group)));
      bid.set_bid_id(Id(absl::StrCat("bid id ", i, " of ", group)));
      bid.set_run(run.name());
      bid.set_group(group);
      bid.set_lot(stock[i].lot());
      bid.set_place(stock[i].place());
      bid.set_cases(cases);
      bid.set_milli_shares_per_case(
          std::max(stock[i].lowest_milli_shares_per_case(), market.standing().balance_milli_shares() / (10 * cases)));
      RETURN_IF_ERROR(Ask<allocation::Bid>(*session, kMarket, "PlaceBid", bid).status());
      ++bids;
    }
  }
  return bids;
}

}  // namespace

absl::Status PlayRounds(Cast& cast) {
  if (cast.warehouses.size() < 2 || cast.group.empty()) return absl::OkStatus();
  // One half of the warehouses each, always the same.
  std::vector<std::string> halves[2];
  for (size_t i = 0; i < cast.warehouses.size(); ++i) halves[i % 2].push_back(cast.warehouses[i].name());
  // Where nothing is free there is no round: what groups refused and what is left differs a little from time to time.
  const absl::StatusOr<allocation::Run> bids =
      Open(cast, "bids", allocation::POLICY_BIDS, "ポイント入札（例）", halves[1]);
  if (!bids.ok() && !absl::IsFailedPrecondition(bids.status())) return bids.status();
  const absl::StatusOr<allocation::Run> claims =
      Open(cast, "claims", allocation::POLICY_CLAIMS, "早い者勝ち（例）", halves[0]);
  if (!claims.ok() && !absl::IsFailedPrecondition(claims.status())) return claims.status();
  ASSIGN_OR_RETURN(const std::vector<std::string> choosers, Choosers(cast));
  int claimed = 0, placed = 0;
  if (claims.ok()) {
    ASSIGN_OR_RETURN(claimed, Claims(cast, *claims, choosers));
  }
  if (bids.ok()) {
    ASSIGN_OR_RETURN(placed, Bids(cast, *bids));
  }
  cast.Say(absl::StrCat("open rounds: ", claimed, " groups have claimed, ", placed, " sealed bids"));
  return absl::OkStatus();
}

}  // namespace kubari::cli
