// Plays the main job once over the example network: from donors' offers to confirmed deliveries, through the gateway, as the people
// would. Every step has an id derived from what it does, so a demo that was cut off goes on where it stopped and doubles nothing.
#pragma once

#include <string>

#include "ops/kubari/client.h"

namespace kubari::cli {

struct DemoOptions {
  // Folder with the tables warehouses, products, donors, groups and offers, each as .xlsx or .csv (ops/example/generate.mjs writes it).
  std::string example;
  // The administrator's API key is written here (mode 0600). Empty: not kept.
  std::string key_file;
  // A line "KIND MOVEMENT ITEMS" for every movement that the server acknowledged. Empty: none.
  std::string journal;
};

// `gateway` carries no token; `identity` is straight to the identity service with the service key. Returns the exit code.
int Demo(const Client& gateway, const Client& identity, const DemoOptions& options);

}  // namespace kubari::cli
