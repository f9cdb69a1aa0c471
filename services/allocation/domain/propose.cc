#include "services/allocation/domain/propose.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sodium.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/market_words.h"

namespace kubari::allocation {
namespace {

template <typename Field, typename KeyOf>
void SortUnique(Field& field, KeyOf key_of) {
  std::map<decltype(key_of(field.Get(0))), typename Field::value_type> sorted;
  for (auto& entry : field) {
    auto key = key_of(entry);
    sorted[key] = std::move(entry);
  }
  field.Clear();
  for (auto& [key, entry] : sorted) *field.Add() = std::move(entry);
}

// How many distinct lots of the stock are in each tie.
std::vector<int> LotsOfTies(const Judgement& judgement, const Outcome& outcome) {
  std::vector<int> counts;
  for (const TieOf& tie : outcome.ties) {
    std::set<int> lots;
    for (const int supply : tie.supplies) {
      if (supply < judgement.stock()) lots.insert(judgement.LotOf(supply));
    }
    counts.push_back(static_cast<int>(lots.size()));
  }
  return counts;
}

}  // namespace

void Canonicalise(pb::Snapshot& snapshot) {
  SortUnique(*snapshot.mutable_stock(), [](const auto& s) { return std::pair(s.lot().name(), s.place().name()); });
  SortUnique(*snapshot.mutable_groups(), [](const auto& g) { return g.group().name(); });
  for (pb::SnapshotGroup& group : *snapshot.mutable_groups())
    SortUnique(*group.mutable_needs(), [](const auto& n) { return n.name(); });
  SortUnique(*snapshot.mutable_warehouses(), [](const auto& w) { return w.name(); });
  SortUnique(*snapshot.mutable_expected(), [](const auto& e) { return e.lot().name(); });
  if (snapshot.has_market()) {
    pb::SnapshotMarket& market = *snapshot.mutable_market();
    SortUnique(*market.mutable_claims(), [](const auto& c) { return c.number(); });
    for (pb::SnapshotBid& bid : *market.mutable_bids())
      SortUnique(*bid.mutable_parts(), [](const auto& p) { return p.group(); });
    SortUnique(*market.mutable_bids(), [](const auto& b) { return b.name(); });
    SortUnique(*market.mutable_balances(), [](const auto& b) { return b.group(); });
  }
  if (!snapshot.has_options()) return;
  pb::RunOptions& options = *snapshot.mutable_options();
  SortUnique(*options.mutable_hold_backs(), [](const auto& h) { return CanonicalBytes(h); });
  SortUnique(*options.mutable_pins(), [](const auto& p) { return std::tuple(p.lot(), p.place(), p.group()); });
  SortUnique(*options.mutable_group_bounds(), [](const auto& b) { return b.group(); });
  SortUnique(*options.mutable_capacities(), [](const auto& c) { return std::pair(c.group(), c.temperature_zone()); });
  SortUnique(*options.mutable_left_out(), [](const auto& l) { return std::pair(l.lot(), l.group()); });
  SortUnique(*options.mutable_lowest_prices(), [](const auto& l) { return l.lot(); });
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return absl::BytesToHexString(hash);
}

pb::Line LineOf(const pb::Snapshot& snapshot, const Judgement& judgement, const Assignment& assignment) {
  const pb::SnapshotStock& stock = snapshot.stock(assignment.supply);
  const groups::v1::Group& group = snapshot.groups(assignment.group).group();
  pb::Line line;
  line.set_group(group.name());
  line.set_group_display_name(group.display_name());
  line.set_lot(stock.lot().name());
  line.set_lot_code(stock.lot().code());
  line.set_product_display_name(stock.lot().product_display_name());
  *line.mutable_good_until() = stock.lot().good_until();
  line.set_temperature_zone(stock.lot().temperature_zone());
  line.set_place(stock.place().name());
  line.set_place_display_name(stock.place().display_name());
  line.set_warehouse(stock.place().warehouse());
  line.set_items(assignment.items);
  line.set_items_per_case(judgement.supplies()[assignment.supply].items_per_case);
  line.set_distance_metres(std::max<int64_t>(0, judgement.Metres(assignment.supply, assignment.group)));
  line.set_hand_over_date(absl::FormatCivilTime(judgement.DayOf(assignment.supply, assignment.group)));
  if (const int hub = judgement.HubFor(assignment.supply, assignment.group); hub >= 0) {
    line.set_hub(snapshot.groups(hub).group().name());
    line.set_hub_display_name(snapshot.groups(hub).group().display_name());
    line.set_hub_date(absl::FormatCivilTime(judgement.DayOf(hub)));
  }
  if (const groups::v1::Need* need = judgement.NeedOf(assignment.supply, assignment.group))
    line.set_asked_for(need->text());
  return line;
}

absl::StatusOr<Proposal> Propose(const pb::Snapshot& snapshot) {
  Proposal proposal{.judgement = Judgement(snapshot)};
  const Judgement& judgement = proposal.judgement;
  absl::StatusOr<Outcome> outcome = ShareOut(snapshot, judgement);
  if (!outcome.ok()) {
    return errors::Make(absl::StatusCode::kFailedPrecondition, "RUN_TOO_LARGE",
                        "There is more stock or history than can be counted exactly. Choose fewer warehouses.",
                        "在庫や過去の実績が大きすぎて正確に計算できません。倉庫を絞ってください。",
                        {{"detail", std::string(outcome.status().message())}});
  }
  proposal.outcome = *std::move(outcome);
  if (IsMarket(snapshot.policy())) proposal.market = SettleMarket(snapshot, judgement, proposal.outcome);
  const std::vector<int> lots = LotsOfTies(judgement, proposal.outcome);
  std::vector<Assignment> assignments;
  for (const Share& share : proposal.outcome.shares) {
    const Assignment assignment{.supply = share.supply, .group = share.group, .items = share.items};
    assignments.push_back(assignment);
    pb::Line line = LineOf(snapshot, judgement, assignment);
    line.set_proposed_items(share.items);
    const Supply& supply = judgement.supplies()[share.supply];
    const int tie = proposal.outcome.groups[share.group].tie;
    Sentence why;
    if (share.pin >= 0) {
      const std::string& reason = snapshot.options().pins(share.pin).reason();
      why = ExplainPin(proposal.outcome, share, supply, reason, line.hub_display_name());
      line.set_pinned(true);
      line.set_reason(reason);
    } else if (share.entry >= 0) {
      why = ExplainChoice(snapshot, proposal, share);
      MarkChoice(snapshot, share, line);
    } else {
      why = ExplainShare(proposal.outcome, share, supply, tie < 0 ? 0 : lots[tie], line.hub_display_name());
    }
    why = Append(std::move(why), ExplainAskedFor(line.asked_for()));
    line.set_explanation(why.english);
    line.set_explanation_ja(why.japanese);
    proposal.lines.push_back({.assignment = assignment,
                              .line = std::move(line),
                              .next_group = share.entry >= 0 ? std::string(kNobodyAsked)
                                            : share.next_group < 0
                                                ? ""
                                                : snapshot.groups(share.next_group).group().display_name(),
                              .entry = share.entry});
  }
  // Shares come by supply, which is by lot and place.
  std::stable_sort(proposal.lines.begin(), proposal.lines.end(),
                   [](const auto& a, const auto& b) { return a.assignment.group < b.assignment.group; });
  proposal.summary = Summarise(snapshot, proposal, assignments);
  pb::ListLinesResponse result;
  for (const ProposedLine& proposed : proposal.lines) {
    pb::Line& line = *result.add_lines();
    line = proposed.line;
    AppendNext(proposed.next_group, line);
  }
  proposal.result_hash = Sha256(CanonicalBytes(result));
  return proposal;
}

absl::StatusOr<std::shared_ptr<const Solved>> Solve(const std::string& snapshot_bytes) {
  // The proposal points at the snapshot, so that has its place first.
  const auto solved = std::make_shared<Solved>();
  if (!solved->snapshot.ParseFromString(snapshot_bytes)) return absl::InternalError("these bytes are no snapshot");
  ASSIGN_OR_RETURN(solved->proposal, Propose(solved->snapshot));
  return solved;
}

}  // namespace kubari::allocation
