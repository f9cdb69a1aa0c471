#include "libs/outbox/pump.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"
#include "libs/outbox/outbox.h"
#include "libs/rpc/client.h"

namespace kubari::outbox {
namespace {

using notifications::v1::AcceptNoticesRequest;
using notifications::v1::NotificationsService;

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr size_t kMaxBytes = 1 << 20;  // of one call; gRPC takes 4 MiB

constexpr pg::Statement kNetworks{"SELECT outbox_networks() AS network_id"};
constexpr pg::Statement kRead{
    "SELECT notice_id, notice, sealed FROM outbox WHERE network_id = $1 AND refusal IS NULL ORDER BY written_time, notice_id LIMIT 200"};
constexpr pg::Statement kDelete{"DELETE FROM outbox WHERE network_id = $1 AND notice_id = ANY($2::uuid[])"};
constexpr pg::Statement kRefuse{"UPDATE outbox SET refusal = $3 WHERE network_id = $1 AND notice_id = $2"};

prometheus::Counter& CounterOf(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Pump::Pump(pg::Pool& pool, std::shared_ptr<grpc::ChannelInterface> notifications, std::string service_key, prometheus::Registry& registry,
           absl::Duration interval)
    : pool_(pool),
      notifications_(NotificationsService::NewStub(notifications)),
      service_key_(std::move(service_key)),
      sent_(CounterOf(registry, "kubari_outbox_sent_total", "Notices that the notifications service has taken.")),
      refused_(CounterOf(registry, "kubari_outbox_refused_total", "Notices that it refused as malformed; they stay in the outbox.")),
      periodic_("send notices", interval, [this] { return SendAll(); }) {}

absl::Status Pump::SendAll() {
  ASSIGN_OR_RETURN(const std::vector<std::string> networks,
                   pool_.Read({.deadline = absl::Now() + kTimeout}, [](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
                     ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworks));
                     std::vector<std::string> ids;
                     for (const pg::Row row : rows) ids.push_back(row.Get<std::string>("network_id"));
                     return ids;
                   }));
  for (const std::string& network_id : networks) {
    for (bool more = true; more;) {
      if (periodic_.stopping()) return absl::OkStatus();
      ASSIGN_OR_RETURN(more, SendSome(network_id));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Pump::SendSome(const std::string& network_id) {
  struct Waiting {
    std::vector<Notice> notices;
    std::vector<std::string> unreadable;
    bool more = false;
  };
  const pg::TxContext context{.network_id = network_id, .deadline = absl::Now() + kTimeout};
  ASSIGN_OR_RETURN(const Waiting waiting, pool_.Read(context, [&](pg::Transaction& tx) -> absl::StatusOr<Waiting> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRead, network_id));
    Waiting read;
    size_t bytes = 0;
    for (const pg::Row row : rows) {
      std::optional<std::string> content = row.Get<pg::Bytes>("notice").value;
      bytes += content->size();
      if (bytes > kMaxBytes && !read.notices.empty()) {
        read.more = true;
        break;
      }
      if (row.Get<bool>("sealed")) content = internal::Open(service_key_, *content);
      Notice notice;
      if (!content || !notice.ParseFromString(*content)) {
        read.unreadable.push_back(row.Get<std::string>("notice_id"));
        continue;
      }
      read.notices.push_back(std::move(notice));
    }
    read.more = read.more || rows.size() == 200;
    return read;
  }));

  std::vector<std::string> taken;
  std::vector<std::pair<std::string, std::string>> refused;
  for (const std::string& id : waiting.unreadable) refused.emplace_back(id, "cannot be read with this service key");
  if (!waiting.notices.empty()) {
    absl::Status sent = Send(network_id, waiting.notices);
    if (sent.ok()) {
      for (const Notice& notice : waiting.notices) taken.push_back(notice.notice_id());
    } else if (absl::IsInvalidArgument(sent)) {
      // One of them is malformed; the others must not wait for it.
      for (const Notice& notice : waiting.notices) {
        sent = Send(network_id, {notice});
        if (sent.ok()) {
          taken.push_back(notice.notice_id());
        } else if (absl::IsInvalidArgument(sent)) {
          refused.emplace_back(notice.notice_id(), std::string(sent.message()));
        } else {
          break;
        }
      }
    }
    if (taken.empty() && refused.empty()) return sent;
  }
  RETURN_IF_ERROR(pool_.Transact({.network_id = network_id, .deadline = absl::Now() + kTimeout}, [&](pg::Transaction& tx) -> absl::Status {
    if (!taken.empty()) tx.Defer(kDelete, network_id, taken);
    for (const auto& [id, why] : refused) tx.Defer(kRefuse, network_id, id, why);
    return absl::OkStatus();
  }));
  sent_.Increment(static_cast<double>(taken.size()));
  refused_.Increment(static_cast<double>(refused.size()));
  for (const auto& [id, why] : refused) log::Error("a notice was refused and stays in the outbox", {{"notice", id}, {"detail", why}});
  return waiting.more;
}

absl::Status Pump::Send(const std::string& network_id, const std::vector<Notice>& notices) {
  AcceptNoticesRequest request;
  for (const Notice& notice : notices) *request.add_notices() = notice;
  return rpc::Invoke(&NotificationsService::Stub::AcceptNotices, *notifications_,
                     rpc::AsService(service_key_, network_id, "", absl::Now() + kTimeout), request)
      .status();
}

}  // namespace kubari::outbox
