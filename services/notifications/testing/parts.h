// The parts around the service that tests run for real: a mail server, a webhook's receiver; and an identity service in memory.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kubari/identity/v1/identity.grpc.pb.h"

namespace kubari::notifications {

// A folder that goes with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What arrived, decoded.
struct Received {
  std::map<std::string, std::string> headers;  // names in lower case; encoded words as UTF-8
  std::string to;                              // of the envelope
  std::string text;                            // UTF-8, lines parted by \n
};

// testing/smtp_server.py as a process of its own.
class MailServer {
 public:
  struct Options {
    bool secured = false;  // STARTTLS and a password are insisted on
  };
  MailServer() : MailServer(Options{}) {}
  explicit MailServer(Options options);
  ~MailServer() { Stop(); }

  void Start();
  void Stop();  // kill -9; what was received stays
  int port() const { return port_; }
  // In the order of arrival.
  std::vector<Received> Mails() const;
  // For SmtpFile.
  std::string Settings(const std::string& more = "") const;

 private:
  const Options options_;
  Folder folder_;
  Folder secrets_;
  int port_ = 0;
  pid_t pid_ = 0;
};

// One request that a webhook's receiver got.
struct Called {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// HTTP on a free port of this host. `answer` says the status for a request; 0: the receiver hangs until it is told to go on.
class Receiver {
 public:
  using Answer = std::function<int(const Called&, int time)>;  // `time`: the how manieth with this webhook-id, from 1
  explicit Receiver(Answer answer);
  ~Receiver();

  std::string url(const std::string& path) const;
  std::vector<Called> calls() const;
  void LetGo() { hang_ = false; }

 private:
  void Serve(int connection);

  const Answer answer_;
  int listening_ = -1;
  int port_ = 0;
  std::atomic<bool> hang_ = true;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Called> calls_;
  std::map<std::string, int> times_;
  std::vector<std::thread> connections_;
  std::thread accepting_;
};

// Knows one network's people.
class People final : public identity::v1::IdentityService::Service {
 public:
  void Add(const std::string& id, const std::string& email, const std::string& locale, type::v1::Role role, const std::string& organisation);
  void Move(const std::string& id, const std::string& email);
  std::atomic<bool> away = false;
  std::string network_id;
  std::string display_name = "さくらネット";

  grpc::Status ListNetworks(grpc::ServerContext*, const identity::v1::ListNetworksRequest*, identity::v1::ListNetworksResponse* response) override;
  grpc::Status ListRecipients(grpc::ServerContext* context, const identity::v1::ListRecipientsRequest* request,
                              identity::v1::ListRecipientsResponse* response) override;

 private:
  struct Person {
    identity::v1::Recipient recipient;
    type::v1::Role role;
    std::string organisation;
  };
  std::mutex mutex_;
  std::map<std::string, Person> people_;
};

// A free port of 127.0.0.1.
int FreePort();

}  // namespace kubari::notifications
