#include "libs/fairflow/more_arcs.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace kubari::fairflow {
namespace {

// So many of a lot's arcs are enough for a round.
constexpr size_t kArcsInARound = 6;

// Food of an urgent class stays while food of a later one goes out: more arcs among the stuck might turn that round.
bool UrgentFoodStays(const Network& network, const Shared& shared) {
  int32_t first_staying = std::numeric_limits<int32_t>::max(), last_saved = std::numeric_limits<int32_t>::min();
  for (int lot = 0; lot < network.lots(); ++lot) {
    if (!shared.ties[shared.tie_of_kind[network.kind_of[lot]]].stuck) continue;
    const int64_t amount = network.cases[lot] * network.value[lot];
    if (shared.saved[lot] < amount) first_staying = std::min(first_staying, network.urgency[lot]);
    if (shared.saved[lot] > 0) last_saved = std::max(last_saved, network.urgency[lot]);
  }
  return first_staying < last_saved;
}

bool HasArc(const Network& network, int lot, int bin) {
  const auto begin = network.head.begin();
  const int kind = network.kind_of[lot];
  return std::binary_search(begin + network.arc_begin[kind], begin + network.arc_begin[kind + 1], bin);
}

}  // namespace

void AddArcs(Problem& problem, std::vector<NewArc> added) {
  std::sort(added.begin(), added.end(),
            [](const NewArc& a, const NewArc& b) { return std::tie(a.lot, a.arc.bin) < std::tie(b.lot, b.arc.bin); });
  std::vector<Arc> arcs;
  arcs.reserve(problem.arcs.size() + added.size());
  auto next = added.begin();
  for (size_t lot = 0; lot < problem.lots.size(); ++lot) {
    const auto begin = problem.arcs.begin() + problem.arc_begin[lot];
    const auto end = problem.arcs.begin() + problem.arc_begin[lot + 1];
    problem.arc_begin[lot] = static_cast<int64_t>(arcs.size());
    arcs.insert(arcs.end(), begin, end);
    for (; next != added.end() && next->lot == static_cast<int32_t>(lot); ++next) {
      const auto same = [next](const Arc& arc) { return arc.bin == next->arc.bin; };
      if (std::none_of(begin, end, same)) arcs.push_back(next->arc);
    }
  }
  problem.arc_begin.back() = static_cast<int64_t>(arcs.size());
  problem.arcs = std::move(arcs);
}

std::vector<NewArc> ArcsThatHelp(const MoreArcs& more, const Network& network, const Shared& shared) {
  // By bin of the problem: its tie, and where a unit that came into it would end: with its group, or, if it is full,
  // among those who fill it. −1: it has no room at all.
  struct Ties {
    int32_t own, behind;
  };
  std::vector<Ties> ties_of(network.bins());
  for (int bin = 0; bin < network.bins(); ++bin) {
    const bool unused = shared.flow.into_bin[bin] == 0;
    const int32_t behind = unused ? shared.tie_of_group[network.group_of[bin]] : shared.tie_of_bin[bin];
    ties_of[network.bin_index[bin]] = {shared.tie_of_bin[bin], network.room[bin] == 0 ? -1 : behind};
  }
  const bool urgent_food_stays = UrgentFoodStays(network, shared);
  std::vector<NewArc> added;
  std::vector<Arc> arcs;
  for (int lot = 0; lot < network.lots(); ++lot) {
    if (network.cases[lot] == 0) continue;
    const int32_t tie = shared.tie_of_kind[network.kind_of[lot]];
    const bool all_of_the_tie = urgent_food_stays && shared.ties[tie].stuck;
    const auto helps = [&](const Arc& arc) {
      const Ties& ties = ties_of[arc.bin];
      if (ties.behind < tie) return false;  // ties are numbered from the richest
      if (ties.behind > tie || ties.own != tie) return true;
      return all_of_the_tie && !HasArc(network, lot, network.bin_rank[arc.bin]);
    };
    arcs.clear();
    more.Of(network.lot_index[lot], helps, arcs);
    const size_t many = all_of_the_tie ? arcs.size() : std::min(kArcsInARound, arcs.size());
    std::partial_sort(arcs.begin(), arcs.begin() + many, arcs.end(), [&](const Arc& a, const Arc& b) {
      const auto key = [&](const Arc& arc) {
        return std::tuple(-ties_of[arc.bin].behind, arc.metres, network.bin_rank[arc.bin]);
      };
      return key(a) < key(b);
    });
    for (size_t i = 0; i < many; ++i) added.push_back({network.lot_index[lot], arcs[i]});
  }
  return added;
}

}  // namespace kubari::fairflow
