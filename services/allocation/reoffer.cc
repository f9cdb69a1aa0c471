#include "services/allocation/reoffer.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "services/allocation/line_store.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

constexpr absl::Duration kBetween = absl::Hours(1);
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr char kTitle[] = "再案内 (again): ";

using Stock = std::pair<std::string, std::string>;  // lot, place

int64_t CameBack(const LineRow& line) {
  const bool all = line.now.state == pb::LINE_STATE_REFUSED || line.now.state == pb::LINE_STATE_EXPIRED;
  return line.given_back + (all ? line.now.items : 0);
}

// Those of the first run that still make sense: what was decided for its goods is done.
pb::RunOptions OptionsFor(const pb::RunOptions& first, const std::vector<LineRow>& lines) {
  pb::RunOptions options;
  options.set_tolerance_permille(first.tolerance_permille());
  options.set_urgent_days(first.urgent_days());
  options.set_offer_again(true);
  *options.mutable_left_out() = first.left_out();
  std::set<std::pair<std::string, std::string>> known;
  for (const pb::LeftOut& left_out : options.left_out()) known.emplace(left_out.lot(), left_out.group());
  for (const LineRow& line : lines) {
    if (!known.emplace(line.facts.lot(), line.facts.group()).second) continue;
    pb::LeftOut& left_out = *options.add_left_out();
    left_out.set_lot(line.facts.lot());
    left_out.set_group(line.facts.group());
    left_out.set_reason("先に案内済み (it was offered this before)");
  }
  return options;
}

}  // namespace

absl::Status Reoffer::OfferWhatCameBack() {
  std::vector<Unfinished> runs;
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(pool_.Read({.deadline = absl::Now() + kCallTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(runs, RunsToOfferAgain(tx, now + kShortestFollowUp, now - kBetween));
    return absl::OkStatus();
  }));
  for (const Unfinished& run : runs) {
    const absl::Status status = OfferAgain(run.network_id, run.id);
    if (status.ok()) continue;
    log::ScopedContext context({.request_id = "", .network_id = run.network_id});
    log::Warning("goods of a run could not be offered again; trying again",
                 {{"id", run.id}, {"code", absl::StatusCodeToString(status.code())}, {"detail", status.message()}});
  }
  return absl::OkStatus();
}

absl::Status Reoffer::OfferAgain(const std::string& network_id, const std::string& run_id) {
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + kCallTimeout};
  RunRow first;
  std::vector<LineRow> lines;
  RETURN_IF_ERROR(pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(first, FindRun(tx, run_id));
    ASSIGN_OR_RETURN(lines, LinesToOfferAgain(tx, run_id));
    return absl::OkStatus();
  }));
  if (lines.empty()) return absl::OkStatus();
  std::map<Stock, int64_t> back;
  for (const LineRow& line : lines) back[{line.facts.lot(), line.facts.place()}] += CameBack(line);

  ASSIGN_OR_RETURN(FollowUp again, follow_ups_.Propose(network_id, first, back, OptionsFor(first.run.options(), lines),
                                                       kTitle, context.deadline));
  const bool anybody = again.anybody();
  bool ours = false;
  RETURN_IF_ERROR(pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ours = false;
    ASSIGN_OR_RETURN(RunRow locked, FindRun(tx, run_id, /*lock=*/true));
    ASSIGN_OR_RETURN(std::vector<LineRow> still, LinesToOfferAgain(tx, run_id));
    // Another process was faster, or more came back meanwhile: next time.
    if (still.size() != lines.size() || locked.offered_again_time != first.offered_again_time) return absl::OkStatus();
    ours = true;
    locked.offered_again_time = again.row.create_time;
    RETURN_IF_ERROR(UpdateRun(tx, locked));
    for (LineRow& line : still) line.offered_again_in = anybody ? again.row.id : kNobodyCould;
    RETURN_IF_ERROR(UpdateLines(tx, still));
    return anybody ? follow_ups_.Insert(tx, first, again) : absl::OkStatus();
  }));
  if (!anybody || !ours) return absl::OkStatus();
  return publisher_.Publish(network_id, again.row.id, absl::Now() + absl::Minutes(1), /*trace_id=*/"");
}

}  // namespace kubari::allocation
