// Cells of imported tables.
#include "libs/registry/import.h"

#include <gtest/gtest.h>

namespace kubari::registry {
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
                     [](tables::Cells& cells) { ReadAddress(cells, false); }),
            (Strings{"municipality_code NOT_A_MUNICIPALITY", "postal_code NOT_A_POSTAL_CODE", "latitude NOT_DEGREES",
                     "longitude NOT_DEGREES"}));
  EXPECT_EQ(
      Problems(
          {{"municipality_code", "１３１０１"}, {"postal_code", "100-0001"}, {"latitude", "35.1"}, {"longitude", ""}},
          [](tables::Cells& cells) { EXPECT_EQ(ReadAddress(cells, false).municipality_code(), "13101"); }),
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
                       EXPECT_EQ(EnumList<type::v1::FoodCategory>(cells, "b"),
                                 (std::vector<int>{type::v1::FOOD_CATEGORY_RICE, type::v1::FOOD_CATEGORY_NOODLES}));
                       EXPECT_EQ(EnumCell<type::v1::ComplianceLevel>(cells, "c"),
                                 type::v1::COMPLIANCE_LEVEL_STORAGE_PROVEN);
                     }),
            (Strings{"b DUPLICATE", "b NOT_A_CHOICE"}));
}

}  // namespace
}  // namespace kubari::registry
