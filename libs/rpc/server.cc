#include "libs/rpc/server.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <fstream>
#include <iterator>
#include <mutex>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"

namespace kubari::rpc {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string pem(std::istreambuf_iterator<char>(file), {});
  if (file && pem.find("-----BEGIN ") != std::string::npos) return pem;
  return errors::Make(absl::StatusCode::kInvalidArgument, "TLS_FILES_INVALID",
                      absl::StrCat("\"", path, "\" is not a readable PEM file; TLS needs a certificate and its key."),
                      absl::StrCat("「", path, "」は読み取れる PEM ファイルではありません。TLS には証明書と鍵の両方が必要です。"), {{"file", path}});
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(const ServerOptions& options) {
  if (options.tls_certificate_file.empty() && options.tls_key_file.empty()) return grpc::InsecureServerCredentials();
  ASSIGN_OR_RETURN(const std::string certificate, ReadPem(options.tls_certificate_file));
  ASSIGN_OR_RETURN(const std::string key, ReadPem(options.tls_key_file));
  grpc::SslServerCredentialsOptions ssl;
  ssl.pem_key_cert_pairs.push_back({key, certificate});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const std::vector<grpc::Service*>& services) {
  // Both are settings of the whole process, and must come before the first server.
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
  ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(options));

  auto server = std::unique_ptr<Server>(new Server(options));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, credentials, &server->port_);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  // Two processes on one port would take turns in answering.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // What libs/rpc/client.cc sends is welcome; without these two the server would close such connections ("too many pings").
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  for (grpc::Service* service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return errors::Make(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                        absl::StrCat("Calls cannot be accepted on ", options.listen,
                                     "; is the address in use or not of this machine? Choose another with --listen."),
                        absl::StrCat(options.listen, " で待ち受けできません。--listen で別のアドレスを指定してください。"),
                        {{"address", options.listen}});
  }
  server->server_->GetHealthCheckService()->SetServingStatus(true);
  return server;
}

Server::~Server() { Shutdown(); }

void Server::Shutdown() {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + options_.drain));
  server_->Wait();
  server_.reset();
}

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  // A peer that hangs up is an error of that connection, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

int StopSignal::Wait() {
  int signal = 0;
  while (sigwait(&signals_, &signal) != 0) {
  }
  return signal;
}

}  // namespace kubari::rpc
