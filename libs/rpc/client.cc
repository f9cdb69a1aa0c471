#include "libs/rpc/client.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "libs/auth/tokens.h"
#include "libs/log/log.h"

namespace kubari::rpc {
namespace {

// Nothing for a service that acts for nobody: that is what the other side takes it for anyway.
std::string SubjectToSend(const Call& call) {
  return call.principal.subject == auth::kServiceSubject ? "" : call.principal.subject;
}

}  // namespace

std::shared_ptr<grpc::Channel> Connect(const std::string& address, const std::string& ca_file) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(16 << 20);
  // A dead peer is noticed within 15 s, also while nothing is asked.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  if (ca_file.empty()) return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  std::ifstream file(ca_file, std::ios::binary);
  if (!file) log::Error("the certificate authority's file cannot be read; calls will fail", {{"file", ca_file}});
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(ssl), arguments);
}

std::string NewRequestId() { return auth::RandomCode("0123456789abcdef", 32); }

Outgoing OnBehalfOf(const Call& call) {
  Outgoing outgoing = {.deadline = call.deadline, .token = call.token, .request_id = call.request_id};
  if (call.principal.is_service) {
    outgoing.network = call.principal.network_id;
    outgoing.time_zone = call.principal.time_zone;
    outgoing.subject = SubjectToSend(call);
  }
  return outgoing;
}

Outgoing AsService(std::string key, std::string network, std::string time_zone, absl::Time deadline) {
  return {.deadline = deadline,
          .token = std::move(key),
          .network = std::move(network),
          .time_zone = std::move(time_zone),
          .request_id = NewRequestId()};
}

Outgoing AsService(std::string key, const Call& call) {
  return {.deadline = call.deadline,
          .token = std::move(key),
          .network = call.principal.network_id,
          .time_zone = call.principal.time_zone,
          .subject = SubjectToSend(call),
          .request_id = call.request_id};
}

void Prepare(const Outgoing& outgoing, grpc::ClientContext& context) {
  if (outgoing.deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(outgoing.deadline));
  context.set_wait_for_ready(true);
  const auto add = [&context](const char* key, std::string_view value, std::string_view prefix = "") {
    // gRPC ends the program on values that a header cannot carry.
    const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!value.empty() && printable) context.AddMetadata(key, std::string(prefix).append(value));
  };
  add(kAuthorization, outgoing.token, "Bearer ");
  add(kRequestId, outgoing.request_id);
  add(kNetwork, outgoing.network);
  add(kTimeZone, outgoing.time_zone);
  add(kSubject, outgoing.subject);
}

}  // namespace kubari::rpc
