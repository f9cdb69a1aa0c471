#include "libs/registry/networks.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/rpc/client.h"

namespace kubari::registry {

Networks::Networks(std::shared_ptr<grpc::ChannelInterface> identity, std::string service_key)
    : identity_(identity::v1::IdentityService::NewStub(std::move(identity))), service_key_(std::move(service_key)) {}

absl::StatusOr<std::vector<identity::v1::Network>> Networks::All(absl::Time deadline) {
  const absl::Time now = absl::Now();
  {
    std::lock_guard lock(mutex_);
    if (now < fresh_until_) return known_;
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
  fresh_until_ = now + absl::Minutes(1);
  return all;
}

absl::StatusOr<identity::v1::Network> Networks::Find(const rpc::Call& call, const std::string& code) {
  ASSIGN_OR_RETURN(const std::vector<identity::v1::Network> all, All(call.deadline));
  if (code.empty() && all.size() == 1) return all[0];
  const std::string wanted = absl::AsciiStrToLower(code);
  for (const identity::v1::Network& network : all) {
    if (network.code() == wanted) return network;
  }
  return errors::Make(absl::StatusCode::kNotFound, "NETWORK_NOT_FOUND",
                      code.empty() ? "Say which network is meant: the link has its code."
                                   : absl::StrCat("There is no network with the code '", code, "'; look at the link again."),
                      code.empty() ? "どのネットワークへの申し込みか分かりません。案内されたリンクから開いてください。"
                                   : absl::StrCat("コード「", code, "」のネットワークは見つかりません。リンクを確かめてください。"),
                      {{"network_code", code}});
}

rpc::Call Networks::Inside(const rpc::Call& call, const identity::v1::Network& network) {
  rpc::Call inside = call;
  inside.principal.network_id = ids::IdFromName("networks", network.name()).value_or("");
  inside.principal.network_code = network.code();
  inside.principal.time_zone = network.time_zone();
  return inside;
}

}  // namespace kubari::registry
