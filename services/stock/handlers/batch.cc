// RecordMovements: a phone's queue, or a wholesaler's list. Each entry goes the way of its own method, under its own
// rule of access; those that the ledger decides are handed to it together, so that the whole costs few commits.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/first_expiring.h"
#include "services/stock/handlers/given_goods.h"
#include "services/stock/handlers/movements.h"
#include "services/stock/registers_once.h"

namespace kubari::stock {
namespace {

constexpr int kMaxEntries = 500;

// Calls `f` with the one request that the entry holds.
template <typename F>
auto Visit(const pb::MovementRequest& entry, F&& f) {
  switch (entry.request_case()) {
    case pb::MovementRequest::kReceive:
      return f(entry.receive());
    case pb::MovementRequest::kTransfer:
      return f(entry.transfer());
    case pb::MovementRequest::kIssue:
      return f(entry.issue());
    case pb::MovementRequest::kDiscard:
      return f(entry.discard());
    case pb::MovementRequest::kAdjust:
      return f(entry.adjust());
    case pb::MovementRequest::kReturn:
      return f(entry.return_());
    default:
      return f(entry.reverse());
  }
}

const char* MethodOf(const pb::ReceiveStockRequest&) { return "ReceiveStock"; }
const char* MethodOf(const pb::TransferStockRequest&) { return "TransferStock"; }
const char* MethodOf(const pb::IssueStockRequest&) { return "IssueStock"; }
const char* MethodOf(const pb::DiscardStockRequest&) { return "DiscardStock"; }
const char* MethodOf(const pb::AdjustStockRequest&) { return "AdjustStock"; }
const char* MethodOf(const pb::ReturnStockRequest&) { return "ReturnStock"; }
const char* MethodOf(const pb::ReverseMovementRequest&) { return "ReverseMovement"; }

// A receipt that leaves something to be concluded from what came in before (see goods.h), perhaps in this very batch.
bool Concludes(const pb::MovementRequest& entry) {
  return entry.has_receive() && !entry.receive().offer_line().empty() &&
         (!entry.receive().has_good_until() || entry.receive().donor_lot_number().empty());
}

// May have to be judged by what expires earlier.
bool MayDepart(const Command& command) {
  const Issue* issue = std::get_if<Issue>(&command.action);
  return issue != nullptr && issue->first_expiring && issue->departure_reason.empty();
}
// Can only take goods away, so it changes nothing for those that are judged by what is there.
bool OnlyTakes(const Command& command) {
  return std::holds_alternative<Issue>(command.action) || std::holds_alternative<Discard>(command.action);
}

class Batch {
 public:
  // All must outlive it.
  Batch(const Context& context, const rpc::Call& call, const pb::RecordMovementsRequest& request)
      : context_(context), call_(call), request_(request) {}

  pb::RecordMovementsResponse Run() {
    for (int i = 0; i < request_.requests_size(); ++i) {
      response_.add_outcomes();
      if (Concludes(request_.requests(i)) && AnyReceiptWaits(request_.requests(i).receive().offer_line())) Flush();
      absl::StatusOr<Command> command = PrepareOne(i);
      // It may need what an earlier entry makes.
      if (!command.ok() && !waiting_.empty()) {
        Flush();
        command = PrepareOne(i);
      }
      if (command.ok() && MayDepart(*command)) {
        const absl::Status judged = JudgeNow(*command);
        if (!judged.ok()) command = judged;
      }
      if (command.ok()) {
        waiting_.push_back({i, *std::move(command)});
      } else {
        Finish(i, Visit(request_.requests(i), [&](const auto& r) {
                 return RecordedBefore(context_, call_, r.request_id(), r, command.status());
               }));
      }
    }
    Flush();
    return std::move(response_);
  }

 private:
  struct Waiting {
    int entry;
    Command command;
  };

  // The call as its own method would have seen it.
  absl::StatusOr<rpc::Call> CallOf(const pb::MovementRequest& entry) const {
    if (entry.request_case() == pb::MovementRequest::REQUEST_NOT_SET) {
      errors::Violations violations;
      violations.Add("request", "REQUIRED", "Say what moved.", "移動の内容を指定してください。");
      return violations.status();
    }
    rpc::Call own = call_;
    own.method = &rpc::FindMethod(v1::StockService::service_full_name(),
                                  Visit(entry, [](const auto& r) { return MethodOf(r); }));
    ASSIGN_OR_RETURN(own.scope, auth::Judge(*own.method, &call_.principal));
    return own;
  }

  absl::StatusOr<Command> PrepareOne(int i) const {
    ASSIGN_OR_RETURN(const rpc::Call own, CallOf(request_.requests(i)));
    return Visit(request_.requests(i), [&](const auto& r) { return Prepare(context_, own, r); });
  }

  // By itself a command is judged when the ledger says that it has to be; here that would let those behind it go first.
  absl::Status JudgeNow(Command& command) {
    const auto takes = [](const Waiting& one) { return OnlyTakes(one.command); };
    if (!std::all_of(waiting_.begin(), waiting_.end(), takes)) Flush();
    return JudgeFirstExpiring(context_, call_, command);
  }

  bool AnyReceiptWaits(const std::string& offer_line) const {
    for (const Waiting& one : waiting_) {
      if (request_.requests(one.entry).receive().offer_line() == offer_line) return true;
    }
    return false;
  }

  // Has the ledger decide what is prepared.
  void Flush() {
    std::vector<Command> commands;
    for (const Waiting& one : waiting_) commands.push_back(one.command);
    std::vector<absl::StatusOr<Outcome>> outcomes =
        context_.writer.SubmitAll(call_.principal.network_id, commands, call_.deadline);
    for (size_t i = 0; i < waiting_.size(); ++i) {
      Finish(waiting_[i].entry, Settle(context_, call_, waiting_[i].command, std::move(outcomes[i])));
    }
    waiting_.clear();
  }

  void Finish(int i, const absl::StatusOr<Outcome>& outcome) {
    absl::Status status = outcome.status();
    if (outcome.ok()) status = Tell(*outcome, *response_.mutable_outcomes(i));
    if (!status.ok()) *response_.mutable_outcomes(i)->mutable_error() = errors::DetailsOf(status);
  }

  absl::Status Tell(const Outcome& outcome, pb::MovementOutcome& told) const {
    RETURN_IF_ERROR(AnswerAll(context_, call_, outcome, told));
    const pb::MovementKind kind = outcome.movements.front().kind;
    if (kind != pb::MOVEMENT_KIND_RECEIVE && kind != pb::MOVEMENT_KIND_REFUSE) return absl::OkStatus();
    return AnswerGoods(context_, call_, /*offer_line=*/"", outcome, told);
  }

  const Context& context_;
  const rpc::Call& call_;
  const pb::RecordMovementsRequest& request_;
  pb::RecordMovementsResponse response_;
  std::vector<Waiting> waiting_;
};

}  // namespace

absl::StatusOr<pb::RecordMovementsResponse> MovementsHandler::RecordMovements(
    const rpc::Call& call, const pb::RecordMovementsRequest& request) {
  errors::Violations violations;
  violations.Range("requests", request.requests_size(), 1, kMaxEntries);
  RETURN_IF_ERROR(violations.status());
  RegistersOnce registers(context_.registers);
  const Context context = context_.With(registers);
  return Batch(context, call, request).Run();
}

}  // namespace kubari::stock
