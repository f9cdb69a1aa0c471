// Decisions of the ledger: a command against the state it needs gives movements or a refusal. Pure: no clock, no I/O.
//
//   State state = …what Needs::Add() names, read under the network's lock…
//   Decider decider(state, network, now);
//   for (const Command& command : commands) outcomes.push_back(decider.Decide(command));
//   …write decider.appendix() in the same transaction…
//
// Each command sees what those before it did. What never changes (lots, places, rights, conditions, dates) is judged
// before; here it is only what others may change at the same time: balances, reservations, deliveries, transfers,
// reversals, recalls, requests.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "services/stock/domain/types.h"

namespace kubari::stock {

// 入庫. The lot is `lot`, or the one of the same origin that is there already.
struct Receive {
  struct Refused {
    int64_t items = 0;
    std::string reason;
    std::string note;
  };
  Lot lot;  // id and code are candidates; see LotCode
  Place shelf;
  Place donor;
  int64_t items = 0;   // may be 0 if something is refused
  std::string reason;  // why goods with too few days left are taken
  std::vector<Refused> refused;
};
// Why first-to-expire-first holds for goods that are promised or leave: lots of the same product in the same warehouse
// that expire before `before`. Those of `passed_over` were judged and may not go to this group; another one that is
// free is a departure (FEFO_DEPARTURE), or, if it is not among `judged`, came in since: LOTS_CHANGED (ABORTED), judge
// again.
struct FirstExpiring {
  std::string warehouse_id;
  std::string product_id;
  absl::CivilDay before;
  std::set<std::string> passed_over;
  std::set<std::string> judged;
};
struct Transfer {
  Lot lot;
  Place from;
  Place to;
  int64_t items = 0;
};
struct Reserve {
  std::string reservation_id;
  Lot lot;
  Place shelf;
  std::string group_id;
  std::string delivery_id;
  int64_t items = 0;
  absl::Time expire_time;
  // Either a reason for a departure, or what to judge by.
  std::string departure_reason;
  std::optional<FirstExpiring> first_expiring;
};
// Gives up a reservation: by decision (VOID), or because its time ran out (EXPIRE).
struct Release {
  Reservation reservation;  // as read before; open_items is read again
  int64_t items = 0;        // 0: all that is open
  bool expire = false;
};
struct Issue {
  Lot lot;
  Place shelf;
  Place delivery_place;
  std::string reservation_id;  // empty: takes free items
  std::string group_id;
  std::string delivery_id;
  int64_t items = 0;
  int64_t households = 0;
  std::string municipality_code;
  // Without a reservation: as of Reserve.
  std::string departure_reason;
  std::optional<FirstExpiring> first_expiring;
};
// 直送: donor → delivery. The lot is found or made as with Receive.
struct Direct {
  Lot lot;
  Place donor;
  Place delivery_place;
  std::string group_id;
  std::string delivery_id;
  int64_t items = 0;
  int64_t households = 0;
  std::string municipality_code;
};
// Group → delivery to another group.
struct PassOn {
  Lot lot;
  Place from;  // the giving group
  Place delivery_place;
  std::string group_id;  // the receiving one
  std::string delivery_id;
  int64_t items = 0;
  std::string consent;  // becomes the reason
  int64_t households = 0;
  std::string municipality_code;
};
// Delivery or group → shelf; shelf → donor (free items only).
struct Return {
  Lot lot;
  Place from;
  Place to;
  std::string delivery_id;  // from a delivery
  std::string group_id;     // from a delivery or a group
  std::string recall_id;    // may be empty
  int64_t items = 0;
  std::string reason;
};
struct Adjust {
  Lot lot;
  Place shelf;
  Place adjustment;
  int64_t difference = 0;    // not 0
  std::string stocktake_id;  // may be empty
  std::string reason;
};
// Shelves → transit.
struct Send {
  struct Goods {
    Lot lot;
    Place shelf;
    int64_t items = 0;
  };
  std::string transfer_id;
  std::string from_warehouse_id;
  std::string to_warehouse_id;
  Place transit;  // towards to_warehouse_id
  std::vector<Goods> goods;
};
// Transit → shelves; what is short → adjustment.
struct Arrive {
  struct Goods {
    Lot lot;
    Place shelf;
    int64_t items = 0;
    int64_t short_items = 0;
    std::string reason;
  };
  std::string transfer_id;
  Place transit;
  Place adjustment;
  std::vector<Goods> goods;
};
// Shelves → workshop → shelves. What may be made of what is judged before.
struct Transform {
  std::string transformation_id;
  Place workshop;
  std::vector<Send::Goods> inputs;
  std::vector<Send::Goods> outputs;  // lots with candidate codes, made by this transformation
};
struct Confirm {
  struct Line {
    std::string lot_id;
    int64_t items = 0;
    std::string reason;
  };
  std::string delivery_id;
  std::string group_id;
  std::vector<Line> lines;
  Place delivery_place;
  Place group_place;
  Place adjustment;
  int64_t households = 0;
  std::string municipality_code;
};
struct Discard {
  Lot lot;
  Place from;  // a shelf or a group
  Place waste;
  int64_t items = 0;
  std::string reason;
  std::string recall_id;  // may be empty
};
// Of a transformation: all its movements at once, else one.
struct Reverse {
  struct Original {
    Movement movement;  // as recorded; never changes
    Lot lot;
    Place from;  // of the original
    Place to;
  };
  std::vector<Original> originals;
  std::string reason;
};

struct Command {
  std::string request_id;
  std::string request_hash;  // 16 bytes: of method and content
  std::string actor;
  absl::Time occurred_time;
  std::string note;
  std::variant<Receive, Transfer, Reserve, Release, Issue, Confirm, Discard, Reverse, Direct, PassOn, Return, Adjust,
               Send, Arrive, Transform>
      action;
  // Stand-in places that may not be there yet.
  std::vector<Place> new_places;
};

// What must be read before commands can be decided. Sets, so that each is read once.
struct Needs {
  std::set<std::string> requests;
  std::map<std::string, Lot> origins;  // Lot::Origin() → the candidate
  std::set<BalanceKey> balances;
  std::set<std::string> reservations;
  std::set<std::string> deliveries;
  std::set<std::string> shipments;        // transfers
  std::set<std::string> movements;        // with what reversed them
  std::set<std::string> transformations;  // ids that no movement may have yet
  std::set<std::string> stops;            // lots of which it matters whether a recall stops them
  // (warehouse, product) → what stands there, promised or not, of lots with a last good day before this one.
  std::map<std::pair<std::string, std::string>, absl::CivilDay> earlier;
  void Add(const Command& command);
};

struct State {
  int64_t next_position = 0;
  absl::Time last_recorded_time = absl::UnixEpoch();
  std::map<std::string, std::vector<Movement>> requests;  // request_id → what it made, in order
  std::map<std::string, Lot> origins;                     // Lot::Origin() → lot
  std::set<std::string> codes;                            // candidate lot codes that are taken
  std::map<BalanceKey, Balance> balances;
  std::map<std::string, Reservation> reservations;
  std::map<std::string, Delivery> deliveries;
  std::map<std::string, Shipment> shipments;
  std::map<std::string, Movement> movements;
  std::map<std::string, Movement> reversed;    // a movement's id → the reversal that took it back
  std::set<std::string> transformations;       // those asked for that are in use
  std::map<std::string, std::string> stopped;  // lot → the recall that stops it; also of the lots in `earlier`
  // First to expire first; what is free of each follows from `balances`, which have them all.
  struct Candidate {
    std::string lot_id;
    std::string lot_code;
    std::string place_id;
    std::string place_display_name;
    absl::CivilDay last_good_day;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Candidate>> earlier;
};

// What a batch adds; written in this order.
struct Appendix {
  std::vector<Place> places;
  std::vector<Lot> lots;
  std::vector<Reservation> reservations;
  std::vector<Shipment> shipments;  // new ones, without lines
  std::vector<Movement> movements;
};

struct Outcome {
  std::vector<Movement> movements;
  bool replayed = false;
  // Of RECEIVE and DIRECT, unless replayed: the lot that was found or made.
  std::optional<Lot> lot;
  // Of a transformation, unless replayed: what was made, in the order of the outputs.
  std::vector<Lot> lots;
  // Of RESERVE, unless replayed.
  std::optional<Reservation> reservation;
};

// How many codes a new lot may try.
inline constexpr int kLotCodeCandidates = 4;

class Decider {
 public:
  // `state` is changed by each decision. `now` becomes recorded_time (never before the last one).
  Decider(State& state, std::string network_id, absl::Time now);

  // A refusal changes nothing. Tested in this order, as far as a command can meet it:
  //   REQUEST_ID_REUSED (a replay with the same content gives the first outcome);
  //   RESERVATION_, DELIVERY_, TRANSFER_ and LOT_NOT_FOUND; RESERVATION_EXISTS, ID_TAKEN;
  //   LOT_RECALLED: promising, issuing, delivering directly, passing on, and making other goods of it, also by the
  //     reversal of a reversal; discarding, returning, adjusting, moving and correcting are never stopped;
  //   FEFO_DEPARTURE, LOTS_CHANGED;
  //   RESERVATION_CLOSED, RESERVATION_EXCEEDED, TRANSFER_CLOSED;
  //   INSUFFICIENT_STOCK;
  //   ALREADY_REVERSED, NOT_REVERSIBLE (metadata "lot": which of them moved on);
  //   DELIVERY_CONFIRMED, and what is wrong in a confirmation's figures.
  absl::StatusOr<Outcome> Decide(const Command& command);

  const Appendix& appendix() const { return appendix_; }

 private:
  // So many items that a command takes from a place.
  struct Take {
    const Lot& lot;
    const Place& place;
    int64_t items;
  };

  absl::StatusOr<Outcome> Run(const Command& command, const Receive& receive);
  absl::StatusOr<Outcome> Run(const Command& command, const Transfer& transfer);
  absl::StatusOr<Outcome> Run(const Command& command, const Reserve& reserve);
  absl::StatusOr<Outcome> Run(const Command& command, const Release& release);
  absl::StatusOr<Outcome> Run(const Command& command, const Issue& issue);
  absl::StatusOr<Outcome> Run(const Command& command, const Direct& direct);
  absl::StatusOr<Outcome> Run(const Command& command, const PassOn& pass_on);
  absl::StatusOr<Outcome> Run(const Command& command, const Confirm& confirm);
  absl::StatusOr<Outcome> Run(const Command& command, const Return& back);
  absl::StatusOr<Outcome> Run(const Command& command, const Discard& discard);
  absl::StatusOr<Outcome> Run(const Command& command, const Adjust& adjust);
  absl::StatusOr<Outcome> Run(const Command& command, const Send& send);
  absl::StatusOr<Outcome> Run(const Command& command, const Arrive& arrive);
  absl::StatusOr<Outcome> Run(const Command& command, const Transform& transform);
  absl::StatusOr<Outcome> Run(const Command& command, const Reverse& reverse);

  // Refusals that several commands share.
  absl::Status DeliveryIsFor(const std::string& delivery_id, const std::string& group_id) const;
  absl::Status NotStopped(const Lot& lot) const;
  absl::Status FirstExpiringGoFirst(const Lot& lot, const std::string& departure_reason,
                                    const std::optional<FirstExpiring>& first_expiring) const;
  // Of shelves what is promised stays. The same goods named twice are added up.
  absl::Status AllFree(const std::vector<Take>& takes) const;
  absl::Status ReservationCovers(const Issue& issue) const;
  absl::Status CheckFigures(const Confirm& confirm, const Delivery& delivery) const;
  absl::Status StillThere(const std::vector<Reverse::Original>& originals) const;

  absl::StatusOr<Lot> FindOrMakeLot(const Lot& candidate);
  Balance BalanceOf(const std::string& lot_id, const std::string& place_id) const;
  Movement Begin(const Command& command, pb::MovementKind kind, const std::string& lot_id, const std::string& from,
                 const std::string& to, int64_t items) const;
  // Gives it its position, id, time and hash, and changes the state accordingly.
  void Add(Movement movement);
  // Goods of `lot` came to `place`: those behind them must not go before.
  void Shelved(const Lot& lot, const Place& place);

  State& state_;
  const std::string network_id_;
  const absl::Time now_;
  Appendix appendix_;
  std::set<std::string> places_added_;
};

}  // namespace kubari::stock
