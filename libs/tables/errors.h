// Everything that is wrong with an uploaded table, gathered so that people can mend all of it at once.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace kubari::tables {

struct CellError {
  int row = 0;         // as the spreadsheet shows it: the header is row 1; 0 when the file as a whole is meant
  std::string column;  // the name as it stands in the file's header; empty when the whole row or file is meant
  std::string value;   // what is there (cut after 100 characters)
  std::string reason;  // stable, for programs: NOT_A_NUMBER, OUT_OF_RANGE, MISSING_COLUMN, …
  std::string english;
  std::string japanese;
};

// Keeps the first kKept errors in the order they were found and counts the rest.
class CellErrors {
 public:
  static constexpr size_t kKept = 1000;

  void Add(CellError error);
  bool empty() const { return total_ == 0; }
  size_t total() const { return total_; }
  const std::vector<CellError>& all() const { return errors_; }
  // The rows with errors, also those of errors that are not kept; 0 when the file as a whole is meant.
  const std::set<int>& rows() const { return rows_; }

 private:
  std::vector<CellError> errors_;
  std::set<int> rows_;
  size_t total_ = 0;
};

}  // namespace kubari::tables
