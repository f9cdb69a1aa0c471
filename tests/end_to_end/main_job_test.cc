// The main job, from offers to confirmed deliveries, played by the command line over the example network; then judged by the auditor.
#include <absl/strings/match.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "kubari/impact/v1/impact.pb.h"
#include "kubari/support/v1/support.pb.h"
#include "libs/ids/ids.h"
#include "tests/end_to_end/auditor.h"
#include "tests/end_to_end/calls.h"
#include "tests/end_to_end/played_demo.h"

namespace kubari::end_to_end {
namespace {

namespace allocation = kubari::allocation::v1;
namespace donors = kubari::donors::v1;
namespace identity = kubari::identity::v1;
namespace stock = kubari::stock::v1;
namespace support = kubari::support::v1;
using kubari::type::v1::ROLE_AUDITOR;

TEST(MainJob, DemoEndsWell) {
  ASSERT_EQ(TheDemo().demo.exit_code, 0) << TheDemo().demo.output;
  for (const char* row : {"offered", "received", "allocated", "shipped", "confirmed", "impact", "The path of one lot", "lines handed on by the hub",
                          "needs stated", "an application to check", "requests for food support", "a campaign", "open rounds"}) {
    EXPECT_TRUE(absl::StrContains(TheDemo().demo.output, row)) << row << " is missing in:\n" << TheDemo().demo.output;
  }
}

class Judged : public testing::Test {
 protected:
  void SetUp() override {
    if (TheDemo().demo.exit_code != 0) GTEST_FAIL() << "the demo did not end well";
    administrator_ = TheDemo().installation.Gateway(TheDemo().administrator_key);
    auditor_ = TheDemo().installation.Gateway(MakeKey(administrator_, TheDemo().intermediary, ROLE_AUDITOR));
  }
  cli::Client administrator_{cli::ClientOptions{}};
  cli::Client auditor_{cli::ClientOptions{}};
};

TEST_F(Judged, TheLedgerAddsUpAndEveryServiceSaysTheSame) {
  const Books books = Auditor(auditor_).Audit();
  EXPECT_GT(books.figures.received_items(), 0);
  EXPECT_GT(books.figures.shipped_items(), 0);
  EXPECT_GT(books.figures.items(), 0);
  EXPECT_GT(books.figures.deliveries(), 10);
  EXPECT_LE(books.figures.items(), books.figures.shipped_items());
  EXPECT_LE(books.figures.shipped_items(), books.figures.received_items());
}

TEST_F(Judged, TheAuditorSeesEachKindOfFault) {
  const std::vector<stock::FeedEntry> ledger = Auditor(auditor_).ReadLedger();
  const std::string network =
      Must<kubari::identity::v1::Session>(auditor_, "identity.GetSession", kubari::identity::v1::GetSessionRequest()).network().name().substr(9);
  const auto problems = [&](const std::function<void(std::vector<stock::FeedEntry>&)>& spoil) {
    std::vector<stock::FeedEntry> spoiled = ledger;
    spoil(spoiled);
    Books books;
    return Auditor::AddUp(spoiled, network, books).size();
  };
  EXPECT_EQ(problems([](auto&) {}), 0u);
  EXPECT_GT(problems([](auto& l) { l.erase(l.begin() + l.size() / 2); }), 0u) << "a gap";
  EXPECT_GT(problems([](auto& l) { std::swap(l[1], l[2]); }), 0u) << "another order";
  EXPECT_GT(problems([](auto& l) { l[0].mutable_movement()->set_items(l[0].movement().items() + 1); }), 0u) << "another quantity";
  EXPECT_GT(problems([](auto& l) { l.back().mutable_movement()->set_note("x"); }), 0u) << "another note";
  EXPECT_GT(problems([](auto& l) { l.erase(l.begin()); }), 0u) << "a lost receipt";
}

// `kubari export ledger` and `kubari verify`, as a stranger would use them: offline, with the file and the network's id.
TEST_F(Judged, AnExportIsVerifiedOfflineAndAChangedRowIsNamed) {
  Installation& installation = TheDemo().installation;
  const std::string file = installation.folder() + "/ledger.jsonl", changed = installation.folder() + "/changed.jsonl";
  const Finished exported = installation.Kubari(
      {"export", "ledger", file, "--key", MakeKey(administrator_, TheDemo().intermediary, ROLE_AUDITOR)});
  ASSERT_EQ(exported.exit_code, 0) << exported.output;
  const std::string network =
      Must<kubari::identity::v1::Session>(auditor_, "identity.GetSession", kubari::identity::v1::GetSessionRequest()).network().name();
  const Finished verified = installation.Kubari({"verify", file, "--network", network});
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  EXPECT_TRUE(absl::StrContains(verified.output, "holds")) << verified.output;

  const auto verify_changed = [&](const std::function<void(std::vector<std::string>&)>& change) {
    std::vector<std::string> rows = absl::StrSplit(ReadFile(file), '\n', absl::SkipEmpty());
    change(rows);
    std::ofstream(changed) << absl::StrJoin(rows, "\n") << "\n";
    return installation.Kubari({"verify", changed, "--network", network});
  };
  const Finished another_count = verify_changed([](auto& rows) {
    const size_t at = rows[17].find("\"items\":\"") + 9;
    rows[17].insert(at, "1");
  });
  EXPECT_NE(another_count.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(another_count.output, "position 17 ")) << another_count.output;
  const Finished missing = verify_changed([](auto& rows) { rows.erase(rows.begin() + 17); });
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(missing.output, "position 17 was expected")) << missing.output;
  const Finished garbled = verify_changed([](auto& rows) { rows[17].resize(rows[17].size() / 2); });
  EXPECT_NE(garbled.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(garbled.output, "Line 18 ")) << garbled.output;
  const Finished another_network = installation.Kubari({"verify", file, "--network", ids::NewUuid()});
  EXPECT_NE(another_network.exit_code, 0);
}

TEST_F(Judged, WhatWasOfferedIsTheTableAndWhatArrivedIsTheLedger) {
  const std::vector<donors::Offer> offers = MustList<donors::ListOffersResponse>(auditor_, "donors.ListOffers", donors::ListOffersRequest(),
                                                                                 [](const auto& page) { return page.offers(); });
  std::map<std::string, int64_t> arrived;
  for (const stock::FeedEntry& entry : Auditor(auditor_).ReadLedger()) {
    if (entry.movement().kind() == stock::MOVEMENT_KIND_RECEIVE) arrived[entry.lot().offer_line()] += entry.movement().items();
  }
  int64_t offered = 0;
  for (const donors::Offer& offer : offers) {
    // README's walkthrough and the browser tests make donors of their own on the same installation.
    if (!absl::StrContains(offer.donor_display_name(), "（例）")) continue;
    for (const donors::OfferLine& line : offer.lines()) {
      offered += line.cases() * line.items_per_case();
      EXPECT_EQ(line.received_items(), arrived[line.name()]) << line.name();
      const bool expected = offer.state() == donors::OFFER_STATE_ACCEPTED || offer.state() == donors::OFFER_STATE_RECEIVED;
      if (!expected) { EXPECT_EQ(line.received_items(), 0) << line.name(); }
      if (offer.state() == donors::OFFER_STATE_RECEIVED) {
        EXPECT_EQ(line.received_items(), line.accepted_cases() * line.items_per_case()) << line.name();
      }
    }
  }
  EXPECT_EQ(offered, OfferedItems(TheDemo().installation.ExampleFolder()));
}

// A council asks; the pantry gives from real stock: an issue in the ledger, a receipt that the pantry confirmed, parts of that delivery for each
// request, and the households as a number in impact.
TEST_F(Judged, FoodSupportComesOutOfTheLedgerAndCountsInImpact) {
  identity::ListOrganisationsRequest partners;
  partners.set_kind(identity::ORGANISATION_KIND_PARTNER);
  std::string council;
  for (const auto& one : MustList<identity::ListOrganisationsResponse>(administrator_, "identity.ListOrganisations", partners,
                                                                       [](const auto& page) { return page.organisations(); })) {
    if (absl::StrContains(one.display_name(), "社会福祉協議会（例）")) council = one.name();
  }
  ASSERT_NE(council, "");
  const cli::Client asking = TheDemo().installation.Gateway(MakeKey(administrator_, council, kubari::type::v1::ROLE_PARTNER));
  std::map<std::string, int64_t> given;  // by delivery
  std::map<support::SupportState, int> states;
  int64_t households = 0;
  for (const support::SupportRequest& request :
       MustList<support::ListSupportRequestsResponse>(asking, "support.ListSupportRequests", support::ListSupportRequestsRequest(),
                                                      [](const auto& page) { return page.support_requests(); })) {
    ++states[request.state()];
    households += request.households_reached();
    EXPECT_EQ(request.state() == support::SUPPORT_STATE_DONE, request.fulfilments_size() > 0) << request.code();
    for (const support::Fulfilment& part : request.fulfilments()) given[part.delivery()] += part.items();
  }
  EXPECT_EQ(states[support::SUPPORT_STATE_REQUESTED], 1);
  EXPECT_EQ(states[support::SUPPORT_STATE_ACKNOWLEDGED], 1);
  EXPECT_GE(states[support::SUPPORT_STATE_DONE], 5);
  ASSERT_FALSE(given.empty());
  const std::vector<stock::FeedEntry> ledger = Auditor(auditor_).ReadLedger();
  for (const auto& [delivery, items] : given) {
    int64_t issued = 0, confirmed = 0;
    for (const stock::FeedEntry& entry : ledger) {
      if (entry.movement().delivery() != delivery) continue;
      if (entry.movement().kind() == stock::MOVEMENT_KIND_ISSUE) {
        issued += entry.movement().items();
        EXPECT_TRUE(absl::StartsWith(entry.movement().note(), "supportRequests/")) << "whom it is for, and nothing about people";
      }
      if (entry.movement().kind() == stock::MOVEMENT_KIND_CONFIRM) confirmed += entry.movement().items();
    }
    EXPECT_GT(issued, 0) << delivery;
    EXPECT_EQ(confirmed, issued) << delivery;
    EXPECT_LE(items, issued) << delivery << ": no more than it carried";
  }
  const auto figures = Must<kubari::impact::v1::GetImpactResponse>(auditor_, "impact.GetImpact", kubari::impact::v1::GetImpactRequest());
  EXPECT_EQ(figures.total().support_households(), households);
  EXPECT_GE(households, 5) << "fewer would not be told";
}

TEST_F(Judged, TheRunCanBeMadeAgainFromItsSnapshot) {
  for (const auto& run : MustList<allocation::ListRunsResponse>(auditor_, "allocation.ListRuns", allocation::ListRunsRequest(),
                                                                [](const auto& page) { return page.runs(); })) {
    allocation::ReplayRunRequest request;
    request.set_run(run.name());
    const auto replayed = Must<allocation::ReplayRunResponse>(auditor_, "allocation.ReplayRun", request);
    EXPECT_TRUE(replayed.identical()) << run.title();
    EXPECT_EQ(replayed.result_hash(), run.result_hash()) << run.title();
    // And elsewhere, from its export alone.
    const std::string file = TheDemo().installation.folder() + "/run.binpb";
    const Finished exported =
        TheDemo().installation.Kubari({"--key", TheDemo().administrator_key, "replay", run.name(), "--save", file});
    EXPECT_EQ(exported.exit_code, 0) << exported.output;
    const Finished offline = RunProgram({KUBARI_BIN_FOLDER "/kubari", "--server", "http://127.0.0.1:1", "replay", file});
    EXPECT_EQ(offline.exit_code, 0) << offline.output;
    EXPECT_TRUE(absl::StrContains(offline.output, run.result_hash())) << offline.output;
  }
}

TEST_F(Judged, NothingOfTheDatabaseIsReachableByAnotherService) {
  // Each role sees its own schema and nobody else's; not even the names of rows.
  for (const std::string& service : Services()) {
    for (const std::string& other : Services()) {
      if (service == other) continue;
      const Finished asked =
          RunProgram({"psql", "-X", "-q", "-A", "-t", TheDemo().installation.conninfo("postgres"), "-c",
                      absl::StrCat("SELECT has_schema_privilege('kubari_", service, "', '", other, "', 'USAGE')")});
      EXPECT_EQ(asked.output, "f\n") << "kubari_" << service << " may enter the schema " << other;
    }
  }
}

// tests/browser, file by file; its README tells what each shows.
class RealBrowser : public Judged, public testing::WithParamInterface<const char*> {};

TEST_P(RealBrowser, PlaysTheScreens) {
  if (!std::filesystem::exists(SourceFolder() + "/mobile_api/web/dist/index.html")) GTEST_SKIP() << "the web app is not built";
  const Finished played = RunProgram({SourceFolder() + "/tests/browser/run", GetParam()},
                                     {{"KUBARI_SERVER", TheDemo().installation.url()},
                                      {"KUBARI_KEY_FILE", TheDemo().administrator_key_file},
                                      {"KUBARI_SMTP_FILE", TheDemo().installation.smtp_file()},
                                      {"KUBARI_SCREENSHOTS", BinFolder() + "/../screenshots"}},
                                     absl::Minutes(15));
  EXPECT_EQ(played.exit_code, 0) << played.output;
}

INSTANTIATE_TEST_SUITE_P(, RealBrowser, testing::Values("camera", "web", "phone", "walk", "market", "runs", "upload", "offers", "agreements", "registers", "directory", "notices", "screens", "lighthouse"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace kubari::end_to_end
