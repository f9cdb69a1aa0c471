#include "services/stock/domain/picture.h"

#include <absl/strings/str_cat.h>

#include <array>
#include <cstdint>
#include <optional>

namespace kubari::stock {
namespace {

// What a format's parts tell.
struct Found {
  int width = 0, height = 0;
  bool metadata = false;
};

// A number of `size` bytes at `at`. The caller has made sure that they are there.
uint32_t BigEndian(std::string_view bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}
uint32_t LittleEndian(std::string_view bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = size; i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[at + i - 1]);
  return value;
}

// JPEG (ITU-T T.81, annex B): markers 0xFF nn with a length each, up to the start of scan. Frame headers (SOF) are C0
// to CF without C4, C8 and CC. APP0 (JFIF), APP2 when it is a colour profile, and APP14 (Adobe's colour transform) say
// how to draw it; all other APPn and comments are about it.
std::optional<Found> ReadJpeg(std::string_view bytes) {
  Found found;
  size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == '\xFF') {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    const size_t size = BigEndian(bytes, at + 2, 2);
    if (size < 2 || at + 2 + size > bytes.size()) return std::nullopt;
    const std::string_view body = bytes.substr(at + 4, size - 2);
    if (marker == 0xDA) return found.width > 0 ? std::optional(found) : std::nullopt;
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      if (body.size() < 5) return std::nullopt;
      found.height = static_cast<int>(BigEndian(body, 1, 2));
      found.width = static_cast<int>(BigEndian(body, 3, 2));
    }
    const bool draws = marker == 0xE0 || marker == 0xEE || (marker == 0xE2 && body.starts_with("ICC_PROFILE"));
    if (marker == 0xFE || (marker >= 0xE0 && marker <= 0xEF && !draws)) found.metadata = true;
    at += 2 + size;
  }
  return std::nullopt;
}

// PNG (W3C PNG, third edition, 5.3): chunks of length, type, data and CRC, from IHDR to IEND.
std::optional<Found> ReadPng(std::string_view bytes) {
  constexpr std::array<std::string_view, 5> kAbout = {"eXIf", "tEXt", "iTXt", "zTXt", "tIME"};
  Found found;
  size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const size_t size = BigEndian(bytes, at, 4);
    const std::string_view type = bytes.substr(at + 4, 4);
    if (size > bytes.size() - at - 12) return std::nullopt;
    if ((at == 8) != (type == "IHDR")) return std::nullopt;
    if (at == 8) {
      if (size != 13) return std::nullopt;
      // Beyond 31 bits is no PNG; then it is negative here, and out of range.
      found.width = static_cast<int>(BigEndian(bytes, at + 8, 4));
      found.height = static_cast<int>(BigEndian(bytes, at + 12, 4));
    }
    if (type == "IEND") return found;
    for (const std::string_view about : kAbout) found.metadata = found.metadata || type == about;
    at += 12 + size;
  }
  return std::nullopt;
}

// WebP (RFC 9649, 2): RIFF chunks of type, length and data, padded to even length.
std::optional<Found> ReadWebp(std::string_view bytes) {
  Found found;
  size_t at = 12;
  while (at + 8 <= bytes.size()) {
    const std::string_view type = bytes.substr(at, 4);
    const size_t size = LittleEndian(bytes, at + 4, 4);
    if (size > bytes.size() - at - 8) return std::nullopt;
    const std::string_view body = bytes.substr(at + 8, size);
    if (type == "VP8X") {
      if (size < 10) return std::nullopt;
      found.width = static_cast<int>(LittleEndian(body, 4, 3)) + 1;
      found.height = static_cast<int>(LittleEndian(body, 7, 3)) + 1;
    } else if (type == "VP8 " && found.width == 0) {
      if (size < 10 || body.substr(3, 3) != std::string_view("\x9D\x01\x2A", 3)) return std::nullopt;
      found.width = static_cast<int>(LittleEndian(body, 6, 2) & 0x3FFF);
      found.height = static_cast<int>(LittleEndian(body, 8, 2) & 0x3FFF);
    } else if (type == "VP8L" && found.width == 0) {
      if (size < 5 || body[0] != '\x2F') return std::nullopt;
      const uint32_t sides = LittleEndian(body, 1, 4);
      found.width = static_cast<int>(sides & 0x3FFF) + 1;
      found.height = static_cast<int>(sides >> 14 & 0x3FFF) + 1;
    }
    if (type == "EXIF" || type == "XMP ") found.metadata = true;
    at += 8 + size + size % 2;
  }
  return found.width > 0 ? std::optional(found) : std::nullopt;
}

}  // namespace

Picture InspectPicture(std::string_view image, std::string_view field, errors::Violations& violations) {
  Picture picture;
  if (!violations.Require(image.size() <= kMaxPictureBytes, field, "TOO_LARGE",
                          absl::StrCat("The picture has ", image.size(), " bytes; at most ", kMaxPictureBytes,
                                       " (200 KiB) are kept. Make it smaller."),
                          absl::StrCat("写真が大きすぎます（", image.size(), "バイト）。", kMaxPictureBytes,
                                       "バイト（200KiB）までに縮めてください。"))) {
    return picture;
  }
  std::optional<Found> found;
  if (image.starts_with("\xFF\xD8\xFF")) {
    picture.media_type = "image/jpeg";
    found = ReadJpeg(image);
  } else if (image.starts_with("\x89PNG\r\n\x1A\n")) {
    picture.media_type = "image/png";
    found = ReadPng(image);
  } else if (image.starts_with("RIFF") && image.size() >= 12 && image.substr(8, 4) == "WEBP") {
    picture.media_type = "image/webp";
    found = ReadWebp(image);
  }
  if (!violations.Require(found.has_value(), field, "NOT_A_PICTURE",
                          "This is no JPEG, PNG or WebP picture, or a damaged one.",
                          "JPEG・PNG・WebP の写真ではないか、壊れています。")) {
    return picture;
  }
  picture.width = found->width;
  picture.height = found->height;
  const auto fits = [](int side) { return side >= kMinPictureSide && side <= kMaxPictureSide; };
  violations.Require(fits(picture.width) && fits(picture.height), field, "OUT_OF_RANGE",
                     absl::StrCat("The picture has ", picture.width, " × ", picture.height,
                                  " pixels; each side must have ", kMinPictureSide, " to ", kMaxPictureSide, "."),
                     absl::StrCat("写真は ", picture.width, " × ", picture.height, " ピクセルです。各辺を ",
                                  kMinPictureSide, "〜", kMaxPictureSide, " ピクセルにしてください。"));
  violations.Require(
      !found->metadata, field, "HAS_METADATA",
      "The picture carries what a camera or a program wrote about it (EXIF, XMP, comments), perhaps where "
      "it was taken. Save it anew without.",
      "撮影場所などの情報（EXIF・XMP・コメント）が写真に入っています。情報を除いて保存し直してください。");
  return picture;
}

}  // namespace kubari::stock
