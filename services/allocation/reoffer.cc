#include "services/allocation/reoffer.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/registry/mutation.h"
#include "libs/rpc/client.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/proposal_rows.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

constexpr absl::Duration kBetween = absl::Hours(1);
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
// With less time than this until the goods must be picked up, nobody could answer any more.
constexpr absl::Duration kShortest = absl::Hours(2);
constexpr char kTitle[] = "再案内 (again): ";
constexpr size_t kMostTitle = 200;

using Stock = std::pair<std::string, std::string>;  // lot, place

int64_t CameBack(const LineRow& line) {
  const bool all = line.now.state == pb::LINE_STATE_REFUSED || line.now.state == pb::LINE_STATE_EXPIRED;
  return line.given_back + (all ? line.now.items : 0);
}

// What came back and is still free, and nothing else.
void KeepWhatCameBack(const std::map<Stock, int64_t>& back, pb::Snapshot& snapshot) {
  auto& stock = *snapshot.mutable_stock();
  for (int i = stock.size() - 1; i >= 0; --i) {
    const auto found = back.find({stock.Get(i).lot().name(), stock.Get(i).place().name()});
    if (found == back.end()) {
      stock.DeleteSubrange(i, 1);
    } else {
      stock.Mutable(i)->set_free_items(std::min(stock.Get(i).free_items(), found->second));
    }
  }
  snapshot.clear_expected();
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

// Groups and lots may be gone by now.
void DropUnknown(const pb::Snapshot& snapshot, pb::RunOptions& options) {
  std::set<std::string> groups, lots;
  for (const pb::SnapshotGroup& seen : snapshot.groups()) groups.insert(seen.group().name());
  for (const pb::SnapshotStock& stock : snapshot.stock()) lots.insert(stock.lot().name());
  auto& all = *options.mutable_left_out();
  for (int i = all.size() - 1; i >= 0; --i) {
    const bool unknown = (!all.Get(i).group().empty() && !groups.contains(all.Get(i).group())) ||
                         (!all.Get(i).lot().empty() && !lots.contains(all.Get(i).lot()));
    if (unknown) all.DeleteSubrange(i, 1);
  }
}

std::string TitleOf(const std::string& first) {
  std::string title = first.starts_with(kTitle) ? first : absl::StrCat(kTitle, first);
  if (title.size() <= kMostTitle) return title;
  size_t end = kMostTitle;
  while (end > 0 && (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80) --end;  // not within a character
  return title.substr(0, end);
}

}  // namespace

absl::Status Reoffer::OfferWhatCameBack() {
  std::vector<Unfinished> runs;
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(pool_.Read({.deadline = absl::Now() + kCallTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(runs, RunsToOfferAgain(tx, now + kShortest, now - kBetween));
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

  // In the name of who published, with the service's own rights: nobody calls.
  const rpc::Outgoing outgoing{.deadline = context.deadline,
                               .token = service_key_,
                               .network = network_id,
                               .time_zone = first.time_zone,
                               .subject = first.publisher == auth::kServiceSubject ? "" : first.publisher,
                               .request_id = rpc::NewRequestId()};
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(first.time_zone));
  const std::string today = absl::FormatCivilTime(absl::ToCivilDay(clock_.Now(), zone));
  const std::vector<std::string> warehouses(first.run.warehouses().begin(), first.run.warehouses().end());
  absl::StatusOr<pb::Snapshot> read =
      reader_.Read(outgoing, std::max(first.run.hand_over_date(), today), warehouses, {});
  if (!read.ok() && errors::ReasonOf(read.status()) != "NOTHING_TO_ALLOCATE") return read.status();
  std::shared_ptr<const Solved> solved;
  std::string bytes;
  if (read.ok()) {
    pb::Snapshot snapshot = *std::move(read);
    KeepWhatCameBack(back, snapshot);
    *snapshot.mutable_options() = OptionsFor(first.run.options(), lines);
    DropUnknown(snapshot, *snapshot.mutable_options());
    Canonicalise(snapshot);
    RETURN_IF_ERROR(pool_.Read(context, [&](pg::Transaction& tx) { return AddPast(tx, zone, snapshot); }));
    bytes = CanonicalBytes(snapshot);
    ASSIGN_OR_RETURN(solved, Solve(bytes));
  }

  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  RunRow row{.id = ids::NewV7(now), .create_time = now, .time_zone = first.time_zone};
  const bool anybody = solved != nullptr && !solved->proposal.lines.empty();
  RETURN_IF_ERROR(pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(RunRow locked, FindRun(tx, run_id, /*lock=*/true));
    ASSIGN_OR_RETURN(std::vector<LineRow> still, LinesToOfferAgain(tx, run_id));
    // Another process was faster, or more came back meanwhile: next time.
    if (still.size() != lines.size() || locked.offered_again_time != first.offered_again_time) {
      row.id.clear();
      return absl::OkStatus();
    }
    locked.offered_again_time = now;
    RETURN_IF_ERROR(UpdateRun(tx, locked));
    for (LineRow& line : still) line.offered_again_in = anybody ? row.id : kNobodyCould;
    RETURN_IF_ERROR(UpdateLines(tx, still));
    if (!anybody) return absl::OkStatus();
    // Half of the time that is left to answer, and the rest to fetch.
    const absl::Duration left = *first.pick_up_due_time - now;
    const absl::Duration answer = std::min<absl::Duration>(absl::Hours(first.answer_hours), left / 2);
    row.publish_time = now;
    row.answer_due_time = absl::FromUnixSeconds(absl::ToUnixSeconds(now + answer));
    row.pick_up_due_time = first.pick_up_due_time;
    row.answer_hours = static_cast<int>(std::max<int64_t>(1, answer / absl::Hours(1)));
    row.pick_up_hours = static_cast<int>(std::clamp<int64_t>((left - answer) / absl::Hours(1), 1, 720));
    row.publisher = first.publisher;
    pb::Run& run = row.run;
    run.set_name(ids::Name("runs", row.id));
    run.set_title(TitleOf(first.run.title()));
    run.set_state(pb::RUN_STATE_PUBLISHING);
    run.set_policy(pb::POLICY_FAIR_SHARE);
    run.set_hand_over_date(solved->snapshot.hand_over_date());
    *run.mutable_warehouses() = first.run.warehouses();
    run.set_creator(first.publisher);
    run.set_follow_up_of(first.run.name());
    Describe(*solved, Sha256(bytes), run);
    std::vector<LineRow> rows = RowsOf(*solved, row);
    RETURN_IF_ERROR(InsertRun(tx, row, bytes, solved->proposal.judgement.Exclusions()));
    RETURN_IF_ERROR(InsertLines(tx, rows));
    for (LineRow& line : rows) {
      line.reservation_id = ReservationId(line.id);
      line.delivery_id = DeliveryId(row.id, line.facts);
    }
    return UpdateLines(tx, rows);
  }));
  if (!anybody || row.id.empty()) return absl::OkStatus();
  return publisher_.Publish(network_id, row.id, absl::Now() + absl::Minutes(1), outgoing.request_id);
}

}  // namespace kubari::allocation
