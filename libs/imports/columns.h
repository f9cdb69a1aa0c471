// Columns that several imports have, as data: what finds them in a file, and what people are told of them.
#pragma once

#include <string>
#include <vector>

#include "libs/tables/table.h"

namespace kubari::imports {

using Columns = std::vector<tables::Column>;

// `what` ("donor", 寄付者) is whose code it is.
tables::Column CodeColumn(const std::string& what, const std::string& what_ja, std::string example);
tables::Column NameColumn(std::vector<std::string> aliases, std::string example);
tables::Column KanaColumn(std::string example);
tables::Column EmailColumn();
// postal_code, municipality_code, address, latitude, longitude: what ReadAddress reads.
Columns AddressColumns(bool municipality_required, bool position_required);
// agreement_title, agreement_from, agreement_to.
Columns AgreementColumns(bool required);
tables::Column TemperatureColumn(bool required, std::string hint, std::string hint_ja);
// Of yes and no.
tables::Column YesNoColumn(std::string name, std::vector<std::string> aliases, std::string title, std::string title_ja,
                           std::string hint, std::string hint_ja, std::string example);

// Columns and lists of them, one after the other.
class List {
 public:
  List& Add(tables::Column column) {
    columns_.push_back(std::move(column));
    return *this;
  }
  List& Add(const Columns& columns) {
    columns_.insert(columns_.end(), columns.begin(), columns.end());
    return *this;
  }
  Columns Take() { return std::move(columns_); }

 private:
  Columns columns_;
};

}  // namespace kubari::imports
