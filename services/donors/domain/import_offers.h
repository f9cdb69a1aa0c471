// The table of ImportOffers: cells to offers, as far as the table alone can tell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/donors/v1/donors.pb.h"
#include "libs/tables/table.h"

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

class OfferTable {
 public:
  // `current_year` settles the century of dates in barcodes (libs/gs1).
  OfferTable(std::string_view bytes, int current_year, tables::CellErrors& errors);
  OfferTable(const OfferTable&) = delete;
  OfferTable& operator=(const OfferTable&) = delete;

  // In the table's order. With any error not to be written.
  std::vector<ImportedOffer>& offers() { return offers_; }
  // Adds an error found elsewhere (products, donors) at the line's row.
  void Fail(const ImportedLine& line, std::string_view column, std::string reason, std::string english,
            std::string japanese, tables::CellErrors& errors) const;

 private:
  void ReadRow(const tables::Row& row, int current_year, tables::CellErrors& errors);

  std::optional<tables::Table> table_;
  std::vector<ImportedOffer> offers_;
};

}  // namespace kubari::donors
