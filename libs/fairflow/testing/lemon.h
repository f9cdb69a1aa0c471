// LEMON's flows, an independent judge of ours. Debian's LEMON 1.3.1 is older than C++20, so its headers are
// seen by lemon.cc alone, which is compiled as C++17; this interface is plain for the same reason.
#pragma once

#include <cstdint>
#include <vector>

namespace kubari::fairflow::testing {

struct ReferenceArc {
  int from = 0, to = 0;
  int64_t capacity = 0, cost = 0;
};

struct ReferenceFlow {
  bool optimal = false;
  int64_t cost = 0;
  std::vector<int64_t> flow;  // by arc
  double seconds = 0;         // of processor time, for the algorithm alone
};

enum class ReferenceMethod { kNetworkSimplex, kCostScaling };

// What this thread has used of a processor so far: other programs on the machine do not count.
double ProcessorSeconds();

// Nodes 0 … nodes - 1 with what each has too much of; supplies sum to zero.
ReferenceFlow MinimumCostFlow(int nodes, const std::vector<int64_t>& supply, const std::vector<ReferenceArc>& arcs,
                              ReferenceMethod method = ReferenceMethod::kNetworkSimplex);

// The most that can flow from `source` to `sink`, whatever it costs.
struct ReferenceMaximum {
  int64_t value = 0;
  std::vector<int64_t> flow;  // by arc
};
ReferenceMaximum MaximumFlow(int nodes, int source, int sink, const std::vector<ReferenceArc>& arcs);

}  // namespace kubari::fairflow::testing
