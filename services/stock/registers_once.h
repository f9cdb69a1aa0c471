// Answers of other services, asked for once: for the time of one call, in which nobody minds what changes meanwhile.
#pragma once

#include <map>
#include <string>

#include "services/stock/registers.h"

namespace kubari::stock {

class RegistersOnce final : public Registers {
 public:
  // `registers` must outlive it.
  explicit RegistersOnce(Registers& registers) : registers_(registers) {}

  absl::StatusOr<donors::v1::Offer> GetOffer(const rpc::Call& call, const std::string& name) override {
    return Once(offers_, name, [&] { return registers_.GetOffer(call, name); });
  }
  absl::StatusOr<donors::v1::Donor> GetDonor(const rpc::Call& call, const std::string& name) override {
    return Once(donors_, name, [&] { return registers_.GetDonor(call, name); });
  }
  absl::StatusOr<groups::v1::Group> GetGroup(const rpc::Call& call, const std::string& name) override {
    return Once(groups_, name, [&] { return registers_.GetGroup(call, name); });
  }
  absl::StatusOr<std::string> NetworkName(const rpc::Call& call) override { return registers_.NetworkName(call); }
  absl::Status CreateOperator(const rpc::Call& call, const std::string& request_id, const std::string& organisation_id,
                              const std::string& display_name) override {
    return registers_.CreateOperator(call, request_id, organisation_id, display_name);
  }

 private:
  // Errors are not kept: a service that was away may be back.
  template <typename T, typename F>
  static absl::StatusOr<T> Once(std::map<std::string, T>& known, const std::string& name, F ask) {
    if (const auto found = known.find(name); found != known.end()) return found->second;
    absl::StatusOr<T> answer = ask();
    if (answer.ok()) known.emplace(name, *answer);
    return answer;
  }

  Registers& registers_;
  std::map<std::string, donors::v1::Offer> offers_;
  std::map<std::string, donors::v1::Donor> donors_;
  std::map<std::string, groups::v1::Group> groups_;
};

}  // namespace kubari::stock
