// Calls any RPC of the contract: through the gateway (Connect protocol over HTTP, libcurl) or, for operators on the same machine,
// straight to a service (gRPC).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/message.h>

#include <string>

namespace kubari::cli {

struct ClientOptions {
  // "http://host:port" or "https://…" of the gateway, or "grpc://host:port" of one service.
  std::string server = "http://127.0.0.1:7100";
  // API key, session token, or (grpc:// only) the service key. Empty: public methods only.
  std::string token;
  // UUID; with the service key only.
  std::string network;
  // For so long a call is repeated while the other side is away, busy or overtaken. Safe, as every mutation has its request_id.
  absl::Duration patience = absl::Seconds(10);
  // Of one attempt.
  absl::Duration timeout = absl::Seconds(30);
};

class Client {
 public:
  explicit Client(ClientOptions options) : options_(std::move(options)) {}

  // Errors come back as the service made them, with reason and Japanese text (libs/errors).
  absl::Status Call(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                    google::protobuf::Message& response) const;

  // `method` is "kubari.stock.v1.StockService/GetLot"; ends the program if the contract has no such method.
  template <typename Response>
  absl::StatusOr<Response> Call(const char* method, const google::protobuf::Message& request) const {
    Response response;
    absl::Status status = Call(Method(method), request, response);
    if (!status.ok()) return status;
    return response;
  }

  Client WithToken(std::string token) const {
    ClientOptions options = options_;
    options.token = std::move(token);
    return Client(options);
  }
  const ClientOptions& options() const { return options_; }

 private:
  static const google::protobuf::MethodDescriptor& Method(const char* full_name);
  absl::Status CallOnce(const google::protobuf::MethodDescriptor& method, const std::string& request, std::string& response) const;

  ClientOptions options_;
};

// The error in the body of a Connect answer: {"code": "…", "message": "…", "details": […]}. Anything else becomes UNAVAILABLE (5xx)
// or UNKNOWN and names the HTTP status.
absl::Status FromConnectError(long http_status, const std::string& body);

}  // namespace kubari::cli
