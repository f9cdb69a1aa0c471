// Judges a network's ledger by its movements alone: adds them up again, recomputes every id and leaf hash, and names
// what does not hold. Shares no code with the services, so that it can be their judge: `kubari verify` uses it on an
// export, the simulation and the end-to-end tests on real installations.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kubari/stock/v1/stock.pb.h"
#include "libs/ledger_audit/canonical.h"
#include "libs/ledger_audit/figures.h"

namespace kubari::ledger_audit {

// What the movements add up to. All names as in the contract.
struct Books {
  struct Balance {
    int64_t on_hand = 0;
    int64_t reserved = 0;
  };
  struct Reservation {
    std::string lot, place, group, delivery;
    int64_t items = 0;   // promised at first
    int64_t issued = 0;  // shipped from it
    int64_t given_up = 0;
    int64_t open() const { return items - issued - given_up; }
  };
  struct DeliveryLine {
    int64_t issued = 0, confirmed = 0, missing = 0, returned = 0;
    int64_t open() const { return issued - confirmed - missing - returned; }
  };
  struct TransferLine {
    int64_t sent = 0, arrived = 0, missing = 0;
    int64_t open() const { return sent - arrived - missing; }
  };
  // By lot, after reversals: what went in, and what came out.
  struct Transformation {
    std::map<std::string, int64_t> consumed, produced;
  };
  std::map<std::pair<std::string, std::string>, Balance> balances;  // (lot, place)
  std::map<std::string, stock::v1::PlaceKind> places;
  std::map<std::string, stock::v1::Lot> lots;
  std::map<std::string, Reservation> reservations;
  std::map<std::pair<std::string, std::string>, DeliveryLine> deliveries;  // (delivery, lot)
  std::map<std::string, std::string> group_of;                             // delivery → group
  std::map<std::pair<std::string, std::string>, TransferLine> transfers;   // (transfer, lot)
  std::map<std::string, Transformation> transformations;
  std::map<std::string, std::vector<std::string>> requests;  // request id → the names of what it recorded, in order
  impact::v1::Figures figures;                               // by the definitions at the top of impact.proto
};

// Adds up one network's ledger, movement by movement, in the order of positions from 0.
class Adder {
 public:
  // `network` is a UUID. Both references must outlive it; one sentence is added to `problems` for each broken rule,
  // beginning with the position that breaks it.
  Adder(const std::string& network, Books& books, std::vector<std::string>& problems);
  void Add(const stock::v1::FeedEntry& entry);
  // After the last entry: what only the whole can show.
  void Finish();

 private:
  using Movement = stock::v1::Movement;

  // Notes it as a problem of the entry at hand unless it holds.
  void Expect(bool holds, const std::string& otherwise);
  void CheckForm(const Movement& movement);
  void CheckRequest(const Movement& movement);
  void CheckPlaces(const stock::v1::FeedEntry& entry);
  void RememberLot(const stock::v1::FeedEntry& entry);
  void CheckReversal(const stock::v1::FeedEntry& entry);
  void Promise(const Movement& movement);
  void Carry(const Movement& movement);
  void Follow(const Movement& movement);
  void FollowDelivery(const Movement& movement);
  void FollowTransfer(const Movement& movement);
  void FollowTransformation(const Movement& movement);
  void CheckBalance(const Movement& movement, const std::string& place);
  void CheckTransformations();
  void CheckDeliveryPlaces();
  Books::Balance& At(const Movement& movement, const std::string& place) {
    return books_.balances[{movement.lot(), place}];
  }

  const std::string network_;
  Books& books_;
  std::vector<std::string>& problems_;
  const Movement* now_ = nullptr;  // the movement at hand
  int64_t next_ = 0, last_recorded_ = 0;
  std::string last_request_, last_actor_;
  std::map<std::string, Movement> recorded_;
  std::set<std::string> reversed_;
  std::map<std::string, std::string> party_of_;    // delivery place → group
  std::map<std::string, std::string> transit_of_;  // transfer → its place in transit
  Counter counter_;
};

}  // namespace kubari::ledger_audit
