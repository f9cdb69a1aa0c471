// Text tables for terminals, and tables of messages as CSV.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "libs/tables/csv_writer.h"

namespace kubari::cli {

// Columns are padded by how wide a terminal shows them: Japanese characters take two cells.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Terminal cells of UTF-8 text.
int Width(std::string_view text);

// 1234567 → "1,234,567"
std::string Grouped(int64_t number);

// The names of all scalar fields of a type, nested ones as "lot.code"; lists are joined by ";" in one cell, lists of messages are left
// out.
std::vector<std::string> CsvColumns(const google::protobuf::Descriptor& type);
// The same fields of one message, as one row.
void WriteCsvRow(const google::protobuf::Message& message, tables::CsvWriter& writer);

}  // namespace kubari::cli
