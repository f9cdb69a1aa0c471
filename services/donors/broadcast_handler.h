// The RPCs of kubari.donors.v1.BroadcastsService, as plain functions.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/donors/v1/broadcasts.pb.h"
#include "kubari/groups/v1/groups.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/donors/catalogue.h"
#include "services/donors/needs.h"

namespace kubari::donors {

class BroadcastsHandler {
 public:
  BroadcastsHandler(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> stock,
                    std::shared_ptr<grpc::ChannelInterface> groups, AnsweredNeeds& needs, const calendar::Clock& clock)
      : pool_(pool),
        needs_(needs),
        stock_(stock::v1::StockService::NewStub(stock)),
        groups_(groups::v1::GroupsService::NewStub(std::move(groups))),
        catalogue_(std::move(stock)),
        clock_(clock) {}

  absl::StatusOr<v1::Broadcast> CreateBroadcast(const rpc::Call& call, const v1::CreateBroadcastRequest& request);
  absl::StatusOr<v1::Broadcast> GetBroadcast(const rpc::Call& call, const v1::GetBroadcastRequest& request);
  absl::StatusOr<v1::ListBroadcastsResponse> ListBroadcasts(const rpc::Call& call,
                                                            const v1::ListBroadcastsRequest& request);
  absl::StatusOr<v1::ListBroadcastAnswersResponse> ListBroadcastAnswers(
      const rpc::Call& call, const v1::ListBroadcastAnswersRequest& request);
  absl::StatusOr<v1::Broadcast> AnswerBroadcast(const rpc::Call& call, const v1::AnswerBroadcastRequest& request);
  absl::StatusOr<v1::Broadcast> CloseBroadcast(const rpc::Call& call, const v1::CloseBroadcastRequest& request);

 private:
  // What is asked about, complete: of the offer's line, or of the product.
  struct Goods {
    v1::Broadcast broadcast;
    stock::v1::Product product;
    std::string offer_id;
  };
  absl::StatusOr<Goods> GoodsOf(const rpc::Call& call, const v1::Broadcast& given, absl::CivilDay today);
  // Who is asked, and how many are not, by reason. All groups of the network are read, on behalf of the caller.
  struct Asked {
    std::vector<std::pair<std::string, std::string>> groups;  // id, display name
    std::map<std::string, int> left_out;
  };
  absl::StatusOr<Asked> AskedOf(const rpc::Call& call, const Goods& goods, absl::CivilDay today);

  pg::Pool& pool_;
  AnsweredNeeds& needs_;
  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
  const std::unique_ptr<groups::v1::GroupsService::Stub> groups_;
  Catalogue catalogue_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::donors
