// From the pages that cairo drew to the document that people print, by qpdf.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace kubari::labels {

// A page of the document: drawn pages put on paper, with their top left corners where they are wanted. Lengths in mm.
struct Sheet {
  struct Placed {
    size_t drawn;  // which of the drawn pages, from 0
    double x, y;
  };

  double width, height;
  std::vector<Placed> placed;
};

// The same pages, finished: the document asks to be printed at its real size ("fit to page" would push every label off
// its place), shows its title instead of a file name, names its language ("ja"), and has no time of creation: the same
// input gives the same bytes. PDF_FAILED if it is no PDF.
absl::StatusOr<std::string> Finished(const std::string& drawn, const std::string& language);

// The same for sheets made of drawn pages. A page that is put down many times is stored once, and nothing of it is seen
// beyond its edges.
absl::StatusOr<std::string> OnSheets(const std::string& drawn, const std::vector<Sheet>& sheets,
                                     const std::string& language);

}  // namespace kubari::labels
