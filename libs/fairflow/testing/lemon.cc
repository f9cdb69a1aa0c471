#include "libs/fairflow/testing/lemon.h"

#if !__has_include(<lemon/network_simplex.h>)
#error "LEMON is missing: install liblemon-dev, or everything in ops/packages-test.txt."
#endif
#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/preflow.h>
#include <lemon/smart_graph.h>
#include <time.h>

namespace kubari::fairflow::testing {
namespace {

using Graph = lemon::SmartDigraph;

struct Weighted {
  Graph graph;
  Graph::ArcMap<int64_t> capacities{graph}, costs{graph};

  Weighted(int nodes, const std::vector<ReferenceArc>& arcs) {
    graph.reserveNode(nodes);
    graph.reserveArc(static_cast<int>(arcs.size()));
    for (int node = 0; node < nodes; ++node) graph.addNode();
    for (const ReferenceArc& arc : arcs) {
      const Graph::Arc added = graph.addArc(graph.nodeFromId(arc.from), graph.nodeFromId(arc.to));
      capacities[added] = arc.capacity;
      costs[added] = arc.cost;
    }
  }
};

template <typename Method>
ReferenceFlow Solve(int nodes, const std::vector<int64_t>& supply, const std::vector<ReferenceArc>& arcs) {
  const Weighted weighted(nodes, arcs);
  const auto& [graph, capacities, costs] = weighted;
  Graph::NodeMap<int64_t> supplies(graph);
  for (int node = 0; node < nodes; ++node) supplies[graph.nodeFromId(node)] = supply[node];
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
  return method == ReferenceMethod::kNetworkSimplex
             ? Solve<lemon::NetworkSimplex<Graph, int64_t, int64_t>>(nodes, supply, arcs)
             : Solve<lemon::CostScaling<Graph, int64_t, int64_t>>(nodes, supply, arcs);
}

ReferenceMaximum MaximumFlow(int nodes, int source, int sink, const std::vector<ReferenceArc>& arcs) {
  const Weighted weighted(nodes, arcs);
  const Graph& graph = weighted.graph;
  lemon::Preflow<Graph, Graph::ArcMap<int64_t>> method(graph, weighted.capacities, graph.nodeFromId(source),
                                                       graph.nodeFromId(sink));
  method.run();
  ReferenceMaximum result{method.flowValue(), {}};
  for (int arc = 0; arc < graph.arcNum(); ++arc) result.flow.push_back(method.flow(graph.arcFromId(arc)));
  return result;
}

}  // namespace kubari::fairflow::testing
