#include "services/allocation/follow_up.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "libs/rpc/client.h"
#include "services/allocation/proposal_rows.h"

namespace kubari::allocation {
namespace {

constexpr size_t kMostTitle = 200;

using Stock = std::pair<std::string, std::string>;  // lot, place

// What is named and still free, and nothing else.
void KeepOnly(const std::map<Stock, int64_t>& items, pb::Snapshot& snapshot) {
  auto& stock = *snapshot.mutable_stock();
  for (int i = stock.size() - 1; i >= 0; --i) {
    const auto found = items.find({stock.Get(i).lot().name(), stock.Get(i).place().name()});
    if (found == items.end()) {
      stock.DeleteSubrange(i, 1);
    } else {
      stock.Mutable(i)->set_free_items(std::min(stock.Get(i).free_items(), found->second));
    }
  }
  snapshot.clear_expected();
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

std::string TitleOf(std::string_view before, const std::string& first) {
  std::string title =
      first.starts_with(before) ? first : absl::StrCat(absl::string_view(before.data(), before.size()), first);
  if (title.size() <= kMostTitle) return title;
  size_t end = kMostTitle;
  while (end > 0 && (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80) --end;  // not within a character
  return title.substr(0, end);
}

}  // namespace

absl::StatusOr<FollowUp> FollowUps::Propose(const std::string& network_id, const RunRow& first,
                                            const std::map<Stock, int64_t>& items, pb::RunOptions options,
                                            std::string_view title_before, absl::Time deadline) const {
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  FollowUp made;
  made.row.id = ids::NewV7(now);
  made.row.create_time = now;
  made.row.time_zone = first.time_zone;
  made.row.run.set_title(TitleOf(title_before, first.run.title()));
  // In the name of who published, with the service's own rights: nobody calls.
  const rpc::Outgoing outgoing{.deadline = deadline,
                               .token = service_key_,
                               .network = network_id,
                               .time_zone = first.time_zone,
                               .subject = first.publisher == auth::kServiceSubject ? "" : first.publisher,
                               .request_id = rpc::NewRequestId()};
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(first.time_zone));
  const std::string today = absl::FormatCivilTime(absl::ToCivilDay(now, zone));
  const std::vector<std::string> warehouses(first.run.warehouses().begin(), first.run.warehouses().end());
  absl::StatusOr<pb::Snapshot> read =
      reader_.Read(outgoing, std::max(first.run.hand_over_date(), today), warehouses, {});
  if (errors::ReasonOf(read.status()) == "NOTHING_TO_ALLOCATE") return made;
  RETURN_IF_ERROR(read);
  pb::Snapshot snapshot = *std::move(read);
  KeepOnly(items, snapshot);
  *snapshot.mutable_options() = std::move(options);
  DropUnknown(snapshot, *snapshot.mutable_options());
  Canonicalise(snapshot);
  RETURN_IF_ERROR(pool_.Read({.network_id = network_id, .deadline = deadline},
                             [&](pg::Transaction& tx) { return AddPast(tx, zone, snapshot); }));
  made.snapshot = CanonicalBytes(snapshot);
  ASSIGN_OR_RETURN(made.solved, Solve(made.snapshot));
  return made;
}

absl::Status FollowUps::Insert(pg::Transaction& tx, const RunRow& first, FollowUp& follow_up) const {
  RunRow& row = follow_up.row;
  // Half of the time that is left to answer, and the rest to fetch.
  const absl::Duration left = *first.pick_up_due_time - row.create_time;
  const absl::Duration answer = std::min<absl::Duration>(absl::Hours(first.answer_hours), left / 2);
  row.publish_time = row.create_time;
  row.answer_due_time = absl::FromUnixSeconds(absl::ToUnixSeconds(row.create_time + answer));
  row.pick_up_due_time = first.pick_up_due_time;
  row.answer_hours = static_cast<int>(std::max<int64_t>(1, answer / absl::Hours(1)));
  row.pick_up_hours = static_cast<int>(std::clamp<int64_t>((left - answer) / absl::Hours(1), 1, 720));
  row.publisher = first.publisher;
  pb::Run& run = row.run;
  run.set_name(ids::Name("runs", row.id));
  run.set_state(pb::RUN_STATE_PUBLISHING);
  run.set_policy(pb::POLICY_FAIR_SHARE);
  run.set_hand_over_date(follow_up.solved->snapshot.hand_over_date());
  *run.mutable_warehouses() = first.run.warehouses();
  run.set_creator(first.publisher);
  run.set_follow_up_of(first.run.name());
  Describe(*follow_up.solved, Sha256(follow_up.snapshot), run);
  std::vector<LineRow> rows = RowsOf(*follow_up.solved, row);
  RETURN_IF_ERROR(InsertRun(tx, row, follow_up.snapshot, follow_up.solved->proposal.judgement.Exclusions()));
  RETURN_IF_ERROR(InsertLines(tx, rows));
  for (LineRow& line : rows) {
    line.reservation_id = ReservationId(line.id);
    line.delivery_id = DeliveryId(row.id, line.facts);
  }
  return UpdateLines(tx, rows);
}

}  // namespace kubari::allocation
