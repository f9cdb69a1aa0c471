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
    int64_t level;  // of its group, in fixed point, rounded down: only the quality of the guess depends on it
    int64_t food, weight, room;
    int64_t arc;
    int32_t bin;
  };

  void SetGlasses(int kind);
  // False: storage stopped some of them, and there is food left to pour.
  bool Fill(int kind);
  void Give(int kind, const Glass& glass, int64_t amount);

  const Network& network_;
  Flow& flow_;
  int shift_ = 0;
  std::vector<Glass> glasses_;
};

}  // namespace kubari::fairflow
