#include "services/allocation/market_closer.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <map>
#include <utility>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/registry/parallel.h"
#include "libs/rpc/client.h"
#include "services/allocation/domain/market_words.h"
#include "services/allocation/market_notices.h"
#include "services/allocation/market_store.h"
#include "services/allocation/proposal_rows.h"
#include "services/allocation/share_store.h"

namespace kubari::allocation {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr char kTitle[] = "残り (what is left): ";

absl::Time Micros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

void AddBids(const std::vector<BidRow>& bids, pb::SnapshotMarket& market) {
  for (const BidRow& row : bids) {
    pb::SnapshotBid& bid = *market.add_bids();
    bid.set_name(ids::Name("bids", row.id));
    bid.set_lot(row.facts.lot());
    bid.set_place(row.facts.place());
    bid.set_parties(row.parties);
    for (const PartRow& own : row.parts) {
      pb::SnapshotBidPart& part = *bid.add_parts();
      part.set_group(ids::Name("groups", own.group_id));
      part.set_cases(own.cases);
      part.set_milli_shares_per_case(own.price);
    }
  }
}

}  // namespace

absl::Status MarketCloser::CloseWhatIsDue() {
  std::vector<Unfinished> runs;
  RETURN_IF_ERROR(pool_.Read({.deadline = absl::Now() + kCallTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(runs, MarketsToClose(tx, clock_.Now()));
    return absl::OkStatus();
  }));
  for (const Unfinished& run : runs) {
    const absl::Status status = Close(run.network_id, run.id);
    if (status.ok()) continue;
    log::ScopedContext context({.request_id = "", .network_id = run.network_id});
    log::Warning("a run of claims or bids could not be closed; trying again",
                 {{"id", run.id}, {"code", absl::StatusCodeToString(status.code())}, {"detail", status.message()}});
  }
  return absl::OkStatus();
}

absl::Status MarketCloser::Close(const std::string& network_id, const std::string& run_id) {
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + kCallTimeout};
  RETURN_IF_ERROR(Begin(context, run_id));
  // What the groups chose has to be in the ledger, or refused by it, before it is counted.
  RETURN_IF_ERROR(ToLedger(context, run_id));
  RETURN_IF_ERROR(SettleRun(context, run_id));
  RETURN_IF_ERROR(ToLedger(context, run_id));
  return OfferRest(context, run_id);
}

absl::Status MarketCloser::Begin(const pg::TxContext& context, const std::string& run_id) {
  return pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(RunRow run, FindRun(tx, run_id, /*lock=*/true));
    if (run.market != MarketPhase::kOpen || clock_.Now() < *run.answer_due_time) return absl::OkStatus();
    run.market = MarketPhase::kClosing;
    return UpdateRun(tx, run);
  });
}

absl::Status MarketCloser::ToLedger(const pg::TxContext& context, const std::string& run_id) {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines,
                   pool_.Read(context, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
                     ASSIGN_OR_RETURN(const RunRow run, FindRun(tx, run_id));
                     if (run.market != MarketPhase::kClosing && run.market != MarketPhase::kSettled)
                       return std::vector<std::string>();
                     return PendingLines(tx, run_id);
                   }));
  return registry::ForEachInParallel(lines.size(), [&](size_t i) -> absl::Status {
    const absl::Status settled = publisher_.Settle(context.network_id, lines[i], context.deadline, /*trace_id=*/"");
    // What the ledger refuses for good is DROPPED and says why.
    return Ledger::IsFinal(settled) ? absl::OkStatus() : settled;
  });
}

absl::Status MarketCloser::SettleRun(const pg::TxContext& context, const std::string& run_id) {
  std::string before;
  pb::SnapshotMarket market;
  RunRow run;
  // From here on it is settled what ended before the run closed.
  RETURN_IF_ERROR(pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    market.Clear();
    ASSIGN_OR_RETURN(run, FindRun(tx, run_id, /*lock=*/true));
    if (run.market != MarketPhase::kClosing) return absl::OkStatus();
    ASSIGN_OR_RETURN(before, ReadSnapshot(tx, run_id));
    if (run.run.policy() == pb::POLICY_CLAIMS) {
      ASSIGN_OR_RETURN(std::vector<pb::SnapshotClaim> claims, ClaimsOfRun(tx, run_id));
      RETURN_IF_ERROR(StampEnded(tx, run_id, claims.empty() ? 1 : claims.back().number() + 1));
      ASSIGN_OR_RETURN(claims, ClaimsOfRun(tx, run_id));
      for (pb::SnapshotClaim& claim : claims) {
        if (claim.ended_before() == kEndedJustNow) claim.set_ended_before(0);  // while this was read: it came too late
        *market.add_claims() = std::move(claim);
      }
    } else {
      ASSIGN_OR_RETURN(const std::vector<BidRow> bids, OpenBids(tx, run_id));
      AddBids(bids, market);
      // What is free can only grow until the run is written: other runs pay with what is held for them.
      ASSIGN_OR_RETURN(std::vector<pb::SnapshotBalance> balances, FreeShares(tx, run_id));
      for (pb::SnapshotBalance& balance : balances) *market.add_balances() = std::move(balance);
    }
    return absl::OkStatus();
  }));
  if (run.market != MarketPhase::kClosing) return absl::OkStatus();
  pb::Snapshot snapshot;
  if (!snapshot.ParseFromString(before)) return absl::InternalError("snapshots.snapshot does not parse");
  *snapshot.mutable_market() = std::move(market);
  Canonicalise(snapshot);
  const std::string bytes = CanonicalBytes(snapshot);
  ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, Solve(bytes));
  return pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(RunRow locked, FindRun(tx, run_id, /*lock=*/true));
    if (locked.market != MarketPhase::kClosing || locked.version != run.version) return absl::OkStatus();
    return WriteSettled(tx, locked, *solved, bytes);
  });
}

absl::Status MarketCloser::WriteSettled(pg::Transaction& tx, RunRow& run, const Solved& solved,
                                        const std::string& bytes) {
  const absl::Time now = Micros(clock_.Now());
  run.market = MarketPhase::kSettled;
  ++run.revision;
  Describe(solved, Sha256(bytes), run.run);
  RETURN_IF_ERROR(InsertSnapshot(tx, run.id, run.revision, bytes));
  RETURN_IF_ERROR(UpdateRun(tx, run));
  TellGroups(tx, run);
  if (run.run.policy() == pb::POLICY_CLAIMS) return EndedAreNotOfferedAgain(tx, run.id);

  ASSIGN_OR_RETURN(std::vector<BidRow> bids, OpenBids(tx, run.id));
  std::map<std::string, int> index;
  for (int i = 0; i < solved.snapshot.market().bids_size(); ++i) index[solved.snapshot.market().bids(i).name()] = i;
  std::map<std::pair<std::string, std::string>, std::string> subjects;  // bid, group → who bid
  for (BidRow& row : bids) {
    const int i = index.at(ids::Name("bids", row.id));
    const pb::SnapshotBid& bid = solved.snapshot.market().bids(i);
    const BidResult& result = solved.proposal.market.bids[i];
    row.state = result.verdict == BidVerdict::kWon ? pb::BID_STATE_WON : pb::BID_STATE_LOST;
    for (PartRow& part : row.parts) {
      int p = 0;  // the snapshot has them by group
      while (bid.parts(p).group() != ids::Name("groups", part.group_id)) ++p;
      subjects[{bid.name(), bid.parts(p).group()}] = part.subject;
      const Supply none;
      const Sentence why =
          ExplainBid(bid, p, result, result.supply < 0 ? none : solved.proposal.judgement.supplies()[result.supply]);
      part.won_cases = result.won[p];
      part.reason = CodeOf(result.verdict);
      part.message = why.english;
      part.message_ja = why.japanese;
    }
    RETURN_IF_ERROR(UpdateBid(tx, row));
  }
  std::vector<ShareEntry> paid;
  std::vector<LineRow> lines = RowsOf(solved, run);
  for (size_t i = 0; i < lines.size(); ++i) {
    LineRow& line = lines[i];
    const pb::SnapshotBid& bid = solved.snapshot.market().bids(solved.proposal.lines[i].entry);
    line.reservation_id = ReservationId(line.id);
    line.delivery_id = DeliveryId(run.id, line.facts);
    line.answer =
        Answer{.items = line.now.items, .subject = subjects.at({bid.name(), line.facts.group()}), .time = now};
    const int64_t cases = line.now.items / line.facts.items_per_case();
    line.shares_paid = std::max<int64_t>(0, cases * line.facts.milli_shares_per_case());
    paid.push_back({.id = ids::NewV7(now),
                    .group_id = *ids::IdFromName("groups", line.facts.group()),
                    .kind = pb::SHARE_ENTRY_KIND_WON,
                    .amount = -line.shares_paid,
                    .run_id = run.id,
                    .line_id = line.id,
                    .product = line.facts.product_display_name(),
                    .create_time = now});
  }
  RETURN_IF_ERROR(InsertLines(tx, lines));
  return Post(tx, std::move(paid));
}

absl::Status MarketCloser::OfferRest(const pg::TxContext& context, const std::string& run_id) {
  RunRow run;
  std::string bytes;
  RETURN_IF_ERROR(pool_.Read(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(run, FindRun(tx, run_id));
    if (run.market != MarketPhase::kSettled) return absl::OkStatus();
    ASSIGN_OR_RETURN(bytes, ReadSnapshot(tx, run_id));
    return absl::OkStatus();
  }));
  if (run.market != MarketPhase::kSettled) return absl::OkStatus();
  FollowUp rest;
  if (*run.pick_up_due_time - clock_.Now() >= kShortestFollowUp) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Solved> solved, Solve(bytes));
    const Judgement& judgement = solved->proposal.judgement;
    std::map<std::pair<std::string, std::string>, int64_t> items;
    for (const Unallocated& left : solved->proposal.outcome.unallocated) {
      if (left.reason != Leftover::kNotTaken || !judgement.supplies()[left.supply].urgent) continue;
      const pb::SnapshotStock& stock = solved->snapshot.stock(left.supply);
      items[{stock.lot().name(), stock.place().name()}] += left.items;
    }
    if (!items.empty()) {
      pb::RunOptions options;
      options.set_urgent_days(run.run.options().urgent_days());
      options.set_offer_again(true);
      *options.mutable_left_out() = run.run.options().left_out();
      ASSIGN_OR_RETURN(
          rest, follow_ups_.Propose(context.network_id, run, items, std::move(options), kTitle, context.deadline));
    }
  }
  bool ours = false;
  RETURN_IF_ERROR(pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(RunRow locked, FindRun(tx, run_id, /*lock=*/true));
    ours = locked.market == MarketPhase::kSettled;
    if (!ours) return absl::OkStatus();
    locked.market = MarketPhase::kClosed;
    RETURN_IF_ERROR(UpdateRun(tx, locked));
    return rest.anybody() ? follow_ups_.Insert(tx, run, rest) : absl::OkStatus();
  }));
  if (!ours || !rest.anybody()) return absl::OkStatus();
  return publisher_.Publish(context.network_id, rest.row.id, absl::Now() + absl::Minutes(1), /*trace_id=*/"");
}

absl::Status MarketCloser::GiveBackShares() {
  std::vector<NetworkOfShares> networks;
  RETURN_IF_ERROR(pool_.Read({.deadline = absl::Now() + kCallTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(networks, NetworksWithShares(tx));
    return absl::OkStatus();
  }));
  for (const NetworkOfShares& network : networks) {
    const absl::Status status = GiveBackSharesOf(network.network_id, network.time_zone);
    if (status.ok()) continue;
    log::ScopedContext context({.request_id = "", .network_id = network.network_id});
    log::Warning("spent shares could not be given back; trying again",
                 {{"code", absl::StatusCodeToString(status.code())}, {"detail", status.message()}});
  }
  return absl::OkStatus();
}

absl::Status MarketCloser::GiveBackSharesOf(const std::string& network_id, const std::string& time_zone) {
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + kCallTimeout};
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(time_zone));
  const absl::Time now = Micros(clock_.Now());
  const absl::CivilDay today = absl::ToCivilDay(now, zone);
  ASSIGN_OR_RETURN(const bool done,
                   pool_.Read(context, [&](pg::Transaction& tx) { return WasRecirculated(tx, today); }));
  if (done) return absl::OkStatus();
  // By the weights of today; who has joined since gets its first endowment, who has left gets nothing.
  ASSIGN_OR_RETURN(const std::vector<groups::v1::Group> groups,
                   reader_.ReadGroups({.deadline = context.deadline,
                                       .token = service_key_,
                                       .network = network_id,
                                       .time_zone = time_zone,
                                       .subject = "",
                                       .request_id = rpc::NewRequestId()},
                                      {groups::v1::GROUP_STATE_ACTIVE}));
  pb::Snapshot seen;
  seen.set_hand_over_date(absl::FormatCivilTime(today));
  for (const groups::v1::Group& group : groups) *seen.add_groups()->mutable_group() = group;
  Canonicalise(seen);
  return pool_.Transact(context, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const bool meanwhile, WasRecirculated(tx, today));
    if (meanwhile) return absl::OkStatus();
    RETURN_IF_ERROR(EnsureAccounts(tx, time_zone, MembersOf(seen, Judgement(seen)), now, /*others_leave=*/true));
    return Recirculate(tx, today, now).status();
  });
}

}  // namespace kubari::allocation
