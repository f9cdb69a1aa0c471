// The table of ImportDonors: cells to donors, or everything that is wrong with them.
#pragma once

#include <string_view>
#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "libs/tables/table.h"

namespace kubari::donors {

// A row: the donor and its one agreement, whose conditions are set.
struct ImportedDonor {
  v1::Donor donor;
  type::v1::Agreement agreement;
};

// In the table's order. With any error the result is not to be used.
std::vector<ImportedDonor> ReadDonors(std::string_view table, tables::CellErrors& errors);

}  // namespace kubari::donors
