// Food donation networks of any size, made from a seed with integers alone: the same on every machine. Tests and
// benchmarks share them.
//
// Regions of falling size on a square of 600 km; groups and donors scattered around their centres; lots of twelve
// categories with worth, number of cases, date, allergens and a smallest quantity. Positions and distances are in units
// of 100 m.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "libs/fairflow/more_arcs.h"
#include "libs/fairflow/problem.h"

namespace kubari::fairflow::testing {

inline constexpr int kZones = 3;  // ambient, chilled, frozen
inline constexpr int kCategories = 12;

struct Recipient {
  int region = 0;
  int64_t x = 0, y = 0;
  int64_t households = 0, weight = 0;
  int compliance = 0;
  std::array<int64_t, kZones> capacity{};  // milli-person-days
  uint32_t accepted_categories = 0;        // bits
  uint32_t excluded_allergens = 0;         // bits
  int next_day = 0;                        // the day on which it can be served next
  int64_t history = 0;                     // milli-person-days
};

struct Donor {
  int64_t x = 0, y = 0;
  int min_compliance = 0;
  uint64_t excluded_regions = 0;  // bits
};

struct Parcel {
  int donor = 0, category = 0, zone = 0;
  int64_t value = 0, cases = 0;  // milli-person-days of a case
  int days_left = 0;
  uint32_t allergens = 0;  // bits
  int64_t min_cases = 1;
  int urgency = 0;
};

struct Size {
  int recipients, parcels, donors, regions;
};
inline constexpr Size kTiny = {20, 100, 10, 4};
inline constexpr Size kSmall = {100, 1'000, 30, 8};
inline constexpr Size kMedium = {1'000, 10'000, 100, 24};
inline constexpr Size kCountry = {10'000, 100'000, 300, 47};

// Which of the eligible recipients of a parcel become arcs.
struct Arcs {
  enum class Choice { kAll, kNearest, kNearestAndHashed } choice = Choice::kAll;
  int many = 0;  // with kNearestAndHashed half of them are the nearest, the rest are drawn by a hash of the parcel
};
inline constexpr Arcs kEverybody = {};

class Instance {
 public:
  Instance(const Size& size, uint64_t seed);

  const std::vector<Recipient>& recipients() const { return recipients_; }
  const std::vector<Donor>& donors() const { return donors_; }
  const std::vector<Parcel>& parcels() const { return parcels_; }

  // Distance and index of every recipient, nearest first.
  const std::vector<std::pair<int32_t, int32_t>>& Near(int donor) const { return near_[donor]; }
  bool Eligible(int parcel, int recipient, int64_t distance) const;
  // Distance and index of the chosen recipients of a parcel, nearest first.
  std::vector<std::pair<int64_t, int>> Chosen(int parcel, const Arcs& arcs) const;

  // The arc of a pair, in the problem.
  Arc ArcTo(int parcel, int recipient, int64_t distance) const;

  // FNV-1a over recipients, parcels and arcs: a check that two machines mean the same.
  uint64_t Hash(const Arcs& arcs) const;

  // One bin for each recipient and zone (3 × recipient + zone, key = zone), one lot for each parcel; ids are index
  // numbers with leading zeros.
  Problem ToProblem(const Arcs& arcs) const;

  // The same network with hubs: the largest recipient of every eight neighbours in a region breaks bulk for the others.
  // What the hub may have itself comes to them through its door, and by way of it.
  void AddHubs(Problem& problem) const;

 private:
  uint64_t seed_;
  std::vector<Recipient> recipients_;
  std::vector<Donor> donors_;
  std::vector<Parcel> parcels_;
  std::vector<std::vector<std::pair<int32_t, int32_t>>> near_;
};

// Everybody who is eligible, for a problem that was made with fewer arcs.
class Everybody : public MoreArcs {
 public:
  explicit Everybody(const Instance& instance);
  void Of(int lot, const Wish& wanted, std::vector<Arc>& arcs) const override;

 private:
  // Who may have a donor's food of a zone, as far as that does not depend on the parcel. Small, and all that has to be
  // looked at for each pair.
  struct Near {
    int32_t distance, recipient;
    uint32_t accepted_categories : 16, excluded_allergens : 8, next_day : 8;
  };
  const Instance& instance_;
  std::vector<std::array<std::vector<Near>, kZones>> near_;  // by donor and zone, nearest first
};

}  // namespace kubari::fairflow::testing
