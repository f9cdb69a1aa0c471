#include "services/notifications/background.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <atomic>

#include "libs/errors/macros.h"

namespace kubari::notifications {
namespace {

constexpr int kMailThreads = 2;
constexpr int kCallThreads = 4;
constexpr absl::Duration kLook = absl::Seconds(1);
constexpr pg::Statement kPrune{"SELECT prune($1)"};

// Work that can ask whether it should end: Periodic knows, but is made after its work.
std::unique_ptr<rpc::Periodic> Repeat(std::string name, std::function<absl::Status(const std::function<bool()>&)> work) {
  const auto self = std::make_shared<std::atomic<rpc::Periodic*>>(nullptr);
  auto periodic = std::make_unique<rpc::Periodic>(std::move(name), kLook, [self, work = std::move(work)] {
    return work([self] {
      const rpc::Periodic* periodic = self->load();
      return periodic != nullptr && periodic->stopping();
    });
  });
  self->store(periodic.get());
  return periodic;
}

}  // namespace

Background::Background(pg::Pool& pool, Addressing& addressing, Courier& courier, const calendar::Clock& clock, bool allow_private) {
  for (int i = 0; i < kMailThreads; ++i) {
    couriers_.push_back(Repeat("send e-mail", [&courier, client = std::make_shared<SmtpClient>()](const auto& stopping) {
      return courier.SendMail(*client, stopping);
    }));
  }
  for (int i = 0; i < kCallThreads; ++i) {
    couriers_.push_back(Repeat("call webhooks", [&courier, poster = std::make_shared<HttpPoster>(allow_private)](const auto& stopping) {
      return courier.SendCalls(*poster, stopping);
    }));
  }
  addressing_ = Repeat("address notices", [this, &addressing](const auto& stopping) {
    const absl::Status status = addressing.AddressAll(stopping);
    WakeCouriers();
    return status;
  });
  pruning_ = std::make_unique<rpc::Periodic>("forget old notices", absl::Hours(1), [&pool, &clock]() -> absl::Status {
    return pool.Transact({.deadline = absl::Now() + absl::Minutes(5)},
                         [&](pg::Transaction& tx) { return tx.Query(kPrune, clock.Now()).status(); });
  });
}

void Background::WakeCouriers() {
  for (const auto& courier : couriers_) courier->Wake();
}

void Background::Stop() {
  if (addressing_) addressing_->Stop();
  for (const auto& courier : couriers_) courier->Stop();
  if (pruning_) pruning_->Stop();
}

}  // namespace kubari::notifications
