// The ledger in memory: the reference that the store contract compares PostgreSQL with.
#pragma once

#include <mutex>

#include "services/stock/ledger_store.h"

namespace kubari::stock {

class MemoryLedgerStore final : public LedgerStore {
 public:
  // A shelf, which no movement makes: to be told before goods come to it, and of which warehouse it is.
  void AddShelf(const std::string& network_id, const Place& shelf);
  // A recall stops the lot.
  void Stop(const std::string& network_id, const std::string& lot_id, const std::string& recall_id);

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
    std::map<std::string, Shipment> shipments;
    std::map<std::string, std::string> stopped;
  };
  static State Read(const Ledger& ledger, const Needs& needs);
  static void ReadEarlier(const Ledger& ledger, const Needs& needs, State& state);
  static absl::Status Record(Ledger& ledger, const Appendix& appendix);
  static absl::Status Record(Ledger& ledger, const Movement& movement);

  std::mutex mutex_;
  std::map<std::string, Ledger> ledgers_;
};

}  // namespace kubari::stock
