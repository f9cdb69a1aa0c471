// What every handler needs, and the frame of a mutation.
#pragma once

#include <google/protobuf/wrappers.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/identity/v1/identity.grpc.pb.h"
#include "kubari/stock/v1/stock.grpc.pb.h"
#include "libs/calendar/clock.h"
#include "libs/errors/macros.h"
#include "libs/pg/idempotency.h"
#include "libs/pg/pool.h"
#include "libs/registry/mutation.h"
#include "libs/rpc/call.h"
#include "libs/rpc/client.h"
#include "services/support/acting.h"
#include "services/support/keys.h"
#include "services/support/request_store.h"

namespace kubari::support {

struct Tools {
  pg::Pool& pool;
  Keys& keys;
  const calendar::Clock& clock;
  identity::v1::IdentityService::Stub& identity;
  stock::v1::StockService::Stub& stock;
  const std::string service_key;
};

// The organisations for which the caller may act with this method: where one of its own_roles is held. A service has
// none, so it is a stranger to every request.
inline const std::vector<std::string>& OrganisationsOf(const rpc::Call& call) { return call.scope.organisation_ids; }

// What stands in `requests` for a mutation: not the request itself, nor its plain hash, from which a short text could
// be guessed, but a code that only this network's key makes. The caller is part of it: an answer is given again only to
// whom it was given first.
template <typename Request>
google::protobuf::BytesValue Blinded(const Key& network_key, const std::string& subject, const Request& request) {
  google::protobuf::BytesValue blinded;
  blinded.set_value(Mac(network_key, "kubari.support.request", absl::StrCat(subject, "\n", pg::RequestHash(request))));
  return blinded;
}

// The network of a signed-in caller.
inline absl::StatusOr<Network> NetworkOf(const Tools& tools, const rpc::Call& call) {
  ASSIGN_OR_RETURN(const std::string network_id, rpc::NetworkOf(call));
  return tools.keys.Of(network_id, call.principal.time_zone, call.deadline);
}

// Runs `f(tx)`, which returns absl::StatusOr<Response>, once for this request_id, in one transaction that acts for
// `organisations`. The recorded answer holds nothing of what is encrypted, because no answer of a mutation does.
template <typename Response, typename Request, typename F>
absl::StatusOr<Response> Mutate(const Tools& tools, const rpc::Call& call, const Network& network,
                                const std::vector<std::string>& organisations, const Request& request, F&& f) {
  const google::protobuf::BytesValue blinded = Blinded(network.key, call.principal.subject, request);
  return tools.pool.Transact(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<Response> {
    ActFor(tx, organisations);
    return pg::Idempotent<Response>(tx, request.request_id(), call.method->full_name(), blinded, f);
  });
}

// The first answer to this request, if there is one: for mutations that ask other services before they write.
template <typename Response, typename Request>
absl::StatusOr<std::optional<Response>> FirstAnswer(const Tools& tools, const rpc::Call& call, const Network& network,
                                                    const Request& request) {
  const std::string hash = pg::RequestHash(Blinded(network.key, call.principal.subject, request));
  return tools.pool.Transact(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<Response>> {
    ASSIGN_OR_RETURN(const std::optional<std::string> found,
                     pg::FindAnswer(tx, request.request_id(), call.method->full_name(), hash));
    if (!found) return std::nullopt;
    Response first;
    if (!first.ParseFromString(*found)) return absl::InternalError("requests.response does not parse");
    return first;
  });
}

// An organisation of the caller's network, from identity. FAILED_PRECONDITION / ADDRESSEE_INVALID unless it may be
// responsible for requests: the intermediary, a group or a partner.
absl::StatusOr<Organisation> FindParty(const Tools& tools, const rpc::Call& call, const std::string& organisation_id);

}  // namespace kubari::support
