// An e-mail as it goes over the wire: RFC 5322 and MIME (RFC 2045, 2047), UTF-8 text in base64, so that any text and any length is safe.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace kubari::notifications {

struct Mailbox {
  std::string name;  // may be empty
  std::string email;
};

struct Mail {
  Mailbox from;
  Mailbox to;
  std::string reply_to;  // an address, or empty
  std::string subject;
  std::string text;    // lines parted by \n
  std::string locale;  // "ja" or "en"
  // Without angle brackets. The same for each attempt, so that a second copy can be recognised.
  std::string message_id;
  // Where one click of the reader's mail program ends e-mail of this kind (RFC 8058); empty for what cannot be switched off.
  std::string stop_url;
  absl::Time date;
};

// Lines end with CR LF. Nothing in a field can make another header: what is not plain ASCII is encoded, control characters are dropped.
std::string Compose(const Mail& mail);

// A header's text in encoded words of at most 75 characters (RFC 2047), or as it is if it is short plain ASCII.
std::string EncodedText(std::string_view text);
// `name <email>`, or the address alone.
std::string EncodedMailbox(const Mailbox& mailbox);

// "Kubari <kubari@example.org>" or "kubari@example.org". The address is not judged.
Mailbox ParseMailbox(std::string_view text);

}  // namespace kubari::notifications
