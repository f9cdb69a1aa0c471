// Around offers: who acts for a maker, questions, standing offers, broadcasts.
#include <google/protobuf/util/time_util.h>

#include "services/donors/handler_test.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;

class OfferingTest : public DonorsTest {
 protected:
  void SetUp() override {
    ASSERT_THAT(MakeDonor(kDonor, "M-1", "みどり食品"), IsOk());
    ASSERT_THAT(MakeDonor(kOtherDonor, "W-1", "やまと商事"), IsOk());
    ASSERT_THAT(Sign(kDonor), IsOk());
  }
  absl::StatusOr<v1::DonorProfile> AllowActing(const std::string& who = "donor", const std::string& until = "") {
    v1::AllowActingRequest request;
    request.set_request_id(NewId());
    request.set_donor("donors/" + kDonor);
    request.set_acting_donor("donors/" + kOtherDonor);
    request.set_until_date(until);
    return Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::AllowActing, who, request);
  }
  absl::StatusOr<v1::DonorProfile> EndActing() {
    v1::EndActingRequest request;
    request.set_request_id(NewId());
    request.set_donor("donors/" + kDonor);
    request.set_acting_donor("donors/" + kOtherDonor);
    return Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::EndActing, "donor", request);
  }
  static v1::CreateOfferRequest ForTheMaker(bool submit = true) {
    v1::CreateOfferRequest request;
    request.set_request_id(NewId());
    *request.mutable_offer() = Content();
    request.mutable_offer()->set_acting_donor("donors/" + kOtherDonor);
    request.set_submit(submit);
    return request;
  }
  absl::StatusOr<v1::Offer> Create(const v1::CreateOfferRequest& request, const std::string& who) {
    return Do(&v1::DonorsService::Stub::CreateOffer, who, request);
  }
  absl::StatusOr<v1::Offer> Get(const std::string& name, const std::string& who) {
    v1::GetOfferRequest request;
    request.set_name(name);
    return Do(&v1::DonorsService::Stub::GetOffer, who, request);
  }
  absl::StatusOr<v1::Offer> Say(const v1::Offer& offer, bool question, const std::string& who,
                                const std::string& text = "賞味期限の写真をいただけますか。") {
    if (question) {
      v1::AskAboutOfferRequest request;
      request.set_request_id(NewId());
      request.set_name(offer.name());
      request.set_etag(offer.etag());
      request.set_text(text);
      return Ask<v1::OfferQuestionsService>(&v1::OfferQuestionsService::Stub::AskAboutOffer, who, request);
    }
    v1::AnswerQuestionRequest request;
    request.set_request_id(NewId());
    request.set_name(offer.name());
    request.set_etag(offer.etag());
    request.set_text(text);
    return Ask<v1::OfferQuestionsService>(&v1::OfferQuestionsService::Stub::AnswerQuestion, who, request);
  }
  absl::Status Day(int days = 0) {
    clock_.Advance(absl::Hours(24 * days));
    return LookAfter(pool_, kNetwork, "Asia/Tokyo", clock_);
  }
  std::vector<std::string> ReadyDates(const std::string& who = "coordinator") {
    v1::ListOffersRequest request;
    request.set_order_by("ready_date");
    const auto page = Do(&v1::DonorsService::Stub::ListOffers, who, request);
    EXPECT_THAT(page, IsOk());
    std::vector<std::string> days;
    if (page.ok()) {
      for (const v1::Offer& offer : page->offers()) days.push_back(offer.ready_date());
    }
    return days;
  }
  // Every Wednesday from 25 November 2026, three days ahead.
  static v1::CreateStandingOfferRequest Weekly() {
    v1::CreateStandingOfferRequest request;
    request.set_request_id(NewId());
    v1::StandingOffer& offer = *request.mutable_standing_offer();
    offer.set_donor("donors/" + kDonor);
    offer.set_title("毎週水曜のパン");
    v1::StandingOfferLine& line = *offer.add_lines();
    line.set_product("products/" + kRice);
    line.set_cases(4);
    line.set_items_per_case(10);
    line.set_date_kind(type::v1::DATE_KIND_BEST_BEFORE);
    line.set_good_for_days(30);
    offer.set_weekday(groups::v1::WEEKDAY_WEDNESDAY);
    offer.set_lead_days(3);
    offer.set_from_date("2026-11-21");
    return request;
  }
  absl::StatusOr<v1::StandingOffer> MakeStanding(const v1::CreateStandingOfferRequest& request,
                                                 const std::string& who = "donor") {
    return Ask<v1::StandingOffersService>(&v1::StandingOffersService::Stub::CreateStandingOffer, who, request);
  }
  absl::StatusOr<v1::StandingOffer> Change(const v1::StandingOffer& offer, const std::string& who = "donor") {
    v1::UpdateStandingOfferRequest request;
    request.set_request_id(NewId());
    *request.mutable_standing_offer() = offer;
    return Ask<v1::StandingOffersService>(&v1::StandingOffersService::Stub::UpdateStandingOffer, who, request);
  }
  v1::CreateBroadcastRequest Question() {
    v1::CreateBroadcastRequest request;
    request.set_request_id(NewId());
    v1::Broadcast& broadcast = *request.mutable_broadcast();
    broadcast.set_product("products/" + kRice);
    broadcast.set_cases(20);
    broadcast.set_items_per_case(12);
    broadcast.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
    broadcast.mutable_good_until()->set_date("2027-06-30");
    *broadcast.mutable_answer_until_time() =
        google::protobuf::util::TimeUtil::SecondsToTimestamp(absl::ToUnixSeconds(clock_.Now() + absl::Hours(72)));
    return request;
  }
  absl::StatusOr<v1::Broadcast> Broadcast(const v1::CreateBroadcastRequest& request,
                                          const std::string& who = "coordinator") {
    return Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::CreateBroadcast, who, request);
  }
  absl::StatusOr<v1::Broadcast> Reply(const v1::Broadcast& broadcast, const std::string& group,
                                      v1::BroadcastReply reply, int64_t cases, const std::string& who) {
    v1::AnswerBroadcastRequest request;
    request.set_request_id(NewId());
    request.set_name(broadcast.name());
    request.set_group("groups/" + group);
    request.set_reply(reply);
    request.set_cases(cases);
    return Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::AnswerBroadcast, who, request);
  }
};

TEST_F(OfferingTest, AWholesalerOffersForAMakerThatConsented) {
  EXPECT_THAT(Create(ForTheMaker(), "other donor"), FailsBecause("NO_CONSENT"));
  EXPECT_THAT(AllowActing("other donor"), FailsBecause("NOT_YOUR_ORGANISATION")) << "nobody consents for the maker";
  const auto profile = AllowActing();
  ASSERT_THAT(profile, IsOk());
  ASSERT_EQ(profile->acting_for_it_size(), 1);
  EXPECT_EQ(profile->acting_for_it(0).acting_donor_display_name(), "やまと商事");
  const auto offer = Create(ForTheMaker(), "other donor");
  ASSERT_THAT(offer, IsOk());
  EXPECT_EQ(offer->state(), v1::OFFER_STATE_SUBMITTED);
  EXPECT_EQ(offer->donor(), "donors/" + kDonor);
  EXPECT_EQ(offer->acting_donor_display_name(), "やまと商事");
  // Both see it; the wholesaler sees nothing else of the maker's.
  ASSERT_THAT(MakeOffer(Content(), "donor"), IsOk());
  EXPECT_THAT(Get(offer->name(), "donor"), IsOk());
  EXPECT_THAT(Get(offer->name(), "other donor"), IsOk());
  EXPECT_EQ(ReadyDates("other donor").size(), 1u);
  EXPECT_EQ(ReadyDates("donor").size(), 2u);
  // Without the consent what was submitted stays, and nothing new comes.
  const auto draft = Create(ForTheMaker(/*submit=*/false), "other donor");
  ASSERT_THAT(draft, IsOk());
  ASSERT_THAT(EndActing(), IsOk());
  EXPECT_THAT(EndActing(), FailsBecause("NO_CONSENT"));
  EXPECT_THAT(Get(offer->name(), "other donor"), IsOk());
  EXPECT_THAT(Submit(*draft, "other donor"), FailsBecause("NO_CONSENT"));
  EXPECT_THAT(Create(ForTheMaker(), "other donor"), FailsBecause("NO_CONSENT"));
}

TEST_F(OfferingTest, AConsentEndsWithItsLastDay) {
  EXPECT_THAT(AllowActing("donor", "2026-11-20"), FailsBecause("INVALID_REQUEST")) << "past";
  ASSERT_THAT(AllowActing("coordinator", "2026-11-21"), IsOk()) << "given on paper";
  EXPECT_THAT(Create(ForTheMaker(), "other donor"), IsOk());
  clock_.Advance(absl::Hours(24));
  EXPECT_THAT(Create(ForTheMaker(), "other donor"), FailsBecause("NO_CONSENT"));
}

TEST_F(OfferingTest, ACodeMakesAnOfferOnceWhateverTheRequestId) {
  v1::CreateOfferRequest request = ForTheMaker();
  request.mutable_offer()->clear_acting_donor();
  request.mutable_offer()->set_code("EDI-1");
  request.mutable_offer()->mutable_lines(0)->clear_product();
  request.mutable_offer()->mutable_lines(0)->set_barcode("19521234543210");
  request.mutable_offer()->mutable_lines(0)->clear_items_per_case();
  const auto first = Create(request, "donor");
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->lines(0).product(), "products/" + kRice);
  EXPECT_EQ(first->lines(0).items_per_case(), 12) << "the case's";
  request.set_request_id(NewId());
  const auto again = Create(request, "donor");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->name(), first->name());
  request.set_request_id(NewId());
  request.mutable_offer()->mutable_lines(0)->set_cases(11);
  EXPECT_THAT(Create(request, "donor"), FailsBecause("OFFER_CHANGED"));
  request.mutable_offer()->set_code("EDI-2");
  request.mutable_offer()->mutable_lines(0)->set_barcode("4006381333931");
  EXPECT_THAT(Create(request, "donor"), FailsBecause("PRODUCT_NOT_FOUND"));
  request.mutable_offer()->mutable_lines(0)->set_barcode("4006381333930");
  EXPECT_THAT(Create(request, "donor"), FailsBecause("INVALID_REQUEST")) << "the check digit";
}

TEST_F(OfferingTest, QuestionsGoBackAndForth) {
  const auto submitted = Submit(*MakeOffer(Content(), "donor"), "donor");
  ASSERT_THAT(submitted, IsOk());
  const auto asked = Say(*submitted, /*question=*/true, "coordinator");
  ASSERT_THAT(asked, IsOk());
  EXPECT_EQ(asked->state(), v1::OFFER_STATE_QUESTIONED);
  EXPECT_THAT(Say(*asked, true, "donor"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(Say(*asked, false, "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Say(*asked, false, "donor", ""), FailsBecause("INVALID_REQUEST"));
  // The donor mends the offer, then answers.
  v1::UpdateOfferRequest update;
  update.set_request_id(NewId());
  *update.mutable_offer() = *asked;
  update.mutable_offer()->mutable_lines(0)->set_cases(8);
  const auto mended = Do(&v1::DonorsService::Stub::UpdateOffer, "donor", update);
  ASSERT_THAT(mended, IsOk());
  EXPECT_EQ(mended->state(), v1::OFFER_STATE_QUESTIONED);
  const auto answered = Say(*mended, /*question=*/false, "donor", "8 ケースになりました。");
  ASSERT_THAT(answered, IsOk());
  EXPECT_EQ(answered->state(), v1::OFFER_STATE_SUBMITTED);
  EXPECT_EQ(answered->lines(0).cases(), 8);
  v1::ListOfferMessagesRequest list;
  list.set_offer(submitted->name());
  const auto thread =
      Ask<v1::OfferQuestionsService>(&v1::OfferQuestionsService::Stub::ListOfferMessages, "donor", list);
  ASSERT_THAT(thread, IsOk());
  ASSERT_EQ(thread->messages_size(), 2);
  EXPECT_TRUE(thread->messages(0).question());
  EXPECT_EQ(thread->messages(1).text(), "8 ケースになりました。");
  EXPECT_THAT(Ask<v1::OfferQuestionsService>(&v1::OfferQuestionsService::Stub::ListOfferMessages, "other donor", list),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto accepted = Accept(*answered);
  ASSERT_THAT(accepted, IsOk());
  EXPECT_THAT(Say(*accepted, true, "coordinator"), FailsBecause("OFFER_STATE"));
}

TEST_F(OfferingTest, WhoOffersDoesNotDecide) {
  const auto submitted = Submit(*MakeOffer());
  ASSERT_THAT(submitted, IsOk());
  EXPECT_THAT(Step<v1::AcceptOfferRequest>(
                  &v1::DonorsService::Stub::AcceptOffer, *submitted, "coordinator of the donor",
                  [](v1::AcceptOfferRequest& request) { request.set_warehouse("warehouses/" + kWarehouse); }),
              FailsBecause("OWN_OFFER"));
  EXPECT_THAT(
      Step<v1::DeclineOfferRequest>(&v1::DonorsService::Stub::DeclineOffer, *submitted, "coordinator of the donor",
                                    [](v1::DeclineOfferRequest& request) { request.set_reason("多すぎます"); }),
      FailsBecause("OWN_OFFER"));
  EXPECT_THAT(Accept(*submitted), IsOk());
}

TEST_F(OfferingTest, AListMayHoldOffersInAMakersName) {
  v1::ImportOffersRequest list;
  list.set_table(
      "offer_code,donor_code,title,ready_date,barcode,cases,items_per_case,date_kind,date\n"
      "L-1,M-1,春,2026-12-01,9521234543213,10,,best_before,2027-03\n");
  const auto take = [&] {
    list.set_request_id(NewId());
    return Do(&v1::DonorsService::Stub::ImportOffers, "other donor", list);
  };
  const auto before = take();
  ASSERT_THAT(before, IsOk());
  ASSERT_EQ(before->problems_size(), 1) << "nobody consented";
  EXPECT_EQ(before->problems(0).reason(), "NOT_FOUND");
  ASSERT_THAT(AllowActing(), IsOk());
  const auto made = take();
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->created_count(), 1);
  v1::ListOffersRequest theirs;
  theirs.set_acting_donor("donors/" + kOtherDonor);
  const auto offers = Do(&v1::DonorsService::Stub::ListOffers, "other donor", theirs);
  ASSERT_THAT(offers, IsOk());
  ASSERT_EQ(offers->offers_size(), 1);
  EXPECT_EQ(offers->offers(0).donor(), "donors/" + kDonor);
  EXPECT_EQ(offers->offers(0).state(), v1::OFFER_STATE_SUBMITTED);
}

TEST_F(OfferingTest, WhyOnlyAPartIsTakenIsKept) {
  const auto submitted = Submit(*MakeOffer());
  ASSERT_THAT(submitted, IsOk());
  const auto accept = [&](const std::string& note) {
    return Step<v1::AcceptOfferRequest>(&v1::DonorsService::Stub::AcceptOffer, *submitted, "coordinator",
                                        [&](v1::AcceptOfferRequest& request) {
                                          request.set_warehouse("warehouses/" + kWarehouse);
                                          request.add_lines()->set_line(submitted->lines(0).name());
                                          request.mutable_lines(0)->set_cases(1);
                                          request.set_note(note);
                                        });
  };
  EXPECT_THAT(accept(std::string(501, 'x')), Violates("note", "TOO_LONG"));
  ASSERT_THAT(accept("冷蔵庫に入りません。"), IsOk());
  EXPECT_EQ(ReadOffer(submitted->name())->accept_note(), "冷蔵庫に入りません。");
}

TEST_F(OfferingTest, OffersAreListedByTitleAndDonor) {
  ASSERT_THAT(Sign(kOtherDonor), IsOk());
  for (const auto& [donor, title] : {std::pair(kDonor, "ち"), std::pair(kOtherDonor, "い"), std::pair(kDonor, "あ")}) {
    v1::Offer content = Content(donor);
    content.set_title(title);
    ASSERT_THAT(MakeOffer(content), IsOk());
  }
  const auto titles = [&](const std::string& order) {
    std::vector<std::string> all;
    v1::ListOffersRequest request;
    request.set_order_by(order);
    request.set_page_size(1);
    do {
      const auto page = Do(&v1::DonorsService::Stub::ListOffers, "coordinator", request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const v1::Offer& offer : page->offers()) all.push_back(offer.title());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return all;
  };
  EXPECT_THAT(titles("title"), ElementsAre("あ", "い", "ち"));
  EXPECT_THAT(titles("title desc"), ElementsAre("ち", "い", "あ"));
  EXPECT_EQ(titles("donor").back(), "い") << "みどり食品 before やまと商事";
  EXPECT_EQ(titles("donor desc").front(), "い");
  v1::ListOffersRequest request;
  request.set_order_by("donor");
  EXPECT_THAT(Do(&v1::DonorsService::Stub::ListOffers, "volunteer", request), FailsBecause("INVALID_REQUEST"));
}

TEST_F(OfferingTest, AStandingOfferIsMadeOnceForEachOfItsDays) {
  const auto made = MakeStanding(Weekly());
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->next_dates(0), "2026-11-25");
  EXPECT_EQ(made->next_dates_size(), 8);
  ASSERT_THAT(Day(), IsOk());
  EXPECT_THAT(ReadyDates(), ElementsAre()) << "four days ahead";
  ASSERT_THAT(Day(1), IsOk());
  ASSERT_THAT(Day(), IsOk());
  ASSERT_THAT(Day(1), IsOk());
  EXPECT_THAT(ReadyDates(), ElementsAre("2026-11-25")) << "once, however often it is looked after";
  ASSERT_THAT(Day(6), IsOk());
  EXPECT_THAT(ReadyDates(), ElementsAre("2026-11-25", "2026-12-02"));
  v1::ListOffersRequest list;
  const auto page = Do(&v1::DonorsService::Stub::ListOffers, "donor", list);
  ASSERT_THAT(page, IsOk());
  const v1::Offer& offer = page->offers(0);
  EXPECT_EQ(offer.state(), v1::OFFER_STATE_SUBMITTED);
  EXPECT_EQ(offer.standing_offer(), made->name());
  EXPECT_EQ(offer.agreement_version(), 1);
  EXPECT_EQ(offer.lines(0).good_until().date(), "2027-01-01") << "thirty days after 2 December";
}

TEST_F(OfferingTest, AStandingOfferMayRestSkipAndEnd) {
  auto offer = MakeStanding(Weekly());
  ASSERT_THAT(offer, IsOk());
  v1::StandingOffer wrong = *offer;
  wrong.add_skip_dates("2026-11-26");
  EXPECT_THAT(Change(wrong), FailsBecause("INVALID_REQUEST")) << "a Thursday";
  offer->add_skip_dates("2026-11-25");
  offer->set_until_date("2026-12-02");
  const auto changed = Change(*offer);
  ASSERT_THAT(changed, IsOk());
  EXPECT_THAT(changed->next_dates(), ElementsAre("2026-12-02"));
  EXPECT_THAT(Change(*offer), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Change(*changed, "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  v1::StandingOffer resting = *changed;
  resting.set_paused(true);
  const auto paused = Change(resting);
  ASSERT_THAT(paused, IsOk());
  EXPECT_EQ(paused->next_dates_size(), 0);
  ASSERT_THAT(Day(8), IsOk());  // 29 November
  EXPECT_THAT(ReadyDates(), ElementsAre());
  v1::StandingOffer awake = *paused;
  awake.set_paused(false);
  ASSERT_THAT(Change(awake), IsOk());
  ASSERT_THAT(Day(), IsOk());
  ASSERT_THAT(Day(30), IsOk());
  EXPECT_THAT(ReadyDates(), ElementsAre("2026-12-02")) << "and none behind its last day";
}

TEST_F(OfferingTest, AStandingOfferEndsWithItsAgreementAndSaysSo) {
  ASSERT_THAT(AllowActing(), IsOk());
  v1::CreateStandingOfferRequest request = Weekly();
  request.mutable_standing_offer()->set_acting_donor("donors/" + kOtherDonor);
  EXPECT_THAT(MakeStanding(request, "donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  const auto made = MakeStanding(request, "other donor");
  ASSERT_THAT(made, IsOk());
  ASSERT_THAT(EndActing(), IsOk());
  ASSERT_THAT(Day(1), IsOk());
  EXPECT_THAT(ReadyDates(), ElementsAre());
  v1::GetStandingOfferRequest get;
  get.set_name(made->name());
  const auto halted = Ask<v1::StandingOffersService>(&v1::StandingOffersService::Stub::GetStandingOffer, "donor", get);
  ASSERT_THAT(halted, IsOk());
  EXPECT_EQ(halted->draft_reason(), "NO_CONSENT");
}

TEST_F(OfferingTest, GroupsAnswerABroadcastByOneTap) {
  v1::CreateBroadcastRequest request = Question();
  request.set_preview(true);
  auto preview = Broadcast(request);
  ASSERT_THAT(preview, IsOk());
  EXPECT_EQ(preview->asked_count(), 3);
  request.set_preview(false);
  request.set_request_id(NewId());
  request.mutable_broadcast()->mutable_conditions()->add_excluded_prefectures("27");
  const auto asked = Broadcast(request);
  ASSERT_THAT(asked, IsOk());
  EXPECT_EQ(asked->asked_count(), 2);
  EXPECT_EQ(asked->not_asked_counts().at("PREFECTURE_EXCLUDED"), 1);
  ASSERT_EQ(asked->not_asked_size(), 1);
  EXPECT_EQ(asked->not_asked(0).message(), "1 group lies in a prefecture that the donor excludes.");
  EXPECT_EQ(asked->not_asked(0).message_ja(), "寄付企業が配布しないとした都道府県にある: 1団体");
  EXPECT_THAT(Broadcast(request), IsOk()) << "a replay";

  const auto answer = Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 5, "group");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->own_answers(0).cases(), 5);
  EXPECT_EQ(answer->yes_cases(), 0) << "what others can use is not a group's business";
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 6, "group"), IsOk()) << "changed";
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 21, "group"), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_NO, 1, "group"), FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_NO, 0, "other group"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Reply(*asked, kOsakaGroup, v1::BROADCAST_REPLY_NO, 0, "coordinator"), FailsBecause("GROUP_NOT_ASKED"));
  EXPECT_THAT(Reply(*asked, kOtherGroup, v1::BROADCAST_REPLY_LATER, 0, "coordinator"), IsOk()) << "by telephone";

  v1::ListBroadcastAnswersRequest list;
  list.set_name(asked->name());
  list.set_page_size(1);
  const auto answers = Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::ListBroadcastAnswers, "auditor", list);
  ASSERT_THAT(answers, IsOk());
  EXPECT_EQ(answers->answers(0).group_display_name(), "ひまわり食堂");
  list.set_page_token(answers->next_page_token());
  const auto rest = Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::ListBroadcastAnswers, "auditor", list);
  ASSERT_THAT(rest, IsOk());
  EXPECT_EQ(rest->answers(0).reply(), v1::BROADCAST_REPLY_LATER);
  EXPECT_EQ(rest->next_page_token(), "");
  const auto own =
      Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::ListBroadcasts, "group", v1::ListBroadcastsRequest());
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->broadcasts_size(), 1);
  EXPECT_EQ(own->broadcasts(0).own_answers(0).cases(), 6);
  v1::GetBroadcastRequest get;
  get.set_name(asked->name());
  EXPECT_THAT(Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::GetBroadcast, "donor", get),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  ASSERT_THAT(Day(4), IsOk());
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_NO, 0, "group"), FailsBecause("BROADCAST_CLOSED"));
}

// A YES is a need of the group for once, as long as it is said.
TEST_F(OfferingTest, AYesIsANeedUntilItIsTakenBack) {
  const auto asked = Broadcast(Question());
  ASSERT_THAT(asked, IsOk());
  ASSERT_THAT(Reply(*asked, kOtherGroup, v1::BROADCAST_REPLY_NO, 0, "other group"), IsOk());
  ASSERT_THAT(Reply(*asked, kOsakaGroup, v1::BROADCAST_REPLY_LATER, 0, "coordinator"), IsOk());
  EXPECT_TRUE(needs_.needs.empty());
  ASSERT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 5, "group"), IsOk());
  ASSERT_EQ(needs_.needs.size(), 1u);
  const groups::v1::Need& need = needs_.needs.begin()->second;
  EXPECT_EQ(need.group(), "groups/" + kGroup);
  EXPECT_EQ(need.product(), "products/" + kRice);
  EXPECT_EQ(need.text(), "パックごはん");
  EXPECT_EQ(need.quantity(), 5);
  EXPECT_EQ(need.unit(), groups::v1::NEED_UNIT_CASES);
  EXPECT_EQ(need.until_date(), "2027-06-30");
  EXPECT_EQ(need.broadcast(), asked->name());
  EXPECT_FALSE(need.standing());
  ASSERT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 7, "group"), IsOk());
  EXPECT_EQ(need.quantity(), 7) << "the last answer counts";
  ASSERT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_NO, 0, "group"), IsOk());
  EXPECT_EQ(need.state(), groups::v1::NEED_STATE_WITHDRAWN);
  // The groups service is away: the answer counts, and is told when it is back, once.
  needs_.away = true;
  ASSERT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_YES, 2, "coordinator"), IsOk());
  EXPECT_EQ(need.state(), groups::v1::NEED_STATE_WITHDRAWN);
  EXPECT_FALSE(answered_needs_->TellAll(kNetwork, "Asia/Tokyo").ok());
  needs_.away = false;
  ASSERT_THAT(answered_needs_->TellAll(kNetwork, "Asia/Tokyo"), IsOk());
  EXPECT_EQ(need.state(), groups::v1::NEED_STATE_OPEN);
  EXPECT_EQ(need.quantity(), 2);
  const int changes = needs_.changes;
  ASSERT_THAT(answered_needs_->TellAll(kNetwork, "Asia/Tokyo"), IsOk());
  EXPECT_EQ(needs_.changes, changes);
  EXPECT_EQ(needs_.needs.size(), 1u);
}

// A maker looks for whom it may consent to, and learns nothing but names.
TEST_F(OfferingTest, WholesalersAreFoundByName) {
  v1::CreateDonorRequest wholesaler;
  wholesaler.set_request_id(NewId());
  wholesaler.mutable_donor()->set_code("W-9");
  wholesaler.mutable_donor()->set_display_name("はこび卸売");
  wholesaler.mutable_donor()->set_name_kana("ハコビオロシウリ");
  wholesaler.mutable_donor()->set_kind(v1::DONOR_KIND_WHOLESALER);
  const auto made = Do(&v1::DonorsService::Stub::CreateDonor, "coordinator", wholesaler);
  ASSERT_THAT(made, IsOk());
  const auto found = [&](const std::string& query, const std::string& who) {
    v1::ListWholesalersRequest request;
    request.set_query(query);
    return Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::ListWholesalers, who, request);
  };
  for (const char* query : {"", "卸", "hakobi", "ﾊｺﾋﾞ"}) {
    const auto all = found(query, "donor");
    ASSERT_THAT(all, IsOk());
    ASSERT_EQ(all->wholesalers_size(), 1) << query << ": makers are none";
    EXPECT_EQ(all->wholesalers(0).donor(), made->name());
    EXPECT_EQ(all->wholesalers(0).display_name(), "はこび卸売");
  }
  EXPECT_EQ(found("W-2", "donor")->wholesalers_size(), 0);
  EXPECT_EQ(found("", "stranger")->wholesalers_size(), 0);
  EXPECT_THAT(found("", "group"), errors::FailsWith(absl::StatusCode::kPermissionDenied));
}

TEST_F(OfferingTest, ABroadcastIsAskedAboutAnOffersGoods) {
  const auto draft = MakeOffer();
  ASSERT_THAT(draft, IsOk());
  v1::CreateBroadcastRequest request = Question();
  request.mutable_broadcast()->set_offer_line(draft->lines(0).name());
  EXPECT_THAT(Broadcast(request), FailsBecause("OFFER_STATE"));
  const auto submitted = Submit(*draft);
  ASSERT_THAT(submitted, IsOk());
  request.mutable_broadcast()->mutable_audience()->add_prefectures("01");
  EXPECT_THAT(Broadcast(request), FailsBecause("NOBODY_TO_ASK"));
  request.mutable_broadcast()->clear_audience();
  const auto asked = Broadcast(request);
  ASSERT_THAT(asked, IsOk());
  EXPECT_EQ(asked->cases(), 10) << "as many as the line has";
  v1::GetBroadcastRequest get;
  get.set_name(asked->name());
  EXPECT_THAT(Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::GetBroadcast, "donor", get), IsOk());
  v1::CloseBroadcastRequest close;
  close.set_request_id(NewId());
  close.set_name(asked->name());
  close.set_etag(asked->etag());
  const auto closed = Ask<v1::BroadcastsService>(&v1::BroadcastsService::Stub::CloseBroadcast, "coordinator", close);
  ASSERT_THAT(closed, IsOk());
  EXPECT_FALSE(closed->open());
  EXPECT_THAT(Reply(*asked, kGroup, v1::BROADCAST_REPLY_NO, 0, "group"), FailsBecause("BROADCAST_CLOSED"));
}

TEST_F(OfferingTest, AProfileNamesBranchesAndOffices) {
  v1::GetDonorProfileRequest get;
  get.set_donor("donors/" + kDonor);
  const auto empty = Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::GetDonorProfile, "donor", get);
  ASSERT_THAT(empty, IsOk());
  v1::UpdateDonorProfileRequest request;
  request.set_request_id(NewId());
  *request.mutable_profile() = *empty;
  v1::Branch& branch = *request.mutable_profile()->add_branches();
  branch.set_id(NewId());
  branch.set_code("T1");
  branch.set_display_name("多摩物流センター");
  v1::DonorContact& contact = *request.mutable_profile()->add_contacts();
  contact.mutable_contact()->set_role(type::v1::CONTACT_ROLE_QUALITY);
  contact.mutable_contact()->set_office("品質保証部");
  contact.mutable_contact()->set_phone("03-0000-0000");
  contact.set_branch(branch.id());
  const auto kept =
      Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::UpdateDonorProfile, "donor", request);
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->branches(0).display_name(), "多摩物流センター");
  request.set_request_id(NewId());
  EXPECT_THAT(Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::UpdateDonorProfile, "donor", request),
              FailsBecause("STALE_ETAG"));
  request.mutable_profile()->set_etag(kept->etag());
  request.mutable_profile()->mutable_contacts(0)->set_branch(kUnknown);
  EXPECT_THAT(Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::UpdateDonorProfile, "donor", request),
              FailsBecause("INVALID_REQUEST"));
  EXPECT_THAT(Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::GetDonorProfile, "other donor", get),
              FailsBecause("NOT_YOUR_ORGANISATION"));
  ASSERT_THAT(AllowActing(), IsOk());
  EXPECT_THAT(Ask<v1::DonorProfilesService>(&v1::DonorProfilesService::Stub::GetDonorProfile, "other donor", get),
              IsOk())
      << "who acts for it knows whom to turn to";
}

}  // namespace
}  // namespace kubari::donors
