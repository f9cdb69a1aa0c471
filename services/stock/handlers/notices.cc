#include "services/stock/handlers/notices.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <set>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/commands.h"
#include "services/stock/handlers/recall_view.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

constexpr int kMaxLines = 200;
// Requests that an answer makes of the ledger have ids derived from its own, so that a repeated answer finds them
// again. A constant for ever.
constexpr char kAnswerNamespace[] = "3d5a1c52-8a0b-4a37-9a0e-6a2f0f7c51d4";

pg::TxContext In(const rpc::Call& call) { return {.network_id = call.principal.network_id, .deadline = call.deadline}; }

// "recalls/{uuid}/notices/{uuid}"
struct NoticeName {
  std::string recall_id;
  std::string notice_id;
};
std::optional<NoticeName> ReadName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "recalls" || parts[2] != "notices" || !ids::IsUuid(parts[1]) ||
      !ids::IsUuid(parts[3])) {
    return std::nullopt;
  }
  return NoticeName{parts[1], parts[3]};
}

void CheckName(const std::string& name, errors::Violations& violations) {
  violations.Require(ReadName(name).has_value(), "name", name.empty() ? "REQUIRED" : "NOT_A_NAME",
                     "Expected recalls/{uuid}/notices/{uuid}.",
                     "recalls/{uuid}/notices/{uuid} の形で指定してください。");
}

std::string DiscardRequest(const pb::AnswerNoticeRequest& request, const std::string& lot_id,
                           const std::string& place_id) {
  return ids::DeriveV5(kAnswerNamespace, absl::StrCat(request.request_id(), "|", lot_id, "|", place_id));
}

std::string GroupPlaceOf(const rpc::Call& call, const Notice& notice) {
  return StandInPlaceId(call.principal.network_id, pb::PLACE_KIND_GROUP, notice.holder());
}

}  // namespace

// Finding ------------------------------------------------------------------------------------------------------------

absl::Status NoticesHandler::CheckOwn(const rpc::Call& call, const Notice& notice) {
  if (call.scope.whole_network) return absl::OkStatus();
  std::string owner = notice.holder_id;
  if (notice.holder_kind == HolderKind::kWarehouse) {
    ASSIGN_OR_RETURN(const pb::Warehouse warehouse, FindWarehouse(context_, call, notice.holder()));
    owner = IdOf(warehouse.organisation());
  }
  if (call.scope.Includes(owner)) return absl::OkStatus();
  return auth::NotYourOrganisation(absl::StrCat("recalls/", notice.recall_id, "/notices/", notice.id));
}

absl::StatusOr<NoticesHandler::Found> NoticesHandler::FindOwn(const rpc::Call& call, const std::string& name) {
  const NoticeName ids = *ReadName(name);
  const auto find = [&](pg::Transaction& tx) -> absl::StatusOr<Found> {
    ASSIGN_OR_RETURN(std::optional<Recall> recall, recalls::Find(tx, ids.recall_id));
    ASSIGN_OR_RETURN(std::optional<Notice> notice, recalls::FindNotice(tx, ids.recall_id, ids.notice_id));
    if (!recall || !notice) return refusals::NoticeNotFound(name);
    ASSIGN_OR_RETURN(recalls::Lines lines, recalls::LinesOf(tx, {*notice}));
    Found found{*std::move(recall), *std::move(notice), {}};
    found.lines = std::move(lines[found.notice.id]);
    return found;
  };
  ASSIGN_OR_RETURN(Found found, context_.pool.Read(In(call), find));
  RETURN_IF_ERROR(CheckOwn(call, found.notice));
  return found;
}

// Showing ------------------------------------------------------------------------------------------------------------

absl::StatusOr<std::vector<pb::RecallNotice>> NoticesHandler::Describe(const rpc::Call& call,
                                                                       const std::vector<Notice>& notices,
                                                                       const std::map<std::string, Recall>& recalls,
                                                                       const recalls::Lines& lines) {
  const std::string& network = call.principal.network_id;
  std::set<std::string> lot_ids, place_ids, warehouse_ids;
  for (const auto& [notice, by_lot] : lines) {
    for (const auto& [lot, line] : by_lot) lot_ids.insert(lot);
  }
  for (const Notice& notice : notices) {
    if (notice.holder_kind == HolderKind::kGroup) {
      // Where a group's name is kept.
      place_ids.insert(GroupPlaceOf(call, notice));
    } else {
      warehouse_ids.insert(notice.holder_id);
    }
  }
  ASSIGN_OR_RETURN(const auto lots, context_.catalogue.Lots(network, lot_ids, call.deadline));
  ASSIGN_OR_RETURN(const auto places, context_.catalogue.Places(network, place_ids, call.deadline));
  ASSIGN_OR_RETURN(const auto warehouses, context_.catalogue.Warehouses(network, warehouse_ids, call.deadline));

  const View view(context_.catalogue, call);
  std::vector<pb::RecallNotice> shown;
  for (const Notice& notice : notices) {
    const Recall& recall = recalls.at(notice.recall_id);
    pb::RecallNotice& out = shown.emplace_back();
    out.set_name(absl::StrCat("recalls/", recall.id, "/notices/", notice.id));
    out.set_title(NoticeTitle(recall, call.principal.locale != "en"));
    out.set_message(recall.message);
    out.set_drill(recall.drill);
    out.set_recall_state(recall.state);
    out.set_holder(notice.holder());
    if (const auto place = places.find(GroupPlaceOf(call, notice)); place != places.end()) {
      out.set_holder_display_name(place->second.display_name);
    } else if (const auto warehouse = warehouses.find(notice.holder_id); warehouse != warehouses.end()) {
      out.set_holder_display_name(warehouse->second.display_name());
    }
    SetTime(notice.send_time, out.mutable_send_time());
    if (notice.remind_time) SetTime(*notice.remind_time, out.mutable_remind_time());
    out.set_reminders(notice.reminders);
    if (notice.acknowledge_time) SetTime(*notice.acknowledge_time, out.mutable_acknowledge_time());
    out.set_acknowledged_by(notice.acknowledged_by);
    if (notice.answer_time) SetTime(*notice.answer_time, out.mutable_answer_time());
    out.set_answered_by(notice.answered_by);
    out.set_answer_note(notice.answer_note);
    const auto own = lines.find(notice.id);
    if (own == lines.end()) continue;
    int64_t open = 0;
    for (const auto& [lot_id, line] : own->second) {
      const auto lot = lots.find(lot_id);
      if (lot == lots.end()) continue;
      pb::NoticeLine& one = *out.add_lines();
      *one.mutable_lot() = view.ToProto(lot->second);
      one.set_held_items(line.held);
      one.set_under_way_items(line.under_way);
      one.set_reserved_items(line.reserved);
      one.set_recovered_items(line.recovered);
      one.set_discarded_items(line.discarded);
      one.set_consumed_items(line.consumed());
      one.set_open_items(line.open());
      open += line.open();
    }
    out.set_open_items(open);
  }
  std::vector<pb::Lot*> each;
  for (pb::RecallNotice& notice : shown) {
    for (pb::NoticeLine& line : *notice.mutable_lines()) each.push_back(line.mutable_lot());
  }
  RETURN_IF_ERROR(view.TellRecalls(each));
  TellHolderContacts(context_, call, shown);
  return shown;
}

absl::StatusOr<pb::RecallNotice> NoticesHandler::DescribeNow(const rpc::Call& call, const std::string& name) {
  ASSIGN_OR_RETURN(const Found found, FindOwn(call, name));
  ASSIGN_OR_RETURN(std::vector<pb::RecallNotice> one,
                   Describe(call, {found.notice}, {{found.recall.id, found.recall}}, {{found.notice.id, found.lines}}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListRecallNoticesResponse> NoticesHandler::ListRecallNotices(
    const rpc::Call& call, const pb::ListRecallNoticesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("recalls", "recall", request.recall(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id, NewestFirst()));
  ASSIGN_OR_RETURN(const absl::Time before, TimeOfKey(page.key(0)));
  recalls::NoticeFilter filter{.recall_id = request.recall().empty() ? "" : IdOf(request.recall()),
                               .unacknowledged_only = request.unacknowledged_only(),
                               .open_only = request.open_only()};
  if (!call.scope.whole_network) filter.organisations = call.scope.organisation_ids;

  std::vector<Notice> notices;
  std::map<std::string, Recall> found;
  recalls::Lines lines;
  std::string next;
  const auto list = [&](pg::Transaction& tx) -> absl::Status {
    // Whoever got some of it since the recall began finds the notice here already.
    RETURN_IF_ERROR(recalls::TellHolders(tx, filter.recall_id, context_.clock.Now()));
    ASSIGN_OR_RETURN(notices, recalls::Notices(tx, filter, before, page.key(1), page.limit()));
    next = page.Cut(notices, [](const Notice& n) { return KeyOfTime(n.send_time, n.id); });
    found.clear();
    for (const Notice& notice : notices) {
      if (found.count(notice.recall_id) > 0) continue;
      ASSIGN_OR_RETURN(const std::optional<Recall> recall, recalls::Find(tx, notice.recall_id));
      if (recall) found[notice.recall_id] = *recall;
    }
    if (!filter.recall_id.empty() && notices.empty()) {
      ASSIGN_OR_RETURN(const std::optional<Recall> recall, recalls::Find(tx, filter.recall_id));
      if (!recall) return refusals::RecallNotFound(request.recall());
    }
    ASSIGN_OR_RETURN(lines, recalls::LinesOf(tx, notices));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(context_.pool.Transact(In(call), list));
  pb::ListRecallNoticesResponse response;
  response.set_next_page_token(next);
  ASSIGN_OR_RETURN(const std::vector<pb::RecallNotice> shown, Describe(call, notices, found, lines));
  response.mutable_notices()->Assign(shown.begin(), shown.end());
  return response;
}

// Answering ----------------------------------------------------------------------------------------------------------

absl::StatusOr<pb::RecallNotice> NoticesHandler::AcknowledgeNotice(const rpc::Call& call,
                                                                   const pb::AcknowledgeNoticeRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckName(request.name(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Found found, FindOwn(call, request.name()));
  const auto acknowledge = [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::RecallNotice>(
        tx, request.request_id(), "kubari.stock.v1.RecallsService/AcknowledgeNotice", request,
        [&](pg::Transaction& tx) -> absl::StatusOr<pb::RecallNotice> {
          if (!found.recall.open()) return refusals::RecallClosed(found.recall);
          RETURN_IF_ERROR(recalls::Acknowledge(tx, found.notice.id, call.principal.subject, context_.clock.Now()));
          pb::RecallNotice answer;
          answer.set_name(request.name());
          return answer;
        });
  };
  RETURN_IF_ERROR(context_.pool.Transact(In(call), acknowledge));
  return DescribeNow(call, request.name());
}

absl::StatusOr<NoticesHandler::Asked> NoticesHandler::ReadAnswer(const rpc::Call& call,
                                                                 const pb::AnswerNoticeRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckName(request.name(), violations);
  violations.Require(request.lines_size() >= 1 && request.lines_size() <= kMaxLines, "lines", "OUT_OF_RANGE",
                     "1 to 200 lines.", "明細は1〜200行です。");
  Asked asked;
  std::set<std::string> lot_ids;
  for (int i = 0; i < std::min(request.lines_size(), kMaxLines); ++i) {
    const std::string field = absl::StrCat("lines[", i, "]");
    const pb::NoticeAnswer& line = request.lines(i);
    violations.Name("lots", field + ".lot", line.lot());
    violations.Require(lot_ids.insert(IdOf(line.lot())).second, field + ".lot", "DUPLICATE", "Each lot is named once.",
                       "同じロットが2回あります。");
    violations.Range(field + ".discarded_items", line.discarded_items(), 0, kMaxItems);
    violations.Range(field + ".consumed_items", line.consumed_items(), 0, kMaxItems);
    violations.Require(line.discarded_items() != 0 || line.has_consumed_items(), field, "REQUIRED",
                       "Say how many were discarded or eaten.", "廃棄した数か、使用・配布済みの数を入力してください。");
    HolderAnswer& answer = asked.by_lot[IdOf(line.lot())];
    answer.discarded = line.discarded_items();
    if (line.has_consumed_items()) answer.consumed = line.consumed_items();
  }
  violations.Text("note", request.note(), 0, 500);
  asked.occurred = OccurredTime(request, context_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(asked.lots, context_.catalogue.Lots(call.principal.network_id, lot_ids, call.deadline));
  return asked;
}

absl::StatusOr<std::vector<Command>> NoticesHandler::Discards(const rpc::Call& call,
                                                              const pb::AnswerNoticeRequest& request,
                                                              const Found& found, const Asked& asked) {
  const std::string& network = call.principal.network_id;
  const bool group = found.notice.holder_kind == HolderKind::kGroup;
  std::vector<std::string> lot_ids;
  for (const auto& [lot, answer] : asked.by_lot) lot_ids.push_back(lot);
  // What could be taken from where.
  std::map<std::string, std::vector<std::pair<std::string, int64_t>>> places_of;
  if (group) {
    for (const auto& [lot, line] : found.lines) places_of[lot] = {{GroupPlaceOf(call, found.notice), line.held}};
  } else {
    const auto read = [&](pg::Transaction& tx) { return recalls::ShelvesOf(tx, found.notice.holder_id, lot_ids); };
    ASSIGN_OR_RETURN(places_of, context_.pool.Read(In(call), read));
  }
  // What an earlier try of this answer has booked already.
  Needs needs;
  std::set<std::string> place_ids;
  for (const std::string& lot : lot_ids) {
    for (const auto& [place, free] : places_of[lot]) {
      needs.requests.insert(DiscardRequest(request, lot, place));
      place_ids.insert(place);
    }
  }
  ASSIGN_OR_RETURN(State state, context_.ledger.Peek(network, needs, call.deadline));
  ASSIGN_OR_RETURN(const auto places, context_.catalogue.Places(network, place_ids, call.deadline));

  std::vector<Command> commands;
  for (const auto& [lot_id, answer] : asked.by_lot) {
    const auto line = found.lines.find(lot_id);
    const auto lot = asked.lots.find(lot_id);
    if (line == found.lines.end() || lot == asked.lots.end()) return refusals::LotNotFound(ids::Name("lots", lot_id));
    std::map<std::string, int64_t> booked;
    int64_t held = line->second.held;
    for (const auto& [place, free] : places_of[lot_id]) {
      const auto request_id = state.requests.find(DiscardRequest(request, lot_id, place));
      if (request_id == state.requests.end() || request_id->second.empty()) continue;
      booked[place] = request_id->second.front().items;
      held += booked[place];
    }
    RETURN_IF_ERROR(CheckAnswer(lot->second, answer, held, line->second.told));
    const auto takes = TakeFrom(places_of[lot_id], booked, answer.discarded);
    if (!takes) {
      const Place there{.display_name = found.notice.holder()};
      return refusals::InsufficientStock(lot->second, there, {line->second.held, line->second.reserved},
                                         answer.discarded);
    }
    for (const auto& [place, items] : *takes) {
      Command command =
          BeginCommand(context_, call, DiscardRequest(request, lot_id, place), request, asked.occurred, request.note());
      Discard discard{.lot = lot->second, .items = items, .reason = "RECALLED", .recall_id = found.recall.id};
      if (const auto from = places.find(place); from != places.end()) discard.from = from->second;
      ASSIGN_OR_RETURN(discard.waste, StandIn(context_, call, pb::PLACE_KIND_WASTE, "", "廃棄", command));
      command.action = std::move(discard);
      commands.push_back(std::move(command));
    }
  }
  return commands;
}

absl::StatusOr<pb::RecallNotice> NoticesHandler::AnswerNotice(const rpc::Call& call,
                                                              const pb::AnswerNoticeRequest& request) {
  constexpr char kMethod[] = "kubari.stock.v1.RecallsService/AnswerNotice";
  ASSIGN_OR_RETURN(const Asked asked, ReadAnswer(call, request));
  ASSIGN_OR_RETURN(const Found found, FindOwn(call, request.name()));
  const std::string hash = pg::RequestHash(request);
  const auto look = [&](pg::Transaction& tx) { return pg::FindAnswer(tx, request.request_id(), kMethod, hash); };
  ASSIGN_OR_RETURN(const std::optional<std::string> first, context_.pool.Transact(In(call), look));
  if (first) return DescribeNow(call, request.name());

  if (!found.recall.open()) return refusals::RecallClosed(found.recall);
  errors::Violations violations;
  for (int i = 0; i < request.lines_size(); ++i) {
    const std::string field = absl::StrCat("lines[", i, "]");
    violations.Require(!found.recall.drill || request.lines(i).discarded_items() == 0, field + ".discarded_items",
                       "DRILL", "This is an exercise: nothing is thrown away. Say in the note what you would do.",
                       "これは訓練です。実際には廃棄せず、対応内容をメモに書いてください。");
    violations.Require(found.notice.holder_kind == HolderKind::kGroup || !request.lines(i).has_consumed_items(),
                       field + ".consumed_items", "NOT_A_GROUP", "Only groups hand goods out to households.",
                       "使用・配布済みの数は団体だけが入力できます。");
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::vector<Command> commands, Discards(call, request, found, asked));
  // Each is in the ledger or not; what is not makes the answer fail, and the same answer sent again goes on from there.
  if (!commands.empty()) {
    for (const absl::StatusOr<Outcome>& outcome :
         context_.writer.SubmitAll(call.principal.network_id, commands, call.deadline)) {
      RETURN_IF_ERROR(outcome);
    }
  }
  const absl::Time now = context_.clock.Now();
  const auto record = [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::RecallNotice>(
        tx, request.request_id(), kMethod, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::RecallNotice> {
          const std::string& who = call.principal.subject;
          RETURN_IF_ERROR(recalls::AddAnswer(tx, found.notice.id, asked.by_lot, request.note(), who, now));
          // Who answers has read it.
          RETURN_IF_ERROR(recalls::Acknowledge(tx, found.notice.id, who, now));
          pb::RecallNotice answer;
          answer.set_name(request.name());
          return answer;
        });
  };
  RETURN_IF_ERROR(context_.pool.Transact(In(call), record));
  return DescribeNow(call, request.name());
}

}  // namespace kubari::stock
