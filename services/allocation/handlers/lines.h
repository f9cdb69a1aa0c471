// Lines: adjust, list, answer, pick.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/allocation/domain/states.h"
#include "services/allocation/handlers/tools.h"
#include "services/allocation/line_store.h"
#include "services/allocation/solved_cache.h"

namespace kubari::allocation {

class LinesHandler {
 public:
  LinesHandler(const Tools& tools, SolvedCache& solved) : tools_(tools), solved_(solved) {}

  absl::StatusOr<pb::Line> AdjustLine(const rpc::Call& call, const pb::AdjustLineRequest& request);
  absl::StatusOr<pb::ListLinesResponse> ListLines(const rpc::Call& call, const pb::ListLinesRequest& request);
  absl::StatusOr<pb::Line> AcceptLine(const rpc::Call& call, const pb::AcceptLineRequest& request);
  absl::StatusOr<pb::Line> RefuseLine(const rpc::Call& call, const pb::RefuseLineRequest& request);
  absl::StatusOr<pb::GetPickListResponse> GetPickList(const rpc::Call& call, const pb::GetPickListRequest& request);

 private:
  // Decides the answer under the line's lock, settles it with the ledger, records it. `items`: accepted, 0: all;
  // nothing: refused.
  template <typename Request>
  absl::StatusOr<pb::Line> AnswerLine(const rpc::Call& call, const Request& request, std::optional<int64_t> items,
                                      const std::string& reason);
  absl::Status Decide(const rpc::Call& call, const std::string& name, const std::string& request_id,
                      std::optional<int64_t> items, const std::string& reason, LineRow& line) const;

  const Tools tools_;
  SolvedCache& solved_;
};

}  // namespace kubari::allocation
