// Runs in which groups choose: what there is, claims, prices, accounts of shares.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "kubari/allocation/v1/market.pb.h"
#include "libs/rpc/call.h"
#include "services/allocation/domain/market.h"
#include "services/allocation/handlers/tools.h"
#include "services/allocation/market_closer.h"
#include "services/allocation/run_store.h"
#include "services/allocation/solved_cache.h"

namespace kubari::allocation {

// A published run of claims or bids, with what it was made from.
struct OpenedMarket {
  RunRow run;
  std::shared_ptr<const Solved> solved;

  const Judgement& judgement() const { return solved->proposal.judgement; }
  const MarketTerms& terms() const { return solved->proposal.market.terms; }
};
// NOT_FOUND / RUN_NOT_FOUND, FAILED_PRECONDITION / RUN_POLICY.
absl::StatusOr<OpenedMarket> OpenMarket(const Tools& tools, SolvedCache& solved, const rpc::Call& call,
                                        const std::string& run);
// FAILED_PRECONDITION / MARKET_CLOSED unless it takes claims or bids at this time. `run` is locked.
absl::Status CheckOpen(const RunRow& run, absl::Time now);
// The id of the group for which the caller acts: the one that is named, or the caller's only one. "" if none is named
// and the caller may see all. INVALID_ARGUMENT, PERMISSION_DENIED / NOT_YOUR_ORGANISATION.
absl::StatusOr<std::string> GroupOf(const rpc::Call& call, const std::string& name);
// … for what needs one.
absl::StatusOr<std::string> OneGroupOf(const rpc::Call& call, const std::string& name);
// Which supply and group of the run; LOT_NOT_SEEN, GROUP_NOT_SEEN.
struct Pair {
  int supply = 0, group = 0;
};
absl::StatusOr<Pair> PairOf(const OpenedMarket& market, const std::string& group_id, const std::string& lot,
                            const std::string& place);
// Why the group may not have so many items. Not for kNothing.
absl::Status RefusalOf(No no, const OpenedMarket& market, const MarketBook& book, const Pair& pair, int64_t items);

class MarketHandler {
 public:
  MarketHandler(const Tools& tools, SolvedCache& solved, MarketCloser& closer)
      : tools_(tools), solved_(solved), closer_(closer) {}

  absl::StatusOr<pb::ListMarketsResponse> ListMarkets(const rpc::Call& call, const pb::ListMarketsRequest& request);
  absl::StatusOr<pb::Market> GetMarket(const rpc::Call& call, const pb::GetMarketRequest& request);
  absl::StatusOr<pb::ListMarketStockResponse> ListMarketStock(const rpc::Call& call,
                                                              const pb::ListMarketStockRequest& request);
  absl::StatusOr<pb::Line> Claim(const rpc::Call& call, const pb::ClaimRequest& request);
  absl::StatusOr<pb::ListPricesResponse> ListPrices(const rpc::Call& call, const pb::ListPricesRequest& request);
  absl::StatusOr<pb::Market> CloseMarket(const rpc::Call& call, const pb::CloseMarketRequest& request);
  absl::StatusOr<pb::ListShareAccountsResponse> ListShareAccounts(const rpc::Call& call,
                                                                  const pb::ListShareAccountsRequest& request);
  absl::StatusOr<pb::ListShareEntriesResponse> ListShareEntries(const rpc::Call& call,
                                                                const pb::ListShareEntriesRequest& request);

 private:
  // As GroupOf(); NOT_FOUND / GROUP_NOT_FOUND if there is no such group.
  absl::StatusOr<std::string> StandingOf(const rpc::Call& call, const std::string& name) const;
  // Writes the claim down, first come first served, unless this very request did so before.
  absl::Status Decide(pg::Transaction& tx, const rpc::Call& call, const pb::ClaimRequest& request,
                      const OpenedMarket& market, const Pair& pair, const std::string& line_id);
  // As this caller may see them, with the standing of the group, if one is given, as far as it needs no solution.
  absl::StatusOr<std::vector<pb::Market>> Describe(pg::Transaction& tx, const rpc::Call& call,
                                                   const std::vector<RunRow>& runs, const std::string& group_id) const;

  const Tools tools_;
  SolvedCache& solved_;
  MarketCloser& closer_;
};

}  // namespace kubari::allocation
