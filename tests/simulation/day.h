// One seed: a network's day, with its troubles.
#pragma once

#include <memory>
#include <string>

#include "tests/simulation/answers.h"
#include "tests/simulation/phones.h"

namespace kubari::simulation {

struct Day {
  Setting setting;
  std::unique_ptr<Journal> journal;
  Answers answers;
};

// Every third seed has one patient phone at a time, in an order that follows from the seed, so that the day can be
// repeated step by step. The others act all at once.
bool RepeatsItself(unsigned seed);

// Lets the phones of a seed live their day in a network of its own, and asks what has come of it.
Day LiveOneDay(House& house, unsigned seed);
// In the network of this id, which the house has not seen yet.
Day LiveOneDay(House& house, unsigned seed, const std::string& network);

}  // namespace kubari::simulation
