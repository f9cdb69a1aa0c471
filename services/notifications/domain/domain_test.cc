#include <arpa/inet.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "services/notifications/domain/kinds.h"
#include "services/notifications/domain/letters.h"
#include "services/notifications/domain/mail.h"
#include "services/notifications/domain/schedule.h"
#include "services/notifications/domain/stop_link.h"
#include "services/notifications/domain/webhook.h"
#include "services/notifications/smtp.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
  return zone;
}

TEST(Kinds, EveryKindOfTheContractHasItsRule) {
  const auto* all = google::protobuf::GetEnumDescriptor<pb::NoticeKind>();
  std::set<int> known;
  for (const KindRule& rule : AllKinds()) EXPECT_TRUE(known.insert(rule.kind).second) << NameOf(rule.kind);
  for (int i = 0; i < all->value_count(); ++i) {
    EXPECT_TRUE(all->value(i)->number() == 0 || known.contains(all->value(i)->number())) << all->value(i)->name();
  }
  EXPECT_EQ(NameOf(pb::NOTICE_KIND_LINES_OFFERED), "LINES_OFFERED");
  EXPECT_EQ(NameOf(static_cast<pb::NoticeKind>(4711)), "KIND_4711");
  EXPECT_EQ(TimingOf(pb::NOTICE_KIND_RECALL, {{pb::NOTICE_KIND_RECALL, pb::TIMING_NEVER}}), pb::TIMING_AT_ONCE);
  EXPECT_EQ(TimingOf(pb::NOTICE_KIND_LINE_REFUSED, {}), pb::TIMING_DAILY);
  EXPECT_EQ(TimingOf(pb::NOTICE_KIND_LINE_REFUSED, {{pb::NOTICE_KIND_LINE_REFUSED, pb::TIMING_NEVER}}), pb::TIMING_NEVER);
}

TEST(Schedule, PausesDoubleUpToTheLongestAndEnd) {
  const Schedule schedule;
  const absl::Time first = absl::FromUnixSeconds(1'790'000'000);
  absl::Time now = first;
  std::vector<int64_t> minutes;
  int failures = 0;
  while (const auto next = NextAttempt(schedule, ++failures, first, now)) {
    minutes.push_back(absl::ToInt64Minutes(*next - now));
    now = *next;
  }
  EXPECT_EQ((std::vector<int64_t>(minutes.begin(), minutes.begin() + 10)), (std::vector<int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 240, 240}));
  EXPECT_EQ(now, first + absl::Hours(72));
  EXPECT_TRUE(NextAttempt(schedule, 1'000'000, first, first).has_value());
}

TEST(Schedule, TheDigestLeavesAtTheNextSuchHourThere) {
  const absl::Time eight = absl::FromCivil(absl::CivilMinute(2026, 10, 1, 8, 0), Zone("Asia/Tokyo"));
  EXPECT_EQ(NextDigest(eight, 8, Zone("Asia/Tokyo")), eight + absl::Hours(24));
  EXPECT_EQ(NextDigest(eight - absl::Seconds(1), 8, Zone("Asia/Tokyo")), eight);
  EXPECT_EQ(NextDigest(eight, 7, Zone("Asia/Tokyo")), eight + absl::Hours(23));
  // An hour that does not exist that day.
  const absl::Time before = absl::FromCivil(absl::CivilMinute(2026, 3, 29, 0, 0), Zone("Europe/Berlin"));
  EXPECT_GT(NextDigest(before, 2, Zone("Europe/Berlin")), before);
}

TEST(Mail, NothingInAFieldMakesAnotherHeader) {
  const std::string message = Compose({.from = {"A\r\nBcc: x@example.org", "kubari@example.org"},
                                       .to = {"配\r\nX: y", "a@example.org"},
                                       .subject = "hello\r\nBcc: y@example.org\r\n\r\nbody",
                                       .text = "x",
                                       .locale = "en",
                                       .message_id = "1@example.org",
                                       .date = absl::FromUnixSeconds(0)});
  const std::string head = message.substr(0, message.find("\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(head, Not(HasSubstr("\nX:")));
  EXPECT_THAT(head, HasSubstr("Date: Thu, 01 Jan 1970 00:00:00 +0000"));
}

TEST(Mail, LongJapaneseSubjectsAreCutBetweenCharacters) {
  std::string subject;
  for (int i = 0; i < 100; ++i) subject += "寄";
  std::string decoded;
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(EncodedText(subject), "\r\n "))) {
    EXPECT_LE(word.size(), 75u);
    std::string bytes;
    ASSERT_TRUE(absl::Base64Unescape(word.substr(10, word.size() - 12), &bytes));
    EXPECT_EQ(bytes.size() % 3, 0u);
    decoded += bytes;
  }
  EXPECT_EQ(decoded, subject);
  EXPECT_EQ(EncodedText("Plain text"), "Plain text");
  EXPECT_THAT(EncodedText("=?UTF-8?Q?x?="), HasSubstr("=?UTF-8?B?"));
  EXPECT_EQ(EncodedMailbox({"Taro Yamada", "t@example.org"}), "Taro Yamada <t@example.org>");
  EXPECT_EQ(EncodedMailbox({"", "t@example.org"}), "t@example.org");
  EXPECT_EQ(ParseMailbox("\"Kubari, Inc.\" <k@example.org>").name, "Kubari, Inc.");
  EXPECT_EQ(ParseMailbox(" k@example.org ").email, "k@example.org");
}

TEST(Mail, LinesAreShort) {
  Mail mail{.from = {"", "a@example.org"}, .to = {"", "b@example.org"}, .subject = std::string(500, 'x'), .text = std::string(10'000, 'y'), .locale = "ja",
            .message_id = "1@example.org"};
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(Compose(mail), "\r\n"))) EXPECT_LE(line.size(), 998u);
}

TEST(Settings, AreReadOrToldWhatIsWrong) {
  EXPECT_EQ(*ParseSmtpSettings("# nothing\nurl =\nfrom =\n"), std::nullopt);
  const auto good = ParseSmtpSettings("url = smtps://mail.example:465\nfrom = K <k@example.org>\nuser=u\npassword = p=w d\nreply_to = r@example.org\n");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ((*good)->password, "p=w d");
  EXPECT_EQ((*good)->Server(), "mail.example:465");
  EXPECT_TRUE((*good)->encrypted);
  const auto bad = ParseSmtpSettings("url = http://u:secret@x\nfrom = none\nuser = hidden-user\nencryption = maybe\nnonsense\ncolour = red\n");
  ASSERT_FALSE(bad.ok());
  for (const char* part : {"line 4", "line 5", "line 6", "url does not begin", "from is no", "belong together"}) {
    EXPECT_THAT(std::string(bad.status().message()), HasSubstr(part));
  }
  EXPECT_THAT(std::string(bad.status().message()), Not(HasSubstr("hidden-user")));
  EXPECT_THAT(std::string(bad.status().message()), Not(HasSubstr("secret")));
}

TEST(Vault, OpensOnlyWithItsKey) {
  const std::string key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const auto vault = Vault::FromHex(key), other = Vault::FromHex("f" + key.substr(1));
  ASSERT_TRUE(vault && other);
  EXPECT_EQ(vault->Open(vault->Seal("配る")), "配る");
  EXPECT_EQ(other->Open(vault->Seal("配る")), std::nullopt);
  EXPECT_NE(vault->Seal("x"), vault->Seal("x"));
  for (const std::string& bad : {std::string(), key.substr(1), key + "00", "z" + key.substr(1)}) EXPECT_FALSE(Vault::FromHex(bad)) << bad;
}

TEST(Vault, WhatItSignedIsReadAndNothingElse) {
  const std::string key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const auto vault = Vault::FromHex(key), other = Vault::FromHex("f" + key.substr(1));
  const std::string token = vault->Sign("配る 1");
  EXPECT_EQ(vault->ReadSigned(token), "配る 1");
  EXPECT_EQ(vault->Sign("配る 1"), token) << "the same link in each copy of an e-mail";
  EXPECT_EQ(other->ReadSigned(token), std::nullopt);
  EXPECT_EQ(vault->ReadSigned(token + "A"), std::nullopt);
  EXPECT_EQ(vault->ReadSigned(token.substr(1)), std::nullopt);
  for (const char* bad : {"", "A", "ABCDEFGHIJKLMNOPQRSTUV", "!!!!"}) EXPECT_EQ(vault->ReadSigned(bad), std::nullopt) << bad;
}

TEST(StopLink, SaysWhoseAndWhichKinds) {
  const StopLink link{.network_id = "00000000-0000-4000-8000-000000000001",
                      .person_id = "00000000-0000-4000-8000-000000000002",
                      .kinds = {pb::NOTICE_KIND_LINES_OFFERED, pb::NOTICE_KIND_STOCK_ALERTS}};
  const auto read = ReadStopLink(TextOf(link));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->network_id, link.network_id);
  EXPECT_EQ(read->person_id, link.person_id);
  EXPECT_EQ(read->kinds, link.kinds);
  const std::string text = TextOf(link);
  for (const std::string& bad : {std::string(), text + " x", text + " 9999", "2" + text, text.substr(0, text.find(' ', 60))}) {
    EXPECT_FALSE(ReadStopLink(bad)) << bad;
  }
  EXPECT_EQ(StopUrl("https://kubari.example", "T-_="), "https://kubari.example/stop-emails?t=T-_=");
}

// Vector of the Standard Webhooks specification.
TEST(Webhook, SignsAsTheSpecificationDoes) {
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &key));
  EXPECT_EQ(WebhookSignature({key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

bool Allowed(const char* text, bool allow_private) {
  sockaddr_in v4{.sin_family = AF_INET};
  sockaddr_in6 v6{.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) return AddressAllowed(reinterpret_cast<const sockaddr&>(v4), allow_private);
  EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return AddressAllowed(reinterpret_cast<const sockaddr&>(v6), allow_private);
}

TEST(Webhook, AddressesInsideAreKeptOut) {
  for (const char* outside : {"203.0.113.9", "8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"}) EXPECT_TRUE(Allowed(outside, false)) << outside;
  for (const char* inside : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
                             "2002:7f00:1::"}) {
    EXPECT_FALSE(Allowed(inside, false)) << inside;
    EXPECT_TRUE(Allowed(inside, true)) << inside;
  }
  // The address of clouds' metadata services, and what is no host at all.
  for (const char* never : {"169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "::ffff:169.254.169.254"}) {
    EXPECT_FALSE(Allowed(never, true)) << never;
  }
}

TEST(Webhook, HostsWrittenInOddWaysAreSeenThrough) {
  for (const char* url : {"https://127.0.0.1/", "https://localhost/", "https://LOCALHOST./", "https://x.localhost/", "https://[::1]/", "https://2130706433/",
                          "https://0x7f.1/", "https://127.1/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/"}) {
    EXPECT_NE(ForbiddenHost(url, false), "") << url;
  }
  EXPECT_EQ(ForbiddenHost("https://hook.example/", false), "");
  const auto reasons = [](const std::string& url, bool allow_private) {
    errors::Violations violations;
    CheckUrl(violations, "url", url, allow_private);
    return errors::ViolationsOf(violations.status()).size();
  };
  EXPECT_EQ(reasons("https://hook.example/a?b=c", false), 0u);
  EXPECT_EQ(reasons("http://hook.example/", false), 1u);
  EXPECT_EQ(reasons("http://hook.example/", true), 0u);
  EXPECT_EQ(reasons("file:///etc/passwd", true), 1u);
  EXPECT_EQ(reasons("nonsense", false), 1u);
}

}  // namespace
}  // namespace kubari::notifications
