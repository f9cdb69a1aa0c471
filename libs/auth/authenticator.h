// From a token to a principal.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "kubari/identity/v1/identity.grpc.pb.h"
#include "libs/auth/principal.h"

namespace kubari::auth {

// What a call brings along.
struct Credentials {
  // Of "authorization: Bearer …"; empty if there was none.
  std::string token;
  // Metadata kubari-network (UUID), kubari-time-zone (IANA name) and kubari-subject ("people/{uuid}", "devices/{uuid}" or
  // "apiKeys/{uuid}": for whom the service acts); heard only from services.
  std::string network;
  std::string time_zone;
  std::string subject;
  // For the trace.
  std::string request_id;
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // May block until `deadline`; called on worker threads by many at once. Errors: UNAUTHENTICATED / TOKEN_MISSING, TOKEN_INVALID;
  // UNAVAILABLE / IDENTITY_UNAVAILABLE with RetryInfo; INVALID_ARGUMENT / METADATA_INVALID from a service.
  virtual absl::StatusOr<Principal> Authenticate(const Credentials& credentials, absl::Time deadline) = 0;
};

absl::Status TokenMissing();
absl::Status TokenInvalid();

// The principal of a service, if the token is the service key (compared in constant time); nothing if it is not, or if `key` is empty.
// It acts for credentials.subject, if given; that changes no right, only whom the record names.
// Errors: INVALID_ARGUMENT / METADATA_INVALID if the network is not a UUID, the time zone is unknown or the subject is no such name.
absl::StatusOr<std::optional<Principal>> AuthenticateService(std::string_view key, const Credentials& credentials);

// From identity's answer.
Principal PrincipalOf(const kubari::identity::v1::Session& session);

// Asks the identity service. Positive answers are kept for `cache_for`, so a revoked token works at most that much longer; look-ups
// of one token at the same time are one call.
class IdentityAuthenticator final : public Authenticator {
 public:
  struct Options {
    // Shared by all services of the installation: sent to identity, and accepted from callers if `accept_service_key`.
    std::string service_key;
    // The gateway sets false: nobody outside is a service.
    bool accept_service_key = true;
    absl::Duration cache_for = absl::Seconds(5);
    size_t cache_size = 20'000;
    std::function<absl::Time()> now = absl::Now;
  };
  IdentityAuthenticator(std::shared_ptr<grpc::ChannelInterface> identity, Options options);

  absl::StatusOr<Principal> Authenticate(const Credentials& credentials, absl::Time deadline) override;

 private:
  struct Entry {
    std::string hash;
    Principal principal;
    absl::Time fresh_until;
  };
  // A look-up under way; those who want the same token wait for it.
  struct Lookup {
    std::optional<absl::StatusOr<Principal>> result;
  };
  absl::StatusOr<Principal> Ask(const Credentials& credentials, absl::Time deadline);
  std::optional<Principal> Cached(const std::string& hash);           // mutex_ held
  void Remember(const std::string& hash, const Principal& principal);  // mutex_ held

  const Options options_;
  const std::unique_ptr<kubari::identity::v1::IdentityService::Stub> identity_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_hash_;
  std::unordered_map<std::string, std::shared_ptr<Lookup>> lookups_;
};

}  // namespace kubari::auth
