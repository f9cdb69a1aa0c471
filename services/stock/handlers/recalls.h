// Recalls: what one would reach, opening, reminding, closing.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/call.h"
#include "services/stock/domain/recall.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

class RecallsHandler {
 public:
  explicit RecallsHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::PreviewRecallResponse> PreviewRecall(const rpc::Call& call,
                                                          const pb::PreviewRecallRequest& request);
  absl::StatusOr<pb::Recall> OpenRecall(const rpc::Call& call, const pb::OpenRecallRequest& request);
  absl::StatusOr<pb::Recall> GetRecall(const rpc::Call& call, const pb::GetRecallRequest& request);
  absl::StatusOr<pb::ListRecallsResponse> ListRecalls(const rpc::Call& call, const pb::ListRecallsRequest& request);
  absl::StatusOr<pb::Recall> RemindHolders(const rpc::Call& call, const pb::RemindHoldersRequest& request);
  absl::StatusOr<pb::Recall> CloseRecall(const rpc::Call& call, const pb::CloseRecallRequest& request);

 private:
  // As it is now; holders that appeared are told first.
  absl::StatusOr<pb::Recall> Describe(const rpc::Call& call, const std::string& recall_id);

  const Context context_;
};

// Tells holders of recalled goods that appeared since, in all networks; returns how many. For a periodic task.
absl::StatusOr<int64_t> TellNewHolders(pg::Pool& pool, const calendar::Clock& clock);

}  // namespace kubari::stock
