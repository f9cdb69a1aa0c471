#include "services/notifications/domain/mail.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/log/utf8.h"

namespace kubari::notifications {
namespace {

constexpr char kEnd[] = "\r\n";
// "=?UTF-8?B?" and "?=" leave 63 of 75 characters: 45 bytes of text.
constexpr size_t kWordBytes = 45;
// Of base64 lines (RFC 2045: at most 76).
constexpr size_t kLine = 76;

std::string Base64(std::string_view bytes) { return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size())); }

std::string WithoutControls(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) kept += c;
  }
  return kept;
}

bool IsPlain(std::string_view text) {
  return text.size() <= 60 && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

// As a phrase before an address: letters, digits and blanks need no quotes.
bool IsPhrase(std::string_view text) {
  return IsPlain(text) && std::ranges::all_of(text, [](unsigned char c) { return absl::ascii_isalnum(c) || c == ' ' || c == '-'; });
}

std::string Words(std::string_view text) {
  std::string words, piece;
  const auto flush = [&] {
    if (piece.empty()) return;
    absl::StrAppend(&words, words.empty() ? "" : "\r\n ", "=?UTF-8?B?", Base64(piece), "?=");
    piece.clear();
  };
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8SequenceLength(text.substr(i));
    if (length == 0) {
      ++i;
      continue;
    }
    if (piece.size() + length > kWordBytes) flush();
    piece.append(text.substr(i, length));
    i += length;
  }
  flush();
  return words;
}

}  // namespace

std::string EncodedText(std::string_view text) {
  const std::string clean = WithoutControls(text);
  return IsPlain(clean) ? clean : Words(clean);
}

std::string EncodedMailbox(const Mailbox& mailbox) {
  const std::string name = WithoutControls(mailbox.name);
  if (name.empty()) return WithoutControls(mailbox.email);
  return absl::StrCat(IsPhrase(name) ? name : Words(name), " <", WithoutControls(mailbox.email), ">");
}

std::string Compose(const Mail& mail) {
  std::string out;
  const auto header = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&out, std::string(name), ": ", value, kEnd);
  };
  header("From", EncodedMailbox(mail.from));
  header("To", EncodedMailbox(mail.to));
  header("Reply-To", WithoutControls(mail.reply_to));
  header("Subject", EncodedText(mail.subject));
  header("Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", mail.date, absl::UTCTimeZone()));
  header("Message-ID", absl::StrCat("<", mail.message_id, ">"));
  // No out-of-office answers, please (RFC 3834).
  header("Auto-Submitted", "auto-generated");
  header("X-Auto-Response-Suppress", "All");
  if (!mail.stop_url.empty()) {
    header("List-Unsubscribe", absl::StrCat("<", WithoutControls(mail.stop_url), ">"));
    header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
  }
  header("Content-Language", mail.locale);
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=UTF-8");
  header("Content-Transfer-Encoding", "base64");
  out += kEnd;

  std::string text;
  for (const char c : mail.text) {
    if (c == '\n') {
      text += kEnd;
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
      text += c;
    }
  }
  if (!text.ends_with(kEnd)) text += kEnd;
  const std::string body = Base64(text);
  for (size_t i = 0; i < body.size(); i += kLine) absl::StrAppend(&out, body.substr(i, kLine), kEnd);
  return out;
}

Mailbox ParseMailbox(std::string_view given) {
  const std::string text(absl::StripAsciiWhitespace(absl::string_view(given.data(), given.size())));
  const size_t open = text.rfind('<');
  if (open == std::string::npos || !text.ends_with('>')) return {.name = "", .email = text};
  std::string name(absl::StripAsciiWhitespace(text.substr(0, open)));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  return {.name = name, .email = text.substr(open + 1, text.size() - open - 2)};
}

}  // namespace kubari::notifications
