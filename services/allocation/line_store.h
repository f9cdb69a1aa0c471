// Lines in PostgreSQL. Everything is called inside a transaction of the network in question.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kubari/allocation/v1/allocation.pb.h"
#include "libs/paging/order.h"
#include "libs/pg/transaction.h"
#include "services/allocation/domain/states.h"

namespace kubari::allocation {

namespace pb = kubari::allocation::v1;

// An answer that was decided and is being told to the ledger.
struct Answer {
  int64_t items = 0;    // accepted; 0: refused
  int64_t rest = 0;     // given back
  std::string reason;   // of a refusal
  std::string subject;  // who answered: "people/{uuid}" …
  absl::Time time;

  friend bool operator==(const Answer& a, const Answer& b) { return a.items == b.items; }
};

// LineRow::offered_again_in: there was nobody to offer it to.
inline constexpr char kNobodyCould[] = "00000000-0000-0000-0000-000000000000";

struct LineRow {
  std::string id;  // UUID
  std::string run_id;
  int64_t newest = 0;  // of the run
  // What never changes, as LineOf (domain/propose.h) makes it. Shown() adds the rest.
  pb::Line facts;
  std::string next_group;
  int64_t min_lot_items = 0;
  int64_t milli_person_days = 0;
  // What the group and the ledger did; its `reason` is the line's.
  LineFacts now;
  std::string reservation_id, delivery_id;  // empty before publishing
  std::optional<Answer> answer;
  // request_id of the answer, also when it is settled; empty: none.
  std::string answer_request;
  // Of an acceptance in part: what the group gave back.
  int64_t given_back = 0;
  // The run that offered again what came back; the nil UUID: nobody could have it; empty: not (yet).
  std::string offered_again_in;
  // Of a claim: see migrations/0005_market.sql.
  int claim_ended = 0;
  // Of a bid: what it costs its group as it stands, in milli-shares; see CostOf (domain/shares.h).
  int64_t shares_paid = 0;
  int64_t version = 1;
  // Of the run; read only.
  std::optional<absl::Time> answer_due_time, pick_up_due_time;
  std::string time_zone;
  std::string publisher;

  std::string name() const;
};

// As people see it. `all_groups`: the reader may know of other groups.
pb::Line Shown(const LineRow& row, bool all_groups);
// To the hub by which it comes: what, how many, for whom, and how far it is. Why the group gets it is the group's.
pb::Line ShownToHub(const LineRow& row);

// The id of the line of this run, group, lot and place; what else is derived from a line or run, is derived from ids in
// the same way.
std::string LineId(const std::string& run_id, const pb::Line& line);
std::string ReservationId(const std::string& line_id);
// Who receives its delivery: the hub by which it comes, or the group.
const std::string& ReceiverOf(const pb::Line& line);
std::string DeliveryId(const std::string& run_id, const pb::Line& line);
// `step`: "reserve", "rest", "extend" or "refuse". Each happens to a line once, so repeating it is the same request.
std::string RequestIdOf(const std::string& line_id, const std::string& step);

absl::Status InsertLines(pg::Transaction& tx, const std::vector<LineRow>& rows);
// NOT_FOUND / LINE_NOT_FOUND. `lock`: nobody else changes it until the transaction ends.
absl::StatusOr<LineRow> FindLine(pg::Transaction& tx, const std::string& line_id, bool lock = false);
// `now`, reservation, delivery and answer; the versions grow by one here and in `rows`. What a line of a bid costs less now
// goes back to its group's account.
absl::Status UpdateLines(pg::Transaction& tx, std::vector<LineRow>& rows);
absl::Status UpdateLine(pg::Transaction& tx, LineRow& row);
// Writes why the line is as it is (`facts`), which only a change by hand alters.
absl::Status UpdateExplanation(pg::Transaction& tx, const LineRow& row);
// Of a run that was never published.
absl::Status DeleteLines(pg::Transaction& tx, const std::string& run_id);

struct LineFilter {
  std::optional<std::string> run_id, group_id, lot_id, hub_id;
  std::vector<int> states;  // empty: all
  // Only these groups' lines that were offered, and with hub_id what comes by them; nothing: everything.
  std::optional<std::vector<std::string>> own_groups;
};
struct LineKey {
  int64_t newest = 0;
  std::string run_id, group_name, line_id;
};
// After `key`: newest run first, then by group's name.
absl::StatusOr<std::vector<LineRow>> ListLines(pg::Transaction& tx, const LineFilter& filter, const LineKey& key,
                                               int limit);
// By one of ListLinesRequest.order_by. Without a key: the first page.
struct OrderKey {
  int64_t number = 0;
  std::string text, line_id;
};
OrderKey KeyOf(const LineRow& row, const paging::Order& order);
absl::StatusOr<std::vector<LineRow>> ListLines(pg::Transaction& tx, const LineFilter& filter,
                                               const paging::Order& order, const std::optional<OrderKey>& key,
                                               int limit);

// All lines of a run; `lock` as above.
absl::StatusOr<std::vector<LineRow>> LinesOfRun(pg::Transaction& tx, const std::string& run_id, bool lock = false);
absl::StatusOr<std::vector<LineRow>> LinesOfRunAndGroup(pg::Transaction& tx, const std::string& run_id,
                                                        const std::string& group_id);
// See Run.short_deliveries: what is promised to hubs, has not left, and is less than the lot's smallest quantity.
absl::StatusOr<std::vector<pb::ShortDelivery>> ShortDeliveries(pg::Transaction& tx, const std::string& run_id);
// PROPOSED lines of a run, some of them.
absl::StatusOr<std::vector<LineRow>> LinesToReserve(pg::Transaction& tx, const std::string& run_id, int limit);
// What groups refused, let expire or gave back, and what was not offered again yet; locked. Not what somebody took back
// straight in the ledger.
absl::StatusOr<std::vector<LineRow>> LinesToOfferAgain(pg::Transaction& tx, const std::string& run_id);
// PROPOSED lines become OFFERED, or DROPPED with a reason. Lines that are something else by now (the feed was faster)
// stay as they are.
absl::Status MarkOffered(pg::Transaction& tx, const std::vector<std::string>& line_ids);
absl::Status MarkDropped(pg::Transaction& tx, const std::vector<std::string>& line_ids,
                         const std::vector<std::string>& reasons);
// ACCEPTED lines of a warehouse with items to pick, by delivery, first to expire first.
absl::StatusOr<std::vector<LineRow>> LinesToPick(pg::Transaction& tx, const std::string& warehouse_id,
                                                 const std::optional<std::string>& delivery_id, int limit);

// What groups got without a line, in milli-person-days: by group and day (UTC). Negative: gave away or back.
using HandedOut = std::map<std::pair<std::string, absl::CivilDay>, int64_t>;
absl::Status AddHandedOut(pg::Transaction& tx, const HandedOut& handed_out);
// Whose places these are (those that are known), and what the feed tells of more: (place, group).
absl::StatusOr<std::map<std::string, std::string>> GroupsAt(pg::Transaction& tx,
                                                            const std::vector<std::string>& places);
absl::Status InsertGroupPlaces(pg::Transaction& tx,
                               const std::vector<std::pair<std::string, std::string>>& place_and_group_ids);

// Of a hand-on by a hub: so many items of the line, in this delivery.
struct HandOn {
  std::string movement_id, line_id, delivery_id;
  int64_t items = 0;
};
absl::Status InsertHandOns(pg::Transaction& tx, const std::vector<HandOn>& hand_ons);

// For the ledger's feed: the lines of these reservations, or of these deliveries (to the door, or from a hub), or to
// which these movements (ISSUE, PASS_ON) belong; and of these lots what came to the groups that give something on. Locked.
struct Concern {
  std::vector<std::string> reservation_ids, delivery_ids, movement_ids, lot_ids, giver_ids;
};
struct Concerned {
  std::vector<LineRow> lines;                    // by line id
  std::map<std::string, std::string> shipments;  // movement id → line id
  std::vector<HandOn> hand_ons;                  // of these movements and deliveries; by movement, then line
};
absl::StatusOr<Concerned> LinesConcerned(pg::Transaction& tx, const Concern& of);
absl::Status InsertShipments(pg::Transaction& tx,
                             const std::vector<std::pair<std::string, std::string>>& movement_and_line_ids);

// What groups have had or were promised.
struct Past {
  int64_t milli_person_days = 0;           // shipped since `since`, or promised and not yet shipped
  std::array<int64_t, 3> claimed_items{};  // promised or on the way: ambient, chilled, frozen
};
// By "groups/{uuid}".
absl::StatusOr<std::map<std::string, Past>> ReadPast(pg::Transaction& tx, absl::Time since);

}  // namespace kubari::allocation
