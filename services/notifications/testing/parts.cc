#include "services/notifications/testing/parts.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "libs/ids/ids.h"

namespace kubari::notifications {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "notifications::testing: %s\n", what.c_str());
  std::abort();
}

sockaddr_in Local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Decoded(const std::string& header) {
  std::string text;
  for (const absl::string_view raw : absl::StrSplit(header, ' ')) {
    std::string word(raw), bytes;
    if (absl::StartsWith(word, "=?UTF-8?B?") && absl::EndsWith(word, "?=")) {
      if (word.size() > 75) Die("an encoded word is longer than 75 characters");
      if (!absl::Base64Unescape(word.substr(10, word.size() - 12), &bytes)) Die("an encoded word is not base64: " + word);
      text += bytes;
    } else {
      absl::StrAppend(&text, text.empty() ? "" : " ", word);
    }
  }
  return text;
}

Received Parse(const std::string& raw) {
  Received mail;
  const size_t end = raw.find("\r\n\r\n");
  if (end == std::string::npos) Die("a mail has no body");
  const std::string unfolded = absl::StrReplaceAll(raw.substr(0, end), {{"\r\n ", " "}});
  for (const absl::string_view line : absl::StrSplit(unfolded, "\r\n")) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (!mail.headers.emplace(absl::AsciiStrToLower(parts.first), Decoded(parts.second)).second) Die("a header is there twice: " + parts.first);
  }
  mail.to = mail.headers["x-envelope-to"];
  std::string body = absl::StrReplaceAll(raw.substr(end + 4), {{"\r\n", ""}});
  if (!absl::Base64Unescape(body, &mail.text)) Die("a mail's body is not base64");
  mail.text = absl::StrReplaceAll(mail.text, {{"\r\n", "\n"}});
  return mail;
}

}  // namespace

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "kubari-mail-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) Die("cannot make a folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

int FreePort() {
  // Below the ports that the kernel gives to outgoing connections: who is down for a moment must find its port again.
  std::mt19937 random(std::random_device{}());
  for (int tries = 0; tries < 1'000; ++tries) {
    const int port = std::uniform_int_distribution<int>(20'000, 32'000)(random);
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    const sockaddr_in address = Local(port);
    const bool free = bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(socket_fd);
    if (free) return port;
  }
  Die("there is no free port");
}

// --- Mail

MailServer::MailServer(Options options) : options_(options) {
  if (options_.secured) {
    const std::string made = absl::StrCat(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
        "-keyout ",
        secrets_.path(), "/key.pem -out ", secrets_.path(), "/certificate.pem >/dev/null 2>&1");
    if (std::system(made.c_str()) != 0) Die("openssl made no certificate");
  }
  port_ = FreePort();
  Start();
}

void MailServer::Start() {
  int out[2];
  if (pipe(out) != 0) Die("pipe failed");
  std::vector<std::string> command = {"/usr/bin/python3", KUBARI_SMTP_SERVER, absl::StrCat(port_), folder_.path()};
  if (options_.secured) {
    command.insert(command.end(), {secrets_.path() + "/certificate.pem", secrets_.path() + "/key.pem", "kubari", "a secret with = and blanks"});
  }
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) Die("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out[1], 1);
    close(out[0]);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(out[1]);
  std::string line;
  for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  close(out[0]);
  if (!absl::StartsWith(line, "ready ") || !absl::SimpleAtoi(line.substr(6), &port_)) Die("the mail server does not start; is python3-aiosmtpd installed?");
}

void MailServer::Stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::vector<Received> MailServer::Mails() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    if (entry.path().extension() == ".eml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Received> mails;
  for (const fs::path& file : files) mails.push_back(Parse(ReadAll(file)));
  return mails;
}

std::string MailServer::Settings(const std::string& more) const {
  if (!options_.secured) return absl::StrCat("url = smtp://127.0.0.1:", port_, "\nencryption = none\nfrom = 配る会 <kubari@example.org>\n", more);
  return absl::StrCat("url = smtp://localhost:", port_, "\nfrom = kubari@example.org\nca_file = ", secrets_.path(), "/certificate.pem\n", more);
}

// --- Webhooks

Receiver::Receiver(Answer answer) : answer_(std::move(answer)) {
  listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Local(0);
  socklen_t length = sizeof(address);
  if (bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || listen(listening_, 64) != 0 ||
      getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Die("the receiver cannot listen");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] {
    for (;;) {
      const int connection = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const std::lock_guard lock(mutex_);
      connections_.emplace_back([this, connection] { Serve(connection); });
    }
  });
}

Receiver::~Receiver() {
  stopping_ = true;
  shutdown(listening_, SHUT_RDWR);
  accepting_.join();
  close(listening_);
  for (std::thread& connection : connections_) connection.join();
}

void Receiver::Serve(int connection) {
  const timeval patience{.tv_sec = 0, .tv_usec = 50'000};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::string in;
  const auto more = [&] {
    char buffer[8192];
    for (;;) {
      const ssize_t n = read(connection, buffer, sizeof(buffer));
      if (n > 0) {
        in.append(buffer, static_cast<size_t>(n));
        return true;
      }
      if (n == 0 || stopping_ || (errno != EAGAIN && errno != EINTR)) return false;
    }
  };
  for (;;) {
    while (in.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return (void)close(connection);
    }
    Called called;
    const size_t end = in.find("\r\n\r\n");
    const std::vector<std::string> lines = absl::StrSplit(in.substr(0, end), "\r\n");
    const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
    called.path = words[1];
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
      called.headers[absl::AsciiStrToLower(parts.first)] = parts.second;
    }
    size_t length = 0;
    (void)absl::SimpleAtoi(called.headers["content-length"], &length);
    while (in.size() < end + 4 + length) {
      if (!more()) return (void)close(connection);
    }
    called.body = in.substr(end + 4, length);
    in.erase(0, end + 4 + length);
    int time = 0;
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(called);
      time = ++times_[called.path + called.headers["webhook-id"]];
    }
    const int status = answer_(called, time);
    while (status == 0 && hang_ && !stopping_) absl::SleepFor(absl::Milliseconds(10));
    const std::string answer =
        absl::StrCat("HTTP/1.1 ", status == 0 ? 200 : status, " X\r\n", status == 302 ? "Location: /elsewhere\r\n" : "", "Content-Length: 2\r\n\r\nok");
    if (send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return (void)close(connection);
  }
}

std::string Receiver::url(const std::string& path) const { return absl::StrCat("http://127.0.0.1:", port_, path); }

std::vector<Called> Receiver::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

// --- People

void People::Add(const std::string& id, const std::string& email, const std::string& locale, type::v1::Role role, const std::string& organisation) {
  const std::lock_guard lock(mutex_);
  Person& person = people_[id];
  person.recipient.set_person(ids::Name("people", id));
  person.recipient.set_display_name(email.substr(0, email.find('@')));
  person.recipient.set_email(email);
  person.recipient.set_locale(locale);
  person.role = role;
  person.organisation = organisation;
}

void People::Move(const std::string& id, const std::string& email) {
  const std::lock_guard lock(mutex_);
  people_[id].recipient.set_email(email);
}

grpc::Status People::ListNetworks(grpc::ServerContext*, const identity::v1::ListNetworksRequest*, identity::v1::ListNetworksResponse* response) {
  if (away) return {grpc::StatusCode::UNAVAILABLE, "away"};
  identity::v1::Network& network = *response->add_networks();
  network.set_name(ids::Name("networks", network_id));
  network.set_display_name(display_name);
  network.set_time_zone("Asia/Tokyo");
  return grpc::Status::OK;
}

grpc::Status People::ListRecipients(grpc::ServerContext* context, const identity::v1::ListRecipientsRequest* request,
                                    identity::v1::ListRecipientsResponse* response) {
  if (away) return {grpc::StatusCode::UNAVAILABLE, "away"};
  const auto network = context->client_metadata().find("kubari-network");
  if (network == context->client_metadata().end() || std::string(network->second.data(), network->second.size()) != network_id) return grpc::Status::OK;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, person] : people_) {
    bool meant = std::ranges::count(request->people(), person.recipient.person()) > 0;
    for (const identity::v1::Grant& holder : request->holders()) {
      meant = meant || (holder.role() == person.role &&
                        (holder.organisation().empty() || holder.organisation() == ids::Name("organisations", person.organisation)));
    }
    if (meant) *response->add_recipients() = person.recipient;
  }
  return grpc::Status::OK;
}

}  // namespace kubari::notifications
