// A small network for tests of rights and errors: two of everything, so that there is an "own" and an "other's" for each role.
#pragma once

#include <map>
#include <string>

#include "kubari/type/v1/access.pb.h"
#include "tests/end_to_end/calls.h"
#include "tests/end_to_end/installation.h"

namespace kubari::end_to_end {

// Resource names of one side, for templates of requests: "$shelf" and so on.
//   operator warehouse shelf shelf2 chilled   an NPO with a warehouse of three shelves
//   warehouse2 shelf3 transfer                 its second one, and 2 items on their way there
//   donor donor_organisation offer line draft  a donor with an accepted offer (its line) and a draft
//   donor_agreement donor_paper acting         its agreement with a paper (SHA-256), and another donor that may act for it
//   group group_organisation                   a group, active and with an agreement; the offer is for it alone
//   group_agreement group_paper                the agreement, and its paper
//   neighbour                                  another one
//   lot receipt                                120 items of the offer on the shelf, received by this movement
//   reservation delivery                       12 items promised to the group and 24 on their way to it
//   invite device                              of the operator
//   stocktake count                            of the warehouse; of the lot on the shelf
//   recall shelf_notice group_notice           a drill for the lot: to the warehouse and to the group
//   product run run_line                       run and run_line after Publish()
//   market market_lot market_place             a run of sealed bids, and what the group may bid for, after Publish()
//   bid join_code                              the joint bid that it made there
using Names = std::map<std::string, std::string>;

class Setting {
 public:
  // Makes the network `code`.
  Setting(Installation& installation, const std::string& code);

  // Makes an allocation run over what is free, and publishes it.
  void Publish();

  // Of an API key with this role: in the side's own organisation of the fitting kind for VOLUNTEER, WAREHOUSE_MANAGER, DONOR and GROUP;
  // in the intermediary for the others.
  std::string Token(kubari::type::v1::Role role, const Names& side);
  // A key that was not given out before.
  std::string NewToken(kubari::type::v1::Role role, const Names& side);
  cli::Client As(kubari::type::v1::Role role, const Names& side) { return installation_.Gateway(Token(role, side)); }
  cli::Client Coordinator() { return As(kubari::type::v1::ROLE_COORDINATOR, a); }
  // The person, with an e-mail address, who made the network.
  cli::Client Administrator() { return installation_.Gateway(administrator_); }
  cli::Client Auditing() { return As(kubari::type::v1::ROLE_AUDITOR, a); }
  Installation& installation() { return installation_; }

  std::string network_id;
  std::string intermediary;
  Names a, b;

 private:
  // A run of sealed bids in which both groups have a joint bid.
  void OpenMarket();
  Names MakeSide(const std::string& label);
  void Donate(const std::string& label, Names& side);
  // The only agreement of this party ("donor", "group"), and a paper of it.
  void File(const std::string& service, const std::string& party, Names& side);
  void Invite(Names& side);
  void SendAndCount(Names& side);
  void Drill(Names& side);

  Installation& installation_;
  std::string administrator_;
  std::string product_;
  std::map<std::pair<kubari::type::v1::Role, std::string>, std::string> tokens_;
};

// Replaces "$name" by the side's value, "$uuid" by a new UUID, "$today", "$yesterday" and "$later" (in 200 days) by dates in Tokyo; ends
// the test program for an unknown name. Then reads the JSON as a request of the method ("stock.GetLot").
std::unique_ptr<google::protobuf::Message> Request(const std::string& method, const std::string& json, const Names& names = {});

// The answer as JSON-like text, or the error.
absl::StatusOr<std::string> Try(const cli::Client& client, const std::string& method, const google::protobuf::Message& request);

// Calls with JSON and gives one field of the answer, by its path, such as "movement.name" or "places.0.name"; ends the test program if
// the call fails.
std::string Field(const cli::Client& client, const std::string& method, const std::string& json, const Names& names, const std::string& path);

}  // namespace kubari::end_to_end
