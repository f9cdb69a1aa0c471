#include "services/donors/domain/import_offers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/gs1/gs1.h"
#include "libs/imports/cells.h"
#include "libs/imports/columns.h"
#include "libs/registry/fields.h"
#include "libs/tables/text.h"
#include "services/donors/domain/shapes.h"

namespace kubari::donors {
namespace {

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
  const std::optional<type::v1::DateKind> kind = imports::EnumCell<type::v1::DateKind>(cells, "date_kind");
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
  const std::string written = imports::OptionalText(cells, "lot_number", kMaxLotNumber);
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

const std::vector<tables::Column>& OfferColumns() {
  using tables::Kind;
  static const std::vector<tables::Column> columns =
      imports::List()
          .Add({.name = "barcode",
                .aliases = {"JAN", "JANコード", "GTIN", "EAN", "ITF", "ITFコード", "商品コード", "コード", "集合包装用商品コード"},
                .title = "Barcode",
                .title_ja = "バーコード",
                .hint = "The digits of the product's or the case's barcode (JAN of 8 or 13, ITF of 14). From GS1-128 date and lot are read too.",
                .hint_ja = "商品かケースのバーコードの数字（JAN 8桁・13桁、ITF 14桁）。GS1-128 なら期限とロットも読み取ります。",
                .example = "9520000000019"})
          .Add({.name = "product_name",
                .aliases = {"品名", "品目", "商品", "名称", "item"},
                .required = false,
                .title = "Product",
                .title_ja = "商品名",
                .hint = "Only shown, to know the row by. The barcode decides.",
                .hint_ja = "確かめるために示すだけです。商品はバーコードで決まります。",
                .example = "やわらかごはん 200g"})
          .Add({.name = "cases",
                .aliases = {"数量", "ケース", "CS", "c/s", "cs数", "箱数", "申出数", "寄付数", "quantity", "qty"},
                .title = "Cases",
                .title_ja = "ケース数",
                .kind = Kind::kNumber,
                .hint = "How many cases (a whole number).",
                .hint_ja = "ケースの数（整数）。",
                .example = "20"})
          .Add({.name = "items_per_case",
                .aliases = {"入り数", "ケース入数", "入", "1ケース入数", "pack size"},
                .required = false,
                .title = "Items per case",
                .title_ja = "入数",
                .kind = Kind::kNumber,
                .hint = "Items in one case. Empty: as registered for the product.",
                .hint_ja = "1ケースの点数。空なら、登録されている商品の入数です。",
                .example = "24"})
          .Add({.name = "date_kind",
                .aliases = {"期限の種類", "期限区分"},
                .required = false,
                .title = "Kind of date",
                .title_ja = "期限種別",
                .kind = Kind::kChoice,
                .hint = "Best before, use by, or no date.",
                .hint_ja = "賞味期限・消費期限・期限表示なし のどれか。",
                .example = "賞味期限",
                .choices = imports::Choices<type::v1::DateKind>()})
          .Add({.name = "date",
                .aliases = {"賞味期限", "消費期限", "期限日", "賞味", "best before", "expiry", "expiry date"},
                .required = false,
                .title = "Date",
                .title_ja = "期限",
                .kind = Kind::kDayOrMonth,
                .hint = "2027-03-31 or 2027/3/31; 2027-03 if only a month is printed (good to its end).",
                .hint_ja = "2027-03-31、2027/3/31、2027年3月31日。月だけの表示なら 2027-03（その月の末日まで）。",
                .example = "2027-03-31"})
          .Add({.name = "lot_number",
                .aliases = {"ロット", "LOT", "ロットNo", "製造番号", "製造ロット", "batch"},
                .required = false,
                .title = "Lot number",
                .title_ja = "ロット番号",
                .hint = "The maker's own, up to 20 characters; helps if goods are recalled.",
                .hint_ja = "製造者のロット記号（20文字まで）。回収のときに役立ちます。",
                .example = "L0412"})
          .Add({.name = "min_lot_cases",
                .aliases = {"最小ケース数", "最小単位"},
                .required = false,
                .title = "Smallest quantity",
                .title_ja = "最小ロット",
                .kind = Kind::kNumber,
                .hint = "Fewest cases for one group, if the goods cannot be split further.",
                .hint_ja = "1団体に渡す最小のケース数。小分けできない品のときだけ。"})
          .Add(imports::TemperatureColumn(false, "Ambient, chilled or frozen. Empty: as registered for the product.",
                                          "常温・冷蔵・冷凍。空なら、登録されている商品のもの。"))
          .Add({.name = "remarks",
                .aliases = {"メモ", "摘要", "寄付理由", "note", "notes"},
                .required = false,
                .title = "Remarks",
                .title_ja = "備考",
                .hint = "What should be known, up to 500 characters.",
                .hint_ja = "伝えておきたいこと（500文字まで）。",
                .example = "外装に小さなへこみ"})
          .Add({.name = "title",
                .aliases = {"申出名", "タイトル"},
                .title = "Title",
                .title_ja = "件名",
                .hint = "The offer's title; the same in all its rows.",
                .hint_ja = "申出の名前。同じ申出の行では揃えます。",
                .example = "秋の規格変更品"})
          .Add({.name = "offer_code",
                .aliases = {"申出番号", "伝票番号", "管理番号", "申出No"},
                .title = "Offer number",
                .title_ja = "申出コード",
                .hint = "Rows with the same number are one offer. A number that is there already is skipped.",
                .hint_ja = "同じ番号の行が1つの申出になります。登録済みの番号は飛ばします。",
                .example = "2026-11-A"})
          .Add({.name = "ready_date",
                .aliases = {"引渡し可能日", "引き渡し日", "引渡日", "出荷可能日", "出荷日"},
                .title = "Ready from",
                .title_ja = "引渡可能日",
                .kind = Kind::kDay,
                .hint = "From this day on the goods can be had (2026-11-21).",
                .hint_ja = "この日から引き取れる（2026-11-21）。",
                .example = "2026-11-21"})
          .Add({.name = "donor_code",
                .aliases = {"寄付者コード"},
                .title = "Donor code",
                .title_ja = "寄付企業コード",
                .hint = "The donor's code in the network.",
                .hint_ja = "ネットワークで使う寄付企業のコード。",
                .example = "D001"})
          .Take();
  return columns;
}

OfferTable::OfferTable(imports::Upload& upload, int current_year) : upload_(upload) {
  for (const tables::Row& row : upload_.rows()) ReadRow(row, current_year);
}

void OfferTable::ReadRow(const tables::Row& row, int current_year) {
  tables::Cells cells = upload_.CellsOf(row);
  const std::string code = cells.Text("offer_code", registry::kMaxCode).value_or("");
  const std::string donor_code = cells.Text("donor_code", registry::kMaxCode).value_or("");
  const std::string title = cells.Text("title", registry::kMaxName).value_or("");
  const std::string ready_date = imports::Day(cells, "ready_date").value_or("");

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
  const std::optional<gs1::Scan> scan = ReadBarcode(upload_.table(), row, cells, current_year);
  if (scan) imported.gtin = scan->gtin14 ? *scan->gtin14 : *scan->content_gtin14;
  line.set_cases(cells.Int("cases", 1, kMaxCases).value_or(0));
  line.set_items_per_case(imports::OptionalInt(cells, "items_per_case", 1, kMaxItemsPerCase, 0));
  *line.mutable_good_until() = ReadDate(cells, scan ? DateOf(*scan) : std::nullopt);
  line.set_donor_lot_number(ReadLotNumber(cells, scan ? scan->lot : std::nullopt));
  line.set_min_lot_cases(
      imports::OptionalInt(cells, "min_lot_cases", 0, line.cases() > 0 ? line.cases() : kMaxCases, 0));
  if (!cells.Empty("temperature")) {
    line.set_temperature_zone(imports::EnumCell<type::v1::TemperatureZone>(cells, "temperature")
                                  .value_or(type::v1::TEMPERATURE_ZONE_UNSPECIFIED));
  }
  line.set_remarks(imports::OptionalText(cells, "remarks", kMaxRemarks));
}

void OfferTable::Fail(const ImportedLine& line, std::string_view column, std::string reason, std::string english, std::string japanese) {
  upload_.CellsOf(*line.row).Fail(column, std::move(reason), std::move(english), std::move(japanese));
}

void OfferTable::LeaveOutBadOffers() {
  std::erase_if(offers_, [this](const ImportedOffer& offer) {
    const auto bad = std::find_if(offer.lines.begin(), offer.lines.end(), [this](const ImportedLine& line) { return upload_.IsBad(line.row->number); });
    if (bad == offer.lines.end()) return false;
    const int first = bad->row->number;
    for (const ImportedLine& line : offer.lines) {
      if (upload_.IsBad(line.row->number)) continue;
      Fail(line, "offer_code", "OFFER_NOT_WHOLE", absl::StrCat("Row ", first, " of the same offer has a problem, so the whole offer waits."),
           absl::StrCat("同じ申出の", first, "行目に問題があるため、申出全体を見送ります。"));
    }
    return true;
  });
}

}  // namespace kubari::donors
