// Stocktakes: opening, counting, reviewing, posting. See domain/stocktake.h for what counts come to.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kubari/stock/v1/stocktakes.pb.h"
#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"
#include "services/stock/stocktake_store.h"

namespace kubari::stock {

class StocktakesHandler {
 public:
  explicit StocktakesHandler(const Context& context) : context_(context) {}

  // stocktakes.cc: as a whole.
  absl::StatusOr<pb::Stocktake> OpenStocktake(const rpc::Call& call, const pb::OpenStocktakeRequest& request);
  absl::StatusOr<pb::Stocktake> GetStocktake(const rpc::Call& call, const pb::GetStocktakeRequest& request);
  absl::StatusOr<pb::ListStocktakesResponse> ListStocktakes(const rpc::Call& call,
                                                            const pb::ListStocktakesRequest& request);
  absl::StatusOr<pb::Stocktake> ReviewStocktake(const rpc::Call& call, const pb::ReviewStocktakeRequest& request);
  absl::StatusOr<pb::Stocktake> ReopenStocktake(const rpc::Call& call, const pb::ReopenStocktakeRequest& request);
  absl::StatusOr<pb::Stocktake> CancelStocktake(const rpc::Call& call, const pb::CancelStocktakeRequest& request);

  // stocktake_lines.cc: line by line.
  absl::StatusOr<pb::ListStocktakeLinesResponse> ListStocktakeLines(const rpc::Call& call,
                                                                    const pb::ListStocktakeLinesRequest& request);
  absl::StatusOr<pb::StocktakeLine> RecordCount(const rpc::Call& call, const pb::RecordCountRequest& request);
  absl::StatusOr<pb::StocktakeLine> RetractCount(const rpc::Call& call, const pb::RetractCountRequest& request);
  absl::StatusOr<pb::StocktakeLine> SettleLine(const rpc::Call& call, const pb::SettleLineRequest& request);

  // stocktake_posting.cc: into the ledger.
  absl::StatusOr<pb::PostStocktakeResponse> PostStocktake(const rpc::Call& call,
                                                          const pb::PostStocktakeRequest& request);

 private:
  // What is to be posted, or that this very request was posted before.
  struct Plan {
    std::optional<pb::PostStocktakeResponse> first_answer;
    std::vector<StocktakeLine> lines;  // those with something to book
  };
  absl::StatusOr<Plan> PlanPosting(const rpc::Call& call, const pb::PostStocktakeRequest& request);
  // Why lines were refused, by (place, lot). Fails if the ledger could not be asked for all of them.
  using Refusals = std::map<std::pair<std::string, std::string>, absl::Status>;
  absl::StatusOr<Refusals> Post(const rpc::Call& call, const std::string& stocktake_id,
                                const std::vector<StocktakeLine>& lines);
  absl::StatusOr<pb::PostStocktakeResponse> FinishPosting(const rpc::Call& call,
                                                          const pb::PostStocktakeRequest& request,
                                                          const Refusals& refusals);

  const Context context_;
};

}  // namespace kubari::stock
