#include "services/support/keys.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/log/log.h"

namespace kubari::support {
namespace {

constexpr pg::Statement kFind{"SELECT sealed_key, sealed_by, time_zone FROM networks WHERE network_id = $1"};
constexpr pg::Statement kInsert{
    "INSERT INTO networks (network_id, time_zone, sealed_key, sealed_by, create_time) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (network_id) DO NOTHING"};
constexpr pg::Statement kReseal{
    "UPDATE networks SET sealed_key = $2, sealed_by = $3 WHERE network_id = $1 AND sealed_by = $4"};
constexpr pg::Statement kAll{"SELECT all_networks() AS network_id"};

std::string ContextOfKey(const std::string& network_id) { return ContextOf(network_id, network_id, "key"); }

}  // namespace

absl::StatusOr<Network> Keys::OpenRow(const std::string& network_id, const pg::Row& row) const {
  const std::string by = row.Get<std::string>("sealed_by");
  const Key* key = by == installation_.Fingerprint()         ? &installation_
                   : former_ && by == former_->Fingerprint() ? &*former_
                                                             : nullptr;
  if (key == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("Network ", network_id, " is sealed with the installation key ", by, ", and this process has ",
                     installation_.Fingerprint(), former_ ? absl::StrCat(" and ", former_->Fingerprint()) : "",
                     ". Give the right file as --encryption-key-file, or as --former-encryption-key-file."));
  }
  ASSIGN_OR_RETURN(const std::string bytes,
                   Open(*key, ContextOfKey(network_id), row.Get<pg::Bytes>("sealed_key").value));
  if (bytes.size() != 32) return absl::DataLossError("networks.sealed_key holds no key");
  return Network{.key = Key::Of(bytes), .time_zone = row.Get<std::string>("time_zone")};
}

absl::StatusOr<Network> Keys::Of(const std::string& network_id, const std::string& time_zone, absl::Time deadline) {
  absl::StatusOr<Network> found = Find(network_id, deadline);
  if (!absl::IsNotFound(found.status())) return found;
  // In a transaction of its own: what is sealed with the key must not outlive a key that was rolled back.
  RETURN_IF_ERROR(
      pool_.Transact({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::Status {
        return tx
            .Execute(kInsert, network_id, time_zone,
                     pg::Bytes{Seal(installation_, ContextOfKey(network_id), Key::Random().bytes())},
                     installation_.Fingerprint(), clock_.Now())
            .status();
      }));
  return Find(network_id, deadline);
}

absl::StatusOr<Network> Keys::Find(const std::string& network_id, absl::Time deadline) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = networks_.find(network_id); found != networks_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(
      const Network network,
      pool_.Read({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<Network> {
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, network_id));
        if (rows.empty()) return absl::NotFoundError("the network has no key yet");
        return OpenRow(network_id, rows[0]);
      }));
  std::lock_guard lock(mutex_);
  networks_.emplace(network_id, network);
  return network;
}

absl::StatusOr<std::vector<std::string>> Keys::AllNetworks(absl::Time deadline) {
  return pool_.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kAll));
    std::vector<std::string> networks;
    for (const pg::Row row : rows) networks.push_back(row.Get<std::string>("network_id"));
    return networks;
  });
}

absl::Status Keys::Rotate() {
  const absl::Time deadline = absl::Now() + absl::Minutes(5);
  ASSIGN_OR_RETURN(const std::vector<std::string> networks, AllNetworks(deadline));
  int resealed = 0;
  for (const std::string& network_id : networks) {
    RETURN_IF_ERROR(
        pool_.Transact({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::Status {
          ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFind, network_id));
          if (rows.empty()) return absl::OkStatus();
          ASSIGN_OR_RETURN(const Network network, OpenRow(network_id, rows[0]));
          if (!former_ || rows[0].Get<std::string>("sealed_by") != former_->Fingerprint()) return absl::OkStatus();
          ASSIGN_OR_RETURN(const int64_t changed,
                           tx.Execute(kReseal, network_id,
                                      pg::Bytes{Seal(installation_, ContextOfKey(network_id), network.key.bytes())},
                                      installation_.Fingerprint(), former_->Fingerprint()));
          resealed += static_cast<int>(changed);
          return absl::OkStatus();
        }));
  }
  if (former_) log::Info("keys resealed", {{"networks", resealed}, {"key", installation_.Fingerprint()}});
  return absl::OkStatus();
}

}  // namespace kubari::support
