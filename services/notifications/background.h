// The threads that work without being asked: addressing, e-mail, webhooks, cleaning.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/periodic.h"
#include "services/notifications/addressing.h"
#include "services/notifications/courier.h"

namespace kubari::notifications {

class Background {
 public:
  // All must outlive it. They start at once.
  Background(pg::Pool& pool, Addressing& addressing, Courier& courier, const calendar::Clock& clock, bool allow_private);
  ~Background() { Stop(); }

  void WakeAddressing() { addressing_->Wake(); }
  void WakeCouriers();
  void Stop();

  // Connections to the database that it uses at most.
  static constexpr int kConnections = 7;

 private:
  std::unique_ptr<rpc::Periodic> addressing_;
  std::vector<std::unique_ptr<rpc::Periodic>> couriers_;
  std::unique_ptr<rpc::Periodic> pruning_;
};

}  // namespace kubari::notifications
