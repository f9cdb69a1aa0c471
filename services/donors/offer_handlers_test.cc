// Offers: making, reading, every step, and what arrives.
#include <algorithm>
#include <functional>

#include "services/donors/handler_test.h"
#include "services/donors/receipts.h"

namespace kubari::donors {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using Stub = v1::DonorsService::Stub;

class OffersTest : public DonorsTest {
 protected:
  OffersTest() {
    EXPECT_THAT(MakeDonor(kDonor, "D-1", "配り食品"), IsOk());
    EXPECT_THAT(MakeDonor(kOtherDonor, "D-2", "別の食品"), IsOk());
    EXPECT_THAT(Sign(kDonor), IsOk());
  }
  // A new offer brought into this state.
  v1::Offer In(v1::OfferState state) {
    v1::Offer offer = MakeOffer().value();
    if (state == v1::OFFER_STATE_DRAFT) return offer;
    if (state == v1::OFFER_STATE_WITHDRAWN) return Withdraw(offer).value();
    offer = Submit(offer).value();
    if (state == v1::OFFER_STATE_SUBMITTED) return offer;
    if (state == v1::OFFER_STATE_DECLINED) return Decline(offer).value();
    offer = Accept(offer).value();
    if (state == v1::OFFER_STATE_ACCEPTED) return offer;
    if (state == v1::OFFER_STATE_CLOSED) return Close(offer).value();
    EXPECT_THAT(Receive({{offer.lines(0).name(), 100}, {offer.lines(1).name(), 50}}), IsOk());
    return ReadOffer(offer.name()).value();
  }
  // As the feed would: negative items are the reversal of a receipt.
  absl::Status Receive(const std::vector<std::pair<std::string, int64_t>>& lines) {
    feed::Entries entries;
    for (const auto& [line, items] : lines) {
      stock::v1::FeedEntry& entry = *entries.Add();
      entry.mutable_movement()->set_kind(items > 0 ? stock::v1::MOVEMENT_KIND_RECEIVE
                                                   : stock::v1::MOVEMENT_KIND_REVERSAL);
      if (items < 0) entry.set_reversed_kind(stock::v1::MOVEMENT_KIND_RECEIVE);
      entry.mutable_movement()->set_items(std::abs(items));
      entry.mutable_lot()->set_offer_line(line);
    }
    return pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) {
      return ApplyReceipts(tx, {.id = kNetwork, .time_zone = "Asia/Tokyo"}, entries, clock_);
    });
  }
};

TEST_F(OffersTest, ADraftTakesItsFactsFromTheProducts) {
  const auto offer = MakeOffer(Content(), "donor");
  ASSERT_THAT(offer, IsOk());
  EXPECT_EQ(offer->state(), v1::OFFER_STATE_DRAFT);
  EXPECT_EQ(offer->code(), "20261121-1");
  EXPECT_EQ(offer->lines(0).product_display_name(), "パックごはん");
  EXPECT_EQ(offer->lines(0).item_grams(), 200);
  EXPECT_EQ(offer->lines(0).temperature_zone(), type::v1::TEMPERATURE_ZONE_AMBIENT);
  EXPECT_EQ(offer->lines(0).allergens().free_from(0), type::v1::ALLERGEN_WHEAT);
  EXPECT_EQ(MakeOffer()->code(), "20261121-2");
  EXPECT_EQ(ReadOffer(offer->name())->DebugString(), offer->DebugString());
}

TEST_F(OffersTest, UnknownProductsAreAllNamed) {
  v1::Offer content = Content();
  content.mutable_lines(0)->set_product("products/" + kUnknown);
  const auto result = MakeOffer(content);
  EXPECT_THAT(result, FailsBecause("PRODUCT_NOT_FOUND"));
  EXPECT_EQ(errors::MetadataOf(result.status()).at("products"), "products/" + kUnknown);
}

TEST_F(OffersTest, ShapeErrorsComeAllAtOnce) {
  v1::Offer content = Content();
  content.clear_title();
  content.set_ready_date("soon");
  v1::OfferLine& line = *content.mutable_lines(1);
  line.set_product("rice");
  line.set_cases(0);
  line.set_items_per_case(10'001);
  line.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  line.set_donor_lot_number("123456789012345678901");
  line.set_min_lot_cases(1);
  const auto result = MakeOffer(content);
  EXPECT_THAT(result, Violates("offer.title", "REQUIRED"));
  EXPECT_THAT(result, Violates("offer.ready_date", "NOT_A_DAY"));
  EXPECT_THAT(result, Violates("offer.lines[1].product", "NOT_A_NAME"));
  EXPECT_THAT(result, Violates("offer.lines[1].cases", "OUT_OF_RANGE"));
  EXPECT_THAT(result, Violates("offer.lines[1].items_per_case", "OUT_OF_RANGE"));
  EXPECT_THAT(result, Violates("offer.lines[1].good_until.date", "NOT_EMPTY"));
  EXPECT_THAT(result, Violates("offer.lines[1].donor_lot_number", "TOO_LONG"));
  EXPECT_THAT(result, Violates("offer.lines[1].min_lot_cases", "OUT_OF_RANGE"));
}

TEST_F(OffersTest, EveryStepInEveryState) {
  using S = v1::OfferState;
  const std::map<S, std::string> allowed = {
      // submit, accept, decline, withdraw, close, update
      {v1::OFFER_STATE_DRAFT, "s..w.u"},    {v1::OFFER_STATE_SUBMITTED, ".adw.."}, {v1::OFFER_STATE_ACCEPTED, "....c."},
      {v1::OFFER_STATE_DECLINED, "......"}, {v1::OFFER_STATE_WITHDRAWN, "......"}, {v1::OFFER_STATE_RECEIVED, "....c."},
      {v1::OFFER_STATE_CLOSED, "......"}};
  for (const auto& [state, steps] : allowed) {
    for (int i = 0; i < 6; ++i) {
      const v1::Offer offer = In(state);
      ASSERT_EQ(offer.state(), state);
      absl::StatusOr<v1::Offer> result;
      switch (i) {
        case 0:
          result = Submit(offer);
          break;
        case 1:
          result = Accept(offer);
          break;
        case 2:
          result = Decline(offer);
          break;
        case 3:
          result = Withdraw(offer);
          break;
        case 4:
          result = Close(offer);
          break;
        default: {
          v1::UpdateOfferRequest request;
          request.set_request_id(NewId());
          *request.mutable_offer() = offer;
          result = Do(&Stub::UpdateOffer, "coordinator", request);
        }
      }
      if (steps[i] == '.') {
        EXPECT_THAT(result, FailsBecause("OFFER_STATE")) << v1::OfferState_Name(state) << " step " << i;
        EXPECT_EQ("OFFER_STATE_" + errors::MetadataOf(result.status())["state"], v1::OfferState_Name(state));
      } else {
        EXPECT_THAT(result, IsOk()) << v1::OfferState_Name(state) << " step " << i;
      }
    }
  }
}

TEST_F(OffersTest, SubmittingNeedsAnAgreementInForce) {
  const auto offer = MakeOffer(Content(kOtherDonor));
  ASSERT_THAT(offer, IsOk());
  EXPECT_THAT(Submit(*offer), FailsBecause("NO_AGREEMENT"));
  ASSERT_THAT(Sign(kOtherDonor, "2026-11-22"), IsOk());
  EXPECT_THAT(Submit(*offer), FailsBecause("NO_AGREEMENT")) << "not in force yet";
  ASSERT_THAT(Sign(kOtherDonor, "2026-11-21", "2026-11-21"), IsOk());
  const auto submitted = Submit(*offer, "other donor");
  ASSERT_THAT(submitted, IsOk());
  EXPECT_FALSE(submitted->agreement().empty());
  EXPECT_EQ(submitted->state(), v1::OFFER_STATE_SUBMITTED);
}

TEST_F(OffersTest, ConditionsAreTheAgreementsOrTighter) {
  type::v1::Conditions agreed;
  agreed.set_min_remaining_days(30);
  agreed.add_excluded_prefectures("13");
  ASSERT_THAT(Sign(kOtherDonor, "2026-04-01", "", agreed), IsOk());
  const auto inherits = MakeOffer(Content(kOtherDonor));
  ASSERT_THAT(inherits, IsOk());
  EXPECT_EQ(inherits->conditions().min_remaining_days(), 30);
  v1::Offer content = Content(kOtherDonor);
  content.mutable_conditions()->set_min_remaining_days(29);
  content.mutable_conditions()->set_donor_may_be_named(true);
  const auto weak = MakeOffer(content);
  EXPECT_THAT(weak, FailsBecause("CONDITIONS_WEAKENED"));
  EXPECT_EQ(errors::MetadataOf(weak.status()).at("fields"),
            "excluded_prefectures,min_remaining_days,donor_may_be_named");
  *content.mutable_conditions() = agreed;
  content.mutable_conditions()->set_min_remaining_days(60);
  EXPECT_THAT(MakeOffer(content), IsOk());
}

TEST_F(OffersTest, LinesAreAcceptedInPart) {
  const v1::Offer offer = In(v1::OFFER_STATE_SUBMITTED);
  const std::string rice = offer.lines(0).name(), soup = offer.lines(1).name();
  EXPECT_THAT(Accept(offer, {{rice, 11}}), Violates("lines[0].cases", "OUT_OF_RANGE"));
  EXPECT_THAT(Accept(offer, {{rice, 1}, {rice, 2}}), Violates("lines[1].line", "DUPLICATE"));
  EXPECT_THAT(Accept(offer, {{rice, 0}, {soup, 0}}), Violates("lines", "NOTHING_ACCEPTED"));
  EXPECT_THAT(Accept(offer, {{"offers/" + kUnknown + "/lines/" + kUnknown, 1}}), FailsBecause("OFFER_LINE_NOT_FOUND"));
  EXPECT_THAT(Accept(offer, {}, kUnknown), FailsBecause("WAREHOUSE_NOT_FOUND"));
  const auto accepted = Accept(offer, {{rice, 4}});
  ASSERT_THAT(accepted, IsOk());
  EXPECT_EQ(accepted->lines(0).accepted_cases(), 4);
  EXPECT_EQ(accepted->lines(1).accepted_cases(), 5) << "not named: taken whole";
  EXPECT_EQ(accepted->warehouse(), "warehouses/" + kWarehouse);
}

TEST_F(OffersTest, WhatArrivesIsCountedAndReversalsTakeItAway) {
  const v1::Offer offer = Accept(In(v1::OFFER_STATE_SUBMITTED)).value();
  const std::string rice = offer.lines(0).name(), soup = offer.lines(1).name();
  ASSERT_THAT(Receive({{rice, 60}, {soup, 50}, {"", 7}, {"offers/" + kUnknown + "/lines/" + kUnknown, 7}}), IsOk());
  v1::Offer now = ReadOffer(offer.name()).value();
  EXPECT_EQ(now.lines(0).received_items(), 60);
  EXPECT_EQ(now.state(), v1::OFFER_STATE_ACCEPTED);
  EXPECT_EQ(now.etag(), offer.etag()) << "receipts alone make no one's etag stale";
  ASSERT_THAT(Receive({{rice, 50}, {rice, -10}}), IsOk());
  now = ReadOffer(offer.name()).value();
  EXPECT_EQ(now.lines(0).received_items(), 100);
  EXPECT_EQ(now.state(), v1::OFFER_STATE_RECEIVED);
  ASSERT_THAT(Receive({{soup, -50}}), IsOk());
  now = ReadOffer(offer.name()).value();
  EXPECT_EQ(now.state(), v1::OFFER_STATE_ACCEPTED) << "expected again";
  ASSERT_THAT(Close(now), IsOk());
  ASSERT_THAT(Receive({{soup, 50}}), IsOk());
  EXPECT_EQ(ReadOffer(offer.name())->state(), v1::OFFER_STATE_CLOSED);
  EXPECT_EQ(ReadOffer(offer.name())->lines(1).received_items(), 50) << "what came late stays on record";
}

TEST_F(OffersTest, ReplayedChangedAndStaleSteps) {
  const v1::Offer offer = In(v1::OFFER_STATE_SUBMITTED);
  v1::DeclineOfferRequest request;
  request.set_request_id(NewId());
  request.set_name(offer.name());
  request.set_etag("0");
  request.set_reason("置き場がありません");
  EXPECT_THAT(Do(&Stub::DeclineOffer, "coordinator", request), FailsBecause("STALE_ETAG"));
  request.set_etag(offer.etag());
  const auto first = Do(&Stub::DeclineOffer, "coordinator", request);
  ASSERT_THAT(first, IsOk()) << "a failure was not recorded";
  EXPECT_EQ(first->decline_reason(), "置き場がありません");
  const auto again = Do(&Stub::DeclineOffer, "coordinator", request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  request.set_reason("別の理由");
  EXPECT_THAT(Do(&Stub::DeclineOffer, "coordinator", request), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(OffersTest, UpdateReplacesADraftAndKeepsTheNamesOfItsLines) {
  const v1::Offer offer = MakeOffer().value();
  v1::UpdateOfferRequest request;
  request.set_request_id(NewId());
  *request.mutable_offer() = offer;
  request.mutable_offer()->mutable_lines()->SwapElements(0, 1);
  request.mutable_offer()->mutable_lines(0)->set_cases(7);
  request.mutable_offer()->set_title("夏の在庫");
  *request.mutable_offer()->add_lines() = Content().lines(0);
  const auto updated = Do(&Stub::UpdateOffer, "donor", request);
  ASSERT_THAT(updated, IsOk());
  ASSERT_EQ(updated->lines_size(), 3);
  EXPECT_EQ(updated->title(), "夏の在庫");
  EXPECT_EQ(updated->lines(0).name(), offer.lines(1).name());
  EXPECT_EQ(updated->lines(0).cases(), 7);
  EXPECT_EQ(updated->lines(1).name(), offer.lines(0).name());
  EXPECT_NE(updated->lines(2).name(), "");
  request.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::UpdateOffer, "donor", request), FailsBecause("STALE_ETAG"));
}

TEST_F(OffersTest, WhoSeesAndMovesWhat) {
  const v1::Offer draft = MakeOffer().value();
  const v1::Offer accepted = In(v1::OFFER_STATE_ACCEPTED);
  EXPECT_THAT(ReadOffer(draft.name(), "volunteer"), FailsBecause("OFFER_NOT_FOUND"));
  ASSERT_THAT(ReadOffer(accepted.name(), "volunteer"), IsOk());
  EXPECT_EQ(ReadOffer(accepted.name(), "volunteer")->donor_display_name(), "") << "may not be named";
  for (const char* who : {"manager", "donor", "service"})
    EXPECT_EQ(ReadOffer(accepted.name(), who)->donor_display_name(), "配り食品") << who;
  EXPECT_THAT(ReadOffer(accepted.name(), "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(ReadOffer(accepted.name(), "group"), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_THAT(ReadOffer(accepted.name(), "stranger"), FailsBecause("OFFER_NOT_FOUND"));
  EXPECT_THAT(MakeOffer(Content(), "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Submit(draft, "other donor"), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Submit(draft, "stranger"), FailsBecause("OFFER_NOT_FOUND"));
  EXPECT_THAT(Withdraw(draft, "donor"), IsOk());

  const auto count = [&](const std::string& who, const std::vector<v1::OfferState>& states = {}) {
    v1::ListOffersRequest request;
    for (const v1::OfferState state : states) request.add_states(state);
    const auto list = Do(&Stub::ListOffers, who, request);
    EXPECT_THAT(list, IsOk());
    return list.ok() ? list->offers_size() : -1;
  };
  EXPECT_EQ(count("coordinator"), 2);
  EXPECT_EQ(count("coordinator", {v1::OFFER_STATE_WITHDRAWN}), 1);
  EXPECT_EQ(count("volunteer"), 1);
  EXPECT_EQ(count("donor"), 2);
  EXPECT_EQ(count("other donor"), 0);
  EXPECT_EQ(count("stranger"), 0);
}

TEST_F(OffersTest, ListsNewestFirstPageByPage) {
  std::string made;
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Seconds(i % 2));  // some share an instant
    v1::Offer content = Content();
    content.set_code(absl::StrCat("O-", i));
    ASSERT_THAT(MakeOffer(content), IsOk());
  }
  v1::ListOffersRequest request;
  request.set_page_size(2);
  request.set_donor("donors/" + kDonor);
  std::set<std::string> seen;
  absl::Time last = absl::InfiniteFuture();
  do {
    const auto page = Do(&Stub::ListOffers, "coordinator", request);
    ASSERT_THAT(page, IsOk());
    for (const v1::Offer& offer : page->offers()) {
      EXPECT_TRUE(seen.insert(offer.code()).second);
      EXPECT_LE(absl::FromUnixSeconds(offer.create_time().seconds()), last);
      last = absl::FromUnixSeconds(offer.create_time().seconds());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), 5u);
  v1::Offer content = Content();
  content.set_code("O-1");
  content.set_title("別の内容");
  EXPECT_THAT(MakeOffer(content), FailsBecause("OFFER_CHANGED"));
}

// Offers as tables show them: in every order, narrowed by every filter, page by page.
class OfferListsTest : public OffersTest {
 protected:
  // Codes, whatever the page size.
  std::string List(const std::function<void(v1::ListOffersRequest&)>& narrow, const std::string& order = "",
                   const std::string& who = "coordinator") {
    v1::ListOffersRequest request;
    narrow(request);
    request.set_order_by(order);
    const auto whole = Do(&Stub::ListOffers, who, request);
    EXPECT_THAT(whole, IsOk());
    if (!whole.ok()) return "";
    std::string all;
    for (const v1::Offer& offer : whole->offers()) all += offer.code();
    for (const int size : {1, 2}) {
      std::string paged;
      request.set_page_size(size);
      request.clear_page_token();
      do {
        const auto page = Do(&Stub::ListOffers, who, request);
        EXPECT_THAT(page, IsOk());
        if (!page.ok()) return all;
        for (const v1::Offer& offer : page->offers()) paged += offer.code();
        request.set_page_token(page->next_page_token());
      } while (!request.page_token().empty());
      EXPECT_EQ(paged, all);
    }
    return all;
  }
  v1::Offer Make(const std::string& code, const std::string& ready, const std::string& title,
                 const std::string& donor = kDonor, int lines = 2) {
    v1::Offer content = Content(donor);
    content.set_code(code);
    content.set_title(title);
    content.set_ready_date(ready);
    while (content.lines_size() > lines) content.mutable_lines()->RemoveLast();
    clock_.Advance(absl::Seconds(1));
    const auto made = MakeOffer(content);
    EXPECT_THAT(made, IsOk());
    return made.value_or(v1::Offer());
  }
  static void Any(v1::ListOffersRequest&) {}
};

TEST_F(OfferListsTest, InEveryOrderAndByEveryFilter) {
  const v1::Offer a = Make("A", "2026-12-24", "年末の在庫");
  const v1::Offer b = Make("B", "2026-12-01", "ＳＡＬＥ残り", kDonor, /*lines=*/1);  // rice alone
  const v1::Offer c = Make("C", "2026-12-01", "防災備蓄", kOtherDonor);
  const v1::Offer d = Make("D", "2027-01-15", "新年");
  ASSERT_THAT(Accept(Submit(b).value()), IsOk());
  ASSERT_THAT(Withdraw(d), IsOk());
  EXPECT_EQ(List(Any), "DCBA");
  EXPECT_EQ(List(Any, "create_time desc"), "DCBA");
  EXPECT_EQ(List(Any, "create_time"), "ABCD");
  // B and C are ready on one day, and come by id.
  const bool b_first = b.name() < c.name();
  EXPECT_EQ(List(Any, "ready_date"), b_first ? "BCAD" : "CBAD");
  EXPECT_EQ(List(Any, "ready_date desc"), b_first ? "DACB" : "DABC");
  for (const std::string order : {"create_time desc", "create_time", "ready_date", "ready_date desc"}) {
    SCOPED_TRACE(order);
    const auto sorted = [&](const std::function<void(v1::ListOffersRequest&)>& narrow,
                            const std::string& who = "coordinator") {
      std::string codes = List(narrow, order, who);
      std::sort(codes.begin(), codes.end());
      return codes;
    };
    EXPECT_EQ(sorted([](auto& r) { r.set_ready_from_date("2026-12-24"); }), "AD");
    EXPECT_EQ(sorted([](auto& r) { r.set_ready_to_date("2026-12-24"); }), "ABC");
    EXPECT_EQ(sorted([](auto& r) {
                r.set_ready_from_date("2026-12-02");
                r.set_ready_to_date("2026-12-31");
              }),
              "A");
    EXPECT_EQ(sorted([](auto& r) { r.add_states(v1::OFFER_STATE_DRAFT); }), "AC");
    EXPECT_EQ(
        sorted([](auto& r) {
          for (const auto state : {v1::OFFER_STATE_WITHDRAWN, v1::OFFER_STATE_ACCEPTED, v1::OFFER_STATE_WITHDRAWN})
            r.add_states(state);
        }),
        "BD");
    EXPECT_EQ(sorted([](auto& r) { r.set_donor("donors/" + kOtherDonor); }), "C");
    EXPECT_EQ(sorted([](auto& r) { r.set_warehouse("warehouses/" + kWarehouse); }), "B");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("在庫"); }), "A");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("sale"); }), "B");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("ミソ"); }), "ACD");           // 「みそ汁」
    EXPECT_EQ(sorted([](auto& r) { r.set_query("ぱっくごはん"); }), "ABCD");  // 「パックごはん」
    EXPECT_EQ(sorted([](auto& r) { r.set_query("gohan"); }), "ABCD") << "in romaji";
    EXPECT_EQ(sorted([](auto& r) { r.set_query("ﾐｿ"); }), "ACD") << "half width";
    EXPECT_EQ(sorted([](auto& r) { r.set_query("misosiru"); }), "") << "汁 has no reading here";
    EXPECT_EQ(sorted([](auto& r) { r.set_query("別の食品"); }), "C");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("別の ごはん"); }), "") << "words of two kinds of rows do not add up";
    EXPECT_EQ(sorted([](auto& r) { r.set_query("d-2"); }), "C");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("%"); }), "");
    EXPECT_EQ(sorted([](auto& r) {
                r.set_query("みそ");
                r.add_states(v1::OFFER_STATE_DRAFT);
                r.set_ready_to_date("2026-12-01");
              }),
              "C");
    // Everybody sees and finds what they may.
    EXPECT_EQ(sorted(Any, "donor"), "ABD");
    EXPECT_EQ(sorted(Any, "other donor"), "C");
    EXPECT_EQ(sorted(Any, "volunteer"), "B");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("別の"); }, "other donor"), "C");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("ごはん"); }, "volunteer"), "B");
    EXPECT_EQ(sorted([](auto& r) { r.set_query("配り"); }, "volunteer"), "");  // the donor is not named to them
    EXPECT_EQ(sorted([](auto& r) { r.set_query("配り"); }, "manager"), "ABD");
    EXPECT_EQ(sorted(Any, "stranger"), "");
  }
}

TEST_F(OfferListsTest, WhatChangesIsFoundAsItIsNow) {
  v1::Offer offer = Make("A", "2026-12-24", "年末の在庫");
  offer.set_title("お歳暮");
  offer.set_ready_date("2026-12-28");
  offer.mutable_lines()->RemoveLast();
  v1::UpdateOfferRequest update;
  update.set_request_id(NewId());
  *update.mutable_offer() = offer;
  ASSERT_THAT(Do(&Stub::UpdateOffer, "coordinator", update), IsOk());
  EXPECT_EQ(List([](auto& r) { r.set_query("年末"); }), "");
  EXPECT_EQ(List([](auto& r) { r.set_query("みそ"); }), "");
  EXPECT_EQ(List([](auto& r) { r.set_query("歳暮"); }), "A");
  EXPECT_EQ(List([](auto& r) { r.set_ready_from_date("2026-12-28"); }), "A");
}

TEST_F(OfferListsTest, WhatIsNoFilterAndWhatTokenIsOfAnotherListIsTold) {
  Make("A", "2026-12-24", "一");
  Make("B", "2026-12-24", "二");
  v1::ListOffersRequest request;
  request.set_order_by("state");
  request.set_query(std::string(201, 'x'));
  request.set_ready_from_date("2026-12");
  const auto refused = Do(&Stub::ListOffers, "coordinator", request);
  EXPECT_THAT(refused, Violates("order_by", "UNKNOWN_ORDER"));
  EXPECT_THAT(refused, Violates("query", "TOO_LONG"));
  EXPECT_THAT(refused, Violates("ready_from_date", "NOT_A_DAY"));
  v1::ListOffersRequest early;
  early.set_ready_from_date("2026-12-24");
  early.set_ready_to_date("2026-12-23");
  EXPECT_THAT(Do(&Stub::ListOffers, "coordinator", early), Violates("ready_to_date", "ENDS_EARLY"));
  v1::ListOffersRequest paged;
  paged.set_page_size(1);
  paged.set_page_token(Do(&Stub::ListOffers, "coordinator", paged)->next_page_token());
  paged.set_order_by("ready_date");
  EXPECT_THAT(Do(&Stub::ListOffers, "coordinator", paged), FailsBecause("PAGE_TOKEN_INVALID"));
}

// Beside many offers of other states and donors a page costs a page: PostgreSQL says what it read.
TEST_F(OfferListsTest, APageCostsAPage) {
  Make("A", "2026-12-24", "年末の在庫");
  pg::testing::Sql(
      database_.superuser,
      absl::StrCat(
          "INSERT INTO donors.donors (network_id, donor_id, code, display_name, name_kana, contact_email, address, "
          "create_time) SELECT '",
          kNetwork,
          "', md5('d' || n)::uuid, 'P' || n, 'p' || n, '', '', '', now() FROM generate_series(1, 100) n; "
          "INSERT INTO donors.offers (network_id, offer_id, donor_id, code, title, state, ready_date, detail, "
          "create_time, update_time) SELECT '",
          kNetwork,
          "', md5('o' || n)::uuid, md5('d' || 1 + n % 100)::uuid, 'O' || n, 't' || n, CASE WHEN n % 400 = 0 THEN 2 "
          "WHEN n % 3 = 0 THEN 5 ELSE "
          "7 END, date '2020-01-01' + n / 10, '', timestamptz '2020-01-01' + n * interval '1 hour', now() "
          "FROM generate_series(1, 20000) n; INSERT INTO donors.search SELECT network_id, 'offers', offer_id, E'\\n' || title || E'\\n' "
          "FROM donors.offers WHERE code <> 'A'; ANALYZE donors.offers; ANALYZE donors.donors; ANALYZE donors.search; SELECT ''"));
  const auto past_donor = ids::Name("donors", pg::testing::Sql(database_.superuser, "SELECT md5('d7')::uuid"));
  const auto costs = [&](const std::string& what, const std::function<void(v1::ListOffersRequest&)>& narrow,
                         const std::string& who = "coordinator") {
    for (const std::string order : {"create_time desc", "create_time", "ready_date", "ready_date desc"}) {
      SCOPED_TRACE(what + ", " + order);
      v1::ListOffersRequest request;
      narrow(request);
      request.set_order_by(order);
      constexpr int kTimes = 4;
      const auto settle = [&] {
        pg::testing::Sql(database_.superuser,
                         "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pid <> "
                         "pg_backend_pid() AND datname = current_database()");
      };
      settle();
      pg::testing::Sql(database_.superuser, "SELECT pg_stat_reset()");
      for (int i = 0; i < kTimes; ++i) Do(&Stub::ListOffers, who, request).IgnoreError();
      EXPECT_THAT(Do(&Stub::ListOffers, who, request), IsOk());
      settle();
      EXPECT_EQ(
          pg::testing::Sql(database_.superuser, "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'offers'"),
          "0");
      // At most a page of each of the seven states.
      EXPECT_LT(
          std::stoll(pg::testing::Sql(database_.superuser,
                                      "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'offers'")),
          (kTimes + 1) * 7 * 60);
    }
  };
  costs("all", Any);
  costs("of a state", [](auto& r) { r.add_states(v1::OFFER_STATE_SUBMITTED); });
  costs("of a state that has none", [](auto& r) { r.add_states(v1::OFFER_STATE_DECLINED); });
  costs("of a donor", [&](auto& r) { r.set_donor(past_donor); });
  costs("a donor's own", Any, "donor");
  costs("of a donor and a state", [&](auto& r) {
    r.set_donor(past_donor);
    r.add_states(v1::OFFER_STATE_SUBMITTED);
  });
  costs("what a volunteer sees", Any, "volunteer");
  costs("with words that few have", [](auto& r) { r.set_query("t1234"); });
  costs("with words that none has", [](auto& r) { r.set_query("どこにもない"); });
}

}  // namespace
}  // namespace kubari::donors
