// The signs that tell storage and kind of date at a glance, in colour and in black and white.
#pragma once

#include "kubari/type/v1/food.pb.h"
#include "libs/labels/canvas.h"
#include "libs/labels/labels.h"

namespace kubari::labels {

// A small field with a picture (or none) at the left and a word.
class Sign {
 public:
  double width() const { return width_; }    // mm
  double height() const { return height_; }  // mm
  // With its top left corner at (x, y).
  void Draw(Canvas& canvas, double x, double y) const;

 private:
  friend Sign ZoneSign(const Canvas&, type::v1::TemperatureZone, Language, double, double);
  friend Sign DateSign(const Canvas&, type::v1::DateKind, Language, double, double);

  Text word_;
  double width_ = 0, height_ = 0, radius_ = 0, word_x_ = 0;
  Colour colour_ = kBlack;
  bool dark_picture_ = false, dark_word_ = false;  // white on the colour
  void (*picture_)(cairo_t*) = nullptr;            // within a circle of radius 1 around the origin
};

// Storage: ambient is an outline with a sun, chilled has a dark field with a drop, frozen is dark all over with a
// snowflake: three signs that differ without colour too. The word shrinks to keep the sign within `max_width`. Lengths
// in mm.
Sign ZoneSign(const Canvas& canvas, type::v1::TemperatureZone zone, Language language, double height, double max_width);

// Use-by is white on black (never after it), any other kind of date black on white.
Sign DateSign(const Canvas& canvas, type::v1::DateKind kind, Language language, double height, double max_width);

}  // namespace kubari::labels
