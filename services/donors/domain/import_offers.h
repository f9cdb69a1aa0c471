// The table of ImportOffers: cells to offers, as far as the table alone can tell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "libs/imports/upload.h"

namespace kubari::donors {

// A row. `line` lacks product; items_per_case is 0 and the zone unspecified where the product's counts.
struct ImportedLine {
  const tables::Row* row = nullptr;
  std::string gtin;  // 14 digits; empty if the barcode was wrong
  v1::OfferLine line;
};

// The rows with one offer_code and donor_code. `offer` has code, title and ready_date.
struct ImportedOffer {
  std::string donor_code;
  v1::Offer offer;
  std::vector<ImportedLine> lines;
};

const std::vector<tables::Column>& OfferColumns();

class OfferTable {
 public:
  // `current_year` settles the century of dates in barcodes (libs/gs1). Problems go to the upload.
  OfferTable(imports::Upload& upload, int current_year);
  OfferTable(const OfferTable&) = delete;
  OfferTable& operator=(const OfferTable&) = delete;

  // In the table's order; what is in bad rows is not to be used.
  std::vector<ImportedOffer>& offers() { return offers_; }
  // Adds an error found elsewhere (products, donors) at the line's row.
  void Fail(const ImportedLine& line, std::string_view column, std::string reason, std::string english, std::string japanese);
  // Bad rows are to be left out: an offer with a bad row is left out as a whole, for a part of it would be taken for all of it when the mended
  // table comes again. Its other rows are told so (OFFER_NOT_WHOLE).
  void LeaveOutBadOffers();

 private:
  void ReadRow(const tables::Row& row, int current_year);

  imports::Upload& upload_;
  std::vector<ImportedOffer> offers_;
};

}  // namespace kubari::donors
