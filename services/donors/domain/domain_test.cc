// The decisions, without anything around them.
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/donors/domain/conditions.h"
#include "services/donors/domain/offer.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::IsOk;

TEST(ConditionsTest, EachFieldMayBeTightenedAndNotLoosened) {
  using type::v1::Conditions;
  struct Case {
    const char* field;
    std::function<void(Conditions&)> agreement, tighter, looser;
  };
  const Case cases[] = {
      {"min_compliance_level", [](Conditions& c) { c.set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_HYGIENE); },
       [](Conditions& c) { c.set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_CERTIFIED); },
       [](Conditions& c) { c.set_min_compliance_level(type::v1::COMPLIANCE_LEVEL_BASIC); }},
      {"onward_transfer_allowed", [](Conditions&) {}, [](Conditions&) {},
       [](Conditions& c) { c.set_onward_transfer_allowed(true); }},
      {"only_groups",
       [](Conditions& c) {
         c.add_only_groups("groups/a");
         c.add_only_groups("groups/b");
       },
       [](Conditions& c) { c.mutable_only_groups()->RemoveLast(); },
       [](Conditions& c) { c.add_only_groups("groups/c"); }},
      {"only_groups", [](Conditions& c) { c.add_only_groups("groups/a"); }, [](Conditions&) {},
       [](Conditions& c) { c.clear_only_groups(); }},
      {"excluded_prefectures", [](Conditions& c) { c.add_excluded_prefectures("13"); },
       [](Conditions& c) { c.add_excluded_prefectures("27"); },
       [](Conditions& c) { c.set_excluded_prefectures(0, "27"); }},
      {"min_remaining_days", [](Conditions& c) { c.set_min_remaining_days(30); },
       [](Conditions& c) { c.set_min_remaining_days(31); }, [](Conditions& c) { c.set_min_remaining_days(29); }},
      {"past_best_before_allowed", [](Conditions&) {}, [](Conditions&) {},
       [](Conditions& c) { c.set_past_best_before_allowed(true); }},
      {"donor_may_be_named", [](Conditions& c) { c.set_donor_may_be_named(false); }, [](Conditions&) {},
       [](Conditions& c) { c.set_donor_may_be_named(true); }},
  };
  for (const Case& c : cases) {
    Conditions agreement;
    c.agreement(agreement);
    EXPECT_THAT(CheckTightened(agreement, agreement), IsOk()) << c.field;
    Conditions offer = agreement;
    c.tighter(offer);
    EXPECT_THAT(CheckTightened(agreement, offer), IsOk()) << c.field;
    offer = agreement;
    c.looser(offer);
    const absl::Status weak = CheckTightened(agreement, offer);
    EXPECT_THAT(weak, FailsBecause("CONDITIONS_WEAKENED")) << c.field;
    EXPECT_EQ(errors::MetadataOf(weak)["fields"], c.field);
  }
}

TEST(ConditionsTest, PermissionsMayBeGivenUp) {
  type::v1::Conditions agreement;
  agreement.set_onward_transfer_allowed(true);
  agreement.set_past_best_before_allowed(true);
  agreement.set_donor_may_be_named(true);
  EXPECT_THAT(CheckTightened(agreement, {}), IsOk());
}

v1::Offer WithLine(int64_t accepted, int64_t received, v1::OfferState state) {
  v1::Offer offer;
  offer.set_state(state);
  v1::OfferLine& line = *offer.add_lines();
  line.set_cases(10);
  line.set_items_per_case(6);
  line.set_accepted_cases(accepted);
  line.set_received_items(received);
  return offer;
}

TEST(ReceiptsTest, TheStateFollowsWhatIsThere) {
  EXPECT_EQ(AfterReceipts(WithLine(5, 29, v1::OFFER_STATE_ACCEPTED)), v1::OFFER_STATE_ACCEPTED);
  EXPECT_EQ(AfterReceipts(WithLine(5, 30, v1::OFFER_STATE_ACCEPTED)), v1::OFFER_STATE_RECEIVED);
  EXPECT_EQ(AfterReceipts(WithLine(5, 31, v1::OFFER_STATE_ACCEPTED)), v1::OFFER_STATE_RECEIVED);
  EXPECT_EQ(AfterReceipts(WithLine(5, 29, v1::OFFER_STATE_RECEIVED)), v1::OFFER_STATE_ACCEPTED);
  EXPECT_EQ(AfterReceipts(WithLine(5, 30, v1::OFFER_STATE_CLOSED)), v1::OFFER_STATE_CLOSED);
  v1::Offer partly = WithLine(0, 0, v1::OFFER_STATE_ACCEPTED);  // a line that was not taken does not hold it up
  *partly.add_lines() = WithLine(1, 6, v1::OFFER_STATE_ACCEPTED).lines(0);
  EXPECT_EQ(AfterReceipts(partly), v1::OFFER_STATE_RECEIVED);
}

TEST(VisibilityTest, VolunteersSeeExpectedGoodsAndNamesThatMayBeTold) {
  const std::string id = "00000000-0000-7000-8000-0000000000d1";
  const Viewer volunteer{.expected_goods = true}, owner{.own_donors = {id}}, all{.everything = true}, nobody;
  for (int state = 1; state <= 7; ++state) {
    v1::Offer offer = WithLine(1, 0, static_cast<v1::OfferState>(state));
    offer.set_donor("donors/" + id);
    const bool expected =
        state == v1::OFFER_STATE_ACCEPTED || state == v1::OFFER_STATE_RECEIVED || state == v1::OFFER_STATE_CLOSED;
    EXPECT_EQ(MaySee(volunteer, offer), expected) << state;
    EXPECT_TRUE(MaySee(owner, offer));
    EXPECT_TRUE(MaySee(all, offer));
    EXPECT_FALSE(MaySee(nobody, offer));
    for (const bool may_be_named : {false, true}) {
      offer.mutable_conditions()->set_donor_may_be_named(may_be_named);
      const auto name_for = [&](const Viewer& viewer) {
        offer.set_donor_display_name("配り食品");
        HideDonor(viewer, offer);
        return offer.donor_display_name();
      };
      EXPECT_EQ(name_for(volunteer).empty(), !may_be_named);
      EXPECT_FALSE(name_for(owner).empty());
      EXPECT_FALSE(name_for(all).empty());
    }
  }
}

}  // namespace
}  // namespace kubari::donors
