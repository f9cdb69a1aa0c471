// What the handlers share.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>

#include "kubari/notifications/v1/notifications.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/idempotency.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"
#include "services/notifications/directory.h"
#include "services/notifications/smtp.h"
#include "services/notifications/vault.h"

namespace kubari::notifications {

namespace pb = ::kubari::notifications::v1;

// All must outlive the handlers.
struct Tools {
  pg::Pool& pool;
  Directory& directory;
  SmtpFile& smtp;
  const Vault& vault;
  const calendar::Clock& clock;
  // Webhooks may lead to this host and private networks.
  bool allow_private = false;
  // There are notices to address; something is due.
  std::function<void()> wake_addressing = [] {};
  std::function<void()> wake_couriers = [] {};
};

// A transaction in the caller's network. INVALID_ARGUMENT / METADATA_INVALID for a service that named none.
absl::StatusOr<pg::TxContext> InNetwork(const rpc::Call& call);

// The caller's UUID. FAILED_PRECONDITION / NOT_A_PERSON for phones and programs.
absl::StatusOr<std::string> PersonOf(const rpc::Call& call);

// The caller as a recipient, as identity knows it.
absl::StatusOr<identity::v1::Recipient> RecipientOf(Directory& directory, const std::string& network_id, const std::string& person_id);

// "lots/{uuid}" → the UUID, of a name that was checked before.
std::string IdOf(std::string_view name);

// ABORTED / STALE_ETAG unless they are the same, or `etag` is empty.
absl::Status CheckEtag(const std::string& what, const std::string& etag, const std::string& current);

// Runs `f(tx)`, which returns absl::StatusOr<Response>, in one transaction with the record of its answer.
template <typename Response, typename Request, typename F>
absl::StatusOr<Response> Mutate(pg::Pool& pool, const pg::TxContext& context, const rpc::Call& call, const Request& request, F&& f) {
  return pool.Transact(context, [&](pg::Transaction& tx) -> absl::StatusOr<Response> {
    return pg::Idempotent<Response>(tx, request.request_id(), call.method->full_name(), request, f);
  });
}

}  // namespace kubari::notifications
