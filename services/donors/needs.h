// What answers to broadcasts mean for the groups that gave them: a YES is a need for once in the groups service, which
// the matching prefers; an answer taken back withdraws it. An answer is committed first and told at once; if the other
// service is away, daily.h tells it later.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "kubari/donors/v1/broadcasts.pb.h"
#include "kubari/groups/v1/needs.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/client.h"

namespace kubari::donors {

class AnsweredNeeds {
 public:
  AnsweredNeeds(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> groups, std::string service_key,
                const calendar::Clock& clock)
      : pool_(pool),
        needs_(groups::v1::NeedsService::NewStub(std::move(groups))),
        service_key_(std::move(service_key)),
        clock_(clock) {}

  // One answer, if it was not told yet. While it is told nobody can change it; so what was said last is told last.
  absl::Status Tell(const std::string& network_id, const std::string& time_zone, const std::string& broadcast_id,
                    const std::string& group_id, absl::Time deadline);
  // All of a network that were not told yet. What fails holds up no other.
  absl::Status TellAll(const std::string& network_id, const std::string& time_zone);

 private:
  pg::Pool& pool_;
  const std::unique_ptr<groups::v1::NeedsService::Stub> needs_;
  const std::string service_key_;
  const calendar::Clock& clock_;
};

// The need of a YES. Always the same name of the same question and group.
groups::v1::Need NeedOf(const v1::Broadcast& broadcast, const v1::BroadcastAnswer& answer);

}  // namespace kubari::donors
