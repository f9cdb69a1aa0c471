#include "services/allocation/ledger.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"
#include "libs/rpc/client.h"

namespace kubari::allocation {
namespace {

using Stub = stock::v1::StockService::Stub;

constexpr absl::Duration kGrace = absl::Minutes(10);

rpc::Outgoing OutgoingFor(const Ledger::Actor& actor, const std::string& key) {
  return {.deadline = actor.deadline,
          .token = key,
          .network = actor.network_id,
          .time_zone = actor.time_zone,
          .subject = actor.subject == auth::kServiceSubject ? "" : actor.subject,
          .request_id = actor.trace_id.empty() ? rpc::NewRequestId() : actor.trace_id};
}

}  // namespace

absl::Status Ledger::Reserve(const Actor& actor, const LineRow& line) {
  stock::v1::ReserveStockRequest request;
  request.set_request_id(RequestIdOf(line.id, "reserve"));
  request.set_reservation_id(line.reservation_id);
  request.set_lot(line.facts.lot());
  request.set_place(line.facts.place());
  request.set_items(line.now.items);
  request.set_group(ReceiverOf(line.facts));
  request.set_delivery(ids::Name("deliveries", line.delivery_id));
  const absl::Time due = line.answer ? line.pick_up_due_time.value_or(absl::UnixEpoch())
                                     : line.answer_due_time.value_or(absl::UnixEpoch()) + kGrace;
  *request.mutable_expire_time() = registry::ToTimestamp(due);
  const auto reserve = [&] {
    return rpc::Invoke(&Stub::ReserveStock, *stock_, OutgoingFor(actor, service_key_), request).status();
  };
  const absl::Status reserved = reserve();
  if (errors::ReasonOf(reserved) != "FEFO_DEPARTURE") return reserved;
  // Who gets what was decided by the run, for the reasons that its line gives. A refusal is not remembered, so the
  // request keeps its id.
  request.set_departure_reason(absl::StrCat("配分 (allocation): ", line.name()));
  return reserve();
}

absl::Status Ledger::GiveBack(const Actor& actor, const LineRow& line, const std::string& step, int64_t items,
                              const std::string& note) {
  stock::v1::VoidReservationRequest request;
  request.set_request_id(RequestIdOf(line.id, step));
  request.set_name(ids::Name("reservations", line.reservation_id));
  request.set_items(items);
  request.set_note(note);
  return rpc::Invoke(&Stub::VoidReservation, *stock_, OutgoingFor(actor, service_key_), request).status();
}

absl::Status Ledger::Settle(const Actor& actor, const LineRow& line) {
  const Answer& answer = *line.answer;
  if (answer.items == 0) {
    const absl::Status given_back = GiveBack(actor, line, "refuse", 0, answer.reason);
    // Nothing is held any more, which is what was wanted.
    return errors::ReasonOf(given_back) == "RESERVATION_CLOSED" ? absl::OkStatus() : given_back;
  }
  if (answer.rest > 0) RETURN_IF_ERROR(GiveBack(actor, line, "rest", answer.rest, ""));
  stock::v1::ExtendReservationRequest request;
  request.set_request_id(RequestIdOf(line.id, "extend"));
  request.set_name(ids::Name("reservations", line.reservation_id));
  *request.mutable_expire_time() = registry::ToTimestamp(line.pick_up_due_time.value_or(absl::UnixEpoch()));
  return rpc::Invoke(&Stub::ExtendReservation, *stock_, OutgoingFor(actor, service_key_), request).status();
}

bool Ledger::IsFinal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsNotFound(status) || absl::IsInvalidArgument(status);
}

}  // namespace kubari::allocation
