#include "services/stock/handlers/recalls.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/stock/handlers/asked_goods.h"
#include "services/stock/handlers/recall_view.h"
#include "services/stock/recall_store.h"
#include "services/stock/trace_store.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kShownLots = 1'000;
constexpr int kShownHolders = 1'000;

pg::TxContext In(const rpc::Call& call) {
  return {.network_id = call.principal.network_id, .deadline = call.deadline};
}

// The recall, open. Errors: RECALL_NOT_FOUND, RECALL_CLOSED.
absl::StatusOr<Recall> FindOpen(pg::Transaction& tx, const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<Recall> recall, recalls::Find(tx, IdOf(name)));
  if (!recall) return refusals::RecallNotFound(name);
  if (!recall->open()) return refusals::RecallClosed(*recall);
  return *std::move(recall);
}

// What is kept of an answer: a replay gets the recall as it is then.
pb::Recall NameOf(const std::string& recall_id) {
  pb::Recall recall;
  recall.set_name(ids::Name("recalls", recall_id));
  return recall;
}

pb::Recall ToProto(const Recall& recall, const recalls::Summary& summary) {
  pb::Recall out = NameOf(recall.id);
  out.set_title(recall.title);
  out.set_message(recall.message);
  *out.mutable_goods() = recall.goods;
  out.set_drill(recall.drill);
  out.set_state(recall.state);
  out.set_opened_by(recall.opened_by);
  SetTime(recall.open_time, out.mutable_open_time());
  if (recall.close_time) SetTime(*recall.close_time, out.mutable_close_time());
  out.set_close_note(recall.close_note);
  *out.mutable_figures() = summary.figures;
  out.set_notices(summary.notices);
  out.set_acknowledged(summary.acknowledged);
  out.set_settled(summary.settled);
  out.set_lot_count(summary.lots);
  return out;
}

}  // namespace

absl::StatusOr<pb::PreviewRecallResponse> RecallsHandler::PreviewRecall(const rpc::Call& call,
                                                                        const pb::PreviewRecallRequest& request) {
  errors::Violations violations;
  CheckGoods(request.goods(), "goods", violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const AskedGoods asked, ReadGoods(context_, call, request.goods()));
  std::vector<std::string> lots;
  const auto look = [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<trace::Holding>> {
    // Holders of all lots, though not all lots are shown.
    ASSIGN_OR_RETURN(lots, recalls::LotsOf(tx, asked.goods, std::numeric_limits<int>::max()));
    return trace::HoldingsOf(tx, lots, trace::Where::kWithHolders, kShownHolders);
  };
  ASSIGN_OR_RETURN(const std::vector<trace::Holding> holdings, context_.pool.Read(In(call), look));
  if (lots.empty()) return refusals::NoSuchGoods();
  if (lots.size() > kShownLots) lots.resize(kShownLots);

  pb::PreviewRecallResponse response;
  ASSIGN_OR_RETURN(const std::vector<pb::Lot> shown, ShowLots(context_, call, lots));
  response.mutable_lots()->Assign(shown.begin(), shown.end());
  ASSIGN_OR_RETURN(const std::vector<pb::LotHolder> holders, ShowHolders(context_, call, holdings));
  response.mutable_holders()->Assign(holders.begin(), holders.end());
  return response;
}

absl::StatusOr<pb::Recall> RecallsHandler::OpenRecall(const rpc::Call& call, const pb::OpenRecallRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Uuid("recall_id", request.recall_id());
  violations.Text("title", request.title(), 1, 200);
  violations.Text("message", request.message(), 1, 2'000);
  CheckGoods(request.goods(), "goods", violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const AskedGoods asked, ReadGoods(context_, call, request.goods()));
  const Recall recall{.id = request.recall_id(),
                      .title = request.title(),
                      .message = request.message(),
                      .goods = asked.shown,
                      .drill = request.drill(),
                      .opened_by = call.principal.subject,
                      .open_time = context_.clock.Now()};
  const auto open = [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Recall>(tx, request.request_id(), "kubari.stock.v1.RecallsService/OpenRecall", request,
                                      [&](pg::Transaction& tx) -> absl::StatusOr<pb::Recall> {
                                        ASSIGN_OR_RETURN(const int64_t lots, recalls::Open(tx, recall, asked.goods));
                                        if (lots == 0) return refusals::NoSuchGoods();
                                        return NameOf(recall.id);
                                      });
  };
  ASSIGN_OR_RETURN(const pb::Recall opened, context_.pool.Transact(In(call), open));
  return Describe(call, IdOf(opened.name()));
}

absl::StatusOr<pb::Recall> RecallsHandler::Describe(const rpc::Call& call, const std::string& recall_id) {
  std::vector<std::string> lots;
  const auto read = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Recall> {
    ASSIGN_OR_RETURN(const std::optional<Recall> recall, recalls::Find(tx, recall_id));
    if (!recall) return refusals::RecallNotFound(ids::Name("recalls", recall_id));
    if (recall->open()) RETURN_IF_ERROR(recalls::TellHolders(tx, recall_id, context_.clock.Now()));
    ASSIGN_OR_RETURN(auto summaries, recalls::Summaries(tx, {recall_id}));
    ASSIGN_OR_RETURN(lots, recalls::LotsOfRecall(tx, recall_id, kShownLots));
    return ToProto(*recall, summaries[recall_id]);
  };
  ASSIGN_OR_RETURN(pb::Recall described, context_.pool.Transact(In(call), read));
  ASSIGN_OR_RETURN(const std::vector<pb::Lot> shown, ShowLots(context_, call, lots));
  described.mutable_lots()->Assign(shown.begin(), shown.end());
  return described;
}

absl::StatusOr<pb::Recall> RecallsHandler::GetRecall(const rpc::Call& call, const pb::GetRecallRequest& request) {
  errors::Violations violations;
  violations.Name("recalls", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(pb::Recall recall, Describe(call, IdOf(request.name())));
  TellDonorContacts(context_, call, recall);
  return recall;
}

absl::StatusOr<pb::ListRecallsResponse> RecallsHandler::ListRecalls(const rpc::Call& call,
                                                                    const pb::ListRecallsRequest& request) {
  errors::Violations violations;
  if (request.state() != pb::RECALL_STATE_UNSPECIFIED) violations.Enum("state", request.state());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id, NewestFirst()));
  ASSIGN_OR_RETURN(const absl::Time before, TimeOfKey(page.key(0)));
  pb::ListRecallsResponse response;
  const auto list = [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListRecallsResponse> {
    ASSIGN_OR_RETURN(std::vector<Recall> found, recalls::List(tx, request.state(), before, page.key(1), page.limit()));
    pb::ListRecallsResponse response;
    response.set_next_page_token(page.Cut(found, [](const Recall& r) { return KeyOfTime(r.open_time, r.id); }));
    std::vector<std::string> recall_ids;
    for (const Recall& recall : found) recall_ids.push_back(recall.id);
    ASSIGN_OR_RETURN(auto summaries, recalls::Summaries(tx, recall_ids));
    for (const Recall& recall : found) *response.add_recalls() = ToProto(recall, summaries[recall.id]);
    return response;
  };
  return context_.pool.Read(In(call), list);
}

absl::StatusOr<pb::Recall> RecallsHandler::RemindHolders(const rpc::Call& call,
                                                         const pb::RemindHoldersRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("recalls", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const auto remind = [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Recall>(tx, request.request_id(), "kubari.stock.v1.RecallsService/RemindHolders", request,
                                      [&](pg::Transaction& tx) -> absl::StatusOr<pb::Recall> {
                                        ASSIGN_OR_RETURN(const Recall recall, FindOpen(tx, request.name()));
                                        RETURN_IF_ERROR(recalls::Remind(tx, recall.id, context_.clock.Now()));
                                        return NameOf(recall.id);
                                      });
  };
  ASSIGN_OR_RETURN(const pb::Recall reminded, context_.pool.Transact(In(call), remind));
  return Describe(call, IdOf(reminded.name()));
}

absl::StatusOr<pb::Recall> RecallsHandler::CloseRecall(const rpc::Call& call, const pb::CloseRecallRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("recalls", "name", request.name());
  violations.Text("note", request.note(), 0, 2'000);
  RETURN_IF_ERROR(violations.status());
  const absl::Time now = context_.clock.Now();
  const auto close_once = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Recall> {
    // First the lock: what is unsettled must not change until it is closed.
    RETURN_IF_ERROR(recalls::LockLedger(tx));
    ASSIGN_OR_RETURN(const Recall recall, FindOpen(tx, request.name()));
    if (request.keep_stopped() && recall.drill) {
      errors::Violations drill;
      drill.Add("keep_stopped", "DRILL", "A drill stopped nothing that could stay stopped.",
                "訓練では出庫を止めていないため、停止を続けることはできません。");
      return drill.status();
    }
    RETURN_IF_ERROR(recalls::TellHolders(tx, recall.id, now));
    ASSIGN_OR_RETURN(auto summaries, recalls::Summaries(tx, {recall.id}));
    const recalls::Summary& summary = summaries[recall.id];
    if (summary.open_items > 0 && request.note().empty())
      return refusals::RecallUnsettled(recall, summary.open_items, summary.notices - summary.settled);
    RETURN_IF_ERROR(
        recalls::Close(tx, recall.id, call.principal.subject, now, request.note(), request.keep_stopped()));
    return NameOf(recall.id);
  };
  const auto close = [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::Recall>(tx, request.request_id(), "kubari.stock.v1.RecallsService/CloseRecall", request,
                                      close_once);
  };
  ASSIGN_OR_RETURN(const pb::Recall closed, context_.pool.Transact(In(call), close));
  return Describe(call, IdOf(closed.name()));
}

absl::StatusOr<int64_t> TellNewHolders(pg::Pool& pool, const calendar::Clock& clock) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  ASSIGN_OR_RETURN(const std::vector<std::string> networks,
                   pool.Transact({.deadline = deadline}, [](pg::Transaction& tx) { return recalls::Networks(tx); }));
  int64_t told = 0;
  for (const std::string& network : networks) {
    const auto tell = [&](pg::Transaction& tx) { return recalls::TellHolders(tx, "", clock.Now()); };
    ASSIGN_OR_RETURN(const int64_t now, pool.Transact({.network_id = network, .deadline = deadline}, tell));
    told += now;
  }
  return told;
}

}  // namespace kubari::stock
