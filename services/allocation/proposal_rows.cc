#include "services/allocation/proposal_rows.h"

#include "libs/errors/macros.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {

constexpr int kHistoryDays = 365;
constexpr int64_t kMostPairs = 100'000'000;

absl::Status AddPast(pg::Transaction& tx, absl::TimeZone zone, pb::Snapshot& snapshot) {
  ASSIGN_OR_RETURN(const auto past, ReadPast(tx, absl::FromCivil(HandOverDay(snapshot) - kHistoryDays, zone)));
  for (pb::SnapshotGroup& group : *snapshot.mutable_groups()) {
    const auto found = past.find(group.group().name());
    if (found == past.end()) continue;
    group.set_history_milli_person_days(found->second.milli_person_days);
    group.set_claimed_ambient_items(found->second.claimed_items[0]);
    group.set_claimed_chilled_items(found->second.claimed_items[1]);
    group.set_claimed_frozen_items(found->second.claimed_items[2]);
  }
  return absl::OkStatus();
}

absl::Status CheckPairs(int64_t lots, int64_t groups) {
  return lots * groups <= kMostPairs ? absl::OkStatus() : refusals::RunTooLarge(lots, groups, kMostPairs);
}

void Describe(const Solved& solved, const std::string& snapshot_hash, pb::Run& run) {
  run.set_policy_version(solved.snapshot.policy_version());
  *run.mutable_options() = solved.snapshot.options();
  run.set_snapshot_hash(snapshot_hash);
  run.set_result_hash(solved.proposal.result_hash);
  *run.mutable_summary() = solved.proposal.summary;
}

std::vector<LineRow> RowsOf(const Solved& solved, const RunRow& run) {
  std::vector<LineRow> rows;
  for (const ProposedLine& proposed : solved.proposal.lines) {
    const stock::v1::Lot& lot = solved.snapshot.stock(proposed.assignment.supply).lot();
    LineRow& row = rows.emplace_back(LineRow{.id = LineId(run.id, proposed.line),
                                             .run_id = run.id,
                                             .newest = run.newest(),
                                             .facts = proposed.line,
                                             .next_group = proposed.next_group,
                                             .min_lot_items = lot.min_lot_items(),
                                             .milli_person_days = lot.milli_person_days()});
    row.now = {.state = pb::LINE_STATE_PROPOSED, .items = proposed.line.items(), .reason = proposed.line.reason()};
    // They may change.
    row.facts.clear_items();
    row.facts.clear_reason();
  }
  return rows;
}

}  // namespace kubari::allocation
