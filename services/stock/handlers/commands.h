// How a command goes through the house, whatever it is:
//
//   Prepare(context, call, request)          shape, what is there, whose it is, what the rules say → a Command
//   LedgerWriter::Submit, Settle             the ledger decides it and writes it; or it was recorded before
//   Answer(context, call, request, outcome)  what was recorded, as far as the caller may know it
//
// On the way of success nobody asks whether the request is a repeated one: the ledger finds that out as it decides.
// Only when Prepare refuses, the refusal gives way to the answer of the first time, if there was one.
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/rpc/dispatcher.h"
#include "services/stock/handlers/context.h"
#include "services/stock/registers_once.h"
#include "services/stock/view.h"

namespace kubari::stock {

// The most items that one movement may name.
inline constexpr int64_t kMaxItems = 100'000'000;

// Of the request's method and content, 16 bytes: what a replay must repeat.
std::string HashOf(const google::protobuf::Message& request);

// Who, when, and by which request; the action is still to be filled in.
Command BeginCommand(const Context& context, const rpc::Call& call, const std::string& request_id,
                     const google::protobuf::Message& request, absl::Time occurred_time, const std::string& note);

// The place that stands for a party; if it is not known yet, it is added to `command.new_places`.
absl::StatusOr<Place> StandIn(const Context& context, const rpc::Call& call, pb::PlaceKind kind,
                              const std::string& party, const std::string& display_name, Command& command);

// What the same request recorded before, or `refusal` if it did not. A request of another content is refused with
// REQUEST_ID_REUSED.
absl::StatusOr<Outcome> RecordedBefore(const Context& context, const rpc::Call& call, const std::string& request_id,
                                       const google::protobuf::Message& request, const absl::Status& refusal);
// What is left to do when the ledger has decided `command`: LOTS_CHANGED is judged and submitted again, of
// NOT_REVERSIBLE it is told where the goods went (metadata "went_to"), and lots that were made are remembered.
absl::StatusOr<Outcome> Settle(const Context& context, const rpc::Call& call, Command& command,
                               absl::StatusOr<Outcome> outcome);

// The way through the house of a request that has overloads of Prepare and Answer. No worker waits for the ledger.
template <typename Request, typename Response>
void RecordAndAnswer(const Context& all, const rpc::Call& call, const Request& request, Response& response,
                     const rpc::Later& later) {
  // What the rest of the way needs.
  struct Way {
    explicit Way(const Context& all) : registers(all.registers), context(all.With(registers)) {}
    RegistersOnce registers;
    const Context context;
    absl::StatusOr<Command> command = absl::UnknownError("not prepared");
    absl::StatusOr<Outcome> outcome = absl::UnknownError("not decided");
  };
  const auto way = std::make_shared<Way>(all);
  const auto answer = [way, &call, &request, &response, later] {
    later.Answer(way->outcome.ok() ? Answer(way->context, call, request, *way->outcome, response)
                                   : way->outcome.status());
  };
  way->command = Prepare(way->context, call, request);
  if (!way->command.ok()) {
    way->outcome = RecordedBefore(way->context, call, request.request_id(), request, way->command.status());
    return answer();
  }
  all.writer.Submit(call.principal.network_id, *way->command, call.deadline,
                    [way, answer, &call, later](absl::StatusOr<Outcome> outcome) {
                      way->outcome = std::move(outcome);
                      later.Resume([way, answer, &call] {
                        way->outcome = Settle(way->context, call, *way->command, std::move(way->outcome));
                        answer();
                      });
                    });
}

// Answers of one movement, and of several.
template <typename Response>
absl::Status AnswerOne(const Context& context, const rpc::Call& call, const Outcome& outcome, Response& response) {
  absl::StatusOr<pb::Movement> one = View(context.catalogue, call).OneMovement(outcome.movements.front());
  if (!one.ok()) return std::move(one).status();
  *response.mutable_movement() = *std::move(one);
  return absl::OkStatus();
}
template <typename Response>
absl::Status AnswerAll(const Context& context, const rpc::Call& call, const Outcome& outcome, Response& response) {
  const absl::StatusOr<std::vector<pb::Movement>> all = View(context.catalogue, call).Movements(outcome.movements);
  if (!all.ok()) return all.status();
  response.mutable_movements()->Assign(all->begin(), all->end());
  return absl::OkStatus();
}

// Shapes that commands share -----------------------------------------------------------------------------------------

// The instant a phone gave, or now. Adds to `violations` unless it is at most 90 days ago and 5 minutes ahead.
absl::Time CheckOccurred(const google::protobuf::Timestamp& time, absl::Time now, errors::Violations& violations);
template <typename Request>
absl::Time OccurredTime(const Request& request, absl::Time now, errors::Violations& violations) {
  return request.has_occurred_time() ? CheckOccurred(request.occurred_time(), now, violations) : now;
}
// request_id, note and occurred_time, which every command has. Returns when it happened.
template <typename Request>
absl::Time CheckCommand(const Context& context, const Request& request, errors::Violations& violations) {
  violations.RequestId("request_id", request.request_id());
  violations.Text("note", request.note(), 0, 500);
  return OccurredTime(request, context.clock.Now(), violations);
}
// One of a list of reasons.
void CheckReason(const std::string& reason, std::initializer_list<std::string_view> known, std::string_view field,
                 errors::Violations& violations);
// A name of one of these collections: returns which, or "".
std::string_view CheckNameOf(std::initializer_list<std::string_view> collections, std::string_view field,
                             const std::string& name, errors::Violations& violations);

// Goods on shelves, named together: each lot and shelf once, at least one item.
using NamedTransferGoods = google::protobuf::RepeatedPtrField<pb::TransferGoods>;
void CheckEachGoods(const NamedTransferGoods& goods, std::string_view field, errors::Violations& violations);
// PLACE_NOT_FOUND, LOT_NOT_FOUND.
absl::StatusOr<std::vector<Send::Goods>> FindEachGoods(const Context& context, const rpc::Call& call,
                                                       const NamedTransferGoods& goods);
// OTHER_WAREHOUSE unless they all stand where `first` does.
absl::Status CheckOneWarehouse(const Place& first, const std::vector<Send::Goods>& goods);

}  // namespace kubari::stock
