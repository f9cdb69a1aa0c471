#include "libs/fairflow/testing/random_problem.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace kubari::fairflow::testing {

Problem RandomProblem::Make(const Shape& shape) {
  Problem problem;
  for (int g = 0; g < shape.groups; ++g) {
    Group group{.id = "g" + std::to_string(g), .weight = 1 + Below(4), .history = Below(6)};
    if (shape.limits && Below(3) == 0) group.cap = Below(12);
    if (shape.limits && Below(3) == 0) group.floor = std::min<int64_t>(Below(6), group.cap);
    problem.groups.push_back(group);
    const int bins = Below(3);
    for (int key = 0; key <= bins; ++key) problem.bins.push_back({.group = g, .key = key, .capacity = Below(10)});
  }
  for (int l = 0; l < shape.lots; ++l) {
    Lot lot{.id = "l" + std::to_string(l),
            .cases = Below(shape.most_cases + 1),
            .value = 1 + Below(shape.most_value),
            .urgency = Below(3)};
    if (shape.limits && Below(3) == 0) lot.min_cases = 1 + Below(3);
    if (shape.limits && Below(3) == 0) lot.held_back = Below(static_cast<int>(lot.cases) + 1);
    problem.lots.push_back(lot);
    for (size_t bin = 0; bin < problem.bins.size(); ++bin) {
      if (Below(2) != 0) continue;
      Arc& arc = problem.arcs.emplace_back(Arc{.bin = static_cast<int32_t>(bin), .metres = 1000 * Below(9)});
      if (shape.doors && Below(3) > 0) arc.door = Below(2);
    }
    problem.arc_begin.push_back(static_cast<int64_t>(problem.arcs.size()));
  }
  return problem;
}

Problem RandomProblem::Shuffled(const Problem& problem) {
  const auto order = [this](size_t size) {
    std::vector<int32_t> order(size);
    std::iota(order.begin(), order.end(), 0);
    Shuffle(order);
    return order;
  };
  const auto inverse = [](const std::vector<int32_t>& order) {
    std::vector<int32_t> place(order.size());
    for (size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<int32_t>(i);
    return place;
  };
  const std::vector<int32_t> groups = order(problem.groups.size()), bins = order(problem.bins.size()),
                             lots = order(problem.lots.size());
  const std::vector<int32_t> group_at = inverse(groups), bin_at = inverse(bins), lot_at = inverse(lots);
  Problem shuffled;
  for (const int32_t g : groups) shuffled.groups.push_back(problem.groups[g]);
  for (const int32_t b : bins) {
    shuffled.bins.push_back(problem.bins[b]);
    shuffled.bins.back().group = group_at[shuffled.bins.back().group];
  }
  for (const int32_t l : lots) {
    shuffled.lots.push_back(problem.lots[l]);
    std::vector<Arc> arcs(problem.arcs.begin() + problem.arc_begin[l], problem.arcs.begin() + problem.arc_begin[l + 1]);
    Shuffle(arcs);
    // Doors are numbers that only have to differ.
    for (const Arc& arc : arcs)
      shuffled.arcs.push_back({bin_at[arc.bin], arc.metres, arc.door < 0 ? -1 : 1'000'000'000 - arc.door});
    shuffled.arc_begin.push_back(static_cast<int64_t>(shuffled.arcs.size()));
  }
  for (const Pin& pin : problem.pins) shuffled.pins.push_back({lot_at[pin.lot], bin_at[pin.bin], pin.cases});
  Shuffle(shuffled.pins);
  return shuffled;
}

}  // namespace kubari::fairflow::testing
