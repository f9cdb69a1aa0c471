#include "services/allocation/handlers/runs.h"

#include <absl/time/clock.h>

#include <set>

#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/line_store.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

constexpr int kMaxDaysAhead = 60;
constexpr int kHistoryDays = 365;
constexpr int kAnswerHours = 48, kMaxAnswerHours = 14 * 24;
constexpr int kPickUpHours = 168, kMaxPickUpHours = 30 * 24;

// Today if empty; up to 60 days ahead.
absl::CivilDay HandOverDate(const std::string& text, absl::CivilDay today, errors::Violations& violations) {
  if (text.empty()) return today;
  if (const auto problem = calendar::Date::ProblemWith(text)) {
    violations.Add("hand_over_date", "NOT_A_DATE", problem->english, problem->japanese);
    return today;
  }
  const calendar::Date date = *calendar::Date::Parse(text);
  violations.Require(!date.month_precision(), "hand_over_date", "NOT_A_DAY", "Give a day such as 2027-03-31.",
                     "2027-03-31 のように日まで指定してください。");
  const absl::CivilDay day = date.LastGoodDay();
  const std::string first = absl::FormatCivilTime(today), last = absl::FormatCivilTime(today + kMaxDaysAhead);
  violations.Require(day >= today && day <= today + kMaxDaysAhead, "hand_over_date", "OUT_OF_RANGE",
                     absl::StrCat(text, " is not between today and 60 days ahead (", first, " to ", last, ")."),
                     absl::StrCat(text, " は今日から60日後まで（", first, "〜", last, "）の範囲にありません。"));
  return day;
}

LineRow RowOf(const ProposedLine& proposed, const pb::Snapshot& snapshot, const RunRow& run) {
  const stock::v1::Lot& lot = snapshot.stock(proposed.assignment.supply).lot();
  LineRow row{.id = LineId(run.id, proposed.line),
              .run_id = run.id,
              .newest = run.newest(),
              .facts = proposed.line,
              .next_group = proposed.next_group,
              .min_lot_items = lot.min_lot_items(),
              .milli_person_days = lot.milli_person_days()};
  row.now = {.state = pb::LINE_STATE_PROPOSED, .items = proposed.line.items()};
  row.facts.clear_items();  // it may change
  return row;
}

}  // namespace

absl::StatusOr<pb::Run> RunsHandler::CreateRun(const rpc::Call& call, const pb::CreateRunRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools_.clock));
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.run_id().empty()) violations.Uuid("run_id", request.run_id());
  violations.Text("title", request.title(), 1, 200);
  if (request.policy() != pb::POLICY_UNSPECIFIED) violations.Enum("policy", request.policy());
  violations.Range("answer_hours", request.answer_hours(), 0, kMaxAnswerHours);
  violations.Range("pick_up_hours", request.pick_up_hours(), 0, kMaxPickUpHours);
  violations.Range("warehouses", request.warehouses_size(), 0, 1'000);
  for (int i = 0; i < request.warehouses_size(); ++i)
    violations.Name("warehouses", absl::StrCat("warehouses[", i, "]"), request.warehouses(i));
  const absl::CivilDay day = HandOverDate(request.hand_over_date(), today, violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(std::optional<pb::Run> first, registry::FirstAnswer<pb::Run>(tools_.pool, call, request));
  if (first) return *std::move(first);

  const std::set<std::string> warehouses(request.warehouses().begin(), request.warehouses().end());
  ASSIGN_OR_RETURN(pb::Snapshot snapshot,
                   tools_.reader.Read(call, absl::FormatCivilTime(day), {warehouses.begin(), warehouses.end()}));
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(call.principal.time_zone));
  ASSIGN_OR_RETURN(const auto past, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return ReadPast(tx, absl::FromCivil(day - kHistoryDays, zone));
  }));
  for (pb::SnapshotGroup& group : *snapshot.mutable_groups()) {
    const auto found = past.find(group.group().name());
    if (found == past.end()) continue;
    group.set_history_milli_person_days(found->second.milli_person_days);
    group.set_claimed_ambient_items(found->second.claimed_items[0]);
    group.set_claimed_chilled_items(found->second.claimed_items[1]);
    group.set_claimed_frozen_items(found->second.claimed_items[2]);
  }
  const std::string bytes = CanonicalBytes(snapshot);
  const Proposal proposal = Propose(snapshot);

  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(tools_.clock.Now()));
  RunRow row{.id = request.run_id().empty() ? ids::NewV7(now) : request.run_id(),
             .answer_hours = request.answer_hours() == 0 ? kAnswerHours : request.answer_hours(),
             .pick_up_hours = request.pick_up_hours() == 0 ? kPickUpHours : request.pick_up_hours(),
             .create_time = now,
             .time_zone = call.principal.time_zone};
  pb::Run& run = row.run;
  run.set_name(ids::Name("runs", row.id));
  run.set_title(request.title());
  run.set_state(pb::RUN_STATE_PROPOSED);
  run.set_policy(pb::POLICY_FAIR_SHARE);
  run.set_policy_version(snapshot.policy_version());
  run.set_hand_over_date(snapshot.hand_over_date());
  for (const std::string& name : warehouses) run.add_warehouses(name);
  run.set_snapshot_hash(Sha256(bytes));
  run.set_result_hash(proposal.result_hash);
  *run.mutable_summary() = proposal.summary;
  *run.mutable_create_time() = registry::ToTimestamp(now);
  run.set_creator(call.principal.subject);
  run.set_etag(registry::EtagOf(row.version));
  std::vector<LineRow> lines;
  for (const ProposedLine& proposed : proposal.lines) lines.push_back(RowOf(proposed, snapshot, row));
  return registry::Mutate<pb::Run>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    RETURN_IF_ERROR(InsertRun(tx, row, bytes, proposal.judgement.exclusions));
    RETURN_IF_ERROR(InsertLines(tx, lines));
    return run;
  });
}

absl::StatusOr<pb::Run> RunsHandler::Read(const rpc::Call& call, const std::string& run_id) {
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    ASSIGN_OR_RETURN(RunRow row, FindRun(tx, run_id));
    return std::move(row.run);
  });
}

absl::StatusOr<pb::Run> RunsHandler::GetRun(const rpc::Call& call, const pb::GetRunRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  return Read(call, IdOf(request.name()));
}

absl::StatusOr<pb::ListRunsResponse> RunsHandler::ListRuns(const rpc::Call& call, const pb::ListRunsRequest& request) {
  static const std::string kFirst = absl::StrCat(std::numeric_limits<int64_t>::min());
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id,
                                                             {kFirst, "00000000-0000-0000-0000-000000000000"}));
  int64_t newest = 0;
  if (!absl::SimpleAtoi(page.key(0), &newest)) return paging::InvalidToken();
  ASSIGN_OR_RETURN(std::vector<RunRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return allocation::ListRuns(tx, newest, page.key(1), page.limit());
  }));
  pb::ListRunsResponse response;
  response.set_next_page_token(page.Cut(rows, [](const RunRow& row) {
    return std::vector{absl::StrCat(row.newest()), row.id};
  }));
  for (RunRow& row : rows) *response.add_runs() = std::move(row.run);
  return response;
}

absl::StatusOr<pb::Run> RunsHandler::PublishRun(const rpc::Call& call, const pb::PublishRunRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  RETURN_IF_ERROR(violations.status());
  const std::string run_id = IdOf(request.name());
  // Recorded as begun; a repeated request goes on from there and answers how far it is now.
  RETURN_IF_ERROR(
      registry::Mutate<pb::Run>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
        ASSIGN_OR_RETURN(RunRow run, FindRun(tx, run_id, /*lock=*/true));
        RETURN_IF_ERROR(registry::CheckEtag(request.name(), request.etag(), run.run.etag()));
        if (!Allows(run.run.state(), RunAction::kPublish)) return refusals::RunState(request.name(), run.run.state());
        if (run.run.state() == pb::RUN_STATE_PUBLISHING) return run.run;
        run.run.set_state(pb::RUN_STATE_PUBLISHING);
        run.publish_time = absl::FromUnixMicros(absl::ToUnixMicros(tools_.clock.Now()));
        run.answer_due_time = *run.publish_time + absl::Hours(run.answer_hours);
        run.pick_up_due_time = *run.answer_due_time + absl::Hours(run.pick_up_hours);
        run.publisher = call.principal.subject;
        run.time_zone = call.principal.time_zone;
        RETURN_IF_ERROR(UpdateRun(tx, run));
        ASSIGN_OR_RETURN(std::vector<LineRow> lines, LinesOfRun(tx, run_id, /*lock=*/true));
        std::erase_if(lines, [](const LineRow& line) { return line.now.state != pb::LINE_STATE_PROPOSED; });
        for (LineRow& line : lines) {
          line.reservation_id = ReservationId(line.id);
          line.delivery_id = DeliveryId(run_id, line.facts);
        }
        RETURN_IF_ERROR(UpdateLines(tx, lines));
        return run.run;
      }));
  // Another process may be at it too; then this one only waits.
  const absl::Time limit = call.deadline - absl::Seconds(2);
  for (;;) {
    const absl::Status published =
        tools_.publisher.Publish(call.principal.network_id, run_id, call.deadline, call.request_id);
    ASSIGN_OR_RETURN(pb::Run run, Read(call, run_id));
    // What is left is done in the background.
    if (run.state() != pb::RUN_STATE_PUBLISHING || !published.ok() || absl::Now() >= limit || call.cancelled())
      return run;
    absl::SleepFor(absl::Milliseconds(200));
  }
}

absl::StatusOr<pb::Run> RunsHandler::CancelRun(const rpc::Call& call, const pb::CancelRunRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  RETURN_IF_ERROR(violations.status());
  return registry::Mutate<pb::Run>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    ASSIGN_OR_RETURN(RunRow run, FindRun(tx, IdOf(request.name()), /*lock=*/true));
    RETURN_IF_ERROR(registry::CheckEtag(request.name(), request.etag(), run.run.etag()));
    if (!Allows(run.run.state(), RunAction::kCancel)) return refusals::RunState(request.name(), run.run.state());
    run.run.set_state(pb::RUN_STATE_CANCELLED);
    RETURN_IF_ERROR(UpdateRun(tx, run));
    return run.run;
  });
}

}  // namespace kubari::allocation
