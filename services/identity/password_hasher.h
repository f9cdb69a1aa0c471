// Argon2id for passwords, a few at a time.
//
// One hash takes 3 passes over 64 MiB (the second choice of RFC 9106, section 4): some 0.2 s of one core. At most two
// run at once, so that sign-ins leave a core and 16 minus two workers to everybody else on the small machines this is
// built for (128 MiB in all); a few more wait; the next is told to come back. Without the second bound a flood of
// sign-ins would sit on every worker.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kubari::identity {

class PasswordHasher {
 public:
  struct Options {
    int running = 2;
    int waiting = 4;
    int passes = 3;
    size_t memory_bytes = 64 << 20;
  };
  explicit PasswordHasher(Options options);

  // The right to hash, until it is destroyed. The hasher must outlive it.
  class Turn {
   public:
    explicit Turn(PasswordHasher* hasher) : hasher_(hasher) {}
    Turn(Turn&& other) noexcept : hasher_(std::exchange(other.hasher_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

    // Text as of crypto_pwhash_str: parameters, random salt and hash.
    absl::StatusOr<std::string> Hash(const std::string& password) const;
    // False without a hash (an unknown person), after the same work.
    absl::StatusOr<bool> Verify(const std::optional<std::string>& hash, const std::string& password) const;

   private:
    PasswordHasher* hasher_;
  };

  // Waits for a turn, until `deadline` at most. Errors: RESOURCE_EXHAUSTED / SIGN_IN_BUSY with RetryInfo.
  absl::StatusOr<Turn> Take(absl::Time deadline);

 private:
  absl::StatusOr<std::string> MakeHash(const std::string& password) const;

  const Options options_;
  std::string nobody_;  // the hash of a password nobody has
  std::mutex mutex_;
  std::condition_variable freed_;
  int running_ = 0;
  int waiting_ = 0;
};

}  // namespace kubari::identity
