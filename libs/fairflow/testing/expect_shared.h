// What every result of stages A and B keeps. For tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "libs/fairflow/share.h"

namespace kubari::fairflow::testing {

inline void ExpectAFlow(const Network& network, const Shared& shared) {
  std::vector<int64_t> out(network.kinds(), 0), in(network.bins(), 0), to(network.groups(), 0);
  for (size_t arc = 0; arc < network.head.size(); ++arc) {
    ASSERT_GE(shared.flow.on_arc[arc], 0);
    out[network.tail[arc]] += shared.flow.on_arc[arc];
    in[network.head[arc]] += shared.flow.on_arc[arc];
  }
  for (int bin = 0; bin < network.bins(); ++bin) {
    EXPECT_LE(in[bin], network.room[bin]);
    to[network.group_of[bin]] += in[bin];
  }
  EXPECT_EQ(in, shared.flow.into_bin);
  EXPECT_EQ(to, shared.flow.to_group);
  std::vector<int64_t> saved(network.kinds(), 0);
  for (int lot = 0; lot < network.lots(); ++lot) saved[network.kind_of[lot]] += shared.saved[lot];
  EXPECT_EQ(saved, out);
  for (int kind = 0; kind < network.kinds(); ++kind)
    EXPECT_EQ(out[kind] + shared.flow.left[kind], network.supply[kind]);
}

// Nobody has room for what stays, and nothing flows between ties.
inline void ExpectProof(const Network& network, const Shared& shared) {
  for (size_t arc = 0; arc < network.head.size(); ++arc) {
    const Tie& from = shared.ties[shared.tie_of_kind[network.tail[arc]]];
    const int bin = network.head[arc], group = network.group_of[bin];
    if (from.stuck) {
      EXPECT_TRUE(shared.flow.into_bin[bin] == network.room[bin] || shared.flow.to_group[group] == network.cap[group])
          << arc;
    }
    if (shared.flow.on_arc[arc] > 0) {
      EXPECT_EQ(shared.tie_of_kind[network.tail[arc]], shared.tie_of_bin[bin]) << arc;
    }
  }
}

}  // namespace kubari::fairflow::testing
