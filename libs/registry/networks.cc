#include "libs/registry/networks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/rpc/client.h"

namespace kubari::registry {
namespace {

constexpr absl::Duration kFreshFor = absl::Minutes(1);
constexpr absl::Duration kBetweenTries = absl::Seconds(1);

std::optional<identity::v1::Network> Among(const std::vector<identity::v1::Network>& all, const std::string& code) {
  if (code.empty()) return all.size() == 1 ? std::optional(all[0]) : std::nullopt;
  const std::string wanted = absl::AsciiStrToLower(code);
  const auto found = std::ranges::find(all, wanted, &identity::v1::Network::code);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Networks::Networks(std::shared_ptr<grpc::ChannelInterface> identity, std::string service_key, const calendar::Clock& clock)
    : identity_(identity::v1::IdentityService::NewStub(std::move(identity))), service_key_(std::move(service_key)), clock_(clock) {}

absl::StatusOr<std::vector<identity::v1::Network>> Networks::All(absl::Time deadline) {
  {
    std::lock_guard lock(mutex_);
    if (clock_.Now() < fresh_until_) return known_;
  }
  return Ask(deadline);
}

absl::StatusOr<std::vector<identity::v1::Network>> Networks::Ask(absl::Time deadline) {
  const absl::Time now = clock_.Now();
  {
    std::lock_guard lock(mutex_);
    asked_ = now;
  }
  std::vector<identity::v1::Network> all;
  identity::v1::ListNetworksRequest request;
  request.set_page_size(200);
  do {
    ASSIGN_OR_RETURN(const identity::v1::ListNetworksResponse page,
                     rpc::Invoke(&identity::v1::IdentityService::Stub::ListNetworks, *identity_,
                                 rpc::AsService(service_key_, "", "", deadline), request));
    all.insert(all.end(), page.networks().begin(), page.networks().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  std::lock_guard lock(mutex_);
  known_ = all;
  fresh_until_ = now + kFreshFor;
  return all;
}

absl::StatusOr<identity::v1::Network> Networks::Find(const rpc::Call& call, const std::string& code) {
  ASSIGN_OR_RETURN(const std::vector<identity::v1::Network> all, All(call.deadline));
  if (std::optional<identity::v1::Network> found = Among(all, code)) return *std::move(found);
  if (!code.empty() && MayAskAgain()) {
    ASSIGN_OR_RETURN(const std::vector<identity::v1::Network> newest, Ask(call.deadline));
    if (std::optional<identity::v1::Network> found = Among(newest, code)) return *std::move(found);
  }
  return errors::Make(absl::StatusCode::kNotFound, "NETWORK_NOT_FOUND",
                      code.empty() ? "Say which network is meant: the link has its code."
                                   : absl::StrCat("There is no network with the code '", code, "'; look at the link again."),
                      code.empty() ? "どのネットワークへの申し込みか分かりません。案内されたリンクから開いてください。"
                                   : absl::StrCat("コード「", code, "」のネットワークは見つかりません。リンクを確かめてください。"),
                      {{"network_code", code}});
}

// Claims the second's one try, so that of many at once one asks.
bool Networks::MayAskAgain() {
  const absl::Time now = clock_.Now();
  std::lock_guard lock(mutex_);
  if (now < asked_ + kBetweenTries) return false;
  asked_ = now;
  return true;
}

rpc::Call Networks::Inside(const rpc::Call& call, const identity::v1::Network& network) {
  rpc::Call inside = call;
  inside.principal.network_id = ids::IdFromName("networks", network.name()).value_or("");
  inside.principal.network_code = network.code();
  inside.principal.time_zone = network.time_zone();
  return inside;
}

}  // namespace kubari::registry
