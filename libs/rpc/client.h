// Calls to other services, synchronous, from worker threads.
//
//   auto channel = rpc::Connect(options.donors);
//   auto donors = pb::DonorsService::NewStub(channel);
//   ASSIGN_OR_RETURN(pb::Donor donor, rpc::Invoke(&pb::DonorsService::Stub::GetDonor, *donors, rpc::OnBehalfOf(call), request));
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "libs/errors/errors.h"
#include "libs/rpc/call.h"

namespace kubari::rpc {

// A channel that keeps itself alive, connects lazily and reconnects within about a second after the other side is back.
// `ca_file`: PEM of the authority that signed the server's certificate; empty: not encrypted.
std::shared_ptr<grpc::Channel> Connect(const std::string& address, const std::string& ca_file = "");

// What a call brings along to the other side.
struct Outgoing {
  absl::Time deadline = absl::InfiniteFuture();
  // A person's token, or the service key.
  std::string token;
  // UUID and IANA name; heard only together with the service key.
  std::string network;
  std::string time_zone;
  // "people/{uuid}", "devices/{uuid}" or "apiKeys/{uuid}": who stands behind it, for the record; heard only with the service key.
  std::string subject;
  // The trace id.
  std::string request_id;
};

// As the caller of `call`: the same token, deadline and trace. (A service's network, time zone and subject travel on as well.)
Outgoing OnBehalfOf(const Call& call);
// As this service, for work that no caller waits for. A new trace id is made.
Outgoing AsService(std::string key, std::string network, std::string time_zone, absl::Time deadline);
// As this service, inside a call: the network, time zone, deadline and trace of `call` with more rights than the caller has. The
// caller's subject travels along, so that the record names the person; it gives no rights.
Outgoing AsService(std::string key, const Call& call);

// Sets deadline, metadata and wait_for_ready (waits for the connection until the deadline). Values that HTTP/2 headers cannot
// carry are left out.
void Prepare(const Outgoing& outgoing, grpc::ClientContext& context);

// `method` is a pointer to a generated stub's synchronous method. Errors of the other side come back unchanged, with their details;
// UNAVAILABLE / DEADLINE_EXCEEDED of the connection itself carry no details.
template <typename Base, typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Invoke(grpc::Status (Base::*method)(grpc::ClientContext*, const Request&, Response*), Stub& stub,
                                const Outgoing& outgoing, const Request& request) {
  grpc::ClientContext context;
  Prepare(outgoing, context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return errors::FromGrpc(status);
  return response;
}

// 32 hexadecimal digits, random: a trace id.
std::string NewRequestId();

}  // namespace kubari::rpc
