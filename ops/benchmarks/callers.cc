#include "ops/benchmarks/callers.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <curl/curl.h>
#include <google/protobuf/util/json_util.h>

#include "libs/ids/ids.h"
#include "libs/rpc/client.h"

namespace kubari::bench {
namespace {

namespace pb = kubari::stock::v1;

pb::GetLotRequest GetLot(const Target& target) {
  pb::GetLotRequest request;
  request.set_name(target.lot);
  return request;
}

// Odd callers move the items back.
pb::TransferStockRequest Transfer(const Target& target, int caller) {
  pb::TransferStockRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_lot(target.lot);
  request.set_from_place(caller % 2 == 0 ? target.from : target.to);
  request.set_to_place(caller % 2 == 0 ? target.to : target.from);
  request.set_items(1);
  return request;
}

rpc::Outgoing As(const Target& target) {
  return {.deadline = absl::Now() + absl::Seconds(30), .token = target.token, .request_id = "bench"};
}

size_t Discard(char*, size_t size, size_t count, void*) { return size * count; }

class HttpConnection {
 public:
  HttpConnection(const std::string& url, const std::string& method, Body body, const std::string& token)
      : body_(body), curl_(curl_easy_init()), url_(url + "/kubari.stock.v1.StockService/" + method) {
    for (const std::string& header : {std::string(body == Body::kJson ? "Content-Type: application/json" : "Content-Type: application/proto"),
                                      std::string("Connect-Protocol-Version: 1"), std::string("Expect:"), "Authorization: Bearer " + token}) {
      headers_ = curl_slist_append(headers_, header.c_str());
    }
    curl_easy_setopt(curl_, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl_, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Discard);
  }
  ~HttpConnection() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  HttpConnection(const HttpConnection&) = delete;

  absl::Status Post(const google::protobuf::Message& request) {
    std::string text;
    if (body_ == Body::kJson) {
      (void)google::protobuf::util::MessageToJsonString(request, &text);
    } else {
      text = request.SerializeAsString();
    }
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, text.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
    if (const CURLcode code = curl_easy_perform(curl_); code != CURLE_OK) return absl::UnavailableError(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 ? absl::OkStatus() : absl::UnknownError(absl::StrCat("HTTP ", status));
  }

 private:
  const Body body_;
  CURL* const curl_;
  const std::string url_;
  curl_slist* headers_ = nullptr;
};

}  // namespace

MakeCall GrpcGetLot(std::shared_ptr<grpc::Channel> channel, const Target& target) {
  return [=](int) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    return [=] { return rpc::Invoke(&pb::StockService::Stub::GetLot, *stub, As(target), GetLot(target)).status(); };
  };
}

MakeCall GrpcTransfer(std::shared_ptr<grpc::Channel> channel, const Target& target) {
  return [=](int caller) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    return [=] { return rpc::Invoke(&pb::StockService::Stub::TransferStock, *stub, As(target), Transfer(target, caller)).status(); };
  };
}

MakeCall HttpGetLot(const std::string& url, Body body, const Target& target) {
  return [=](int) {
    const auto connection = std::make_shared<HttpConnection>(url, "GetLot", body, target.token);
    return [=] { return connection->Post(GetLot(target)); };
  };
}

MakeCall HttpTransfer(const std::string& url, Body body, const Target& target) {
  return [=](int caller) {
    const auto connection = std::make_shared<HttpConnection>(url, "TransferStock", body, target.token);
    return [=] { return connection->Post(Transfer(target, caller)); };
  };
}

}  // namespace kubari::bench
