#include "services/identity/domain/passwords.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <functional>
#include <set>

namespace kubari::identity {

void CheckNewPassword(errors::Violations& violations, std::string_view field, std::string_view password) {
  if (!violations.Text(field, password, 12, 200)) return;
  // Bytes, not characters: a character outside ASCII brings two or more, and is a better choice anyway.
  const std::set<char> different(password.begin(), password.end());
  violations.Require(
      different.size() >= 5, field, "TOO_SIMPLE",
      absl::StrCat("The password has ", different.size(),
                   " different characters; at least 5 are needed. A short sentence is easy to keep in mind."),
      absl::StrCat("パスワードの文字が", different.size(),
                   "種類しかありません。5種類以上にしてください。短い文にすると覚えやすくなります。"));
}

absl::Duration WaitBeforeAttempt(std::vector<absl::Time> attempts, absl::Time now) {
  std::erase_if(attempts, [&](absl::Time attempt) { return attempt <= now - kAttemptWindow; });
  if (attempts.size() < kMaxAttempts) return absl::ZeroDuration();
  std::nth_element(attempts.begin(), attempts.begin() + kMaxAttempts - 1, attempts.end(), std::greater<>());
  return attempts[kMaxAttempts - 1] + kAttemptWindow - now;
}

absl::Status TooManyAttempts(absl::Duration wait) {
  const int64_t minutes = absl::ToInt64Minutes(absl::Ceil(wait, absl::Minutes(1)));
  return errors::WithRetry(
      errors::Make(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS",
                   absl::StrCat("The password was wrong ", kMaxAttempts, " times. Try again in ", minutes,
                                " minutes, or ask your coordinator for an invite link."),
                   absl::StrCat("パスワードが", kMaxAttempts, "回続けて正しくありませんでした。", minutes,
                                "分後にもう一度お試しいただくか、コーディネーターに招待リンクを依頼してください。"),
                   {{"retry_seconds", absl::StrCat(absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))))}}),
      wait);
}

}  // namespace kubari::identity
