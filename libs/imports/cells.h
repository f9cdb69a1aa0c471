// Cells that several imports have in common.
#pragma once

#include <google/protobuf/generated_enum_reflection.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/type/v1/food.pb.h"
#include "libs/imports/words.h"
#include "libs/tables/table.h"

namespace kubari::imports {

// Codes that may stand in one row only.
class UniqueCodes {
 public:
  // Fails DUPLICATE, naming the first row, if the code was there before. `row` as the spreadsheet shows it.
  void Claim(tables::Cells& cells, std::string_view column, const std::string& code, int row);

 private:
  std::map<std::string, int> rows_;
};

// Optional cells: an empty cell is no value and no problem.
std::string OptionalText(tables::Cells& cells, std::string_view column, int max_characters);
int64_t OptionalInt(tables::Cells& cells, std::string_view column, int64_t min, int64_t max, int64_t if_empty);
bool OptionalBool(tables::Cells& cells, std::string_view column, bool if_empty);

// A calendar day as "2027-03-31"; month precision is refused (NOT_A_DAY).
std::optional<std::string> Day(tables::Cells& cells, std::string_view column);
// Adds OUT_OF_ORDER at `to_column` if both days are there and the last is before the first.
void CheckOrder(tables::Cells& cells, std::string_view to_column, const std::string& from, const std::string& to);

// Decimal degrees within ±`limit`, as micro-degrees; read digit by digit, so 35.689501 is exact.
std::optional<int32_t> Degrees(tables::Cells& cells, std::string_view column, int limit);

// Columns postal_code, municipality_code, address, latitude and longitude (both or neither; both if
// `position_required`).
type::v1::Address ReadAddress(tables::Cells& cells, bool municipality_required, bool position_required);
// Of the cell; adds what is wrong with it as registry::JudgeMunicipality says.
void CheckMunicipality(tables::Cells& cells, std::string_view column, const std::string& code);
std::string OptionalEmail(tables::Cells& cells, std::string_view column);

// A value of an enum of the contract; the column's choices are Choices<E>().
template <typename E>
std::optional<E> EnumCell(tables::Cells& cells, std::string_view column) {
  const std::optional<std::string> value = cells.Choice(column);
  if (!value) return std::nullopt;
  return static_cast<E>(NumberOf(*google::protobuf::GetEnumDescriptor<E>(), *value));
}

// Several, each once; none from an empty cell.
template <typename E>
std::vector<E> EnumList(tables::Cells& cells, std::string_view column) {
  std::vector<E> values;
  if (cells.Empty(column)) return values;
  for (const std::string& value : cells.Choices(column).value_or(std::vector<std::string>()))
    values.push_back(static_cast<E>(NumberOf(*google::protobuf::GetEnumDescriptor<E>(), value)));
  return values;
}

}  // namespace kubari::imports
