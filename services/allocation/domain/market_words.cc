#include "services/allocation/domain/market_words.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cstdlib>

namespace kubari::allocation {
namespace {

std::string Cases(int64_t cases) { return absl::StrCat(cases, cases == 1 ? " case" : " cases"); }

Sentence NowAt(const Level& level) {
  const std::string shown = Hundredths(ShownLevel(level));
  return {absl::StrFormat(
              "With it the group has %s person-days of food per household, the past year and open promises included.",
              shown),
          absl::StrFormat("これを含めて、世帯あたり%s人日分になります（過去1年の受取と引当中を含む）。", shown)};
}

}  // namespace

std::string ShareText(int64_t milli_shares) {
  const int64_t whole = std::abs(milli_shares) / 1000, rest = std::abs(milli_shares) % 1000;
  std::string text = absl::StrCat(milli_shares < 0 ? "-" : "", whole);
  if (rest > 0) {
    std::string digits = absl::StrFormat("%03d", rest);
    while (digits.back() == '0') digits.pop_back();
    absl::StrAppend(&text, ".", digits);
  }
  return text;
}

Sentence ExplainClaim(const Supply& supply, int64_t items, int number, int64_t food_with, int64_t cap,
                      const Level& level_with) {
  const std::string with = Hundredths(food_with), most = Hundredths(cap);
  const Sentence now = NowAt(level_with);
  Sentence sentence{
      absl::StrFormat("Claimed by the group itself: %d items, claim number %d of this run. ", items, number),
      absl::StrFormat("団体が自分で選びました：%d点（この回の%d番目の申込み）。", items, number)};
  if (supply.value > 0) {
    absl::StrAppend(&sentence.english,
                    absl::StrFormat("It has claimed %s of the %s person-days that it may claim. ", with, most));
    absl::StrAppend(&sentence.japanese, absl::StrFormat("申込みの合計は%s人日分で、上限は%s人日分です。", with, most));
    if (food_with > cap) {
      absl::StrAppend(&sentence.english, "The cap does not stop food whose date is near. ");
      absl::StrAppend(&sentence.japanese, "期限の近い食品は上限を超えて申し込めます。");
    }
  }
  return {absl::StrCat(sentence.english, now.english), absl::StrCat(sentence.japanese, now.japanese)};
}

Sentence ExplainBid(const pb::SnapshotBid& bid, int part, const BidResult& result, const Supply& supply) {
  const pb::SnapshotBidPart& own = bid.parts(part);
  const std::string price = ShareText(own.milli_shares_per_case());
  const std::string lowest = ShareText(result.lowest_won);
  if (result.verdict == BidVerdict::kWon) {
    const int64_t won = result.won[part];
    Sentence sentence{
        absl::StrFormat("Won with its bid of %s shares for a case: %s of %d wanted.", price, Cases(won), own.cases()),
        absl::StrFormat("1ケース%sポイントの入札で落札しました：希望%dケースのうち%dケース。", price, own.cases(),
                        won)};
    if (bid.parts_size() > 1) {
      absl::StrAppend(&sentence.english, " A joint bid of ", bid.parts_size(), " groups.");
      absl::StrAppend(&sentence.japanese, bid.parts_size(), "団体の共同入札です。");
    }
    if (won < own.cases()) {
      absl::StrAppend(&sentence.english,
                      " For the rest there were better bids, or too little food, storage or shares.");
      absl::StrAppend(&sentence.japanese,
                      "残りは、より高い入札があったか、在庫・保管場所・ポイントが足りませんでした。");
    }
    return sentence;
  }
  switch (result.verdict) {
    case BidVerdict::kOutbid:
      return {absl::StrFormat("Others bid more: cases of this lot went for %s shares or more; this bid was %s.", lowest,
                              price),
              absl::StrFormat(
                  "より高い入札がありました：このロットは1ケース%sポイント以上で落札され、この入札は%sポイントでした。",
                  lowest, price)};
    case BidVerdict::kTie:
      return {
          absl::StrFormat("Another bid had the same price (%s shares for a case). Of equal prices the group that has "
                          "less food comes "
                          "first, then the bid with the smaller number.",
                          price),
          absl::StrFormat("同じ価格（1ケース%"
                          "sポイント）の入札がありました。同額の場合は、食品の少ない団体、次に入札番号の小さい順です。",
                          price)};
    case BidVerdict::kNoRoom: {
      const Sentence zone = ZoneName(supply.zone);
      return {absl::StrFormat("There was too little %s storage for it, counting what was won before.", zone.english),
              absl::StrFormat("先に落札した分を含めると、%sの保管場所が足りませんでした。", zone.japanese)};
    }
    case BidVerdict::kBelowMinimumLot:
      return {absl::StrFormat("The bid was for fewer items than the %d that the donor gives to one group at least.",
                              supply.min_lot_items),
              absl::StrFormat("入札した数が、寄付者の決めた最小数（%d点）に足りませんでした。", supply.min_lot_items)};
    case BidVerdict::kNotJoined:
      return {absl::StrFormat("Only %d of the %d groups of this joint bid had joined when the bidding closed.",
                              bid.parts_size(), bid.parties()),
              absl::StrFormat("締切までに共同入札の%d団体のうち%d団体しかそろいませんでした。", bid.parties(),
                              bid.parts_size())};
    case BidVerdict::kNothingLeft:
      return {"There were fewer cases left than the bid needs.", "残りのケース数が足りませんでした。"};
    case BidVerdict::kNotEnoughShares:
      return {"There were too few shares left to pay for it.", "ポイントの残りが足りませんでした。"};
    case BidVerdict::kBelowLowestPrice:
      return {"The bid was below the lowest price of this lot.", "このロットの最低価格より低い入札でした。"};
    default:
      return {"A group of this bid may not have this lot.", "この入札の団体は、このロットを受け取れません。"};
  }
}

Sentence ExplainChoice(const pb::Snapshot& snapshot, const Proposal& proposal, const Share& share) {
  const MarketResult& market = proposal.market;
  const Supply& supply = proposal.judgement.supplies()[share.supply];
  if (market.policy == pb::POLICY_CLAIMS) {
    const Demand& demand = proposal.judgement.demands()[share.group];
    const ClaimResult& claim = market.claims[share.entry];
    return ExplainClaim(supply, share.items, snapshot.market().claims(share.entry).number(), claim.food_with,
                        market.terms.cap[share.group], {demand.history + claim.food_with, demand.weight});
  }
  const Sentence bid = ExplainBid(snapshot.market().bids(share.entry), share.part, market.bids[share.entry], supply);
  const Sentence now = NowAt(proposal.outcome.groups[share.group].after);
  return {absl::StrCat(bid.english, " ", now.english), absl::StrCat(bid.japanese, now.japanese)};
}

void MarkChoice(const pb::Snapshot& snapshot, const Share& share, pb::Line& line) {
  if (snapshot.policy() == pb::POLICY_CLAIMS) {
    line.set_claim_number(snapshot.market().claims(share.entry).number());
  } else {
    line.set_milli_shares_per_case(snapshot.market().bids(share.entry).parts(share.part).milli_shares_per_case());
  }
}

const char* CodeOf(No no) {
  switch (no) {
    case No::kNothing:
      return "";
    case No::kNotEligible:
      return "NOT_ELIGIBLE";
    case No::kLeftOut:
      return "LEFT_OUT";
    case No::kNothingLeft:
      return "NOTHING_LEFT";
    case No::kTooMany:
      return "QUANTITY_TOO_LARGE";
    case No::kNotWholeCases:
      return "NOT_WHOLE_CASES";
    case No::kBelowMinimumLot:
      return "BELOW_MINIMUM_LOT";
    case No::kNoRoom:
      return "NO_CAPACITY";
    case No::kCap:
      return "CLAIM_CAP";
  }
  return "";
}

Sentence ExplainNo(No no, const MarketBook& book, const Judgement& judgement, int supply, int group) {
  const Supply& facts = judgement.supplies()[supply];
  switch (no) {
    case No::kLeftOut: {
      const std::string* reason = judgement.LeftOut(supply, group);
      const std::string why = reason == nullptr ? "" : *reason;
      return {absl::StrCat("A coordinator left it out: ", why, "."),
              absl::StrCat("コーディネーターが外しました：", why, "。")};
    }
    case No::kNothingLeft:
    case No::kTooMany:
      return {"Nothing of it is left.", "残りがありません。"};
    case No::kBelowMinimumLot:
      return {absl::StrFormat("Only %d items are left; the donor gives at least %d to one group.", book.Free(supply),
                              book.Least(supply, group)),
              absl::StrFormat("残りは%d点で、寄付者の決めた最小数（1団体%d点）に足りません。", book.Free(supply),
                              book.Least(supply, group))};
    case No::kNoRoom: {
      const Sentence zone = ZoneName(facts.zone);
      const int64_t room = std::max<int64_t>(0, book.Room(group, facts.zone));
      return {absl::StrFormat("The group's %s storage has room for %d more items.", zone.english, room),
              absl::StrFormat("%sの保管場所の空きは、あと%d点分です。", zone.japanese, room)};
    }
    case No::kCap: {
      const std::string left = Hundredths(std::max<int64_t>(0, book.CapLeft(group)));
      return {
          absl::StrFormat(
              "The group may claim %s person-days more in this run. The cap does not stop food whose date is near.",
              left),
          absl::StrFormat("申込みの上限まで、あと%s人日分です。期限の近い食品は上限を超えて申し込めます。", left)};
    }
    default:
      return {};
  }
}

}  // namespace kubari::allocation
