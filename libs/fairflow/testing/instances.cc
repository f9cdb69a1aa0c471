#include "libs/fairflow/testing/instances.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "absl/strings/str_format.h"
#include "libs/fairflow/mixed.h"

namespace kubari::fairflow::testing {
namespace {

// SplitMix64; every object draws from a stream of its own, so that sizes do not disturb each other.
class Dice {
 public:
  enum Stream : uint64_t { kRegion = 1, kRecipient = 2, kDonor = 3, kParcel = 4, kArcs = 5 };
  Dice(uint64_t seed, Stream stream, uint64_t index)
      : state_(seed * 0x9E3779B97F4A7C15u ^ (uint64_t{stream} << 56) ^ (index * 0xD1342543DE82EF95u)) {
    Next();
  }
  uint64_t Next() { return Mixed(state_ += 0x9E3779B97F4A7C15u); }
  // low ≤ … ≤ high
  int64_t Between(int64_t low, int64_t high) {
    const auto span = static_cast<unsigned __int128>(static_cast<uint64_t>(high - low + 1));
    return low + static_cast<int64_t>(Next() * span >> 64);
  }
  bool Percent(int percent) { return Between(0, 99) < percent; }
  // An index, each as likely as its weight says.
  int Weighted(const std::vector<int>& weights) {
    int64_t rest = Between(0, std::accumulate(weights.begin(), weights.end(), int64_t{0}) - 1);
    for (size_t i = 0; i < weights.size(); ++i) {
      if (rest < weights[i]) return static_cast<int>(i);
      rest -= weights[i];
    }
    return 0;
  }
  // A number from one of the ranges.
  int64_t Among(const std::vector<int>& weights, const std::vector<std::pair<int64_t, int64_t>>& ranges) {
    const auto& [low, high] = ranges[Weighted(weights)];
    return Between(low, high);
  }

 private:
  uint64_t state_;
};

constexpr int kAllergens = 6;
constexpr std::array<int, kCategories> kZoneOf = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 0};
constexpr std::array<int64_t, kCategories> kBaseValue = {20000, 8000, 10000, 3000, 2000, 5000,
                                                         6000,  4000, 5000,  6000, 8000, 2000};
// How far food of a zone travels, in 100 m, and how many days it must be good after the hand-over.
constexpr std::array<int64_t, kZones> kFarthest = {4000, 1500, 2500};
constexpr std::array<int, kZones> kShelfDays = {3, 1, 3};
constexpr int64_t kDayTrip = 3000;  // beyond it the way takes one day more

Recipient MakeRecipient(Dice dice, const std::vector<int>& region_weights,
                        const std::vector<std::pair<int64_t, int64_t>>& centres) {
  Recipient r;
  r.region = dice.Weighted(region_weights);
  const auto scatter = [&dice] {
    const int64_t first = dice.Between(-300, 300);
    return (first + dice.Between(-300, 300)) / 2;
  };
  r.x = centres[r.region].first + scatter();
  r.y = centres[r.region].second + scatter();
  r.households = dice.Among({40, 30, 20, 8, 2}, {{20, 60}, {61, 150}, {151, 400}, {401, 1000}, {1001, 2400}});
  r.weight = r.households * dice.Between(80, 150) / 100;
  r.compliance = dice.Weighted({10, 30, 40, 20});
  r.capacity[0] = r.households * dice.Between(20000, 100000);
  r.capacity[1] = dice.Percent(60) ? r.households * dice.Between(5000, 30000) : 0;
  r.capacity[2] = dice.Percent(50) ? r.households * dice.Between(5000, 30000) : 0;
  for (int c = 0; c < kCategories; ++c) r.accepted_categories |= (dice.Percent(85) ? 1u : 0u) << c;
  if (dice.Percent(20)) {
    for (int a = 0; a < kAllergens; ++a) r.excluded_allergens |= (dice.Percent(25) ? 1u : 0u) << a;
  }
  r.next_day = static_cast<int>(dice.Between(1, 4));
  r.history = r.weight * dice.Between(0, 20000);
  return r;
}

Donor MakeDonor(Dice dice, const std::vector<int>& region_weights,
                const std::vector<std::pair<int64_t, int64_t>>& centres) {
  Donor d;
  const int region = dice.Weighted(region_weights);
  d.x = centres[region].first + dice.Between(-400, 400);
  d.y = centres[region].second + dice.Between(-400, 400);
  d.min_compliance = dice.Weighted({30, 30, 30, 10});
  for (size_t r = 0; r < centres.size(); ++r) d.excluded_regions |= (dice.Percent(5) ? uint64_t{1} : 0) << r;
  return d;
}

Parcel MakeParcel(Dice dice, int donors) {
  Parcel p;
  p.donor = static_cast<int>(dice.Between(0, donors - 1));
  p.category = dice.Weighted({12, 10, 14, 12, 12, 8, 4, 8, 6, 6, 5, 3});
  p.zone = kZoneOf[p.category];
  p.value = kBaseValue[p.category] * dice.Between(50, 200) / 100;
  p.cases = dice.Among({35, 35, 20, 9, 1}, {{1, 10}, {11, 50}, {51, 200}, {201, 960}, {961, 4000}});
  p.days_left =
      static_cast<int>(p.zone == 1   ? dice.Between(2, 12)
                       : p.zone == 2 ? dice.Between(20, 180)
                                     : dice.Among({10, 30, 40, 20}, {{1, 7}, {8, 30}, {31, 120}, {121, 365}}));
  for (int a = 0; a < kAllergens; ++a) p.allergens |= (dice.Percent(15) ? 1u : 0u) << a;
  if (p.cases >= 51 && dice.Percent(50)) p.min_cases = dice.Between(20, 48);
  p.urgency = p.days_left <= 7 ? 0 : p.days_left <= 30 ? 1 : 2;
  return p;
}

}  // namespace

Instance::Instance(const Size& size, uint64_t seed) : seed_(seed) {
  std::vector<std::pair<int64_t, int64_t>> centres;
  std::vector<int> region_weights;
  for (int r = 0; r < size.regions; ++r) {
    Dice dice(seed, Dice::kRegion, r);
    const int64_t x = dice.Between(0, 6000);
    centres.emplace_back(x, dice.Between(0, 6000));
    region_weights.push_back(100000 / (r + 1));
  }
  for (int i = 0; i < size.recipients; ++i) {
    recipients_.push_back(MakeRecipient(Dice(seed, Dice::kRecipient, i), region_weights, centres));
  }
  for (int i = 0; i < size.donors; ++i)
    donors_.push_back(MakeDonor(Dice(seed, Dice::kDonor, i), region_weights, centres));
  for (int i = 0; i < size.parcels; ++i) parcels_.push_back(MakeParcel(Dice(seed, Dice::kParcel, i), size.donors));
  for (const Donor& donor : donors_) {
    auto& near = near_.emplace_back();
    for (int i = 0; i < size.recipients; ++i) {
      const int64_t dx = recipients_[i].x - donor.x;
      const int64_t dy = recipients_[i].y - donor.y;
      // Below 2^53 the square root is correctly rounded everywhere, so its whole part is the same everywhere.
      near.emplace_back(static_cast<int32_t>(std::sqrt(static_cast<double>(dx * dx + dy * dy))), i);
    }
    std::sort(near.begin(), near.end());
  }
}

namespace {

bool MayHaveFrom(const Donor& d, const Recipient& r, int zone, int64_t distance) {
  return distance <= kFarthest[zone] && r.capacity[zone] > 0 && r.compliance >= d.min_compliance &&
         (d.excluded_regions >> r.region & 1) == 0;
}

// `Who`: a recipient, or what is kept of one.
template <typename Who>
bool MayHave(const Parcel& p, const Who& who, int64_t distance) {
  return (who.accepted_categories >> p.category & 1) != 0 && (who.excluded_allergens & p.allergens) == 0 &&
         who.next_day + (distance > kDayTrip ? 1 : 0) + kShelfDays[p.zone] <= p.days_left;
}

}  // namespace

bool Instance::Eligible(int parcel, int recipient, int64_t distance) const {
  const Parcel& p = parcels_[parcel];
  const Recipient& r = recipients_[recipient];
  return MayHaveFrom(donors_[p.donor], r, p.zone, distance) && MayHave(p, r, distance);
}

std::vector<std::pair<int64_t, int>> Instance::Chosen(int parcel, const Arcs& arcs) const {
  const Parcel& p = parcels_[parcel];
  std::vector<std::pair<int64_t, int>> chosen;
  for (const auto& [distance, recipient] : near_[p.donor]) {
    if (distance > kFarthest[p.zone]) break;
    if (arcs.choice == Arcs::Choice::kNearest && static_cast<int>(chosen.size()) >= arcs.many) break;
    if (Eligible(parcel, recipient, distance)) chosen.emplace_back(distance, recipient);
  }
  if (arcs.choice == Arcs::Choice::kNearestAndHashed && static_cast<int>(chosen.size()) > arcs.many) {
    Dice dice(seed_, Dice::kArcs, parcel);
    for (int a = arcs.many / 2; a < arcs.many; ++a) {
      std::swap(chosen[a], chosen[a + dice.Between(0, static_cast<int64_t>(chosen.size()) - 1 - a)]);
    }
    chosen.resize(arcs.many);
    std::sort(chosen.begin(), chosen.end());
  }
  return chosen;
}

uint64_t Instance::Hash(const Arcs& arcs) const {
  // Any odd start would do; this one is what the published hashes were made with.
  uint64_t hash = 1469598103934665603u;
  const auto add = [&hash](int64_t number) {
    for (int byte = 0; byte < 8; ++byte)
      hash = (hash ^ (static_cast<uint64_t>(number) >> (8 * byte) & 255)) * 0x100000001b3u;
  };
  for (const Recipient& r : recipients_) {
    for (const int64_t n : {r.x, r.y, r.households, r.weight, int64_t{r.compliance}}) add(n);
    for (const int64_t n : r.capacity) add(n);
    for (const int64_t n :
         {int64_t{r.accepted_categories}, int64_t{r.excluded_allergens}, int64_t{r.next_day}, r.history})
      add(n);
  }
  for (const Parcel& p : parcels_) {
    for (const int64_t n : {int64_t{p.donor}, int64_t{p.category}, p.value, p.cases, int64_t{p.days_left}}) add(n);
    for (const int64_t n : {int64_t{p.allergens}, p.min_cases}) add(n);
  }
  for (size_t p = 0; p < parcels_.size(); ++p) {
    for (const auto& [distance, recipient] : Chosen(static_cast<int>(p), arcs)) add(recipient);
  }
  return hash;
}

Arc Instance::ArcTo(int parcel, int recipient, int64_t distance) const {
  return {.bin = static_cast<int32_t>(recipient * kZones + parcels_[parcel].zone),
          .metres = static_cast<int32_t>(distance * 100)};
}

Everybody::Everybody(const Instance& instance) : instance_(instance), near_(instance.donors().size()) {
  for (size_t donor = 0; donor < near_.size(); ++donor) {
    for (const auto& [distance, recipient] : instance.Near(static_cast<int>(donor))) {
      const Recipient& r = instance.recipients()[recipient];
      for (int zone = 0; zone < kZones; ++zone) {
        if (!MayHaveFrom(instance.donors()[donor], r, zone, distance)) continue;
        near_[donor][zone].push_back({.distance = distance,
                                      .recipient = recipient,
                                      .accepted_categories = r.accepted_categories,
                                      .excluded_allergens = r.excluded_allergens,
                                      .next_day = static_cast<uint32_t>(r.next_day)});
      }
    }
  }
}

void Everybody::Of(int lot, const Wish& wanted, std::vector<Arc>& arcs) const {
  const Parcel& parcel = instance_.parcels()[lot];
  const int32_t farthest = wanted.farthest() / 100;
  for (const Near& near : near_[parcel.donor][parcel.zone]) {
    if (near.distance > farthest) return;
    const Arc arc = instance_.ArcTo(lot, near.recipient, near.distance);
    if (wanted(arc) && MayHave(parcel, near, near.distance)) arcs.push_back(arc);
  }
}

Problem Instance::ToProblem(const Arcs& arcs) const {
  Problem problem;
  for (size_t i = 0; i < recipients_.size(); ++i) {
    const Recipient& r = recipients_[i];
    problem.groups.push_back({.id = absl::StrFormat("g%06d", i), .weight = r.weight, .history = r.history});
    for (int zone = 0; zone < kZones; ++zone) {
      problem.bins.push_back({.group = static_cast<int32_t>(i), .key = zone, .capacity = r.capacity[zone]});
    }
  }
  for (size_t i = 0; i < parcels_.size(); ++i) {
    const Parcel& p = parcels_[i];
    problem.lots.push_back({.id = absl::StrFormat("l%07d", i),
                            .cases = p.cases,
                            .value = p.value,
                            .urgency = p.urgency,
                            .min_cases = p.min_cases});
    for (const auto& [distance, recipient] : Chosen(static_cast<int>(i), arcs)) {
      problem.arcs.push_back(ArcTo(static_cast<int>(i), recipient, distance));
    }
    problem.arc_begin.push_back(static_cast<int64_t>(problem.arcs.size()));
  }
  return problem;
}

void Instance::AddHubs(Problem& problem) const {
  constexpr int kNeighbours = 8;
  // Neighbours by region, then from west to east.
  std::vector<int> order(recipients_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [this](int a, int b) {
    const auto key = [this](int i) { return std::tuple(recipients_[i].region, recipients_[i].x, i); };
    return key(a) < key(b);
  });
  std::vector<int> hub_of(recipients_.size(), -1);
  for (size_t first = 0; first < order.size(); first += kNeighbours) {
    const auto begin = order.begin() + static_cast<int64_t>(first);
    const auto end = order.begin() + static_cast<int64_t>(std::min(order.size(), first + kNeighbours));
    const int hub = *std::max_element(
        begin, end, [this](int a, int b) { return recipients_[a].households < recipients_[b].households; });
    for (auto member = begin; member != end; ++member) {
      if (recipients_[*member].region == recipients_[hub].region) hub_of[*member] = hub;
    }
  }
  std::vector<int32_t> metres_to(recipients_.size(), -1);
  for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
    const auto begin = problem.arcs.begin() + problem.arc_begin[lot];
    const auto end = problem.arcs.begin() + problem.arc_begin[lot + 1];
    for (auto arc = begin; arc != end; ++arc) metres_to[arc->bin / kZones] = arc->metres;
    for (auto arc = begin; arc != end; ++arc) {
      const int member = arc->bin / kZones, hub = hub_of[member];
      if (hub < 0 || metres_to[hub] < 0) continue;
      arc->door = hub;
      const int64_t dx = recipients_[member].x - recipients_[hub].x, dy = recipients_[member].y - recipients_[hub].y;
      if (member != hub)
        arc->metres = metres_to[hub] + 100 * static_cast<int32_t>(std::sqrt(static_cast<double>(dx * dx + dy * dy)));
    }
    for (auto arc = begin; arc != end; ++arc) metres_to[arc->bin / kZones] = -1;
  }
}

}  // namespace kubari::fairflow::testing
