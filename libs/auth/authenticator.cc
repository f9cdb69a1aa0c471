#include "libs/auth/authenticator.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/auth/tokens.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"

namespace kubari::auth {
namespace {

namespace pb = kubari::identity::v1;

// A token is one word of visible ASCII; anything else cannot be one of ours, and gRPC could not carry it in a header.
bool CouldBeAToken(std::string_view token) {
  return token.size() <= 512 && std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

absl::Status IdentityUnavailable() {
  return errors::WithRetry(
      errors::Make(absl::StatusCode::kUnavailable, "IDENTITY_UNAVAILABLE",
                   "Who you are cannot be checked just now, because the identity service does not answer. Try again shortly.",
                   "ただいま本人確認ができません。しばらくしてからもう一度お試しください。"),
      absl::Seconds(1));
}

std::string WithoutCollection(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

}  // namespace

absl::Status TokenMissing() {
  return errors::Make(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                      "This needs a signed-in caller. Sign in and send the token as \"authorization: Bearer …\".",
                      "サインインが必要です。サインインしてからもう一度お試しください。");
}

absl::Status TokenInvalid() {
  return errors::Make(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                      "The token is unknown, expired or revoked. Sign in again.",
                      "サインインの有効期限が切れたか、取り消されています。もう一度サインインしてください。");
}

absl::StatusOr<std::optional<Principal>> AuthenticateService(std::string_view key, const Credentials& credentials) {
  if (!EqualSecrets(key, credentials.token)) return std::nullopt;
  Principal principal;
  principal.is_service = true;
  principal.subject = credentials.subject.empty() ? kServiceSubject : credentials.subject;
  principal.display_name = "Kubari";
  principal.network_id = credentials.network;
  if (!credentials.time_zone.empty()) principal.time_zone = credentials.time_zone;

  errors::Violations violations;
  if (!credentials.network.empty()) violations.Uuid("kubari-network", credentials.network);
  const bool subject_is_name = credentials.subject.empty() || ids::IdFromName("people", credentials.subject) ||
                               ids::IdFromName("devices", credentials.subject) || ids::IdFromName("apiKeys", credentials.subject);
  absl::TimeZone zone;
  const bool known = absl::LoadTimeZone(principal.time_zone, &zone);
  if (!known || !subject_is_name || !violations.empty()) {
    return errors::Make(
        absl::StatusCode::kInvalidArgument, "METADATA_INVALID",
        absl::StrCat("Metadata kubari-network is \"", credentials.network, "\" (a UUID in lower case was expected), kubari-time-zone is \"",
                     principal.time_zone, "\" (an IANA name such as Asia/Tokyo was expected), kubari-subject is \"", credentials.subject,
                     "\" (people/, devices/ or apiKeys/ and a UUID was expected, or nothing)."),
        absl::StrCat("メタデータが正しくありません。kubari-network は「", credentials.network, "」（小文字の UUID が必要）、kubari-time-zone は「",
                     principal.time_zone, "」（Asia/Tokyo のような IANA 名が必要）、kubari-subject は「", credentials.subject,
                     "」（people/、devices/、apiKeys/ と UUID、または空が必要）です。"));
  }
  return principal;
}

Principal PrincipalOf(const pb::Session& session) {
  Principal principal;
  principal.network_id = WithoutCollection(session.network().name());
  principal.network_code = session.network().code();
  if (!session.network().time_zone().empty()) principal.time_zone = session.network().time_zone();
  principal.subject = session.subject();
  principal.display_name = session.display_name();
  if (!session.locale().empty()) principal.locale = session.locale();
  for (const pb::Grant& grant : session.grants()) {
    principal.grants.push_back({WithoutCollection(grant.organisation()), grant.role()});
  }
  return principal;
}

IdentityAuthenticator::IdentityAuthenticator(std::shared_ptr<grpc::ChannelInterface> identity, Options options)
    : options_(std::move(options)), identity_(pb::IdentityService::NewStub(identity)) {}

absl::StatusOr<Principal> IdentityAuthenticator::Authenticate(const Credentials& credentials, absl::Time deadline) {
  if (credentials.token.empty()) return TokenMissing();
  if (!CouldBeAToken(credentials.token)) return TokenInvalid();
  if (EqualSecrets(options_.service_key, credentials.token)) {
    // Recognised here even where it is not accepted, so that a stranger's guess never reaches identity as a token.
    if (!options_.accept_service_key) return TokenInvalid();
    ASSIGN_OR_RETURN(std::optional<Principal> service, AuthenticateService(options_.service_key, credentials));
    return *std::move(service);
  }

  const std::string hash = HashToken(credentials.token);
  std::shared_ptr<Lookup> lookup;
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (std::optional<Principal> principal = Cached(hash)) return *std::move(principal);
      const auto under_way = lookups_.find(hash);
      if (under_way == lookups_.end()) break;
      // Somebody asks already: the same answer is ours, unless only *their* time ran out. (The wait is by wall clock,
      // not by options_.now: it is about threads, not about decisions.)
      const std::shared_ptr<Lookup> theirs = under_way->second;
      if (!answered_.wait_until(lock, absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Hours(1))),
                                [&] { return theirs->result.has_value(); })) {
        return IdentityUnavailable();
      }
      if (theirs->result->ok() || absl::IsUnauthenticated(theirs->result->status())) return *theirs->result;
      if (absl::Now() >= deadline) return IdentityUnavailable();
    }
    lookup = lookups_[hash] = std::make_shared<Lookup>();
  }

  absl::StatusOr<Principal> answer = Ask(credentials, deadline);
  {
    const std::lock_guard lock(mutex_);
    lookup->result = answer;
    lookups_.erase(hash);
    if (answer.ok()) Remember(hash, *answer);
  }
  answered_.notify_all();
  return answer;
}

absl::StatusOr<Principal> IdentityAuthenticator::Ask(const Credentials& credentials, absl::Time deadline) {
  grpc::ClientContext context;
  // Waits for the connection, but not as long as a caller might: identity answers in milliseconds or is away.
  context.set_deadline(absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Seconds(5))));
  context.set_wait_for_ready(true);
  context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.service_key));
  if (!credentials.request_id.empty()) context.AddMetadata("kubari-request-id", credentials.request_id);
  pb::AuthenticateRequest request;
  request.set_token(credentials.token);
  pb::AuthenticateResponse response;
  const absl::Status status = errors::FromGrpc(identity_->Authenticate(&context, request, &response));
  if (status.ok()) return PrincipalOf(response.session());
  // TOKEN_MISSING and the like would be about our own service key, which is not the caller's fault.
  if (errors::ReasonOf(status) == "TOKEN_INVALID" && absl::IsUnauthenticated(status)) return TokenInvalid();
  log::Warning("identity did not say who the caller is", {{"error", status.message()}, {"reason", errors::ReasonOf(status)}});
  return IdentityUnavailable();
}

std::optional<Principal> IdentityAuthenticator::Cached(const std::string& hash) {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return std::nullopt;
  if (found->second->fresh_until <= options_.now()) {
    entries_.erase(found->second);
    by_hash_.erase(found);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->principal;
}

void IdentityAuthenticator::Remember(const std::string& hash, const Principal& principal) {
  if (options_.cache_size == 0) return;
  if (entries_.size() >= options_.cache_size) {
    by_hash_.erase(entries_.back().hash);
    entries_.pop_back();
  }
  entries_.push_front({hash, principal, options_.now() + options_.cache_for});
  by_hash_[hash] = entries_.begin();
}

}  // namespace kubari::auth
