// The facts of goods' path as a file: a table for people, or GS1 EPCIS for other systems (domain/epcis.h). Pure; the
// same facts give the same bytes.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

#include "services/stock/domain/trace.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

struct TraceFacts {
  absl::Time now;
  absl::TimeZone zone;
  bool japanese = true;                             // headings and kinds of the table
  std::vector<Movement> movements;                  // in the order of the ledger
  std::vector<LotLink> links;                       // between any of the lots
  std::map<std::string, Lot> lots;                  // of all movements, by id
  std::map<std::string, Place> places;              // likewise
  std::map<std::string, pb::Warehouse> warehouses;  // of the shelves among them
};

// One row a movement, with everything that is known of it. UTF-8 with a byte order mark, CRLF; text that a spreadsheet
// would take for a formula is quoted (libs/tables).
std::string TraceCsv(const TraceFacts& facts);

}  // namespace kubari::stock
