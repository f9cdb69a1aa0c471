#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/identity/domain/grants.h"
#include "services/identity/domain/invite_codes.h"
#include "services/identity/domain/names.h"
#include "services/identity/domain/passwords.h"

namespace kubari::identity {
namespace {

using namespace kubari::type::v1;
using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

TEST(Names, EmailAddresses) {
  for (const char* good : {"a@b.jp", "taro.yamada+kubari@mail.example.co.jp", "配り@例え.jp"})
    EXPECT_TRUE(IsEmail(good)) << good;
  for (const char* bad :
       {"", "a", "@b.jp", "a@", "a@b", "a@b.", "a@.jp", "a@@b.jp", "a b@c.jp", "a@b.jp,c@d.jp", "a@b.jp\n"}) {
    EXPECT_FALSE(IsEmail(bad)) << bad;
  }
  EXPECT_FALSE(IsEmail(std::string(250, 'a') + "@b.jp"));
  EXPECT_EQ(EmailKey(" Hanako@Example.ORG "), "hanako@example.org");
}

TEST(Names, NetworkCodes) {
  for (const char* good : {"ab", "kansai-2", "0-9", "a234567890123456789012345678901234567890"})
    EXPECT_TRUE(IsNetworkCode(good)) << good;
  for (const char* bad : {"", "a", "Kansai", "a_b", "a b", "関西", "a2345678901234567890123456789012345678901"}) {
    EXPECT_FALSE(IsNetworkCode(bad)) << bad;
  }
  EXPECT_EQ(NormalNetworkCode(" Kansai "), "kansai");
}

TEST(Passwords, Policy) {
  const auto judge = [](std::string_view password) {
    errors::Violations violations;
    CheckNewPassword(violations, "p", password);
    return violations.status();
  };
  EXPECT_THAT(judge("correct horse"), IsOk());
  EXPECT_THAT(judge("あさごはんはたまごとみそしる"), IsOk());
  EXPECT_THAT(judge(std::string(190, 'x') + "abcdefghij"), IsOk());
  EXPECT_THAT(judge(""), Violates("p", "REQUIRED"));
  EXPECT_THAT(judge("elevenchars"), Violates("p", "TOO_SHORT"));
  EXPECT_THAT(judge("あさごはんはたまごと"), Violates("p", "TOO_SHORT"));
  EXPECT_THAT(judge(std::string(191, 'x') + "abcdefghij"), Violates("p", "TOO_LONG"));
  EXPECT_THAT(judge("aaaaaaaaaaaa"), Violates("p", "TOO_SIMPLE"));
  EXPECT_THAT(judge("123412341234"), Violates("p", "TOO_SIMPLE"));
  EXPECT_THAT(judge("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4"), Violates("p", "NOT_TEXT"));
}

TEST(Passwords, FiveAttemptsInFifteenMinutes) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const auto ago = [&](std::vector<int> minutes) {
    std::vector<absl::Time> times;
    for (const int m : minutes) times.push_back(now - absl::Minutes(m));
    return WaitBeforeAttempt(times, now);
  };
  EXPECT_EQ(ago({}), absl::ZeroDuration());
  EXPECT_EQ(ago({1, 2, 3, 4}), absl::ZeroDuration());
  EXPECT_EQ(ago({1, 2, 3, 4, 14}), absl::Minutes(1));
  EXPECT_EQ(ago({1, 2, 3, 4, 15}), absl::ZeroDuration());
  EXPECT_EQ(ago({14, 3, 2, 1, 0, 4}), absl::Minutes(11)) << "the fifth last decides, in any order";
  const absl::Status status = TooManyAttempts(absl::Minutes(11));
  EXPECT_THAT(status, FailsBecause("TOO_MANY_ATTEMPTS"));
  EXPECT_EQ(errors::MetadataOf(status).at("retry_seconds"), "660");
}

TEST(InviteCodes, AreReadAloudAndTypedInManyWays) {
  const std::string code = "ABCDEFGHJKLMNPQRST23";
  EXPECT_EQ(FormatInviteCode(code), "ABCDE-FGHJK-LMNPQ-RST23");
  for (const char* typed : {"ABCDE-FGHJK-LMNPQ-RST23", "abcdefghjklmnpqrst23", " abcde fghjk\tlmnpq rst23\n",
                            "ＡＢＣＤＥ－ｆｇｈｊｋ　ＬＭＮＰＱ‐ＲＳＴ２３", "ABCDE−FGHJK–LMNPQーRST23"}) {
    EXPECT_EQ(NormalInviteCode(typed), code) << typed;
  }
  for (const char* wrong : {"", "-", "ABCDEFGHJKLMNPQRST2", "ABCDEFGHJKLMNPQRST234", "0BCDEFGHJKLMNPQRST23",
                            "OBCDEFGHJKLMNPQRST23", "1BCDEFGHJKLMNPQRST23", "IBCDEFGHJKLMNPQRST23",
                            "ABCDE_FGHJK_LMNPQ_RST23", "あBCDEFGHJKLMNPQRST23", "\xEF", "\xEF\xBC"}) {
    EXPECT_EQ(NormalInviteCode(wrong), "") << wrong;
  }
}

TEST(InviteCodes, RevokedBeforeExpiredBeforeUsedUp) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000), later = now + absl::Seconds(1);
  EXPECT_EQ(JudgeInvite(false, later, 1, now), InviteState::kWorks);
  EXPECT_EQ(JudgeInvite(false, later, 0, now), InviteState::kUsedUp);
  EXPECT_EQ(JudgeInvite(false, now, 0, now), InviteState::kExpired);
  EXPECT_EQ(JudgeInvite(true, now, 0, now), InviteState::kRevoked);
}

TEST(Grants, RolesFitKinds) {
  // One letter per kind, in the contract's order: Intermediary, Operator, Donor, Group, Auditor, Partner.
  const struct {
    Role role;
    const char* fits;
  } kTable[] = {{ROLE_VOLUNTEER, "IO"}, {ROLE_WAREHOUSE_MANAGER, "IO"}, {ROLE_COORDINATOR, "I"},   {ROLE_DONOR, "D"},
                {ROLE_GROUP, "G"},      {ROLE_AUDITOR, "IA"},           {ROLE_ADMINISTRATOR, "I"}, {ROLE_SERVICE, ""},
                {ROLE_PARTNER, "P"},    {ROLE_UNSPECIFIED, ""}};
  for (const auto& row : kTable) {
    for (int kind = 0; kind <= 6; ++kind) {
      const bool fits = std::string_view(row.fits).find("-IODGAP"[kind]) != std::string_view::npos;
      EXPECT_EQ(RoleFits(row.role, static_cast<pb::OrganisationKind>(kind)), fits)
          << Role_Name(row.role) << " " << kind;
    }
  }
}

TEST(Grants, MissingBeforeMisfitAndAllAreNamed) {
  const std::map<std::string, pb::OrganisationKind> kinds = {{"d", pb::ORGANISATION_KIND_DONOR},
                                                             {"g", pb::ORGANISATION_KIND_GROUP}};
  EXPECT_THAT(CheckGrants({{"d", ROLE_DONOR}, {"g", ROLE_GROUP}}, kinds), IsOk());
  const absl::Status missing = CheckGrants({{"x", ROLE_DONOR}, {"d", ROLE_GROUP}, {"y", ROLE_GROUP}}, kinds);
  EXPECT_THAT(missing, FailsBecause("ORGANISATION_NOT_FOUND"));
  EXPECT_EQ(errors::MetadataOf(missing).at("resource"), "organisations/x, organisations/y");
  const absl::Status misfit = CheckGrants({{"d", ROLE_GROUP}, {"g", ROLE_DONOR}, {"d", ROLE_DONOR}}, kinds);
  EXPECT_THAT(misfit, FailsBecause("ROLE_DOES_NOT_FIT"));
  EXPECT_EQ(errors::MetadataOf(misfit).at("grants"), "ROLE_GROUP@organisations/d,ROLE_DONOR@organisations/g");
}

TEST(Grants, NobodyInvitesSomebodyStronger) {
  const auto caller = [](Role role) { return auth::Principal{.subject = "people/x", .grants = {{"o", role}}}; };
  const auto invitee = [](Role role) { return std::vector<auth::Grant>{{"g", ROLE_GROUP}, {"o", role}}; };
  for (const Role role : {ROLE_VOLUNTEER, ROLE_WAREHOUSE_MANAGER, ROLE_COORDINATOR, ROLE_DONOR, ROLE_GROUP,
                          ROLE_AUDITOR, ROLE_ADMINISTRATOR, ROLE_PARTNER}) {
    const bool stronger = role == ROLE_AUDITOR || role == ROLE_ADMINISTRATOR;
    EXPECT_THAT(CheckMayInvitePerson(caller(ROLE_ADMINISTRATOR), invitee(role)), IsOk());
    EXPECT_EQ(CheckMayInvitePerson(caller(ROLE_COORDINATOR), invitee(role)).ok(), !stronger) << Role_Name(role);
    EXPECT_THAT(CheckMayInvitePerson(caller(ROLE_WAREHOUSE_MANAGER), invitee(role)),
                FailsBecause("INVITEE_HAS_MORE_RIGHTS"));
    EXPECT_EQ(EndsOpenInvites(role), stronger);
  }
}

}  // namespace
}  // namespace kubari::identity
