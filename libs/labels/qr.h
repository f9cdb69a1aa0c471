// QR codes (ISO/IEC 18004), by libqrencode.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kubari::labels {

inline constexpr double kLeastModule = 0.4;  // mm; what phones still read from a hand's distance, off an office printer
inline constexpr int kQuietModules = 4;      // white on each side, by the standard

struct Qr {
  int modules = 0;         // per side
  std::vector<bool> dark;  // row by row

  bool at(int row, int column) const { return dark[static_cast<size_t>(row) * modules + column]; }
};

// The smallest code for `text` with error correction M (15 %), else L (7 %) where only that fits into `max_modules`;
// then as much error correction as the same size holds. Nothing if it does not fit.
std::optional<Qr> EncodeQr(const std::string& text, int max_modules);

}  // namespace kubari::labels
