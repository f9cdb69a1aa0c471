// What every handler is made of, and the few questions they share.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "libs/calendar/clock.h"
#include "libs/errors/errors.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/stock/catalogue.h"
#include "services/stock/ledger_store.h"
#include "services/stock/ledger_writer.h"
#include "services/stock/reading_store.h"
#include "services/stock/registers.h"
#include "services/stock/rules_store.h"

namespace kubari::stock {

struct Context {
  pg::Pool& pool;
  LedgerStore& ledger;
  LedgerWriter& writer;
  Catalogue& catalogue;
  ReadingStore& reading;
  Registers& registers;
  const calendar::Clock& clock;
  RulesStore& rules;

  // The same, asking other registers.
  Context With(Registers& others) const { return {pool, ledger, writer, catalogue, reading, others, clock, rules}; }
};

// The id in "lots/{uuid}", whose shape was checked.
std::string IdOf(std::string_view name);
absl::TimeZone ZoneOf(const rpc::Call& call);

// LOT_NOT_FOUND, PLACE_NOT_FOUND (no shelf of that id), WAREHOUSE_NOT_FOUND, PRODUCT_NOT_FOUND. `name` is "lots/{uuid}"
// …
absl::StatusOr<Lot> FindLot(const Context& context, const rpc::Call& call, const std::string& name);
absl::StatusOr<Place> FindShelf(const Context& context, const rpc::Call& call, const std::string& name);
absl::StatusOr<pb::Warehouse> FindWarehouse(const Context& context, const rpc::Call& call, const std::string& name);
absl::StatusOr<pb::Product> FindProduct(const Context& context, const rpc::Call& call, const std::string& name);
// By "lots/{uuid}" or by the lot's code.
absl::StatusOr<Lot> FindLotByNameOrCode(const Context& context, const rpc::Call& call, const std::string& name_or_code);

// The UUID of the organisation that operates the shelf's warehouse.
absl::StatusOr<std::string> OperatorOf(const Context& context, const rpc::Call& call, const Place& shelf);
// NOT_YOUR_ORGANISATION unless the shelf's warehouse is within the caller's scope.
absl::Status CheckOwnShelf(const Context& context, const rpc::Call& call, const Place& shelf);
// The caller holds no more than the volunteer's role for this operator's shelves.
bool OnlyVolunteer(const rpc::Call& call, const std::string& operator_id);

// What a printed date must look like; adds to `violations` under `field`.
void CheckGoodUntil(const kubari::type::v1::GoodUntil& good_until, std::string_view field,
                    errors::Violations& violations);
// If the filter `value` is set, it must be "{collection}/{uuid}".
void CheckOptionalName(std::string_view collection, std::string_view field, const std::string& value,
                       errors::Violations& violations);

}  // namespace kubari::stock
