// From the ledger's nouns to the contract's, as far as the caller may see.
#pragma once

#include <absl/status/statusor.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/call.h"
#include "services/stock/catalogue.h"
#include "services/stock/domain/types.h"

namespace kubari::stock {

class View {
 public:
  // `catalogue` and `call` must outlive it.
  View(Catalogue& catalogue, const rpc::Call& call);

  // Without the donor's name if the donor may not be named to the caller, and without its recall: see Lots.
  pb::Lot ToProto(const Lot& lot) const;
  // With the recalls that stop them now.
  absl::StatusOr<std::vector<pb::Lot>> Lots(const std::vector<Lot>& lots) const;
  // Says of lots that are part of an answer which recall stops them now.
  absl::Status TellRecalls(const std::vector<pb::Lot*>& lots) const;
  // These groups agreed to be named to donors: who acts for a donor alone learns of no others. Or they are the hubs of the caller's groups.
  void MayName(std::set<std::string> groups) { named_groups_ = std::move(groups); }
  // `lot`: whose movement or holder it is; nullptr where no lot is shown. Groups see other groups without their names.
  pb::Place ToProto(const Place& place, const Lot* lot) const;
  pb::Balance ToProto(const Lot& lot, const Place& place, const Balance& balance) const;

  // With codes and names; lots and places are looked up together.
  absl::StatusOr<std::vector<pb::Movement>> Movements(const std::vector<Movement>& movements) const;
  absl::StatusOr<pb::Movement> OneMovement(const Movement& movement) const;
  // Their lots are without recalls: a feed tells what happened, not what is so now.
  absl::StatusOr<std::vector<pb::FeedEntry>> FeedEntries(const std::vector<Movement>& movements,
                                                         const std::map<std::string, Movement>& originals) const;
  absl::StatusOr<std::vector<pb::Reservation>> Reservations(const std::vector<Reservation>& reservations) const;
  absl::StatusOr<std::vector<pb::Delivery>> Deliveries(const std::vector<Delivery>& deliveries) const;
  absl::StatusOr<std::vector<pb::Transfer>> Transfers(const std::vector<Shipment>& shipments) const;

 private:
  struct Named {
    std::map<std::string, Lot> lots;
    std::map<std::string, Place> places;
  };
  absl::StatusOr<Named> LookUp(const std::set<std::string>& lots, const std::set<std::string>& places) const;
  pb::Movement ToProto(const Movement& movement, const Named& named) const;
  bool DonorIsNamed(const Lot& lot) const;
  bool Hidden(const Place& place, const Lot* lot) const;
  std::string DisplayName(const Place& place, const Lot* lot) const;
  bool GroupIsNamed(const std::string& group_id) const;
  std::string GroupName(const std::string& group_id, const Named& named) const;
  std::string GroupPlaceId(const std::string& group_id) const;

  Catalogue& catalogue_;
  const rpc::Call& call_;
  bool sees_donors_ = false;  // all names of donors
  bool sees_groups_ = true;   // all names of groups
  std::set<std::string> named_groups_;
};

// Instants of the contract.
void SetTime(absl::Time time, google::protobuf::Timestamp* out);

}  // namespace kubari::stock
