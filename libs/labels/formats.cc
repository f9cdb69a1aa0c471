#include "libs/labels/formats.h"

namespace kubari::labels {
namespace {

// Sizes are the makers'; where a maker gives only the label's size, the grid is centred on the sheet. Labels that reach
// the paper's edge get an inset beyond the 4 to 5 mm that office printers cannot reach. A QL printer reaches 58.9 of 62
// mm (696 dots of 300 per inch).
constexpr Geometry kSheet24 = {"A4 24面 (70×37 mm)",
                               "A4, 24 labels (70 × 37 mm)",
                               "Avery Zweckform 3474, HERMA 4464",
                               210,
                               297,
                               3,
                               8,
                               70,
                               37,
                               0,
                               0.5,
                               70,
                               37,
                               5,
                               4};
constexpr Geometry kSheet24WithMargin = {"A4 24面 余白付き (66×33.9 mm)",
                                         "A4, 24 labels with margins (66 × 33.9 mm)",
                                         "HISAGO ELM010",
                                         210,
                                         297,
                                         3,
                                         8,
                                         66,
                                         33.9,
                                         6,
                                         12.9,
                                         66,
                                         33.9,
                                         2,
                                         2};
constexpr Geometry kSheet21 = {"A4 21面 (70×42.4 mm)",
                               "A4, 21 labels (70 × 42.4 mm)",
                               "A-one 31538, HISAGO ELM009",
                               210,
                               297,
                               3,
                               7,
                               70,
                               42.4,
                               0,
                               0.1,
                               70,
                               42.4,
                               5,
                               4.5};
constexpr Geometry kSheet12 = {"A4 12面 余白付き (83.8×42.3 mm)",
                               "A4, 12 labels with margins (83.8 × 42.3 mm)",
                               "HISAGO ELM007, ELM017",
                               210,
                               297,
                               2,
                               6,
                               83.8,
                               42.3,
                               19.3,
                               21.6,
                               87.6,
                               42.3,
                               2,
                               2};
constexpr Geometry kRoll62 = {
    "ロール 62 mm幅", "62 mm roll", "Brother DK-22205, DK-22212", 62, 0, 1, 1, 62, 0, 0, 0, 62, 0, 2.5, 2};

}  // namespace

const Geometry& GeometryOf(Format format) {
  switch (format) {
    case Format::kSheet24WithMargin:
      return kSheet24WithMargin;
    case Format::kSheet21:
      return kSheet21;
    case Format::kSheet12:
      return kSheet12;
    case Format::kRoll62:
      return kRoll62;
    case Format::kSheet24:
      break;
  }
  return kSheet24;
}

}  // namespace kubari::labels
