#include "services/identity/domain/names.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

namespace kubari::identity {
namespace {

std::string TrimmedLower(std::string_view text) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
}

}  // namespace

bool IsEmail(std::string_view email) {
  if (email.size() > 254) return false;
  if (std::any_of(email.begin(), email.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F || c == ','; }))
    return false;
  const size_t at = email.find('@');
  if (at == 0 || at == std::string_view::npos || email.find('@', at + 1) != std::string_view::npos) return false;
  const std::string_view domain = email.substr(at + 1);
  return domain.find('.') != std::string_view::npos && domain.front() != '.' && domain.back() != '.';
}

void CheckEmail(errors::Violations& violations, std::string_view field, std::string_view email) {
  const std::string shown(email.substr(0, 254));
  violations.Require(
      IsEmail(email), field, "NOT_AN_EMAIL",
      absl::StrCat("\"", shown, "\" is not an e-mail address; something like name@example.org was expected."),
      absl::StrCat("「", shown, "」はメールアドレスではありません。name@example.org の形で入力してください。"));
}

std::string EmailKey(std::string_view email) { return TrimmedLower(email); }

bool IsNetworkCode(std::string_view code) {
  return code.size() >= 2 && code.size() <= 40 && std::all_of(code.begin(), code.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string NormalNetworkCode(std::string_view typed) { return TrimmedLower(typed); }

}  // namespace kubari::identity
