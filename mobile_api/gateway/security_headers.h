// What every answer tells the browser not to do.
#pragma once

#include "mobile_api/gateway/http.h"

namespace kubari::gateway {

// 'wasm-unsafe-eval': the barcode reader is WebAssembly. blob: workers and images: scanning and labels.
inline constexpr char kContentSecurityPolicy[] =
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self' "
    "'wasm-unsafe-eval'; "
    "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'";

// `secure`: the site is https, and shall stay so for a year.
template <typename Fields>
void AddSecurityHeaders(bool secure, Fields& message) {
  message.set("Content-Security-Policy", kContentSecurityPolicy);
  message.set("X-Content-Type-Options", "nosniff");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
  message.set("Cross-Origin-Opener-Policy", "same-origin");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  if (secure) message.set("Strict-Transport-Security", "max-age=31536000");
}

}  // namespace kubari::gateway
