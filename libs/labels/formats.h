// What labels are printed on. A new sheet is one line in formats.cc and one name here.
#pragma once

#include <array>
#include <string_view>

namespace kubari::labels {

enum class Format { kSheet24, kSheet24WithMargin, kSheet21, kSheet12, kRoll62 };

inline constexpr std::array kFormats = {Format::kSheet24, Format::kSheet24WithMargin, Format::kSheet21,
                                        Format::kSheet12, Format::kRoll62};

// All lengths in millimetres, from the paper's top left corner.
struct Geometry {
  std::string_view japanese;  // for a list to choose from
  std::string_view english;
  std::string_view sheets;         // what is sold in this size
  double page_width, page_height;  // page_height 0: a roll, cut to what each label needs
  int columns, rows;
  double label_width, label_height;  // label_height 0: a roll
  double left, top;                  // of the first label
  double pitch_x, pitch_y;           // from one label's edge to the next one's
  double inset_x, inset_y;  // kept white within the label: printers miss the edge of the paper, and sheets go in askew

  bool roll() const { return page_height == 0; }
  int per_sheet() const { return columns * rows; }
};

const Geometry& GeometryOf(Format format);

}  // namespace kubari::labels
