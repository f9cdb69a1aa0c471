#include "services/identity/password_hasher.h"

#include <absl/time/clock.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "libs/auth/tokens.h"
#include "libs/errors/errors.h"

namespace kubari::identity {
namespace {

absl::Status Busy() {
  return errors::WithRetry(errors::Make(absl::StatusCode::kResourceExhausted, "SIGN_IN_BUSY",
                                        "Too many people are signing in at this moment. Try again in a few seconds.",
                                        "ただいまサインインが混み合っています。数秒後にもう一度お試しください。"),
                           absl::Seconds(2));
}

absl::Status OutOfMemory() { return absl::ResourceExhaustedError("Argon2id did not get its memory."); }

}  // namespace

PasswordHasher::PasswordHasher(Options options) : options_(options) {
  if (sodium_init() < 0) std::abort();
  absl::StatusOr<std::string> nobody = MakeHash(auth::NewToken(""));
  if (!nobody.ok()) {
    std::fprintf(stderr, "There is not enough memory to check a password.\n");
    std::abort();
  }
  nobody_ = *std::move(nobody);
}

absl::StatusOr<PasswordHasher::Turn> PasswordHasher::Take(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  if (running_ >= options_.running) {
    if (waiting_ >= options_.waiting) return Busy();
    ++waiting_;
    const bool mine = freed_.wait_until(lock, absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Minutes(1))),
                                        [&] { return running_ < options_.running; });
    --waiting_;
    if (!mine) return Busy();
  }
  ++running_;
  return Turn(this);
}

PasswordHasher::Turn::~Turn() {
  if (hasher_ == nullptr) return;
  const std::lock_guard lock(hasher_->mutex_);
  --hasher_->running_;
  hasher_->freed_.notify_one();
}

absl::StatusOr<std::string> PasswordHasher::MakeHash(const std::string& password) const {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(hash, password.data(), password.size(), options_.passes, options_.memory_bytes) != 0)
    return OutOfMemory();
  return std::string(hash);
}

absl::StatusOr<std::string> PasswordHasher::Turn::Hash(const std::string& password) const {
  return hasher_->MakeHash(password);
}

absl::StatusOr<bool> PasswordHasher::Turn::Verify(const std::optional<std::string>& hash,
                                                  const std::string& password) const {
  errno = 0;
  const bool right =
      crypto_pwhash_str_verify(hash.value_or(hasher_->nobody_).c_str(), password.data(), password.size()) == 0;
  if (!right && errno == ENOMEM) return OutOfMemory();
  return right && hash.has_value();
}

}  // namespace kubari::identity
