#include "libs/fairflow/portions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace kubari::fairflow {
namespace {

class Portioning {
 public:
  Portioning(const Problem& problem, const Network& network, const Shared& shared)
      : problem_(problem), network_(network), shared_(shared), free_(network.room), food_(network.groups(), 0) {}

  std::vector<Pin> Run(const Carried& carried) {
    std::map<int32_t, std::vector<Carried::Part>> parts;
    for (const Carried::Part& part : carried.parts) {
      if (Least(part.lot) > 1) parts[part.lot].push_back(part);
    }
    // Urgent ones first, then those with the largest portions.
    std::vector<std::tuple<int32_t, __int128, int32_t>> order;
    for (const auto& [lot, unused] : parts)
      order.emplace_back(network_.urgency[lot], -__int128{Least(lot)} * network_.value[lot], lot);
    std::sort(order.begin(), order.end());
    for (const auto& [urgency, size, lot] : order) Place(lot, parts[lot]);
    return std::move(pins_);
  }

 private:
  int64_t Least(int lot) const { return problem_.lots[network_.lot_index[lot]].min_cases; }
  // Cases that fit into the bin.
  int64_t Fits(int lot, int bin) const {
    const int group = network_.group_of[bin];
    return std::min(free_[bin], network_.cap[group] - food_[group]) / network_.value[lot];
  }
  // What the group still lacks of its fair total.
  Level Lack(int bin) const {
    const int group = network_.group_of[bin];
    return {shared_.flow.to_group[group] - food_[group], network_.weight[group]};
  }

  // What goes through the same door is one delivery. A door is known by the first of its bins.
  struct Door {
    std::vector<int32_t> bins;
    int64_t cases = 0;
  };

  void FindDoors(int lot) {
    doors_.clear();
    door_of_.clear();
    anywhere_.clear();
    const int index = network_.lot_index[lot];
    std::vector<std::pair<int32_t, int32_t>> arcs;  // bin, door of the problem
    for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1]; ++i)
      arcs.emplace_back(network_.bin_rank[problem_.arcs[i].bin], problem_.arcs[i].door);
    std::sort(arcs.begin(), arcs.end());
    std::map<int32_t, int32_t> first;  // by door of the problem
    for (const auto& [bin, door] : arcs) {
      door_of_[bin] = door < 0 ? bin : first.emplace(door, bin).first->second;
      doors_[door_of_[bin]].bins.push_back(bin);
      anywhere_.push_back(bin);
    }
  }
  Door& DoorOf(int32_t bin) { return doors_.at(door_of_.at(bin)); }
  bool Open(int32_t bin) { return DoorOf(bin).cases > 0; }
  // Cases that fit behind the door. Bins of one group follow each other, and its cap holds for all of them.
  int64_t FitsBehind(int lot, const Door& door) const {
    const int64_t value = network_.value[lot];
    int64_t cases = 0, of_group = 0;
    for (size_t i = 0; i < door.bins.size(); ++i) {
      const int group = network_.group_of[door.bins[i]];
      if (i == 0 || group != network_.group_of[door.bins[i - 1]]) of_group = 0;
      const int64_t more =
          std::min(free_[door.bins[i]] / value, (network_.cap[group] - food_[group]) / value - of_group);
      of_group += more;
      cases += more;
    }
    return cases;
  }

  void Put(int lot, int32_t bin, int64_t cases) {
    DoorOf(bin).cases += cases;
    portions_[bin] += cases;
    left_ -= cases;
    free_[bin] -= cases * network_.value[lot];
    food_[network_.group_of[bin]] += cases * network_.value[lot];
  }
  // Of very many cases several at a time: the last ones, one by one, still make it even.
  static int64_t Several(int64_t cases, size_t among) {
    return std::max<int64_t>(1, cases / (2 * static_cast<int64_t>(among)));
  }
  // To those behind the door who lack most.
  void Fill(int lot, const Door& door, int64_t cases) {
    if (door.bins.size() == 1) return Put(lot, door.bins.front(), cases);
    while (cases > 0) {
      const int32_t bin = MostLacking(door.bins, [&](int32_t b) { return Fits(lot, b) > 0; });
      const int64_t given = std::min(Several(cases, door.bins.size()), Fits(lot, bin));
      Put(lot, bin, given);
      cases -= given;
    }
  }
  // From those behind the door who lack least.
  void TakeBack(int lot, const Door& door, int64_t cases) {
    while (cases > 0) {
      int32_t least = -1;
      for (const int32_t bin : door.bins) {
        if (portions_[bin] > 0 && (least < 0 || Less(Lack(bin), Lack(least)))) least = bin;
      }
      const int64_t taken =
          door.bins.size() == 1 ? cases : std::min(Several(cases, door.bins.size()), portions_[least]);
      Put(lot, least, -taken);
      cases -= taken;
    }
  }

  void Place(int lot, const std::vector<Carried::Part>& parts) {
    const int64_t least = Least(lot), value = network_.value[lot];
    FindDoors(lot);
    left_ = network_.cases[lot];
    portions_.clear();
    // What is a portion in the relaxed solution already.
    for (const Carried::Part& part : parts) Put(lot, part.bin, std::min(part.amount / value, Fits(lot, part.bin)));
    for (const auto& [unused, door] : doors_) {
      if (door.cases >= least) continue;
      for (const int32_t bin : door.bins) {
        if (const int64_t cases = portions_[bin]; cases > 0) Put(lot, bin, -cases);
      }
    }
    // New portions where the lot goes anyway, then elsewhere: to whom lacks most.
    std::vector<int32_t> here;
    for (const Carried::Part& part : parts) here.push_back(part.bin);
    const auto may_open = [&](int32_t b) { return !Open(b) && FitsBehind(lot, DoorOf(b)) >= least; };
    for (const auto* bins : {&std::as_const(here), &std::as_const(anywhere_)}) {
      while (left_ >= least) {
        const int32_t bin = MostLacking(*bins, may_open);
        if (bin < 0) break;
        Fill(lot, DoorOf(bin), least);
      }
      // What is too little for a portion, and what belongs to none, goes on top.
      while (left_ > 0) {
        const int32_t bin = MostLacking(*bins, [&](int32_t b) { return Open(b) && Fits(lot, b) > 0; });
        if (bin < 0) break;
        Put(lot, bin, std::min(Several(left_, bins->size()), Fits(lot, bin)));
      }
    }
    // The rest makes a portion together with what others have beyond theirs.
    while (left_ > 0) {
      const int32_t bin = MostLacking(anywhere_, may_open);
      int64_t spare = left_;
      for (const auto& [unused, door] : doors_) spare += std::max<int64_t>(0, door.cases - least);
      if (bin < 0 || spare < least) break;
      for (auto& [unused, door] : doors_) {
        if (const int64_t taken = std::min(door.cases - least, least - left_); taken > 0) TakeBack(lot, door, taken);
      }
      Fill(lot, DoorOf(bin), left_);
    }
    for (const auto& [bin, cases] : portions_) {
      if (cases > 0) pins_.push_back({network_.lot_index[lot], network_.bin_index[bin], cases});
    }
  }

  template <typename May>
  int32_t MostLacking(const std::vector<int32_t>& bins, const May& may) const {
    int32_t most = -1;
    for (const int32_t bin : bins) {
      if (may(bin) && (most < 0 || Less(Lack(most), Lack(bin)))) most = bin;
    }
    return most;
  }

  const Problem& problem_;
  const Network& network_;
  const Shared& shared_;
  std::vector<int64_t> free_;  // by bin
  std::vector<int64_t> food_;  // by group
  // Of the lot that is being placed: its doors, the door of each bin, its bins, cases that are left, and by bin.
  std::map<int32_t, Door> doors_;
  std::map<int32_t, int32_t> door_of_;
  std::vector<int32_t> anywhere_;
  int64_t left_ = 0;
  std::map<int32_t, int64_t> portions_;
  std::vector<Pin> pins_;
};

}  // namespace

std::vector<Pin> Portions(const Problem& problem, const Network& network, const Shared& shared,
                          const Carried& carried) {
  return Portioning(problem, network, shared).Run(carried);
}

}  // namespace kubari::fairflow
