// Judges a network's ledger by its movements alone. Reads them through the gateway as an auditor would and adds them up again; shares
// no code with the services.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/ledger_audit/books.h"
#include "ops/kubari/client.h"

namespace kubari::end_to_end {

using ledger_audit::Books;

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
  void CompareTransfers(const Books& books) const;
  void CompareReservations(const Books& books) const;
  void CompareLines(const Books& books) const;
  void CompareTraces(const Books& books) const;
  void CompareImpact(const Books& books, int64_t next_position) const;

  const cli::Client client_;
};

}  // namespace kubari::end_to_end
