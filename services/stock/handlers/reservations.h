// Promises: made, given up, extended, and forgotten.
#pragma once

#include <absl/status/statusor.h>

#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

// See commands.h.
absl::StatusOr<Command> Prepare(const Context&, const rpc::Call&, const pb::ReserveStockRequest&);
absl::Status Answer(const Context&, const rpc::Call&, const pb::ReserveStockRequest&, const Outcome&,
                    pb::ReserveStockResponse&);
absl::StatusOr<Command> Prepare(const Context&, const rpc::Call&, const pb::VoidReservationRequest&);
absl::Status Answer(const Context&, const rpc::Call&, const pb::VoidReservationRequest&, const Outcome&,
                    pb::VoidReservationResponse&);

class ReservationsHandler {
 public:
  explicit ReservationsHandler(const Context& context) : context_(context) {}

  void ReserveStock(const rpc::Call& call, const pb::ReserveStockRequest& request, pb::ReserveStockResponse& response,
                    const rpc::Later& later);
  void VoidReservation(const rpc::Call& call, const pb::VoidReservationRequest& request,
                       pb::VoidReservationResponse& response, const rpc::Later& later);
  absl::StatusOr<pb::ExtendReservationResponse> ExtendReservation(const rpc::Call& call,
                                                                  const pb::ExtendReservationRequest& request);
  absl::StatusOr<pb::Reservation> GetReservation(const rpc::Call& call, const pb::GetReservationRequest& request);
  absl::StatusOr<pb::ListReservationsResponse> ListReservations(const rpc::Call& call,
                                                                const pb::ListReservationsRequest& request);

 private:
  const Context context_;
};

// Gives up reservations whose time ran out, of all networks, up to 500 at a time; returns how many. For rpc::Periodic.
absl::StatusOr<int> ExpireOverdue(LedgerStore& ledger, LedgerWriter& writer, const calendar::Clock& clock);

}  // namespace kubari::stock
