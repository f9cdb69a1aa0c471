// The HTTP edge: config → wiring → serve.
#include <absl/strings/str_cat.h>

#include <map>
#include <optional>
#include <string>

#include "libs/auth/authenticator.h"
#include "libs/config/config.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/client.h"
#include "libs/rpc/runtime.h"
#include "mobile_api/gateway/gateway.h"

int main(int argc, char** argv) {
  using namespace kubari;  // NOLINT: main only
  gateway::GatewayOptions gateway;
  gateway.server.listen = "127.0.0.1:7100";
  std::string metrics_listen = "127.0.0.1:7200";
  std::string service_key, tls_ca_file, log_level = "info";
  std::map<std::string, std::string> addresses = {
      {"identity", "127.0.0.1:7101"},   {"donors", "127.0.0.1:7102"}, {"groups", "127.0.0.1:7103"},
      {"stock", "127.0.0.1:7104"},      {"allocation", "127.0.0.1:7105"}, {"impact", "127.0.0.1:7106"},
      {"notifications", "127.0.0.1:7108"}, {"support", "127.0.0.1:7109"}};
  int body_limit = static_cast<int>(gateway.server.body_limit), rate = 200, burst = 400, sign_ins_per_minute = 30,
      sign_in_burst = 40;
  absl::Duration drain = absl::Seconds(10);

  config::Options options("kubari-gateway",
                          "The HTTP edge for phones and browsers: the Connect protocol and the web app's files.");
  options.HostPort("listen", &gateway.server.listen,
                   "where browsers and phones connect (plain HTTP; put a TLS proxy in front)");
  options.HostPort("metrics-listen", &metrics_listen, "where Prometheus reads /metrics; keep it private");
  for (auto& [service, address] : addresses)
    options.HostPort(service, &address, absl::StrCat("address of the ", service, " service"));
  options.File("tls-ca", &tls_ca_file, "PEM of the authority that signed the services' certificates");
  options.String("service-key", &service_key, "secret that all services of the installation share", {.secret = true});
  options.String("web-root", &gateway.web_root, "folder of the built web app; empty: calls only");
  options.Bool("secure", &gateway.server.secure, "browsers reach the gateway by https: Secure cookies and HSTS");
  options.String("trusted-proxy", &gateway.trusted_proxies,
                 "addresses and networks whose X-Forwarded-For is believed, separated by commas");
  options.Int("threads", &gateway.server.threads, 1, 256, "threads that serve the connections");
  options.Int("max-connections", &gateway.server.max_connections, 1, 1'000'000,
              "open at a time; more are closed at once");
  options.Int("body-limit", &body_limit, 1 << 10, 16 << 20, "bytes of one request's body");
  options.Int("rate", &rate, 0, 1'000'000,
              "calls per second of one subject, or of one address without a session; 0: no limit");
  options.Int("burst", &burst, 1, 1'000'000, "calls at once within --rate");
  options.Int("sign-in-rate", &sign_ins_per_minute, 0, 1'000'000, "sign-ins, and applications on public forms, per minute from one address; 0: no limit");
  options.Int("sign-in-burst", &sign_in_burst, 1, 1'000'000, "sign-ins at once within --sign-in-rate");
  options.Choice("log-level", &log_level, {"debug", "info", "warning", "error"},
                 "the least severe lines that are written");
  options.Duration("drain", &drain, "how long calls under way may go on after SIGTERM");
  options.Rule([&] {
    // Only the length is told, never the key.
    return service_key.size() < 32
               ? absl::StrCat("--service-key (KUBARI_SERVICE_KEY or KUBARI_SERVICE_KEY_FILE) has ", service_key.size(),
                              " characters; expected at least 32, for instance from: openssl rand -hex 32")
               : "";
  });
  if (const std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
  gateway.server.body_limit = static_cast<uint64_t>(body_limit);
  gateway.calls.secure = gateway.server.secure;
  gateway.calls.rate = rate;
  gateway.calls.burst = burst;
  gateway.calls.sign_in_rate = sign_ins_per_minute / 60.0;
  gateway.calls.sign_in_burst = sign_in_burst;

  rpc::StopSignal stop;  // before any thread
  log::SetService("gateway");
  log::Severity severity = log::Severity::kInfo;
  log::ParseSeverity(log_level, &severity);
  log::SetMinimum(severity);
  options.LogSummary();

  metrics::Metrics metrics;
  if (const absl::Status status = metrics.Expose(metrics_listen); !status.ok()) return rpc::ExitCode(status);
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  for (const auto& [service, address] : addresses) channels[service] = rpc::Connect(address, tls_ca_file);
  // Nobody outside is a service.
  auth::IdentityAuthenticator authenticator(channels["identity"],
                                            {.service_key = service_key, .accept_service_key = false});
  auto running = gateway::Gateway::Start(gateway, authenticator, channels, metrics.registry());
  if (!running.ok()) return rpc::ExitCode(running.status());
  log::Info("serving",
            {{"listen", gateway.server.listen}, {"port", (*running)->port()}, {"metrics_port", metrics.port()}});

  const int signal = stop.Wait();
  log::Info("stopping", {{"signal", signal}});
  (*running)->Stop(drain);
  log::Info("stopped");
  return 0;
}
