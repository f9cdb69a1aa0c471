#include "libs/paging/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/testing.h"

namespace kubari::paging {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What is read, and what is wrong with it.
std::pair<Order, absl::Status> Reading(std::string_view order_by) {
  errors::Violations violations;
  const Order order = ReadOrder(order_by, {"create_time desc", "create_time", "title"}, violations);
  return {order, violations.status()};
}

TEST(Order, IsOneOfThoseThatAreNamed) {
  EXPECT_EQ(Reading("create_time").first, (Order{"create_time", false}));
  EXPECT_EQ(Reading("create_time desc").first, (Order{"create_time", true}));
  EXPECT_EQ(Reading("title").first, (Order{"title", false}));
  for (const char* order : {"create_time", "create_time desc", "title"})
    EXPECT_TRUE(Reading(order).second.ok()) << order;
}

TEST(Order, IsTheFirstIfNothingIsSaid) {
  EXPECT_EQ(Reading("").first, (Order{"create_time", true}));
  EXPECT_EQ(Reading("  ").first, (Order{"create_time", true}));
  EXPECT_TRUE(Reading("").second.ok());
}

TEST(Order, BlanksDoNotMatterAndAscendingMayBeSaid) {
  EXPECT_EQ(Reading("  create_time \t desc ").first, (Order{"create_time", true}));
  EXPECT_EQ(Reading("title asc").first, (Order{"title", false}));
  EXPECT_TRUE(Reading("title asc").second.ok());
}

TEST(Order, AnyOtherIsToldWhatIsPossible) {
  for (const char* wrong :
       {"title desc", "code", "title, create_time", "title desc desc", "TITLE", "title;", "desc", "\xFF"}) {
    const auto [order, status] = Reading(wrong);
    EXPECT_EQ(order, (Order{"create_time", true})) << wrong;
    EXPECT_THAT(status, errors::Violates("order_by", "UNKNOWN_ORDER")) << wrong;
    EXPECT_THAT(errors::MessageIn("en", status),
                AllOf(HasSubstr("\"create_time desc\""), HasSubstr("\"create_time\""), HasSubstr("\"title\"")));
    EXPECT_THAT(errors::MessageIn("ja", status), HasSubstr("\"title\""));
  }
}

}  // namespace
}  // namespace kubari::paging
