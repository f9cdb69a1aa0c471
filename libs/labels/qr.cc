#include "libs/labels/qr.h"

#include <qrencode.h>

#include <memory>

namespace kubari::labels {
namespace {

using Code = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

// `version` 0: the smallest that does.
Code Encode(const std::string& text, int version, QRecLevel level) {
  constexpr int kCaseSensitive = 1;
  return Code(QRcode_encodeString(text.c_str(), version, level, QR_MODE_8, kCaseSensitive), &QRcode_free);
}

}  // namespace

std::optional<Qr> EncodeQr(const std::string& text, int max_modules) {
  const auto fits = [&](const Code& code) { return code != nullptr && code->width <= max_modules; };
  Code best = Encode(text, 0, QR_ECLEVEL_M);
  if (!fits(best)) best = Encode(text, 0, QR_ECLEVEL_L);
  if (!fits(best)) return std::nullopt;
  // With a given version libqrencode takes a larger one where the text needs it.
  for (const QRecLevel level : {QR_ECLEVEL_H, QR_ECLEVEL_Q, QR_ECLEVEL_M}) {
    Code stronger = Encode(text, best->version, level);
    if (stronger == nullptr || stronger->version != best->version) continue;
    best = std::move(stronger);
    break;
  }
  Qr qr{best->width, std::vector<bool>(static_cast<size_t>(best->width) * best->width)};
  for (size_t i = 0; i < qr.dark.size(); ++i) qr.dark[i] = (best->data[i] & 1) != 0;
  return qr;
}

}  // namespace kubari::labels
