// What requests say about people is encrypted, cannot be changed unseen, is erased in time, and appears nowhere else.
#include <thread>

#include "absl/strings/escaping.h"
#include "kubari/notifications/v1/notice.pb.h"
#include "services/support/support_fixture.h"

namespace kubari::support {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;
using Stub = v1::SupportService::Stub;

// The text itself, and as PostgreSQL writes bytes.
void ExpectNoSecretIn(const std::string& text, const std::string& where) {
  ASSERT_FALSE(text.empty()) << where << ": nothing was looked at";
  for (const auto& [field, secret] : kSecrets) {
    EXPECT_EQ(text.find(secret), std::string::npos) << field << " is in " << where;
    EXPECT_EQ(text.find(absl::BytesToHexString(secret)), std::string::npos)
        << field << " is in " << where << " as bytes";
  }
}

TEST_F(SupportTest, ThePlaintextIsInNoTableNoLogNoErrorAndNoList) {
  ::testing::internal::CaptureStderr();
  const auto asked = Ask();
  ASSERT_THAT(asked, IsOk());
  const std::string name = asked->name();
  std::string answers = asked->SerializeAsString(), errors;
  const auto keep = [&](const absl::StatusOr<v1::SupportRequest>& result) {
    if (result.ok())
      answers += result->SerializeAsString();
    else
      errors += errors::DetailsOf(result.status()).SerializeAsString() + result.status().ToString();
  };
  keep(Acknowledge("pantry", name));
  keep(Propose("pantry", name, kOffice));
  keep(Propose("pantry", name, kKitchen));  // an error with a note in the request
  keep(Refuse("coordinator", name));
  keep(Fulfil("pantry", name, 100));
  keep(Fulfil("pantry", name, 2));
  keep(Complete("council", name));
  v1::CreateSupportRequestRequest wrong = Asking();
  wrong.mutable_details()->set_note(kSecrets.at("note") + " 090-1234-5678");
  wrong.mutable_details()->set_place_text(kSecrets.at("place_text") + std::string(300, 'x'));
  wrong.mutable_details()->set_contact(kSecrets.at("contact") + std::string(300, 'x'));
  wrong.mutable_details()->set_partner_reference(kSecrets.at("partner_reference") + "\x01");
  keep(Do(&Stub::CreateSupportRequest, "city", wrong));
  ASSERT_THAT(Read("pantry", name), IsOk());
  ASSERT_THAT(Journal("pantry", name), IsOk());
  Published("youth");
  ASSERT_THAT(Apply(Applying("youth")), IsOk());
  Upkeep(pool_, keys_, clock_).Run().IgnoreError();
  answers += List("city")->SerializeAsString() + List("pantry")->SerializeAsString();
  answers += Looks("administrator", "")->SerializeAsString();
  v1::GetSupportStatisticsRequest statistics;
  answers += Do(&Stub::GetSupportStatistics, "auditor", statistics)->SerializeAsString() + ".";
  ExpectNoSecretIn(::testing::internal::GetCapturedStderr(), "the log");
  ExpectNoSecretIn(answers, "an answer that is not ReadDetails or ListJournal");
  ExpectNoSecretIn(errors, "an error");
  const std::string everything = Everything();
  EXPECT_THAT(everything, HasSubstr("support_requests"));
  EXPECT_THAT(everything, HasSubstr("outbox"));
  EXPECT_THAT(everything, HasSubstr(asked->name().substr(16)));
  ExpectNoSecretIn(everything, "a table");
  // Neither is the receipt, nor the hash from which a short text could be guessed.
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes WHERE box IS NOT NULL") == "0", false);
}

TEST_F(SupportTest, TheRecordOfARequestIsNoOracle) {
  const v1::CreateSupportRequestRequest asking = Asking();
  ASSERT_THAT(Do(&Stub::CreateSupportRequest, "city", asking), IsOk());
  const std::string stored = Sql("SELECT encode(request_hash, 'hex') FROM requests");
  EXPECT_NE(stored, absl::BytesToHexString(pg::RequestHash(asking)))
      << "whoever guesses the content could check the guess";
}

TEST_F(SupportTest, WhatWasChangedIsDetectedAndNamedWithoutContent) {
  const std::string one = Ask()->name(), two = Ask("council")->name();
  const std::string id = one.substr(16), other = two.substr(16);
  const auto damaged = [&](const std::string& field) {
    const auto read = Read("city", one);
    EXPECT_THAT(read, FailsBecause("DETAILS_DAMAGED"));
    EXPECT_EQ(errors::MetadataOf(read.status())["field"], field);
    EXPECT_EQ(errors::MetadataOf(read.status())["resource"], one);
    ExpectNoSecretIn(errors::DetailsOf(read.status()).SerializeAsString() + read.status().ToString(), "the error");
  };
  const auto with = [&](const std::string& change, const std::string& field) {
    Sql(
        absl::StrCat("DROP TABLE IF EXISTS kept_boxes, kept_keys; CREATE TABLE kept_boxes AS SELECT * FROM boxes; "
                     "CREATE TABLE kept_keys AS SELECT * FROM data_keys; ",
                     change));
    damaged(field);
    Sql("DELETE FROM boxes; DELETE FROM data_keys; INSERT INTO boxes SELECT * FROM kept_boxes; "
        "INSERT INTO data_keys SELECT * FROM kept_keys");
    EXPECT_THAT(Read("city", one), IsOk());
  };
  ASSERT_THAT(Read("city", one), IsOk());
  with(absl::StrCat(
           "UPDATE boxes SET box = set_byte(box, 40, get_byte(box, 40) # 1) WHERE field = 'details' AND owner_id = '",
           id, "'"),
       "details");
  with(absl::StrCat("UPDATE boxes SET box = substr(box, 1, 20) WHERE field = 'contact' AND owner_id = '", id, "'"),
       "contact");
  // Another request's box or key in its place.
  with(absl::StrCat("UPDATE boxes SET box = (SELECT box FROM boxes WHERE field = 'details' AND owner_id = '", other,
                    "') WHERE field = 'details' AND owner_id = '", id, "'"),
       "details");
  with(absl::StrCat(
           "UPDATE data_keys SET sealed_key = (SELECT sealed_key FROM data_keys WHERE part = 2 AND owner_id = '", other,
           "') WHERE part = 2 AND owner_id = '", id, "'"),
       "key/2");
  with(absl::StrCat("DELETE FROM data_keys WHERE part = 2 AND owner_id = '", id, "'"), "details");
  with(absl::StrCat("DELETE FROM boxes WHERE field = 'details' AND owner_id = '", id, "'"), "details");
}

TEST_F(SupportTest, DetailsAreErasedInTimeAndTheCountsStay) {
  const std::string name = Ask()->name();
  const std::string id = name.substr(16);
  ASSERT_THAT(Acknowledge("pantry", name), IsOk());
  ASSERT_THAT(Propose("pantry", name, kKitchen), IsOk());
  ASSERT_THAT(Cancel("pantry", name), IsOk());
  ASSERT_THAT(Complete("pantry", name), IsOk());
  // The contact first.
  EXPECT_EQ(Sql("SELECT string_agg(field, ',' ORDER BY field) FROM boxes"), "details,note/4,note/6");
  EXPECT_EQ(Sql("SELECT string_agg(part::text, ',') FROM data_keys"), "2");
  EXPECT_EQ(Read("city", name)->details().contact(), "");
  Upkeep upkeep(pool_, keys_, clock_);
  clock_.Advance(absl::Hours(24) * 179);
  ASSERT_THAT(upkeep.Run(), IsOk());
  ASSERT_THAT(Read("city", name), IsOk()) << "a day too early";
  clock_.Advance(absl::Hours(25));
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_THAT(Read("city", name), FailsBecause("DETAILS_ERASED"));
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM data_keys"), "0");
  const auto found = Get("city", name);
  ASSERT_THAT(found, IsOk());
  EXPECT_TRUE(found->erased());
  EXPECT_EQ(found->municipality_code(), "13104");
  EXPECT_EQ(found->household().age_18_to_64(), 2);
  EXPECT_THAT(Reopen("city", name), FailsBecause("DETAILS_ERASED"));
  const auto journal = Journal("city", name);
  ASSERT_EQ(journal->entries_size(), 7);
  EXPECT_EQ(journal->entries(6).kind(), v1::JOURNAL_KIND_ERASED);
  for (const v1::JournalEntry& entry : journal->entries()) EXPECT_EQ(entry.note(), "");
  v1::GetSupportStatisticsRequest statistics;
  EXPECT_EQ(Do(&Stub::GetSupportStatistics, "city", statistics)->total().people(), 3);
  // Once: nothing is done twice.
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(Journal("city", name)->entries_size(), 7);
}

TEST_F(SupportTest, AShorterRetentionCountsForWhatIsClosedAlready) {
  const std::string name = Ask()->name();
  ASSERT_THAT(Withdraw("city", name), IsOk());
  const std::string open = Ask()->name();
  Upkeep upkeep(pool_, keys_, clock_);
  clock_.Advance(absl::Hours(24) * 8);
  v1::UpdateSupportSettingsRequest request;
  request.set_request_id(NewId());
  request.set_etag("1");
  request.set_retention_days(7);
  request.set_answer_hours(24);
  request.set_answer_hours_today(3);
  ASSERT_THAT(Do(&Stub::UpdateSupportSettings, "administrator", request), IsOk());
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_TRUE(Get("city", name)->erased());
  EXPECT_FALSE(Get("city", open)->erased()) << "it is open";
}

TEST_F(SupportTest, WhatNobodyClosesIsAnnouncedThenClosedAndErased) {
  const std::string name = Ask()->name();  // needed by 2026-11-28
  ASSERT_THAT(Acknowledge("pantry", name), IsOk());
  ASSERT_THAT(Propose("pantry", name, kKitchen), IsOk());
  Upkeep upkeep(pool_, keys_, clock_);
  const auto announced = [&] { return Sql("SELECT count(*) FROM support_requests WHERE abandon_time IS NOT NULL"); };
  // Half a year since the last step is not yet half a year since the day on which it was needed.
  clock_.Advance(absl::Hours(24) * 186);
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(announced(), "0");
  EXPECT_FALSE(Get("city", name)->has_erase_time());
  clock_.Advance(absl::Hours(24) * 2);
  Sql("DELETE FROM outbox");
  ASSERT_THAT(upkeep.Run(), IsOk());
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(announced(), "1");
  const auto told = [&](const std::string& text) {
    return Sql(absl::StrCat("SELECT count(*) FROM outbox WHERE position('", text, "'::bytea IN notice) > 0"));
  };
  EXPECT_EQ(told("closed and erased"), "1") << "once, to all parties";
  EXPECT_EQ(told(kKitchen), "1") << "also to whom it is proposed";
  EXPECT_EQ(Get("city", name)->erase_time().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(24) * 14));

  // A step takes it back, and half a year begins anew.
  clock_.Advance(absl::Hours(24) * 13);
  ASSERT_THAT(Refuse("kitchen", name), IsOk());
  EXPECT_EQ(announced(), "0");
  clock_.Advance(absl::Hours(24) * 2);
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(Get("city", name)->state(), v1::SUPPORT_STATE_ACKNOWLEDGED);
  ASSERT_THAT(Read("city", name), IsOk());

  clock_.Advance(absl::Hours(24) * 179);
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(announced(), "1");
  clock_.Advance(absl::Hours(24) * 13);
  ASSERT_THAT(upkeep.Run(), IsOk());
  ASSERT_THAT(Read("city", name), IsOk()) << "a day too early";
  clock_.Advance(absl::Hours(25));
  Sql("DELETE FROM outbox");
  ASSERT_THAT(upkeep.Run(), IsOk());
  ASSERT_THAT(upkeep.Run(), IsOk());
  const auto ended = Get("city", name);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->state(), v1::SUPPORT_STATE_DECLINED);
  EXPECT_EQ(ended->decline_reason(), v1::DECLINE_REASON_ABANDONED);
  EXPECT_TRUE(ended->erased());
  EXPECT_THAT(Read("city", name), FailsBecause("DETAILS_ERASED"));
  EXPECT_THAT(Reopen("city", name), FailsBecause("DETAILS_ERASED"));
  EXPECT_EQ(Sql("SELECT count(*) FROM boxes"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM data_keys"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM outbox"), "1") << "what became of it, to both";
  const auto journal = Journal("pantry", name);
  const int last = journal->entries_size() - 1;
  EXPECT_EQ(journal->entries(last - 1).kind(), v1::JOURNAL_KIND_DECLINED);
  EXPECT_EQ(journal->entries(last - 1).reason(), v1::DECLINE_REASON_ABANDONED);
  EXPECT_EQ(journal->entries(last - 1).actor(), "");
  EXPECT_EQ(journal->entries(last).kind(), v1::JOURNAL_KIND_ERASED);
  // Nobody but time may say so.
  const std::string other = Ask()->name();
  ASSERT_THAT(Acknowledge("pantry", other), IsOk());
  EXPECT_THAT(Step<v1::DeclineRequestRequest>(&Stub::DeclineRequest, "pantry", other,
                                              [](auto& request) { request.set_reason(v1::DECLINE_REASON_ABANDONED); }),
              errors::Violates("reason", "UNKNOWN_VALUE"));
}

TEST_F(SupportTest, ALongerRetentionTakesBackWhatWasAnnounced) {
  const std::string name = Ask()->name();
  Upkeep upkeep(pool_, keys_, clock_);
  clock_.Advance(absl::Hours(24) * 190);
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_TRUE(Get("city", name)->has_erase_time());
  v1::UpdateSupportSettingsRequest request;
  request.set_request_id(NewId());
  request.set_etag("1");
  request.set_retention_days(365);
  request.set_answer_hours(24);
  request.set_answer_hours_today(3);
  ASSERT_THAT(Do(&Stub::UpdateSupportSettings, "administrator", request), IsOk());
  clock_.Advance(absl::Hours(24) * 15);
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_FALSE(Get("city", name)->has_erase_time());
  EXPECT_EQ(Get("city", name)->state(), v1::SUPPORT_STATE_REQUESTED);
}

TEST_F(SupportTest, WhatIsOverdueIsToldOnceAWeekToBothSides) {
  const std::string name = Ask()->name();
  Upkeep upkeep(pool_, keys_, clock_);
  const auto told = [&] { return Sql("SELECT count(*) FROM outbox"); };
  EXPECT_EQ(told(), "1") << "that it was asked";
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(told(), "1");
  clock_.Advance(absl::Hours(25));
  ASSERT_THAT(upkeep.Run(), IsOk());
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(told(), "2");
  clock_.Advance(absl::Hours(24 * 7 + 1));
  ASSERT_THAT(upkeep.Run(), IsOk());
  EXPECT_EQ(told(), "3");
}

TEST_F(SupportTest, NoticesNameTheRequestAndNothingElse) {
  const std::string name = Ask()->name();
  ASSERT_THAT(Acknowledge("pantry", name), IsOk());
  ASSERT_THAT(Complete("pantry", name), IsOk());
  std::vector<std::string> kinds;
  ASSERT_THAT(pool_.Read({.network_id = kNetwork},
                         [&](pg::Transaction& tx) -> absl::Status {
                           static constexpr pg::Statement kNotices{
                               "SELECT notice FROM outbox ORDER BY written_time, notice_id"};
                           ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNotices));
                           for (const pg::Row row : rows) {
                             notifications::v1::Notice notice;
                             EXPECT_TRUE(notice.ParseFromString(row.Get<pg::Bytes>("notice").value));
                             ExpectNoSecretIn(notice.DebugString() + notice.SerializeAsString(), "a notice");
                             EXPECT_EQ(notice.link(), "/support/" + name.substr(16));
                             kinds.push_back(absl::StrCat(notifications::v1::NoticeKind_Name(notice.kind()), " ",
                                                          type::v1::Role_Name(notice.audiences(0).holders().role())));
                           }
                           return absl::OkStatus();
                         }),
              IsOk());
  EXPECT_THAT(kinds, ::testing::UnorderedElementsAre("NOTICE_KIND_SUPPORT_REQUESTED ROLE_GROUP",
                                                     "NOTICE_KIND_HANDOVER_ANSWERED ROLE_PARTNER",
                                                     "NOTICE_KIND_SUPPORT_DONE ROLE_PARTNER"));
}

TEST_F(SupportTest, TheInstallationKeyCanBeChangedAndAWrongOneIsNoticed) {
  const std::string name = Ask()->name();
  const Key next = Key::Random();
  Keys wrong(pool_, clock_, next, std::nullopt);
  const absl::Status refused = wrong.Rotate();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr(installation_.Fingerprint()));
  EXPECT_THAT(std::string(refused.message()),
              Not(HasSubstr(absl::BytesToHexString(absl::string_view(installation_.bytes().data(), 32)))));
  Keys rotating(pool_, clock_, next, installation_);
  ASSERT_THAT(rotating.Rotate(), IsOk());
  EXPECT_EQ(Sql("SELECT sealed_by FROM networks"), next.Fingerprint());
  Keys after(pool_, clock_, next, std::nullopt);
  ASSERT_THAT(after.Rotate(), IsOk());
  const auto network = after.Find(kNetwork, absl::InfiniteFuture());
  ASSERT_THAT(network, IsOk());
  EXPECT_EQ(network->key.bytes(), keys_.Find(kNetwork, absl::InfiniteFuture())->key.bytes());
  Keys before(pool_, clock_, installation_, std::nullopt);
  EXPECT_FALSE(before.Rotate().ok()) << "the old key opens nothing any more";
}

TEST_F(SupportTest, ManyFirstRequestsOfANetworkAgreeOnOneKey) {
  std::vector<std::thread> threads;
  std::vector<std::string> names(6);
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto asked = Ask(i % 2 == 0 ? "city" : "council");
      EXPECT_THAT(asked, IsOk());
      if (asked.ok()) names[i] = asked->name();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Keys fresh(pool_, clock_, installation_, std::nullopt);
  EXPECT_EQ(fresh.Find(kNetwork, absl::InfiniteFuture())->key.bytes(),
            keys_.Find(kNetwork, absl::InfiniteFuture())->key.bytes());
  for (int i = 0; i < 6; ++i) EXPECT_THAT(Read(i % 2 == 0 ? "city" : "council", names[i]), IsOk());
}

}  // namespace
}  // namespace kubari::support
