// The ledger in PostgreSQL: two round trips a batch. The invariants are held by migrations/0001_stock.sql.
#pragma once

#include "libs/pg/pool.h"
#include "services/stock/ledger_store.h"

namespace kubari::stock {

class PgLedgerStore final : public LedgerStore {
 public:
  explicit PgLedgerStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Append(const std::string& network_id, const Needs& needs, absl::Time deadline, Decide decide) override;
  absl::StatusOr<State> Peek(const std::string& network_id, const Needs& needs, absl::Time deadline) override;
  absl::StatusOr<std::vector<Movement>> Feed(const std::string& network_id, int64_t position, int limit,
                                             absl::Time deadline) override;
  absl::StatusOr<std::map<std::string, Balance>> Holders(const std::string& network_id, const std::string& lot_id,
                                                         absl::Time deadline) override;
  absl::StatusOr<std::vector<Overdue>> OverdueReservations(absl::Time now, int limit, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace kubari::stock
