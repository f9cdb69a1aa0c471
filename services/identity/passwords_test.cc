// Signing in with a password, over the wire.
#include <gmock/gmock.h>

#include <thread>

#include "services/identity/identity_fixture.h"

namespace kubari::identity {
namespace {

using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;

class PasswordsTest : public IdentityTest {
 protected:
  absl::StatusOr<pb::SignInResponse> SignIn(const std::string& password,
                                            const std::string& email = "admin@kansai.example",
                                            const std::string& code = "kansai") {
    return Do(&Stub::SignIn, "",
              Text<pb::SignInRequest>(
                  absl::StrCat("network_code: '", code, "' email: '", email, "' password: '", password, "'")));
  }
  absl::StatusOr<pb::SetPasswordResponse> SetPassword(const std::string& token, const std::string& old_password,
                                                      const std::string& new_password,
                                                      const std::string& request_id = RequestId()) {
    return Do(&Stub::SetPassword, token,
              Text<pb::SetPasswordRequest>(
                  absl::StrCat(request_id, "old_password: '", old_password, "' new_password: '", new_password, "'")));
  }

  const Network network_ = MakeNetwork("kansai");
};

TEST_F(PasswordsTest, SignInAndOut) {
  EXPECT_THAT(SignIn("correct horse"), FailsBecause("SIGN_IN_FAILED")) << "no password was set yet";
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse"), IsOk());
  const auto signed_in = SignIn("correct horse", " Admin@Kansai.example", "KANSAI ");
  ASSERT_THAT(signed_in, IsOk());
  EXPECT_EQ(signed_in->session().subject(), network_.administrator);
  EXPECT_THAT(Session(signed_in->token()), IsOk());
  EXPECT_THAT(Do(&Stub::SignOut, signed_in->token(), pb::SignOutRequest()), IsOk());
  EXPECT_THAT(Session(signed_in->token()), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(Session(network_.token), IsOk());
}

TEST_F(PasswordsTest, WhatIsWrongIsNotTold) {
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse"), IsOk());
  const absl::Status wrong = SignIn("battery staple").status(), nobody = SignIn("x", "nobody@kansai.example").status(),
                     nowhere = SignIn("correct horse", "admin@kansai.example", "kanto").status();
  EXPECT_THAT(wrong, FailsBecause("SIGN_IN_FAILED"));
  EXPECT_EQ(wrong.message(), nobody.message());
  EXPECT_EQ(wrong.message(), nowhere.message());
  EXPECT_THAT(SignIn(""), Violates("password", "REQUIRED"));
}

TEST_F(PasswordsTest, TheOnlyNetworkNeedsNoCode) {
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse"), IsOk());
  EXPECT_THAT(SignIn("correct horse", "admin@kansai.example", ""), IsOk());
  MakeNetwork("kanto");
  EXPECT_THAT(SignIn("correct horse", "admin@kansai.example", ""), FailsBecause("SIGN_IN_FAILED"));
  EXPECT_THAT(SignIn("correct horse", "admin@kansai.example", "kanto"), FailsBecause("SIGN_IN_FAILED"));
}

TEST_F(PasswordsTest, AfterFiveWrongOnesTheNextMustWait) {
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse"), IsOk());
  for (int i = 0; i < 5; ++i) EXPECT_THAT(SignIn("battery staple"), FailsBecause("SIGN_IN_FAILED"));
  const absl::Status too_many = SignIn("correct horse").status();
  EXPECT_THAT(too_many, FailsBecause("TOO_MANY_ATTEMPTS"));
  bool told = false;
  const google::rpc::Status details = errors::DetailsOf(too_many);
  for (const auto& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&retry)) told = retry.retry_delay().seconds() == 15 * 60;
  }
  EXPECT_TRUE(told) << "RetryInfo";
  EXPECT_THAT(SignIn("correct horse", "other@kansai.example"), FailsBecause("SIGN_IN_FAILED"))
      << "another person is not concerned";
  clock_.Advance(absl::Minutes(15));
  EXPECT_THAT(SignIn("correct horse"), IsOk());
  for (int i = 0; i < 4; ++i) EXPECT_THAT(SignIn("battery staple"), FailsBecause("SIGN_IN_FAILED"));
  EXPECT_THAT(SignIn("correct horse"), IsOk()) << "and forgets the failures before";
  for (int i = 0; i < 4; ++i) EXPECT_THAT(SignIn("battery staple"), FailsBecause("SIGN_IN_FAILED"));
  EXPECT_THAT(SignIn("correct horse"), IsOk());
}

TEST_F(PasswordsTest, ManyAttemptsAtOnceAreFiveAtMost) {
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse"), IsOk());
  std::atomic<int> tried = 0;
  std::vector<std::thread> guesses;
  for (int i = 0; i < 12; ++i) {
    guesses.emplace_back(
        [&, i] { tried += errors::ReasonOf(SignIn(absl::StrCat("guess ", i)).status()) == "SIGN_IN_FAILED"; });
  }
  for (std::thread& guess : guesses) guess.join();
  EXPECT_EQ(tried, 5);
}

TEST_F(PasswordsTest, SettingOneEndsTheOtherSessions) {
  const std::string other = TokenOf(network_, network_.administrator), id = RequestId();
  ASSERT_THAT(SetPassword(network_.token, "", "correct horse", id), IsOk());
  EXPECT_THAT(Session(network_.token), IsOk());
  EXPECT_THAT(Session(other), FailsBecause("TOKEN_INVALID"));
  EXPECT_THAT(SetPassword(network_.token, "", "correct horse", id), IsOk()) << "a replay";
  EXPECT_THAT(SetPassword(network_.token, "", "battery staple", id), FailsBecause("REQUEST_ID_REUSED"));

  EXPECT_THAT(SetPassword(network_.token, "", "battery staple"), FailsBecause("PASSWORD_WRONG"));
  EXPECT_THAT(SetPassword(network_.token, "wrong", "battery staple"), FailsBecause("PASSWORD_WRONG"));
  EXPECT_THAT(SetPassword(network_.token, "correct horse", "short"), Violates("new_password", "TOO_SHORT"));
  EXPECT_THAT(SetPassword(network_.token, "correct horse", "battery staple"), IsOk());
  EXPECT_THAT(SignIn("correct horse"), FailsBecause("SIGN_IN_FAILED"));
  EXPECT_THAT(SignIn("battery staple"), IsOk());
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(SetPassword(network_.token, "wrong", "battery staple"), FailsBecause("PASSWORD_WRONG"));
  EXPECT_THAT(SetPassword(network_.token, "battery staple", "correct horse"), FailsBecause("TOO_MANY_ATTEMPTS"));
}

TEST(PasswordHasher, RunsTwoLetsSomeWaitAndRefusesTheRest) {
  PasswordHasher hasher({.running = 2, .waiting = 1, .passes = 1, .memory_bytes = 8192});
  const absl::Time soon = absl::Now() + absl::Milliseconds(50);
  auto first = std::make_unique<absl::StatusOr<PasswordHasher::Turn>>(hasher.Take(soon));
  const auto second = hasher.Take(soon);
  ASSERT_TRUE(first->ok() && second.ok());
  EXPECT_THAT(hasher.Take(soon), FailsBecause("SIGN_IN_BUSY")) << "nobody made room in time";
  std::thread waits([&] { EXPECT_TRUE(hasher.Take(absl::Now() + absl::Seconds(20)).ok()); });
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time asked = absl::Now();
  EXPECT_THAT(hasher.Take(absl::Now() + absl::Seconds(20)), FailsBecause("SIGN_IN_BUSY"));
  EXPECT_LT(absl::Now() - asked, absl::Seconds(5)) << "refused at once";
  first.reset();
  waits.join();

  const auto hash = second->Hash("correct horse");
  ASSERT_THAT(hash, IsOk());
  EXPECT_EQ(hash->rfind("$argon2id$", 0), 0u);
  EXPECT_TRUE(*second->Verify(*hash, "correct horse"));
  EXPECT_FALSE(*second->Verify(*hash, "correct hors"));
  EXPECT_FALSE(*second->Verify(std::nullopt, "correct horse"));
}

}  // namespace
}  // namespace kubari::identity
