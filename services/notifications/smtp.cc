#include "services/notifications/smtp.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <curl/curl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "libs/log/log.h"
#include "libs/outbox/notice.h"

namespace kubari::notifications {

std::string SmtpSettings::Server() const {
  const size_t scheme = url.find("://");
  std::string server = scheme == std::string::npos ? url : url.substr(scheme + 3);
  server = server.substr(0, server.find('/'));
  const size_t at = server.rfind('@');
  return at == std::string::npos ? server : server.substr(at + 1);
}

absl::StatusOr<std::optional<SmtpSettings>> ParseSmtpSettings(std::string_view text) {
  SmtpSettings settings;
  std::vector<std::string> problems;
  int number = 0;
  for (const absl::string_view raw : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    const std::string name(absl::StripAsciiWhitespace(parts.first)), value(absl::StripAsciiWhitespace(parts.second));
    if (!absl::StrContains(line, '=')) {
      problems.push_back(absl::StrCat("line ", number, " is no \"name = value\""));
    } else if (name == "url") {
      settings.url = value;
    } else if (name == "from") {
      settings.from = ParseMailbox(value);
    } else if (name == "user") {
      settings.user = value;
    } else if (name == "password") {
      settings.password = value;
    } else if (name == "reply_to") {
      settings.reply_to = value;
    } else if (name == "ca_file") {
      settings.ca_file = value;
    } else if (name == "encryption") {
      settings.encrypted = value != "none";
      if (value != "none" && value != "required") problems.push_back(absl::StrCat("line ", number, ": encryption is \"required\" or \"none\""));
    } else {
      problems.push_back(absl::StrCat("line ", number, ": there is no setting of this name"));
    }
  }
  if (settings.url.empty() && settings.from.email.empty() && problems.empty()) return std::nullopt;
  if (!absl::StartsWith(settings.url, "smtp://") && !absl::StartsWith(settings.url, "smtps://")) {
    problems.push_back("url does not begin with smtp:// or smtps://");
  } else if (absl::StrContains(settings.url, "@")) {
    problems.push_back("url holds a user; give it by user and password");
  }
  if (!outbox::IsMailAddress(settings.from.email)) problems.push_back("from is no e-mail address; Kubari <kubari@example.org> was expected");
  if (!settings.reply_to.empty() && !outbox::IsMailAddress(settings.reply_to)) problems.push_back("reply_to is no e-mail address");
  if (settings.user.empty() != settings.password.empty()) problems.push_back("user and password belong together");
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
  return settings;
}

std::optional<SmtpSettings> SmtpFile::Current() {
  const std::lock_guard lock(mutex_);
  Refresh();
  return settings_;
}

std::string SmtpFile::Problem() {
  const std::lock_guard lock(mutex_);
  Refresh();
  return problem_;
}

void SmtpFile::Refresh() {
  struct stat found {};
  if (path_.empty() || stat(path_.c_str(), &found) != 0) {
    settings_.reset();
    problem_ = path_.empty() ? "" : "the settings file is not there";
    changed_ = size_ = -1;
    return;
  }
  const int64_t changed = found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec;
  if (changed == changed_ && found.st_size == size_) return;
  changed_ = changed;
  size_ = found.st_size;
  std::ifstream in(path_, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  absl::StatusOr<std::optional<SmtpSettings>> parsed = ParseSmtpSettings(text.str());
  settings_ = parsed.ok() ? *std::move(parsed) : std::nullopt;
  problem_ = parsed.ok() ? "" : std::string(parsed.status().message());
  if (!problem_.empty()) {
    log::Error("the mail server's settings cannot be used", {{"detail", problem_}});
  } else if (settings_) {
    log::Info("e-mail leaves by", {{"server", settings_->Server()}, {"encrypted", settings_->encrypted}});
  }
}

// --- One session

struct SmtpClient::Impl {
  CURL* curl = curl_easy_init();
  std::optional<SmtpSettings> last;
  // Of the attempt under way.
  std::string_view message, unsent;
  std::string command;  // the last one sent, its first word
  std::string answer;   // the server's last line
  bool leaving = false;
  char curl_error[CURL_ERROR_SIZE] = "";

  static size_t Read(char* buffer, size_t size, size_t count, void* self) {
    auto& unsent = static_cast<Impl*>(self)->unsent;
    const size_t taken = std::min(size * count, unsent.size());
    std::memcpy(buffer, unsent.data(), taken);
    unsent.remove_prefix(taken);
    return taken;
  }

  // A connection that was kept open may be found dead; then libcurl begins again on a new one.
  static int Seek(void* self, curl_off_t offset, int origin) {
    auto& impl = *static_cast<Impl*>(self);
    if (origin != SEEK_SET || offset < 0 || static_cast<size_t>(offset) > impl.message.size()) return CURL_SEEKFUNC_FAIL;
    impl.unsent = impl.message.substr(static_cast<size_t>(offset));
    return CURL_SEEKFUNC_OK;
  }

  // Notes where the conversation is. Of what we send only the command's name is looked at: a line may be a password.
  static int Listen(CURL*, curl_infotype type, char* data, size_t size, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    if (type == CURLINFO_HEADER_OUT) {
      const std::string line(data, std::min<size_t>(size, 16));
      const std::string word = line.substr(0, line.find_first_of(" \r\n"));
      for (const char* known : {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP"}) {
        if (word == known) impl.command = word;
      }
      // Saying goodbye is not what the attempt came to.
      if (word == "QUIT") impl.leaving = true;
    } else if (type == CURLINFO_HEADER_IN && !impl.leaving) {
      impl.answer = std::string(absl::StripAsciiWhitespace(absl::string_view(data, size)));
    }
    return 0;
  }
};

namespace {

// Printable and short, as it is shown to administrators.
std::string OneLine(const std::string& text) {
  std::string line;
  for (const char c : text) line += static_cast<unsigned char>(c) >= 0x20 && c != 0x7F ? c : ' ';
  return line.substr(0, 300);
}

}  // namespace

SmtpClient::SmtpClient() : impl_(std::make_unique<Impl>()) {}

SmtpClient::~SmtpClient() { curl_easy_cleanup(impl_->curl); }

SendResult SmtpClient::Send(const SmtpSettings& settings, const std::string& to, const std::string& message) {
  CURL* curl = impl_->curl;
  if (impl_->last != settings) {
    // Other settings, another connection.
    curl_easy_cleanup(curl);
    curl = impl_->curl = curl_easy_init();
    impl_->last = settings;
  }
  curl_easy_reset(curl);
  impl_->message = impl_->unsent = message;
  impl_->command = "";
  impl_->answer = "";
  impl_->leaving = false;
  impl_->curl_error[0] = '\0';
  curl_slist* recipients = curl_slist_append(nullptr, absl::StrCat("<", to, ">").c_str());
  curl_easy_setopt(curl, CURLOPT_URL, settings.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(kTimeoutSeconds));
  curl_easy_setopt(curl, CURLOPT_USE_SSL, settings.encrypted ? static_cast<long>(CURLUSESSL_ALL) : static_cast<long>(CURLUSESSL_NONE));
  if (!settings.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!settings.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, settings.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, settings.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, absl::StrCat("<", settings.from.email, ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Impl::Read);
  curl_easy_setopt(curl, CURLOPT_READDATA, impl_.get());
  curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &Impl::Seek);
  curl_easy_setopt(curl, CURLOPT_SEEKDATA, impl_.get());
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.size()));
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, &Impl::Listen);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, impl_.get());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, impl_->curl_error);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(recipients);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);

  int answered = 0;
  (void)absl::SimpleAtoi(impl_->answer.substr(0, 3), &answered);
  const std::string library = impl_->curl_error[0] != '\0' ? impl_->curl_error : curl_easy_strerror(code);
  if (code == CURLE_OK) return {};
  const bool refused = answered >= 400 && answered < 600;
  const std::string error = OneLine(refused ? absl::StrCat(impl_->command, ": ", impl_->answer) : library);
  // Only a refusal of this sender, recipient or content is about this mail. 421: the server goes away.
  const bool about_this_mail = refused && answered != 421 && (impl_->command == "RCPT" || impl_->command == "DATA" || impl_->command == "MAIL");
  if (about_this_mail) {
    // A sender that is refused is refused for everybody: the operator's to mend, so it is tried again.
    const bool permanent = answered >= 500 && impl_->command != "MAIL";
    return {permanent ? SendResult::Outcome::kPermanent : SendResult::Outcome::kTemporary, error};
  }
  // Silence after the content was sent: it may have arrived, so this mail is what is tried again, with the same Message-ID.
  if (impl_->command == "DATA") return {SendResult::Outcome::kTemporary, error};
  return {SendResult::Outcome::kUnreachable, error};
}

}  // namespace kubari::notifications
