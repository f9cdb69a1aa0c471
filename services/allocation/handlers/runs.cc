#include "services/allocation/handlers/runs.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/line_store.h"
#include "services/allocation/market_notices.h"
#include "services/allocation/options.h"
#include "services/allocation/proposal_rows.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"
#include "services/allocation/share_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

constexpr int kMaxDaysAhead = 60;
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

// The snapshot with other options, solved. They must fit what it sees.
absl::StatusOr<std::shared_ptr<const Solved>> SolveWith(pb::Snapshot snapshot, const pb::RunOptions& options,
                                                        SolvedCache& cache) {
  *snapshot.mutable_options() = options;
  Canonicalise(snapshot);
  RETURN_IF_ERROR(CheckOptionsFit(options, snapshot, Judgement(snapshot)));
  const std::string bytes = CanonicalBytes(snapshot);
  return cache.Of(Sha256(bytes), bytes);
}

// What comes to a hub is at least the lot's smallest quantity, also after changes by hand.
absl::Status CheckHubs(const std::vector<LineRow>& lines) {
  struct Delivery {
    int64_t items = 0;
    const LineRow* by_hub = nullptr;  // one of its lines
  };
  std::map<std::tuple<std::string, std::string, std::string>, Delivery> deliveries;  // receiver, lot, place
  for (const LineRow& line : lines) {
    Delivery& delivery = deliveries[{ReceiverOf(line.facts), line.facts.lot(), line.facts.place()}];
    delivery.items += line.now.items;
    if (!line.facts.hub().empty()) delivery.by_hub = &line;
  }
  for (const auto& [key, delivery] : deliveries) {
    if (delivery.by_hub != nullptr && delivery.items < delivery.by_hub->min_lot_items)
      return refusals::BelowMinimumAtHub(delivery.by_hub->facts, delivery.items, delivery.by_hub->min_lot_items);
  }
  return absl::OkStatus();
}

struct Share {
  int64_t items = 0;
  int64_t food = 0;  // milli-person-days
};
using Shares = std::map<std::tuple<std::string, std::string, std::string>, int64_t>;  // group, lot, place → items

std::vector<pb::GroupDifference> DifferencesOf(const Solved& solved, const Shares& before, const Shares& after) {
  const Judgement& judgement = solved.proposal.judgement;
  const auto sums = [&](const Shares& shares) {
    std::vector<Share> sums(judgement.demands().size());
    for (const auto& [key, items] : shares) {
      Share& share = sums[*judgement.GroupNamed(std::get<0>(key))];
      share.items += items;
      share.food += items * judgement.supplies()[*judgement.SupplyNamed(std::get<1>(key), std::get<2>(key))].value;
    }
    return sums;
  };
  const std::vector<Share> was = sums(before), is = sums(after);
  std::vector<pb::GroupDifference> differences;
  for (size_t group = 0; group < was.size(); ++group) {
    if (was[group].items == is[group].items && was[group].food == is[group].food) continue;
    const Demand& demand = judgement.demands()[group];
    pb::GroupDifference& difference = differences.emplace_back();
    difference.set_group(solved.snapshot.groups(static_cast<int>(group)).group().name());
    difference.set_group_display_name(solved.snapshot.groups(static_cast<int>(group)).group().display_name());
    difference.set_items_before(was[group].items);
    difference.set_items_after(is[group].items);
    difference.set_level_before(ShownLevel({demand.history + was[group].food, demand.weight}));
    difference.set_level_after(ShownLevel({demand.history + is[group].food, demand.weight}));
  }
  const auto gain = [](const pb::GroupDifference& d) { return d.level_after() - d.level_before(); };
  std::stable_sort(differences.begin(), differences.end(),
                   [&](const auto& a, const auto& b) { return gain(a) < gain(b); });
  return differences;
}

Shares SharesOf(const Proposal& proposal) {
  Shares shares;
  for (const ProposedLine& line : proposal.lines)
    shares[{line.line.group(), line.line.lot(), line.line.place()}] = line.line.items();
  return shares;
}
Shares SharesOf(const std::vector<LineRow>& lines) {
  Shares shares;
  for (const LineRow& line : lines) {
    // What a group claimed and took back is not its share.
    const bool taken_back =
        line.facts.claim_number() > 0 && (line.now.state == pb::LINE_STATE_REFUSED || line.claim_ended > 0);
    if (line.now.state != pb::LINE_STATE_DROPPED && !taken_back)
      shares[{line.facts.group(), line.facts.lot(), line.facts.place()}] += line.now.items;
  }
  return shares;
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
  CheckOptions(request.options(), violations);
  CheckOptionsOf(request.policy(), request.options(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(std::optional<pb::Run> first, registry::FirstAnswer<pb::Run>(tools_.pool, call, request));
  if (first) return *std::move(first);

  const std::set<std::string> warehouses(request.warehouses().begin(), request.warehouses().end());
  ASSIGN_OR_RETURN(pb::Snapshot snapshot,
                   tools_.reader.Read(rpc::OnBehalfOf(call), absl::FormatCivilTime(day),
                                      {warehouses.begin(), warehouses.end()}, request.options()));
  if (IsMarket(request.policy())) snapshot.set_policy(request.policy());
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(call.principal.time_zone));
  RETURN_IF_ERROR(tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) { return AddPast(tx, zone, snapshot); }));
  RETURN_IF_ERROR(CheckPairs(snapshot.stock_size(), snapshot.groups_size()));
  RETURN_IF_ERROR(CheckOptionsFit(request.options(), snapshot, Judgement(snapshot)));
  const std::string bytes = CanonicalBytes(snapshot);
  ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, solved_.Of(Sha256(bytes), bytes));

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
  run.set_policy(IsMarket(request.policy()) ? request.policy() : pb::POLICY_FAIR_SHARE);
  run.set_hand_over_date(snapshot.hand_over_date());
  for (const std::string& name : warehouses) run.add_warehouses(name);
  Describe(*solved, Sha256(bytes), run);
  *run.mutable_create_time() = registry::ToTimestamp(now);
  run.set_creator(call.principal.subject);
  run.set_etag(registry::EtagOf(row.version));
  const std::vector<LineRow> lines = RowsOf(*solved, row);
  return registry::Mutate<pb::Run>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    RETURN_IF_ERROR(InsertRun(tx, row, bytes, solved->proposal.judgement.Exclusions()));
    RETURN_IF_ERROR(InsertLines(tx, lines));
    return run;
  });
}

absl::StatusOr<pb::TryOptionsResponse> RunsHandler::TryOptions(const rpc::Call& call,
                                                               const pb::TryOptionsRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  CheckOptions(request.options(), violations);
  RETURN_IF_ERROR(violations.status());
  RunRow run;
  std::string bytes;
  std::vector<LineRow> lines;
  RETURN_IF_ERROR(tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(run, FindRun(tx, IdOf(request.run())));
    ASSIGN_OR_RETURN(bytes, ReadSnapshot(tx, run.id));
    ASSIGN_OR_RETURN(lines, LinesOfRun(tx, run.id));
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(CheckEngine(run.run.policy_version()));
  pb::RunOptions options = request.options();
  pb::Snapshot snapshot;
  if (!snapshot.ParseFromString(bytes)) return absl::InternalError("snapshots.snapshot does not parse");
  if (IsMarket(snapshot.policy())) {
    // What would fair share have done?
    snapshot.clear_policy();
    snapshot.clear_market();
    options.clear_claim_allowance_permille();
    options.clear_lowest_prices();
  } else if (request.keep_adjustments()) {
    KeepAdjustments(lines, options);
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, SolveWith(std::move(snapshot), options, solved_));
  pb::TryOptionsResponse response;
  *response.mutable_before() = run.run.summary();
  *response.mutable_after() = solved->proposal.summary;
  const Shares before = SharesOf(lines), after = SharesOf(solved->proposal);
  for (pb::GroupDifference& difference : DifferencesOf(*solved, before, after))
    *response.add_groups() = std::move(difference);
  int changed = 0;
  for (const auto& [key, items] : before) changed += !after.contains(key) || after.at(key) != items;
  for (const auto& [key, items] : after) changed += !before.contains(key);
  response.set_changed_lines(changed);
  return response;
}

absl::StatusOr<pb::Run> RunsHandler::ReviseRun(const rpc::Call& call, const pb::ReviseRunRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  CheckOptions(request.options(), violations);
  RETURN_IF_ERROR(violations.status());
  return registry::Mutate<pb::Run>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    ASSIGN_OR_RETURN(RunRow run, FindRun(tx, IdOf(request.name()), /*lock=*/true));
    RETURN_IF_ERROR(registry::CheckEtag(request.name(), request.etag(), run.run.etag()));
    if (!Allows(run.run.state(), RunAction::kAdjust)) return refusals::RunState(request.name(), run.run.state());
    RETURN_IF_ERROR(CheckEngine(run.run.policy_version()));
    errors::Violations unfit;
    CheckOptionsOf(run.run.policy(), request.options(), unfit);
    RETURN_IF_ERROR(unfit.status());
    ASSIGN_OR_RETURN(const std::string bytes, ReadSnapshot(tx, run.id));
    ASSIGN_OR_RETURN(const std::vector<LineRow> lines, LinesOfRun(tx, run.id, /*lock=*/true));
    pb::RunOptions options = request.options();
    if (request.keep_adjustments()) KeepAdjustments(lines, options);
    pb::Snapshot snapshot;
    if (!snapshot.ParseFromString(bytes)) return absl::InternalError("snapshots.snapshot does not parse");
    ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, SolveWith(std::move(snapshot), options, solved_));
    const std::string revised = CanonicalBytes(solved->snapshot);
    ++run.revision;
    Describe(*solved, Sha256(revised), run.run);
    RETURN_IF_ERROR(InsertSnapshot(tx, run.id, run.revision, revised));
    RETURN_IF_ERROR(UpdateRun(tx, run));
    RETURN_IF_ERROR(DeleteLines(tx, run.id));
    RETURN_IF_ERROR(InsertLines(tx, RowsOf(*solved, run)));
    return run.run;
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
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::Run> {
    ASSIGN_OR_RETURN(RunRow row, FindRun(tx, IdOf(request.name())));
    if (row.run.state() != pb::RUN_STATE_PUBLISHED) return std::move(row.run);
    ASSIGN_OR_RETURN(std::vector<pb::ShortDelivery> short_ones, ShortDeliveries(tx, row.id));
    for (pb::ShortDelivery& one : short_ones) *row.run.add_short_deliveries() = std::move(one);
    return std::move(row.run);
  });
}

absl::StatusOr<pb::ListRunsResponse> RunsHandler::ListRuns(const rpc::Call& call, const pb::ListRunsRequest& request) {
  static const std::string kFirst = absl::StrCat(std::numeric_limits<int64_t>::min());
  errors::Violations violations;
  RunFilter filter;
  if (!request.follow_up_of().empty()) {
    violations.Name("runs", "follow_up_of", request.follow_up_of());
    filter.follow_up_of = IdOf(request.follow_up_of());
  }
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  filter.states.assign(request.states().begin(), request.states().end());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id,
                                                             {kFirst, "00000000-0000-0000-0000-000000000000"}));
  int64_t newest = 0;
  if (!absl::SimpleAtoi(page.key(0), &newest)) return paging::InvalidToken();
  ASSIGN_OR_RETURN(std::vector<RunRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return allocation::ListRuns(tx, filter, newest, page.key(1), page.limit());
  }));
  pb::ListRunsResponse response;
  response.set_next_page_token(page.Cut(rows, [](const RunRow& row) {
    return std::vector{absl::StrCat(row.newest()), row.id};
  }));
  for (RunRow& row : rows) *response.add_runs() = std::move(row.run);
  return response;
}

absl::StatusOr<pb::Run> RunsHandler::OpenRound(pg::Transaction& tx, RunRow& run) {
  RETURN_IF_ERROR(CheckEngine(run.run.policy_version()));
  run.market = MarketPhase::kOpen;
  RETURN_IF_ERROR(UpdateRun(tx, run));
  TellGroups(tx, run);
  if (run.run.policy() != pb::POLICY_BIDS) return run.run;
  // Everybody who can bid has something to bid with.
  ASSIGN_OR_RETURN(const std::string bytes, ReadSnapshot(tx, run.id));
  pb::Snapshot snapshot;
  if (!snapshot.ParseFromString(bytes)) return absl::InternalError("snapshots.snapshot does not parse");
  RETURN_IF_ERROR(EnsureAccounts(tx, run.time_zone, MembersOf(snapshot, Judgement(snapshot)), *run.publish_time,
                                 /*others_leave=*/false));
  return run.run;
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
        const bool market = IsMarket(run.run.policy());
        run.run.set_state(market ? pb::RUN_STATE_PUBLISHED : pb::RUN_STATE_PUBLISHING);
        run.publish_time = absl::FromUnixMicros(absl::ToUnixMicros(tools_.clock.Now()));
        run.answer_due_time = *run.publish_time + absl::Hours(run.answer_hours);
        run.pick_up_due_time = *run.answer_due_time + absl::Hours(run.pick_up_hours);
        run.publisher = call.principal.subject;
        run.time_zone = call.principal.time_zone;
        if (market) return OpenRound(tx, run);
        RETURN_IF_ERROR(UpdateRun(tx, run));
        ASSIGN_OR_RETURN(std::vector<LineRow> lines, LinesOfRun(tx, run_id, /*lock=*/true));
        std::erase_if(lines, [](const LineRow& line) { return line.now.state != pb::LINE_STATE_PROPOSED; });
        RETURN_IF_ERROR(CheckHubs(lines));
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
