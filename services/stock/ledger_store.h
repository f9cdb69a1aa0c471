// Where the ledger is kept. Two of them keep the same promises (ledger_contract_test.cc): MemoryLedgerStore and
// PgLedgerStore.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "services/stock/domain/ledger.h"

namespace kubari::stock {

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // Locks the network's ledger, reads what is needed, lets `decide` judge, and records what it returns: all or nothing.
  // `decide` may be called more than once, each time with a fresh state, and only the last call's result is recorded.
  // Errors: UNAVAILABLE if it is not known whether it was recorded; INTERNAL / DATABASE_ERROR if the record breaks an
  // invariant.
  using Decide = absl::FunctionRef<Appendix(State&)>;
  virtual absl::Status Append(const std::string& network_id, const Needs& needs, absl::Time deadline,
                              Decide decide) = 0;

  // The same state, without the lock: what is so now.
  virtual absl::StatusOr<State> Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) = 0;

  // Movements from `position` on, in order, at most `limit`.
  virtual absl::StatusOr<std::vector<Movement>> Feed(const std::string& network_id, int64_t position, int limit,
                                                     absl::Time deadline) = 0;

  // All places where the lot has a balance other than zero.
  virtual absl::StatusOr<std::map<std::string, Balance>> Holders(const std::string& network_id,
                                                                 const std::string& lot_id, absl::Time deadline) = 0;

  // Open reservations whose time ran out, of all networks, the most overdue first.
  struct Overdue {
    std::string network_id;
    std::string reservation_id;
  };
  virtual absl::StatusOr<std::vector<Overdue>> OverdueReservations(absl::Time now, int limit, absl::Time deadline) = 0;
};

}  // namespace kubari::stock
