#include "libs/rpc/runtime.h"

#include <absl/strings/str_cat.h>

#include <map>
#include <utility>

#include "libs/errors/errors.h"
#include "libs/log/log.h"

namespace kubari::rpc {
namespace {

// The convention of the house: 7101 to 7109 (7107 is for HTTPS, ops/up --lan), and metrics a hundred above. 0 (any free port) for what is
// none of them.
int DefaultPort(const std::string& service) {
  static const std::map<std::string, int> kPorts = {{"identity", 7101},   {"donors", 7102}, {"groups", 7103},        {"stock", 7104},
                                                    {"allocation", 7105}, {"impact", 7106}, {"notifications", 7108}, {"support", 7109}};
  const auto found = kPorts.find(service);
  return found == kPorts.end() ? 0 : found->second;
}

}  // namespace

CommonOptions::CommonOptions(std::string name) : service(std::move(name)) {
  const int port = DefaultPort(service);
  listen = absl::StrCat("127.0.0.1:", port);
  metrics_listen = absl::StrCat("127.0.0.1:", port == 0 ? 0 : port + 100);
}

void CommonOptions::Declare(config::Options& options) {
  options.HostPort("listen", &listen, "where calls are accepted");
  options.HostPort("metrics-listen", &metrics_listen, "where Prometheus reads /metrics; keep it private");
  options.String("database-url", &database_url, "PostgreSQL as the service's own role, for instance postgresql://kubari_stock@/kubari",
                 {.secret = true});
  options.String("migration-database-url", &migration_database_url, "PostgreSQL as the owner's role; for --migrate", {.secret = true});
  options.Bool("migrate", &migrate, "brings the database's schema up to date, then exits");
  if (service != "identity") options.HostPort("identity", &identity, "address of the identity service");
  if (service != "notifications") options.HostPort("notifications", &notifications, "address of the notifications service");
  options.String("service-key", &service_key, "secret that all services of the installation share", {.secret = true});
  options.Int("workers", &workers, 1, 512, "threads that run calls, and connections to the database");
  options.Int("queue", &queue, 1, 100'000, "calls that may wait for a worker; more are refused");
  options.Choice("log-level", &log_level, {"debug", "info", "warning", "error"}, "the least severe lines that are written");
  options.Duration("drain", &drain, "how long calls under way may go on after SIGTERM");
  options.File("tls-certificate", &tls_certificate_file, "PEM; encrypts calls to this service");
  options.File("tls-key", &tls_key_file, "PEM; goes with --tls-certificate");
  options.File("tls-ca", &tls_ca_file, "PEM of the authority that signed the other services' certificates");
  options.Rule([this] {
    const std::string& url = migrate ? migration_database_url : database_url;
    const std::string name = migrate ? "--migration-database-url (KUBARI_MIGRATION_DATABASE_URL)" : "--database-url (KUBARI_DATABASE_URL)";
    return url.empty() ? absl::StrCat(name, " is missing; expected postgresql://user@host/database") : "";
  });
  options.Rule([this] {
    // Only the length is told, never the key.
    return !migrate && service_key.size() < 32
               ? absl::StrCat("--service-key (KUBARI_SERVICE_KEY or KUBARI_SERVICE_KEY_FILE) has ", service_key.size(),
                              " characters; expected at least 32, for instance from: openssl rand -hex 32")
               : "";
  });
  options.Rule([this] {
    return tls_certificate_file.empty() != tls_key_file.empty()
               ? "one of --tls-certificate and --tls-key is given; expected both or neither"
               : "";
  });
}

int ExitCode(const absl::Status& status) {
  if (status.ok()) return 0;
  log::Error(std::string(status.message()), {{"reason", errors::ReasonOf(status)}});
  return 1;
}

Runtime::Runtime(const CommonOptions& common, const config::Options& options) : common_(common) {
  log::SetService(common_.service);
  log::Severity severity = log::Severity::kInfo;
  log::ParseSeverity(common_.log_level, &severity);
  log::SetMinimum(severity);
  options.LogSummary();
}

Dispatcher& Runtime::dispatcher() {
  if (dispatcher_ != nullptr) return *dispatcher_;
  if (authenticator_ == nullptr) {
    own_authenticator_ = std::make_unique<auth::IdentityAuthenticator>(
        Connect(common_.identity), auth::IdentityAuthenticator::Options{.service_key = common_.service_key});
    authenticator_ = own_authenticator_.get();
  }
  dispatcher_ = std::make_unique<Dispatcher>(
      *authenticator_, metrics_.registry(), Dispatcher::Options{.workers = common_.workers, .max_queue = common_.queue});
  return *dispatcher_;
}

std::shared_ptr<grpc::Channel> Runtime::Connect(const std::string& address) const {
  return rpc::Connect(address, common_.tls_ca_file);
}

int Runtime::Serve(const std::vector<grpc::Service*>& services) {
  if (const absl::Status status = metrics_.Expose(common_.metrics_listen); !status.ok()) return ExitCode(status);
  auto server = Server::Start({.listen = common_.listen,
                               .tls_certificate_file = common_.tls_certificate_file,
                               .tls_key_file = common_.tls_key_file,
                               .drain = common_.drain},
                              services);
  if (!server.ok()) return ExitCode(server.status());
  log::Info("serving", {{"listen", common_.listen}, {"port", (*server)->bound_port()}, {"metrics_port", metrics_.port()}});
  const int signal = stop_.Wait();
  log::Info("stopping", {{"signal", signal}});
  (*server)->Shutdown();
  dispatcher().Join();
  log::Info("stopped");
  return 0;
}

}  // namespace kubari::rpc
