// Token buckets: each key may spend `burst` at once and regains `per_second`.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

namespace kubari::gateway {

class RateLimiter {
 public:
  // `per_second` 0: no limit.
  RateLimiter(double per_second, double burst, std::function<absl::Time()> now);

  // Spends one. Zero if the key had it; else how long until it will have one again, and nothing is spent.
  absl::Duration Take(const std::string& key);
  // The same without spending.
  absl::Duration Ask(const std::string& key);
  // Keys remembered; those whose bucket is full again are forgotten from time to time.
  size_t size() const;

 private:
  struct Bucket {
    double tokens;
    absl::Time counted;
  };
  absl::Duration Spend(const std::string& key, double amount);
  void Forget(absl::Time now);  // mutex_ held

  const double per_second_;
  const double burst_;
  const std::function<absl::Time()> now_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
  size_t forget_at_ = 10'000;
};

}  // namespace kubari::gateway
