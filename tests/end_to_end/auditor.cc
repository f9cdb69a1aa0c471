#include "tests/end_to_end/auditor.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <set>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "libs/ids/ids.h"
#include "tests/end_to_end/calls.h"

namespace kubari::end_to_end {
namespace {

namespace allocation = kubari::allocation::v1;
namespace impact = kubari::impact::v1;
namespace stock = kubari::stock::v1;

}  // namespace

std::vector<std::string> Auditor::AddUp(const std::vector<stock::FeedEntry>& ledger, const std::string& network, Books& books) {
  std::vector<std::string> problems;
  ledger_audit::Adder adder(network, books, problems);
  for (const stock::FeedEntry& entry : ledger) adder.Add(entry);
  adder.Finish();
  return problems;
}

std::vector<stock::FeedEntry> Auditor::ReadLedger() const {
  std::vector<stock::FeedEntry> ledger;
  stock::ReadFeedRequest request;
  request.set_page_size(1'000);
  for (;;) {
    const auto page = Must<stock::ReadFeedResponse>(client_, "stock.ReadFeed", request);
    if (page.entries().empty()) return ledger;
    ledger.insert(ledger.end(), page.entries().begin(), page.entries().end());
    request.set_position(page.next_position());
  }
}

Books Auditor::Audit() const {
  const auto session = Must<kubari::identity::v1::Session>(client_, "identity.GetSession", kubari::identity::v1::GetSessionRequest());
  const std::vector<stock::FeedEntry> ledger = ReadLedger();
  Books books;
  for (const std::string& problem : AddUp(ledger, *ids::IdFromName("networks", session.network().name()), books)) ADD_FAILURE() << problem;
  CompareBalances(books);
  CompareDeliveries(books);
  CompareTransfers(books);
  CompareReservations(books);
  CompareLines(books);
  CompareTraces(books);
  CompareImpact(books, static_cast<int64_t>(ledger.size()));
  return books;
}

void Auditor::CompareBalances(const Books& books) const {
  std::map<std::pair<std::string, std::string>, Books::Balance> told;
  for (const auto& row : MustList<stock::ListBalancesResponse>(client_, "stock.ListBalances", stock::ListBalancesRequest(),
                                                               [](const auto& page) { return page.balances(); })) {
    told[{row.lot().name(), row.place().name()}] = {row.on_hand(), row.reserved()};
    EXPECT_EQ(row.free(), row.on_hand() - row.reserved()) << row.ShortDebugString();
  }
  for (const auto& [key, balance] : books.balances) {
    if (books.places.at(key.second) != stock::PLACE_KIND_SHELF) continue;
    const Books::Balance answer = told[key];
    EXPECT_EQ(balance.on_hand, answer.on_hand) << "on hand: " << key.first << " at " << key.second;
    EXPECT_EQ(balance.reserved, answer.reserved) << "reserved: " << key.first << " at " << key.second;
    told.erase(key);
  }
  for (const auto& [key, balance] : told) EXPECT_EQ(balance.on_hand, 0) << key.first << " at " << key.second << " was never moved there";
}

void Auditor::CompareDeliveries(const Books& books) const {
  size_t lines = 0;
  for (const auto& delivery : MustList<stock::ListDeliveriesResponse>(client_, "stock.ListDeliveries", stock::ListDeliveriesRequest(),
                                                                      [](const auto& page) { return page.deliveries(); })) {
    int64_t open = 0;
    for (const stock::DeliveryLine& line : delivery.lines()) {
      const auto found = books.deliveries.find({delivery.name(), line.lot().name()});
      ASSERT_NE(found, books.deliveries.end()) << delivery.name() << " names a lot that was not issued to it";
      EXPECT_EQ(line.issued_items(), found->second.issued) << delivery.name();
      EXPECT_EQ(line.confirmed_items(), found->second.confirmed) << delivery.name();
      EXPECT_EQ(line.short_items(), found->second.missing) << delivery.name();
      EXPECT_EQ(line.returned_items(), found->second.returned) << delivery.name();
      open += found->second.open();
      ++lines;
    }
    EXPECT_EQ(delivery.state() == stock::DELIVERY_STATE_CONFIRMED, open == 0) << delivery.name();
  }
  size_t issued = 0;
  for (const auto& [key, line] : books.deliveries) issued += line.issued > 0 ? 1 : 0;
  EXPECT_EQ(lines, issued) << "lines of all deliveries";
}

void Auditor::CompareTransfers(const Books& books) const {
  size_t lines = 0;
  for (const auto& transfer : MustList<stock::ListTransfersResponse>(client_, "stock.ListTransfers", stock::ListTransfersRequest(),
                                                                     [](const auto& page) { return page.transfers(); })) {
    int64_t open = 0;
    for (const stock::TransferLine& line : transfer.lines()) {
      const auto found = books.transfers.find({transfer.name(), line.lot().name()});
      ASSERT_NE(found, books.transfers.end()) << transfer.name() << " names a lot that was not sent by it";
      EXPECT_EQ(line.sent_items(), found->second.sent) << transfer.name();
      EXPECT_EQ(line.arrived_items(), found->second.arrived) << transfer.name();
      EXPECT_EQ(line.short_items(), found->second.missing) << transfer.name();
      open += found->second.open();
      ++lines;
    }
    EXPECT_EQ(transfer.state() == stock::TRANSFER_STATE_ARRIVED, open == 0) << transfer.name();
  }
  size_t sent = 0;
  for (const auto& [key, line] : books.transfers) sent += line.sent > 0 ? 1 : 0;
  EXPECT_EQ(lines, sent) << "lines of all transfers";
}

void Auditor::CompareReservations(const Books& books) const {
  std::map<std::string, int64_t> told;
  for (const auto& row : MustList<stock::ListReservationsResponse>(client_, "stock.ListReservations", stock::ListReservationsRequest(),
                                                                   [](const auto& page) { return page.reservations(); })) {
    told[row.name()] = row.open_items();
  }
  for (const auto& [name, reservation] : books.reservations) {
    EXPECT_GE(reservation.open(), 0) << name;
    EXPECT_EQ(told[name], reservation.open()) << name;
    told.erase(name);
  }
  EXPECT_TRUE(told.empty()) << told.size() << " reservations without a movement, such as " << told.begin()->first;
}

// Lines follow the ledger a moment later, so a difference counts only if it stays.
void Auditor::CompareLines(const Books& books) const {
  std::vector<std::string> problems;
  for (const absl::Time give_up = absl::Now() + absl::Seconds(20);; absl::SleepFor(absl::Milliseconds(300))) {
    problems.clear();
    const auto expect = [&](bool holds, const allocation::Line& line, const std::string& otherwise) {
      if (!holds) problems.push_back(absl::StrCat(line.name(), " (", allocation::LineState_Name(line.state()), "): ", otherwise));
    };
    for (const auto& run : MustList<allocation::ListRunsResponse>(client_, "allocation.ListRuns", allocation::ListRunsRequest(),
                                                                  [](const auto& page) { return page.runs(); })) {
      allocation::ListLinesRequest of_run;
      of_run.set_run(run.name());
      for (const auto& line : MustList<allocation::ListLinesResponse>(client_, "allocation.ListLines", of_run,
                                                                      [](const auto& page) { return page.lines(); })) {
        const auto found = books.reservations.find(line.reservation());
        const Books::Reservation reserved = found == books.reservations.end() ? Books::Reservation() : found->second;
        // What comes by a hub is promised to the hub.
        const bool fits = reserved.lot == line.lot() && reserved.place == line.place() &&
                          reserved.group == (line.hub().empty() ? line.group() : line.hub()) && reserved.delivery == line.delivery();
        switch (line.state()) {
          case allocation::LINE_STATE_OFFERED:
          case allocation::LINE_STATE_ACCEPTED:
          case allocation::LINE_STATE_SHIPPED:
          case allocation::LINE_STATE_AT_HUB:
          case allocation::LINE_STATE_HANDED_ON:
          case allocation::LINE_STATE_CONFIRMED: {
            expect(fits, line, "its reservation is not in the ledger");
            expect(reserved.items - reserved.given_up == line.items(), line,
                   absl::StrCat("it has ", line.items(), " items, promised are ", reserved.items - reserved.given_up));
            expect(reserved.issued == line.shipped_items(), line,
                   absl::StrCat("it says ", line.shipped_items(), " shipped, the ledger ", reserved.issued));
            expect(line.state() != allocation::LINE_STATE_SHIPPED || reserved.issued > 0, line, "nothing of it was shipped");
            const auto delivered = books.deliveries.find({line.delivery(), line.lot()});
            const int64_t confirmed = delivered == books.deliveries.end() ? 0 : delivered->second.confirmed;
            expect(line.state() != allocation::LINE_STATE_CONFIRMED || confirmed > 0, line, "nothing of it was confirmed");
            expect(line.confirmed_items() <= confirmed, line,
                   absl::StrCat("it says ", line.confirmed_items(), " confirmed, the ledger ", confirmed));
            break;
          }
          case allocation::LINE_STATE_REFUSED:
          case allocation::LINE_STATE_EXPIRED:
          case allocation::LINE_STATE_DROPPED:
            expect(reserved.open() == 0, line, absl::StrCat(reserved.open(), " items are still promised"));
            break;
          default:
            expect(line.reservation().empty() || reserved.items == 0, line, "it is reserved though it was not published");
        }
      }
    }
    if (problems.empty() || absl::Now() > give_up) break;
  }
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
}

// Up to twenty lots, evenly chosen.
void Auditor::CompareTraces(const Books& books) const {
  const size_t step = books.lots.size() / 20 + 1;
  size_t index = 0;
  for (const auto& [name, lot] : books.lots) {
    if (index++ % step != 0) continue;
    stock::TraceLotRequest request;
    request.set_lot(lot.code());
    const auto trace = Must<stock::TraceLotResponse>(client_, "stock.TraceLot", request);
    int64_t sum = 0;
    for (const stock::Holder& holder : trace.holders()) {
      sum += holder.items();
      const auto found = books.balances.find({name, holder.place().name()});
      EXPECT_EQ(holder.items(), found == books.balances.end() ? 0 : found->second.on_hand) << lot.code() << " " << holder.ShortDebugString();
    }
    EXPECT_EQ(sum, 0) << "all holders of " << lot.code();
    EXPECT_FALSE(trace.movements().empty()) << lot.code();
    for (int i = 1; i < trace.movements_size(); ++i) EXPECT_LT(trace.movements(i - 1).position(), trace.movements(i).position()) << lot.code();
  }
}

void Auditor::CompareImpact(const Books& books, int64_t next_position) const {
  impact::GetImpactResponse answer;
  for (const absl::Time give_up = absl::Now() + absl::Seconds(30);; absl::SleepFor(absl::Milliseconds(200))) {
    answer = Must<impact::GetImpactResponse>(client_, "impact.GetImpact", impact::GetImpactRequest());
    if (answer.ledger_position() >= next_position || absl::Now() > give_up) break;
  }
  EXPECT_EQ(answer.ledger_position(), next_position) << "impact does not follow the ledger";
  // What the support service tells is not in the ledger.
  answer.mutable_total()->clear_support_households();
  EXPECT_EQ(answer.total().DebugString(), books.figures.DebugString());
}

}  // namespace kubari::end_to_end
