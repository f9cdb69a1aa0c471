// The way of every import: one table, all cells judged first, all problems told at once; then everything is written, or
// nothing, or, if the caller asked for it, the rows without a problem.
//
//   imports::Upload upload(request, DonorColumns());
//   std::vector<ImportedDonor> rows = ReadDonors(upload);        // adds problems
//   v1::ImportDonorsResponse response;
//   if (upload.MayWrite()) { …leave out rows with upload.IsBad(row.number), count, write… }
//   upload.Tell(response);
#pragma once

#include <google/protobuf/repeated_field.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/type/v1/import.pb.h"
#include "libs/errors/errors.h"
#include "libs/tables/table.h"

namespace kubari::imports {

inline constexpr size_t kMaxTableBytes = 4 << 20;
inline constexpr int kMaxTableRows = 10'000;

class Upload {
 public:
  // Reads the table of an Import… request; problems of the file as a whole are found here.
  template <typename Request>
  Upload(const Request& request, const std::vector<tables::Column>& columns)
      : Upload(request.table(), request.options(), request.dry_run(), columns) {}
  Upload(const std::string& bytes, const type::v1::TableOptions& options, bool dry_run,
         const std::vector<tables::Column>& columns);
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  // Empty if the file could not be read as a table.
  const std::vector<tables::Row>& rows() const;
  // Of one of rows().
  tables::Cells CellsOf(const tables::Row& row) { return tables::Cells(*table_, row, problems_); }
  const tables::Table& table() const { return *table_; }
  tables::CellErrors& problems() { return problems_; }

  // The table was read, and has no problem or none that its rows could not be left out for.
  bool MayWrite() const { return table_.has_value() && (problems_.empty() || skip_bad_rows_); }
  bool IsBad(int row) const { return problems_.rows().contains(row); }
  bool skip_bad_rows() const { return skip_bad_rows_; }

  // Problems, and what was understood of the table.
  template <typename Response>
  void Tell(Response& response) const {
    Report(*response.mutable_problems());
    Describe(*response.mutable_reading());
  }

 private:
  void Report(google::protobuf::RepeatedPtrField<type::v1::ImportProblem>& problems) const;
  void Describe(type::v1::TableReading& reading) const;

  const std::vector<tables::Column>& columns_;
  const bool skip_bad_rows_;
  tables::CellErrors problems_;
  tables::Reading reading_;
  std::optional<tables::Table> table_;
};

void CheckTable(errors::Violations& violations, const std::string& table);
// request_id and the size of the table.
template <typename Request>
absl::Status CheckImport(const Request& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckTable(violations, request.table());
  return violations.status();
}

// The tables that a service imports, by the word that requests call them by.
struct Register {
  const char* table;  // "donors"
  const char* title;  // of files and sheets
  const char* title_ja;
  const std::vector<tables::Column>& columns;
};
absl::StatusOr<type::v1::ImportTemplate> MakeTemplate(const type::v1::GetImportTemplateRequest& request,
                                                      const std::vector<Register>& registers);

}  // namespace kubari::imports
