#include "services/allocation/handlers/market.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/mutation.h"
#include "services/allocation/domain/market_words.h"
#include "services/allocation/domain/propose.h"
#include "services/allocation/domain/replay.h"
#include "services/allocation/line_store.h"
#include "services/allocation/market_store.h"
#include "services/allocation/refusals.h"
#include "services/allocation/share_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

constexpr int64_t kMaxItems = 100'000'000;
const std::string kNewest = absl::StrCat(std::numeric_limits<int64_t>::min());

pb::MarketState StateOf(MarketPhase phase) {
  switch (phase) {
    case MarketPhase::kNone:
      return pb::MARKET_STATE_UNSPECIFIED;
    case MarketPhase::kOpen:
      return pb::MARKET_STATE_OPEN;
    case MarketPhase::kClosing:
      return pb::MARKET_STATE_CLOSING;
    // What is still to come is a run of its own.
    case MarketPhase::kSettled:
    case MarketPhase::kClosed:
      return pb::MARKET_STATE_CLOSED;
  }
  return pb::MARKET_STATE_UNSPECIFIED;
}

pb::Market Described(const RunRow& row) {
  pb::Market market;
  market.set_run(row.run.name());
  market.set_title(row.run.title());
  market.set_policy(row.run.policy());
  market.set_state(StateOf(row.market));
  market.set_hand_over_date(row.run.hand_over_date());
  *market.mutable_answer_due_time() = row.run.answer_due_time();
  *market.mutable_pick_up_due_time() = row.run.pick_up_due_time();
  market.set_etag(row.run.etag());
  return market;
}

// A book of what is free and what each group has now.
absl::StatusOr<MarketBook> BookOf(pg::Transaction& tx, const OpenedMarket& market) {
  MarketBook book(market.judgement(), market.terms());
  ASSIGN_OR_RETURN(const std::vector<pb::SnapshotClaim> claims, ClaimsOfRun(tx, market.run.id));
  for (const pb::SnapshotClaim& claim : claims) {
    const auto supply = market.judgement().SupplyNamed(claim.lot(), claim.place());
    const auto group = market.judgement().GroupNamed(claim.group());
    if (claim.ended_before() == 0 && supply && group) book.Take(*supply, *group, claim.items());
  }
  for (const BidResult& bid : market.solved->proposal.market.bids) {
    for (size_t part = 0; part < bid.won.size(); ++part) {
      if (bid.won[part] > 0)
        book.Take(bid.supply, bid.groups[part],
                  bid.won[part] * market.judgement().supplies()[bid.supply].items_per_case);
    }
  }
  return book;
}

// What ends first, then by lot and place.
std::vector<int> ByDate(const Judgement& judgement) {
  std::vector<int> order;
  for (int s = 0; s < judgement.stock(); ++s) order.push_back(s);
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return judgement.supplies()[a].days_left.value_or(kNever) < judgement.supplies()[b].days_left.value_or(kNever);
  });
  return order;
}

pb::MarketStock Shown(const OpenedMarket& market, const MarketBook& book, int supply, int group) {
  const Judgement& judgement = market.judgement();
  const Supply& facts = judgement.supplies()[supply];
  const pb::Line line = LineOf(market.solved->snapshot, judgement, {.supply = supply, .group = group});
  pb::MarketStock shown;
  shown.set_lot(line.lot());
  shown.set_lot_code(line.lot_code());
  shown.set_product_display_name(line.product_display_name());
  *shown.mutable_good_until() = line.good_until();
  shown.set_temperature_zone(line.temperature_zone());
  shown.set_place(line.place());
  shown.set_place_display_name(line.place_display_name());
  shown.set_warehouse(line.warehouse());
  for (const stock::v1::Warehouse& warehouse : market.solved->snapshot.warehouses()) {
    if (warehouse.name() == line.warehouse()) shown.set_warehouse_display_name(warehouse.display_name());
  }
  shown.set_distance_metres(judgement.Metres(supply, group));
  shown.set_hand_over_date(line.hand_over_date());
  shown.set_items_per_case(facts.items_per_case);
  shown.set_min_lot_items(book.Least(supply, group));
  shown.set_milli_person_days(facts.value);
  shown.set_category(market.solved->snapshot.stock(supply).lot().category());
  shown.set_asked_for(line.asked_for());
  shown.set_urgent(facts.urgent);
  shown.set_free_items(book.Free(supply));
  shown.set_lowest_milli_shares_per_case(market.terms().lowest[supply]);

  const bool claims = market.run.run.policy() == pb::POLICY_CLAIMS;
  MarketBook::Most most = book.MostOf(supply, group, claims);
  // Bids are for whole cases.
  if (!claims) most.items = most.items / facts.items_per_case * facts.items_per_case;
  if (market.run.market == MarketPhase::kOpen) shown.set_takeable_items(most.items);
  const auto add = [&](const std::string& code, const std::string& english, const std::string& japanese) {
    pb::ExclusionReason& reason = *shown.add_reasons();
    reason.set_code(code);
    reason.set_message(english);
    reason.set_message_ja(japanese);
  };
  if (most.stop == No::kNotEligible) {
    for (const eligibility::Reason& reason : judgement.WhyNot(supply, group))
      add(std::string(eligibility::CodeName(reason.code)), reason.english, reason.japanese);
  } else if (most.stop != No::kNothing) {
    const Sentence why = ExplainNo(most.stop, book, judgement, supply, group);
    add(CodeOf(most.stop), why.english, why.japanese);
  }
  return shown;
}

std::optional<std::vector<std::string>> OwnGroups(const rpc::Call& call) {
  return call.scope.whole_network ? std::nullopt : std::optional(call.scope.organisation_ids);
}

}  // namespace

absl::StatusOr<OpenedMarket> OpenMarket(const Tools& tools, SolvedCache& cache, const rpc::Call& call,
                                        const std::string& run) {
  OpenedMarket market;
  std::string bytes;
  RETURN_IF_ERROR(tools.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(market.run, FindRun(tx, IdOf(run)));
    // A group learns of a run when it is published.
    if (!call.scope.whole_network && market.run.market == MarketPhase::kNone) return refusals::RunNotFound(run);
    if (!IsMarket(market.run.run.policy())) return refusals::RunPolicy(run, market.run.run.policy());
    if (market.run.market == MarketPhase::kNone)
      return refusals::MarketClosed(run, pb::RunState_Name(market.run.run.state()).substr(sizeof("RUN_STATE_") - 1));
    market.solved = cache.Known(market.run.run.snapshot_hash());
    if (market.solved != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(bytes, ReadSnapshot(tx, market.run.id));
    return absl::OkStatus();
  }));
  if (market.solved != nullptr) return market;
  RETURN_IF_ERROR(CheckEngine(market.run.run.policy_version()));
  ASSIGN_OR_RETURN(market.solved, cache.Of(market.run.run.snapshot_hash(), bytes));
  return market;
}

absl::Status CheckOpen(const RunRow& run, absl::Time now) {
  if (run.market == MarketPhase::kOpen && run.answer_due_time && now < *run.answer_due_time) return absl::OkStatus();
  return refusals::MarketClosed(
      run.run.name(), run.market == MarketPhase::kOpen || run.market == MarketPhase::kClosing ? "CLOSING" : "CLOSED");
}

absl::StatusOr<std::string> GroupOf(const rpc::Call& call, const std::string& name) {
  if (name.empty()) {
    return !call.scope.whole_network && call.scope.organisation_ids.size() == 1 ? call.scope.organisation_ids.front()
                                                                                : "";
  }
  errors::Violations violations;
  violations.Name("groups", "group", name);
  RETURN_IF_ERROR(violations.status());
  if (!call.scope.whole_network && !call.scope.Includes(IdOf(name))) return auth::NotYourOrganisation(name);
  return IdOf(name);
}

absl::StatusOr<std::string> OneGroupOf(const rpc::Call& call, const std::string& name) {
  ASSIGN_OR_RETURN(std::string group, GroupOf(call, name));
  errors::Violations violations;
  violations.Require(!group.empty(), "group", "REQUIRED", "Say for which group: groups/{uuid}.",
                     "どの団体の分かを groups/{uuid} で指定してください。");
  RETURN_IF_ERROR(violations.status());
  return group;
}

absl::StatusOr<Pair> PairOf(const OpenedMarket& market, const std::string& group_id, const std::string& lot,
                            const std::string& place) {
  const std::optional<int> supply = market.judgement().SupplyNamed(lot, place);
  if (!supply) return refusals::LotNotSeen(lot, place);
  const std::optional<int> group = market.judgement().GroupNamed(ids::Name("groups", group_id));
  if (!group) return refusals::NotAGroupOfTheRun(ids::Name("groups", group_id));
  return Pair{*supply, *group};
}

absl::Status RefusalOf(No no, const OpenedMarket& market, const MarketBook& book, const Pair& pair, int64_t items) {
  const Judgement& judgement = market.judgement();
  const Supply& facts = judgement.supplies()[pair.supply];
  const groups::v1::Group& group = market.solved->snapshot.groups(pair.group).group();
  switch (no) {
    case No::kNotEligible:
      return refusals::GroupNotEligible(group.name(), group.display_name(), judgement.WhyNot(pair.supply, pair.group));
    case No::kLeftOut: {
      const Sentence why = ExplainNo(no, book, judgement, pair.supply, pair.group);
      return errors::Make(absl::StatusCode::kFailedPrecondition, "GROUP_NOT_ELIGIBLE", why.english, why.japanese,
                          {{"group", group.name()}, {"conditions", "LEFT_OUT"}});
    }
    case No::kNotWholeCases:
      return refusals::NotWholeCases(items, facts.items_per_case, book.Free(pair.supply));
    case No::kBelowMinimumLot:
      return refusals::BelowMinimumLot(items, book.Least(pair.supply, pair.group));
    case No::kNoRoom: {
      const Sentence zone = ZoneName(facts.zone);
      return refusals::NoCapacity(zone.english, zone.japanese, items,
                                  std::max<int64_t>(0, book.Room(pair.group, facts.zone)));
    }
    case No::kCap:
      return refusals::ClaimCap(items * facts.value, std::max<int64_t>(0, book.CapLeft(pair.group)));
    default:
      return refusals::QuantityTooLarge(items, std::max<int64_t>(0, book.Free(pair.supply)));
  }
}

absl::StatusOr<std::vector<pb::Market>> MarketHandler::Describe(pg::Transaction& tx, const rpc::Call& call,
                                                                const std::vector<RunRow>& runs,
                                                                const std::string& group_id) const {
  ASSIGN_OR_RETURN(auto counts, CountEntries(tx, runs, group_id));
  std::optional<Account> account;
  if (!group_id.empty()) {
    ASSIGN_OR_RETURN(account, FindAccount(tx, group_id));
  }
  std::vector<pb::Market> markets;
  for (const RunRow& run : runs) {
    pb::Market& market = markets.emplace_back(Described(run));
    const Counts& of = counts[run.id];
    if (call.scope.whole_network) {
      market.set_entries(of.entries);
      market.set_groups(of.groups);
    }
    if (group_id.empty()) continue;
    pb::Standing& standing = *market.mutable_standing();
    standing.set_group(ids::Name("groups", group_id));
    standing.set_items(of.items);
    if (run.run.policy() != pb::POLICY_BIDS || !account) continue;
    standing.set_group_display_name(account->group_name);
    standing.set_balance_milli_shares(account->balance);
    // How much is in open bids is the group's own business.
    if (!call.scope.whole_network) standing.set_bid_milli_shares(account->in_bids);
  }
  return markets;
}

absl::StatusOr<std::string> MarketHandler::StandingOf(const rpc::Call& call, const std::string& name) const {
  ASSIGN_OR_RETURN(std::string group, GroupOf(call, name));
  // Those who may ask for any group learn whether there is such a one.
  if (call.scope.whole_network && !group.empty())
    RETURN_IF_ERROR(tools_.reader.ReadGroup(rpc::OnBehalfOf(call), name).status());
  return group;
}

absl::StatusOr<pb::ListMarketsResponse> MarketHandler::ListMarkets(const rpc::Call& call,
                                                                   const pb::ListMarketsRequest& request) {
  ASSIGN_OR_RETURN(const std::string group, StandingOf(call, request.group()));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {kNewest, paging::kFirstId}));
  int64_t newest = 0;
  if (!absl::SimpleAtoi(page.key(0), &newest)) return paging::InvalidToken();
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListMarketsResponse> {
    pb::ListMarketsResponse response;
    ASSIGN_OR_RETURN(std::vector<RunRow> runs,
                     allocation::ListMarkets(tx, request.open_only(), newest, page.key(1), page.limit()));
    response.set_next_page_token(page.Cut(runs, [](const RunRow& run) {
      return std::vector{absl::StrCat(run.newest()), run.id};
    }));
    ASSIGN_OR_RETURN(std::vector<pb::Market> markets, Describe(tx, call, runs, group));
    for (pb::Market& market : markets) *response.add_markets() = std::move(market);
    return response;
  });
}

absl::StatusOr<pb::Market> MarketHandler::GetMarket(const rpc::Call& call, const pb::GetMarketRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group, StandingOf(call, request.group()));
  ASSIGN_OR_RETURN(const OpenedMarket opened, OpenMarket(tools_, solved_, call, request.run()));
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::Market> {
    ASSIGN_OR_RETURN(const std::vector<pb::Market> described, Describe(tx, call, {opened.run}, group));
    pb::Market market = described.front();
    if (group.empty()) return market;
    const std::optional<int> index = opened.judgement().GroupNamed(ids::Name("groups", group));
    if (!index) return market;  // it became active later
    pb::Standing& standing = *market.mutable_standing();
    standing.set_group_display_name(opened.solved->snapshot.groups(*index).group().display_name());
    ASSIGN_OR_RETURN(const MarketBook book, BookOf(tx, opened));
    standing.set_fair_milli_person_days(opened.terms().fair[*index]);
    standing.set_claimed_milli_person_days(book.Food(*index));
    if (opened.run.run.policy() == pb::POLICY_CLAIMS) standing.set_cap_milli_person_days(opened.terms().cap[*index]);
    return market;
  });
}

absl::StatusOr<pb::ListMarketStockResponse> MarketHandler::ListMarketStock(const rpc::Call& call,
                                                                           const pb::ListMarketStockRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  int first = 0;
  if (!key.empty() && (key.size() != 1 || !absl::SimpleAtoi(key[0], &first) || first < 0))
    return paging::InvalidToken();
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, request.run()));
  const std::optional<int> group = market.judgement().GroupNamed(ids::Name("groups", group_id));
  if (!group) return refusals::NotAGroupOfTheRun(ids::Name("groups", group_id));
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListMarketStockResponse> {
    pb::ListMarketStockResponse response;
    ASSIGN_OR_RETURN(const MarketBook book, BookOf(tx, market));
    ASSIGN_OR_RETURN(const std::vector<LineRow> lines, LinesOfRunAndGroup(tx, market.run.id, group_id));
    ASSIGN_OR_RETURN(const std::vector<BidRow> bids, OpenBidsOf(tx, market.run.id, group_id));
    const std::vector<int> order = ByDate(market.judgement());
    for (int i = first; i < static_cast<int>(order.size()); ++i) {
      const int supply = order[i];
      if (request.eligible_only() && !book.May(supply, *group)) continue;
      if (response.stock_size() == size) {
        response.set_next_page_token(paging::Encode(fingerprint, {absl::StrCat(i)}));
        break;
      }
      pb::MarketStock& shown = *response.add_stock();
      shown = Shown(market, book, supply, *group);
      const auto same = [&](const auto& facts) { return facts.lot() == shown.lot() && facts.place() == shown.place(); };
      for (const LineRow& line : lines) {
        const bool ended = line.now.state == pb::LINE_STATE_REFUSED || line.now.state == pb::LINE_STATE_EXPIRED ||
                           line.now.state == pb::LINE_STATE_DROPPED;
        if (!ended && same(line.facts)) shown.set_own_items(shown.own_items() + line.now.items);
      }
      for (const BidRow& bid : bids) {
        // Only those who bid know of it.
        if (!call.scope.whole_network && same(bid.facts)) shown.set_bid(ids::Name("bids", bid.id));
      }
    }
    return response;
  });
}

absl::StatusOr<pb::Line> MarketHandler::Claim(const rpc::Call& call, const pb::ClaimRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "run", request.run());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  violations.Range("items", request.items(), 1, kMaxItems);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  ASSIGN_OR_RETURN(std::optional<pb::Line> first, registry::FirstAnswer<pb::Line>(tools_.pool, call, request));
  if (first) return *std::move(first);
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, request.run()));
  if (market.run.run.policy() != pb::POLICY_CLAIMS) return refusals::RunPolicy(request.run(), market.run.run.policy());
  ASSIGN_OR_RETURN(const Pair pair, PairOf(market, group_id, request.lot(), request.place()));
  const std::string line_id = ids::DeriveV5(market.run.id, absl::StrCat("claim ", request.request_id()));
  RETURN_IF_ERROR(tools_.pool.Transact(
      TxOf(call), [&](pg::Transaction& tx) { return Decide(tx, call, request, market, pair, line_id); }));
  RETURN_IF_ERROR(tools_.publisher.Settle(call.principal.network_id, line_id, call.deadline, call.request_id));
  return registry::Mutate<pb::Line>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Line> {
    ASSIGN_OR_RETURN(const LineRow line, FindLine(tx, line_id));
    // The ledger refused it before, and the answer was lost.
    if (line.now.state == pb::LINE_STATE_DROPPED) return refusals::LineState(line.name(), line.now.state);
    return allocation::Shown(line, call.scope.whole_network);
  });
}

absl::Status MarketHandler::Decide(pg::Transaction& tx, const rpc::Call& call, const pb::ClaimRequest& request,
                                   const OpenedMarket& market, const Pair& pair, const std::string& line_id) {
  // One claim of a run after the other.
  ASSIGN_OR_RETURN(const RunRow run, FindRun(tx, market.run.id, /*lock=*/true));
  const absl::StatusOr<LineRow> before = FindLine(tx, line_id);
  if (before.ok()) {
    const pb::Line& same = before->facts;
    const pb::SnapshotGroup& group = market.solved->snapshot.groups(pair.group);
    return same.group() == group.group().name() && same.lot() == request.lot() && same.place() == request.place() &&
                   same.proposed_items() == request.items()
               ? absl::OkStatus()
               : pg::RequestIdReused(request.request_id(), call.method->full_name(), call.method->full_name());
  }
  if (!absl::IsNotFound(before.status())) return before.status();
  const absl::Time now = tools_.clock.Now();
  RETURN_IF_ERROR(CheckOpen(run, now));
  ASSIGN_OR_RETURN(const std::vector<pb::SnapshotClaim> claims, ClaimsOfRun(tx, run.id));
  const int number = claims.empty() ? 1 : claims.back().number() + 1;
  RETURN_IF_ERROR(StampEnded(tx, run.id, number));
  ASSIGN_OR_RETURN(MarketBook book, BookOf(tx, market));
  const No no = book.Judge(pair.supply, pair.group, request.items(), /*with_cap=*/true);
  if (no != No::kNothing) return RefusalOf(no, market, book, pair, request.items());
  book.Take(pair.supply, pair.group, request.items());

  const Judgement& judgement = market.judgement();
  const stock::v1::Lot& lot = market.solved->snapshot.stock(pair.supply).lot();
  LineRow row{.id = line_id,
              .run_id = run.id,
              .newest = run.newest(),
              .facts = LineOf(market.solved->snapshot, judgement, {.supply = pair.supply, .group = pair.group}),
              .next_group = std::string(kNobodyAsked),
              .min_lot_items = lot.min_lot_items(),
              .milli_person_days = lot.milli_person_days()};
  const Sentence why =
      Append(ExplainClaim(judgement.supplies()[pair.supply], request.items(), number, book.Food(pair.group),
                          market.terms().cap[pair.group], book.LevelOf(pair.group)),
             ExplainAskedFor(row.facts.asked_for()));
  row.facts.clear_items();
  row.facts.set_proposed_items(request.items());
  row.facts.set_claim_number(number);
  row.facts.set_explanation(why.english);
  row.facts.set_explanation_ja(why.japanese);
  row.now = {.state = pb::LINE_STATE_PROPOSED, .items = request.items()};
  row.reservation_id = ReservationId(row.id);
  row.delivery_id = DeliveryId(run.id, row.facts);
  row.answer = Answer{.items = request.items(), .subject = call.principal.subject, .time = now};
  row.answer_request = request.request_id();
  return InsertLines(tx, {row});
}

absl::StatusOr<pb::ListPricesResponse> MarketHandler::ListPrices(const rpc::Call& call,
                                                                 const pb::ListPricesRequest& request) {
  errors::Violations violations;
  violations.Name("runs", "run", request.run());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  int first = 0;
  if (!key.empty() && (key.size() != 1 || !absl::SimpleAtoi(key[0], &first) || first < 0))
    return paging::InvalidToken();
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, request.run()));
  pb::ListPricesResponse response;
  // Claims have no prices; open bids are nobody's business.
  if (StateOf(market.run.market) != pb::MARKET_STATE_CLOSED) return response;
  const std::vector<BidResult>& results = market.solved->proposal.market.bids;
  const std::vector<int> order = ByDate(market.judgement());
  for (int i = first; i < static_cast<int>(order.size()) && market.run.run.policy() == pb::POLICY_BIDS; ++i) {
    const int supply = order[i];
    pb::LotPrice price;
    const stock::v1::Lot& lot = market.solved->snapshot.stock(supply).lot();
    price.set_lot(lot.name());
    price.set_place(market.solved->snapshot.stock(supply).place().name());
    price.set_lot_code(lot.code());
    price.set_product_display_name(lot.product_display_name());
    price.set_items_per_case(market.judgement().supplies()[supply].items_per_case);
    price.set_cases(market.terms().offered[supply] / price.items_per_case());
    for (size_t b = 0; b < results.size(); ++b) {
      const pb::SnapshotBid& bid = market.solved->snapshot.market().bids(static_cast<int>(b));
      for (int part = 0; results[b].supply == supply && part < bid.parts_size(); ++part) {
        price.set_cases_wanted(price.cases_wanted() + bid.parts(part).cases());
        if (results[b].won[part] == 0) continue;
        const int64_t paid = bid.parts(part).milli_shares_per_case();
        const bool is_first = price.cases_won() == 0;
        price.set_lowest_milli_shares_per_case(is_first ? paid : std::min(paid, price.lowest_milli_shares_per_case()));
        price.set_highest_milli_shares_per_case(is_first ? paid
                                                         : std::max(paid, price.highest_milli_shares_per_case()));
        price.set_cases_won(price.cases_won() + results[b].won[part]);
      }
    }
    if (price.cases() == 0 && price.cases_wanted() == 0) continue;
    if (response.prices_size() == size) {
      response.set_next_page_token(paging::Encode(fingerprint, {absl::StrCat(i)}));
      break;
    }
    *response.add_prices() = std::move(price);
  }
  return response;
}

absl::StatusOr<pb::Market> MarketHandler::CloseMarket(const rpc::Call& call, const pb::CloseMarketRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("runs", "run", request.run());
  violations.Text("etag", request.etag(), 1, 40);
  RETURN_IF_ERROR(violations.status());
  const std::string run_id = IdOf(request.run());
  // Recorded as begun; what is left is done in the background.
  RETURN_IF_ERROR(
      registry::Mutate<pb::Market>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Market> {
        ASSIGN_OR_RETURN(RunRow run, FindRun(tx, run_id, /*lock=*/true));
        RETURN_IF_ERROR(registry::CheckEtag(request.run(), request.etag(), run.run.etag()));
        if (!IsMarket(run.run.policy())) return refusals::RunPolicy(request.run(), run.run.policy());
        if (run.market != MarketPhase::kOpen)
          return refusals::MarketClosed(request.run(), run.market == MarketPhase::kNone ? "PROPOSED" : "CLOSED");
        run.answer_due_time =
            std::min(*run.answer_due_time, absl::FromUnixMicros(absl::ToUnixMicros(tools_.clock.Now())));
        RETURN_IF_ERROR(UpdateRun(tx, run));
        return Described(run);
      }));
  closer_.Close(call.principal.network_id, run_id).IgnoreError();
  pb::GetMarketRequest again;
  again.set_run(request.run());
  return GetMarket(call, again);
}

absl::StatusOr<pb::ListShareAccountsResponse> MarketHandler::ListShareAccounts(
    const rpc::Call& call, const pb::ListShareAccountsRequest& request) {
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  return tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListShareAccountsResponse> {
    pb::ListShareAccountsResponse response;
    ASSIGN_OR_RETURN(std::vector<Account> accounts,
                     ListAccounts(tx, OwnGroups(call), page.key(0), page.key(1), page.limit()));
    response.set_next_page_token(page.Cut(accounts, [](const Account& account) {
      return std::vector{account.group_name, account.group_id};
    }));
    for (const Account& account : accounts) {
      pb::ShareAccount& shown = *response.add_accounts();
      shown.set_group(ids::Name("groups", account.group_id));
      shown.set_group_display_name(account.group_name);
      shown.set_balance_milli_shares(account.balance);
      // As above.
      if (!call.scope.whole_network) shown.set_bid_milli_shares(account.in_bids);
      shown.set_weight(account.weight);
    }
    if (call.scope.whole_network) {
      ASSIGN_OR_RETURN(const int64_t pool, ReadPool(tx));
      response.set_pool_milli_shares(pool);
    }
    return response;
  });
}

absl::StatusOr<pb::ListShareEntriesResponse> MarketHandler::ListShareEntries(
    const rpc::Call& call, const pb::ListShareEntriesRequest& request) {
  std::optional<std::vector<std::string>> groups = OwnGroups(call);
  if (!request.group().empty()) {
    ASSIGN_OR_RETURN(const std::string group, GroupOf(call, request.group()));
    groups = {group};
  }
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {kNewest, paging::kFirstId}));
  int64_t newest = 0;
  if (!absl::SimpleAtoi(page.key(0), &newest)) return paging::InvalidToken();
  ASSIGN_OR_RETURN(std::vector<ShareEntry> entries, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return ListEntries(tx, groups, newest, page.key(1), page.limit());
  }));
  pb::ListShareEntriesResponse response;
  response.set_next_page_token(page.Cut(entries, [](const ShareEntry& entry) {
    return std::vector{absl::StrCat(entry.newest()), entry.id};
  }));
  for (const ShareEntry& entry : entries) {
    pb::ShareEntry& shown = *response.add_entries();
    shown.set_name(ids::Name("shareEntries", entry.id));
    shown.set_group(ids::Name("groups", entry.group_id));
    shown.set_group_display_name(entry.group_name);
    shown.set_kind(entry.kind);
    shown.set_milli_shares(entry.amount);
    shown.set_balance_milli_shares(entry.balance);
    if (!entry.line_id.empty()) shown.set_line(absl::StrCat("runs/", entry.run_id, "/lines/", entry.line_id));
    shown.set_product_display_name(entry.product);
    *shown.mutable_create_time() = registry::ToTimestamp(entry.create_time);
  }
  return response;
}

}  // namespace kubari::allocation
