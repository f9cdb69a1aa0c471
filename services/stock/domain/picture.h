// What a picture of a product must be. Its bytes are looked at, not its name: the header says what it is and how large,
// and the parts behind it whether a camera left something there. Pixels are never decoded here.
#pragma once

#include <string>
#include <string_view>

#include "libs/errors/errors.h"

namespace kubari::stock {

inline constexpr size_t kMaxPictureBytes = 200 * 1024;
inline constexpr int kMinPictureSide = 16, kMaxPictureSide = 4096;  // pixels

struct Picture {
  std::string media_type;  // "image/jpeg", "image/png" or "image/webp"
  int width = 0, height = 0;
};

// Reads `image`; adds to `violations` under `field`: TOO_LARGE, NOT_A_PICTURE, OUT_OF_RANGE (its sides), HAS_METADATA
// (EXIF, XMP, comments: where and when it was taken, and with what).
Picture InspectPicture(std::string_view image, std::string_view field, errors::Violations& violations);

}  // namespace kubari::stock
