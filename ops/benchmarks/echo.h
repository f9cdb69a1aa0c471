// StockService.GetLot answered from memory: all that a call costs but the database. A process of its own, like the
// services.
#pragma once

#include <string>

namespace kubari::bench {

// Serves on `listen` until SIGTERM. Returns the exit code.
int ServeEcho(const std::string& listen, const std::string& identity, const std::string& service_key);

}  // namespace kubari::bench
