#include "libs/labels/label_layout.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/labels/signs.h"
#include "libs/labels/words.h"

namespace kubari::labels {
namespace {

// Sizes are those of a label with 60 × 29 mm inside; larger labels have everything larger.
constexpr double kBaseWidth = 60, kBaseHeight = 29;
constexpr double kQrLeast = 17, kQrMost = 21;          // side of the QR code, mm
constexpr double kRollQrLeast = 22, kRollQrMost = 26;  // on a roll

constexpr double kRollDetails = 60;  // at most, mm

constexpr int kNoLimit = 100;  // lines; the height is what counts

double ScaleOf(const Geometry& geometry) {
  return std::min((geometry.label_width - 2 * geometry.inset_x) / kBaseWidth,
                  (geometry.label_height - 2 * geometry.inset_y) / kBaseHeight);
}

// As small as its modules allow within these bounds.
double QrSide(const Qr& qr, double least, double most) {
  return std::clamp(qr.modules * kLeastModule * 1.05, least, most);
}

template <typename T>
void Add(Plan& plan, T part, double x, double y) {
  const auto shared = std::make_shared<const T>(std::move(part));
  plan.steps.push_back([shared, x, y](Canvas& canvas, double left, double top) {
    if constexpr (std::is_same_v<T, Text>) {
      canvas.Draw(*shared, left + x, top + y);
    } else {
      shared->Draw(canvas, left + x, top + y);
    }
  });
}

void AddQr(Plan& plan, const Qr& qr, double x, double y, double side) {
  plan.steps.push_back([qr = std::make_shared<const Qr>(qr), x, y, side](Canvas& canvas, double left, double top) {
    canvas.DrawQr(*qr, left + x, top + y, side);
  });
}

class Layout {
 public:
  Layout(const Canvas& canvas, const Label& label, const std::optional<calendar::Date>& date, const Qr& qr,
         const Geometry& geometry, Language language)
      : canvas_(canvas),
        label_(label),
        date_(date),
        qr_(qr),
        geometry_(geometry),
        language_(language),
        width_(geometry.label_width - 2 * geometry.inset_x) {}

  // ┌ name, two or three lines ┐ ┌──────┐
  // │ storage, kind of date    │ │  QR  │
  // │ DATE                     │ └──────┘
  // │ allergens                │   7KQ2
  // └ everything else ─────────┘   M9XP
  Plan OfSheet() {
    // A long name gives way, before allergens are counted instead of named or conditions are cut.
    for (int name_lines = 3;; --name_lines) {
      plan_ = {};
      AddToSheet(name_lines);
      const bool cramped = allergens_counted_ || (conditions_cut_ && name_lines > 2);
      if (!cramped || name_lines == 1) return std::move(plan_);
    }
  }

  // Name, signs, date and code over the whole width; details and QR side by side.
  Plan OfRoll() {
    AddName(width_, 16, 11, 6);
    AddSigns(y_ + 1.8, 6, width_);
    AddDate(y_ + 1.8, 31, width_);
    const double top = y_ + 2.4;
    const double side = QrSide(qr_, kRollQrLeast, kRollQrMost);
    const double quiet = side / qr_.modules * kQuietModules;
    const double qr_x = width_ + std::min(0.0, geometry_.inset_x - quiet) - side;
    const double qr_y = top + std::max(0.0, quiet - 2.4);
    AddQr(plan_, qr_, qr_x, qr_y, side);
    AddDetails(top, qr_x - quiet, kRollDetails, 1.3);
    const double below = std::max(y_ + 1.5, qr_y + side + quiet);
    const Style style = {.points = 34, .least = 8, .bold = true, .align = PANGO_ALIGN_CENTER};
    Text code = canvas_.Lay(SpacedCode(label_.code), style, width_);
    plan_.height = below + code.height();
    Add(plan_, std::move(code), 0, below);
    return std::move(plan_);
  }

 private:
  void AddToSheet(int name_lines) {
    const double scale = ScaleOf(geometry_);
    const double height = geometry_.label_height - 2 * geometry_.inset_y;
    const double side = QrSide(qr_, kQrLeast * scale, kQrMost * scale);
    const double quiet = side / qr_.modules * kQuietModules;
    // The quiet zone may lie in the inset, which is white too, but not beyond the label.
    const double qr_x = width_ + std::min(0.0, geometry_.inset_x - quiet) - side;
    const double qr_y = std::max(0.0, quiet - geometry_.inset_y);
    AddQr(plan_, qr_, qr_x, qr_y, side);
    AddCodeInTwoLines(qr_x, qr_y + side + quiet, side, height);

    const double left = qr_x - std::max(quiet, 1.5 * scale);
    AddName(left, 12 * scale, 8 * scale, name_lines);
    AddSigns(y_ + 1.1 * scale, 4.2 * scale, left);
    AddDate(y_ + 1.2 * scale, 20 * scale, left);
    AddDetails(y_ + 1.3 * scale, left, height - y_ - 1.3 * scale, scale);
    plan_.height = height;
  }

  // In one line as long as it stays well readable there, else in two lines down to `least`, else in `most_lines` of
  // that.
  void AddName(double width, double most, double least, int most_lines) {
    Text name = canvas_.Lay(label_.product, {.points = most, .least = least * 1.15, .bold = true}, width);
    if (name.cut())
      name = canvas_.Lay(label_.product, {.points = most, .least = least, .bold = true, .max_lines = 2}, width);
    if (name.cut()) name = canvas_.Lay(label_.product, {.points = least, .bold = true, .max_lines = most_lines}, width);
    y_ = name.height();
    Add(plan_, std::move(name), 0, 0);
  }

  void AddSigns(double y, double height, double width) {
    Sign zone = ZoneSign(canvas_, label_.temperature_zone, language_, height, width * 0.6);
    const double x = zone.width() + height * 0.3;
    Add(plan_, std::move(zone), 0, y);
    if (date_) Add(plan_, DateSign(canvas_, label_.good_until.kind(), language_, height, width - x), x, y);
    y_ = y + height;
  }

  void AddDate(double y, double points, double width) {
    const Style style = {.points = points, .least = 6, .bold = true};
    Text date = date_ ? canvas_.LayMarkup(DateMarkup(*date_, language_), style, width)
                      : canvas_.Lay(Say(language_, "期限の表示なし", "No date printed"), style, width);
    y_ = y + date.height();
    Add(plan_, std::move(date), 0, y);
  }

  // "7KQ2" over "M9XP", as large as the space under the QR code.
  void AddCodeInTwoLines(double x, double y, double width, double bottom) {
    // Of the size: how far capitals and figures reach above and below the baseline, and from one line to the next.
    constexpr double kUp = 0.81, kDown = 0.1, kStep = 1;
    const double points = (bottom - y) / (kUp + kStep + kDown) / kPoint;
    const Style style = {.points = points, .least = 4, .bold = true, .align = PANGO_ALIGN_CENTER};
    Text first = canvas_.Lay(label_.code.substr(0, 4), style, width);
    Text second = canvas_.Lay(label_.code.substr(4), style, width);
    const double size = std::min(first.points(), second.points()) * kPoint;
    const double baseline = bottom - kDown * size;
    AddOnBaseline(std::move(first), x, baseline - kStep * size);
    AddOnBaseline(std::move(second), x, baseline);
  }

  void AddOnBaseline(Text text, double x, double baseline) {
    const double y = baseline - text.baseline();
    Add(plan_, std::move(text), x, y);
  }

  // The allergens, whole or counted but never cut, then the rest as far as there is room.
  void AddDetails(double y, double width, double height, double scale) {
    const std::string rest = Rest();
    const double most = 7 * scale, least = 5.6 * scale, gap = 0.5 * scale;
    const double reserved = rest.empty() ? 0 : least * kPoint * 1.1 + gap;
    const auto lay = [&](int brevity) {
      const std::string markup = absl::StrCat("<b>", std::string(Say(language_, "アレルギー", "Allergens")), "</b> ",
                                              canvas_.Escape(AllergenText(label_.allergens, brevity, language_)));
      return canvas_.LayMarkup(markup, {.points = most, .least = least, .max_lines = kNoLimit}, width,
                               height - reserved);
    };
    int brevity = 0;
    Text allergens = lay(brevity);
    if (allergens.cut()) {  // the least brevity that fits, by halving: there may be thirty of them
      int shortest = label_.allergens.contains_size() + 1;
      for (brevity = 1; brevity < shortest;) {
        const int middle = (brevity + shortest) / 2;
        if (lay(middle).cut()) {
          brevity = middle + 1;
        } else {
          shortest = middle;
        }
      }
      allergens = lay(brevity);
    }
    allergens_counted_ = brevity > 1 || allergens.cut();
    y_ = y + allergens.height();
    Add(plan_, std::move(allergens), 0, y);
    if (rest.empty()) return;
    Text text =
        canvas_.LayMarkup(rest, {.points = most, .least = least, .max_lines = kNoLimit}, width, y + height - y_ - gap);
    conditions_cut_ = text.cut() && !label_.conditions.empty();
    const double top = y_ + gap;
    y_ = top + text.height();
    Add(plan_, std::move(text), 0, top);
  }

  // Conditions, number, place and donor's lot, as markup: one run of text on a sheet, line by line on a roll.
  std::string Rest() const {
    std::vector<std::string> parts;
    if (!label_.conditions.empty()) parts.push_back(absl::StrCat("<b>", canvas_.Escape(label_.conditions), "</b>"));
    const std::string cases = CaseText(label_.items_per_case, label_.cases, language_);
    if (!cases.empty()) parts.push_back(cases);
    if (!label_.place.empty()) parts.push_back(canvas_.Escape(label_.place));
    if (!label_.donor_lot.empty()) {
      parts.push_back(
          absl::StrCat(std::string(Say(language_, "寄付者ロット ", "Donor lot ")), canvas_.Escape(label_.donor_lot)));
    }
    return absl::StrJoin(parts, geometry_.roll() ? "\n" : language_ == Language::kJapanese ? "　" : "; ");
  }

  const Canvas& canvas_;
  const Label& label_;
  const std::optional<calendar::Date>& date_;
  const Qr& qr_;
  const Geometry& geometry_;
  const Language language_;
  const double width_;
  double y_ = 0;                    // the bottom of what is laid out so far
  bool allergens_counted_ = false;  // rather than named, for want of room
  bool conditions_cut_ = false;
  Plan plan_;
};

}  // namespace

int MaxQrModules(const Geometry& geometry) {
  const double most = geometry.roll() ? kRollQrMost : kQrMost * ScaleOf(geometry);
  return static_cast<int>(most / kLeastModule);
}

Plan PlanLabel(const Canvas& canvas, const Label& label, const std::optional<calendar::Date>& date, const Qr& qr,
               const Geometry& geometry, Language language) {
  Layout layout(canvas, label, date, qr, geometry, language);
  return geometry.roll() ? layout.OfRoll() : layout.OfSheet();
}

}  // namespace kubari::labels
