// Small pictures, byte by byte: headers as the formats ask for them, and nothing that could be drawn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kubari::stock::testing {

inline std::string BigEndian(uint32_t value, int size) {
  std::string bytes;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}
inline std::string LittleEndian(uint32_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> i * 8 & 0xFF);
  return bytes;
}

inline std::string JpegPart(uint8_t marker, std::string_view body) {
  return std::string("\xFF") + static_cast<char>(marker) + BigEndian(static_cast<uint32_t>(body.size()) + 2, 2) +
         std::string(body);
}
// `parts` stand between JFIF's and the frame's.
inline std::string Jpeg(uint32_t width, uint32_t height, const std::string& parts = "", uint8_t frame = 0xC0) {
  using namespace std::string_literals;  // NOLINT
  return "\xFF\xD8"s + JpegPart(0xE0, "JFIF\0\x01\x02\0\0\x01\0\x01\0\0"s) + parts +
         JpegPart(0xDB, std::string(65, 1)) +
         JpegPart(frame, "\x08"s + BigEndian(height, 2) + BigEndian(width, 2) + "\x01\x01\x11\0"s) +
         JpegPart(0xC4, std::string(20, 0)) + JpegPart(0xDA, "\x01\x01\0\0\x3F\0"s) + "\x12\x34\xFF\xD9"s;
}
inline std::string PngPart(std::string_view type, std::string_view data) {
  return BigEndian(static_cast<uint32_t>(data.size()), 4) + std::string(type) + std::string(data) + std::string(4, 'c');
}
inline std::string Png(uint32_t width, uint32_t height, const std::string& parts = "") {
  using namespace std::string_literals;  // NOLINT
  return "\x89PNG\r\n\x1A\n"s + PngPart("IHDR", BigEndian(width, 4) + BigEndian(height, 4) + "\x08\x02\0\0\0"s) +
         parts + PngPart("IDAT", "pixels") + PngPart("IEND", "");
}
inline std::string WebpPart(std::string_view type, const std::string& data) {
  return std::string(type) + LittleEndian(static_cast<uint32_t>(data.size()), 4) + data +
         std::string(data.size() % 2, '\0');
}
inline std::string Webp(const std::string& parts) {
  return "RIFF" + LittleEndian(static_cast<uint32_t>(parts.size()) + 4, 4) + "WEBP" + parts;
}
inline std::string WebpLossy(uint32_t width, uint32_t height) {
  using namespace std::string_literals;  // NOLINT
  return WebpPart("VP8 ", "\x30\x01\0\x9D\x01\x2A"s + LittleEndian(width, 2) + LittleEndian(height, 2) + "pixels");
}
inline std::string WebpLossless(uint32_t width, uint32_t height) {
  return WebpPart("VP8L", "\x2F" + LittleEndian((width - 1) | (height - 1) << 14, 4) + "pixel");
}
inline std::string WebpExtended(uint32_t width, uint32_t height) {
  return WebpPart("VP8X", std::string(4, '\0') + LittleEndian(width - 1, 3) + LittleEndian(height - 1, 3));
}

}  // namespace kubari::stock::testing
