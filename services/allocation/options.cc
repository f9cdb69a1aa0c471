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

// What the options name must be in what the run sees; everything that is not, at its field.
class Fitting {
 public:
  Fitting(const pb::Snapshot& snapshot, const Judgement& judgement, errors::Violations& violations)
      : snapshot_(snapshot), judgement_(judgement), violations_(violations) {}

  void Check(const pb::RunOptions& options) {
    Each("group_bounds", options.group_bounds(), [&](const auto& bound, const std::string& at) { Group(bound, at); });
    Each("capacities", options.capacities(), [&](const auto& own, const std::string& at) { Group(own, at); });
    Each("left_out", options.left_out(), [&](const pb::LeftOut& left_out, const std::string& at) {
      if (!left_out.group().empty()) Group(left_out, at);
      if (!left_out.lot().empty()) Lot(left_out, at);
    });
    Each("lowest_prices", options.lowest_prices(), [&](const auto& price, const std::string& at) { Lot(price, at); });
    Each("pins", options.pins(), [&](const pb::Pin& pin, const std::string& at) { Pin(pin, at); });
  }

 private:
  template <typename Entries, typename Judge>
  static void Each(const char* field, const Entries& entries, const Judge& judge) {
    for (int i = 0; i < entries.size(); ++i) judge(entries.Get(i), absl::StrCat("options.", field, "[", i, "]"));
  }
  void Add(const std::string& field, const absl::Status& why) {
    violations_.Add(field, errors::ReasonOf(why), errors::MessageIn("en", why), errors::MessageIn("ja", why));
  }
  std::optional<int> Group(const auto& entry, const std::string& at) {
    const std::optional<int> group = judgement_.GroupNamed(entry.group());
    if (!group) Add(at + ".group", refusals::NotAGroupOfTheRun(entry.group()));
    return group;
  }
  void Lot(const auto& entry, const std::string& at) {
    if (!std::ranges::binary_search(judgement_.lots(), entry.lot()))
      Add(at + ".lot", refusals::LotNotSeen(entry.lot(), ""));
  }
  // What the pins before it left of its supply is there for a pin.
  void Pin(const pb::Pin& pin, const std::string& at) {
    const std::optional<int> supply = judgement_.SupplyNamed(pin.lot(), pin.place());
    if (!supply) Add(at + ".lot", refusals::LotNotSeen(pin.lot(), pin.place()));
    const std::optional<int> group = Group(pin, at);
    if (!supply || !group || pin.items() == 0) return;
    std::vector<eligibility::Reason> hard;
    for (eligibility::Reason& reason : judgement_.WhyNot(*supply, *group)) {
      if (eligibility::IsHard(reason.code)) hard.push_back(std::move(reason));
    }
    if (!hard.empty()) {
      const std::string& name = snapshot_.groups(*group).group().display_name();
      Add(at + ".group", refusals::GroupNotEligible(pin.group(), name, hard));
      return;
    }
    const Supply& facts = judgement_.supplies()[*supply];
    int64_t& pinned = pinned_[*supply];
    const int64_t free = facts.items - pinned;
    if (pin.items() > free) {
      Add(at + ".items", refusals::QuantityTooLarge(pin.items(), free));
    } else if (pin.items() % facts.items_per_case != 0 && pin.items() != free) {
      Add(at + ".items", refusals::NotWholeCases(pin.items(), facts.items_per_case, free));
    } else if (pin.items() < facts.min_lot_items && !judgement_.IsHub(judgement_.DoorOf(*supply, *group))) {
      // Behind a hub's door it is met together; PublishRun looks at what came of it.
      Add(at + ".items", refusals::BelowMinimumLot(pin.items(), facts.min_lot_items));
    } else {
      pinned += pin.items();
    }
  }

  const pb::Snapshot& snapshot_;
  const Judgement& judgement_;
  errors::Violations& violations_;
  std::map<int, int64_t> pinned_;
};

}  // namespace

void CheckOptions(const pb::RunOptions& options, errors::Violations& violations) {
  Checking(violations).Check(options);
}

void CheckOptionsOf(pb::Policy policy, const pb::RunOptions& options, errors::Violations& violations) {
  Checking(violations).CheckPolicy(policy, options);
}

absl::Status CheckOptionsFit(const pb::RunOptions& options, const pb::Snapshot& snapshot, const Judgement& judgement) {
  errors::Violations violations;
  Fitting(snapshot, judgement, violations).Check(options);
  return violations.status();
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
