#include "libs/fairflow/portions.h"

#include <algorithm>
#include <map>
#include <tuple>

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
    std::vector<std::tuple<int32_t, int64_t, int32_t>>
        order;  // urgent ones first, then those with the largest portions
    for (const auto& [lot, unused] : parts)
      order.emplace_back(network_.urgency[lot], -Least(lot) * network_.value[lot], lot);
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

  void Place(int lot, const std::vector<Carried::Part>& parts) {
    const int64_t least = Least(lot), value = network_.value[lot];
    int64_t left = network_.cases[lot];
    std::map<int32_t, int64_t> portions;  // by bin
    const auto put = [&](int32_t bin, int64_t cases) {
      portions[bin] += cases;
      left -= cases;
      free_[bin] -= cases * value;
      food_[network_.group_of[bin]] += cases * value;
    };
    // What is a portion in the relaxed solution already.
    for (const Carried::Part& part : parts) {
      const int64_t cases = std::min(part.amount / value, Fits(lot, part.bin));
      if (cases >= least) put(part.bin, cases);
    }
    // New portions where the lot goes anyway, then elsewhere: to whom lacks most.
    std::vector<int32_t> here, anywhere;
    for (const Carried::Part& part : parts) here.push_back(part.bin);
    const int index = network_.lot_index[lot];
    for (int64_t i = problem_.arc_begin[index]; i < problem_.arc_begin[index + 1]; ++i) {
      anywhere.push_back(network_.bin_rank[problem_.arcs[i].bin]);
    }
    std::sort(anywhere.begin(), anywhere.end());
    for (const auto* bins : {&here, &anywhere}) {
      while (left >= least) {
        const int32_t bin =
            MostLacking(*bins, [&](int32_t b) { return !portions.contains(b) && Fits(lot, b) >= least; });
        if (bin < 0) break;
        put(bin, least);
      }
      // What is too little for a portion, and what belongs to none, goes on top.
      while (left > 0) {
        const int32_t bin = MostLacking(*bins, [&](int32_t b) { return portions.contains(b) && Fits(lot, b) > 0; });
        if (bin < 0) break;
        put(bin, 1);
      }
    }
    // The rest makes a portion together with what others have beyond theirs.
    while (left > 0) {
      const int32_t bin =
          MostLacking(anywhere, [&](int32_t b) { return !portions.contains(b) && Fits(lot, b) >= least; });
      int64_t spare = left;
      for (const auto& [unused, cases] : portions) spare += cases - least;
      if (bin < 0 || spare < least) break;
      for (auto& [from, cases] : portions) {
        const int64_t taken = std::min(cases - least, least - left);
        if (taken > 0) put(from, -taken);
      }
      put(bin, left);
    }
    for (const auto& [bin, cases] : portions) pins_.push_back({index, network_.bin_index[bin], cases});
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
  std::vector<Pin> pins_;
};

}  // namespace

std::vector<Pin> Portions(const Problem& problem, const Network& network, const Shared& shared,
                          const Carried& carried) {
  return Portioning(problem, network, shared).Run(carried);
}

}  // namespace kubari::fairflow
