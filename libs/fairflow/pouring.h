// A guess to start from: the food of a kind poured like water over the levels of its groups, as far as their bins have
// room.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/fairflow/network.h"

namespace kubari::fairflow {

class Pouring {
 public:
  // Changes `flow`, which belongs to `network`.
  Pouring(const Network& network, Flow& flow);

  // Pours what is left of the kind. Doing so for each kind in turn comes close to the fair levels; doing so once more
  // comes closer, but costs more time than it saves.
  void Pour(int kind);

 private:
  // A bin under the tap.
  struct Glass {
    int64_t level;  // of its group
    int32_t bin, group;
    int64_t arc;
  };

  void SetGlasses(int kind);
  // False: storage stopped some of them, and there is food left to pour.
  bool Fill(int kind);
  void Give(int kind, const Glass& glass, int64_t amount);
  int64_t RoomOf(const Glass& glass) const;

  const Network& network_;
  Flow& flow_;
  int shift_ = 0;
  // By group: food, history included; and ÷ weight in fixed point, rounded down: only the quality of the guess depends
  // on it.
  std::vector<int64_t> food_, level_;
  std::vector<Glass> glasses_, wet_;
};

}  // namespace kubari::fairflow
