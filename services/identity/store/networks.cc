#include "services/identity/store/networks.h"

#include <absl/strings/str_cat.h>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/search_table.h"

namespace kubari::identity {
namespace {

constexpr pg::Statement kInsertNetwork{
    "INSERT INTO networks (network_id, code, display_name, time_zone, create_time) VALUES ($1, $2, $3, $4, $5)"};
constexpr pg::Statement kLoadNetwork{
    "SELECT network_id, code, display_name, time_zone, create_time FROM networks WHERE network_id = $1"};
constexpr pg::Statement kNetworkOfCode{"SELECT network_of_code($1) AS network_id"};
constexpr pg::Statement kListNetworks{"SELECT * FROM list_networks($1, $2)"};

constexpr pg::Statement kInsertOrganisation{
    "INSERT INTO organisations (network_id, organisation_id, kind, display_name, create_time) VALUES ($1, $2, $3, $4, "
    "$5) "
    "ON CONFLICT ON CONSTRAINT organisations_pkey DO NOTHING"};
constexpr pg::Statement kLoadOrganisation{
    "SELECT organisation_id, kind, display_name, create_time FROM organisations WHERE network_id = $1 AND "
    "organisation_id = $2"};
constexpr pg::Statement kListOrganisations{
    "SELECT organisation_id, kind, display_name, create_time FROM organisations "
    "WHERE network_id = $1 AND ($2 = 0 OR kind = $2) AND (display_name, organisation_id) > ($3, $4::uuid) "
    "AND ($6::text[] IS NULL OR organisation_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{organisations}'", "$6", "$7", "$8") " f)) "
    "ORDER BY display_name, organisation_id LIMIT $5"};
constexpr pg::Statement kKinds{
    "SELECT organisation_id, kind FROM organisations WHERE network_id = $1 AND organisation_id = ANY ($2::uuid[])"};

pb::Network NetworkOf(const pg::Row& row) {
  pb::Network network;
  network.set_name(ids::Name("networks", row.Get<std::string>("network_id")));
  network.set_code(row.Get<std::string>("code"));
  network.set_display_name(row.Get<std::string>("display_name"));
  network.set_time_zone(row.Get<std::string>("time_zone"));
  *network.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  return network;
}

pb::Organisation OrganisationOf(const pg::Row& row) {
  pb::Organisation organisation;
  organisation.set_name(ids::Name("organisations", row.Get<std::string>("organisation_id")));
  organisation.set_kind(static_cast<pb::OrganisationKind>(row.Get<int>("kind")));
  organisation.set_display_name(row.Get<std::string>("display_name"));
  *organisation.mutable_create_time() = ToTimestamp(row.Get<absl::Time>("create_time"));
  return organisation;
}

absl::Status NetworkCodeTaken(const std::string& code) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "NETWORK_CODE_TAKEN",
      absl::StrCat("The code \"", code, "\" belongs to another network. Choose another one."),
      absl::StrCat("コード「", code, "」は別のネットワークで使われています。別のコードを選んでください。"),
      {{"code", code}});
}

}  // namespace

absl::Status InsertNetwork(pg::Transaction& tx, const std::string& code, const std::string& display_name,
                           const std::string& time_zone, absl::Time now) {
  const absl::Status status = tx.Execute(kInsertNetwork, tx.network_id(), code, display_name, time_zone, now).status();
  return pg::ConstraintOf(status) == "networks_code_key" ? NetworkCodeTaken(code) : status;
}

absl::StatusOr<pb::Network> LoadNetwork(pg::Transaction& tx) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadNetwork, tx.network_id()));
  if (rows.empty()) return NotFound("NETWORK_NOT_FOUND", ids::Name("networks", tx.network_id()));
  return NetworkOf(rows[0]);
}

absl::StatusOr<std::optional<std::string>> FindNetworkByCode(pg::Pool& pool, const std::string& code,
                                                             absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kNetworkOfCode, code));
    return rows[0].Get<std::optional<std::string>>("network_id");
  });
}

absl::StatusOr<std::vector<pb::Network>> ListNetworks(pg::Pool& pool, const std::string& after_code, int limit,
                                                      absl::Time deadline) {
  return pool.Read({.deadline = deadline}, [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<pb::Network>> {
    ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kListNetworks, after_code, limit));
    std::vector<pb::Network> networks;
    for (const pg::Row row : rows) networks.push_back(NetworkOf(row));
    return networks;
  });
}

absl::Status InsertOrganisation(pg::Transaction& tx, const std::string& id, pb::OrganisationKind kind,
                                const std::string& display_name, absl::Time now) {
  RETURN_IF_ERROR(tx.Execute(kInsertOrganisation, tx.network_id(), id, static_cast<int>(kind), display_name, now));
  registry::PutSearchKey(tx, "organisations", id, {display_name});
  return absl::OkStatus();
}

absl::StatusOr<pb::Organisation> LoadOrganisation(pg::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoadOrganisation, tx.network_id(), id));
  if (rows.empty()) return NotFound("ORGANISATION_NOT_FOUND", ids::Name("organisations", id));
  return OrganisationOf(rows[0]);
}

absl::StatusOr<std::vector<pb::Organisation>> ListOrganisations(pg::Transaction& tx, pb::OrganisationKind kind,
                                                                const std::string& query, const std::string& after_name,
                                                                const std::string& after_id, int limit) {
  const registry::SearchWords words = registry::SplitQuery(query);
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kListOrganisations, tx.network_id(), static_cast<int>(kind), after_name, after_id, limit,
                            words.any(), words.readings, words.similar));
  std::vector<pb::Organisation> organisations;
  for (const pg::Row row : rows) organisations.push_back(OrganisationOf(row));
  return organisations;
}

absl::StatusOr<std::map<std::string, pb::OrganisationKind>> KindsOf(pg::Transaction& tx,
                                                                    const std::vector<std::string>& ids) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kKinds, tx.network_id(), ids));
  std::map<std::string, pb::OrganisationKind> kinds;
  for (const pg::Row row : rows) {
    kinds[row.Get<std::string>("organisation_id")] = static_cast<pb::OrganisationKind>(row.Get<int>("kind"));
  }
  return kinds;
}

}  // namespace kubari::identity
