// Who plays the demo, and what all its parts know: sessions, warehouses, days. Every step has an id derived from what
// it does, and days count from the day on which the network was made; so a demo that was cut off goes on where it
// stopped and doubles nothing.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kubari/identity/v1/identity.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "kubari/type/v1/access.pb.h"
#include "libs/errors/macros.h"
#include "ops/kubari/client.h"
#include "ops/kubari/demo.h"

namespace kubari::cli {

inline constexpr char kIdentity[] = "kubari.identity.v1.IdentityService/";
inline constexpr char kDonors[] = "kubari.donors.v1.DonorsService/";
inline constexpr char kGroups[] = "kubari.groups.v1.GroupsService/";
inline constexpr char kStock[] = "kubari.stock.v1.StockService/";
inline constexpr char kAllocation[] = "kubari.allocation.v1.AllocationService/";

// The id of a step: the same in every run of the demo.
std::string Id(const std::string& step);
// True for one in `n` names, always the same ones.
bool OneIn(unsigned n, const std::string& name);
// Runs `work(i)` for 0 ≤ i < count on four threads; stops at the first failure and returns it.
absl::Status InParallel(size_t count, const std::function<absl::Status(size_t)>& work);
// "organisations/{uuid}" of "groups/{uuid}" or "donors/{uuid}".
std::string Organisation(const std::string& name);

template <typename Response>
absl::StatusOr<Response> Ask(const Client& client, const char* service, const char* method,
                             const google::protobuf::Message& request) {
  return client.Call<Response>(absl::StrCat(service, method).c_str(), request);
}

// All pages of a list. `rows` picks the repeated field of an answer.
template <typename Response, typename Request, typename Rows>
auto All(const Client& client, const char* service, const char* method, Request request, Rows rows)
    -> absl::StatusOr<std::vector<typename std::decay_t<decltype(rows(std::declval<const Response&>()))>::value_type>> {
  std::vector<typename std::decay_t<decltype(rows(std::declval<const Response&>()))>::value_type> all;
  request.set_page_size(200);
  for (;;) {
    ASSIGN_OR_RETURN(const Response page, Ask<Response>(client, service, method, request));
    for (const auto& row : rows(page)) all.push_back(row);
    if (page.next_page_token().empty()) return all;
    request.set_page_token(page.next_page_token());
  }
}

struct Cast {
  Cast(const Client& gateway, const Client& identity, const DemoOptions& options);

  // A person of the organisation, signed in. The mailbox is at network.example.
  absl::StatusOr<Client> PersonSession(const std::string& mailbox, const std::string& display_name,
                                       const std::string& organisation, kubari::type::v1::Role role);
  absl::StatusOr<Client> SignInBy(const std::string& code, const std::string& device);
  // The phone of those who run this warehouse.
  const Client& PhoneOf(const std::string& warehouse) const;
  const stock::v1::Place* ShelfFor(const std::string& warehouse, kubari::type::v1::TemperatureZone zone) const;
  // Goods from free stock straight to a group, as one delivery with this id (a UUID); the first goods found that may go
  // there, at most so many items. Answers with how many items the delivery carries. Once: what was issued before is not
  // issued again.
  absl::StatusOr<int64_t> IssueOnce(const std::string& delivery_id, const std::string& group, int64_t items,
                                    const std::string& note);
  absl::Status ConfirmOnce(const Client& who, const std::string& delivery);

  // The network's day on which it was made, and so many days later: "2027-03-31".
  std::string Day(int days) const;

  void Acknowledged(const stock::v1::Movement& movement);
  void Say(const std::string& what) const;

  const Client gateway;
  const Client identity;
  const DemoOptions options;
  const absl::Time start;
  absl::CivilDay first_day;
  Client administrator{ClientOptions{}};
  Client coordinator{ClientOptions{}};
  // The first group's own person, and the group.
  Client group_session{ClientOptions{}};
  std::string group;
  // The same of a hub; empty until it hands on.
  Client hub_session{ClientOptions{}};
  std::string hub;
  std::string intermediary;
  std::vector<stock::v1::Warehouse> warehouses;
  std::map<std::string, std::vector<stock::v1::Place>> places;  // by warehouse
  std::map<std::string, Client> phones;                         // by operator organisation

  std::mutex mutex;
  std::ofstream journal;
  int64_t last_position = -1;
};

}  // namespace kubari::cli
