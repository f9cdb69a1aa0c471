// What of a movement can be recomputed by anyone: its id and its leaf hash, as services/stock/README.md describes them.
#pragma once

#include <string>

#include "kubari/stock/v1/stock.pb.h"

namespace kubari::ledger_audit {

// "movements/{uuid}" of the movement at a position. `network` is a UUID.
std::string MovementNameAt(const std::string& network, int64_t position);

// The canonical bytes of a movement, and their RFC 6962 leaf hash (32 bytes).
std::string CanonicalBytesOf(const stock::v1::Movement& movement, const std::string& network);
std::string LeafHashOf(const stock::v1::Movement& movement, const std::string& network);

}  // namespace kubari::ledger_audit
