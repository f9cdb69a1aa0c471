// Notices in the inbox: whom they reach, once; read and unread; how long they are kept.
#include "services/notifications/notifications_fixture.h"

namespace kubari::notifications {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(NotificationsTest, ANoticeReachesTheInboxOfThoseItIsMeantFor) {
  Deliver({ToGroup()});
  EXPECT_THAT(Subjects("taro"), ElementsAre("りんご 12箱が届きます"));
  EXPECT_THAT(Subjects("emily"), SizeIs(1));
  EXPECT_THAT(Subjects("hanako"), IsEmpty());
  EXPECT_THAT(Subjects("stranger"), IsEmpty());  // the same id in another network
  EXPECT_EQ(Must(&Stub::CountUnread, "taro", pb::CountUnreadRequest()).unread(), 1);
  EXPECT_EQ(Must(&Stub::CountUnread, "phone", pb::CountUnreadRequest()).unread(), 0);
  EXPECT_THAT(Do(&Stub::ListNotices, "phone", pb::ListNoticesRequest()), FailsBecause("NOT_A_PERSON"));
  EXPECT_THAT(Do(&Stub::AcceptNotices, "hanako", pb::AcceptNoticesRequest()), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(NotificationsTest, RepeatingANoticeOrMeaningSomebodyTwiceTellsOnce) {
  pb::Notice notice = ToGroup();
  outbox::ToHolders(notice, type::v1::ROLE_GROUP);
  outbox::ToPerson(notice, kTaro);
  outbox::ToMailbox(notice, "Taro@group.example", "太郎");
  Deliver({notice});
  Deliver({notice, notice});
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
  EXPECT_THAT(Deliveries(), SizeIs(3));  // taro, jiro, emily
}

TEST_F(NotificationsTest, NoticesAreReadOneByOneOrAllTogetherAndUnreadAgain) {
  for (int i = 0; i < 5; ++i) {
    pb::Notice notice = Make(pb::NOTICE_KIND_LINES_OFFERED, absl::StrCat("品", i));
    outbox::ToPerson(notice, kTaro);
    Accept({notice});
    clock_.Advance(absl::Minutes(1));
  }
  Address();
  pb::ListNoticesRequest list;
  list.set_page_size(2);
  std::vector<std::string> names, subjects;
  do {
    const auto page = Must(&Stub::ListNotices, "taro", list);
    for (const auto& notice : page.notices()) {
      names.push_back(notice.name());
      subjects.push_back(notice.subject().en());
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(subjects, ElementsAre("品4 is coming", "品3 is coming", "品2 is coming", "品1 is coming", "品0 is coming"));

  pb::MarkNoticesRequest mark;
  mark.set_request_id(ids::NewUuid());
  mark.add_names(names[1]);
  mark.add_names(ids::Name("notices", Uuid(999)));
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 4);
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 4);
  EXPECT_THAT(Subjects("taro", true), SizeIs(4));
  mark.set_request_id(ids::NewUuid());
  mark.set_unread(true);
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", mark).unread(), 5);
  pb::MarkNoticesRequest all;
  all.set_request_id(ids::NewUuid());
  all.mutable_all_until_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(Must(&Stub::MarkNotices, "taro", all).unread(), 0);
  mark.set_request_id(ids::NewUuid());
  EXPECT_EQ(Must(&Stub::MarkNotices, "emily", mark).unread(), 0);  // not hers
  EXPECT_EQ(Must(&Stub::CountUnread, "taro", pb::CountUnreadRequest()).unread(), 0);
  all.add_names(names[0]);
  all.set_request_id(ids::NewUuid());
  EXPECT_THAT(Do(&Stub::MarkNotices, "taro", all), FailsBecause("INVALID_REQUEST"));
}

TEST_F(NotificationsTest, WhileIdentityIsAwayNoticesWait) {
  people_.away = true;
  Accept({ToGroup()});
  EXPECT_FALSE(addressing_->AddressAll([] { return false; }).ok());
  EXPECT_THAT(Subjects("taro"), IsEmpty());
  people_.away = false;
  Address();
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
}

TEST_F(NotificationsTest, OldThingsAreForgotten) {
  MailServer mail;
  Configure(mail.Settings());
  Deliver({ToGroup()});
  const auto prune = [&] {
    constexpr pg::Statement kPrune{"SELECT prune($1)"};
    ASSERT_THAT(pool_.Transact({}, [&](pg::Transaction& tx) { return tx.Query(kPrune, clock_.Now()).status(); }), IsOk());
  };
  prune();
  EXPECT_THAT(Deliveries(), SizeIs(2));
  clock_.Advance(absl::Hours(24 * 31));
  prune();
  EXPECT_THAT(Deliveries(), IsEmpty());
  EXPECT_THAT(Subjects("taro"), SizeIs(1));
  clock_.Advance(absl::Hours(24 * 150));
  prune();
  EXPECT_THAT(Subjects("taro"), IsEmpty());
}

}  // namespace
}  // namespace kubari::notifications
