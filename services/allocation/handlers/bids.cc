#include "services/allocation/handlers/bids.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <sodium.h>

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
#include "services/allocation/handlers/market.h"
#include "services/allocation/refusals.h"
#include "services/allocation/share_store.h"

namespace kubari::allocation {
namespace {

using registry::TxOf;

constexpr int64_t kMaxCases = 1'000'000, kMaxPrice = 1'000'000'000;
constexpr int kMaxParties = 10;
// Nothing that is mistaken for something else when it is read out.
constexpr char kCodeLetters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr int kCodeLength = 8;

std::string NewJoinCode() {
  std::string code;
  while (code.size() < kCodeLength) code.push_back(kCodeLetters[randombytes_uniform(sizeof(kCodeLetters) - 1)]);
  return code;
}
std::string ShownCode(const std::string& code) {
  return code.empty() ? "" : absl::StrCat(code.substr(0, 4), "-", code.substr(4));
}
// As it is stored; whatever is typed.
std::string ReadCode(const std::string& typed) {
  std::string code;
  for (const char c : typed) {
    if (absl::ascii_isalnum(c)) code.push_back(absl::ascii_toupper(c));
  }
  return code;
}

void CheckPart(int64_t cases, int64_t price, errors::Violations& violations) {
  violations.Range("cases", cases, 1, kMaxCases);
  violations.Range("milli_shares_per_case", price, -kMaxPrice, kMaxPrice);
}

// What this caller may see of it.
pb::Bid Shown(const rpc::Call& call, const BidRow& row) {
  pb::Bid bid = row.facts;
  bid.set_name(ids::Name("bids", row.id));
  bid.set_run(ids::Name("runs", row.run_id));
  bid.set_state(row.state);
  bid.set_parties(row.parties);
  *bid.mutable_create_time() = registry::ToTimestamp(row.create_time);
  bid.set_etag(registry::EtagOf(row.version));
  const PartRow* own = nullptr;
  for (const PartRow& part : row.parts) {
    if (own == nullptr && call.scope.Includes(part.group_id)) own = &part;
  }
  const bool closed = row.state == pb::BID_STATE_WON || row.state == pb::BID_STATE_LOST;
  if (own == nullptr && !(call.scope.whole_network && closed)) return bid;
  if (own != nullptr && row.open()) bid.set_join_code(ShownCode(row.join_code));
  for (const PartRow& part : row.parts) {
    pb::BidPart& shown = *bid.add_parts();
    shown.set_group(ids::Name("groups", part.group_id));
    shown.set_group_display_name(part.group_name);
    shown.set_cases(part.cases);
    shown.set_milli_shares_per_case(part.price);
    shown.set_won_cases(part.won_cases);
  }
  const PartRow& told = own != nullptr ? *own : row.parts.front();
  bid.set_reason(told.reason);
  bid.set_message(told.message);
  bid.set_message_ja(told.message_ja);
  return bid;
}

// Could it be won, if nobody else bid? `alone`: by this group only.
absl::Status CheckWinnable(const OpenedMarket& market, const Pair& pair, int64_t cases, int64_t price, bool alone) {
  const Supply& facts = market.judgement().supplies()[pair.supply];
  const MarketBook book(market.judgement(), market.terms());
  // Overflows nothing: a million cases of 2^40 items are below 2^60.
  const int64_t items = cases * facts.items_per_case;
  const int64_t whole = book.Free(pair.supply) / facts.items_per_case * facts.items_per_case;
  if (book.May(pair.supply, pair.group) && items > whole) return refusals::QuantityTooLarge(items, whole);
  No no = book.Judge(pair.supply, pair.group, items, /*with_cap=*/false);
  // All parts count together, and behind a hub all that comes by it.
  const bool by_hub = market.judgement().IsHub(market.judgement().DoorOf(pair.supply, pair.group));
  if ((!alone || by_hub) && no == No::kBelowMinimumLot) no = No::kNothing;
  if (no == No::kNothing && items > book.Room(pair.group, facts.zone)) no = No::kNoRoom;
  if (no != No::kNothing) return RefusalOf(no, market, book, pair, items);
  if (price < market.terms().lowest[pair.supply])
    return refusals::BelowLowestPrice(price, market.terms().lowest[pair.supply]);
  return absl::OkStatus();
}

// The group's account is locked from here on, so two bids at once do not spend the same shares. `before`: what this bid
// costs already.
absl::Status CheckAffordable(pg::Transaction& tx, const std::string& group_id, int64_t cases, int64_t price,
                             int64_t before) {
  ASSIGN_OR_RETURN(const std::optional<Account> account, FindAccount(tx, group_id, /*lock=*/true));
  const int64_t free = (account ? account->balance - account->in_bids : 0) + before;
  const int64_t cost = cases * std::max<int64_t>(0, price);
  return cost <= free ? absl::OkStatus() : refusals::NotEnoughShares(cost, std::max<int64_t>(0, free));
}
int64_t CostOfPart(const PartRow& part) { return part.cases * std::max<int64_t>(0, part.price); }

PartRow* PartOf(BidRow& bid, const std::string& group_id) {
  const auto found = std::ranges::find_if(bid.parts, [&](const PartRow& part) { return part.group_id == group_id; });
  return found == bid.parts.end() ? nullptr : &*found;
}

// The bid, locked after its run: in the order in which a run is closed.
struct LockedBid {
  RunRow run;
  BidRow bid;
};
absl::StatusOr<LockedBid> Lock(pg::Transaction& tx, const BidRow& known) {
  LockedBid locked;
  ASSIGN_OR_RETURN(locked.run, FindRun(tx, known.run_id, /*lock=*/true));
  ASSIGN_OR_RETURN(locked.bid, FindBid(tx, known.id, /*lock=*/true));
  return locked;
}

}  // namespace

absl::StatusOr<pb::Bid> BidsHandler::PlaceBid(const rpc::Call& call, const pb::PlaceBidRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.bid_id().empty()) violations.Uuid("bid_id", request.bid_id());
  violations.Name("runs", "run", request.run());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  CheckPart(request.cases(), request.milli_shares_per_case(), violations);
  violations.Range("parties", request.parties(), 0, kMaxParties);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  ASSIGN_OR_RETURN(std::optional<pb::Bid> first, registry::FirstAnswer<pb::Bid>(tools_.pool, call, request));
  if (first) return *std::move(first);
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, request.run()));
  if (market.run.run.policy() != pb::POLICY_BIDS) return refusals::RunPolicy(request.run(), market.run.run.policy());
  ASSIGN_OR_RETURN(const Pair pair, PairOf(market, group_id, request.lot(), request.place()));
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(tools_.clock.Now()));
  const pb::SnapshotStock& stock = market.solved->snapshot.stock(pair.supply);
  BidRow bid{.id = request.bid_id().empty() ? ids::NewV7(now) : request.bid_id(),
             .run_id = market.run.id,
             .parties = std::max(1, request.parties()),
             .create_time = now};
  bid.facts.set_lot(request.lot());
  bid.facts.set_place(request.place());
  bid.facts.set_lot_code(stock.lot().code());
  bid.facts.set_product_display_name(stock.lot().product_display_name());
  bid.facts.set_items_per_case(market.judgement().supplies()[pair.supply].items_per_case);
  bid.parts.push_back({.group_id = group_id,
                       .group_name = market.solved->snapshot.groups(pair.group).group().display_name(),
                       .cases = request.cases(),
                       .price = request.milli_shares_per_case(),
                       .subject = call.principal.subject});
  return registry::Mutate<pb::Bid>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Bid> {
    ASSIGN_OR_RETURN(const RunRow run, FindRun(tx, bid.run_id, /*lock=*/true));
    RETURN_IF_ERROR(CheckOpen(run, tools_.clock.Now()));
    RETURN_IF_ERROR(
        CheckWinnable(market, pair, request.cases(), request.milli_shares_per_case(), /*alone=*/bid.parties == 1));
    RETURN_IF_ERROR(CheckAffordable(tx, group_id, request.cases(), request.milli_shares_per_case(), /*before=*/0));
    if (bid.parties > 1) bid.join_code = NewJoinCode();
    RETURN_IF_ERROR(InsertBid(tx, bid));
    return Shown(call, bid);
  });
}

absl::StatusOr<pb::Bid> BidsHandler::JoinBid(const rpc::Call& call, const pb::JoinBidRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  const std::string code = ReadCode(request.join_code());
  violations.Require(code.size() == kCodeLength, "join_code", request.join_code().empty() ? "REQUIRED" : "NOT_A_CODE",
                     "Give the code of the joint bid, such as K7QP-3M2X.",
                     "共同入札の番号（例：K7QP-3M2X）を入力してください。");
  CheckPart(request.cases(), request.milli_shares_per_case(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  ASSIGN_OR_RETURN(std::optional<pb::Bid> first, registry::FirstAnswer<pb::Bid>(tools_.pool, call, request));
  if (first) return *std::move(first);
  ASSIGN_OR_RETURN(const BidRow known,
                   tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) { return FindBidByCode(tx, code); }));
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, ids::Name("runs", known.run_id)));
  ASSIGN_OR_RETURN(const Pair pair, PairOf(market, group_id, known.facts.lot(), known.facts.place()));
  return registry::Mutate<pb::Bid>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Bid> {
    ASSIGN_OR_RETURN(LockedBid locked, Lock(tx, known));
    BidRow& bid = locked.bid;
    RETURN_IF_ERROR(CheckOpen(locked.run, tools_.clock.Now()));
    if (!bid.open()) return refusals::BidState(ids::Name("bids", bid.id), bid.state);
    if (PartOf(bid, group_id) != nullptr) return refusals::BidTaken(bid.facts.product_display_name());
    if (static_cast<int>(bid.parts.size()) >= bid.parties) return refusals::BidFull(bid.parties);
    RETURN_IF_ERROR(CheckWinnable(market, pair, request.cases(), request.milli_shares_per_case(), /*alone=*/false));
    RETURN_IF_ERROR(CheckAffordable(tx, group_id, request.cases(), request.milli_shares_per_case(), /*before=*/0));
    bid.parts.push_back({.group_id = group_id,
                         .group_name = market.solved->snapshot.groups(pair.group).group().display_name(),
                         .cases = request.cases(),
                         .price = request.milli_shares_per_case(),
                         .subject = call.principal.subject});
    RETURN_IF_ERROR(UpdateBid(tx, bid));
    return Shown(call, bid);
  });
}

absl::StatusOr<pb::Bid> BidsHandler::ChangeBid(const rpc::Call& call, const pb::ChangeBidRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("bids", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  CheckPart(request.cases(), request.milli_shares_per_case(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  ASSIGN_OR_RETURN(std::optional<pb::Bid> first, registry::FirstAnswer<pb::Bid>(tools_.pool, call, request));
  if (first) return *std::move(first);
  ASSIGN_OR_RETURN(BidRow known, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return FindBid(tx, IdOf(request.name()));
  }));
  if (PartOf(known, group_id) == nullptr) return refusals::BidNotFound(request.name());
  ASSIGN_OR_RETURN(const OpenedMarket market, OpenMarket(tools_, solved_, call, ids::Name("runs", known.run_id)));
  ASSIGN_OR_RETURN(const Pair pair, PairOf(market, group_id, known.facts.lot(), known.facts.place()));
  return registry::Mutate<pb::Bid>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Bid> {
    ASSIGN_OR_RETURN(LockedBid locked, Lock(tx, known));
    BidRow& bid = locked.bid;
    PartRow* own = PartOf(bid, group_id);
    if (own == nullptr) return refusals::BidNotFound(request.name());
    RETURN_IF_ERROR(registry::CheckEtag(request.name(), request.etag(), registry::EtagOf(bid.version)));
    if (!bid.open()) return refusals::BidState(request.name(), bid.state);
    RETURN_IF_ERROR(CheckOpen(locked.run, tools_.clock.Now()));
    RETURN_IF_ERROR(
        CheckWinnable(market, pair, request.cases(), request.milli_shares_per_case(), /*alone=*/bid.parties == 1));
    RETURN_IF_ERROR(CheckAffordable(tx, group_id, request.cases(), request.milli_shares_per_case(), CostOfPart(*own)));
    own->cases = request.cases();
    own->price = request.milli_shares_per_case();
    own->subject = call.principal.subject;
    RETURN_IF_ERROR(UpdateBid(tx, bid));
    return Shown(call, bid);
  });
}

absl::StatusOr<pb::Bid> BidsHandler::WithdrawBid(const rpc::Call& call, const pb::WithdrawBidRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("bids", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const std::string group_id, OneGroupOf(call, request.group()));
  return registry::Mutate<pb::Bid>(tools_.pool, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<pb::Bid> {
    ASSIGN_OR_RETURN(BidRow known, FindBid(tx, IdOf(request.name())));
    if (PartOf(known, group_id) == nullptr) return refusals::BidNotFound(request.name());
    ASSIGN_OR_RETURN(LockedBid locked, Lock(tx, known));
    BidRow& bid = locked.bid;
    if (PartOf(bid, group_id) == nullptr) return refusals::BidNotFound(request.name());
    if (!bid.open()) return refusals::BidState(request.name(), bid.state);
    RETURN_IF_ERROR(CheckOpen(locked.run, tools_.clock.Now()));
    if (bid.parts.front().group_id == group_id) {
      bid.state = pb::BID_STATE_WITHDRAWN;
    } else {
      std::erase_if(bid.parts, [&](const PartRow& part) { return part.group_id == group_id; });
    }
    RETURN_IF_ERROR(UpdateBid(tx, bid));
    return Shown(call, bid);
  });
}

absl::StatusOr<pb::ListBidsResponse> BidsHandler::ListBids(const rpc::Call& call, const pb::ListBidsRequest& request) {
  errors::Violations violations;
  if (!request.run().empty()) violations.Name("runs", "run", request.run());
  if (!request.group().empty()) violations.Name("groups", "group", request.group());
  RETURN_IF_ERROR(violations.status());
  if (!request.group().empty() && !call.scope.whole_network && !call.scope.Includes(IdOf(request.group())))
    return auth::NotYourOrganisation(request.group());
  static const std::string kNewest = absl::StrCat(std::numeric_limits<int64_t>::min());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {kNewest, paging::kFirstId}));
  int64_t newest = 0;
  if (!absl::SimpleAtoi(page.key(0), &newest)) return paging::InvalidToken();
  BidFilter filter;
  if (!request.run().empty()) filter.run_id = IdOf(request.run());
  if (!request.group().empty()) filter.group_id = IdOf(request.group());
  if (!call.scope.whole_network) filter.own_groups = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(std::vector<BidRow> rows, tools_.pool.Read(TxOf(call), [&](pg::Transaction& tx) {
    return allocation::ListBids(tx, filter, newest, page.key(1), page.limit());
  }));
  pb::ListBidsResponse response;
  response.set_next_page_token(page.Cut(rows, [](const BidRow& row) {
    return std::vector{absl::StrCat(row.newest()), row.id};
  }));
  for (const BidRow& row : rows) *response.add_bids() = Shown(call, row);
  return response;
}

}  // namespace kubari::allocation
