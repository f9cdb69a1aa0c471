#include "libs/fairflow/testing/instances.h"

#include <gtest/gtest.h>

namespace kubari::fairflow::testing {
namespace {

// The hashes were computed on other machines by another program.
TEST(Instances, AreTheSameOnEveryMachine) {
  EXPECT_EQ(Instance(kTiny, 1).Hash(kEverybody), 0xa97a58a5f6b0685au);
  EXPECT_EQ(Instance(kSmall, 1).Hash(kEverybody), 0x80916f13b1cb066cu);
  EXPECT_EQ(Instance(kMedium, 1).Hash(kEverybody), 0x66057711bf206055u);
}

TEST(Instances, AnotherSeedIsAnotherNetwork) {
  EXPECT_NE(Instance(kTiny, 1).Hash(kEverybody), Instance(kTiny, 2).Hash(kEverybody));
}

TEST(Instances, NearestIsAPrefixOfEverybody) {
  const Instance instance(kTiny, 3);
  for (int p = 0; p < 100; ++p) {
    const auto all = instance.Chosen(p, kEverybody);
    const auto near = instance.Chosen(p, {Arcs::Choice::kNearest, 4});
    ASSERT_EQ(near.size(), std::min<size_t>(4, all.size()));
    EXPECT_TRUE(std::equal(near.begin(), near.end(), all.begin()));
  }
}

}  // namespace
}  // namespace kubari::fairflow::testing
