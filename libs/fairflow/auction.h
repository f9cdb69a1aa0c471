// Prices to start stage C from: an auction (Bertsekas 1988) in which sellers' food goes to the bins that suit it best,
// and bins that are wanted too much become dearer.
//
// Each round a seller bids for the bin that costs it least, price included, by so much more that the next best one
// suits it as well, and a little (ε) more; a full bin or group gives up what bid least. It starts with a large ε, that
// is quick and coarse, and goes on with smaller ones. The last one would have to be smaller than a unit of cost
// divided by the number of nodes for an optimum; long before, the prices are so close that the simplex method has
// little left to do, and it is the one that proves the optimum. So nothing depends on these prices but time.
#pragma once

#include <cstdint>
#include <vector>

namespace kubari::fairflow {

struct Market {
  struct Offer {
    int32_t bin;
    int64_t cost;  // of a unit
  };
  // Sellers and what they have to sell; seller s may sell to offers[begin[s]] … offers[begin[s + 1] - 1].
  std::vector<int64_t> amount;
  std::vector<int64_t> begin = {0};
  std::vector<Offer> offers;
  // Group g's bins are bin_begin[g] … bin_begin[g + 1] - 1. Together the groups want what the sellers have.
  std::vector<int32_t> bin_begin = {0};
  std::vector<int64_t> room;    // by bin
  std::vector<int64_t> wanted;  // by group
};

// What a unit is worth where it is: at a seller, in a bin, with a group. Along an offer that is used it gains about the
// cost; along the others no more than that.
struct Worth {
  std::vector<int64_t> seller, bin, group;
  int64_t error = 0;     // ε of the last round
  bool settled = false;  // nearly everything was sold in it: false where sellers outbid each other for too long
};

// `precision`: how many times smaller than the mean cost the last ε is. `start`: of a market with the same groups and
// much the same offers; it is taken up a few rounds before its end.
Worth Auction(const Market& market, int64_t precision, const Worth* start = nullptr);

}  // namespace kubari::fairflow
