// A whole Kubari for tests: a PostgreSQL with durable settings and its own data, the services and the gateway, as real processes
// from the build folder, on free ports, each started again when it dies.
//
//   Installation installation;
//   cli::Client anyone = installation.Gateway("");
//   installation.Kill("stock");
#pragma once

#include <absl/time/time.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "ops/kubari/client.h"
#include "tests/end_to_end/process.h"

namespace kubari::end_to_end {

// identity, donors, groups, stock, allocation, impact, notifications, support.
const std::vector<std::string>& Services();
// The services, "gateway" and "postgres".
const std::vector<std::string>& Processes();

// Folder of kubari, kubari-stock, …: KUBARI_BIN, or the build folder of this test.
std::string BinFolder();
// Root of the source tree.
std::string SourceFolder();

class Installation {
 public:
  struct Options {
    // Calls per second of one subject at the gateway; 0: no limit. As installed unless set.
    int rate = 50;
    // Without it the gateway serves no web app.
    std::string web_root = "";
  };
  // Ends the test program with the reason if it does not come up.
  Installation() : Installation(Options{}) {}
  explicit Installation(Options options);
  // Stops everything; the folder goes too unless a test has failed.
  ~Installation();

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  // host:port of a service's gRPC.
  std::string address(const std::string& service) const;
  // http://host:port/metrics of a service or the gateway.
  std::string metrics_url(const std::string& process) const;
  const std::string& service_key() const { return service_key_; }
  std::string service_key_file() const { return folder_ + "/service-key"; }
  // Where the notifications service looks for a mail server (ops/lib/smtp.conf); empty at first.
  std::string smtp_file() const { return folder_ + "/smtp.conf"; }
  // For files of the test.
  const std::string& folder() const { return folder_; }
  // libpq connection string of database kubari; every role has the same password here. "postgres" is the superuser.
  std::string conninfo(const std::string& role) const;
  // host:port that nobody listens on, set aside for a process of the test.
  std::string free_address() const { return absl::StrCat("127.0.0.1:", port_ + 7); }

  // Through the gateway, and straight to a service. An empty token: nobody.
  cli::Client Gateway(const std::string& token) const;
  cli::Client Direct(const std::string& service, const std::string& token, const std::string& network = "") const;

  // Runs `kubari` with the installation's addresses.
  Finished Kubari(const std::vector<std::string>& arguments, const Environment& added = {}, absl::Duration limit = absl::Minutes(4)) const;
  // What the example network's folder is after ops/example has written it here; made by the first call.
  std::string ExampleFolder();

  // kill -9; false if it is not running just now.
  bool Kill(const std::string& process) { return supervisor_->Signal(process, SIGKILL); }
  // It keeps its connections and does nothing, until Resume().
  void Pause(const std::string& process) { supervisor_->Signal(process, SIGSTOP); }
  void Resume(const std::string& process) { supervisor_->Signal(process, SIGCONT); }
  int Starts(const std::string& process) const { return supervisor_->Starts(process); }
  // Until the gateway reaches all services and each of them its database. Ends the test program at the limit.
  void WaitUntilReady(absl::Duration limit = absl::Seconds(60)) const;

 private:
  void StartPostgres();
  void MakeRoles();
  void StartServices(const Options& options);
  [[noreturn]] void Fail(const std::string& what, const std::string& process) const;

  std::string folder_;
  std::string postgres_bin_;
  std::string service_key_;
  std::string password_;  // of all roles
  int port_ = 0;          // services follow; metrics a hundred above, as with ops/up
  std::unique_ptr<Supervisor> supervisor_ = std::make_unique<Supervisor>();
};

// The body of a GET; sets `status` if it is not null (0: no answer).
std::string Get(const std::string& url, long* status = nullptr);

std::string ReadFile(const std::string& path);
// Without its newline.
std::string FirstLine(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

}  // namespace kubari::end_to_end
