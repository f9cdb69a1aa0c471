#include "libs/fairflow/pouring.h"

#include <algorithm>
#include <bit>

namespace kubari::fairflow {
namespace {

using Wide = __int128;

// total × weight ÷ all, in the narrow registers if it fits.
int64_t ShareOf(Wide total, int64_t weight, Wide all) {
  const Wide product = total * weight;
  if (product <= INT64_MAX && all <= INT64_MAX) return static_cast<int64_t>(product) / static_cast<int64_t>(all);
  return static_cast<int64_t>(product / all);
}

}  // namespace

Pouring::Pouring(const Network& network, Flow& flow) : network_(network), flow_(flow) {
  uint64_t total = 1;
  for (const int64_t history : network_.history) total += history;
  for (const int64_t supply : network_.supply) total += supply;
  shift_ = std::clamp(62 - static_cast<int>(std::bit_width(total)), 0, 20);
}

void Pouring::Pour(int kind) {
  SetGlasses(kind);
  while (flow_.left[kind] > 0 && !glasses_.empty() && !Fill(kind)) {
  }
}

void Pouring::SetGlasses(int kind) {
  glasses_.clear();
  for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
    const int32_t bin = network_.head[arc];
    const int32_t group = network_.group_of[bin];
    const int64_t room =
        std::min(network_.room[bin] - flow_.into_bin[bin], network_.cap[group] - flow_.to_group[group]);
    if (room <= 0) continue;
    const int64_t food = network_.history[group] + flow_.to_group[group];
    glasses_.push_back({(food << shift_) / network_.weight[group], food, network_.weight[group], room, arc, bin});
  }
  std::sort(glasses_.begin(), glasses_.end(),
            [](const Glass& a, const Glass& b) { return a.level != b.level ? a.level < b.level : a.bin < b.bin; });
}

bool Pouring::Fill(int kind) {
  // The glasses that get wet: those below the level to which the food rises over all glasses lower than they are.
  Wide total = flow_.left[kind];
  Wide weight = 0;
  size_t wet = 0;
  for (; wet < glasses_.size(); ++wet) {
    const Glass& next = glasses_[wet];
    if (wet > 0 && (Wide{next.level} * weight >> shift_) >= total) break;
    total += next.food;
    weight += next.weight;
  }
  bool stopped = false;
  for (size_t i = 0; i < wet; ++i) {
    Glass& glass = glasses_[i];
    if (ShareOf(total, glass.weight, weight) - glass.food < glass.room) continue;
    Give(kind, glass, std::min(glass.room, flow_.left[kind]));
    glass.room = 0;
    stopped = true;
  }
  if (stopped) {
    std::erase_if(glasses_, [](const Glass& glass) { return glass.room == 0; });
    return false;
  }
  for (size_t i = 0; i < wet; ++i) {
    const int64_t amount = ShareOf(total, glasses_[i].weight, weight) - glasses_[i].food;
    Give(kind, glasses_[i], std::clamp<int64_t>(amount, 0, flow_.left[kind]));
    glasses_[i].room -= std::clamp<int64_t>(amount, 0, glasses_[i].room);
  }
  // What rounding left: less than a unit for each glass.
  for (size_t i = 0; i < wet && flow_.left[kind] > 0; ++i)
    Give(kind, glasses_[i], std::min(flow_.left[kind], glasses_[i].room));
  return true;
}

void Pouring::Give(int kind, const Glass& glass, int64_t amount) {
  flow_.on_arc[glass.arc] += amount;
  flow_.into_bin[glass.bin] += amount;
  flow_.to_group[network_.group_of[glass.bin]] += amount;
  flow_.left[kind] -= amount;
}

}  // namespace kubari::fairflow
