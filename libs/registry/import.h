// Tables that people import: all cells are judged first, and all problems are told at once.
#pragma once

#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "kubari/type/v1/food.pb.h"
#include "kubari/type/v1/import.pb.h"
#include "libs/tables/table.h"
#include "libs/errors/errors.h"

namespace kubari::registry {

inline constexpr size_t kMaxTableBytes = 4 << 20;
inline constexpr int kMaxTableRows = 10'000;

// request_id and the size of the table.
void CheckImport(errors::Violations& violations, const std::string& request_id, const std::string& table);

// Into the contract's form; at most tables::CellErrors::kKept.
void Report(const tables::CellErrors& errors, google::protobuf::RepeatedPtrField<type::v1::ImportProblem>& problems);

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

// Columns postal_code, municipality_code (required), address, latitude and longitude (both or neither; both if
// `position_required`).
type::v1::Address ReadAddress(tables::Cells& cells, bool position_required);
std::string OptionalEmail(tables::Cells& cells, std::string_view column);

// A value of a proto enum, as in "bread_cereal" for FOOD_CATEGORY_BREAD_CEREAL.
std::map<std::string, int> EnumWords(const google::protobuf::EnumDescriptor& type);
template <typename E>
std::optional<E> EnumCell(tables::Cells& cells, std::string_view column) {
  static const std::map<std::string, int> words = EnumWords(*google::protobuf::GetEnumDescriptor<E>());
  std::vector<std::string> choices;
  for (const auto& [word, number] : words) choices.push_back(word);
  const std::optional<std::string> word = cells.Choice(column, choices);
  if (!word) return std::nullopt;
  return static_cast<E>(words.at(*word));
}

// ";"-separated values, each known and given once.
std::vector<int> EnumListNumbers(tables::Cells& cells, std::string_view column, const std::map<std::string, int>& words);
template <typename E>
std::vector<int> EnumList(tables::Cells& cells, std::string_view column) {
  static const std::map<std::string, int> words = EnumWords(*google::protobuf::GetEnumDescriptor<E>());
  return EnumListNumbers(cells, column, words);
}

}  // namespace kubari::registry
