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
  for (int group = 0; group < network_.groups(); ++group) {
    food_.push_back(network_.history[group] + flow_.to_group[group]);
    level_.push_back((food_.back() << shift_) / network_.weight[group]);
  }
}

void Pouring::Pour(int kind) {
  if (flow_.left[kind] == 0) return;
  SetGlasses(kind);
  while (flow_.left[kind] > 0 && !glasses_.empty() && !Fill(kind)) {
  }
}

int64_t Pouring::RoomOf(const Glass& glass) const {
  return std::min(network_.room[glass.bin] - flow_.into_bin[glass.bin],
                  network_.cap[glass.group] - flow_.to_group[glass.group]);
}

void Pouring::SetGlasses(int kind) {
  glasses_.clear();
  for (int64_t arc = network_.arc_begin[kind]; arc < network_.arc_begin[kind + 1]; ++arc) {
    const int32_t bin = network_.head[arc], group = network_.group_of[bin];
    const Glass glass{level_[group], bin, group, arc};
    if (RoomOf(glass) > 0) glasses_.push_back(glass);
  }
}

bool Pouring::Fill(int kind) {
  // The glasses that get wet: those above the level to which the food would rise over all of them stay dry, which makes
  // that level lower for the others, and so on.
  wet_ = glasses_;
  Wide total = 0, weight = 0;
  for (size_t before = 0; before != wet_.size();) {
    before = wet_.size();
    total = flow_.left[kind];
    weight = 0;
    for (const Glass& glass : wet_) total += food_[glass.group], weight += network_.weight[glass.group];
    const Wide level = (total << shift_) / weight;
    std::erase_if(wet_, [level](const Glass& glass) { return glass.level > level; });
  }
  const auto part = [&](const Glass& glass) {
    return ShareOf(total, network_.weight[glass.group], weight) - food_[glass.group];
  };
  bool stopped = false;
  for (const Glass& glass : wet_) {
    const int64_t room = RoomOf(glass);
    if (part(glass) < room) continue;
    Give(kind, glass, std::min(room, flow_.left[kind]));
    stopped = true;
  }
  if (stopped) {
    std::erase_if(glasses_, [this](const Glass& glass) { return RoomOf(glass) == 0; });
    return false;
  }
  for (const Glass& glass : wet_) Give(kind, glass, std::clamp<int64_t>(part(glass), 0, flow_.left[kind]));
  // What rounding left: less than a unit for each glass.
  for (size_t i = 0; i < wet_.size() && flow_.left[kind] > 0; ++i)
    Give(kind, wet_[i], std::min(flow_.left[kind], RoomOf(wet_[i])));
  return true;
}

void Pouring::Give(int kind, const Glass& glass, int64_t amount) {
  flow_.on_arc[glass.arc] += amount;
  flow_.into_bin[glass.bin] += amount;
  flow_.to_group[glass.group] += amount;
  flow_.left[kind] -= amount;
  food_[glass.group] += amount;
  level_[glass.group] = (food_[glass.group] << shift_) / network_.weight[glass.group];
}

}  // namespace kubari::fairflow
