// E-mail out: the operator's settings file, and one SMTP session by libcurl.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "services/notifications/domain/mail.h"

namespace kubari::notifications {

// How e-mail leaves; ops/lib/smtp.conf tells what each line means.
struct SmtpSettings {
  std::string url;  // smtp://host:port or smtps://host:port
  Mailbox from;
  std::string user;
  std::string password;  // never logged, never told
  std::string reply_to;
  std::string ca_file;
  bool encrypted = true;

  // "host:port" of the url.
  std::string Server() const;
  friend bool operator==(const SmtpSettings& a, const SmtpSettings& b) {
    return a.url == b.url && a.from.email == b.from.email && a.user == b.user && a.password == b.password && a.ca_file == b.ca_file &&
           a.encrypted == b.encrypted;
  }
};

// Nothing where url and from are empty: there is no mail server yet. INVALID_ARGUMENT tells everything that is wrong, without values of
// user and password.
absl::StatusOr<std::optional<SmtpSettings>> ParseSmtpSettings(std::string_view text);

// The file, read again when it has changed. Thread-safe.
class SmtpFile {
 public:
  // An empty path: there is no mail server.
  explicit SmtpFile(std::string path) : path_(std::move(path)) {}

  std::optional<SmtpSettings> Current();
  // What is wrong with the file, or "".
  std::string Problem();

 private:
  void Refresh();  // mutex_ is held

  const std::string path_;
  std::mutex mutex_;
  int64_t changed_ = -1;  // the file's time in nanoseconds, and its size
  int64_t size_ = -1;
  std::optional<SmtpSettings> settings_;
  std::string problem_;
};

struct SendResult {
  enum class Outcome {
    kSent,
    kTemporary,   // this mail, later
    kPermanent,   // this mail, never
    kUnreachable  // the server itself: nobody's mail leaves just now
  };
  Outcome outcome = Outcome::kSent;
  // What the server said or what kept it from saying something; one line in English, without secrets.
  std::string error;
};

// One connection at a time, kept open between mails. Not thread-safe.
class SmtpClient {
 public:
  SmtpClient();
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  // No attempt takes longer.
  static constexpr int kTimeoutSeconds = 40;
  // `message` with CR LF. kSent only after the server has said 250 to all of it.
  SendResult Send(const SmtpSettings& settings, const std::string& to, const std::string& message);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kubari::notifications
