// The last few runs that somebody looks at, solved: a coordinator who changes line by line waits for the solver once.
#pragma once

#include <absl/status/statusor.h>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "services/allocation/domain/propose.h"

namespace kubari::allocation {

class SolvedCache {
 public:
  // The same without the bytes: nothing if it is not known.
  std::shared_ptr<const Solved> Known(const std::string& hash) { return Find(hash); }
  // The snapshot whose SHA-256 is `hash`, solved; as Solve().
  absl::StatusOr<std::shared_ptr<const Solved>> Of(const std::string& hash, const std::string& snapshot_bytes) {
    if (std::shared_ptr<const Solved> known = Find(hash)) return known;
    // Two that ask at once solve twice, and get the same.
    absl::StatusOr<std::shared_ptr<const Solved>> solved = Solve(snapshot_bytes);
    if (solved.ok()) Put(hash, *solved);
    return solved;
  }

 private:
  static constexpr size_t kMost = 4;

  std::shared_ptr<const Solved> Find(const std::string& hash) {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->first != hash) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return entries_.front().second;
    }
    return nullptr;
  }
  void Put(const std::string& hash, std::shared_ptr<const Solved> solved) {
    const std::lock_guard lock(mutex_);
    entries_.emplace_front(hash, std::move(solved));
    if (entries_.size() > kMost) entries_.pop_back();
  }

  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<const Solved>>> entries_;  // used last first
};

}  // namespace kubari::allocation
