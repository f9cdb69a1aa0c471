// What cairo cannot say in a PDF, added by qpdf.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kubari::labels {

// The same document, which asks to be printed at its real size ("fit to page" would push every label off its place),
// shows its title instead of a file name, names its language, and has no time of creation: the same input gives the
// same bytes. PDF_FAILED if it is no PDF.
absl::StatusOr<std::string> Polish(const std::string& pdf, const std::string& language);

}  // namespace kubari::labels
