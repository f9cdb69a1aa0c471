// The wall that goods pass on their way to a group, judged for many lots at once.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/eligibility/eligibility.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

// What may go to one group on one day, by agreements, conditions, dates and the network's rules (libs/eligibility,
// hard rules only). Of recalls it knows what `lot.facts.recall` says; the ledger itself judges them once more. Each
// donor is asked for once. Used within one call.
class Wall {
 public:
  // `group`: nobody yet; then dates and recalls alone are judged. All must outlive it.
  static absl::StatusOr<Wall> For(const Context& context, const rpc::Call& call, std::optional<groups::v1::Group> group,
                                  absl::CivilDay day);

  struct Party {
    std::string name;      // "donors/{uuid}" or "groups/{uuid}"
    std::string shown_as;  // its display name, if it may be told; else its name
  };
  struct Verdict {
    std::vector<eligibility::Reason> reasons;  // empty: it may go
    std::vector<Party> unbound;                // with whom an agreement is missing
  };
  absl::StatusOr<Verdict> Judge(const Lot& lot);

  // The same as a refusal: NO_AGREEMENT, CONDITION_NOT_MET, LOT_EXPIRED, in this order.
  absl::Status Pass(const Lot& lot);

 private:
  Wall(const Context& context, const rpc::Call& call, std::optional<groups::v1::Group> group,
       std::shared_ptr<const Rules> rules, absl::CivilDay day);
  absl::StatusOr<std::vector<Party>> DonorsWithoutAgreement(const Lot& lot);

  struct DonorSeen {
    bool agreement = false;    // in force on that day
    std::string display_name;  // empty: there is no such donor
  };

  const Context& context_;
  const rpc::Call& call_;
  std::optional<groups::v1::Group> group_;
  eligibility::GroupFacts facts_;
  std::shared_ptr<const Rules> rules_;
  absl::CivilDay day_;
  std::map<std::string, DonorSeen> donors_;  // by name
};

}  // namespace kubari::stock
