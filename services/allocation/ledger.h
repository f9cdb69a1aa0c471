// What this service does in the stock ledger for a line. Every call may be repeated: its request id is derived from the
// line, so the ledger does it once.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "kubari/stock/v1/stock.grpc.pb.h"
#include "services/allocation/line_store.h"

namespace kubari::allocation {

class Ledger {
 public:
  Ledger(std::shared_ptr<grpc::ChannelInterface> stock, std::string service_key)
      : stock_(stock::v1::StockService::NewStub(stock)), service_key_(std::move(service_key)) {}

  // In whose network and for whom (the ledger's actor), until when, under which trace id (a new one if empty).
  struct Actor {
    std::string network_id;
    std::string time_zone;
    std::string subject;
    absl::Time deadline;
    std::string trace_id;
  };

  // Until the answer is due and ten minutes more, for answers that come at the last moment; what a group chose itself
  // (line.answer is there) until the pick-up is due.
  absl::Status Reserve(const Actor& actor, const LineRow& line);
  // Gives back what the group does not take and keeps the rest until the pick-up is due; or gives back all. line.answer
  // must be there.
  absl::Status Settle(const Actor& actor, const LineRow& line);

  // The ledger's last word: trying again would not help.
  static bool IsFinal(const absl::Status& status);

 private:
  absl::Status GiveBack(const Actor& actor, const LineRow& line, const std::string& step, int64_t items,
                        const std::string& note);

  const std::unique_ptr<stock::v1::StockService::Stub> stock_;
  const std::string service_key_;
};

}  // namespace kubari::allocation
