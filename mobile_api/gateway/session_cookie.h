// A browser's session: the bearer token in a cookie that scripts cannot read, and the proof that a call comes from our
// own pages.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>

#include "mobile_api/gateway/http.h"

namespace kubari::gateway {

class SessionCookie {
 public:
  // `secure`: browsers reach us by https (a proxy in front ends TLS). Then the cookie is "__Host-kubari", which no
  // other host and no plain http page can set; else "kubari_session".
  explicit SessionCookie(bool secure);

  // The token in the Cookie field; empty if there is none.
  std::string TokenIn(const Head& head) const;
  // Values for Set-Cookie.
  std::string Set(std::string_view token, absl::Duration valid_for) const;
  std::string Clear() const;

  // A call that uses or sets the cookie must come from a script of our own origin: the browser says so in
  // Sec-Fetch-Site (or, older ones and on plain http, in Origin), and the Connect-Protocol-Version field cannot be sent
  // from elsewhere without CORS, which we do not answer. Errors: PERMISSION_DENIED / CROSS_SITE_REQUEST.
  absl::Status CheckSameOrigin(const Head& head) const;

 private:
  const bool secure_;
  const std::string name_;
};

}  // namespace kubari::gateway
