// What the ledger's feed tells people. Pure.
#include "services/notifications/domain/ledger_news.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kubari::notifications {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNow = 1'800'000'000;
const absl::Time kSince = absl::FromUnixSeconds(kNow - 86'400);

std::string Uuid(int number) {
  return absl::StrCat("00000000-0000-4000-8000-0000000000", absl::Dec(number, absl::kZeroPad2));
}

class LedgerNewsTest : public ::testing::Test {
 protected:
  stock::v1::FeedEntry& Add(stock::v1::MovementKind kind, int group, int delivery, const std::string& product = "米",
                            int64_t items = 12) {
    stock::v1::FeedEntry& entry = *entries_.Add();
    stock::v1::Movement& movement = *entry.mutable_movement();
    movement.set_kind(kind);
    if (group > 0) movement.set_group("groups/" + Uuid(group));
    if (delivery > 0) movement.set_delivery("deliveries/" + Uuid(delivery));
    movement.set_product_display_name(product);
    movement.set_items(items);
    movement.mutable_occurred_time()->set_seconds(kNow - 60);
    movement.mutable_recorded_time()->set_seconds(kNow - 50);
    entry.set_group_display_name("だんらん食堂");
    return entry;
  }
  // Of this page; the next one begins empty.
  std::vector<v1::Notice> Page() {
    std::vector<v1::Notice> notices = NewsOf(entries_, kSince);
    entries_.Clear();
    return notices;
  }
  feed::Entries entries_;
};

TEST_F(LedgerNewsTest, WhatLeavesIsToldToTheGroupOnceForADelivery) {
  Add(stock::v1::MOVEMENT_KIND_ISSUE, 1, 11);
  Add(stock::v1::MOVEMENT_KIND_ISSUE, 1, 11, "カレー", 1);
  Add(stock::v1::MOVEMENT_KIND_DIRECT, 2, 12);
  const std::vector<v1::Notice> first = Page();
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].kind(), v1::NOTICE_KIND_DELIVERY_SHIPPED);
  EXPECT_THAT(first[0].text().ja(), HasSubstr("・米 12点\n・カレー 1点\n"));
  EXPECT_THAT(first[0].text().en(), HasSubstr("- カレー, 1 item\n"));
  ASSERT_EQ(first[0].audiences_size(), 1);
  EXPECT_EQ(first[0].audiences(0).holders().role(), type::v1::ROLE_GROUP);
  EXPECT_EQ(first[0].audiences(0).holders().organisation(), "organisations/" + Uuid(1));
  EXPECT_EQ(first[0].facts().at("delivery"), "deliveries/" + Uuid(11));
  EXPECT_EQ(first[0].occurred_time().seconds(), kNow - 60);
  Add(stock::v1::MOVEMENT_KIND_ISSUE, 1, 11, "茶");
  const std::vector<v1::Notice> second = Page();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].notice_id(), first[0].notice_id()) << "the receiver knows it, and tells nobody again";
}

TEST_F(LedgerNewsTest, APromiseThatRanOutIsToldOnceHoweverManyPagesItTakes) {
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 11);
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 11, "カレー");
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 2, 12);
  const std::vector<v1::Notice> first = Page();
  ASSERT_THAT(first, SizeIs(2)) << "one for each group";
  EXPECT_EQ(first[0].kind(), v1::NOTICE_KIND_LINE_EXPIRED);
  ASSERT_EQ(first[0].audiences_size(), 2);
  EXPECT_EQ(first[0].audiences(1).holders().role(), type::v1::ROLE_COORDINATOR);
  EXPECT_THAT(first[0].subject().ja(), HasSubstr("だんらん食堂"));
  EXPECT_NE(first[0].notice_id(), first[1].notice_id());
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 11, "茶");
  EXPECT_EQ(Page()[0].notice_id(), first[0].notice_id());
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 13).mutable_movement()->mutable_occurred_time()->set_seconds(kNow - 61);
  EXPECT_NE(Page()[0].notice_id(), first[0].notice_id()) << "of another run";
}

TEST_F(LedgerNewsTest, APromiseOutOfTwoWarehousesRanOutOnce) {
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 11);
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 12, "カレー");
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 0, "茶");
  const std::vector<v1::Notice> together = Page();
  ASSERT_THAT(together, SizeIs(1));
  EXPECT_THAT(together[0].text().ja(), HasSubstr("・米 12点\n・カレー 12点\n・茶 12点\n"));
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 1, 12, "卵");
  EXPECT_EQ(Page()[0].notice_id(), together[0].notice_id()) << "in another page";
}

TEST_F(LedgerNewsTest, WhatDidNotArriveIsToldToTheCoordinators) {
  Add(stock::v1::MOVEMENT_KIND_SHORTAGE, 1, 11, "卵", 3);
  const std::vector<v1::Notice> notices = Page();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].kind(), v1::NOTICE_KIND_SHORTAGE_CONFIRMED);
  EXPECT_EQ(notices[0].audiences(0).holders().role(), type::v1::ROLE_COORDINATOR);
  EXPECT_EQ(notices[0].audiences(0).holders().organisation(), "");
  EXPECT_THAT(notices[0].text().ja(), HasSubstr("卵 3点"));
}

TEST_F(LedgerNewsTest, WhatIsOldOrNobodysIsNoNews) {
  Add(stock::v1::MOVEMENT_KIND_ISSUE, 1, 11)
      .mutable_movement()
      ->mutable_recorded_time()
      ->set_seconds(kNow - 2 * 86'400);
  Add(stock::v1::MOVEMENT_KIND_EXPIRE, 0, 0);
  Add(stock::v1::MOVEMENT_KIND_RECEIVE, 0, 0);
  Add(stock::v1::MOVEMENT_KIND_TRANSFER, 0, 0);
  Add(stock::v1::MOVEMENT_KIND_CONFIRM, 1, 11);
  Add(stock::v1::MOVEMENT_KIND_RESERVE, 1, 11);
  EXPECT_THAT(Page(), IsEmpty());
}

}  // namespace
}  // namespace kubari::notifications
