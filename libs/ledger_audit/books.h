// Judges a network's ledger by its movements alone: adds them up again, recomputes every leaf hash, and names what does not hold. Shares no
// code with the services, so that it can be their judge: `kubari verify` uses it on an export, the end-to-end tests on real installations.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"

namespace kubari::ledger_audit {

// What the movements add up to.
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
    int64_t issued = 0, confirmed = 0, missing = 0;
  };
  std::map<std::pair<std::string, std::string>, Balance> balances;  // (lot, place)
  std::map<std::string, kubari::stock::v1::PlaceKind> places;
  std::map<std::string, kubari::stock::v1::Lot> lots;
  std::map<std::string, Reservation> reservations;
  std::map<std::pair<std::string, std::string>, DeliveryLine> deliveries;  // (delivery, lot)
  std::map<std::string, std::string> group_of;                             // delivery → group
  kubari::impact::v1::Figures figures;                                     // by the definitions at the top of impact.proto
};

// RFC 6962 leaf hash of a movement, computed from the description in services/stock/README.md. `network` is a UUID.
std::string LeafHashOf(const kubari::stock::v1::Movement& movement, const std::string& network);

// Adds up one network's ledger, movement by movement, in the order of positions from 0.
class Adder {
 public:
  // `network` is a UUID. Both references must outlive it; one sentence is added to `problems` for each broken rule.
  Adder(const std::string& network, Books& books, std::vector<std::string>& problems);
  void Add(const kubari::stock::v1::FeedEntry& entry);
  // After the last entry: what only the whole can show.
  void Finish();

 private:
  void Expect(bool holds, const kubari::stock::v1::Movement& movement, const std::string& otherwise);
  void Remember(const kubari::stock::v1::FeedEntry& entry);
  Books::Balance& At(const kubari::stock::v1::Movement& movement, const std::string& place);
  void Carry(const kubari::stock::v1::Movement& movement);
  // `sign` -1 undoes.
  void Count(const kubari::stock::v1::Movement& movement, const kubari::stock::v1::Lot& lot, kubari::stock::v1::MovementKind kind, int sign);
  void Move(const kubari::stock::v1::FeedEntry& entry);
  void Reverse(const kubari::stock::v1::FeedEntry& entry);
  void CheckShelf(const kubari::stock::v1::Movement& movement, const std::string& place);
  void CountHouseholds();

  struct Arrived {
    int64_t items = 0, households = 0;
    std::string group;
  };
  const std::string network_;
  Books& books_;
  std::vector<std::string>& problems_;
  int64_t next_ = 0, last_recorded_ = 0;
  std::set<std::string> ids_, reversed_;
  std::map<std::string, kubari::stock::v1::FeedEntry> recorded_;
  std::map<std::string, Arrived> arrived_;      // by delivery
  std::map<std::string, int64_t> donors_;       // confirmed items
  std::map<std::string, std::string> party_of_;  // delivery place → group
};

}  // namespace kubari::ledger_audit
