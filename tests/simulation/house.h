// One real kubari-stock process on a real PostgreSQL, with made-up neighbours, that can be killed at any moment.
//
// Many seeds share it, each in a network of its own: what one does cannot touch another, and starting costs nothing.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "kubari/type/v1/access.pb.h"

namespace kubari::simulation {

class House {
 public:
  House();
  ~House();

  // A channel of its own to the service; it finds the process again after a kill.
  std::shared_ptr<grpc::Channel> Connect() const;
  // kill -9. It comes back by itself within about half a second.
  void KillProcess();
  // Ends one of the service's database connections, whatever it is doing.
  void CutConnection();
  // Every other open reservation of a network is overdue from now on, as if its time had passed; and until there is
  // none that is overdue: the service gives them up by itself.
  void LetReservationsExpire(const std::string& network);
  void AwaitNoneOverdue(const std::string& network);
  int kills() const;
  int cuts() const;

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

// Who calls: the made-up identity service believes these tokens. `organisation` and `person` are UUIDs.
std::string Token(const std::string& network, type::v1::Role role, const std::string& organisation,
                  const std::string& person);

// The made-up neighbours know, in every network, one donor, its accepted offer, and these groups: the first is a hub
// that serves the second and the third; the fourth stands alone. All have agreements in force and keep every
// temperature.
inline constexpr int kGroups = 4;
std::string DonorName();
std::string GroupName(int n);  // 1 to kGroups
// A group without an agreement.
std::string StrangerName();
// Lines of the offer, for products 1 and 2 of ProductName(): one lot number, one date each.
std::string OfferLineName(int n);
std::string ProductName(int n);

}  // namespace kubari::simulation
