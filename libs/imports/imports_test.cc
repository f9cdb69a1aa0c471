// Cells of imported tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "libs/errors/testing.h"
#include "libs/imports/cells.h"
#include "libs/imports/columns.h"
#include "libs/imports/upload.h"
#include "libs/tables/text.h"

namespace kubari::imports {
namespace {

// One row with these cells, given to `read`; returns the reasons, each as "column reason".
std::vector<std::string> Problems(const std::vector<std::pair<std::string, std::string>>& row,
                                  const std::function<void(tables::Cells&)>& read) {
  std::string header, cells;
  std::vector<tables::Column> columns;
  for (const auto& [name, value] : row) {
    header += (header.empty() ? "" : ",") + name;
    cells += (columns.empty() ? "\"" : ",\"") + value + "\"";
    columns.push_back({.name = name});
    if (name == "a") columns.back().choices = Choices<type::v1::FoodCategory>();
    if (name == "b") columns.back().choices = Choices<type::v1::FoodCategory>();
    if (name == "c") columns.back().choices = Choices<type::v1::ComplianceLevel>();
  }
  tables::CellErrors errors;
  const auto table = tables::Table::Read(header + "\n" + cells + "\n", columns, {}, errors);
  EXPECT_TRUE(table.has_value());
  tables::Cells reader(*table, table->rows()[0], errors);
  read(reader);
  std::vector<std::string> problems;
  for (const tables::CellError& error : errors.all()) {
    EXPECT_EQ(error.row, 2);
    EXPECT_FALSE(error.english.empty());
    EXPECT_FALSE(error.japanese.empty());
    problems.push_back(error.column + " " + error.reason);
  }
  return problems;
}
using Strings = std::vector<std::string>;

TEST(ImportTest, DegreesAreExact) {
  const auto degrees = [](const std::string& text) {
    std::optional<int32_t> read;
    const Strings problems =
        Problems({{"d", text}, {"x", "1"}}, [&](tables::Cells& cells) { read = Degrees(cells, "d", 90); });
    EXPECT_EQ(read.has_value(), problems.empty());
    return read;
  };
  EXPECT_EQ(degrees("35.689501"), 35689501);
  EXPECT_EQ(degrees("35.6895019"), 35689501);
  EXPECT_EQ(degrees("-35.5"), -35500000);
  EXPECT_EQ(degrees("３５．５"), 35500000);
  EXPECT_EQ(degrees("90"), 90000000);
  for (const char* bad : {"90.000001", "abc", "35.6.1", ".", "-", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(degrees(bad), std::nullopt) << bad;
  }
}

TEST(ImportTest, AddressTellsAllThatIsWrong) {
  EXPECT_EQ(Problems({{"municipality_code", "48101"}, {"postal_code", "12"}, {"latitude", "x"}, {"longitude", "200"}},
                     [](tables::Cells& cells) { ReadAddress(cells, true, false); }),
            (Strings{"municipality_code NOT_A_MUNICIPALITY", "postal_code NOT_A_POSTAL_CODE", "latitude NOT_DEGREES",
                     "longitude NOT_DEGREES"}));
  EXPECT_EQ(
      Problems(
          {{"municipality_code", "１３１０１"}, {"postal_code", "100-0001"}, {"latitude", "35.1"}, {"longitude", ""}},
          [](tables::Cells& cells) { EXPECT_EQ(ReadAddress(cells, true, false).municipality_code(), "13101"); }),
      (Strings{"longitude EMPTY"}));
}

TEST(ImportTest, DaysHaveDayPrecision) {
  EXPECT_EQ(Problems({{"a", "2027/3/1"}, {"b", "2027年3月"}, {"c", "soon"}},
                     [](tables::Cells& cells) {
                       EXPECT_EQ(Day(cells, "a"), "2027-03-01");
                       Day(cells, "b");
                       Day(cells, "c");
                     }),
            (Strings{"b NOT_A_DAY", "c NOT_A_DATE"}));
}

TEST(ImportTest, EnumsAreWordsOfTheContract) {
  EXPECT_EQ(Problems({{"a", "Bread_Cereal"}, {"b", "rice; NOODLES ;rice;cake"}, {"c", "storage_proven"}},
                     [](tables::Cells& cells) {
                       EXPECT_EQ(EnumCell<type::v1::FoodCategory>(cells, "a"), type::v1::FOOD_CATEGORY_BREAD_CEREAL);
                       EXPECT_TRUE(EnumList<type::v1::FoodCategory>(cells, "b").empty());
                       EXPECT_EQ(EnumCell<type::v1::ComplianceLevel>(cells, "c"),
                                 type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
                     }),
            (Strings{"b DUPLICATE", "b NOT_A_CHOICE"}));
  EXPECT_EQ(Problems({{"b", "米、めん類;お菓子"}},
                     [](tables::Cells& cells) {
                       EXPECT_EQ(EnumList<type::v1::FoodCategory>(cells, "b"),
                                 (std::vector{type::v1::FOOD_CATEGORY_RICE, type::v1::FOOD_CATEGORY_NOODLES,
                                              type::v1::FOOD_CATEGORY_SNACK}));
                     }),
            Strings{});
}

TEST(Words, EveryValueHasTitlesAndNoWordMeansTwo) {
  for (const google::protobuf::EnumDescriptor* type :
       {type::v1::TemperatureZone_descriptor(), type::v1::DateKind_descriptor(), type::v1::FoodCategory_descriptor(),
        type::v1::DietaryTag_descriptor(), type::v1::Allergen_descriptor(), type::v1::ComplianceLevel_descriptor(),
        groups::v1::GroupKind_descriptor(), groups::v1::Weekday_descriptor(), groups::v1::LegalForm_descriptor(),
        groups::v1::ActivityKind_descriptor(), groups::v1::AgeBand_descriptor(), groups::v1::Help_descriptor(),
        groups::v1::Vehicle_descriptor()}) {
    std::set<std::string> words;
    EXPECT_EQ(static_cast<int>(ChoicesOf(*type).size()), type->value_count() - 1);
    for (const tables::Choice& choice : ChoicesOf(*type)) {
      EXPECT_FALSE(choice.title.empty() || choice.title_ja.empty()) << type->name() << " " << choice.value;
      EXPECT_GT(NumberOf(*type, choice.value), 0) << choice.value;
      std::set<std::string> own = {tables::Fold(choice.value), tables::Fold(choice.title),
                                   tables::Fold(choice.title_ja)};
      for (const std::string& other : choice.others) own.insert(tables::Fold(other));
      for (const std::string& word : own) EXPECT_TRUE(words.insert(word).second) << word;
    }
  }
  EXPECT_EQ(NumberOf(*type::v1::Allergen_descriptor(), "nothing"), -1);
}

const std::vector<tables::Column>& TwoColumns() {
  static const std::vector<tables::Column> columns = {
      CodeColumn("donor", "寄付者", "=D001"),
      {.name = "days", .required = false, .title_ja = "日数", .kind = tables::Kind::kNumber, .example = "3"}};
  return columns;
}

TEST(UploadTest, BadRowsBlockOrAreLeftOut) {
  donors::v1::ImportDonorsRequest request;
  request.set_table("コード,日数,他\na,1,\nb,x,\n,y,\n");
  for (const bool skip : {false, true}) {
    request.mutable_options()->set_skip_bad_rows(skip);
    Upload upload(request, TwoColumns());
    std::vector<std::string> good;
    for (const tables::Row& row : upload.rows()) {
      tables::Cells cells = upload.CellsOf(row);
      const auto code = cells.Text("code", 10);
      cells.Int("days", 0, 9);
      if (!upload.IsBad(row.number)) good.push_back(*code);
    }
    EXPECT_EQ(good, Strings{"a"});
    EXPECT_EQ(upload.MayWrite(), skip);
    donors::v1::ImportDonorsResponse response;
    upload.Tell(response);
    EXPECT_EQ(response.problems_size(), 3);
    EXPECT_EQ(response.reading().bad_row_count(), 2);
    EXPECT_EQ(response.reading().row_count(), 3);
    EXPECT_EQ(response.reading().columns(0), "code");
    EXPECT_EQ(response.reading().columns(2), "");
    EXPECT_EQ(response.reading().first_rows(1).number(), 3);
    EXPECT_EQ(response.reading().known_columns_size(), 2);
    EXPECT_EQ(response.reading().required_columns_size(), 1);
  }
  request.set_table("他\n1\n");
  Upload upload(request, TwoColumns());
  EXPECT_FALSE(upload.MayWrite()) << "without its columns no row is good";
  donors::v1::ImportDonorsResponse response;
  upload.Tell(response);
  EXPECT_EQ(response.reading().headers(0), "他");
  EXPECT_EQ(response.reading().first_rows_size(), 1);
}

TEST(UploadTest, AllRowsOnlyOfADryRun) {
  donors::v1::ImportDonorsRequest request;
  std::string table = "code\n";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&table, i, "\n");
  request.set_table(table);
  const auto rows = [&] {
    donors::v1::ImportDonorsResponse response;
    Upload(request, TwoColumns()).Tell(response);
    return response.reading().first_rows_size();
  };
  EXPECT_EQ(rows(), 10);
  request.mutable_options()->set_all_rows(true);
  EXPECT_EQ(rows(), 10);
  request.set_dry_run(true);
  EXPECT_EQ(rows(), 30);
}

TEST(Template, CanBeFilledInAndRead) {
  type::v1::GetImportTemplateRequest request;
  request.set_table("donors");
  const std::vector<Register> registers = {{"donors", "Donors", "寄付者", TwoColumns()}};
  for (const std::string language : {"", "ja", "en"}) {
    request.set_language(language);
    for (const auto format :
         {type::v1::TABLE_FORMAT_CSV, type::v1::TABLE_FORMAT_CSV_SHIFT_JIS, type::v1::TABLE_FORMAT_XLSX}) {
      request.set_format(format);
      const auto made = MakeTemplate(request, registers);
      ASSERT_THAT(made, errors::IsOk());
      EXPECT_EQ(made->columns_size(), 2);
      donors::v1::ImportDonorsRequest import;
      import.set_table(made->content());
      Upload upload(import, TwoColumns());
      ASSERT_EQ(upload.rows().size(), 1u) << made->file_name();
      tables::Cells cells = upload.CellsOf(upload.rows()[0]);
      EXPECT_EQ(cells.Text("code", 40), "=D001");
      EXPECT_EQ(cells.Int("days", 0, 9), 3);
      EXPECT_TRUE(upload.MayWrite());
    }
  }
  request.set_format(type::v1::TABLE_FORMAT_UNSPECIFIED);
  EXPECT_EQ(MakeTemplate(request, registers)->content(), "");
  request.set_table("lots");
  EXPECT_THAT(MakeTemplate(request, registers), errors::Violates("table", "NOT_ONE_OF"));
}

}  // namespace
}  // namespace kubari::imports
