// Empty tables to fill in.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/imports/upload.h"
#include "libs/tables/csv_writer.h"
#include "libs/tables/encoding.h"
#include "libs/tables/xlsx_writer.h"

namespace kubari::imports {
namespace {

type::v1::TableColumnKind KindOf(tables::Kind kind) {
  switch (kind) {
    case tables::Kind::kText:
      return type::v1::TABLE_COLUMN_KIND_TEXT;
    case tables::Kind::kNumber:
      return type::v1::TABLE_COLUMN_KIND_NUMBER;
    case tables::Kind::kDegrees:
      return type::v1::TABLE_COLUMN_KIND_DEGREES;
    case tables::Kind::kDay:
      return type::v1::TABLE_COLUMN_KIND_DAY;
    case tables::Kind::kDayOrMonth:
      return type::v1::TABLE_COLUMN_KIND_DAY_OR_MONTH;
    case tables::Kind::kYesNo:
      return type::v1::TABLE_COLUMN_KIND_YES_NO;
    case tables::Kind::kChoice:
      return type::v1::TABLE_COLUMN_KIND_CHOICE;
    case tables::Kind::kChoices:
      return type::v1::TABLE_COLUMN_KIND_CHOICES;
    case tables::Kind::kTexts:
      return type::v1::TABLE_COLUMN_KIND_TEXTS;
  }
  return type::v1::TABLE_COLUMN_KIND_UNSPECIFIED;
}

void Describe(const tables::Column& from, type::v1::TableColumn& to) {
  to.set_name(from.name);
  to.set_title(from.title);
  to.set_title_ja(from.title_ja);
  for (const std::string& alias : from.aliases) to.add_aliases(alias);
  to.set_required(from.required);
  to.set_kind(KindOf(from.kind));
  to.set_hint(from.hint);
  to.set_hint_ja(from.hint_ja);
  to.set_example(from.example);
  for (const tables::Choice& choice : from.choices) {
    type::v1::TableChoice& out = *to.add_choices();
    out.set_value(choice.value);
    out.set_title(choice.title);
    out.set_title_ja(choice.title_ja);
  }
}

struct InLanguage {
  bool japanese;
  std::string operator()(const std::string& english, const std::string& in_japanese,
                         const std::string& otherwise = "") const {
    const std::string& chosen = japanese ? in_japanese : english;
    return chosen.empty() ? otherwise : chosen;
  }
};

// One row a column: how it is called, whether it must be there, how to write it, what may be written.
std::vector<std::vector<std::string>> Explained(const std::vector<tables::Column>& columns, const InLanguage& in) {
  std::vector<std::vector<std::string>> rows = {{in("Column", "列"), in("Needed", "必須"),
                                                 in("How to write it", "書き方"), in("Example", "例"),
                                                 in("What may be written", "書ける値")}};
  for (const tables::Column& column : columns) {
    const std::string choices =
        absl::StrJoin(column.choices, in(", ", "、"), [&](std::string* out, const tables::Choice& choice) {
          absl::StrAppend(out, in(choice.title, choice.title_ja, choice.value));
        });
    rows.push_back({in(column.title, column.title_ja, column.name),
                    column.required ? in("required", "必須") : in("optional", "任意"), in(column.hint, column.hint_ja),
                    column.example, choices});
  }
  return rows;
}

}  // namespace

absl::StatusOr<type::v1::ImportTemplate> MakeTemplate(const type::v1::GetImportTemplateRequest& request,
                                                      const std::vector<Register>& registers) {
  errors::Violations violations;
  const auto found = std::find_if(registers.begin(), registers.end(),
                                  [&](const Register& each) { return request.table() == each.table; });
  if (found == registers.end()) {
    const std::string tables =
        absl::StrJoin(registers, ", ", [](std::string* out, const Register& each) { out->append(each.table); });
    violations.Add("table", "NOT_ONE_OF", absl::StrCat("There is no such table here; choose from: ", tables, "."),
                   absl::StrCat("その表はここにはありません。次から選んでください: ", tables));
  }
  violations.Require(request.language().empty() || request.language() == "ja" || request.language() == "en", "language",
                     "NOT_ONE_OF", "Choose \"ja\" or \"en\".", "\"ja\" か \"en\" を選んでください。");
  if (!violations.empty()) return violations.status();

  const InLanguage in{request.language() != "en"};
  type::v1::ImportTemplate answer;
  std::vector<std::string> headers, example;
  std::vector<int> widths;
  for (const tables::Column& column : found->columns) {
    Describe(column, *answer.add_columns());
    headers.push_back(in(column.title, column.title_ja, column.name));
    example.push_back(column.example);
    widths.push_back(16);
  }
  const std::string title = in(found->title, found->title_ja);
  const auto name = [&](const char* ending) { return absl::StrCat(title, in(" template", "_ひな形"), ending); };
  switch (request.format()) {
    case type::v1::TABLE_FORMAT_CSV:
    case type::v1::TABLE_FORMAT_CSV_SHIFT_JIS: {
      tables::CsvWriter writer;
      writer.TextRow(headers).TextRow(example);
      const bool shift_jis = request.format() == type::v1::TABLE_FORMAT_CSV_SHIFT_JIS;
      answer.set_file_name(name(".csv"));
      answer.set_media_type(shift_jis ? "text/csv; charset=Shift_JIS" : "text/csv; charset=UTF-8");
      const std::string text = writer.Take();
      answer.set_content(shift_jis ? tables::EncodeShiftJis(text).bytes : text);
      break;
    }
    case type::v1::TABLE_FORMAT_XLSX: {
      tables::XlsxWriter writer;
      writer.Sheet(title, widths).TextRow(headers).TextRow(example);
      writer.Sheet(in("Columns", "列の説明"), {24, 10, 60, 24, 60});
      for (const auto& row : Explained(found->columns, in)) writer.TextRow(row);
      std::optional<std::string> bytes = writer.Take();
      if (!bytes) return absl::ResourceExhaustedError("No memory for the spreadsheet.");
      answer.set_file_name(name(".xlsx"));
      answer.set_media_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
      answer.set_content(*std::move(bytes));
      break;
    }
    default:
      break;
  }
  return answer;
}

}  // namespace kubari::imports
