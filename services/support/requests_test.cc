// The life of a request: who is responsible, who sees what, what happens at once and twice.
#include <atomic>
#include <set>
#include <thread>

#include "services/support/support_fixture.h"

namespace kubari::support {
namespace {

using errors::FailsBecause;
using errors::FailsWith;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Stub = v1::SupportService::Stub;

std::vector<v1::JournalKind> KindsOf(const v1::ListJournalResponse& journal) {
  std::vector<v1::JournalKind> kinds;
  for (const v1::JournalEntry& entry : journal.entries()) kinds.push_back(entry.kind());
  return kinds;
}

TEST_F(SupportTest, ARequestGoesItsWayAndEachStepIsOnRecord) {
  const auto asked = Ask();
  ASSERT_THAT(asked, IsOk());
  EXPECT_EQ(asked->state(), v1::SUPPORT_STATE_REQUESTED);
  EXPECT_EQ(asked->responsible_display_name(), "みなと市生活支援課")
      << "who asked is responsible until somebody acknowledges";
  EXPECT_EQ(asked->handover().to_display_name(), "海風パントリー");
  EXPECT_EQ(asked->due_date(), "2026-11-28");
  EXPECT_EQ(asked->code().size(), 9u);
  const std::string name = asked->name();

  const auto taken = Acknowledge("pantry", name);
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(taken->state(), v1::SUPPORT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(taken->responsible(), "organisations/" + kPantry);
  EXPECT_FALSE(taken->has_handover());
  EXPECT_TRUE(taken->has_acknowledge_time());

  // On to the intermediary, which refuses: it stays with the pantry.
  ASSERT_THAT(Propose("pantry", name, kOffice), IsOk());
  EXPECT_THAT(Propose("pantry", name, kKitchen), FailsBecause("HANDOVER_OPEN"));
  EXPECT_THAT(Complete("pantry", name), FailsBecause("HANDOVER_OPEN"));
  const auto refused = Refuse("coordinator", name);
  ASSERT_THAT(refused, IsOk());
  EXPECT_EQ(refused->responsible(), "organisations/" + kPantry);
  EXPECT_THAT(Get("coordinator", name), FailsBecause("REQUEST_NOT_FOUND")) << "who refused is no party";

  const auto preparing = Step<v1::StartPreparingRequest>(&Stub::StartPreparing, "pantry", name);
  ASSERT_THAT(preparing, IsOk());
  EXPECT_EQ(preparing->state(), v1::SUPPORT_STATE_PREPARING);
  ASSERT_THAT(Fulfil("pantry", name, 6), IsOk());
  const auto done = Complete("pantry", name);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->state(), v1::SUPPORT_STATE_DONE);
  EXPECT_EQ(done->fulfilments_size(), 1);
  EXPECT_EQ(done->fulfilments(0).items(), 6);
  EXPECT_EQ(done->households_reached(), 1);
  EXPECT_TRUE(done->has_erase_time());
  EXPECT_THAT(Complete("pantry", name), FailsBecause("REQUEST_STATE"));

  const auto reopened = Reopen("city", name);
  ASSERT_THAT(reopened, IsOk());
  EXPECT_EQ(reopened->state(), v1::SUPPORT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(reopened->responsible(), "organisations/" + kPantry);
  ASSERT_THAT(Withdraw("city", name), IsOk());

  const auto journal = Journal("city", name);
  ASSERT_THAT(journal, IsOk());
  EXPECT_THAT(KindsOf(*journal),
              ElementsAre(v1::JOURNAL_KIND_REQUESTED, v1::JOURNAL_KIND_PROPOSED, v1::JOURNAL_KIND_ACKNOWLEDGED,
                          v1::JOURNAL_KIND_PROPOSED, v1::JOURNAL_KIND_REFUSED, v1::JOURNAL_KIND_PREPARING,
                          v1::JOURNAL_KIND_FULFILLED, v1::JOURNAL_KIND_DONE, v1::JOURNAL_KIND_REOPENED,
                          v1::JOURNAL_KIND_WITHDRAWN));
  EXPECT_EQ(journal->entries(4).reason(), v1::DECLINE_REASON_NO_CAPACITY);
  EXPECT_EQ(journal->entries(4).note(), kSecrets.at("step"));
  EXPECT_EQ(journal->entries(4).other_display_name(), "海風パントリー");
  for (int i = 0; i < journal->entries_size(); ++i) EXPECT_EQ(journal->entries(i).number(), i + 1);
  // Nothing of it can be changed, whatever the program does.
  for (const char* change : {"UPDATE journal SET kind = 1", "DELETE FROM journal", "UPDATE looks SET actor = ''",
                             "DELETE FROM looks", "DELETE FROM support_requests", "UPDATE fulfilments SET items = 1"}) {
    const auto status = pool_.Transact({.network_id = kNetwork}, [&](pg::Transaction& tx) {
      ActForAll(tx);
      static constexpr pg::Statement kTry[] = {"UPDATE journal SET kind = 1",  "DELETE FROM journal",
                                               "UPDATE looks SET actor = ''",  "DELETE FROM looks",
                                               "DELETE FROM support_requests", "UPDATE fulfilments SET items = 1"};
      for (const pg::Statement& statement : kTry) {
        if (std::string_view(statement.text()) == change) return tx.Execute(statement).status();
      }
      return absl::OkStatus();
    });
    EXPECT_FALSE(status.ok()) << change;
  }
}

TEST_F(SupportTest, ResponsibilityReturnsAndWhoAskedMayDoItItself) {
  const std::string name = Ask("city", kOffice)->name();
  ASSERT_THAT(Refuse("coordinator", name), IsOk());
  auto found = Get("city", name);
  EXPECT_EQ(found->responsible(), "organisations/" + kCity);
  EXPECT_FALSE(found->has_handover());
  ASSERT_THAT(Propose("city", name, kKitchen), IsOk());
  ASSERT_THAT(Cancel("city", name), IsOk());
  EXPECT_THAT(Acknowledge("kitchen", name), FailsBecause("REQUEST_NOT_FOUND"));
  ASSERT_THAT(Step<v1::StartPreparingRequest>(&Stub::StartPreparing, "city", name), IsOk());
  const auto done = Complete("city", name);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->acknowledged_by().empty(), false);
}

TEST_F(SupportTest, FormerPartiesSeeTheJournalButNotThePeople) {
  const std::string name = Ask("city", kOffice)->name();
  ASSERT_THAT(Acknowledge("coordinator", name), IsOk());
  ASSERT_THAT(Propose("coordinator", name, kPantry), IsOk());
  // The one to which it is proposed reads the details to decide, without the contact.
  // Each look at a time of its own, so that they have an order.
  const auto look = [&](const std::string& who) {
    clock_.Advance(absl::Seconds(1));
    return Read(who, name);
  };
  const auto proposed = look("pantry");
  ASSERT_THAT(proposed, IsOk());
  EXPECT_EQ(proposed->details().note(), kSecrets.at("note"));
  EXPECT_EQ(proposed->details().contact(), "");
  EXPECT_TRUE(proposed->has_contact());
  EXPECT_EQ(look("coordinator")->details().contact(), kSecrets.at("contact"));
  ASSERT_THAT(Acknowledge("pantry", name), IsOk());

  EXPECT_EQ(look("pantry")->details().contact(), kSecrets.at("contact"));
  EXPECT_EQ(look("city")->details().contact(), kSecrets.at("contact"));
  const auto former = Get("coordinator", name);
  ASSERT_THAT(former, IsOk());
  EXPECT_EQ(former->part(), v1::PART_FORMER);
  EXPECT_EQ(former->steps_size(), 0);
  EXPECT_THAT(Read("coordinator", name), FailsBecause("NOT_RESPONSIBLE"));
  const auto journal = Journal("coordinator", name);
  ASSERT_THAT(journal, IsOk());
  EXPECT_TRUE(journal->entries(3).has_note());
  EXPECT_EQ(journal->entries(3).note(), "");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Journal("city", name)->entries(3).note(), kSecrets.at("step"));

  // Every look is on record: who, when, and whether the contact was shown.
  const auto looks = Looks("city", name);
  ASSERT_THAT(looks, IsOk());
  std::vector<std::pair<std::string, bool>> seen;
  for (const v1::Look& look : looks->looks()) seen.push_back({look.organisation_display_name(), look.contact()});
  EXPECT_THAT(seen, ElementsAre(std::pair("みなと市生活支援課", false),  // the journal's notes
                                std::pair("みなと市生活支援課", true), std::pair("海風パントリー", true),
                                std::pair("フードネットみなと", true), std::pair("海風パントリー", false)));
  EXPECT_EQ(Looks("administrator", "")->looks_size(), 5);
  EXPECT_THAT(looks->SerializeAsString(), Not(HasSubstr(kSecrets.at("note"))));
}

// Every RPC of the service × every kind of stranger. A method without a row fails the test.
TEST_F(SupportTest, StrangersAreToldNothing) {
  const auto asked = Ask("city", kPantry);
  ASSERT_THAT(asked, IsOk());
  const std::string name = asked->name();
  using Try = std::function<absl::Status(const std::string& who)>;
  const std::map<std::string, Try> about_it = {
      {"GetSupportRequest", [&](const std::string& who) { return Get(who, name).status(); }},
      {"ReadDetails", [&](const std::string& who) { return Read(who, name).status(); }},
      {"UpdateSupportRequest",
       [&](const std::string& who) {
         v1::UpdateSupportRequestRequest request;
         request.set_request_id(NewId());
         request.set_name(name);
         request.set_etag(asked->etag());
         request.set_urgency(v1::URGENCY_TODAY);
         request.set_due_date("2026-11-25");
         request.set_municipality_code("13104");
         request.mutable_household()->set_age_18_to_64(1);
         *request.mutable_details() = Details();
         return Do(&Stub::UpdateSupportRequest, who, request).status();
       }},
      {"ProposeHandover", [&](const std::string& who) { return Propose(who, name, kKitchen).status(); }},
      {"CancelHandover", [&](const std::string& who) { return Cancel(who, name).status(); }},
      {"AcknowledgeHandover", [&](const std::string& who) { return Acknowledge(who, name).status(); }},
      {"RefuseHandover", [&](const std::string& who) { return Refuse(who, name).status(); }},
      {"StartPreparing",
       [&](const std::string& who) {
         return Step<v1::StartPreparingRequest>(&Stub::StartPreparing, who, name).status();
       }},
      {"FulfilRequest", [&](const std::string& who) { return Fulfil(who, name, 1).status(); }},
      {"CompleteRequest", [&](const std::string& who) { return Complete(who, name).status(); }},
      {"DeclineRequest", [&](const std::string& who) { return Decline(who, name).status(); }},
      {"WithdrawRequest", [&](const std::string& who) { return Withdraw(who, name).status(); }},
      {"ReopenRequest", [&](const std::string& who) { return Reopen(who, name).status(); }},
      {"ListJournal", [&](const std::string& who) { return Journal(who, name).status(); }},
      {"ListLooks", [&](const std::string& who) { return Looks(who, name).status(); }},
  };
  // Judged below, as they are not about one request.
  const std::set<std::string> others = {"CreateSupportRequest", "ListSupportRequests", "ListAddressees",
                                        "GetSupportStatistics", "GetSupportSettings",  "UpdateSupportSettings",
                                        "ReadReached"};
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("kubari.support.v1.SupportService");
  for (int m = 0; m < service->method_count(); ++m) {
    const std::string& method = service->method(m)->name();
    EXPECT_EQ(about_it.count(method) + others.count(method), 1u) << method << " has no row";
  }
  // Roles that may hold requests, but have no part in this one, and those of another network.
  for (const std::string who : {"council", "kitchen", "coordinator", "far city", "far coordinator", "service"}) {
    for (const auto& [method, attempt] : about_it) {
      // A service passes every rule of roles, and is told who looked; never more.
      if (who == "service" && method == "ListLooks") continue;
      EXPECT_THAT(attempt(who), FailsBecause("REQUEST_NOT_FOUND")) << who << " " << method;
    }
    EXPECT_EQ(List(who)->support_requests_size(), 0) << who;
  }
  // Roles that never are parties.
  for (const std::string who : {"administrator", "auditor", "manager", "volunteer", "maker"}) {
    for (const auto& [method, attempt] : about_it) {
      if (who == "administrator" && method == "ListLooks") continue;
      EXPECT_THAT(attempt(who), FailsBecause("ROLE_NOT_ALLOWED")) << who << " " << method;
    }
    EXPECT_THAT(List(who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
    EXPECT_THAT(Ask(who), FailsBecause("ROLE_NOT_ALLOWED")) << who;
  }
  EXPECT_THAT(Get("", name), FailsWith(absl::StatusCode::kUnauthenticated));
  // What does not exist sounds the same.
  const auto missing = Get("council", "supportRequests/00000000-0000-7000-8000-00000000dead");
  EXPECT_EQ(errors::ReasonOf(missing.status()), "REQUEST_NOT_FOUND");
  // In another's name.
  v1::CreateSupportRequestRequest forged = Asking(kKitchen);
  forged.set_requester("organisations/" + kCouncil);
  EXPECT_THAT(Do(&Stub::CreateSupportRequest, "city", forged), FailsBecause("NOT_YOUR_ORGANISATION"));
  EXPECT_THAT(Ask("service"), FailsBecause("NOT_YOUR_ORGANISATION"));
  // The parties do see it.
  EXPECT_EQ(List("city")->support_requests_size(), 1);
  EXPECT_EQ(List("pantry")->support_requests_size(), 1);
}

// Row-level security says the same without any query's help.
TEST_F(SupportTest, TheDatabaseShowsOnlyToPartiesOfTheNetwork) {
  const std::string name = Ask("city", kPantry)->name();
  ASSERT_THAT(Acknowledge("pantry", name), IsOk());
  ASSERT_THAT(Propose("pantry", name, kKitchen), IsOk());
  ASSERT_THAT(Acknowledge("kitchen", name), IsOk());
  static constexpr pg::Statement kCount{
      "SELECT (SELECT count(*) FROM support_requests) AS requests, (SELECT count(*) FROM journal) AS journal, "
      "(SELECT count(*) FROM boxes) AS boxes, (SELECT count(*) FROM data_keys) AS keys"};
  const auto see = [&](const std::string& network, const std::vector<std::string>& parties) {
    std::string seen;
    const auto status = pool_.Read({.network_id = network}, [&](pg::Transaction& tx) -> absl::Status {
      ActFor(tx, parties);
      ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kCount));
      seen = absl::StrCat(rows[0].Get<int64_t>("requests"), "/", rows[0].Get<int64_t>("journal"), "/",
                          rows[0].Get<int64_t>("boxes"), "/", rows[0].Get<int64_t>("keys"));
      return absl::OkStatus();
    });
    EXPECT_THAT(status, IsOk());
    return seen;
  };
  EXPECT_EQ(see(kNetwork, {kCity}), "1/5/3/2");
  EXPECT_EQ(see(kNetwork, {kKitchen}), "1/5/3/2");
  EXPECT_EQ(see(kNetwork, {kPantry}), "1/5/0/0") << "a former party sees no box";
  EXPECT_EQ(see(kNetwork, {kOffice}), "0/0/0/0");
  EXPECT_EQ(see(kNetwork, {}), "0/0/0/0");
  EXPECT_EQ(see(kOtherNetwork, {kCity}), "0/0/0/0");
  EXPECT_EQ(see("", {kCity}), "0/0/0/0");
}

TEST_F(SupportTest, OfTwoWhoAcknowledgeAtOnceOneSucceeds) {
  for (int round = 0; round < 10; ++round) {
    const std::string name = Ask("city", kPantry)->name();
    std::atomic<int> succeeded = 0, late = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        const auto result = i % 3 == 2 ? Cancel("city", name) : Acknowledge(i % 3 == 0 ? "pantry" : "pantry 2", name);
        if (result.ok()) {
          ++succeeded;
        } else {
          const std::string reason = errors::ReasonOf(result.status());
          EXPECT_TRUE(reason == "NO_HANDOVER" || reason == "REQUEST_NOT_FOUND" || reason == "NOT_RESPONSIBLE")
              << reason;
          ++late;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(succeeded, 1);
    EXPECT_EQ(late, 5);
    const auto found = Get("city", name);
    ASSERT_THAT(found, IsOk());
    EXPECT_FALSE(found->has_handover());
    const auto journal = Journal("city", name);
    EXPECT_EQ(journal->entries_size(), 3) << "asked, proposed, and one answer";
    const bool taken = journal->entries(2).kind() == v1::JOURNAL_KIND_ACKNOWLEDGED;
    EXPECT_EQ(found->responsible(), "organisations/" + (taken ? kPantry : kCity));
  }
}

TEST_F(SupportTest, ADeliveryIsNotGivenTwice) {
  const std::string one = Ask("city", kPantry)->name(), two = Ask("council", kPantry)->name();
  ASSERT_THAT(Acknowledge("pantry", one), IsOk());
  ASSERT_THAT(Acknowledge("pantry", two), IsOk());
  std::atomic<int> given = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto result = Fulfil(i % 2 == 0 ? "pantry" : "pantry 2", i % 2 == 0 ? one : two, 4);
      if (result.ok()) {
        ++given;
      } else {
        EXPECT_EQ(errors::ReasonOf(result.status()), "DELIVERY_OVERDRAWN");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given, 2) << "10 items are there, and 4 are asked for each time";
  const auto over = Fulfil("pantry", one, 3);
  EXPECT_EQ(errors::MetadataOf(over.status())["free_items"], "2");
  EXPECT_THAT(Fulfil("pantry", one, 1, "00000000-0000-7000-8000-00000000dead"), FailsBecause("DELIVERY_NOT_FOUND"));
  // Another group's delivery.
  const std::string three = Ask("city", kKitchen)->name();
  ASSERT_THAT(Acknowledge("kitchen", three), IsOk());
  EXPECT_THAT(Fulfil("kitchen", three, 1), FailsBecause("DELIVERY_INVALID"));
}

TEST_F(SupportTest, AReplayGetsTheFirstAnswer) {
  const v1::CreateSupportRequestRequest asking = Asking();
  const auto first = Do(&Stub::CreateSupportRequest, "city", asking);
  const auto again = Do(&Stub::CreateSupportRequest, "city", asking);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(List("city")->support_requests_size(), 1);
  v1::CreateSupportRequestRequest changed = asking;
  changed.mutable_details()->set_days(3);
  EXPECT_THAT(Do(&Stub::CreateSupportRequest, "city", changed), FailsBecause("REQUEST_ID_REUSED"));
  EXPECT_THAT(Do(&Stub::CreateSupportRequest, "council", asking), FailsBecause("REQUEST_ID_REUSED"))
      << "an answer is for whom it was given";
  // Who refused is no party any more, and still hears that it worked.
  v1::RefuseHandoverRequest refusal;
  refusal.set_request_id(NewId());
  refusal.set_name(first->name());
  refusal.set_reason(v1::DECLINE_REASON_OTHER);
  ASSERT_THAT(Do(&Stub::RefuseHandover, "pantry", refusal), IsOk());
  ASSERT_THAT(Do(&Stub::RefuseHandover, "pantry", refusal), IsOk());
  EXPECT_EQ(Journal("city", first->name())->entries_size(), 3);
}

TEST_F(SupportTest, AllThatIsWrongIsToldAtOnceAndNothingIsWritten) {
  v1::CreateSupportRequestRequest request;
  request.set_request_id("1");
  request.set_requester("x");
  request.set_addressee("groups/" + kPantry);
  request.set_due_date("2026-11-20");
  request.set_municipality_code("00001");
  request.mutable_household()->set_age_0_to_2(31);
  request.mutable_household()->set_age_3_to_5(-1);
  request.mutable_details()->set_note("電話 090-1234-5678");
  const auto refused = Do(&Stub::CreateSupportRequest, "city", request);
  for (const auto& [field, reason] : std::map<std::string, std::string>{{"request_id", "NOT_A_UUID"},
                                                                        {"requester", "NOT_A_NAME"},
                                                                        {"addressee", "NOT_A_NAME"},
                                                                        {"urgency", "REQUIRED"},
                                                                        {"due_date", "OUT_OF_RANGE"},
                                                                        {"municipality_code", "NOT_A_MUNICIPALITY"},
                                                                        {"household.age_0_to_2", "OUT_OF_RANGE"},
                                                                        {"household.age_3_to_5", "OUT_OF_RANGE"},
                                                                        {"details.place", "REQUIRED"},
                                                                        {"details.days", "OUT_OF_RANGE"},
                                                                        {"details.note", "PERSONAL_DATA"}}) {
    EXPECT_THAT(refused, Violates(field, reason));
  }
  EXPECT_THAT(Ask("city", kMaker), FailsBecause("ADDRESSEE_INVALID"));
  EXPECT_THAT(Ask("city", kCity), FailsBecause("ADDRESSEE_INVALID"));
  EXPECT_THAT(Ask("city", "00000000-0000-7000-8000-00000000dead"), FailsBecause("ADDRESSEE_INVALID"));
  EXPECT_EQ(Sql("SELECT count(*) FROM support_requests"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes"), "0");
}

TEST_F(SupportTest, WhoAskedMaySayItAnew) {
  const auto asked = Ask();
  v1::UpdateSupportRequestRequest request;
  request.set_request_id(NewId());
  request.set_name(asked->name());
  request.set_etag(asked->etag());
  request.set_urgency(v1::URGENCY_TODAY);
  request.set_due_date("2026-11-22");
  request.set_municipality_code("13101");
  request.mutable_household()->set_age_65_and_over(2);
  *request.mutable_details() = Details();
  request.mutable_details()->clear_contact();
  request.mutable_details()->set_days(3);
  const auto updated = Do(&Stub::UpdateSupportRequest, "city", request);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->due_date(), "2026-11-22");
  const auto details = Read("pantry", asked->name());
  EXPECT_EQ(details->details().days(), 3);
  EXPECT_FALSE(details->has_contact());
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes WHERE field = 'contact'"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM data_keys WHERE part = 1"), "0");
  request.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::UpdateSupportRequest, "city", request), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Do(&Stub::UpdateSupportRequest, "pantry", request), FailsBecause("NOT_REQUESTER"));
}

TEST_F(SupportTest, ListsAreFilteredOrderedAndPaged) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) {
    v1::CreateSupportRequestRequest request = Asking(i % 2 == 0 ? kPantry : kKitchen);
    request.set_due_date(absl::StrCat("2026-11-2", 9 - i));
    if (i == 4) request.set_municipality_code("27100");
    clock_.Advance(absl::Seconds(1));
    const auto asked = Do(&Stub::CreateSupportRequest, "city", request);
    ASSERT_THAT(asked, IsOk());
    made.push_back(asked->name());
  }
  const auto names = [](const absl::StatusOr<v1::ListSupportRequestsResponse>& response) {
    std::vector<std::string> names;
    for (const auto& each : response->support_requests()) names.push_back(each.name());
    return names;
  };
  EXPECT_THAT(names(List("city")), ElementsAre(made[4], made[3], made[2], made[1], made[0])) << "first due first";
  v1::ListSupportRequestsRequest request;
  request.set_order_by("create_time desc");
  request.set_page_size(2);
  std::vector<std::string> paged;
  for (;;) {
    const auto page = List("city", request);
    ASSERT_THAT(page, IsOk());
    for (const std::string& name : names(page)) paged.push_back(name);
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_THAT(paged, ElementsAre(made[4], made[3], made[2], made[1], made[0]));
  request.set_order_by("due_date");
  EXPECT_THAT(List("city", request), FailsBecause("PAGE_TOKEN_INVALID"));

  v1::ListSupportRequestsRequest filter;
  filter.set_proposed_to_me(true);
  EXPECT_THAT(names(List("kitchen", filter)), ElementsAre(made[3], made[1]));
  EXPECT_TRUE(names(List("city", filter)).empty());
  filter.Clear();
  filter.set_municipality_code("27");
  EXPECT_THAT(names(List("city", filter)), ElementsAre(made[4]));
  filter.Clear();
  filter.set_code(absl::AsciiStrToLower(Get("city", made[2])->code().substr(0, 6)));
  EXPECT_THAT(names(List("city", filter)), ElementsAre(made[2]));
  filter.Clear();
  filter.add_states(v1::SUPPORT_STATE_DONE);
  EXPECT_TRUE(names(List("city", filter)).empty());
  // A day later the answers are overdue; ten days later all of it is.
  filter.Clear();
  filter.set_overdue(true);
  EXPECT_TRUE(names(List("city", filter)).empty());
  ASSERT_THAT(Acknowledge("kitchen", made[1]), IsOk());
  clock_.Advance(absl::Hours(25));
  EXPECT_THAT(names(List("city", filter)), ElementsAre(made[4], made[3], made[2], made[0]));
  EXPECT_TRUE(Get("city", made[0])->overdue());
  EXPECT_FALSE(Get("city", made[1])->overdue());
  filter.Clear();
  filter.set_responsible_me(true);
  EXPECT_THAT(names(List("kitchen", filter)), ElementsAre(made[1]));
  v1::ListAddresseesRequest addressees;
  addressees.set_kind(v1::ADDRESSEE_KIND_GROUP);
  EXPECT_EQ(Do(&Stub::ListAddressees, "city", addressees)->addressees_size(), 2);
}

TEST_F(SupportTest, CountsAreToldButNotSmallOnes) {
  for (int i = 0; i < 6; ++i) ASSERT_THAT(Ask("city", kPantry), IsOk());
  for (int i = 0; i < 2; ++i) {
    v1::CreateSupportRequestRequest request = Asking(kKitchen);
    request.set_municipality_code("27100");
    ASSERT_THAT(Do(&Stub::CreateSupportRequest, "council", request), IsOk());
  }
  const std::string first = List("pantry")->support_requests(0).name();
  clock_.Advance(absl::Hours(36));
  ASSERT_THAT(Acknowledge("pantry", first), IsOk());
  ASSERT_THAT(Fulfil("pantry", first, 5), IsOk());
  clock_.Advance(absl::Hours(36));
  ASSERT_THAT(Complete("pantry", first), IsOk());

  v1::GetSupportStatisticsRequest request;
  request.set_dimension(v1::SUPPORT_DIMENSION_MUNICIPALITY);
  const auto whole = Do(&Stub::GetSupportStatistics, "auditor", request);
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(whole->total().requests(), 8);
  EXPECT_EQ(whole->total().people(), 24);
  EXPECT_EQ(whole->total().done(), 1);
  EXPECT_EQ(whole->total().items(), 5);
  EXPECT_EQ(whole->total().deliveries(), 1);
  EXPECT_EQ(whole->total().households_reached(), 1);
  EXPECT_EQ(whole->total().median_days_to_acknowledge_tenths(), 15);
  EXPECT_EQ(whole->total().median_days_to_done_tenths(), 30);
  ASSERT_EQ(whole->rows_size(), 2);
  EXPECT_TRUE(whole->rows(0).suppressed());
  EXPECT_TRUE(whole->rows(1).suppressed());
  // Those of its own, exactly.
  const auto own = Do(&Stub::GetSupportStatistics, "council", request);
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->rows_size(), 1);
  EXPECT_EQ(own->rows(0).key(), "27100");
  EXPECT_EQ(own->rows(0).figures().requests(), 2);
  request.set_own(true);
  EXPECT_EQ(Do(&Stub::GetSupportStatistics, "coordinator", request)->total().requests(), 0);
  request.set_own(false);
  request.set_dimension(v1::SUPPORT_DIMENSION_AGE_BAND);
  const auto bands = Do(&Stub::GetSupportStatistics, "coordinator", request);
  ASSERT_EQ(bands->rows_size(), 2);
  EXPECT_EQ(bands->rows(0).key(), "AGE_0_TO_2");
  EXPECT_EQ(bands->rows(0).figures().requests(), 8);
  request.set_dimension(v1::SUPPORT_DIMENSION_MONTH);
  request.set_from_month("2026-12");
  EXPECT_TRUE(Do(&Stub::GetSupportStatistics, "coordinator", request)->total_suppressed());
  request.set_from_month("2026-11-01");
  EXPECT_THAT(Do(&Stub::GetSupportStatistics, "coordinator", request), Violates("from_month", "NOT_A_MONTH"));
  EXPECT_THAT(Do(&Stub::GetSupportStatistics, "volunteer", request), FailsBecause("ROLE_NOT_ALLOWED"));
}

TEST_F(SupportTest, ImpactReadsHowManyHouseholdsWereReachedAndNothingElse) {
  const auto read = [&](const std::string& who, int64_t after, int size = 1000) {
    v1::ReadReachedRequest request;
    request.set_after_position(after);
    request.set_page_size(size);
    return Do(&Stub::ReadReached, who, request);
  };
  EXPECT_EQ(read("service", 0)->reached_size(), 0);
  const std::string first = Ask()->name(), second = Ask()->name();
  for (const std::string& name : {first, second}) {
    ASSERT_THAT(Acknowledge("pantry", name), IsOk());
    ASSERT_THAT(Fulfil("pantry", name, 2), IsOk());
  }
  EXPECT_EQ(read("service", 0)->reached_size(), 0) << "given, but nobody said yet that it arrived";
  ASSERT_THAT(Complete("pantry", second), IsOk());
  ASSERT_THAT(Complete("pantry", first), IsOk());
  const auto both = read("service", 0);
  ASSERT_THAT(both, IsOk());
  ASSERT_EQ(both->reached_size(), 2);
  EXPECT_EQ(both->reached(0).support_request(), second);
  EXPECT_EQ(both->reached(0).households(), 1);
  EXPECT_THAT(both->reached(0).deliveries(), ElementsAre("deliveries/" + kDelivery));
  EXPECT_EQ(both->reached(1).support_request(), first);
  // What changes moves to the end.
  ASSERT_THAT(Reopen("city", second), IsOk());
  const auto later = read("service", both->reached(1).position());
  ASSERT_EQ(later->reached_size(), 1);
  EXPECT_EQ(later->reached(0).support_request(), second);
  EXPECT_EQ(later->reached(0).households(), 0);
  EXPECT_EQ(read("service", 0, 1)->reached(0).support_request(), first) << "in order, page by page";
  EXPECT_THAT(read("service", -1, 0), Violates("after_position", "OUT_OF_RANGE"));
  EXPECT_THAT(read("service", -1, 0), Violates("page_size", "OUT_OF_RANGE"));
  for (const std::string who : {"city", "pantry", "coordinator", "administrator", "auditor", "volunteer"}) {
    EXPECT_THAT(read(who, 0), FailsWith(absl::StatusCode::kPermissionDenied)) << who;
  }
}

TEST_F(SupportTest, SettingsAreTheAdministrators) {
  const auto before = Do(&Stub::GetSupportSettings, "city", v1::GetSupportSettingsRequest());
  ASSERT_THAT(before, IsOk());
  EXPECT_EQ(before->retention_days(), 180);
  v1::UpdateSupportSettingsRequest request;
  request.set_request_id(NewId());
  request.set_etag(before->etag());
  request.set_retention_days(30);
  request.set_answer_hours(48);
  request.set_answer_hours_today(2);
  EXPECT_THAT(Do(&Stub::UpdateSupportSettings, "coordinator", request), FailsBecause("ROLE_NOT_ALLOWED"));
  const auto after = Do(&Stub::UpdateSupportSettings, "administrator", request);
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->retention_days(), 30);
  request.set_request_id(NewId());
  EXPECT_THAT(Do(&Stub::UpdateSupportSettings, "administrator", request), FailsBecause("STALE_ETAG"));
  request.set_retention_days(4000);
  request.set_answer_hours(0);
  EXPECT_THAT(Do(&Stub::UpdateSupportSettings, "administrator", request), Violates("retention_days", "OUT_OF_RANGE"));
  EXPECT_THAT(Do(&Stub::UpdateSupportSettings, "administrator", request), Violates("answer_hours", "OUT_OF_RANGE"));
}

}  // namespace
}  // namespace kubari::support
