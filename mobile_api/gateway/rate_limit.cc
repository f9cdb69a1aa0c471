#include "mobile_api/gateway/rate_limit.h"

#include <algorithm>
#include <utility>

namespace kubari::gateway {

RateLimiter::RateLimiter(double per_second, double burst, std::function<absl::Time()> now)
    : per_second_(per_second), burst_(std::max(burst, 1.0)), now_(std::move(now)) {}

absl::Duration RateLimiter::Take(const std::string& key) { return Spend(key, 1); }
absl::Duration RateLimiter::Ask(const std::string& key) { return Spend(key, 0); }

absl::Duration RateLimiter::Spend(const std::string& key, double amount) {
  if (per_second_ <= 0) return absl::ZeroDuration();
  const absl::Time now = now_();
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (amount == 0) return absl::ZeroDuration();
    if (buckets_.size() >= forget_at_) Forget(now);
    found = buckets_.emplace(key, Bucket{burst_, now}).first;
  }
  Bucket& bucket = found->second;
  const double regained = absl::ToDoubleSeconds(now - bucket.counted) * per_second_;
  if (regained > 0) {
    bucket.tokens = std::min(burst_, bucket.tokens + regained);
    bucket.counted = now;
  }
  if (bucket.tokens < 1) return absl::Seconds((1 - bucket.tokens) / per_second_);
  bucket.tokens -= amount;
  return absl::ZeroDuration();
}

void RateLimiter::Forget(absl::Time now) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    const double tokens = it->second.tokens + absl::ToDoubleSeconds(now - it->second.counted) * per_second_;
    it = tokens >= burst_ ? buckets_.erase(it) : std::next(it);
  }
  forget_at_ = std::max<size_t>(10'000, 2 * buckets_.size());
}

size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace kubari::gateway
