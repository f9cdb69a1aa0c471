#include "libs/fairflow/testing/lemon.h"

#if !__has_include(<lemon/network_simplex.h>)
#error "LEMON is missing: install liblemon-dev, or everything in ops/packages-test.txt."
#endif
#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <time.h>

namespace kubari::fairflow::testing {
namespace {

template <typename Method>
ReferenceFlow Solve(int nodes, const std::vector<int64_t>& supply, const std::vector<ReferenceArc>& arcs) {
  using Graph = lemon::SmartDigraph;
  Graph graph;
  graph.reserveNode(nodes);
  graph.reserveArc(static_cast<int>(arcs.size()));
  Graph::NodeMap<int64_t> supplies(graph);
  for (int node = 0; node < nodes; ++node) supplies[graph.addNode()] = supply[node];
  Graph::ArcMap<int64_t> capacities(graph), costs(graph);
  for (const ReferenceArc& arc : arcs) {
    const Graph::Arc added = graph.addArc(graph.nodeFromId(arc.from), graph.nodeFromId(arc.to));
    capacities[added] = arc.capacity;
    costs[added] = arc.cost;
  }
  Method method(graph);
  method.upperMap(capacities).costMap(costs).supplyMap(supplies);
  const double start = ProcessorSeconds();
  ReferenceFlow result;
  result.optimal = method.run() == Method::OPTIMAL;
  result.seconds = ProcessorSeconds() - start;
  if (!result.optimal) return result;
  result.cost = method.template totalCost<int64_t>();
  for (int arc = 0; arc < graph.arcNum(); ++arc) result.flow.push_back(method.flow(graph.arcFromId(arc)));
  return result;
}

}  // namespace

double ProcessorSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

ReferenceFlow MinimumCostFlow(int nodes, const std::vector<int64_t>& supply, const std::vector<ReferenceArc>& arcs,
                              ReferenceMethod method) {
  using Graph = lemon::SmartDigraph;
  return method == ReferenceMethod::kNetworkSimplex
             ? Solve<lemon::NetworkSimplex<Graph, int64_t, int64_t>>(nodes, supply, arcs)
             : Solve<lemon::CostScaling<Graph, int64_t, int64_t>>(nodes, supply, arcs);
}

}  // namespace kubari::fairflow::testing
