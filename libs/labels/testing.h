// For tests of sheets: a PDF as a printer and a reader see it. Needs poppler-utils.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kubari::labels {

// A page in grey, 0 is black.
struct Picture {
  int width = 0, height = 0;  // pixels
  double dots_per_mm = 1;
  std::vector<uint8_t> grey;  // row by row

  uint8_t at(int x, int y) const { return grey[static_cast<size_t>(y) * width + x]; }
};

struct Area {
  double x, y, width, height;  // mm from the top left
};

struct Word {
  int page;  // from 0
  Area box;
  std::string text;
};

struct ReadCode {
  std::string text;  // empty: none was found
  Area box;          // mm on the page; without the quiet zone
};

std::vector<Picture> PicturesOf(const std::string& pdf, int dots_per_inch);
// What stands on the paper, without any white space, so that line breaks do not matter; page by page. Where a text was
// cut, "…" stands for the rest.
std::vector<std::string> TextsOf(const std::string& pdf);
std::vector<Word> WordsOf(const std::string& pdf);
// Do two words stand on each other? Only their middles count: boxes of lines that touch overlap at their edges, the
// letters do not.
bool Overlap(const Area& a, const Area& b);
// What `pdfinfo` tells, line by line.
std::string InfoOf(const std::string& pdf);
// The QR code within the area.
ReadCode ReadQr(const Picture& picture, const Area& area);

}  // namespace kubari::labels
