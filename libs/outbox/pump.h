// Hands what waits in a service's outbox to the notifications service.
#pragma once

#include <grpcpp/grpcpp.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kubari/notifications/v1/notifications.grpc.pb.h"
#include "libs/pg/pool.h"
#include "libs/rpc/periodic.h"

namespace kubari::outbox {

class Pump {
 public:
  // Looks every `interval`, and at once after Wake(). `pool` is the service's own, with one connection more than its workers need, and
  // must outlive it, as must `registry`.
  Pump(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> notifications, std::string service_key, prometheus::Registry& registry,
       absl::Duration interval = absl::Seconds(1));

  void Wake() { periodic_.Wake(); }

 private:
  absl::Status SendAll();
  // Whether there may be more.
  absl::StatusOr<bool> SendSome(const std::string& network_id);
  absl::Status Send(const std::string& network_id, const std::vector<notifications::v1::Notice>& notices);

  pg::Pool& pool_;
  const std::unique_ptr<notifications::v1::NotificationsService::Stub> notifications_;
  const std::string service_key_;
  prometheus::Counter& sent_;
  prometheus::Counter& refused_;
  rpc::Periodic periodic_;  // last: its thread uses all of the above
};

}  // namespace kubari::outbox
