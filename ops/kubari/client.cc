#include "ops/kubari/client.h"

#include <absl/strings/escaping.h>
#include <absl/time/clock.h>
#include <curl/curl.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>

#include "google/rpc/status.pb.h"
#include "libs/errors/errors.h"
#include "libs/rpc/client.h"
#include "ops/kubari/contract.h"

namespace kubari::cli {
namespace {

size_t Append(char* data, size_t size, size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

absl::StatusCode CodeOf(const std::string& connect_code) {
  static const std::map<std::string, absl::StatusCode> codes = {
      {"canceled", absl::StatusCode::kCancelled},
      {"unknown", absl::StatusCode::kUnknown},
      {"invalid_argument", absl::StatusCode::kInvalidArgument},
      {"deadline_exceeded", absl::StatusCode::kDeadlineExceeded},
      {"not_found", absl::StatusCode::kNotFound},
      {"already_exists", absl::StatusCode::kAlreadyExists},
      {"permission_denied", absl::StatusCode::kPermissionDenied},
      {"resource_exhausted", absl::StatusCode::kResourceExhausted},
      {"failed_precondition", absl::StatusCode::kFailedPrecondition},
      {"aborted", absl::StatusCode::kAborted},
      {"out_of_range", absl::StatusCode::kOutOfRange},
      {"unimplemented", absl::StatusCode::kUnimplemented},
      {"internal", absl::StatusCode::kInternal},
      {"unavailable", absl::StatusCode::kUnavailable},
      {"data_loss", absl::StatusCode::kDataLoss},
      {"unauthenticated", absl::StatusCode::kUnauthenticated},
  };
  const auto found = codes.find(connect_code);
  return found == codes.end() ? absl::StatusCode::kUnknown : found->second;
}

// A changed content under the same id or a stale etag will fail again; everything else in this list may pass next time.
bool WorthRepeating(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return true;
    case absl::StatusCode::kAborted:
      return errors::ReasonOf(status) != "STALE_ETAG";
    default:
      return false;
  }
}

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

// One connection per thread, kept open between calls.
CURL* ThreadCurl() {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)global;
  thread_local std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  return curl.get();
}

absl::Status CallConnect(const ClientOptions& options, const google::protobuf::MethodDescriptor& method, const std::string& request,
                         std::string& response) {
  CURL* curl = ThreadCurl();
  curl_easy_reset(curl);
  const std::string url = absl::StrCat(options.server, "/", method.service()->full_name(), "/", method.name());
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, &curl_slist_free_all);
  const auto add = [&headers](const std::string& line) { headers.reset(curl_slist_append(headers.release(), line.c_str())); };
  add("Content-Type: application/proto");
  add("Connect-Protocol-Version: 1");
  add(absl::StrCat("Connect-Timeout-Ms: ", absl::ToInt64Milliseconds(options.timeout)));
  add("Expect:");
  if (!options.token.empty()) add("Authorization: Bearer " + options.token);
  std::string body;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.size()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.timeout + absl::Seconds(2))));
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    return absl::UnavailableError(absl::StrCat("No answer from ", options.server, ": ", curl_easy_strerror(code), "."));
  }
  long http_status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
  if (http_status != 200) return FromConnectError(http_status, body);
  response = std::move(body);
  return absl::OkStatus();
}

absl::Status CallGrpc(const ClientOptions& options, const google::protobuf::MethodDescriptor& method, const std::string& request,
                      std::string& response) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  std::shared_ptr<grpc::Channel> channel;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    std::shared_ptr<grpc::Channel>& known = channels[options.server];
    if (known == nullptr) known = rpc::Connect(options.server.substr(std::string("grpc://").size()));
    channel = known;
  }
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  rpc::Prepare(rpc::AsService(options.token, options.network, "", absl::Now() + options.timeout), context);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, absl::StrCat("/", method.service()->full_name(), "/", method.name()), grpc::StubOptions(), &sent, &received,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return errors::FromGrpc(status);
  std::vector<grpc::Slice> slices;
  (void)received.Dump(&slices);
  response.clear();
  for (const grpc::Slice& part : slices) response.append(reinterpret_cast<const char*>(part.begin()), part.size());
  return absl::OkStatus();
}

}  // namespace

absl::Status FromConnectError(long http_status, const std::string& body) {
  google::protobuf::Struct json;
  const bool parsed = google::protobuf::util::JsonStringToMessage(body, &json).ok();
  const auto& fields = json.fields();
  if (!parsed || !fields.contains("code")) {
    const std::string text = absl::StrCat("HTTP ", http_status, " without a Connect error in the answer. Is this the gateway's address?");
    return http_status >= 500 ? absl::UnavailableError(text) : absl::UnknownError(text);
  }
  google::rpc::Status details;
  const absl::StatusCode code = CodeOf(fields.at("code").string_value());
  details.set_code(static_cast<int>(code));
  if (fields.contains("message")) details.set_message(fields.at("message").string_value());
  if (fields.contains("details")) {
    for (const auto& item : fields.at("details").list_value().values()) {
      const auto& detail = item.struct_value().fields();
      if (!detail.contains("type") || !detail.contains("value")) continue;
      std::string value;
      std::string encoded = detail.at("value").string_value();
      while (encoded.size() % 4 != 0) encoded += '=';
      if (!absl::Base64Unescape(encoded, &value)) continue;
      google::protobuf::Any& any = *details.add_details();
      any.set_type_url("type.googleapis.com/" + detail.at("type").string_value());
      any.set_value(value);
    }
  }
  return errors::FromGrpc(
      grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(), details.SerializeAsString()));
}

const google::protobuf::MethodDescriptor& Client::Method(const char* full_name) {
  const absl::StatusOr<const google::protobuf::MethodDescriptor*> method = FindMethod(full_name);
  if (!method.ok()) {
    std::fprintf(stderr, "kubari: %s\n", std::string(method.status().message()).c_str());
    std::exit(70);
  }
  return **method;
}

absl::Status Client::CallOnce(const google::protobuf::MethodDescriptor& method, const std::string& request,
                              std::string& response) const {
  if (options_.server.starts_with("grpc://")) return CallGrpc(options_, method, request, response);
  return CallConnect(options_, method, request, response);
}

absl::Status Client::Call(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                          google::protobuf::Message& response) const {
  const std::string bytes = request.SerializeAsString();
  const absl::Time give_up = absl::Now() + options_.patience;
  absl::Duration pause = absl::Milliseconds(50);
  for (;;) {
    std::string answer;
    const absl::Status status = CallOnce(method, bytes, answer);
    if (status.ok()) {
      if (response.ParseFromString(answer)) return absl::OkStatus();
      return absl::DataLossError(absl::StrCat("The answer of ", method.full_name(), " cannot be read: is the server of another version?"));
    }
    if (!WorthRepeating(status) || absl::Now() + pause > give_up) return status;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Seconds(1));
  }
}

}  // namespace kubari::cli
