#include "services/allocation/handlers/lines.h"

#include <map>
#include <set>

#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

constexpr int64_t kMaxItems = 100'000'000;
constexpr int kMaxPickLines = 1'000;

// The line's id, of a name that was checked before.
std::string LineIdOf(const std::string& name) { return registry::ParseChildName("runs", "lines", name)->second; }

void CheckOptionalName(std::string_view collection, std::string_view field, const std::string& value,
                       errors::Violations& violations) {
  if (!value.empty()) violations.Name(collection, field, value);
}

std::optional<std::string> OptionalId(const std::string& name) {
  return name.empty() ? std::nullopt : std::optional(IdOf(name));
}

// The line, if the caller may know of it. A group knows its own lines only, and only those that were offered.
absl::StatusOr<LineRow> FindVisible(pg::Transaction& tx, const rpc::Call& call, const std::string& name) {
  ASSIGN_OR_RETURN(LineRow line, FindLine(tx, LineIdOf(name), /*lock=*/true));
  if (line.name() != name) return refusals::LineNotFound(name);
  if (call.scope.whole_network) return line;
  if (!call.scope.Includes(IdOf(line.facts.group()))) return auth::NotYourOrganisation(name);
  if (line.now.state == pb::LINE_STATE_PROPOSED || line.now.state == pb::LINE_STATE_DROPPED)
    return refusals::LineNotFound(name);
  return line;
}

// The summary with these lines.
pb::RunSummary SummaryOf(const Solved& solved, const std::vector<LineRow>& lines) {
  const Judgement& judgement = solved.proposal.judgement;
  std::vector<Assignment> assignments;
  for (const LineRow& line : lines) {
    if (line.now.state != pb::LINE_STATE_PROPOSED) continue;
    assignments.push_back({.supply = judgement.SupplyNamed(line.facts.lot(), line.facts.place()).value(),
                           .group = judgement.GroupNamed(line.facts.group()).value(),
                           .items = line.now.items});
  }
  return Summarise(solved.snapshot, solved.proposal, assignments);
}

// Why it was proposed as it was.
Sentence WhyProposed(const Solved& solved, const LineRow& line) {
  for (const ProposedLine& proposed : solved.proposal.lines) {
    const pb::Line& facts = proposed.line;
    if (facts.lot() == line.facts.lot() && facts.place() == line.facts.place() && facts.group() == line.facts.group())
      return {facts.explanation(), facts.explanation_ja()};
  }
  return {line.facts.explanation(), line.facts.explanation_ja()};
}

// A line by hand: its facts, with what spoke against it and did not forbid it.
LineRow NewLine(const Solved& solved, const RunRow& run, int supply, int group,
                const std::vector<eligibility::Reason>& soft) {
  LineRow row{.run_id = run.id,
              .newest = run.newest(),
              .facts = LineOf(solved.snapshot, solved.proposal.judgement, {.supply = supply, .group = group}),
              .min_lot_items = solved.snapshot.stock(supply).lot().min_lot_items(),
              .milli_person_days = solved.snapshot.stock(supply).lot().milli_person_days()};
  row.id = LineId(run.id, row.facts);
  std::string english = "Added by hand.", japanese = "手作業で追加されました。";
  for (const eligibility::Reason& reason : soft) {
    absl::StrAppend(&english, " ", reason.english);
    absl::StrAppend(&japanese, reason.japanese);
  }
  row.facts.set_explanation(english);
  row.facts.set_explanation_ja(japanese);
  return row;
}

}  // namespace

absl::StatusOr<pb::Line> LinesHandler::AdjustLine(const rpc::Call& call, const pb::AdjustLineRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "run", request.run());
  violations.Name("groups", "group", request.group());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  violations.Range("items", request.items(), 0, kMaxItems);
  violations.Text("reason", request.reason(), 1, 500);
  RETURN_IF_ERROR(violations.status());
  return registry::Mutate<pb::Line>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Line> {
    ASSIGN_OR_RETURN(RunRow run, FindRun(tx, IdOf(request.run()), /*lock=*/true));
    if (!Allows(run.run.state(), RunAction::kAdjust)) return refusals::RunState(request.run(), run.run.state());
    if (IsMarket(run.run.policy())) return refusals::RunPolicy(request.run(), run.run.policy());
    RETURN_IF_ERROR(CheckEngine(run.run.policy_version()));
    ASSIGN_OR_RETURN(const std::string bytes, ReadSnapshot(tx, run.id));
    ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, solved_.Of(run.run.snapshot_hash(), bytes));
    const Judgement& judgement = solved->proposal.judgement;
    ASSIGN_OR_RETURN(std::vector<LineRow> lines, LinesOfRun(tx, run.id, /*lock=*/true));
    const auto same_stock = [&](const LineRow& line) {
      return line.facts.lot() == request.lot() && line.facts.place() == request.place();
    };
    const auto existing = std::ranges::find_if(
        lines, [&](const LineRow& line) { return same_stock(line) && line.facts.group() == request.group(); });
    LineRow* changed = existing == lines.end() ? nullptr : &*existing;
    if (request.items() == 0) {
      if (changed == nullptr)
        return refusals::LineNotFound(absl::StrCat(request.group(), " ", request.lot(), " ", request.place()));
      changed->now.state = pb::LINE_STATE_DROPPED;
    } else {
      const std::optional<int> supply = judgement.SupplyNamed(request.lot(), request.place());
      const std::optional<int> group = judgement.GroupNamed(request.group());
      if (!group) return refusals::GroupNotSeen(request.group());
      if (!supply) return refusals::QuantityTooLarge(request.items(), 0);
      std::vector<eligibility::Reason> hard, soft;
      for (eligibility::Reason& reason : judgement.WhyNot(*supply, *group)) {
        (eligibility::IsHard(reason.code) ? hard : soft).push_back(std::move(reason));
      }
      if (!hard.empty()) {
        return refusals::GroupNotEligible(request.group(), solved->snapshot.groups(*group).group().display_name(),
                                          hard);
      }
      const Supply& facts = judgement.supplies()[*supply];
      int64_t free = facts.items;
      for (const LineRow& line : lines) {
        if (&line != changed && same_stock(line) && line.now.state == pb::LINE_STATE_PROPOSED) free -= line.now.items;
      }
      if (request.items() > free) return refusals::QuantityTooLarge(request.items(), free);
      if (request.items() % facts.items_per_case != 0 && request.items() != free) {
        return refusals::NotWholeCases(request.items(), facts.items_per_case, free);
      }
      // Behind a hub's door it is met together; PublishRun looks at what came of it.
      if (request.items() < facts.min_lot_items && !judgement.IsHub(judgement.DoorOf(*supply, *group)))
        return refusals::BelowMinimumLot(request.items(), facts.min_lot_items);
      if (changed == nullptr) {
        changed = &lines.emplace_back(NewLine(*solved, run, *supply, *group, soft));
        changed->version = 0;  // not there yet
      }
      changed->now.state = pb::LINE_STATE_PROPOSED;
    }
    changed->now.items = request.items();
    changed->now.reason = request.reason();
    if (changed->facts.proposed_items() > 0) {
      Sentence why = WhyProposed(*solved, *changed);
      if (request.items() != changed->facts.proposed_items())
        why = Append(std::move(why), ExplainByHand(request.items(), request.reason()));
      changed->facts.set_explanation(why.english);
      changed->facts.set_explanation_ja(why.japanese);
      RETURN_IF_ERROR(UpdateExplanation(tx, *changed));
    }
    *run.run.mutable_summary() = SummaryOf(*solved, lines);
    RETURN_IF_ERROR(UpdateRun(tx, run));
    if (changed->version == 0) {
      changed->version = 1;
      RETURN_IF_ERROR(InsertLines(tx, {*changed}));
    } else {
      RETURN_IF_ERROR(UpdateLine(tx, *changed));
    }
    return Shown(*changed, /*all_groups=*/true);
  });
}

absl::StatusOr<pb::ListLinesResponse> LinesHandler::ListLines(const rpc::Call& call,
                                                              const pb::ListLinesRequest& request) {
  errors::Violations violations;
  CheckOptionalName("runs", "run", request.run(), violations);
  CheckOptionalName("groups", "group", request.group(), violations);
  CheckOptionalName("lots", "lot", request.lot(), violations);
  CheckOptionalName("groups", "hub", request.hub(), violations);
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  const paging::Order order = paging::ReadOrder(request.order_by(),
                                                {"", "group", "group desc", "product", "product desc", "good_until",
                                                 "good_until desc", "items", "items desc", "state", "state desc"},
                                                violations);
  RETURN_IF_ERROR(violations.status());
  LineFilter filter{.run_id = OptionalId(request.run()),
                    .group_id = OptionalId(request.group()),
                    .lot_id = OptionalId(request.lot()),
                    .hub_id = OptionalId(request.hub())};
  for (const int state : request.states()) filter.states.push_back(state);
  if (!call.scope.whole_network) {
    if (filter.group_id && !filter.hub_id && !call.scope.Includes(*filter.group_id))
      return auth::NotYourOrganisation(request.group());
    if (filter.hub_id && !call.scope.Includes(*filter.hub_id)) return auth::NotYourOrganisation(request.hub());
    filter.own_groups = call.scope.organisation_ids;
  }
  const auto show = [&](const std::vector<LineRow>& rows, pb::ListLinesResponse response) {
    for (const LineRow& row : rows) {
      const bool own = call.scope.whole_network || call.scope.Includes(IdOf(row.facts.group()));
      *response.add_lines() = own ? Shown(row, call.scope.whole_network) : ShownToHub(row);
    }
    return response;
  };
  pb::ListLinesResponse response;
  if (!order.field.empty()) {
    ASSIGN_OR_RETURN(const paging::Page page,
                     paging::Page::Of(request, call.principal.network_id, {"0", "", paging::kFirstId}));
    OrderKey key{.text = page.key(1), .line_id = page.key(2)};
    if (!absl::SimpleAtoi(page.key(0), &key.number)) return paging::InvalidToken();
    ASSIGN_OR_RETURN(std::vector<LineRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
      return allocation::ListLines(tx, filter, order, request.page_token().empty() ? std::nullopt : std::optional(key),
                                   page.limit());
    }));
    response.set_next_page_token(page.Cut(rows, [&](const LineRow& row) {
      const OrderKey last = KeyOf(row, order);
      return std::vector{absl::StrCat(last.number), last.text, last.line_id};
    }));
    return show(rows, std::move(response));
  }
  constexpr char kNil[] = "00000000-0000-0000-0000-000000000000";
  static const std::string kFirst = absl::StrCat(std::numeric_limits<int64_t>::min());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {kFirst, kNil, "", kNil}));
  LineKey key{.run_id = page.key(1), .group_name = page.key(2), .line_id = page.key(3)};
  if (!absl::SimpleAtoi(page.key(0), &key.newest) || !ids::IsUuid(key.run_id)) return paging::InvalidToken();

  ASSIGN_OR_RETURN(std::vector<LineRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return allocation::ListLines(tx, filter, key, page.limit());
  }));
  response.set_next_page_token(page.Cut(rows, [](const LineRow& row) {
    return std::vector{absl::StrCat(row.newest), row.run_id, row.facts.group_display_name(), row.id};
  }));
  return show(rows, std::move(response));
}

absl::Status LinesHandler::Decide(const rpc::Call& call, const std::string& name, const std::string& request_id,
                                  std::optional<int64_t> items, const std::string& reason, LineRow& line) const {
  if (line.answer_request == request_id) return absl::OkStatus();  // decided before, perhaps settled meanwhile
  const LineAction action = items ? LineAction::kAccept : LineAction::kRefuse;
  const int64_t taken = !items ? 0 : *items == 0 ? line.now.items : *items;
  if (line.answer) {
    // The same answer, by somebody else at the same time: both settle it.
    return line.answer->items == taken ? absl::OkStatus()
                                       : refusals::BeingAnswered(name, line.now.state, line.answer->items);
  }
  if (!Allows(line.now.state, action)) return refusals::LineState(name, line.now.state);
  const absl::Time now = tools_.clock.Now();
  if (action == LineAction::kAccept) {
    if (line.answer_due_time && now > *line.answer_due_time) return refusals::AnsweredTooLate(name, line.now.state);
    const int64_t per_case = line.facts.items_per_case();
    if (taken > line.now.items) return refusals::QuantityTooLarge(taken, line.now.items);
    if (taken != line.now.items && taken % per_case != 0)
      return refusals::NotWholeCases(taken, per_case, line.now.items);
    if (taken != line.now.items && taken < line.min_lot_items)
      return refusals::BelowMinimumLot(taken, line.min_lot_items);
  }
  line.answer = Answer{.items = taken,
                       .rest = action == LineAction::kAccept ? line.now.items - taken : 0,
                       .reason = reason,
                       .subject = call.principal.subject,
                       .time = now};
  line.answer_request = request_id;
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<pb::Line> LinesHandler::AnswerLine(const rpc::Call& call, const Request& request,
                                                  std::optional<int64_t> items, const std::string& reason) {
  ASSIGN_OR_RETURN(std::optional<pb::Line> first, registry::FirstAnswer<pb::Line>(tools_.pool, call, request));
  if (first) return *std::move(first);
  RETURN_IF_ERROR(tools_.pool.Transact(TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(LineRow line, FindVisible(tx, call, request.name()));
    const bool had_answer = line.answer.has_value();
    RETURN_IF_ERROR(Decide(call, request.name(), request.request_id(), items, reason, line));
    return !had_answer && line.answer ? UpdateLine(tx, line) : absl::OkStatus();
  }));
  RETURN_IF_ERROR(
      tools_.publisher.Settle(call.principal.network_id, LineIdOf(request.name()), call.deadline, call.request_id));
  return registry::Mutate<pb::Line>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Line> {
    ASSIGN_OR_RETURN(const LineRow line, FindVisible(tx, call, request.name()));
    return Shown(line, call.scope.whole_network);
  });
}

absl::StatusOr<pb::Line> LinesHandler::AcceptLine(const rpc::Call& call, const pb::AcceptLineRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  registry::CheckChildName(violations, "runs", "lines", "name", request.name());
  violations.Range("items", request.items(), 0, kMaxItems);
  RETURN_IF_ERROR(violations.status());
  return AnswerLine(call, request, request.items(), "");
}

absl::StatusOr<pb::Line> LinesHandler::RefuseLine(const rpc::Call& call, const pb::RefuseLineRequest& request) {
  static const std::set<std::string> kReasons = {"NO_SPACE", "NO_USE", "CANNOT_FETCH", "TOO_SHORT_DATE", "OTHER"};
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  registry::CheckChildName(violations, "runs", "lines", "name", request.name());
  violations.Require(
      kReasons.contains(request.reason()), "reason", request.reason().empty() ? "REQUIRED" : "UNKNOWN_VALUE",
      absl::StrCat("\"", request.reason(), "\" is not one of NO_SPACE, NO_USE, CANNOT_FETCH, TOO_SHORT_DATE, OTHER."),
      absl::StrCat("「", request.reason(),
                   "」ではなく、NO_SPACE、NO_USE、CANNOT_FETCH、TOO_SHORT_DATE、OTHER のどれかを指定してください。"));
  violations.Text("note", request.note(), 0, 400);
  RETURN_IF_ERROR(violations.status());
  return AnswerLine(call, request, std::nullopt,
                    request.note().empty() ? request.reason() : absl::StrCat(request.reason(), ": ", request.note()));
}

absl::StatusOr<pb::GetPickListResponse> LinesHandler::GetPickList(const rpc::Call& call,
                                                                  const pb::GetPickListRequest& request) {
  errors::Violations violations;
  violations.Name("warehouses", "warehouse", request.warehouse());
  CheckOptionalName("deliveries", "delivery", request.delivery(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::vector<LineRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return LinesToPick(tx, IdOf(request.warehouse()), OptionalId(request.delivery()), kMaxPickLines);
  }));
  pb::GetPickListResponse response;
  for (const LineRow& row : rows) {
    const pb::Line line = Shown(row, call.scope.whole_network);
    if (response.deliveries().empty() || response.deliveries().rbegin()->delivery() != line.delivery()) {
      pb::PickDelivery& delivery = *response.add_deliveries();
      delivery.set_delivery(line.delivery());
      delivery.set_group(ReceiverOf(line));
      delivery.set_group_display_name(line.hub().empty() ? line.group_display_name() : line.hub_display_name());
      *delivery.mutable_pick_up_due_time() = line.pick_up_due_time();
    }
    *response.mutable_deliveries()->rbegin()->add_lines() = line;
  }
  return response;
}

}  // namespace kubari::allocation
