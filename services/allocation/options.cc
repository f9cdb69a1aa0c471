#include "services/allocation/options.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "services/allocation/domain/market.h"
#include "services/allocation/refusals.h"

namespace kubari::allocation {
namespace {

constexpr int kMostHoldBacks = 50;
constexpr int kMostEntries = 1'000;
constexpr int kMostAllowance = 5'000;
constexpr int64_t kMostPrice = 1'000'000'000;
constexpr int64_t kMostItems = 1'000'000'000;
constexpr int64_t kMostLevel = 1'000'000'000;  // a million person-days per household

class Checking {
 public:
  explicit Checking(errors::Violations& violations) : violations_(violations) {}

  void Check(const pb::RunOptions& options) {
    violations_.Range("options.tolerance_permille", options.tolerance_permille(), 0, 200);
    violations_.Range("options.horizon_weeks", options.horizon_weeks(), 0, 12);
    violations_.Range("options.urgent_days", options.urgent_days(), 0, 365);
    violations_.Range("options.need_kilometres", options.need_kilometres(), 0, 1'000);
    Each("hold_backs", options.hold_backs(), kMostHoldBacks, &Checking::HoldBack);
    Each("pins", options.pins(), kMostEntries, &Checking::Pin);
    Each("group_bounds", options.group_bounds(), kMostEntries, &Checking::Bound);
    Each("capacities", options.capacities(), kMostEntries, &Checking::Capacity);
    Each("left_out", options.left_out(), kMostEntries, &Checking::LeftOut);
    violations_.Range("options.claim_allowance_permille", options.claim_allowance_permille(), 0, kMostAllowance);
    violations_.Range("options.lowest_prices", options.lowest_prices_size(), 0, kMostEntries);
    seen_.clear();
    for (int i = 0; i < std::min(kMostEntries, options.lowest_prices_size()); ++i) {
      const pb::LowestPrice& price = options.lowest_prices(i);
      const std::string path = absl::StrCat("options.lowest_prices[", i, "]");
      violations_.Name("lots", path + ".lot", price.lot());
      violations_.Range(path + ".milli_shares_per_case", price.milli_shares_per_case(), -kMostPrice, kMostPrice);
      Once(path, price.lot());
    }
  }

  // What one policy has and the other has not.
  void CheckPolicy(pb::Policy policy, const pb::RunOptions& options) {
    const auto without = [&](const char* field, bool is_there) {
      violations_.Require(!is_there, absl::StrCat("options.", field), "NOT_WITH_POLICY",
                          "This policy has no such option; leave it out.",
                          "この分け方では使えない条件です。外してください。");
    };
    if (IsMarket(policy)) {
      without("tolerance_permille", options.tolerance_permille() != 0);
      without("horizon_weeks", options.horizon_weeks() != 0);
      without("pins", options.pins_size() > 0);
      without("group_bounds", options.group_bounds_size() > 0);
    }
    if (policy != pb::POLICY_CLAIMS) without("claim_allowance_permille", options.claim_allowance_permille() != 0);
    if (policy != pb::POLICY_BIDS) without("lowest_prices", options.lowest_prices_size() > 0);
  }

 private:
  template <typename Entries, typename Entry>
  void Each(const std::string& field, const Entries& entries, int most,
            void (Checking::*check)(const std::string&, const Entry&)) {
    violations_.Range(absl::StrCat("options.", field), entries.size(), 0, most);
    seen_.clear();
    for (int i = 0; i < std::min<int>(most, entries.size()); ++i) {
      const std::string path = absl::StrCat("options.", field, "[", i, "]");
      violations_.Text(path + ".reason", entries.Get(i).reason(), 1, 500);
      (this->*check)(path, entries.Get(i));
    }
  }
  void Once(const std::string& path, const std::string& key) {
    violations_.Require(seen_.insert(key).second, path, "TWICE", "This is there twice.", "同じ指定が2回あります。");
  }

  void HoldBack(const std::string& path, const pb::HoldBack& hold) {
    if (hold.category() != type::v1::FOOD_CATEGORY_UNSPECIFIED) violations_.Enum(path + ".category", hold.category());
    if (hold.temperature_zone() != type::v1::TEMPERATURE_ZONE_UNSPECIFIED)
      violations_.Enum(path + ".temperature_zone", hold.temperature_zone());
    violations_.Range(path + ".permille", hold.permille(), 0, 1'000);
    violations_.Range(path + ".items", hold.items(), 0, kMostItems);
    violations_.Require((hold.permille() == 0) != (hold.items() == 0), path, "EXACTLY_ONE",
                        "Give a share (permille) or a number of items, one of the two.",
                        "割合（permille）か点数（items）のどちらか一方を指定してください。");
  }
  void Pin(const std::string& path, const pb::Pin& pin) {
    violations_.Name("lots", path + ".lot", pin.lot());
    violations_.Name("places", path + ".place", pin.place());
    violations_.Name("groups", path + ".group", pin.group());
    violations_.Range(path + ".items", pin.items(), 0, kMostItems);
    Once(path, absl::StrCat(pin.lot(), " ", pin.place(), " ", pin.group()));
  }
  void Bound(const std::string& path, const pb::GroupBound& bound) {
    violations_.Name("groups", path + ".group", bound.group());
    violations_.Range(path + ".floor", bound.floor(), 0, kMostLevel);
    violations_.Range(path + ".cap", bound.cap(), 0, kMostLevel);
    violations_.Require(bound.cap() == 0 || bound.cap() >= bound.floor(), path + ".cap", "BELOW_FLOOR",
                        "The cap is below the floor.", "上限が下限より小さくなっています。");
    violations_.Require(bound.cap() > 0 || bound.floor() > 0, path, "REQUIRED", "Give a floor or a cap.",
                        "下限か上限を指定してください。");
    Once(path, bound.group());
  }
  void Capacity(const std::string& path, const pb::CapacityOverride& own) {
    violations_.Name("groups", path + ".group", own.group());
    violations_.Enum(path + ".temperature_zone", own.temperature_zone());
    violations_.Range(path + ".items", own.items(), 0, kMostItems);
    Once(path, absl::StrCat(own.group(), " ", own.temperature_zone()));
  }
  void LeftOut(const std::string& path, const pb::LeftOut& left_out) {
    if (!left_out.group().empty()) violations_.Name("groups", path + ".group", left_out.group());
    if (!left_out.lot().empty()) violations_.Name("lots", path + ".lot", left_out.lot());
    violations_.Require(!left_out.group().empty() || !left_out.lot().empty(), path, "REQUIRED",
                        "Give a group, a lot, or both.", "団体かロット、または両方を指定してください。");
    Once(path, absl::StrCat(left_out.lot(), " ", left_out.group()));
  }

  errors::Violations& violations_;
  std::set<std::string> seen_;
};

// The first that cannot be, of one supply's pins together.
absl::Status CheckPins(const pb::Snapshot& snapshot, const Judgement& judgement) {
  std::map<int, int64_t> pinned;
  for (const pb::Pin& pin : snapshot.options().pins()) {
    const std::optional<int> supply = judgement.SupplyNamed(pin.lot(), pin.place());
    if (!supply) return refusals::LotNotSeen(pin.lot(), pin.place());
    const std::optional<int> group = judgement.GroupNamed(pin.group());
    if (!group) return refusals::NotAGroupOfTheRun(pin.group());
    if (pin.items() == 0) continue;
    std::vector<eligibility::Reason> hard;
    for (eligibility::Reason& reason : judgement.WhyNot(*supply, *group)) {
      if (eligibility::IsHard(reason.code)) hard.push_back(std::move(reason));
    }
    if (!hard.empty())
      return refusals::GroupNotEligible(pin.group(), snapshot.groups(*group).group().display_name(), hard);
    const Supply& facts = judgement.supplies()[*supply];
    const int64_t free = facts.items - pinned[*supply];
    if (pin.items() > free) return refusals::QuantityTooLarge(pin.items(), free);
    if (pin.items() % facts.items_per_case != 0 && pin.items() != free)
      return refusals::NotWholeCases(pin.items(), facts.items_per_case, free);
    // Behind a hub's door it is met together; PublishRun looks at what came of it.
    if (pin.items() < facts.min_lot_items && !judgement.IsHub(judgement.DoorOf(*supply, *group)))
      return refusals::BelowMinimumLot(pin.items(), facts.min_lot_items);
    pinned[*supply] += pin.items();
  }
  return absl::OkStatus();
}

}  // namespace

void CheckOptions(const pb::RunOptions& options, errors::Violations& violations) {
  Checking(violations).Check(options);
}

void CheckOptionsOf(pb::Policy policy, const pb::RunOptions& options, errors::Violations& violations) {
  Checking(violations).CheckPolicy(policy, options);
}

absl::Status CheckOptionsFit(const pb::Snapshot& snapshot, const Judgement& judgement) {
  const pb::RunOptions& options = snapshot.options();
  const auto unseen = [&](const std::string& group) { return !group.empty() && !judgement.GroupNamed(group); };
  for (const pb::GroupBound& bound : options.group_bounds()) {
    if (unseen(bound.group())) return refusals::NotAGroupOfTheRun(bound.group());
  }
  for (const pb::CapacityOverride& own : options.capacities()) {
    if (unseen(own.group())) return refusals::NotAGroupOfTheRun(own.group());
  }
  for (const pb::LeftOut& left_out : options.left_out()) {
    if (unseen(left_out.group())) return refusals::NotAGroupOfTheRun(left_out.group());
    if (!left_out.lot().empty() && !std::ranges::binary_search(judgement.lots(), left_out.lot()))
      return refusals::LotNotSeen(left_out.lot(), "");
  }
  for (const pb::LowestPrice& price : options.lowest_prices()) {
    if (!std::ranges::binary_search(judgement.lots(), price.lot())) return refusals::LotNotSeen(price.lot(), "");
  }
  return CheckPins(snapshot, judgement);
}

void KeepAdjustments(const std::vector<LineRow>& lines, pb::RunOptions& options) {
  std::set<std::tuple<std::string, std::string, std::string>> pinned;
  for (const pb::Pin& pin : options.pins()) pinned.emplace(pin.lot(), pin.place(), pin.group());
  for (const LineRow& line : lines) {
    const bool dropped = line.now.state == pb::LINE_STATE_DROPPED;
    const int64_t items = dropped ? 0 : line.now.items;
    // A pin of the run that was left as it is, is a pin of these options or was taken out of them on purpose.
    if (!dropped && items == line.facts.proposed_items()) continue;
    if (!pinned.emplace(line.facts.lot(), line.facts.place(), line.facts.group()).second) continue;
    pb::Pin& pin = *options.add_pins();
    pin.set_lot(line.facts.lot());
    pin.set_place(line.facts.place());
    pin.set_group(line.facts.group());
    pin.set_items(items);
    pin.set_reason(line.now.reason);
  }
}

}  // namespace kubari::allocation
