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

int32_t ReachedTie(const Network& network, const Shared& shared, int bin) {
  if (network.room[bin] == 0) return -1;
  return shared.flow.into_bin[bin] == 0 ? shared.tie_of_group[network.group_of[bin]] : shared.tie_of_bin[bin];
}

namespace {

// The first tie that is not richer than who would get a unit through the bin. That may be poorer than the tie it
// reaches: no lot there may go into an unused bin of another tie, so its group may lack room where it could be filled.
int64_t PoorestReached(const Network& network, const Shared& shared, int bin) {
  int32_t tie = ReachedTie(network, shared, bin);
  if (tie < 0 || shared.flow.into_bin[bin] > 0 || shared.tie_of_bin[bin] == tie) return tie;
  const int32_t group = network.group_of[bin];
  if (shared.flow.to_group[group] >= network.cap[group]) return tie;
  const Level level{network.history[group] + shared.flow.to_group[group], network.weight[group]};
  while (tie < static_cast<int32_t>(shared.ties.size()) && Less(level, shared.ties[tie].level)) ++tie;
  return tie;
}

}  // namespace

std::vector<NewArc> ArcsThatHelp(const MoreArcs& more, const Network& network, const Shared& shared) {
  // Ties are numbered from the richest, so a unit is worth the number of the tie that it reaches.
  const bool urgent_food_stays = UrgentFoodStays(network, shared);
  std::vector<int64_t> worth(network.bins());
  int64_t most = -1;
  for (int bin = 0; bin < network.bins(); ++bin) {
    int64_t& there = worth[network.bin_index[bin]] = PoorestReached(network, shared, bin);
    if (there == 0 && urgent_food_stays && shared.ties[0].stuck) there = 1;
    most = std::max(most, there);
  }
  std::vector<NewArc> added;
  std::vector<Arc> arcs;
  for (int lot = 0; lot < network.lots(); ++lot) {
    const int32_t tie = shared.tie_of_kind[network.kind_of[lot]];
    if (network.cases[lot] == 0 || tie >= most) continue;
    const bool all_of_the_tie = urgent_food_stays && shared.ties[tie].stuck;
    const Wish helps(worth, most, tie, int64_t{1} << 60);
    arcs.clear();
    more.Of(network.lot_index[lot], helps, arcs);
    std::erase_if(arcs, [&](const Arc& arc) { return HasArc(network, lot, network.bin_rank[arc.bin]); });
    const size_t many = all_of_the_tie ? arcs.size() : std::min(kArcsInARound, arcs.size());
    std::partial_sort(arcs.begin(), arcs.begin() + many, arcs.end(), [&](const Arc& a, const Arc& b) {
      const auto key = [&](const Arc& arc) {
        return std::tuple(-worth[arc.bin], arc.metres, network.bin_rank[arc.bin]);
      };
      return key(a) < key(b);
    });
    for (size_t i = 0; i < many; ++i) added.push_back({network.lot_index[lot], arcs[i]});
  }
  return added;
}

}  // namespace kubari::fairflow
