// First to expire first, over the wire: thousands of receipts, promises, issues and recalls, each judged by a model
// that shares no code with the service. The seed is printed; KUBARI_SEED repeats a run.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "services/stock/movements_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

// What the test knows itself: lots by what is printed on them, and what stands where.
struct KnownLot {
  pb::Lot lot;
  std::string last_good_day;  // "2027-02-28": days compare as text
  std::string only;           // groups/{uuid} that alone may have it; "": anyone
  bool recalled = false;
};
struct Standing {
  int64_t on_hand = 0, reserved = 0;
  int64_t free() const { return on_hand - reserved; }
};
struct Promised {
  std::string name, place, group, delivery;
  size_t lot;
  int64_t open;
};

class FirstExpiringTest : public MovementsTest {
 protected:
  FirstExpiringTest() {
    const char* given = std::getenv("KUBARI_SEED");
    seed_ = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
    random_.seed(seed_);
    std::cout << "seed " << seed_ << std::endl;
    places_ = {shelf_, second_, west_};
  }

  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::string APlace() { return places_[Below(3)]; }
  std::string AGroup() { return ids::Name("groups", Below(2) == 0 ? kGroup : kOtherGroup); }
  std::string WarehouseOf(const std::string& place) { return place == west_ ? "west" : "east"; }

  void ReceiveSome() {
    // As printed, and the last day on which that holds.
    static const std::pair<const char*, const char*> kDates[] = {
        {"2027-02", "2027-02-28"}, {"2027-02-28", "2027-02-28"}, {"2027-03-01", "2027-03-01"},
        {"2027-03", "2027-03-31"}, {"2027-04-10", "2027-04-10"}, {"2028-02", "2028-02-29"}};
    const auto& [printed, last] = kDates[Below(6)];
    const std::string only = Below(3) == 0 ? AGroup() : "";
    registers_.offer.clear_conditions();
    registers_.offer.mutable_conditions()->set_past_best_before_allowed(true);
    if (!only.empty()) registers_.offer.mutable_conditions()->add_only_groups(only);
    const std::string place = APlace();
    const int64_t items = 1 + Below(20);
    // The number tells the restriction, so that goods of another one are another lot.
    const pb::Lot lot = ReceiveDated(items, printed, place, only.empty() ? "ANY" : only.substr(only.size() - 4));
    size_t n = 0;
    while (n < lots_.size() && lots_[n].lot.name() != lot.name()) ++n;
    if (n == lots_.size()) lots_.push_back({lot, last, only});
    stock_[{n, place}].on_hand += items;
  }

  // Free goods of the warehouse that expire before `n`, may go to the group and are not recalled: the first of them.
  std::vector<std::pair<size_t, std::string>> EarlierThan(size_t n, const std::string& place,
                                                          const std::string& group) {
    std::vector<std::pair<size_t, std::string>> first;
    for (const auto& [where, standing] : stock_) {
      const KnownLot& one = lots_[where.first];
      const bool eligible = (one.only.empty() || one.only == group) && !one.recalled;
      if (WarehouseOf(where.second) != WarehouseOf(place) || standing.free() <= 0 || !eligible ||
          one.last_good_day >= lots_[n].last_good_day) {
        continue;
      }
      if (!first.empty() && one.last_good_day < lots_[first.front().first].last_good_day) first.clear();
      if (first.empty() || one.last_good_day == lots_[first.front().first].last_good_day) first.push_back(where);
    }
    return first;
  }

  // What the answer to a promise or an issue must be; "": it succeeds.
  std::string Expected(size_t n, const std::string& place, const std::string& group, int64_t items, bool reason) {
    if (!lots_[n].only.empty() && lots_[n].only != group) return "CONDITION_NOT_MET";
    if (lots_[n].recalled) return "LOT_RECALLED";
    if (!reason && !EarlierThan(n, place, group).empty()) return "FEFO_DEPARTURE";
    return items > stock_[{n, place}].free() ? "INSUFFICIENT_STOCK" : "";
  }
  template <typename Response>
  void Judge(const absl::StatusOr<Response>& answer, size_t n, const std::string& place, const std::string& group,
             int64_t items, const std::string& reason) {
    const std::string expected = Expected(n, place, group, items, !reason.empty());
    ++met_[expected];
    ASSERT_EQ(errors::ReasonOf(answer.status()), expected) << answer.status().message();
    if (answer.ok()) {
      EXPECT_EQ(answer->movement().reason(), reason);
    } else if (expected == "FEFO_DEPARTURE") {
      // It names one of the first to expire, and how much of it is free.
      const errors::Metadata facts = errors::MetadataOf(answer.status());
      bool named = false;
      for (const auto& where : EarlierThan(n, place, group)) {
        named |= facts.at("lot") == lots_[where.first].lot.name() && facts.at("place") == where.second &&
                 facts.at("date") == lots_[where.first].last_good_day &&
                 facts.at("free") == absl::StrCat(stock_[where].free());
      }
      EXPECT_TRUE(named) << answer.status().message();
    }
  }

  void ReserveSome(size_t n, const std::string& place, const std::string& group, int64_t items,
                   const std::string& reason) {
    pb::ReserveStockRequest request = Reserving(lots_[n].lot, items);
    request.set_place(place);
    request.set_group(group);
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    request.set_departure_reason(reason);
    const auto reserved = Call(&Stub::ReserveStock, "coordinator", request);
    Judge(reserved, n, place, group, items, reason);
    if (!reserved.ok()) return;
    stock_[{n, place}].reserved += items;
    promised_.push_back({reserved->reservation().name(), place, group, request.delivery(), n, items});
  }
  void IssueSome() {
    const size_t n = Below(static_cast<int>(lots_.size()));
    const std::string place = APlace(), group = AGroup(), reason = Below(4) == 0 ? "急ぎの配送" : "";
    const int64_t items = 1 + Below(8);
    pb::IssueStockRequest request = Issuing(lots_[n].lot, items);
    request.set_place(place);
    request.set_group(group);
    request.set_delivery(ids::Name("deliveries", ids::NewUuid()));
    request.set_departure_reason(reason);
    const auto issued = Call(&Stub::IssueStock, "coordinator", request);
    Judge(issued, n, place, group, items, reason);
    if (issued.ok()) stock_[{n, place}].on_hand -= items;
  }
  // A promise that was made is kept, whatever came in since.
  void PostOrVoidSome() {
    if (promised_.empty()) return;
    Promised& one = promised_[Below(static_cast<int>(promised_.size()))];
    if (one.open == 0) return;
    const int64_t items = 1 + Below(static_cast<int>(one.open));
    Standing& standing = stock_[{one.lot, one.place}];
    if (Below(2) == 0) {
      pb::VoidReservationRequest request;
      request.set_request_id(ids::NewUuid());
      request.set_name(one.name);
      request.set_items(items);
      ASSERT_THAT(Call(&Stub::VoidReservation, "coordinator", request), IsOk());
    } else {
      pb::IssueStockRequest request;
      request.set_request_id(ids::NewUuid());
      request.set_reservation(one.name);
      request.set_items(items);
      const auto posted = Call(&Stub::IssueStock, "coordinator", request);
      ASSERT_EQ(errors::ReasonOf(posted.status()), lots_[one.lot].recalled ? "LOT_RECALLED" : "");
      if (!posted.ok()) return;
      standing.on_hand -= items;
    }
    standing.reserved -= items;
    one.open -= items;
  }
  void RecallOrEndOne() {
    KnownLot& one = lots_[Below(static_cast<int>(lots_.size()))];
    const std::string id = one.lot.name().substr(5);
    one.recalled = !one.recalled;
    pg::testing::Sql(database_.superuser,
                     one.recalled ? absl::StrCat("INSERT INTO stock.stopped_lots VALUES ('", kNetwork, "', '", id,
                                                 "', '", Id(21, 1), "')")
                                  : absl::StrCat("DELETE FROM stock.stopped_lots WHERE lot_id = '", id, "'"));
  }
  // What is suggested may be promised as it is, without a reason.
  void FollowASuggestion() {
    pb::SuggestPicksRequest request;
    request.set_product(ids::Name("products", kProduct));
    const bool west = Below(2) == 0;
    request.set_warehouse(ids::Name("warehouses", west ? kOtherWarehouse : kWarehouse));
    const std::string group = AGroup();
    request.set_group(group);
    const int64_t items = 1 + Below(30);
    request.set_items(items);
    const auto suggested = Call(&Stub::SuggestPicks, "volunteer", request);
    ASSERT_THAT(suggested, IsOk());
    int64_t found = 0, free = 0;
    for (const pb::Pick& pick : suggested->picks()) {
      size_t n = 0;
      while (lots_[n].lot.name() != pick.lot().name()) ++n;
      EXPECT_EQ(pick.free(), (stock_[{n, pick.place().name()}].free()));
      found += pick.items();
      ASSERT_NO_FATAL_FAILURE(ReserveSome(n, pick.place().name(), group, pick.items(), ""));
      ++met_["suggested"];
    }
    EXPECT_EQ(found + suggested->missing_items(), items);
    for (const auto& [where, standing] : stock_) {
      const KnownLot& one = lots_[where.first];
      if (WarehouseOf(where.second) == (west ? "west" : "east") && !one.recalled &&
          (one.only.empty() || one.only == group)) {
        free += standing.free();
      }
    }
    if (suggested->missing_items() > 0) EXPECT_EQ(free, 0);  // all of it is promised now
  }

  unsigned seed_;
  std::mt19937 random_;
  std::vector<std::string> places_;
  std::vector<KnownLot> lots_;
  std::map<std::pair<size_t, std::string>, Standing> stock_;  // (lot, place)
  std::vector<Promised> promised_;
  std::map<std::string, int> met_;
};

TEST_F(FirstExpiringTest, NothingIsPromisedThatExpiresLaterThanWhatIsFreeUnlessAReasonIsRecorded) {
  SCOPED_TRACE(absl::StrCat("KUBARI_SEED=", seed_));
  for (int i = 0; i < 5; ++i) ReceiveSome();
  for (int step = 0; step < 400 && !HasFatalFailure(); ++step) {
    SCOPED_TRACE(absl::StrCat("step ", step));
    switch (Below(10)) {
      case 0:
      case 1:
        ReceiveSome();
        break;
      case 2:
      case 3:
      case 4: {
        const size_t n = Below(static_cast<int>(lots_.size()));
        ReserveSome(n, APlace(), AGroup(), 1 + Below(8), Below(4) == 0 ? "味の指定" : "");
        break;
      }
      case 5:
      case 6:
        IssueSome();
        break;
      case 7:
        PostOrVoidSome();
        break;
      case 8:
        FollowASuggestion();
        break;
      default:
        if (Below(4) == 0) RecallOrEndOne();
    }
  }
  for (const auto& [where, standing] : stock_) {
    EXPECT_EQ(On(where.second, lots_[where.first].lot), (Balance{standing.on_hand, standing.reserved}));
  }
  for (const auto& [answer, times] : met_) std::cout << (answer.empty() ? "OK" : answer) << " " << times << "\n";
  for (const char* answer : {"", "FEFO_DEPARTURE", "INSUFFICIENT_STOCK", "CONDITION_NOT_MET"})
    EXPECT_GT(met_[answer], 0);
}

// Many phones at once: what was so when each promise was made is found out afterwards, from the ledger alone.
TEST_F(FirstExpiringTest, ItHoldsAmongManyPhonesAtOnce) {
  SCOPED_TRACE(absl::StrCat("KUBARI_SEED=", seed_));
  const std::pair<const char*, std::string> printed[] = {
      {"2027-02", ""}, {"2027-03", ids::Name("groups", kGroup)}, {"2027-04", ""}, {"2027-05", ""}};
  for (const auto& [date, only] : printed) {
    registers_.offer.clear_conditions();
    if (!only.empty()) registers_.offer.mutable_conditions()->add_only_groups(only);
    lots_.push_back({ReceiveDated(30, date), std::string(date), only});
  }
  std::vector<std::thread> phones;
  std::atomic<int> done{0}, departures{0};
  for (int phone = 0; phone < 6; ++phone) {
    phones.emplace_back([&, phone] {
      std::mt19937 random(seed_ + phone);
      const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
      pb::Reservation mine;
      for (int i = 0; i < 40; ++i) {
        const pb::Lot& lot = lots_[below(4)].lot;
        absl::Status status;
        if (const int what = below(6); what < 2) {
          pb::ReceiveStockRequest request = Receiving(1 + below(6));
          *request.mutable_good_until() = lot.good_until();
          status = Call(&Stub::ReceiveStock, "volunteer", request).status();
        } else if (what < 5) {
          const std::string group = below(2) == 0 ? kGroup : kOtherGroup;
          pb::ReserveStockRequest request = Reserving(lot, 1 + below(4), group);
          if (below(5) == 0) request.set_departure_reason("味の指定");
          const auto reserved = Call(&Stub::ReserveStock, "coordinator", request);
          status = reserved.status();
          if (reserved.ok()) mine = reserved->reservation();
        } else if (!mine.name().empty()) {
          pb::VoidReservationRequest request;
          request.set_request_id(ids::NewUuid());
          request.set_name(mine.name());
          status = Call(&Stub::VoidReservation, "coordinator", request).status();
          mine.Clear();
        }
        const std::string reason = errors::ReasonOf(status);
        EXPECT_TRUE(status.ok() || reason == "FEFO_DEPARTURE" || reason == "INSUFFICIENT_STOCK" ||
                    reason == "CONDITION_NOT_MET" || reason == "LOTS_CHANGED")
            << status;
        done += status.ok() ? 1 : 0;
        departures += reason == "FEFO_DEPARTURE" ? 1 : 0;
      }
    });
  }
  for (std::thread& phone : phones) phone.join();
  EXPECT_GT(done, 0);
  EXPECT_GT(departures, 0);

  std::map<std::string, int64_t> free;  // by lot; all stand on one shelf
  int promises = 0;
  const auto feed = ledger_.Feed(kNetwork, 0, 10'000, absl::Now() + absl::Seconds(20));
  ASSERT_THAT(feed, IsOk());
  for (const Movement& m : *feed) {
    const std::string lot = ids::Name("lots", m.lot_id);
    if (m.kind == pb::MOVEMENT_KIND_RESERVE && m.reason.empty()) {
      ++promises;
      const auto own = std::find_if(lots_.begin(), lots_.end(), [&](const auto& one) { return one.lot.name() == lot; });
      for (auto one = lots_.begin(); one != own; ++one) {  // in the order of their dates
        const bool eligible = one->only.empty() || one->only == ids::Name("groups", m.group_id);
        EXPECT_TRUE(!eligible || free[one->lot.name()] == 0) << "position " << m.position << ": " << one->last_good_day
                                                             << " was free, " << own->last_good_day << " was promised";
      }
    }
    if (m.kind == pb::MOVEMENT_KIND_RECEIVE || m.kind == pb::MOVEMENT_KIND_VOID) free[lot] += m.items;
    if (m.kind == pb::MOVEMENT_KIND_RESERVE) free[lot] -= m.items;
    EXPECT_GE(free[lot], 0);
  }
  EXPECT_GT(promises, 0);
}

}  // namespace
}  // namespace kubari::stock
