#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"

#include "libs/tables/csv_writer.h"
#include "libs/tables/encoding.h"
#include "libs/tables/errors.h"
#include "libs/tables/table.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Reasons(const CellErrors& errors) {
  std::vector<std::string> reasons;
  for (const CellError& error : errors.all())
    reasons.push_back(std::to_string(error.row) + " " + error.column + " " + error.reason);
  return reasons;
}

std::vector<std::vector<std::string>> CellsOf(const Table& table) {
  std::vector<std::vector<std::string>> cells;
  for (const Row& row : table.rows()) cells.push_back(row.cells);
  return cells;
}

// A table of one row with the column "c".
struct OneCell {
  explicit OneCell(std::string_view value) {
    CsvWriter writer;
    writer.TextRow({"c", "x"});
    std::string bytes = writer.Take() + "\"" + std::string(value) + "\",x\r\n";
    const std::vector<Choice> choices = {{.value = "ambient", .title = "Ambient", .title_ja = "常温", .others = {"ドライ"}},
                                         {.value = "chilled", .title_ja = "冷蔵"}};
    table = Table::Read(bytes, {{.name = "c", .choices = choices}}, {}, errors);
  }
  Cells cells() { return Cells(*table, table->rows().at(0), errors); }
  CellErrors errors;
  std::optional<Table> table;
};

TEST(Table, ReadsWhatSpreadsheetsWrite) {
  CellErrors errors;
  const auto table =
      Table::Read("\xEF\xBB\xBF名前,数量,備考\r\n\"米, 5kg\",10,\"\"\"新米\"\"\r\n二行目\"\r\n\r\n缶詰,3\n",
                  {{.name = "名前"}}, {}, errors);
  ASSERT_TRUE(table.has_value());
  EXPECT_THAT(errors.all(), IsEmpty());
  EXPECT_THAT(CellsOf(*table),
              ElementsAre(ElementsAre("米, 5kg", "10", "\"新米\"\r\n二行目"), ElementsAre("缶詰", "3", "")));
  EXPECT_EQ(table->rows()[0].number, 2);
  EXPECT_EQ(table->rows()[1].number, 4) << "the empty row 3 is skipped but counted";
  EXPECT_THAT(table->unknown_columns(), ElementsAre("数量", "備考"));
}

TEST(Table, ColumnsInAnyOrderAndByAlias) {
  CellErrors errors;
  const auto table = Table::Read(
      " Ｑｕａｎｔｉｔｙ ,extra,品名\n5,,米\n",
      {{.name = "name", .aliases = {"品名"}}, {.name = "quantity"}, {.name = "lot", .required = false}}, {}, errors);
  ASSERT_TRUE(table.has_value());
  const Row& row = table->rows().at(0);
  EXPECT_EQ(table->Cell(row, "name"), "米");
  EXPECT_EQ(table->Cell(row, "quantity"), "5");
  EXPECT_FALSE(table->Has("lot"));
  EXPECT_EQ(table->Cell(row, "lot"), "");
  EXPECT_THAT(table->unknown_columns(), ElementsAre("extra"));
  EXPECT_EQ(table->HeaderOf("name"), "品名");
}

TEST(Table, NamesAllColumnsThatAreMissingOrDouble) {
  CellErrors errors;
  EXPECT_FALSE(Table::Read("a,A,b\n1,2,3\n", {{.name = "a"}, {.name = "c"}, {.name = "d"}}, {}, errors).has_value());
  EXPECT_THAT(Reasons(errors), ElementsAre("1 A DUPLICATE_COLUMN", "1 c MISSING_COLUMN", "1 d MISSING_COLUMN"));
  EXPECT_THAT(errors.all()[1].japanese, HasSubstr("「c」"));
}

TEST(Table, RefusesWhatIsNoTable) {
  const auto reason = [](std::string_view bytes, Limits limits = {}) {
    CellErrors errors;
    EXPECT_FALSE(Table::Read(bytes, {{.name = "a"}}, limits, errors).has_value());
    return errors.total() == 1 ? errors.all()[0].reason : std::string("not one error");
  };
  EXPECT_EQ(reason("a\n\x83\xFF\n"), "WRONG_ENCODING");
  EXPECT_EQ(reason(std::string_view("a\0b", 3)), "NOT_TEXT");
  EXPECT_EQ(reason(std::string_view("%PDF-1.7\n\0", 10)), "NOT_TEXT");
  EXPECT_EQ(reason("\xD0\xCF\x11\xE0 xls"), "OLD_OR_LOCKED_WORKBOOK");
  EXPECT_EQ(reason(""), "NO_HEADER");
  EXPECT_EQ(reason(",,\n1,2,3\n"), "NO_HEADER");
  EXPECT_EQ(reason("a\n1\n2\n", {.bytes = 4}), "FILE_TOO_LARGE");
  EXPECT_EQ(reason("a\n1\n2\n3\n", {.rows = 2}), "TOO_MANY_ROWS");
  EXPECT_EQ(reason("a,b,c\n", {.columns = 2}), "TOO_MANY_COLUMNS");
  EXPECT_EQ(reason("\"a\n"), "QUOTE_NOT_CLOSED");
  std::string long_file = "a\n";
  for (int i = 0; i < 200'000; ++i) long_file += "1\n";
  EXPECT_EQ(reason(long_file), "TOO_MANY_ROWS");
}

TEST(Table, WrongRowsAreReportedAndTheOthersRead) {
  CellErrors errors;
  const auto table = Table::Read("a,b\n1,2,3\n4,5,,\n\"6\"x,7\n8,9\n\"10,11\n", {{.name = "a"}}, {}, errors);
  ASSERT_TRUE(table.has_value());
  EXPECT_THAT(CellsOf(*table), ElementsAre(ElementsAre("4", "5"), ElementsAre("8", "9")));
  EXPECT_THAT(Reasons(errors), ElementsAre("2  TOO_MANY_CELLS", "4  TEXT_AFTER_QUOTE", "6  QUOTE_NOT_CLOSED"));
}

// What a file says, whatever it is written in.
struct InEncoding {
  explicit InEncoding(std::string_view bytes, const Options& options = {}) {
    table = Table::Read(bytes, {{.name = "name", .title_ja = "品名"}, {.name = "items", .aliases = {"数量"}}}, {}, errors, options, &reading);
  }
  CellErrors errors;
  Reading reading;
  std::optional<Table> table;
};

TEST(Encodings, AreDetectedAndTold) {
  struct Case {
    const char* encoding;
    std::string bytes;
  };
  const std::string text = "品名,数量\r\n①米～,3\r\n髙橋の缶詰,5\r\n";
  std::string utf16 = "\xFF\xFE", big = "\xFE\xFF";
  for (const char16_t unit : std::u16string(u"品名\t数量\r\n①米～\t3\r\n髙橋の缶詰\t5\r\n")) {
    utf16 += {static_cast<char>(unit & 0xFF), static_cast<char>(unit >> 8)};
    big += {static_cast<char>(unit >> 8), static_cast<char>(unit & 0xFF)};
  }
  const Encoded shift_jis = EncodeShiftJis(text);
  EXPECT_EQ(shift_jis.lacking, "");
  EXPECT_EQ(shift_jis.bytes.substr(0, 5), "\x95\x69\x96\xBC,");
  for (const Case& each : {Case{"UTF-8", text}, Case{"UTF-8", "\uFEFF" + text}, Case{"Shift_JIS", shift_jis.bytes}, Case{"UTF-16", utf16},
                           Case{"UTF-16", big}}) {
    const InEncoding read(each.bytes);
    ASSERT_TRUE(read.table.has_value()) << each.encoding;
    EXPECT_EQ(read.reading.encoding, each.encoding);
    EXPECT_THAT(CellsOf(*read.table), ElementsAre(ElementsAre("①米～", "3"), ElementsAre("髙橋の缶詰", "5"))) << each.encoding;
  }
}

TEST(Encodings, TheFirstBadRowIsNamed) {
  const InEncoding damaged("品名,数量\n米,3\n塩\xFF,4\n");
  EXPECT_FALSE(damaged.table.has_value());
  EXPECT_THAT(Reasons(damaged.errors), ElementsAre("3  WRONG_ENCODING"));
  EXPECT_THAT(damaged.errors.all()[0].japanese, HasSubstr("3行目"));
  const InEncoding cut("\xFF\xFE" "a");
  EXPECT_THAT(Reasons(cut.errors), ElementsAre("1  WRONG_ENCODING"));
}

TEST(Encodings, WhatShiftJisLacksIsTold) {
  const Encoded encoded = EncodeShiftJis("\uFEFF〜−😀𠮷é😀");
  EXPECT_EQ(encoded.lacking, "😀𠮷é");
  EXPECT_EQ(encoded.bytes, "\x81\x60\x81\x7C????");
}

TEST(Separators, AreFoundByWhatTheyMake) {
  const auto cells = [](std::string_view bytes) { return CellsOf(*InEncoding(bytes).table); };
  EXPECT_THAT(cells("品名\t数量\n米,麦\t3\n"), ElementsAre(ElementsAre("米,麦", "3")));
  EXPECT_THAT(cells("品名;数量\n米,麦;3\n"), ElementsAre(ElementsAre("米,麦", "3")));
  EXPECT_THAT(cells("品名,数量\n米;麦;豆;塩,3\n"), ElementsAre(ElementsAre("米;麦;豆;塩", "3"))) << "a list in a cell is no separator";
}

TEST(Headers, AreFoundBelowATitleAndByTheirParts) {
  const InEncoding read("寄付品リスト,,\n\n【必須】品名,数量（ケース）※,備考\n米,3,x\n");
  ASSERT_TRUE(read.table.has_value());
  EXPECT_EQ(read.reading.header_row, 3);
  EXPECT_THAT(read.reading.columns, ElementsAre("name", "items", ""));
  EXPECT_EQ(read.reading.rows.at(0).number, 4);
  const InEncoding part("対象の品名,ﾋﾝﾒｲ,寄付数量\n米,x,3\n");
  EXPECT_THAT(part.reading.columns, ElementsAre("name", "", "items"));
  const InEncoding longest("a,b\n1,2\n");
  EXPECT_FALSE(longest.table.has_value());
  EXPECT_THAT(longest.reading.headers, ElementsAre("a", "b")) << "what was read is told, though columns are missing";
  EXPECT_EQ(longest.reading.rows.size(), 1u);
}

TEST(Headers, AreWhatTheCallerSays) {
  const InEncoding mapped("品名,入庫,引当\nx,米,3\n", {.columns = {{"入庫", "name"}, {"引当", "items"}}});
  ASSERT_TRUE(mapped.table.has_value());
  EXPECT_THAT(mapped.reading.columns, ElementsAre("", "name", "items"));
  const InEncoding unused("品名,数量,品名の旧\n米,3,y\n", {.columns = {{"品名", ""}}});
  EXPECT_THAT(Reasons(unused.errors), IsEmpty()) << "the next best is taken";
  EXPECT_THAT(unused.reading.columns, ElementsAre("", "items", "name"));
  const InEncoding unknown("品名,数量\n米,3\n", {.columns = {{"品名", "colour"}}});
  EXPECT_THAT(Reasons(unknown.errors), ElementsAre("1 品名 UNKNOWN_COLUMN"));
  const InEncoding row("a,b\n品名,数量\nc,d\n", {.header_row = 1});
  EXPECT_EQ(row.reading.header_row, 1);
  EXPECT_THAT(Reasons(InEncoding("品名,数量\n", {.header_row = 5}).errors), ElementsAre("5  NO_HEADER"));
}

TEST(Cells, AllErrorsOfATableAtOnce) {
  CellErrors errors;
  const auto table = Table::Read("品名,数量,賞味期限\n米,十,2027-13\n,0,2027/3/31\n",
                                 {{.name = "品名"}, {.name = "数量"}, {.name = "賞味期限"}}, {}, errors);
  for (const Row& row : table->rows()) {
    Cells cells(*table, row, errors);
    cells.Text("品名", 10);
    cells.Int("数量", 1, 100);
    cells.Date("賞味期限");
  }
  EXPECT_THAT(Reasons(errors),
              ElementsAre("2 数量 NOT_A_NUMBER", "2 賞味期限 NOT_A_DATE", "3 品名 EMPTY", "3 数量 OUT_OF_RANGE"));
  EXPECT_EQ(errors.all()[0].value, "十");
  EXPECT_THAT(errors.all()[1].japanese, HasSubstr("13月"));
  for (const CellError& error : errors.all()) EXPECT_TRUE(!error.english.empty() && !error.japanese.empty());
}

TEST(Cells, Int) {
  const auto read = [](std::string_view text) { return OneCell(text).cells().Int("c", -1'000'000, 1'000'000); };
  EXPECT_EQ(read("120"), 120);
  EXPECT_EQ(read("１２０"), 120);
  EXPECT_EQ(read("1,200"), 1200);
  EXPECT_EQ(read("-5"), -5);
  EXPECT_EQ(read("+5"), 5);
  EXPECT_EQ(read("0007"), 7);
  for (const char* bad : {"", "1.5", "1.0", "12,00", ",1", "1,", "--5", "5個", "0x10", "1e3", "1 000", "-", "1000001",
                          "99999999999999999999"}) {
    EXPECT_EQ(read(bad), std::nullopt) << bad;
  }
}

TEST(Cells, Date) {
  const auto read = [](std::string_view text) {
    const auto date = OneCell(text).cells().Date("c");
    return date ? date->Format() : "refused";
  };
  for (const char* day :
       {"2027-03-31", "2027/3/31", "2027.3.31", "2027年3月31日", "２０２７／０３／３１", "2027年03月31日"}) {
    EXPECT_EQ(read(day), "2027-03-31") << day;
  }
  for (const char* month : {"2027-03", "2027/3", "2027.03", "2027年3月"}) EXPECT_EQ(read(month), "2027-03") << month;
  for (const char* bad :
       {"", "27/3/31", "3/31/2027", "Mar-27", "2027", "2027-02-30", "2027年", "45747", "2027-3-", "月", "2027//3"}) {
    EXPECT_EQ(read(bad), "refused") << bad;
  }
}

TEST(Cells, BoolChoiceListText) {
  for (const char* yes : {"yes", "YES", "はい", "○", "〇", "true", "１", "有"})
    EXPECT_EQ(OneCell(yes).cells().Bool("c"), true) << yes;
  for (const char* no : {"No", "いいえ", "×", "FALSE", "0", "無"})
    EXPECT_EQ(OneCell(no).cells().Bool("c"), false) << no;
  for (const char* neither : {"", "maybe", "2"}) EXPECT_EQ(OneCell(neither).cells().Bool("c"), std::nullopt) << neither;

  for (const char* ambient : {"ＡＭＢＩＥＮＴ", "Ambient", "常温", "ドライ"}) EXPECT_EQ(OneCell(ambient).cells().Choice("c"), "ambient") << ambient;
  OneCell frozen("冷凍");
  EXPECT_EQ(frozen.cells().Choice("c"), std::nullopt);
  EXPECT_THAT(frozen.errors.all()[0].japanese, HasSubstr("常温、冷蔵"));
  EXPECT_THAT(*OneCell("冷蔵、ambient").cells().Choices("c"), ElementsAre("chilled", "ambient"));
  EXPECT_EQ(OneCell("冷蔵;chilled").cells().Choices("c"), std::nullopt) << "twice";

  EXPECT_THAT(*OneCell(" 卵; 乳；　小麦;; ").cells().List("c", 5), ElementsAre("卵", "乳", "小麦"));
  EXPECT_EQ(OneCell("卵;とても長い名前").cells().List("c", 5), std::nullopt);

  EXPECT_EQ(OneCell("五文字まで").cells().Text("c", 5), "五文字まで");
  EXPECT_EQ(OneCell("六文字あるよ").cells().Text("c", 5), std::nullopt);
  EXPECT_EQ(OneCell("a\x01").cells().Text("c", 5), std::nullopt);
  EXPECT_EQ(OneCell("=1+1").cells().Text("c", 5), "=1+1") << "a formula is accepted as text";
  EXPECT_TRUE(OneCell("　 ").cells().Empty("c"));
}

TEST(Writer, NoFormulaLeavesUnquoted) {
  CsvWriter writer;
  writer.Text("=HYPERLINK(\"x\")").Text("＋1").Text("@a").Text("-1").Int(-1).Text("'=1").Text("it's").EndRow();
  EXPECT_EQ(writer.Take(), "\uFEFF\"'=HYPERLINK(\"\"x\"\")\",'＋1,'@a,'-1,-1,''=1,it's\r\n");
  EXPECT_EQ(writer.Take(), "");
}

TEST(Writer, WhatIsWrittenIsReadBack) {
  constexpr uint32_t kSeed = 20261121;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  const std::vector<std::string> pieces = {"a", "米", ",", "\"", "\n", "\r\n", ";",  "'",
                                           "=", "+",  "-", "@",  "＝", " ",    "\t", "0"};
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::vector<std::string>> rows(1 + random() % 5, std::vector<std::string>(3));
    CsvWriter writer;
    writer.TextRow({"a", "b", "c"});
    for (auto& row : rows) {
      for (std::string& cell : row) {
        cell = "x";
        if (random() % 2) cell = pieces[random() % pieces.size()] + cell;
        for (int i = random() % 6; i > 0; --i)
          cell.insert(random() % 2 ? 0 : cell.size(), pieces[random() % pieces.size()]);
        cell = std::string(Trim(cell));
      }
      writer.TextRow(row);
    }
    CellErrors errors;
    const auto table = Table::Read(writer.Take(), {{.name = "a"}, {.name = "b"}, {.name = "c"}}, {}, errors);
    ASSERT_TRUE(table.has_value());
    ASSERT_EQ(table->rows().size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      Cells cells(*table, table->rows()[i], errors);
      for (int column = 0; column < 3; ++column) {
        ASSERT_EQ(cells.Text(std::string(1, "abc"[column]), 1000), rows[i][column]);
      }
    }
    ASSERT_TRUE(errors.empty());
  }
}

TEST(Table, RandomBytesNeverCrash) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  const std::string alphabet = "a,\"\n\r\t =;'\xE7\xB1\xB3\xEF\xBC\x91";
  int tables = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = random() % 2 ? "a,b\n" : "";
    for (int i = random() % 40; i > 0; --i)
      bytes.push_back(random() % 20 ? alphabet[random() % 11] : static_cast<char>(random()));
    CellErrors errors;
    const auto table = Table::Read(bytes, {{.name = "a"}}, {}, errors);
    ASSERT_TRUE(table.has_value() || !errors.empty());
    if (!table) continue;
    ++tables;
    for (const Row& row : table->rows()) {
      Cells cells(*table, row, errors);
      cells.Text("a", 5), cells.Int("a", 0, 5), cells.Date("a"), cells.Bool("a"), cells.Choice("a"), cells.List("a", 5);
    }
  }
  EXPECT_GT(tables, 1000);
}

TEST(CellErrors, KeepsTheFirstAndCountsAll) {
  CellErrors errors;
  for (int i = 0; i < 1500; ++i) errors.Add({.row = i, .value = std::string(500, 'x')});
  EXPECT_EQ(errors.total(), 1500u);
  EXPECT_EQ(errors.all().size(), CellErrors::kKept);
  EXPECT_EQ(errors.all()[0].value.size(), 100u);
}

TEST(Text, FirstCharactersDoesNotCutOne) {
  EXPECT_EQ(FirstCharacters("米と塩", 2), "米と");
  EXPECT_EQ(FirstCharacters("米と塩", 9), "米と塩");
  EXPECT_EQ(FirstCharacters("米", 0), "");
  EXPECT_EQ(CountCharacters("米とa"), 3u);
  EXPECT_EQ(Narrow("～！＠ＺｚA米"), "~!@ZzA米");
}

}  // namespace
}  // namespace kubari::tables
