#include "services/allocation/handlers/reasons.h"

#include <limits>

#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/paging/paging.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/group_story.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/line_store.h"
#include "services/allocation/refusals.h"
#include "services/allocation/run_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

struct Stored {
  RunRow run;
  std::string snapshot;
  std::vector<std::vector<uint32_t>> exclusions;
};

// `run`: empty for the one published last.
absl::StatusOr<Stored> ReadStored(pg::Pool& pool, const rpc::Call& call, const std::string& run, bool with_exclusions) {
  return pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<Stored> {
    Stored stored;
    ASSIGN_OR_RETURN(stored.run, run.empty() ? LastPublishedRun(tx) : FindRun(tx, IdOf(run)));
    // A group learns of a run when it is published.
    const bool published =
        stored.run.run.state() == pb::RUN_STATE_PUBLISHING || stored.run.run.state() == pb::RUN_STATE_PUBLISHED;
    if (!call.scope.whole_network && !published) return refusals::RunNotFound(run);
    ASSIGN_OR_RETURN(stored.snapshot, ReadSnapshot(tx, stored.run.id));
    if (with_exclusions) {
      ASSIGN_OR_RETURN(stored.exclusions, ReadExclusions(tx, stored.run.id));
    }
    return stored;
  });
}

// The recorded codes in words. A code that the rules of today would not give any more keeps its name alone.
pb::Exclusion Describe(const pb::Snapshot& snapshot, const Judgement& judgement, int lot, int group, uint32_t bits) {
  // Distance may differ from place to place; the nearest one counts.
  int nearest = judgement.supplies_of_lot()[lot].front();
  for (const int supply : judgement.supplies_of_lot()[lot]) {
    const int64_t metres = judgement.Metres(supply, group), least = judgement.Metres(nearest, group);
    if (metres >= 0 && (least < 0 || metres < least)) nearest = supply;
  }
  const std::vector<eligibility::Reason> reasons = judgement.WhyNot(nearest, group);
  pb::Exclusion exclusion;
  exclusion.set_group(snapshot.groups(group).group().name());
  exclusion.set_group_display_name(snapshot.groups(group).group().display_name());
  exclusion.set_lot(snapshot.stock(nearest).lot().name());
  exclusion.set_product_display_name(snapshot.stock(nearest).lot().product_display_name());
  for (int code = 0; code < eligibility::kCodes; ++code) {
    if ((bits >> code & 1) == 0) continue;
    const auto words =
        std::ranges::find_if(reasons, [&](const auto& reason) { return static_cast<int>(reason.code) == code; });
    pb::ExclusionReason& reason = *exclusion.add_reasons();
    reason.set_code(std::string(eligibility::CodeName(static_cast<eligibility::Code>(code))));
    reason.set_message(words == reasons.end() ? reason.code() : words->english);
    reason.set_message_ja(words == reasons.end() ? reason.code() : words->japanese);
  }
  if (const auto by_hub = judgement.WhyNotByHub(nearest, group); by_hub && exclusion.reasons_size() > 0) {
    pb::ExclusionReason& last = *exclusion.mutable_reasons()->rbegin();
    last.set_message(absl::StrCat(last.message(), " ", by_hub->english));
    last.set_message_ja(last.message_ja() + by_hub->japanese);
  }
  if (const std::string* left_out = judgement.LeftOut(nearest, group)) {
    pb::ExclusionReason& reason = *exclusion.add_reasons();
    reason.set_code("LEFT_OUT");
    reason.set_message(absl::StrCat("A coordinator left it out of this run: ", *left_out));
    reason.set_message_ja(absl::StrCat("コーディネーターがこの配分から外しました：", *left_out));
  }
  return exclusion;
}

}  // namespace

absl::StatusOr<pb::ListExclusionsResponse> ReasonsHandler::ListExclusions(const rpc::Call& call,
                                                                          const pb::ListExclusionsRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  if (!request.group().empty()) violations.Name("groups", "group", request.group());
  if (!request.lot().empty()) violations.Name("lots", "lot", request.lot());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  int first_lot = 0, first_group = 0;  // the page begins here
  if (!key.empty() && (key.size() != 2 || !absl::SimpleAtoi(key[0], &first_lot) ||
                       !absl::SimpleAtoi(key[1], &first_group) || first_lot < 0 || first_group < 0)) {
    return paging::InvalidToken();
  }
  if (!request.group().empty() && !call.scope.whole_network && !call.scope.Includes(IdOf(request.group()))) {
    return auth::NotYourOrganisation(request.group());
  }
  ASSIGN_OR_RETURN(const Stored stored, ReadStored(tools_.pool, call, request.run(), /*with_exclusions=*/true));
  pb::Snapshot snapshot;
  if (!snapshot.ParseFromString(stored.snapshot)) return absl::InternalError("snapshots.snapshot does not parse");
  const Judgement judgement(snapshot);

  std::vector<int> groups;
  for (int g = 0; g < snapshot.groups_size(); ++g) {
    const std::string& name = snapshot.groups(g).group().name();
    if (!request.group().empty() && name != request.group()) continue;
    if (call.scope.whole_network || call.scope.Includes(IdOf(name))) groups.push_back(g);
  }
  pb::ListExclusionsResponse response;
  for (int lot = first_lot; lot < static_cast<int>(std::min(stored.exclusions.size(), judgement.lots().size()));
       ++lot) {
    if (!request.lot().empty() && judgement.lots()[lot] != request.lot()) continue;
    for (const int group : groups) {
      if (lot == first_lot && group < first_group) continue;
      const uint32_t bits = stored.exclusions[lot].at(group);
      if (bits == 0 && judgement.LeftOut(judgement.supplies_of_lot()[lot].front(), group) == nullptr) continue;
      if (response.exclusions_size() == size) {
        response.set_next_page_token(paging::Encode(fingerprint, {absl::StrCat(lot), absl::StrCat(group)}));
        return response;
      }
      *response.add_exclusions() = Describe(snapshot, judgement, lot, group, bits);
    }
  }
  return response;
}

namespace {

constexpr int32_t kMostBytes = 8 << 20;

void CheckPart(int64_t offset, int32_t max_bytes, errors::Violations& violations) {
  violations.Range("offset", offset, 0, std::numeric_limits<int64_t>::max());
  violations.Range("max_bytes", max_bytes, 0, kMostBytes);
}

// Of `bytes` from `offset` on, as many as fit; behind the end: none.
std::string PartOf(const std::string& bytes, int64_t offset, int32_t max_bytes) {
  if (offset >= static_cast<int64_t>(bytes.size())) return "";
  return bytes.substr(offset, max_bytes == 0 ? kMostBytes : max_bytes);
}

}  // namespace

absl::StatusOr<pb::GetSnapshotResponse> ReasonsHandler::GetSnapshot(const rpc::Call& call,
                                                                    const pb::GetSnapshotRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  CheckPart(request.offset(), request.max_bytes(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Stored stored, ReadStored(tools_.pool, call, request.run(), /*with_exclusions=*/false));
  pb::GetSnapshotResponse response;
  response.set_snapshot(PartOf(stored.snapshot, request.offset(), request.max_bytes()));
  response.set_total_bytes(static_cast<int64_t>(stored.snapshot.size()));
  response.set_snapshot_hash(stored.run.run.snapshot_hash());
  return response;
}

absl::StatusOr<pb::ReplayRunResponse> ReasonsHandler::ReplayRun(const rpc::Call& call,
                                                                const pb::ReplayRunRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Stored stored, ReadStored(tools_.pool, call, request.run(), /*with_exclusions=*/false));
  ASSIGN_OR_RETURN(const Replay replay, ReplaySnapshot(stored.snapshot));
  pb::ReplayRunResponse response;
  response.set_result_hash(stored.run.run.result_hash());
  response.set_replayed_hash(replay.result_hash);
  // The snapshot must be the one that was named, too, and the order of its parts must not matter.
  response.set_identical(response.replayed_hash() == response.result_hash() &&
                         replay.permuted_hash == replay.result_hash &&
                         replay.snapshot_hash == stored.run.run.snapshot_hash());
  return response;
}

absl::StatusOr<pb::ExportRunResponse> ReasonsHandler::ExportRun(const rpc::Call& call,
                                                                const pb::ExportRunRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  CheckPart(request.offset(), request.max_bytes(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(Stored stored, ReadStored(tools_.pool, call, request.run(), /*with_exclusions=*/false));
  const pb::Run& run = stored.run.run;
  pb::RunExport out;
  out.set_run(run.name());
  out.set_title(run.title());
  out.set_policy_version(run.policy_version());
  out.set_snapshot_hash(run.snapshot_hash());
  out.set_result_hash(run.result_hash());
  out.set_snapshot(std::move(stored.snapshot));
  pb::ExportRunResponse response;
  const std::string bytes = CanonicalBytes(out);
  response.set_export_(PartOf(bytes, request.offset(), request.max_bytes()));
  response.set_total_bytes(static_cast<int64_t>(bytes.size()));
  response.set_file_name(absl::StrCat("kubari-run-", stored.run.id.substr(0, 8), ".binpb"));
  return response;
}

absl::StatusOr<pb::ExplainGroupResponse> ReasonsHandler::ExplainGroup(const rpc::Call& call,
                                                                      const pb::ExplainGroupRequest& request) {
  errors::Violations violations;
  if (!request.run().empty()) violations.Name("runs", "run", request.run());
  violations.Name("groups", "group", request.group());
  RETURN_IF_ERROR(violations.status());
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(request.group())))
    return auth::NotYourOrganisation(request.group());
  ASSIGN_OR_RETURN(const Stored stored, ReadStored(tools_.pool, call, request.run(), /*with_exclusions=*/false));
  RETURN_IF_ERROR(CheckEngine(stored.run.run.policy_version()));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved,
                   solved_.Of(stored.run.run.snapshot_hash(), stored.snapshot));
  const std::optional<int> group = solved->proposal.judgement.GroupNamed(request.group());
  if (!group) return refusals::NotAGroupOfTheRun(request.group());
  ASSIGN_OR_RETURN(const std::vector<LineRow> rows,
                   tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) { return LinesOfRun(tx, stored.run.id); }));
  std::vector<pb::Line> lines;
  for (const LineRow& row : rows) {
    if (row.facts.group() == request.group()) lines.push_back(Shown(row, call.scope.whole_network));
  }
  pb::ExplainGroupResponse response = TellGroup(*solved, *group, lines, call.scope.whole_network);
  response.set_run(stored.run.run.name());
  response.set_run_title(stored.run.run.title());
  return response;
}

}  // namespace kubari::allocation
