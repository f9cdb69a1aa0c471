// Telling people something if, and only if, it happened: the notice is written in the transaction of the fact, and outbox::Pump hands
// it to the notifications service afterwards (README.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/outbox/notice.h"
#include "libs/pg/transaction.h"

namespace kubari::outbox {

// Writes the notice into the table `outbox` of the service's schema, with the next statement or with COMMIT. A notice whose id waits
// there already is left out. `tx` must have a network.
void Write(pg::Transaction& tx, const Notice& notice);

// The same for a notice that holds a secret (an invite's code): encrypted until the pump takes it, and `confidential`.
void WriteConfidential(pg::Transaction& tx, Notice notice, std::string_view service_key);

namespace internal {

// With a key made of the service key. Open returns nothing if the key or the bytes are not right.
std::string Seal(std::string_view service_key, std::string_view bytes);
std::optional<std::string> Open(std::string_view service_key, std::string_view sealed);

}  // namespace internal
}  // namespace kubari::outbox
