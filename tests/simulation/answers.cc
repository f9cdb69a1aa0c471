#include "tests/simulation/answers.h"

#include <absl/strings/str_cat.h>

#include <set>

#include "libs/errors/errors.h"

namespace kubari::simulation {
namespace {

using Stock = pb::StockService::Stub;
using Recalls = pb::RecallsService::Stub;

// Traces are asked of so many lots, the last that were made first: they have the most behind them.
constexpr int kTraced = 10;

class Asking {
 public:
  Asking(House& house, const Setting& setting, Answers& answers)
      : setting_(setting), answers_(answers), channel_(house.Connect()), stock_(channel_), recalls_(channel_) {}

  void Feed(int page_size, std::vector<pb::FeedEntry>& entries) {
    pb::ReadFeedRequest request;
    request.set_page_size(page_size);
    while (true) {
      pb::ReadFeedResponse response;
      if (!Ask(&Stock::ReadFeed, stock_, request, response) || response.entries().empty()) return;
      entries.insert(entries.end(), response.entries().begin(), response.entries().end());
      request.set_position(response.next_position());
    }
  }

  void Balances() {
    for (const std::string& warehouse : setting_.warehouses) {
      pb::ListBalancesRequest request;
      request.set_warehouse(warehouse);
      request.set_page_size(20);
      pb::ListBalancesResponse response;
      do {
        response.Clear();
        if (!Ask(&Stock::ListBalances, stock_, request, response)) return;
        answers_.balances.insert(answers_.balances.end(), response.balances().begin(), response.balances().end());
        request.set_page_token(response.next_page_token());
      } while (!response.next_page_token().empty());
    }
  }

  void Papers() {
    std::set<std::string> reservations, deliveries, transfers;
    for (const pb::FeedEntry& entry : answers_.feed) {
      const pb::Movement& m = entry.movement();
      if (!m.reservation().empty()) reservations.insert(m.reservation());
      if (!m.delivery().empty()) deliveries.insert(m.delivery());
      if (m.operation().rfind("transfers/", 0) == 0) transfers.insert(m.operation());
    }
    Each<pb::GetReservationRequest>(&Stock::GetReservation, stock_, reservations, answers_.reservations);
    Each<pb::GetDeliveryRequest>(&Stock::GetDelivery, stock_, deliveries, answers_.deliveries);
    Each<pb::GetTransferRequest>(&Stock::GetTransfer, stock_, transfers, answers_.transfers);
  }

  void OpenedRecalls(const std::vector<std::string>& names) {
    Each<pb::GetRecallRequest>(&Recalls::GetRecall, recalls_, {names.begin(), names.end()}, answers_.recalls);
  }

  void Traces() {
    std::set<std::string> lots;
    for (auto entry = answers_.feed.rbegin(); entry != answers_.feed.rend() && lots.size() < kTraced; ++entry)
      lots.insert(entry->lot().name());
    for (const std::string& lot : lots) {
      pb::TraceForwardRequest forward;
      forward.mutable_goods()->add_lots(lot);
      Ask(&Recalls::TraceForward, recalls_, forward, answers_.forward[lot]);
      pb::TraceBackwardRequest backward;
      backward.set_subject(lot);
      Ask(&Recalls::TraceBackward, recalls_, backward, answers_.backward[lot]);
    }
  }

 private:
  // True with an answer. `unknown`: "not found" is one too, and noted there.
  template <typename Service, typename Request, typename Response>
  bool Ask(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*), Service& stub,
           const Request& request, Response& response, bool* unknown = nullptr) {
    for (int tries = 0; tries < 100; ++tries) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
      context.AddMetadata("authorization", "Bearer " + setting_.Auditor());
      response.Clear();
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return true;
      if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
          status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
        continue;
      if (status.error_code() == grpc::StatusCode::NOT_FOUND && unknown != nullptr) return !(*unknown = true);
      answers_.unanswered.push_back(absl::StrCat(Request::descriptor()->name(), " {", request.ShortDebugString(),
                                                 "} was refused: ", status.error_message()));
      return false;
    }
    answers_.unanswered.push_back(absl::StrCat(Request::descriptor()->name(), ": no answer"));
    return false;
  }

  template <typename Request, typename Service, typename Response>
  void Each(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*), Service& stub,
            const std::set<std::string>& names, std::map<std::string, Response>& into) {
    for (const std::string& name : names) {
      Request request;
      request.set_name(name);
      Response response;
      bool unknown = false;
      if (Ask(method, stub, request, response, &unknown)) into[name] = std::move(response);
    }
  }

  const Setting& setting_;
  Answers& answers_;
  const std::shared_ptr<grpc::Channel> channel_;
  Stock stock_;
  Recalls recalls_;
};

}  // namespace

Answers AskEverything(House& house, const Setting& setting, const std::vector<std::string>& recalls) {
  Answers answers;
  Asking asking(house, setting, answers);
  asking.Feed(200, answers.feed);
  asking.Feed(7, answers.in_short_steps);
  asking.Balances();
  asking.Papers();
  asking.OpenedRecalls(recalls);
  asking.Traces();
  return answers;
}

}  // namespace kubari::simulation
