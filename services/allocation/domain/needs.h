// What groups asked for, and which goods answer it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "kubari/allocation/v1/snapshot.pb.h"

namespace kubari::allocation {

// Goods of the need's category, or the very product, with all of its tags. A need that names nothing is for people to
// read. A kit answers as what it is, not as what is in it.
bool Answers(const stock::v1::Lot& lot, const groups::v1::Need& need);
// The last day on which it is of use; one that cannot be read has passed.
absl::CivilDay LastDayOf(const groups::v1::Need& need);
// Can the matching go by it?
bool IsForMatching(const groups::v1::Need& need);

// Needs of a snapshot's groups against its lots. Lots that no need can tell apart are looked at once.
class Needs {
 public:
  Needs() = default;
  // `lots`: by supply. Must outlive it.
  Needs(const v1::Snapshot& snapshot, const std::vector<const stock::v1::Lot*>& lots);

  // The group's need that the supply answers on that day: an index into its needs, or -1. Of several the one that is
  // of use longest, then the one for most.
  int Of(int supply, int group, absl::CivilDay day) const {
    const int kind = kind_of_supply_[supply];
    if (kind < 0) return -1;
    const int need = by_kind_[kind][group];
    return need >= 0 && day <= last_day_[group][need] ? need : -1;
  }
  // Is there any such need, on whatever day?
  bool Any(int supply) const { return kind_of_supply_[supply] >= 0; }

 private:
  std::vector<int> kind_of_supply_;            // -1: nobody asked for it
  std::vector<std::vector<int16_t>> by_kind_;  // by kind, then group: its need, or -1
  std::vector<std::vector<absl::CivilDay>> last_day_;
};

}  // namespace kubari::allocation
