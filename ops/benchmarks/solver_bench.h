// What libs/fairflow takes and how near the bounds its plans are, beside LEMON and HiGHS in the same run: tables in
// Markdown on standard output.
#pragma once

namespace kubari::bench {

// Stages A and B, and C, beside a minimum cost flow by LEMON of the same totals over the same arcs. The country: 10,000
// groups, minutes.
void CompareWithLemon(bool country);

// Whole plans beside the bounds: all arcs, arcs on request, smallest quantities, hubs; and the same bytes from a
// shuffled problem. False: a shuffled problem had another plan, or a delivery is below its smallest quantity.
bool ComparePlansWithBounds(bool country);

// Plans before and after one change (of twelve: a lot has a hundred cases more, a lot is withdrawn, a bin has half the
// room), each solved from nothing: how much of the first stands in the second.
void CompareChangedPlans();

// Smallest quantities on the smallest network beside HiGHS's mixed integer program (python3-scipy), and the same linear
// programs on the next one.
void CompareWithHighs();

}  // namespace kubari::bench
