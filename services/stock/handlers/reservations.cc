#include "services/stock/handlers/reservations.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/first_expiring.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/sql.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

// Ids of requests that this service makes itself.
constexpr char kExpiryNamespace[] = "b2a0c0de-6b4d-4f0a-9a59-3a4f5e6d7c81";

constexpr pg::Statement kLockHead{"SELECT next_position FROM lock_head($1)"};
constexpr pg::Statement kFind{"SELECT " KUBARI_RESERVATION_COLUMNS
                              "FROM reservations r WHERE r.network_id = $1 AND r.reservation_id = $2"};
constexpr pg::Statement kExtend{
    "UPDATE reservations SET expire_time = $3 WHERE network_id = $1 AND reservation_id = $2"};

// 1 minute to 60 days ahead.
absl::Time ExpireTime(const google::protobuf::Timestamp& time, bool set, absl::Time now,
                      errors::Violations& violations) {
  const absl::Time expire =
      absl::FromUnixMicros(absl::ToUnixMicros(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos())));
  violations.Require(set && expire >= now + absl::Minutes(1) && expire <= now + absl::Hours(24 * 60), "expire_time",
                     set ? "OUT_OF_RANGE" : "REQUIRED", "Give a time 1 minute to 60 days ahead.",
                     "1分後から60日後までの時刻を指定してください。");
  return expire;
}

}  // namespace

// ReserveStock -------------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call, const pb::ReserveStockRequest& request) {
  const absl::Time now = context.clock.Now();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.reservation_id().empty()) violations.Uuid("reservation_id", request.reservation_id());
  violations.Name("lots", "lot", request.lot());
  violations.Name("places", "place", request.place());
  violations.Name("groups", "group", request.group());
  violations.Name("deliveries", "delivery", request.delivery());
  violations.Range("items", request.items(), 1, kMaxItems);
  violations.Text("departure_reason", request.departure_reason(), 0, 200);
  const absl::Time expire = ExpireTime(request.expire_time(), request.has_expire_time(), now, violations);
  RETURN_IF_ERROR(violations.status());

  Reserve reserve{.reservation_id = request.reservation_id().empty() ? ids::NewV7(now) : request.reservation_id(),
                  .group_id = IdOf(request.group()),
                  .delivery_id = IdOf(request.delivery()),
                  .items = request.items(),
                  .expire_time = expire,
                  .departure_reason = request.departure_reason()};
  ASSIGN_OR_RETURN(reserve.shelf, FindShelf(context, call, request.place()));
  ASSIGN_OR_RETURN(reserve.lot, FindLot(context, call, request.lot()));
  ASSIGN_OR_RETURN(const groups::v1::Group group,
                   PassTheWall(context, call, reserve.lot, request.group(), absl::ToCivilDay(now, ZoneOf(call))));
  reserve.first_expiring = ExpiringBefore(reserve.lot, reserve.shelf);
  Command command = BeginCommand(context, call, request.request_id(), request, now, "");
  RETURN_IF_ERROR(StandIn(context, call, pb::PLACE_KIND_GROUP, request.group(), group.display_name(), command));
  command.action = std::move(reserve);
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::ReserveStockRequest&,
                    const Outcome& outcome, pb::ReserveStockResponse& response) {
  RETURN_IF_ERROR(AnswerOne(context, call, outcome, response));
  Reservation reservation;
  if (outcome.reservation) {
    reservation = *outcome.reservation;
  } else {
    const std::string& id = outcome.movements.front().reservation_id;
    Needs needs;
    needs.reservations.insert(id);
    ASSIGN_OR_RETURN(State state, context.ledger.Peek(call.principal.network_id, needs, call.deadline));
    reservation = std::move(state.reservations[id]);
  }
  reservation.open_items = reservation.items;  // as it was when it was made
  ASSIGN_OR_RETURN(std::vector<pb::Reservation> one, View(context.catalogue, call).Reservations({reservation}));
  *response.mutable_reservation() = std::move(one.front());
  return absl::OkStatus();
}

// VoidReservation ----------------------------------------------------------------------------------------------------

absl::StatusOr<Command> Prepare(const Context& context, const rpc::Call& call,
                                const pb::VoidReservationRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("reservations", "name", request.name());
  violations.Range("items", request.items(), 0, kMaxItems);
  violations.Text("note", request.note(), 0, 500);
  RETURN_IF_ERROR(violations.status());
  Command command = BeginCommand(context, call, request.request_id(), request, context.clock.Now(), request.note());
  command.action = Release{.reservation = {.id = IdOf(request.name())}, .items = request.items()};
  return command;
}

absl::Status Answer(const Context& context, const rpc::Call& call, const pb::VoidReservationRequest&,
                    const Outcome& outcome, pb::VoidReservationResponse& response) {
  return AnswerOne(context, call, outcome, response);
}

void ReservationsHandler::ReserveStock(const rpc::Call& call, const pb::ReserveStockRequest& request,
                                       pb::ReserveStockResponse& response, const rpc::Later& later) {
  RecordAndAnswer(context_, call, request, response, later);
}

void ReservationsHandler::VoidReservation(const rpc::Call& call, const pb::VoidReservationRequest& request,
                                          pb::VoidReservationResponse& response, const rpc::Later& later) {
  RecordAndAnswer(context_, call, request, response, later);
}

// The others ---------------------------------------------------------------------------------------------------------

absl::StatusOr<pb::ExtendReservationResponse> ReservationsHandler::ExtendReservation(
    const rpc::Call& call, const pb::ExtendReservationRequest& request) {
  const absl::Time now = context_.clock.Now();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("reservations", "name", request.name());
  errors::Violations time_violations;  // not judged for a replay, which may come later
  const absl::Time expire = ExpireTime(request.expire_time(), request.has_expire_time(), now, time_violations);
  RETURN_IF_ERROR(violations.status());
  const std::string& network = call.principal.network_id;
  const std::string id = IdOf(request.name());
  const View view(context_.catalogue, call);
  // Names are looked up before the transaction, which must not wait for a second connection.
  Needs needs;
  needs.reservations.insert(id);
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(network, needs, call.deadline));
  for (const auto& [key, reservation] : state.reservations) RETURN_IF_ERROR(view.Reservations({reservation}));
  return context_.pool.Transact({.network_id = network, .deadline = call.deadline}, [&](pg::Transaction& tx) {
    return pg::Idempotent<pb::ExtendReservationResponse>(
        tx, request.request_id(), call.method->full_name(), request,
        [&](pg::Transaction& tx) -> absl::StatusOr<pb::ExtendReservationResponse> {
          RETURN_IF_ERROR(time_violations.status());
          // The ledger's lock: nobody posts or expires it at the same time.
          pg::Batch batch;
          batch.Add(kLockHead, network).Add(kFind, network, id);
          ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(batch));
          if (results[1].empty()) return refusals::ReservationNotFound(request.name());
          Reservation reservation = sql::ReadReservation(results[1][0]);
          if (reservation.open_items == 0) return refusals::ReservationClosed(reservation, /*expired=*/false);
          if (reservation.expire_time <= now) return refusals::ReservationClosed(reservation, /*expired=*/true);
          reservation.expire_time = expire;
          tx.Defer(kExtend, network, id, expire);
          pb::ExtendReservationResponse response;
          ASSIGN_OR_RETURN(std::vector<pb::Reservation> one, view.Reservations({reservation}));
          *response.mutable_reservation() = std::move(one.front());
          return response;
        });
  });
}

absl::StatusOr<pb::Reservation> ReservationsHandler::GetReservation(const rpc::Call& call,
                                                                    const pb::GetReservationRequest& request) {
  errors::Violations violations;
  violations.Name("reservations", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  Needs needs;
  needs.reservations.insert(IdOf(request.name()));
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  if (state.reservations.empty()) return refusals::ReservationNotFound(request.name());
  ASSIGN_OR_RETURN(std::vector<pb::Reservation> one,
                   View(context_.catalogue, call).Reservations({state.reservations.begin()->second}));
  return std::move(one.front());
}

absl::StatusOr<pb::ListReservationsResponse> ReservationsHandler::ListReservations(
    const rpc::Call& call, const pb::ListReservationsRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  CheckOptionalName("deliveries", "delivery", request.delivery(), violations);
  CheckOptionalName("groups", "group", request.group(), violations);
  RETURN_IF_ERROR(violations.status());
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  Page page;
  ASSIGN_OR_RETURN(page.size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(page.after, paging::Decode(request.page_token(), fingerprint));
  const auto filter = [](const std::string& name) { return name.empty() ? Filter() : Filter(IdOf(name)); };
  ASSIGN_OR_RETURN(std::vector<Reservation> found,
                   context_.reading.Reservations(call.principal.network_id,
                                                 {.warehouse = filter(request.warehouse()),
                                                  .delivery = filter(request.delivery()),
                                                  .group = filter(request.group())},
                                                 page, call.deadline));
  pb::ListReservationsResponse response;
  if (static_cast<int>(found.size()) > page.size) {
    found.resize(page.size);
    response.set_next_page_token(paging::Encode(fingerprint, KeyOf(found.back())));
  }
  ASSIGN_OR_RETURN(const std::vector<pb::Reservation> all, View(context_.catalogue, call).Reservations(found));
  response.mutable_reservations()->Assign(all.begin(), all.end());
  return response;
}

absl::StatusOr<int> ExpireOverdue(LedgerStore& ledger, LedgerWriter& writer, const calendar::Clock& clock) {
  const absl::Time now = clock.Now();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  ASSIGN_OR_RETURN(const std::vector<LedgerStore::Overdue> overdue, ledger.OverdueReservations(now, 500, deadline));
  std::map<std::string, Needs> by_network;
  for (const LedgerStore::Overdue& one : overdue) by_network[one.network_id].reservations.insert(one.reservation_id);
  int expired = 0;
  for (const auto& [network_id, needs] : by_network) {
    ASSIGN_OR_RETURN(const State state, ledger.Peek(network_id, needs, deadline));
    std::vector<Command> commands;
    for (const auto& [id, reservation] : state.reservations) {
      // One request id per reservation: several processes that find it at once expire it once.
      commands.push_back({.request_id = ids::DeriveV5(kExpiryNamespace, id),
                          .request_hash = std::string(16, '\0'),
                          .actor = "services/kubari",
                          .occurred_time = now,
                          .action = Release{.reservation = reservation, .expire = true}});
    }
    for (const absl::StatusOr<Outcome>& outcome : writer.SubmitAll(network_id, commands, deadline)) {
      if (outcome.ok() && !outcome->replayed) ++expired;
      // Posted, voided or extended meanwhile: nothing to do.
      if (!outcome.ok() && !absl::IsFailedPrecondition(outcome.status())) return outcome.status();
    }
  }
  return expired;
}

}  // namespace kubari::stock
