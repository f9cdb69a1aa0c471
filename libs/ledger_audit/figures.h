// The impact figures of a whole ledger, by the definitions at the top of proto/kubari/impact/v1/impact.proto; written
// from that text alone, so that it can judge the impact service.
#pragma once

#include <map>
#include <string>

#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"

namespace kubari::ledger_audit {

class Counter {
 public:
  // In the order of positions.
  void Add(const stock::v1::FeedEntry& entry);
  impact::v1::Figures Total() const;

 private:
  struct Arrived {
    int64_t items = 0, households = 0;
    std::string group;
  };
  struct Amount {
    int64_t items = 0, grams = 0;
  };
  void Deliver(const stock::v1::FeedEntry& entry, Amount amount);

  impact::v1::Figures figures_;
  std::map<std::string, Arrived> arrived_;  // by delivery
  std::map<std::string, int64_t> donors_;   // confirmed items
};

}  // namespace kubari::ledger_audit
