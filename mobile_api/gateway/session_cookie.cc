#include "mobile_api/gateway/session_cookie.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "libs/errors/errors.h"

namespace kubari::gateway {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

absl::Status CrossSite(std::string_view problem) {
  return errors::Make(
      absl::StatusCode::kPermissionDenied, "CROSS_SITE_REQUEST",
      absl::StrCat("A call with the session cookie must come from a page of this site: ", Abseil(problem),
                   " Programs send \"authorization: Bearer …\" instead of the cookie."),
      "このサイト以外のページからの操作は受け付けません。画面を開き直してください。");
}

}  // namespace

SessionCookie::SessionCookie(bool secure) : secure_(secure), name_(secure ? "__Host-kubari" : "kubari_session") {}

std::string SessionCookie::TokenIn(const Head& head) const {
  for (absl::string_view pair : absl::StrSplit(Abseil(FieldOf(head, http::field::cookie)), ';')) {
    pair = absl::StripAsciiWhitespace(pair);
    if (absl::ConsumePrefix(&pair, name_) && absl::ConsumePrefix(&pair, "=")) return std::string(pair);
  }
  return "";
}

std::string SessionCookie::Set(std::string_view token, absl::Duration valid_for) const {
  return absl::StrCat(name_, "=", Abseil(token), "; Path=/; HttpOnly; SameSite=Strict", secure_ ? "; Secure" : "",
                      "; Max-Age=", std::max<int64_t>(0, absl::ToInt64Seconds(valid_for)));
}

std::string SessionCookie::Clear() const { return Set("", absl::ZeroDuration()); }

absl::Status SessionCookie::CheckSameOrigin(const Head& head) const {
  if (FieldOf(head, "connect-protocol-version").empty())
    return CrossSite("the field Connect-Protocol-Version is missing.");
  const std::string_view site = FieldOf(head, "sec-fetch-site");
  if (!site.empty()) {
    if (site == "same-origin") return absl::OkStatus();
    return CrossSite(absl::StrCat("Sec-Fetch-Site is \"", Shown(site), "\", expected \"same-origin\"."));
  }
  const std::string_view origin = FieldOf(head, http::field::origin);
  if (origin.empty()) return CrossSite("neither Sec-Fetch-Site nor Origin is there.");
  absl::string_view rest = Abseil(origin);
  const bool https = absl::ConsumePrefix(&rest, "https://");
  if (https || (!secure_ && absl::ConsumePrefix(&rest, "http://"))) {
    if (!rest.empty() && absl::EqualsIgnoreCase(rest, Abseil(FieldOf(head, http::field::host))))
      return absl::OkStatus();
  }
  return CrossSite(absl::StrCat("Origin is \"", Shown(origin), "\", expected ", secure_ ? "https://" : "http://",
                                Shown(FieldOf(head, http::field::host)), "."));
}

}  // namespace kubari::gateway
