// What groups and coordinators hear of a run, as it stands in the outbox.
#include "services/allocation/telling.h"

#include "kubari/notifications/v1/notice.pb.h"
#include "libs/errors/macros.h"
#include "services/allocation/allocation_fixture.h"

namespace kubari::allocation {
namespace {

using errors::IsOk;
using notifications::v1::Notice;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TellingTest : public AllocationTest {
 protected:
  // What was written since the last look, by whom it is for.
  std::vector<Notice> Written() {
    std::vector<Notice> written;
    const auto read = [&](pg::Transaction& tx) -> absl::Status {
      static constexpr pg::Statement kRead{"SELECT notice FROM outbox"};
      static constexpr pg::Statement kEmpty{"DELETE FROM outbox"};
      written.clear();
      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRead));
      for (const pg::Row row : rows)
        EXPECT_TRUE(written.emplace_back().ParseFromString(row.Get<pg::Bytes>("notice").value));
      return tx.Execute(kEmpty).status();
    };
    EXPECT_THAT(pool_.Transact({.network_id = kNetwork}, read), IsOk());
    return written;
  }
  static const Notice* To(const std::vector<Notice>& notices, int group) {
    for (const Notice& notice : notices) {
      const auto found = notice.facts().find("group");
      if (found != notice.facts().end() && found->second == GroupName(group)) return &notice;
    }
    return nullptr;
  }
};

TEST_F(TellingTest, EachGroupIsAskedOnceAndRemindedOnceUnlessItHasAnswered) {
  const pb::Run run = Published();
  const std::vector<Notice> asked = Written();
  const Notice* one = To(asked, 1);
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->kind(), notifications::v1::NOTICE_KIND_LINES_OFFERED);
  ASSERT_EQ(one->audiences_size(), 1);
  EXPECT_EQ(one->audiences(0).holders().role(), type::v1::ROLE_GROUP);
  EXPECT_EQ(one->facts().at("run"), run.name());
  EXPECT_THAT(one->subject().ja(), HasSubstr("件あります（"));
  EXPECT_THAT(one->subject().ja(), HasSubstr("月"));
  for (const Notice& notice : asked) {
    for (const std::string& text :
         {notice.subject().ja(), notice.text().ja(), notice.subject().en(), notice.text().en()}) {
      EXPECT_THAT(text, ::testing::Not(HasSubstr("%"))) << "no pattern of a date is left";
    }
  }
  Must(&Stub::AcceptLine, "coordinator", Accept(LineOf(run, 1, 1)));
  EXPECT_THAT(Written(), IsEmpty()) << "an acceptance is told to nobody";

  clock_.Set(absl::FromUnixSeconds(run.answer_due_time().seconds()) - absl::Minutes(1));
  ASSERT_THAT(RemindGroups(pool_, clock_), IsOk());
  const std::vector<Notice> reminded = Written();
  for (const Notice& notice : reminded) EXPECT_EQ(notice.kind(), notifications::v1::NOTICE_KIND_ANSWER_DUE_SOON);
  EXPECT_LE(reminded.size(), asked.size());
  ASSERT_THAT(RemindGroups(pool_, clock_), IsOk());
  EXPECT_THAT(Written(), IsEmpty()) << "once for each run";
}

TEST_F(TellingTest, ARefusalIsToldToTheCoordinatorsWithItsReason) {
  const pb::Run run = Published();
  Written();
  const pb::Line line = LineOf(run, 1, 1);
  Must(&Stub::RefuseLine, "coordinator", Refuse(line, "NO_SPACE"));
  const std::vector<Notice> told = Written();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].kind(), notifications::v1::NOTICE_KIND_LINE_REFUSED);
  EXPECT_EQ(told[0].audiences(0).holders().role(), type::v1::ROLE_COORDINATOR);
  EXPECT_EQ(told[0].audiences(0).holders().organisation(), "");
  EXPECT_EQ(told[0].facts().at("line"), line.name());
  EXPECT_EQ(told[0].link(), "/runs/" + run.name().substr(run.name().find('/') + 1));
  EXPECT_THAT(told[0].subject().ja(), HasSubstr(line.group_display_name()));
  EXPECT_THAT(told[0].text().ja(), HasSubstr("理由："));
}

}  // namespace
}  // namespace kubari::allocation
