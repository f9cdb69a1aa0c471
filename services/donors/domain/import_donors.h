// The table of ImportDonors: cells to donors, or everything that is wrong with them.
#pragma once

#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "libs/imports/upload.h"

namespace kubari::donors {

// A row: the donor and its one agreement, whose conditions are set.
struct ImportedDonor {
  int row = 0;  // as the spreadsheet shows it
  v1::Donor donor;
  type::v1::Agreement agreement;
};

const std::vector<tables::Column>& DonorColumns();

// In the table's order. Problems go to the upload; what is in bad rows is not to be used.
std::vector<ImportedDonor> ReadDonors(imports::Upload& upload);

}  // namespace kubari::donors
