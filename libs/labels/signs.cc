#include "libs/labels/signs.h"

#include <cmath>
#include <string_view>

#include "libs/labels/words.h"

namespace kubari::labels {
namespace {

using type::v1::TemperatureZone;

constexpr Colour kAmbient = {0.55, 0.27, 0.0};
constexpr Colour kChilled = {0.0, 0.38, 0.42};
constexpr Colour kFrozen = {0.07, 0.17, 0.45};

void Sun(cairo_t* cr) {
  cairo_arc(cr, 0, 0, 0.46, 0, 2 * M_PI);
  cairo_fill(cr);
  cairo_set_line_width(cr, 0.2);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  for (int ray = 0; ray < 8; ++ray) {
    const double angle = ray * M_PI / 4;
    cairo_move_to(cr, 0.68 * std::cos(angle), 0.68 * std::sin(angle));
    cairo_line_to(cr, 0.92 * std::cos(angle), 0.92 * std::sin(angle));
  }
  cairo_stroke(cr);
}

void Drop(cairo_t* cr) {
  cairo_move_to(cr, 0, -1);
  cairo_curve_to(cr, 0.25, -0.45, 0.68, -0.1, 0.68, 0.32);
  cairo_arc(cr, 0, 0.32, 0.68, 0, M_PI);
  cairo_curve_to(cr, -0.68, -0.1, -0.25, -0.45, 0, -1);
  cairo_fill(cr);
}

void Snowflake(cairo_t* cr) {
  cairo_set_line_width(cr, 0.2);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  for (int arm = 0; arm < 6; ++arm) {
    cairo_move_to(cr, 0, 0);
    cairo_line_to(cr, 0, -0.95);
    cairo_move_to(cr, -0.3, -0.88);
    cairo_line_to(cr, 0, -0.58);
    cairo_line_to(cr, 0.3, -0.88);
    cairo_rotate(cr, M_PI / 3);
  }
  cairo_stroke(cr);
}

// The word's share of a sign's height; its padding at the sides likewise.
constexpr double kWord = 0.66, kPadding = 0.28;

Text LayWord(const Canvas& canvas, std::string_view word, bool dark, double height, double width) {
  return canvas.Lay(
      word, {.points = height * kWord / kPoint, .least = 4, .bold = true, .colour = dark ? kWhite : kBlack}, width);
}

}  // namespace

Sign ZoneSign(const Canvas& canvas, TemperatureZone zone, Language language, double height, double max_width) {
  Sign sign;
  sign.height_ = height;
  sign.radius_ = height * 0.22;
  const double padding = height * kPadding;
  double before = height + padding * 0.2;  // the picture's square
  switch (zone) {
    case type::v1::TEMPERATURE_ZONE_AMBIENT:
      sign.colour_ = kAmbient;
      sign.picture_ = &Sun;
      break;
    case type::v1::TEMPERATURE_ZONE_CHILLED:
      sign.colour_ = kChilled;
      sign.picture_ = &Drop;
      sign.dark_picture_ = true;
      before = height + padding;
      break;
    case type::v1::TEMPERATURE_ZONE_FROZEN:
      sign.colour_ = kFrozen;
      sign.picture_ = &Snowflake;
      sign.dark_picture_ = sign.dark_word_ = true;
      break;
    default:
      before = padding;
  }
  sign.word_x_ = before;
  sign.word_ = LayWord(canvas, ZoneText(zone, language), sign.dark_word_, height, max_width - before - padding);
  sign.width_ = before + sign.word_.width() + padding;
  return sign;
}

Sign DateSign(const Canvas& canvas, type::v1::DateKind kind, Language language, double height, double max_width) {
  Sign sign;
  sign.height_ = height;
  sign.dark_word_ = kind == type::v1::DATE_KIND_USE_BY;
  sign.word_x_ = height * kPadding;
  sign.word_ = LayWord(canvas, DateCaption(kind, language), sign.dark_word_, height, max_width - 2 * sign.word_x_);
  sign.width_ = sign.word_.width() + 2 * sign.word_x_;
  return sign;
}

void Sign::Draw(Canvas& canvas, double x, double y) const {
  if (dark_word_) {
    canvas.Fill({x, y, width_, height_}, colour_, radius_);
  } else {
    if (dark_picture_) {  // round at the left, straight where the word begins
      canvas.Fill({x, y, height_, height_}, colour_, radius_);
      canvas.Fill({x + height_ / 2, y, height_ / 2, height_}, colour_);
    }
    canvas.Outline({x, y, width_, height_}, height_ * 0.07, colour_, radius_);
  }
  if (picture_ != nullptr) {
    canvas.Paint(x + height_ / 2, y + height_ / 2, dark_picture_ ? kWhite : colour_, [&](cairo_t* cr) {
      cairo_scale(cr, height_ * 0.34, height_ * 0.34);
      picture_(cr);
    });
  }
  canvas.Draw(word_, x + word_x_, y + (height_ - word_.height()) / 2);
}

}  // namespace kubari::labels
