// Judges a network's ledger by its movements alone. Reads them through the gateway as an auditor would and adds them up again; shares
// no code with the services.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "ops/kubari/client.h"

namespace kubari::end_to_end {

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

class Auditor {
 public:
  // `client` carries a token with ROLE_AUDITOR. Ends the test program if it cannot read.
  explicit Auditor(const cli::Client& client) : client_(client) {}

  // The whole ledger, in order of position.
  std::vector<kubari::stock::v1::FeedEntry> ReadLedger() const;
  // Adds up the ledger and asks the services whether they say the same. Each broken rule fails the test, naming the movement or lot.
  Books Audit() const;

  // One sentence for each broken rule of the ledger itself; pure.
  static std::vector<std::string> AddUp(const std::vector<kubari::stock::v1::FeedEntry>& ledger, const std::string& network, Books& books);

 private:
  void CompareBalances(const Books& books) const;
  void CompareDeliveries(const Books& books) const;
  void CompareReservations(const Books& books) const;
  void CompareLines(const Books& books) const;
  void CompareTraces(const Books& books) const;
  void CompareImpact(const Books& books, int64_t next_position) const;

  const cli::Client client_;
};

// RFC 6962 leaf hash of a movement, computed from the description in services/stock/README.md. `network` is a UUID.
std::string LeafHashOf(const kubari::stock::v1::Movement& movement, const std::string& network);

}  // namespace kubari::end_to_end
