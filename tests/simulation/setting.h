// One network: its people, products and shelves.
#pragma once

#include <string>
#include <vector>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "tests/simulation/house.h"

namespace kubari::simulation {

namespace pb = stock::v1;

struct Setting {
  std::string network;                            // UUID
  std::vector<std::string> warehouses;            // names
  std::vector<std::vector<std::string>> shelves;  // by warehouse; ambient
  std::string cold_shelf;                         // frozen: nothing of what there is belongs there

  std::string Coordinator() const;
  std::string Volunteer(int phone) const;
  // Of another organisation than the warehouses'.
  std::string Outsider() const;
  std::string Auditor() const;

  // Which warehouse a shelf is in, counted from 0.
  size_t WarehouseOf(const std::string& shelf) const;
};

// Products of the network: 1 and 2 are what donors give, 3 is the kit, 4 what the first becomes when it is repacked.
inline constexpr int kProducts = 4, kKit = 3, kRepacked = 4;

// Makes them. Repeats what the killing of others' days may have cost.
Setting Furnish(House& house, const std::string& network);

}  // namespace kubari::simulation
