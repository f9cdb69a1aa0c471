#include "ops/benchmarks/callers.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <curl/curl.h>
#include <google/protobuf/util/json_util.h>

#include <random>

#include "kubari/stock/v1/recalls.grpc.pb.h"
#include "libs/ids/ids.h"
#include "libs/rpc/client.h"

namespace kubari::bench {
namespace {

namespace pb = kubari::stock::v1;

pb::GetLotRequest GetLot(const Goods& goods) {
  pb::GetLotRequest request;
  request.set_name(goods.lots.front());
  return request;
}

rpc::Outgoing As(const std::string& token) {
  return {.deadline = absl::Now() + absl::Seconds(30), .token = token, .request_id = "bench"};
}

// Of one caller: the same in every run.
class Chance {
 public:
  explicit Chance(int caller) : random_(caller) {}
  size_t Below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

 private:
  std::mt19937_64 random_;
};

pb::TransferStockRequest Transfer(const Goods& goods, const std::string& lot, Chance& chance) {
  const size_t from = chance.Below(goods.places.size());
  const size_t to = (from + 1 + chance.Below(goods.places.size() - 1)) % goods.places.size();
  pb::TransferStockRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_lot(lot);
  request.set_from_place(goods.places[from]);
  request.set_to_place(goods.places[to]);
  request.set_items(1);
  return request;
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

MakeTransfer AnyLot(const Goods& goods, int caller) {
  const auto chance = std::make_shared<Chance>(caller);
  return [=] { return Transfer(goods, goods.lots[chance->Below(goods.lots.size())], *chance); };
}

MakeTransfer OneLot(const Goods& goods, int caller) {
  const auto chance = std::make_shared<Chance>(caller);
  return [=] { return Transfer(goods, goods.lots.front(), *chance); };
}

MakeCall GrpcGetLot(std::shared_ptr<grpc::Channel> channel, const Goods& goods) {
  return [=](int) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    return [=] { return rpc::Invoke(&pb::StockService::Stub::GetLot, *stub, As(goods.token), GetLot(goods)).status(); };
  };
}

MakeCall GrpcTransfer(std::shared_ptr<grpc::Channel> channel, const Goods& goods, MakeTransfer (*make)(const Goods&, int)) {
  return [=](int caller) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    const MakeTransfer next = make(goods, caller);
    return [=] { return rpc::Invoke(&pb::StockService::Stub::TransferStock, *stub, As(goods.token), next()).status(); };
  };
}

MakeCall GrpcBatch(std::shared_ptr<grpc::Channel> channel, const Goods& goods, int size) {
  return [=](int caller) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    const MakeTransfer next = AnyLot(goods, caller);
    return [=]() -> absl::Status {
      pb::RecordMovementsRequest request;
      for (int i = 0; i < size; ++i) *request.add_requests()->mutable_transfer() = next();
      const auto answer = rpc::Invoke(&pb::StockService::Stub::RecordMovements, *stub, As(goods.token), request);
      if (!answer.ok()) return answer.status();
      for (const pb::MovementOutcome& outcome : answer->outcomes()) {
        if (outcome.has_error()) return absl::UnknownError(outcome.error().ShortDebugString());
      }
      return absl::OkStatus();
    };
  };
}

MakeCall HttpGetLot(const std::string& url, Body body, const Goods& goods) {
  return [=](int) {
    const auto connection = std::make_shared<HttpConnection>(url, "GetLot", body, goods.token);
    return [=] { return connection->Post(GetLot(goods)); };
  };
}

MakeCall HttpTransfer(const std::string& url, Body body, const Goods& goods) {
  return [=](int caller) {
    const auto connection = std::make_shared<HttpConnection>(url, "TransferStock", body, goods.token);
    const MakeTransfer next = AnyLot(goods, caller);
    return [=] { return connection->Post(next()); };
  };
}

MakeCall GrpcTraceForward(std::shared_ptr<grpc::Channel> channel, const std::string& token, const std::vector<std::string>& lots) {
  return [=](int caller) {
    const std::shared_ptr<pb::RecallsService::Stub> stub = pb::RecallsService::NewStub(channel);
    const auto chance = std::make_shared<Chance>(caller);
    return [=] {
      pb::TraceForwardRequest request;
      request.mutable_goods()->add_lots(lots[chance->Below(lots.size())]);
      return rpc::Invoke(&pb::RecallsService::Stub::TraceForward, *stub, As(token), request).status();
    };
  };
}

MakeCall GrpcTraceBackward(std::shared_ptr<grpc::Channel> channel, const std::string& token, const std::vector<std::string>& lots) {
  return [=](int caller) {
    const std::shared_ptr<pb::RecallsService::Stub> stub = pb::RecallsService::NewStub(channel);
    const auto chance = std::make_shared<Chance>(caller);
    return [=] {
      pb::TraceBackwardRequest request;
      request.set_subject(lots[chance->Below(lots.size())]);
      return rpc::Invoke(&pb::RecallsService::Stub::TraceBackward, *stub, As(token), request).status();
    };
  };
}

MakeCall GrpcStockList(std::shared_ptr<grpc::Channel> channel, const std::string& token, const std::string& warehouse) {
  return [=](int) {
    const std::shared_ptr<pb::StockService::Stub> stub = pb::StockService::NewStub(channel);
    return [=] {
      pb::ListBalancesRequest request;
      request.set_warehouse(warehouse);
      request.set_page_size(100);
      return rpc::Invoke(&pb::StockService::Stub::ListBalances, *stub, As(token), request).status();
    };
  };
}

}  // namespace kubari::bench
