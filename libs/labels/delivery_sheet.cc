// RenderDeliverySheet: check everything, lay out every line of the table, divide the lines among pages, then draw page
// after page.
//
//  first page                         following pages
//  title, number        who sends     title, number, for whom
//  for whom, when          QR         table …
//  table head                         table head
//  lines …                            lines …
//  n / m                              totals, note, place to sign; n / m
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/labels/canvas.h"
#include "libs/labels/checks.h"
#include "libs/labels/document.h"
#include "libs/labels/labels.h"
#include "libs/labels/signs.h"
#include "libs/labels/words.h"

namespace kubari::labels {
namespace {

constexpr double kPageWidth = 210, kPageHeight = 297, kMargin = 14;
constexpr double kLeft = kMargin, kRight = kPageWidth - kMargin, kWidth = kRight - kLeft;
constexpr double kBottom = kPageHeight - 20;  // above the page number
constexpr double kQrSide = 27;                // without the quiet zone
constexpr Colour kRule = {0.6, 0.6, 0.6};
constexpr Colour kShade = {0.93, 0.93, 0.93};

// Columns of the table, from the left.
struct Column {
  double x, width;
  PangoAlignment align;
};
constexpr double kCell = 1.5;  // white at the sides of a cell
constexpr Column kNumber = {kLeft, 8, PANGO_ALIGN_RIGHT};
constexpr Column kProduct = {kLeft + 8, 66, PANGO_ALIGN_LEFT};
constexpr Column kDate = {kLeft + 74, 31, PANGO_ALIGN_LEFT};
constexpr Column kZone = {kLeft + 105, 20, PANGO_ALIGN_LEFT};
constexpr Column kQuantity = {kLeft + 125, 29, PANGO_ALIGN_RIGHT};
constexpr Column kItems = {kLeft + 154, 19, PANGO_ALIGN_RIGHT};
constexpr Column kTick = {kLeft + 173, 9, PANGO_ALIGN_CENTER};

using Dates = std::vector<std::optional<calendar::Date>>;

void CheckLine(const std::string& field, const DeliveryLine& line, Dates& dates, errors::Violations& violations) {
  violations.Text(absl::StrCat(field, ".product"), line.product, 1, kMaxName);
  CheckLotCode(absl::StrCat(field, ".code"), line.code, violations);
  violations.Text(absl::StrCat(field, ".conditions"), line.conditions, 0, kMaxName);
  violations.Range(absl::StrCat(field, ".items"), line.items, 1, kMaxCount);
  violations.Range(absl::StrCat(field, ".items_per_case"), line.items_per_case, 0, kMaxCount);
  violations.Range(absl::StrCat(field, ".grams"), line.grams, 0, kMaxCount * 1000);
  dates.push_back(CheckDate(absl::StrCat(field, ".good_until"), line.good_until, violations));
}

struct Ready {
  Dates dates;  // of the lines
  std::optional<calendar::Date> delivery;
  std::optional<Qr> qr;
};

absl::StatusOr<Ready> Check(const DeliverySheet& sheet) {
  errors::Violations violations;
  Ready ready;
  violations.Text("network", sheet.network, 1, kMaxName);
  violations.Text("warehouse", sheet.warehouse, 0, kMaxName);
  violations.Text("contact", sheet.contact, 0, kMaxName);
  violations.Text("group", sheet.group, 1, kMaxName);
  violations.Text("address", sheet.address, 0, kMaxName);
  violations.Text("number", sheet.number, 0, kMaxName);
  violations.Text("note", sheet.note, 0, kMaxNote);
  if (!sheet.delivery_date.empty()) {
    const auto problem = calendar::Date::ProblemWith(sheet.delivery_date);
    if (problem) violations.Add("delivery_date", "NOT_A_DATE", problem->english, problem->japanese);
    if (!problem) ready.delivery = *calendar::Date::Parse(sheet.delivery_date);
  }
  if (!sheet.qr.empty()) {
    ready.qr = CheckQr("qr", sheet.qr, static_cast<int>(kQrSide / kLeastModule), violations);
  }
  violations.Require(!sheet.lines.empty(), "lines", "REQUIRED", "is empty; a delivery has at least one line",
                     "が空です。納品には1行以上必要です");
  violations.Require(sheet.lines.size() <= kMaxLines, "lines", "TOO_MANY",
                     absl::StrCat("are ", sheet.lines.size(), "; at most ", kMaxLines, " go on one sheet"),
                     absl::StrCat("が ", sheet.lines.size(), " 行あります。一枚の納品書は ", kMaxLines, " 行までです"));
  for (size_t i = 0; i < sheet.lines.size() && i < kMaxLines; ++i) {
    CheckLine(absl::StrCat("lines[", i, "]"), sheet.lines[i], ready.dates, violations);
  }
  RETURN_IF_ERROR(violations.status());
  return ready;
}

// A line of the table, laid out.
struct Row {
  double height;
  Text number, product, details, date, quantity, items;
  std::optional<Text> date_caption;
  Sign zone;
};

class Drawing {
 public:
  Drawing(Canvas& canvas, const DeliverySheet& sheet, const Ready& ready, Language language)
      : canvas_(canvas), sheet_(sheet), ready_(ready), language_(language) {}

  void Draw() {
    double y = DrawHead();
    LayRows();
    const Text note = LayNote();
    const double closing = ClosingHeight(note);
    const std::vector<size_t> ends = DividePages(y, closing);
    size_t row = 0;
    for (size_t page = 0; page < ends.size(); ++page) {
      if (page > 0) y = DrawShortHead();
      if (row < ends[page]) y = DrawTableHead(y);
      for (; row < ends[page]; ++row) y = DrawRow(rows_[row], y);
      if (page + 1 == ends.size()) DrawClosing(note, y);
      DrawPageNumber(page + 1, ends.size());
      canvas_.EndPage();
    }
  }

 private:
  std::string Words(std::string_view japanese, std::string_view english) const {
    return std::string(Say(language_, japanese, english));
  }

  // Draws text and returns the y below it.
  double Put(std::string_view text, const Style& style, double x, double y, double width) {
    const Text laid = canvas_.Lay(text, style, width);
    canvas_.Draw(laid, x, y);
    return y + laid.height();
  }

  std::string Title() const { return Words("納品書", "Delivery note"); }

  // Returns where the table begins.
  double DrawHead() {
    constexpr double kBlock = 62;  // the right block's width: who sends
    const double qr_room = ready_.qr ? kQrSide + 8 : 0;
    const double left_width = kWidth - kBlock - qr_room - 4;
    double y = Put(Title(), {.points = 22, .bold = true}, kLeft, kMargin, left_width) + 5;
    y = Put(Words(absl::StrCat(sheet_.group, " 御中"), sheet_.group),
            {.points = 15, .least = 11, .bold = true, .max_lines = 3}, kLeft, y, left_width) +
        1.2;
    canvas_.Line(kLeft, y, kLeft + left_width, y, 0.4);
    y += 1.8;
    if (!sheet_.address.empty()) y = Put(sheet_.address, {.points = 9, .max_lines = 3}, kLeft, y, left_width) + 1.5;
    const std::string date =
        ready_.delivery ? DateText(*ready_.delivery, language_) : Words("　　　年　　月　　日", "________________");
    y = Put(absl::StrCat(Words("納品日　", "Delivery date  "), date), {.points = 12, .least = 9, .bold = true}, kLeft,
            y + 1, left_width);
    const double sender = DrawSender(kRight - qr_room - kBlock, kBlock);
    const double code = DrawConfirmation(kRight - kQrSide);
    return std::max({y, sender, code}) + 5;
  }

  double DrawSender(double x, double width) {
    double y = kMargin + 1.5;
    if (!sheet_.number.empty())
      y = Put(absl::StrCat(Words("番号 ", "No. "), sheet_.number), {.points = 9, .max_lines = 2}, x, y, width) + 2;
    y = Put(sheet_.network, {.points = 11, .least = 9, .bold = true, .max_lines = 3}, x, y, width) + 1;
    if (!sheet_.warehouse.empty()) y = Put(sheet_.warehouse, {.points = 9, .max_lines = 3}, x, y, width) + 1;
    if (!sheet_.contact.empty()) y = Put(sheet_.contact, {.points = 9, .max_lines = 3}, x, y, width) + 1;
    return y;
  }

  double DrawConfirmation(double x) {
    if (!ready_.qr) return kMargin;
    const double quiet = kQrSide / ready_.qr->modules * kQuietModules;
    canvas_.DrawQr(*ready_.qr, x, kMargin, kQrSide);
    const Text caption =
        canvas_.LayMarkup(Words("届いたら、ここから\n受領を確認してください", "On arrival,\nscan to confirm receipt"),
                          {.points = 7, .max_lines = 2, .align = PANGO_ALIGN_CENTER}, kQrSide + 4);
    const double y = kMargin + kQrSide + quiet;
    canvas_.Draw(caption, x - 2, y);
    return y + caption.height();
  }

  double DrawShortHead() {
    std::string text = absl::StrCat("<b>", Title(), "</b>　",
                                    canvas_.Escape(Words(absl::StrCat(sheet_.group, " 御中"), sheet_.group)));
    if (!sheet_.number.empty()) absl::StrAppend(&text, "　", Words("番号 ", "No. "), canvas_.Escape(sheet_.number));
    if (ready_.delivery) absl::StrAppend(&text, "　", DateText(*ready_.delivery, language_));
    const Text laid = canvas_.LayMarkup(text, {.points = 9, .max_lines = 2}, kWidth);
    canvas_.Draw(laid, kLeft, kMargin);
    return kMargin + laid.height() + 3;
  }

  static constexpr double kTableHead = 7;

  double DrawTableHead(double y) {
    canvas_.Fill({kLeft, y, kWidth, kTableHead}, kShade);
    const auto head = [&](const Column& column, std::string_view japanese, std::string_view english) {
      const Text text =
          canvas_.Lay(Say(language_, japanese, english), {.points = 8, .least = 6, .bold = true, .align = column.align},
                      column.width - 2 * kCell);
      canvas_.Draw(text, column.x + kCell, y + (kTableHead - text.height()) / 2);
    };
    head(kProduct, "品名・ロット", "Product, lot");
    head(kDate, "期限", "Good until");
    head(kZone, "温度帯", "Storage");
    head(kQuantity, "箱とばら", "Cases, loose");
    head(kItems, "点数", "Items");
    head(kTick, "確認", "OK");
    canvas_.Line(kLeft, y + kTableHead, kRight, y + kTableHead, 0.4);
    return y + kTableHead;
  }

  Text LayCell(const Column& column, std::string_view text, double points, bool bold = false, int max_lines = 1) const {
    return canvas_.Lay(
        text,
        {.points = points, .least = std::min(points, 6.0), .bold = bold, .max_lines = max_lines, .align = column.align},
        column.width - 2 * kCell);
  }

  // Cases in one line, loose items in the next.
  Text LayQuantity(const DeliveryLine& line) const {
    const std::string text = QuantityText(line.items, line.items_per_case, language_);
    return canvas_.LayMarkup(absl::StrReplaceAll(text, {{" + ", "\n+ "}}),
                             {.points = 9, .least = 6, .max_lines = 2, .align = kQuantity.align},
                             kQuantity.width - 2 * kCell);
  }

  Row LayRow(size_t index) const {
    const DeliveryLine& line = sheet_.lines[index];
    const std::optional<calendar::Date>& date = ready_.dates[index];
    Row row;
    row.number = LayCell(kNumber, absl::StrCat(index + 1), 8);
    row.product =
        canvas_.Lay(line.product, {.points = 10, .least = 9, .bold = true, .max_lines = 3}, kProduct.width - 2 * kCell);
    std::string details =
        absl::StrCat("<span size=\"125%\"><b>", SpacedCode(line.code), "</b></span>　",
                     Words("アレルギー ", "Allergens "), canvas_.Escape(AllergenText(line.allergens, 0, language_)));
    if (!line.conditions.empty()) absl::StrAppend(&details, "\n", canvas_.Escape(line.conditions));
    row.details = canvas_.LayMarkup(details, {.points = 7.5, .max_lines = 20}, kProduct.width - 2 * kCell);
    row.date =
        LayCell(kDate, date ? DateText(*date, language_) : Words("表示なし", "none printed"), 10, date.has_value());
    if (date) row.date_caption = LayCell(kDate, DateCaption(line.good_until.kind(), language_), 7);
    row.zone = ZoneSign(canvas_, line.temperature_zone, language_, 5, kZone.width - kCell);
    row.quantity = LayQuantity(line);
    row.items = LayCell(kItems, Number(line.items), 12, true);
    const double product = row.product.height() + 1.2 + row.details.height();
    row.height = std::max(product, 8.5) + 3;
    return row;
  }

  void LayRows() {
    for (size_t i = 0; i < sheet_.lines.size(); ++i) rows_.push_back(LayRow(i));
  }

  // After which line each page ends. `first` is where the first page's table begins, `closing` what comes below the
  // last line. A page takes what fits; the last line goes along with what is below it, unless both together are too
  // much for one page.
  std::vector<size_t> DividePages(double first, double closing) const {
    constexpr double kLater = kMargin + 2 * 9 * kPoint * 1.3 + 3 + kTableHead;  // below a short head of two lines
    std::vector<size_t> ends;
    double y = first + kTableHead;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const bool last = i + 1 == rows_.size();
      const size_t begin = ends.empty() ? 0 : ends.back();
      if (i > begin && y + rows_[i].height + (last ? closing : 0) > kBottom) {
        ends.push_back(i);
        y = kLater;
      }
      y += rows_[i].height;
    }
    ends.push_back(rows_.size());
    if (y + closing > kBottom) ends.push_back(rows_.size());
    return ends;
  }

  double DrawRow(const Row& row, double y) {
    const double top = y + 1.6;
    canvas_.Draw(row.number, kNumber.x + kCell, top + 0.4);
    canvas_.Draw(row.product, kProduct.x + kCell, top);
    canvas_.Draw(row.details, kProduct.x + kCell, top + row.product.height() + 1.2);
    canvas_.Draw(row.date, kDate.x + kCell, top);
    if (row.date_caption) canvas_.Draw(*row.date_caption, kDate.x + kCell, top + row.date.height() + 0.8);
    row.zone.Draw(canvas_, kZone.x, top - 0.6);
    canvas_.Draw(row.quantity, kQuantity.x + kCell, top + 0.3);
    canvas_.Draw(row.items, kItems.x + kCell, top - 0.2);
    constexpr double kBox = 5;
    canvas_.Outline({kTick.x + (kTick.width - kBox) / 2, top - 0.4, kBox, kBox}, 0.3, kBlack);
    canvas_.Line(kLeft, y + row.height, kRight, y + row.height, 0.15, kRule);
    return y + row.height;
  }

  // Counts of a set of lines.
  struct Totals {
    int64_t lines = 0, cases = 0, loose = 0, items = 0, grams = 0;
    bool weight_known = true;

    void Add(const DeliveryLine& line) {
      ++lines;
      items += line.items;
      cases += line.items_per_case > 0 ? line.items / line.items_per_case : 0;
      loose += line.items_per_case > 0 ? line.items % line.items_per_case : line.items;
      grams += line.grams;
      weight_known = weight_known && line.grams > 0;
    }
  };

  std::string TotalsText(const Totals& totals) const {
    std::vector<std::string> parts;
    if (totals.cases > 0) {
      parts.push_back(language_ == Language::kJapanese
                          ? absl::StrCat(Number(totals.cases), "箱")
                          : absl::StrCat(Number(totals.cases), totals.cases == 1 ? " case" : " cases"));
    }
    if (totals.loose > 0) {
      parts.push_back(language_ == Language::kJapanese ? absl::StrCat("ばら ", Number(totals.loose), "点")
                                                       : absl::StrCat(Number(totals.loose), " loose"));
    }
    return absl::StrJoin(parts, " + ");
  }

  // The totals of each zone, where there are several: what goes into which cool box.
  std::map<type::v1::TemperatureZone, Totals> Zones() const {
    std::map<type::v1::TemperatureZone, Totals> zones;
    for (const DeliveryLine& line : sheet_.lines) zones[line.temperature_zone].Add(line);
    if (zones.size() == 1) zones.clear();
    return zones;
  }

  Text LayNote() const { return canvas_.Lay(sheet_.note, {.points = 9, .max_lines = 12}, kWidth); }

  static constexpr double kTotalLine = 8, kZoneLine = 7, kSignature = 30;

  double ClosingHeight(const Text& note) const {
    return kTotalLine + kZoneLine * static_cast<double>(Zones().size()) +
           (sheet_.note.empty() ? 0 : note.height() + 4) + 6 + kSignature;
  }

  void DrawClosing(const Text& note, double y) {
    Totals all;
    for (const DeliveryLine& line : sheet_.lines) all.Add(line);
    canvas_.Line(kLeft, y, kRight, y, 0.4);
    canvas_.Draw(canvas_.Lay(Words("合計", "Total"), {.points = 11, .bold = true}, 30), kProduct.x + kCell, y + 2.2);
    std::string lines = language_ == Language::kJapanese ? absl::StrCat(all.lines, "品目")
                                                         : absl::StrCat(all.lines, all.lines == 1 ? " line" : " lines");
    if (all.weight_known)
      absl::StrAppend(&lines, language_ == Language::kJapanese ? "　" : ", ", WeightText(all.grams));
    canvas_.Draw(canvas_.Lay(lines, {.points = 9, .least = 6}, kDate.width + 26 - kCell), kDate.x + kCell - 26,
                 y + 2.5);
    constexpr double kWider = 6;  // totals have more figures than lines
    const double quantity_width = kZone.width + kQuantity.width - kCell - kWider;
    const auto counts = [&](const Totals& totals, double points, double at) {
      canvas_.Draw(
          canvas_.Lay(TotalsText(totals), {.points = 9, .least = 5, .align = PANGO_ALIGN_RIGHT}, quantity_width),
          kZone.x, at + 0.4);
      canvas_.Draw(
          canvas_.Lay(Number(totals.items), {.points = points, .least = 5, .bold = true, .align = PANGO_ALIGN_RIGHT},
                      kItems.width - kCell + kWider),
          kItems.x - kWider, at);
    };
    counts(all, 13, y + 2);
    y += kTotalLine;
    for (const auto& [zone, totals] : Zones()) {
      ZoneSign(canvas_, zone, language_, 5, 40).Draw(canvas_, kProduct.x + kCell, y + 1);
      counts(totals, 10, y + 1.6);
      y += kZoneLine;
    }
    if (!sheet_.note.empty()) {
      canvas_.Draw(note, kLeft, y + 2);
      y += note.height() + 4;
    }
    DrawSignature(y + 6);
  }

  void DrawSignature(double y) {
    constexpr double kDateWidth = 42, kNameWidth = 62;
    const double remarks = kWidth - kDateWidth - kNameWidth;
    canvas_.Outline({kLeft, y, kWidth, kSignature}, 0.3, kBlack);
    canvas_.Line(kLeft + kDateWidth, y, kLeft + kDateWidth, y + kSignature, 0.3);
    canvas_.Line(kLeft + kDateWidth + kNameWidth, y, kLeft + kDateWidth + kNameWidth, y + kSignature, 0.3);
    const auto caption = [&](double x, double width, std::string_view japanese, std::string_view english) {
      Put(Say(language_, japanese, english), {.points = 8, .least = 6, .colour = kGrey}, x + kCell, y + 1.5,
          width - 2 * kCell);
    };
    caption(kLeft, kDateWidth, "受領日", "Received on");
    caption(kLeft + kDateWidth, kNameWidth, "受領者（署名）", "Received by (signature)");
    caption(kLeft + kDateWidth + kNameWidth, remarks, "不足・破損など", "Missing, damaged, …");
  }

  void DrawPageNumber(size_t page, size_t pages) {
    const std::string text = language_ == Language::kJapanese ? absl::StrCat(page, " / ", pages, " ページ")
                                                              : absl::StrCat("Page ", page, " of ", pages);
    Put(text, {.points = 8, .colour = kGrey, .align = PANGO_ALIGN_CENTER}, kLeft, kPageHeight - 13, kWidth);
  }

  Canvas& canvas_;
  const DeliverySheet& sheet_;
  const Ready& ready_;
  const Language language_;
  std::vector<Row> rows_;
};

}  // namespace

absl::StatusOr<std::string> RenderDeliverySheet(const DeliverySheet& sheet, Language language) {
  ASSIGN_OR_RETURN(const Ready ready, Check(sheet));
  const std::string title = absl::StrCat(std::string(Say(language, "納品書 ", "Delivery note ")),
                                         sheet.number.empty() ? sheet.group : sheet.number);
  ASSIGN_OR_RETURN(const std::unique_ptr<Canvas> canvas,
                   Canvas::Create(kPageWidth, kPageHeight, title, language == Language::kJapanese));
  Drawing(*canvas, sheet, ready, language).Draw();
  ASSIGN_OR_RETURN(const std::string drawn, canvas->Finish());
  return Finished(drawn, std::string(Say(language, "ja", "en")));
}

}  // namespace kubari::labels
