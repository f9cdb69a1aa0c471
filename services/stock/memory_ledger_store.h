// The ledger in memory: the reference that the store contract compares PostgreSQL with.
#pragma once

#include <mutex>

#include "services/stock/ledger_store.h"

namespace kubari::stock {

class MemoryLedgerStore final : public LedgerStore {
 public:
  absl::Status Append(const std::string& network_id, const Needs& needs, absl::Time deadline, Decide decide) override;
  absl::StatusOr<State> Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) override;
  absl::StatusOr<std::vector<Movement>> Feed(const std::string& network_id, int64_t position, int limit,
                                             absl::Time deadline) override;
  absl::StatusOr<std::map<std::string, Balance>> Holders(const std::string& network_id, const std::string& lot_id,
                                                         absl::Time deadline) override;
  absl::StatusOr<std::vector<Overdue>> OverdueReservations(absl::Time now, int limit, absl::Time deadline) override;

 private:
  struct Ledger {
    std::vector<Movement> movements;
    std::map<std::string, Place> places;
    std::map<std::string, Lot> lots;
    std::map<std::string, Reservation> reservations;
    std::map<BalanceKey, Balance> balances;
    std::map<std::string, Delivery> deliveries;
  };
  static State Read(const Ledger& ledger, const Needs& needs);
  static absl::Status Record(Ledger& ledger, const Appendix& appendix);

  std::mutex mutex_;
  std::map<std::string, Ledger> ledgers_;
};

}  // namespace kubari::stock
