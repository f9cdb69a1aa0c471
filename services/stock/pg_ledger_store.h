// The ledger in PostgreSQL: two round trips a batch. The invariants are held by migrations/0001_stock.sql.
#pragma once

#include "libs/pg/pool.h"
#include "services/stock/catalogue.h"
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

  // The numbers by which movements and balances name lots, places, actors and groups. They never change, so they are
  // kept in memory, and a batch in steady state looks none of them up.
  struct Numbers {
    FactCache<int32_t> lots{200'000};
    FactCache<int32_t> places{50'000};
    FactCache<int32_t> actors{20'000};
    FactCache<int32_t> groups{20'000};
  };

 private:
  pg::Pool& pool_;
  Numbers numbers_;
};

}  // namespace kubari::stock
