#include "services/donors/domain/import_offers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/tables/text.h"
#include "libs/errors/errors.h"
#include "libs/gs1/gs1.h"
#include "libs/registry/fields.h"
#include "libs/registry/import.h"
#include "services/donors/domain/shapes.h"

namespace kubari::donors {
namespace {

const std::vector<tables::Column>& Columns() {
  static const std::vector<tables::Column> columns = {
      {"offer_code", {"申出コード"}},
      {"donor_code", {"寄付企業コード"}},
      {"title", {"件名"}},
      {"ready_date", {"引渡可能日"}},
      {"barcode", {"バーコード"}},
      {"cases", {"ケース数"}},
      {"items_per_case", {"入数"}, false},
      {"date_kind", {"期限種別"}, false},
      {"date", {"期限"}, false},
      {"lot_number", {"ロット番号"}, false},
      {"min_lot_cases", {"最小ロット"}, false},
      {"temperature", {"温度帯"}, false},
      {"remarks", {"備考"}, false},
  };
  return columns;
}

// Nothing if it cannot be read or names no trade item.
std::optional<gs1::Scan> ReadBarcode(const tables::Table& table, const tables::Row& row, tables::Cells& cells,
                                     int current_year) {
  if (cells.Empty("barcode")) {
    cells.Text("barcode", 1);  // says that it is empty
    return std::nullopt;
  }
  // Not Cells::Text: an element string may have separators, which are control characters.
  const absl::StatusOr<gs1::Scan> scan = gs1::Parse(tables::Narrow(table.Cell(row, "barcode")), current_year);
  if (!scan.ok()) {
    cells.Fail("barcode", errors::ReasonOf(scan.status()), errors::MessageIn("en", scan.status()),
               errors::MessageIn("ja", scan.status()));
    return std::nullopt;
  }
  if (!scan->gtin14 && !scan->content_gtin14) {
    cells.Fail("barcode", "NO_GTIN", "This code names no trade item; scan the product's or the case's own code.",
               "このコードには商品コード（GTIN）がありません。商品かケースのコードを読み取ってください。");
    return std::nullopt;
  }
  return *scan;
}

// What the barcode says of the date.
std::optional<type::v1::GoodUntil> DateOf(const gs1::Scan& scan) {
  type::v1::GoodUntil good_until;
  if (scan.use_by) {
    good_until.set_kind(type::v1::DATE_KIND_USE_BY);
    good_until.set_date(scan.use_by->Format());
  } else if (scan.best_before) {
    good_until.set_kind(type::v1::DATE_KIND_BEST_BEFORE);
    good_until.set_date(scan.best_before->Format());
  } else {
    return std::nullopt;
  }
  return good_until;
}

type::v1::GoodUntil ReadDate(tables::Cells& cells, const std::optional<type::v1::GoodUntil>& coded) {
  if (coded && cells.Empty("date_kind") && cells.Empty("date")) return *coded;
  type::v1::GoodUntil good_until;
  const std::optional<type::v1::DateKind> kind = registry::EnumCell<type::v1::DateKind>(cells, "date_kind");
  good_until.set_kind(kind.value_or(type::v1::DATE_KIND_UNSPECIFIED));
  if (kind == type::v1::DATE_KIND_NONE) {
    if (!cells.Empty("date")) {
      cells.Fail("date", "NOT_EMPTY", "date_kind is none; leave the date empty.",
                 "期限種別が none のときは期限を空にしてください。");
    }
  } else if (kind || !cells.Empty("date")) {
    if (const auto date = cells.Date("date")) good_until.set_date(date->Format());
  }
  if (coded && kind && !good_until.date().empty() &&
      (coded->kind() != good_until.kind() || coded->date() != good_until.date())) {
    cells.Fail("date", "CONFLICT",
               absl::StrCat("The barcode says ", coded->date(), "; leave the date empty or correct it."),
               absl::StrCat("バーコードの期限は ", coded->date(), " です。期限を空にするか、直してください。"));
  }
  return good_until;
}

std::string ReadLotNumber(tables::Cells& cells, const std::optional<std::string>& coded) {
  const std::string written = registry::OptionalText(cells, "lot_number", kMaxLotNumber);
  if (!coded) return written;
  if (!written.empty() && written != *coded) {
    cells.Fail("lot_number", "CONFLICT",
               absl::StrCat("The barcode says ", *coded, "; leave the lot number empty or correct it."),
               absl::StrCat("バーコードのロット番号は ", *coded, " です。空にするか、直してください。"));
  }
  return *coded;
}

void CheckSame(tables::Cells& cells, std::string_view column, const std::string& here, const std::string& first) {
  if (here.empty() || first.empty() || here == first) return;
  cells.Fail(column, "CONFLICT",
             absl::StrCat("An earlier row of this offer says '", first, "'; all its rows must say the same."),
             absl::StrCat("同じ申出の前の行では「", first, "」です。同じ申出の行では揃えてください。"));
}

}  // namespace

OfferTable::OfferTable(std::string_view bytes, int current_year, tables::CellErrors& errors)
    : table_(tables::Table::Read(bytes, Columns(), {.bytes = registry::kMaxTableBytes, .rows = registry::kMaxTableRows},
                              errors)) {
  if (!table_) return;
  for (const tables::Row& row : table_->rows()) ReadRow(row, current_year, errors);
}

void OfferTable::ReadRow(const tables::Row& row, int current_year, tables::CellErrors& errors) {
  tables::Cells cells(*table_, row, errors);
  const std::string code = cells.Text("offer_code", registry::kMaxCode).value_or("");
  const std::string donor_code = cells.Text("donor_code", registry::kMaxCode).value_or("");
  const std::string title = cells.Text("title", registry::kMaxName).value_or("");
  const std::string ready_date = registry::Day(cells, "ready_date").value_or("");

  auto offer = std::find_if(offers_.rbegin(), offers_.rend(), [&](const ImportedOffer& each) {
    return each.offer.code() == code && each.donor_code == donor_code;
  });
  if (offer == offers_.rend()) {
    offers_.push_back({.donor_code = donor_code});
    offer = offers_.rbegin();
    offer->offer.set_code(code);
    offer->offer.set_title(title);
    offer->offer.set_ready_date(ready_date);
  } else {
    CheckSame(cells, "title", title, offer->offer.title());
    CheckSame(cells, "ready_date", ready_date, offer->offer.ready_date());
    if (offer->lines.size() == kMaxLines) {
      cells.Fail("offer_code", "TOO_MANY_LINES",
                 absl::StrCat("An offer has at most ", kMaxLines, " lines; give the rest another code."),
                 absl::StrCat("申出の明細は", kMaxLines, "行までです。残りは別の申出コードにしてください。"));
    }
  }

  ImportedLine& imported = offer->lines.emplace_back();
  imported.row = &row;
  v1::OfferLine& line = imported.line;
  const std::optional<gs1::Scan> scan = ReadBarcode(*table_, row, cells, current_year);
  if (scan) imported.gtin = scan->gtin14 ? *scan->gtin14 : *scan->content_gtin14;
  line.set_cases(cells.Int("cases", 1, kMaxCases).value_or(0));
  line.set_items_per_case(registry::OptionalInt(cells, "items_per_case", 1, kMaxItemsPerCase, 0));
  *line.mutable_good_until() = ReadDate(cells, scan ? DateOf(*scan) : std::nullopt);
  line.set_donor_lot_number(ReadLotNumber(cells, scan ? scan->lot : std::nullopt));
  line.set_min_lot_cases(
      registry::OptionalInt(cells, "min_lot_cases", 0, line.cases() > 0 ? line.cases() : kMaxCases, 0));
  if (!cells.Empty("temperature")) {
    line.set_temperature_zone(registry::EnumCell<type::v1::TemperatureZone>(cells, "temperature")
                                  .value_or(type::v1::TEMPERATURE_ZONE_UNSPECIFIED));
  }
  line.set_remarks(registry::OptionalText(cells, "remarks", kMaxRemarks));
}

void OfferTable::Fail(const ImportedLine& line, std::string_view column, std::string reason, std::string english,
                      std::string japanese, tables::CellErrors& errors) const {
  tables::Cells(*table_, *line.row, errors).Fail(column, std::move(reason), std::move(english), std::move(japanese));
}

}  // namespace kubari::donors
