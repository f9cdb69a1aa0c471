// Spreadsheets as they are met: written by a library, by hand after the habits of LibreOffice, Google and Numbers, and by people with bad
// intentions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xlsxwriter.h>
#include <zip.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "libs/tables/table.h"
#include "libs/tables/xlsx_writer.h"

namespace kubari::tables {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Parts = std::vector<std::pair<std::string, std::string>>;

std::string Zip(const Parts& parts) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* out = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(out);
  zip_t* archive = zip_open_from_source(out, ZIP_TRUNCATE, &error);
  for (const auto& [name, content] : parts) {
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, content.data(), content.size(), 0), ZIP_FL_OVERWRITE);
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_source_open(out);
  zip_source_seek(out, 0, SEEK_END);
  std::string bytes(zip_source_tell(out), '\0');
  zip_source_seek(out, 0, SEEK_SET);
  zip_source_read(out, bytes.data(), bytes.size());
  zip_source_close(out);
  zip_source_free(out);
  return bytes;
}

constexpr char kRootRels[] =
    R"(<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">)"
    R"(<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>)";

struct Sheet {
  std::string name, xml;
  std::string state = "";
};

// A workbook of these sheets; `strings` and `styles` are the parts' contents.
std::string Workbook(const std::vector<Sheet>& sheets, const std::string& strings = "", const std::string& styles = "",
                     const std::string& properties = "") {
  std::string list, relations;
  Parts parts = {{"_rels/.rels", kRootRels}};
  const std::string type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
  for (size_t i = 0; i < sheets.size(); ++i) {
    absl::StrAppend(&list, "<sheet name=\"", sheets[i].name, "\" sheetId=\"", i + 1, "\"",
                    sheets[i].state.empty() ? "" : absl::StrCat(" state=\"", sheets[i].state, "\""), " r:id=\"s", i, "\"/>");
    absl::StrAppend(&relations, "<Relationship Id=\"s", i, "\" Type=\"", type, "worksheet\" Target=\"worksheets/sheet", i, ".xml\"/>");
    parts.emplace_back(absl::StrCat("xl/worksheets/sheet", i, ".xml"), sheets[i].xml);
  }
  if (!strings.empty()) {
    absl::StrAppend(&relations, "<Relationship Id=\"t\" Type=\"", type, "sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>");
    parts.emplace_back("xl/sharedStrings.xml", strings);
  }
  if (!styles.empty()) {
    absl::StrAppend(&relations, "<Relationship Id=\"y\" Type=\"", type, "styles\" Target=\"styles.xml\"/>");
    parts.emplace_back("xl/styles.xml", styles);
  }
  parts.emplace_back("xl/workbook.xml", absl::StrCat("<workbook xmlns:r=\"x\">", properties, "<sheets>", list, "</sheets></workbook>"));
  parts.emplace_back("xl/_rels/workbook.xml.rels", absl::StrCat("<Relationships>", relations, "</Relationships>"));
  return Zip(parts);
}

std::string Rows(const std::string& rows, const std::string& after = "") {
  return absl::StrCat("<worksheet><sheetData>", rows, "</sheetData>", after, "</worksheet>");
}

// The cells of the first sheet, whatever its columns are called.
struct Read {
  explicit Read(std::string_view bytes, const std::vector<Column>& columns = {}, const Options& options = {}, const Limits& limits = {}) {
    Options all = options;
    all.all_rows = true;
    table = Table::Read(bytes, columns, limits, errors, all, &reading);
  }
  std::vector<std::string> Row(size_t i) const { return i < reading.rows.size() ? reading.rows[i].cells : std::vector<std::string>{"no such row"}; }
  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const CellError& error : errors.all()) {
      EXPECT_FALSE(error.english.empty());
      EXPECT_FALSE(error.japanese.empty());
      reasons.push_back(absl::StrCat(error.row, " ", error.column, " ", error.reason));
    }
    return reasons;
  }
  CellErrors errors;
  Reading reading;
  std::optional<Table> table;
};

// What libxlsxwriter makes of `write`.
std::string Written(const std::function<void(lxw_workbook*, lxw_worksheet*)>& write) {
  const std::string path = absl::StrCat(testing::TempDir(), "/written.xlsx");
  lxw_workbook* workbook = workbook_new(path.c_str());
  write(workbook, workbook_add_worksheet(workbook, "表"));
  EXPECT_EQ(workbook_close(workbook), LXW_NO_ERROR);
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  std::remove(path.c_str());
  return bytes.str();
}

TEST(Xlsx, WhatALibraryWrites) {
  const std::string bytes = Written([](lxw_workbook* workbook, lxw_worksheet* sheet) {
    const auto format = [&](const char* code) {
      lxw_format* made = workbook_add_format(workbook);
      format_set_num_format(made, code);
      return made;
    };
    const char* const head[] = {"品名", "JAN", "期限", "月", "コード", "個数", "計", "済", "日時", "元号"};
    for (int i = 0; i < 10; ++i) worksheet_write_string(sheet, 0, i, head[i], nullptr);
    worksheet_write_string(sheet, 1, 0, " 米 5kg　", nullptr);
    worksheet_write_number(sheet, 1, 1, 9520000000019, nullptr);
    worksheet_write_number(sheet, 1, 2, 46477, format("yyyy/mm/dd"));
    worksheet_write_number(sheet, 1, 3, 46447, format("yyyy\"年\"m\"月\""));
    worksheet_write_number(sheet, 1, 4, 1101, format("00000"));
    worksheet_write_number(sheet, 1, 5, 0.1 + 0.2, nullptr);
    worksheet_write_formula_num(sheet, 1, 6, "=F2*2", nullptr, 6);
    worksheet_write_boolean(sheet, 1, 7, 1, nullptr);
    worksheet_write_number(sheet, 1, 8, 46477.5, format("yyyy/m/d h:mm"));
    worksheet_write_number(sheet, 1, 9, 46477, format("[$-411]ggge\"年\"m\"月\"d\"日\";@"));
    worksheet_write_blank(sheet, 900, 3, format("@"));
  });
  const Read read(bytes, {{.name = "total", .title_ja = "計"}});
  EXPECT_THAT(read.Reasons(), IsEmpty());
  EXPECT_EQ(read.reading.format, "xlsx");
  EXPECT_THAT(read.reading.sheets, ElementsAre("表"));
  EXPECT_THAT(read.reading.headers, ElementsAre("品名", "JAN", "期限", "月", "コード", "個数", "計", "済", "日時", "元号"));
  EXPECT_THAT(read.reading.columns, ElementsAre("", "", "", "", "", "", "total", "", "", ""));
  EXPECT_THAT(read.Row(0), ElementsAre("米 5kg", "9520000000019", "2027-03-31", "2027-03", "01101", "0.3", "6", "TRUE", "2027-03-31 12:00", "2027-03-31"));
  EXPECT_EQ(read.reading.row_count, 1) << "empty rows at the end do not count";
  ASSERT_EQ(read.reading.warnings.size(), 1u);
  EXPECT_EQ(read.reading.warnings[0].reason, "FORMULA");
  EXPECT_EQ(read.reading.warnings[0].column, "計");
  EXPECT_EQ(read.reading.warnings[0].row, 2);
}

TEST(Xlsx, WhatWeWriteOurselves) {
  XlsxWriter writer;
  writer.Sheet("ひな形", {20, 20}).TextRow({"名称", "数"});
  writer.Text("=1+1").Int(-3).EndRow();
  writer.Text("@米").Text("01101").EndRow();
  writer.Sheet("列の説明", {10}).TextRow({"別"});
  const auto bytes = writer.Take();
  ASSERT_TRUE(bytes.has_value());
  const Read read(*bytes);
  EXPECT_THAT(read.Reasons(), IsEmpty());
  EXPECT_THAT(read.reading.sheets, ElementsAre("ひな形", "列の説明"));
  EXPECT_THAT(read.Row(0), ElementsAre("=1+1", "-3"));
  EXPECT_THAT(read.Row(1), ElementsAre("@米", "01101"));
  EXPECT_THAT(read.reading.warnings, IsEmpty()) << "no text became a formula";
}

TEST(Xlsx, HabitsOfOthers) {
  const std::string strings =
      "<sst><si><t>名称</t></si>"
      "<si><r><rPr><b/></rPr><t>東京</t></r><r><t xml:space=\"preserve\"> 食堂</t></r><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh><phoneticPr fontId=\"1\"/></si>"
      "<si><t>a_x000D_\nb</t></si></sst>";
  // A namespace prefix, cells without places (Google, Numbers), inline text, text of formulas, a row that is not there.
  const std::string rows =
      "<x:worksheet xmlns:x=\"urn:y\"><x:sheetData><x:row><x:c t=\"s\"><x:v>0</x:v></x:c><x:c t=\"inlineStr\"><x:is><x:t>備考</x:t></x:is></x:c></x:row>"
      "<x:row r=\"4\"><x:c r=\"A4\" t=\"s\"><x:v>1</x:v></x:c><x:c r=\"B4\" t=\"str\"><x:f>A1&amp;\"x\"</x:f><x:v>名称x</x:v></x:c></x:row>"
      "<x:row r=\"5\"><x:c r=\"A5\" t=\"s\"><x:v>2</x:v></x:c><x:c r=\"B5\" t=\"d\"><x:v>2027-03-31T00:00:00</x:v></x:c></x:row></x:sheetData></x:worksheet>";
  const Read read(Workbook({{"S", rows}}, strings));
  EXPECT_THAT(read.Reasons(), IsEmpty());
  EXPECT_THAT(read.Row(0), ElementsAre("東京 食堂", "名称x")) << "without its reading";
  EXPECT_EQ(read.reading.rows[0].number, 4);
  EXPECT_THAT(read.Row(1), ElementsAre("a\r\nb", "2027-03-31"));
}

TEST(Xlsx, SheetsHiddenAndNamed) {
  const std::vector<Sheet> sheets = {{"秘密", Rows("<row><c t=\"str\"><v>s</v></c></row>"), "hidden"},
                                     {"一", Rows("<row><c t=\"str\"><v>one</v></c></row>")},
                                     {"二", Rows("<row><c t=\"str\"><v>two</v></c></row>")}};
  EXPECT_THAT(Read(Workbook(sheets)).reading.headers, ElementsAre("one"));
  EXPECT_THAT(Read(Workbook(sheets)).reading.sheets, ElementsAre("秘密", "一", "二"));
  EXPECT_THAT(Read(Workbook(sheets), {}, {.sheet = "二"}).reading.headers, ElementsAre("two"));
  const Read missing(Workbook(sheets), {}, {.sheet = "三"});
  EXPECT_THAT(missing.Reasons(), ElementsAre("0  SHEET_NOT_FOUND"));
  EXPECT_THAT(missing.errors.all()[0].english, HasSubstr("一, 二"));
}

TEST(Xlsx, DatesOfBothSystems) {
  const std::string styles =
      "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"m/d;@\"/><numFmt numFmtId=\"165\" formatCode=\"0.00E+00\"/></numFmts>"
      "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
      "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"55\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>";
  const auto shown = [&](const std::string& style, const std::string& value, const std::string& properties = "") {
    const std::string row = absl::StrCat("<row><c><v>1</v></c></row><row><c s=\"", style, "\"><v>", value, "</v></c></row>");
    return Read(Workbook({{"S", Rows(row)}}, "", styles, properties)).Row(0).at(0);
  };
  const std::string mac = "<workbookPr date1904=\"1\"/>";
  EXPECT_EQ(shown("1", "46477"), "2027-03-31");
  EXPECT_EQ(shown("1", "45015", mac), "2027-03-31");
  EXPECT_EQ(shown("1", "1"), "1900-01-01");
  EXPECT_EQ(shown("1", "59"), "1900-02-28");
  EXPECT_EQ(shown("1", "60"), "60") << "a day that never was";
  EXPECT_EQ(shown("1", "61"), "1900-03-01");
  EXPECT_EQ(shown("2", "46447"), "2027-03");
  EXPECT_EQ(shown("2", "46477"), "2027-03-31") << "not the first of a month: then the day is meant";
  EXPECT_EQ(shown("3", "46477"), "2027-03-31");
  EXPECT_EQ(shown("4", "46477"), "46477");
  EXPECT_EQ(shown("5", "0.375"), "09:00");
  EXPECT_EQ(shown("0", "46477"), "46477");
  EXPECT_EQ(shown("1", "-5"), "-5");
  EXPECT_EQ(shown("1", "1e300"), "1e+300");
  EXPECT_EQ(shown("99", "5"), "5") << "a style that is not there";
}

TEST(Xlsx, AColumnOfDaysKnowsItsNumbers) {
  const std::string rows = "<row><c t=\"str\"><v>date</v></c><c t=\"str\"><v>items</v></c></row><row><c><v>46477</v></c><c><v>46477</v></c></row>";
  const Read read(Workbook({{"S", Rows(rows)}}), {{.name = "date", .kind = Kind::kDay}, {.name = "items", .kind = Kind::kNumber}});
  EXPECT_THAT(read.Row(0), ElementsAre("2027-03-31", "46477"));
}

TEST(Xlsx, ErrorsAndFormulasAreToldAtTheirCells) {
  const std::string rows =
      "<row><c t=\"str\"><v>a</v></c><c t=\"str\"><v>b</v></c><c t=\"str\"><v>other</v></c></row>"
      "<row><c t=\"e\"><f>VLOOKUP(1,2,3)</f><v>#N/A</v></c><c><f>1+1</f></c><c t=\"e\"><v>#REF!</v></c></row>";
  Read read(Workbook({{"S", Rows(rows)}}), {{.name = "a"}, {.name = "b"}});
  EXPECT_THAT(read.Reasons(), ElementsAre("2 a SPREADSHEET_ERROR", "2 b FORMULA_WITHOUT_VALUE")) << "columns that nobody reads do not matter";
  EXPECT_THAT(read.errors.all()[0].english, HasSubstr("#N/A"));
  Cells cells(*read.table, read.table->rows()[0], read.errors);
  EXPECT_EQ(cells.Int("a", 0, 5), std::nullopt);
  EXPECT_EQ(cells.Int("b", 0, 5), std::nullopt);
  EXPECT_EQ(read.errors.total(), 2u) << "nothing is said twice of one cell";
}

TEST(Xlsx, MergedAndHiddenRows) {
  const std::string rows =
      "<row r=\"1\"><c t=\"str\"><v>donor</v></c><c t=\"str\"><v>x</v></c></row>"
      "<row r=\"2\"><c t=\"str\"><v>米店</v></c><c><v>1</v></c></row><row r=\"3\" hidden=\"1\"><c r=\"B3\"><v>2</v></c></row>"
      "<row r=\"4\"><c r=\"B4\"><v>3</v></c></row>";
  const Read read(Workbook({{"S", Rows(rows, "<mergeCells><mergeCell ref=\"A2:A3\"/><mergeCell ref=\"A1:B1\"/><mergeCell ref=\"ZZZZ1:B9\"/></mergeCells>")}}));
  EXPECT_THAT(read.Row(0), ElementsAre("米店", "1"));
  EXPECT_THAT(read.Row(1), ElementsAre("米店", "2"));
  EXPECT_THAT(read.Row(2), ElementsAre("", "3"));
  std::vector<std::string> warnings;
  for (const CellError& warning : read.reading.warnings) warnings.push_back(warning.reason);
  EXPECT_THAT(warnings, UnorderedElementsAre("HIDDEN_ROWS", "MERGED_CELLS"));
}

TEST(Xlsx, HeadersBelowATitle) {
  const std::string rows =
      "<row r=\"1\"><c t=\"str\"><v>寄付品リスト</v></c></row><row r=\"5\"><c t=\"str\"><v>品名</v></c><c t=\"str\"><v>数量（ケース）</v></c></row>"
      "<row r=\"6\"><c t=\"str\"><v>米</v></c><c><v>3</v></c></row>";
  const Read read(Workbook({{"S", Rows(rows)}}), {{.name = "name", .title_ja = "品名"}, {.name = "cases", .aliases = {"数量"}}});
  EXPECT_THAT(read.Reasons(), IsEmpty());
  EXPECT_EQ(read.reading.header_row, 5);
  EXPECT_EQ(read.reading.rows.at(0).number, 6);
}

TEST(Xlsx, RefusesWhatIsNoWorkbook) {
  const auto reason = [](const std::string& bytes, const Limits& limits = {}) {
    const Read read(bytes, {}, {}, limits);
    EXPECT_FALSE(read.table.has_value());
    return read.Reasons().size() == 1 ? read.errors.all()[0].reason : absl::StrCat(read.Reasons().size(), " errors");
  };
  EXPECT_EQ(reason(std::string("PK\x03\x04") + std::string(100, 'x')), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Zip({{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(std::string("\xD0\xCF\x11\xE0") + std::string(600, '\0')), "OLD_OR_LOCKED_WORKBOOK");
  EXPECT_EQ(reason(Workbook({})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Workbook({{"S", "<worksheet><sheetData><row>"}})), "NOT_A_WORKBOOK") << "cut off";
  EXPECT_EQ(reason(Workbook({{"S", Rows("<row r=\"99999999999\"><c><v>1</v></c></row>")}})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Workbook({{"S", Rows("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>")}})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Workbook({{"S", Rows("<row r=\"2\"/><row r=\"1\"/>")}})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Workbook({{"S", Rows("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>")}})), "TOO_MANY_COLUMNS");
  std::string whole = Workbook({{"S", Rows("<row><c><v>1</v></c></row>")}});
  whole.resize(whole.size() / 2);
  EXPECT_EQ(reason(whole), "NOT_A_WORKBOOK");
  std::string many;
  for (int i = 0; i < 200; ++i) absl::StrAppend(&many, "<row><c><v>", i, "</v></c></row>");
  EXPECT_EQ(reason(Workbook({{"S", Rows(many)}}), {.rows = 100}), "TOO_MANY_ROWS");
}

TEST(Xlsx, RefusesBombs) {
  const auto reason = [](const std::string& bytes) {
    const Read read(bytes);
    EXPECT_FALSE(read.table.has_value());
    return read.Reasons().size() == 1 ? read.errors.all()[0].reason : absl::StrCat(read.Reasons().size(), " errors");
  };
  // A zip bomb: 150 MB of blanks, or of empty rows, in a few kilobytes.
  EXPECT_EQ(reason(Workbook({{"S", Rows(std::string(150'000'000, ' '))}})), "FILE_TOO_LARGE");
  std::string empty;
  for (int i = 1; i < 200'000; ++i) absl::StrAppend(&empty, "<row r=\"", i, "\" spans=\"1:3\"><c r=\"A", i, "\" s=\"1\"/></row>");
  EXPECT_THAT(reason(Workbook({{"S", Rows(empty)}})), "NO_HEADER") << "a sheet with empty rows only is no bomb";
  // Entities: refused with the document type, before one is expanded.
  const std::string laughs =
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><worksheet><sheetData><row><c t=\"str\"><v>&b;</v></c></row></sheetData></worksheet>";
  EXPECT_EQ(reason(Workbook({{"S", laughs}})), "NOT_A_WORKBOOK");
  const std::string outside = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><worksheet/>";
  EXPECT_EQ(reason(Workbook({{"S", outside}})), "NOT_A_WORKBOOK");
  // Depth, one endless tag, one string in very many cells.
  std::string deep = "<worksheet>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(reason(Workbook({{"S", deep}})), "NOT_A_WORKBOOK");
  EXPECT_EQ(reason(Workbook({{"S", "<worksheet><a b=\"" + std::string(20'000'000, 'x')}})), "FILE_TOO_LARGE");
  std::string cells;
  for (int i = 0; i < 3000; ++i) cells += "<row><c t=\"s\"><v>0</v></c></row>";
  EXPECT_EQ(reason(Workbook({{"S", Rows(cells)}}, "<sst><si><t>" + std::string(32'000, 'x') + "</t></si></sst>")), "FILE_TOO_LARGE");
  // A sheet that is said to lie elsewhere is not there.
  Parts parts = {{"_rels/.rels", kRootRels},
                 {"xl/workbook.xml", "<workbook><sheets><sheet name=\"S\" r:id=\"s0\"/></sheets></workbook>"},
                 {"xl/_rels/workbook.xml.rels",
                  "<Relationships><Relationship Id=\"s0\" Type=\"x/worksheet\" TargetMode=\"External\" Target=\"http://192.0.2.1/sheet.xml\"/></Relationships>"}};
  EXPECT_EQ(reason(Zip(parts)), "NOT_A_WORKBOOK");
}

}  // namespace
}  // namespace kubari::tables
