// Bytes of people's files as text, and back as Windows in Japan reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/tables/errors.h"

namespace kubari::tables {

struct Decoded {
  std::string text;      // UTF-8 without BOM
  std::string encoding;  // "UTF-8", "UTF-16", "Shift_JIS"
};

// A byte order mark decides; without one, bytes that are UTF-8 without fault are UTF-8, else they are read as Shift_JIS with Windows'
// extensions (CP932). Nothing is guessed beyond that: what is neither is refused (NOT_TEXT, WRONG_ENCODING), naming the row of the first
// bytes that cannot be read.
std::optional<Decoded> Decode(std::string_view bytes, CellErrors& errors);

struct Encoded {
  std::string bytes;
  // Characters that CP932 lacks, each once, in the order in which they were met; "?" stands in their place.
  std::string lacking;
};

// `text` is UTF-8; a BOM at its beginning is left out.
Encoded EncodeShiftJis(std::string_view text);

}  // namespace kubari::tables
