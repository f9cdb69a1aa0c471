#include "services/allocation/domain/group_story.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "libs/calendar/date.h"
#include "services/allocation/domain/explain.h"
#include "services/allocation/domain/market_words.h"

namespace kubari::allocation {
namespace {

constexpr int kMostNames = 50;
constexpr int kMostNext = 20;
constexpr int kRulesInText = 3;
constexpr int kNeedsInText = 5;

class Telling {
 public:
  Telling(const Solved& solved, int group, const std::vector<pb::Line>& lines, bool all_groups)
      : snapshot_(solved.snapshot),
        judgement_(solved.proposal.judgement),
        outcome_(solved.proposal.outcome),
        market_(solved.proposal.market),
        group_(group),
        own_(outcome_.groups[group]),
        lines_(lines),
        all_groups_(all_groups) {}

  pb::ExplainGroupResponse Tell() {
    TellFigures();
    if (IsMarket(market_.policy)) {
      TellRules();
      TellByHand();
      TellAskedFor();
      WriteChoice();
      return std::move(told_);
    }
    TellTie();
    TellStorage();
    TellRules();
    TellNext();
    TellByHand();
    TellAskedFor();
    TellWishes();
    Write();
    return std::move(told_);
  }

 private:
  void Say(std::string english, std::string japanese) {
    sentences_.push_back(std::move(english));
    sentences_ja_.push_back(std::move(japanese));
  }

  void TellFigures() {
    const groups::v1::Group& group = snapshot_.groups(group_).group();
    told_.set_group(group.name());
    told_.set_group_display_name(group.display_name());
    told_.set_hand_over_date(absl::FormatCivilTime(judgement_.DayOf(group_)));
    Level now = own_.before;
    for (const pb::Line& line : lines_) {
      const bool taken_back = line.claim_number() > 0 && line.state() == pb::LINE_STATE_REFUSED;
      if (line.state() == pb::LINE_STATE_DROPPED || taken_back) continue;
      told_.set_items(told_.items() + line.items());
      if (!line.hub().empty()) told_.set_items_by_hub(told_.items_by_hub() + line.items());
      if (const auto supply = judgement_.SupplyNamed(line.lot(), line.place()))
        now.food += line.items() * judgement_.supplies()[*supply].value;
    }
    told_.set_level_before(ShownLevel(own_.before));
    told_.set_level_solved(ShownLevel(own_.after));
    told_.set_level_fair(ShownLevel(own_.fair));
    told_.set_level_now(ShownLevel(now));
    told_.set_eligible_lots(EligibleLots());
    if (const int hub = judgement_.HubOf(group_); hub >= 0) {
      told_.set_hub(snapshot_.groups(hub).group().name());
      told_.set_hub_display_name(snapshot_.groups(hub).group().display_name());
    }
  }

  int EligibleLots() const {
    int lots = 0;
    for (const std::vector<int>& supplies : judgement_.supplies_of_lot())
      lots += std::ranges::any_of(supplies, [&](int supply) { return judgement_.May(supply, group_); });
    return lots;
  }

  std::string LotText(int supply) const {
    const stock::v1::Lot& lot = snapshot_.stock(supply).lot();
    return absl::StrCat(lot.product_display_name(), " (", lot.code(), ")");
  }

  void TellTie() {
    if (own_.tie < 0) return;
    const TieOf& tie = outcome_.ties[own_.tie];
    pb::Tie& told = *told_.mutable_tie();
    told.set_level(ShownLevel(tie.level));
    told.set_group_count(static_cast<int>(tie.groups.size()));
    if (all_groups_) {
      for (const int group : tie.groups) {
        if (told.groups_size() < kMostNames) told.add_groups(snapshot_.groups(group).group().display_name());
      }
    }
    std::set<int> lots;
    for (const int supply : tie.supplies) {
      if (supply >= judgement_.stock() || !lots.insert(judgement_.LotOf(supply)).second) continue;
      if (told.lots_size() < kMostNames) told.add_lots(LotText(supply));
    }
    told.set_lot_count(static_cast<int>(lots.size()));
  }

  void TellStorage() {
    for (int zone = 0; zone < kZones; ++zone) {
      if (!own_.wanting[zone]) continue;
      pb::FullStorage& full = *told_.add_full_storage();
      full.set_temperature_zone(static_cast<type::v1::TemperatureZone>(zone + 1));
      full.set_capacity_items(judgement_.demands()[group_].room[zone]);
      full.set_used_items(own_.taken[zone]);
    }
    // How much stands at the hub for others is not the group's to know.
    for (int zone = 0; zone < kZones; ++zone) {
      if (!own_.wanting_at_hub[zone]) continue;
      pb::FullStorage& full = *told_.add_full_storage();
      full.set_temperature_zone(static_cast<type::v1::TemperatureZone>(zone + 1));
      full.set_at_hub(true);
    }
  }

  // Rules that hold at every place of a lot; and what keeps each lot away together, where least does.
  void TellRules() {
    std::map<int, pb::RuleCount> rules;
    for (const std::vector<int>& supplies : judgement_.supplies_of_lot()) {
      int64_t items = 0;
      uint64_t everywhere = ~uint64_t{0}, least = everywhere;
      for (const int supply : supplies) {
        items += judgement_.supplies()[supply].items;
        const uint64_t keep = KeepAway(supply);
        everywhere &= keep;
        if (std::popcount(keep) >= std::popcount(least)) continue;
        least = keep;
        for (int code = 0; code <= kLeftOut; ++code) {
          if ((keep >> code & 1) != 0 && !words_.contains(code)) words_[code] = WhyNot(supply, code);
        }
      }
      for (int code = 0; code <= kLeftOut; ++code) {
        if ((everywhere >> code & 1) == 0) continue;
        pb::RuleCount& rule = rules[code];
        rule.set_lots(rule.lots() + 1);
        rule.set_items(rule.items() + items);
      }
      if (least == 0) continue;
      Kept& kept = kept_[least];
      ++kept.lots;
      kept.items += items;
    }
    std::vector<pb::RuleCount> ranked;
    for (auto& [code, rule] : rules) {
      rule.set_code(NameOf(code));
      rule.set_message(words_[code].english);
      rule.set_message_ja(words_[code].japanese);
      ranked.push_back(std::move(rule));
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.items() > b.items(); });
    for (pb::RuleCount& rule : ranked) *told_.add_rules() = std::move(rule);
  }

  // Bits of what keeps the supply from the group: codes of eligibility, and a coordinator's decision.
  static constexpr int kLeftOut = eligibility::kCodes;
  uint64_t KeepAway(int supply) const {
    const uint64_t left_out = judgement_.LeftOut(supply, group_) != nullptr ? 1 : 0;
    return judgement_.CodesOf(supply, group_).bits() | left_out << kLeftOut;
  }
  static std::string NameOf(int code) {
    return code == kLeftOut ? "LEFT_OUT" : std::string(eligibility::CodeName(static_cast<eligibility::Code>(code)));
  }
  Sentence WhyNot(int supply, int code) const {
    if (code == kLeftOut) {
      const std::string& reason = *judgement_.LeftOut(supply, group_);
      return {absl::StrCat("A coordinator left it out: ", reason, "."),
              absl::StrCat("コーディネーターが外しました：", reason, "。")};
    }
    for (const eligibility::Reason& reason : judgement_.WhyNot(supply, group_)) {
      if (static_cast<int>(reason.code) != code) continue;
      const auto by_hub = judgement_.WhyNotByHub(supply, group_);
      if (!by_hub) return {reason.english, reason.japanese};
      return {absl::StrCat(reason.english, " ", by_hub->english), reason.japanese + by_hub->japanese};
    }
    return {};
  }

  void TellNext() {
    std::set<int> lots;
    for (const Share& share : outcome_.shares) {
      if (share.next_group != group_ || told_.next_for_size() == kMostNext ||
          !lots.insert(judgement_.LotOf(share.supply)).second) {
        continue;
      }
      const stock::v1::Lot& lot = snapshot_.stock(share.supply).lot();
      pb::NextInLine& next = *told_.add_next_for();
      next.set_lot(lot.name());
      next.set_lot_code(lot.code());
      next.set_product_display_name(lot.product_display_name());
    }
  }

  void AddByHand(const char* kind, const std::string& lot, int64_t items, const std::string& reason) {
    pb::ByHand& by_hand = *told_.add_by_hand();
    by_hand.set_kind(kind);
    by_hand.set_lot(lot);
    by_hand.set_items(items);
    by_hand.set_reason(reason);
    const auto found = std::ranges::find_if(snapshot_.stock(), [&](const auto& s) { return s.lot().name() == lot; });
    if (found != snapshot_.stock().end()) by_hand.set_product_display_name(found->lot().product_display_name());
  }

  void TellByHand() {
    const std::string& name = told_.group();
    const pb::RunOptions& options = snapshot_.options();
    for (const pb::Pin& pin : options.pins()) {
      if (pin.group() == name) AddByHand("PIN", pin.lot(), pin.items(), pin.reason());
    }
    for (const pb::GroupBound& bound : options.group_bounds()) {
      if (bound.group() == name) AddByHand("BOUND", "", 0, bound.reason());
    }
    for (const pb::CapacityOverride& own : options.capacities()) {
      if (own.group() == name) AddByHand("CAPACITY", "", own.items(), own.reason());
    }
    for (const pb::LeftOut& left_out : options.left_out()) {
      if (left_out.group() == name) AddByHand("LEFT_OUT", left_out.lot(), 0, left_out.reason());
    }
    for (const pb::Line& line : lines_) {
      const bool dropped = line.state() == pb::LINE_STATE_DROPPED;
      const bool changed = line.state() == pb::LINE_STATE_PROPOSED && line.items() != line.proposed_items();
      if (dropped || changed) AddByHand("ADJUSTED", line.lot(), dropped ? 0 : line.items(), line.reason());
    }
  }

  // Needs that are still of use on the group's day.
  void TellAskedFor() {
    const auto& needs = snapshot_.groups(group_).needs();
    std::map<const groups::v1::Need*, int> index;
    for (const groups::v1::Need& need : needs) {
      if (!judgement_.IsOfUse(group_, need)) continue;
      index[&need] = told_.asked_for_size();
      pb::AskedFor& told = *told_.add_asked_for();
      told.set_need(need.name());
      told.set_text(need.text());
      for (const std::vector<int>& supplies : judgement_.supplies_of_lot()) {
        if (!Answers(snapshot_.stock(supplies.front()).lot(), need)) continue;
        told.set_lots(told.lots() + 1);
        const bool may = std::ranges::any_of(supplies, [&](int supply) { return judgement_.May(supply, group_); });
        told.set_eligible_lots(told.eligible_lots() + (may ? 1 : 0));
      }
    }
    for (const pb::Line& line : lines_) {
      const bool taken_back = line.claim_number() > 0 && line.state() == pb::LINE_STATE_REFUSED;
      const auto supply = judgement_.SupplyNamed(line.lot(), line.place());
      if (!supply || line.state() == pb::LINE_STATE_DROPPED || taken_back) continue;
      // Of several needs that the goods answer it counts for one.
      const auto found = index.find(judgement_.NeedOf(*supply, group_));
      if (found == index.end()) continue;
      pb::AskedFor& told = *told_.mutable_asked_for(found->second);
      told.set_items(told.items() + line.items());
    }
  }

  void WriteAskedFor() {
    for (int i = 0; i < std::min(kNeedsInText, told_.asked_for_size()); ++i) {
      const pb::AskedFor& asked = told_.asked_for(i);
      const std::string english = absl::StrCat("It had asked for \"", asked.text(), "\": ");
      const std::string japanese = absl::StrCat("ご希望の「", asked.text(), "」：");
      if (asked.items() > 0) {
        Say(absl::StrCat(english, asked.items(), asked.items() == 1 ? " item." : " items."),
            absl::StrCat(japanese, asked.items(), "点です。"));
      } else if (asked.lots() == 0) {
        Say(absl::StrCat(english, "there is none of it this time."),
            absl::StrCat(japanese, "今回の在庫にはありません。"));
      } else if (asked.eligible_lots() == 0) {
        Say(absl::StrCat(english, "there is some, and rules keep it from the group."),
            absl::StrCat(japanese, "在庫はありますが、条件により対象外です。"));
      } else {
        Say(absl::StrCat(english, "it went to others, as that is as fair and the way is shorter, or they have less."),
            absl::StrCat(japanese, "今回は、受取の少ない団体や、同じ公平さでより近い団体に渡りました。"));
      }
    }
  }

  void Wish(const char* kind, const std::string& reference, std::string english, std::string japanese) {
    pb::Wish& wish = *told_.add_wishes();
    wish.set_kind(kind);
    wish.set_reference(reference);
    wish.set_message(std::move(english));
    wish.set_message_ja(std::move(japanese));
  }

  static std::string ZoneReference(int zone) {
    return type::v1::TemperatureZone_Name(static_cast<type::v1::TemperatureZone>(zone + 1))
        .substr(sizeof("TEMPERATURE_ZONE_") - 1);
  }

  void TellWishes() {
    for (int zone = 0; zone < kZones; ++zone) {
      if (!own_.wanting_at_hub[zone]) continue;
      const Sentence name = ZoneName(zone);
      Wish("MORE_STORAGE", ZoneReference(zone),
           absl::StrCat("With more ", name.english, " storage at the hub the group would have got more."),
           absl::StrCat("拠点に", name.japanese, "の保管場所がもっとあれば、さらに受け取れました。"));
    }
    for (int zone = 0; zone < kZones; ++zone) {
      if (!own_.wanting[zone]) continue;
      const Sentence name = ZoneName(zone);
      Wish("MORE_STORAGE", ZoneReference(zone),
           absl::StrCat("With more ", name.english, " storage the group would have got more."),
           absl::StrCat(name.japanese, "の保管場所がもっとあれば、さらに受け取れました。"));
    }
    // A lot that several rules keep away comes only if none of them does.
    std::vector<std::pair<uint64_t, Kept>> kept(kept_.begin(), kept_.end());
    std::ranges::stable_sort(kept, [](const auto& a, const auto& b) { return a.second.items > b.second.items; });
    for (const auto& [bits, of] : kept) {
      std::vector<std::string> codes, english, japanese;
      for (int code = 0; code <= kLeftOut; ++code) {
        if ((bits >> code & 1) == 0) continue;
        codes.push_back(NameOf(code));
        english.push_back(words_[code].english);
        japanese.push_back(words_[code].japanese);
      }
      const bool one = codes.size() == 1;
      Wish("RULE", absl::StrJoin(codes, ","),
           absl::StrFormat("%s, %d more %s (%d items) could have come to it: %s",
                           one ? "Without this" : "Without all of this", of.lots, of.lots == 1 ? "lot" : "lots",
                           of.items, absl::StrJoin(english, " ")),
           absl::StrFormat("次の点が%s変われば、さらに%dロット（%d点）が対象になりました：%s", one ? "" : "すべて",
                           of.lots, of.items, absl::StrJoin(japanese, "")));
      if (told_.wishes_size() >= kRulesInText + kZones) break;
    }
    if (told_.eligible_lots() == 0) return;
    if (told_.items() == 0 && own_.tie >= 0 && Less(outcome_.ties[own_.tie].level, own_.before)) {
      Wish("LESS_HISTORY", "",
           absl::StrFormat("In the past year it had %s person-days per household, more than the groups that share this "
                           "food end with (%s).",
                           Hundredths(told_.level_before()), Hundredths(told_.tie().level())),
           absl::StrFormat(
               "過去1年の世帯あたり%s人日分は、この食品を分け合う団体の配分後の水準（%s人日分）より多くなっています。",
               Hundredths(told_.level_before()), Hundredths(told_.tie().level())));
    } else if (told_.full_storage().empty()) {
      Wish("MORE_FOOD", "", "More food of the kinds that it may have would have raised it.",
           "この団体が受け取れる種類の食品がもっとあれば、さらに増えました。");
    }
  }

  void Write() {
    const absl::StatusOr<calendar::Date> day = calendar::Date::Parse(told_.hand_over_date());
    const std::string day_ja = day.ok() ? day->JapaneseText() : told_.hand_over_date();
    const std::string before = Hundredths(told_.level_before()), now = Hundredths(told_.level_now());
    if (told_.items() > 0) {
      Say(absl::StrFormat("For %s: %d items for %s.", told_.group_display_name(), told_.items(),
                          told_.hand_over_date()),
          absl::StrFormat("%s様へ、%sお渡し分として%d点です。", told_.group_display_name(), day_ja, told_.items()));
      Say(absl::StrFormat("With the past year and open promises, that is %s person-days of food per household; before, "
                          "it was %s.",
                          now, before),
          absl::StrFormat("過去1年の受取と引当中を含め、世帯あたり%s人日分になります（配分前は%s人日分）。", now,
                          before));
    } else {
      Say(absl::StrFormat("There is nothing for %s this time.", told_.group_display_name()),
          absl::StrFormat("今回、%s様にお渡しできるものはありません。", told_.group_display_name()));
      Say(absl::StrFormat("In the past year, open promises included, it had %s person-days of food per household.",
                          before),
          absl::StrFormat("過去1年の受取と引当中を含め、世帯あたり%s人日分をお渡ししています。", before));
    }
    if (told_.items_by_hub() > 0) {
      Say(absl::StrFormat("%d of the items come by the hub %s, which hands them on.", told_.items_by_hub(),
                          told_.hub_display_name()),
          absl::StrFormat("そのうち%d点は拠点「%s」を通して届きます。", told_.items_by_hub(),
                          told_.hub_display_name()));
    }
    WriteTie();
    WriteAskedFor();
    for (const pb::FullStorage& full : told_.full_storage()) {
      const Sentence zone = ZoneName(static_cast<int>(full.temperature_zone()) - 1);
      if (full.at_hub()) {
        Say(absl::StrFormat("The %s storage of the hub is full.", zone.english),
            absl::StrFormat("拠点の%sの保管場所がいっぱいです。", zone.japanese));
        continue;
      }
      Say(absl::StrFormat("Its %s storage is full: %d of %d items that it can take this time.", zone.english,
                          full.used_items(), full.capacity_items()),
          absl::StrFormat("%sの保管場所は、今回受け取れる%d点のうち%d点まで埋まっています。", zone.japanese,
                          full.capacity_items(), full.used_items()));
    }
    WriteRules();
    if (told_.next_for_size() > 0) {
      std::vector<std::string> names;
      for (const pb::NextInLine& next : told_.next_for()) {
        if (names.size() < 3) names.push_back(next.product_display_name());
      }
      Say(absl::StrCat("It would have had the next case of: ", absl::StrJoin(names, ", "), "."),
          absl::StrCat("もう1ケースあれば、次はこの団体でした：", absl::StrJoin(names, "、"), "。"));
    }
    for (const pb::ByHand& by_hand : told_.by_hand()) {
      if (by_hand.kind() == "LEFT_OUT") continue;  // told among the rules
      Say(absl::StrCat("Decided by hand: ", by_hand.reason(), "."),
          absl::StrCat("コーディネーターの判断：", by_hand.reason(), "。"));
    }
    for (const pb::Wish& wish : told_.wishes()) {
      if (wish.kind() != "RULE") Say(wish.message(), wish.message_ja());
    }
    Join();
  }

  void Join() {
    told_.set_text(absl::StrJoin(sentences_, " "));
    told_.set_text_ja(absl::StrJoin(sentences_ja_, ""));
  }

  void WriteRules() {
    for (int i = 0; i < std::min(kRulesInText, told_.rules_size()); ++i) {
      const pb::RuleCount& rule = told_.rules(i);
      Say(absl::StrFormat("%d %s (%d items) could not come to it: %s", rule.lots(), rule.lots() == 1 ? "lot" : "lots",
                          rule.items(), rule.message()),
          absl::StrFormat("%dロット（%d点）は次の理由で対象外です：%s", rule.lots(), rule.items(), rule.message_ja()));
    }
  }

  // Where groups chose for themselves.
  void WriteChoice() {
    const bool claims = market_.policy == pb::POLICY_CLAIMS;
    const std::string& name = told_.group_display_name();
    Say(absl::StrFormat("For %s: in this run every group chose for itself, %s.", name,
                        claims ? "first come, first served" : "by sealed bids in shares"),
        absl::StrFormat("%s様へ：この回は、団体が自分で選ぶ方式（%s）です。", name,
                        claims ? "早い者順" : "ポイントによる入札"));
    const std::string fair = Hundredths(market_.terms.fair[group_]);
    if (claims) {
      WriteClaims(fair);
    } else {
      WriteBids();
      Say(absl::StrFormat("Fair share would have given it %s person-days of food.", fair),
          absl::StrFormat("公平に分けた場合の取り分は%s人日分でした。", fair));
    }
    WriteAskedFor();
    WriteRules();
    Join();
  }

  void WriteClaims(const std::string& fair) {
    const std::string cap = Hundredths(market_.terms.cap[group_]);
    if (told_.items() == 0) {
      Say("It has claimed nothing, or has taken back what it had claimed.",
          "申込みがないか、すべて取り消されています。");
    } else {
      Say(absl::StrFormat("It has claimed %d items.", told_.items()),
          absl::StrFormat("申込みは%d点です。", told_.items()));
    }
    Say(absl::StrFormat(
            "It could claim %s person-days of food; its fair share of the run was %s. Food whose date is near could be "
            "claimed beyond that.",
            cap, fair),
        absl::StrFormat(
            "申込みの上限は%s人日分、公平な取り分は%s人日分でした。期限の近い食品は上限を超えて申し込めました。", cap,
            fair));
  }

  void WriteBids() {
    constexpr int kBidsInText = 10;
    int own = 0;
    for (size_t i = 0; i < market_.bids.size(); ++i) {
      const BidResult& result = market_.bids[i];
      const auto part = std::ranges::find(result.groups, group_);
      if (part == result.groups.end() || result.supply < 0 || ++own > kBidsInText) continue;
      const std::string& product = snapshot_.stock(result.supply).lot().product_display_name();
      const Sentence why =
          ExplainBid(snapshot_.market().bids(static_cast<int>(i)), static_cast<int>(part - result.groups.begin()),
                     result, judgement_.supplies()[result.supply]);
      Say(absl::StrCat(product, ": ", why.english), absl::StrCat("「", product, "」：", why.japanese));
    }
    if (own == 0) Say("It has not bid for anything.", "入札はありませんでした。");
  }

  void WriteTie() {
    if (!told_.has_tie() || told_.tie().group_count() < 2 || told_.tie().lot_count() == 0) return;
    Say(absl::StrFormat("It shares %d %s with %d other %s as evenly as whole cases allow, at about %s person-days per "
                        "household; none of it could have gone to a group that has less.",
                        told_.tie().lot_count(), told_.tie().lot_count() == 1 ? "lot" : "lots",
                        told_.tie().group_count() - 1, told_.tie().group_count() == 2 ? "group" : "groups",
                        Hundredths(told_.tie().level())),
        absl::StrFormat("ほかの%d団体と%dロットを、ケース単位でできるだけ均等に分けています（世帯あたり約%"
                        "s人日分）。これより少ない団体に回せる分はありません。",
                        told_.tie().group_count() - 1, told_.tie().lot_count(), Hundredths(told_.tie().level())));
  }

  const pb::Snapshot& snapshot_;
  const Judgement& judgement_;
  const Outcome& outcome_;
  const MarketResult& market_;
  const int group_;
  const GroupOutcome& own_;
  const std::vector<pb::Line>& lines_;
  const bool all_groups_;
  pb::ExplainGroupResponse told_;
  struct Kept {
    int lots = 0;
    int64_t items = 0;
  };
  std::map<uint64_t, Kept> kept_;  // by KeepAway
  std::map<int, Sentence> words_;
  std::vector<std::string> sentences_, sentences_ja_;
};

}  // namespace

pb::ExplainGroupResponse TellGroup(const Solved& solved, int group, const std::vector<pb::Line>& lines,
                                   bool all_groups) {
  return Telling(solved, group, lines, all_groups).Tell();
}

}  // namespace kubari::allocation
