// Notices of recalls: who holds what, that they have read it, and what became of the goods.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/call.h"
#include "services/stock/domain/recall.h"
#include "services/stock/handlers/context.h"
#include "services/stock/recall_store.h"

namespace kubari::stock {

class NoticesHandler {
 public:
  explicit NoticesHandler(const Context& context) : context_(context) {}

  absl::StatusOr<pb::ListRecallNoticesResponse> ListRecallNotices(const rpc::Call& call,
                                                                  const pb::ListRecallNoticesRequest& request);
  absl::StatusOr<pb::RecallNotice> AcknowledgeNotice(const rpc::Call& call,
                                                     const pb::AcknowledgeNoticeRequest& request);
  absl::StatusOr<pb::RecallNotice> AnswerNotice(const rpc::Call& call, const pb::AnswerNoticeRequest& request);

 private:
  // A notice with its recall and the lines that it has now.
  struct Found {
    Recall recall;
    Notice notice;
    std::map<std::string, NoticeLine> lines;  // by lot
  };
  // What an answer needs to know before it is booked.
  struct Asked {
    std::map<std::string, HolderAnswer> by_lot;
    std::map<std::string, Lot> lots;
    absl::Time occurred;
  };

  // Errors: NOTICE_NOT_FOUND; NOT_YOUR_ORGANISATION unless it is to the caller's groups or warehouses.
  absl::StatusOr<Found> FindOwn(const rpc::Call& call, const std::string& name);
  absl::Status CheckOwn(const rpc::Call& call, const Notice& notice);
  absl::StatusOr<Asked> ReadAnswer(const rpc::Call& call, const pb::AnswerNoticeRequest& request);
  // The commands that book what was discarded, after judging all of the answer.
  absl::StatusOr<std::vector<Command>> Discards(const rpc::Call& call, const pb::AnswerNoticeRequest& request,
                                                const Found& found, const Asked& asked);
  absl::StatusOr<std::vector<pb::RecallNotice>> Describe(const rpc::Call& call, const std::vector<Notice>& notices,
                                                         const std::map<std::string, Recall>& recalls,
                                                         const recalls::Lines& lines);
  absl::StatusOr<pb::RecallNotice> DescribeNow(const rpc::Call& call, const std::string& name);

  const Context context_;
};

}  // namespace kubari::stock
