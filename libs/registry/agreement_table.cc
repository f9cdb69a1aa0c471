#include "libs/registry/agreement_table.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/registry/fields.h"

namespace kubari::registry {
namespace {

constexpr pg::Statement kLoad{
    "SELECT a.party_id, a.agreement_id, a.valid_from, a.valid_to, a.end_date, v.title, v.conditions, v.version, "
    "v.from_date FROM agreements a CROSS JOIN LATERAL (SELECT * FROM agreement_versions v "
    "WHERE v.network_id = a.network_id AND v.agreement_id = a.agreement_id "
    "AND v.from_date <= greatest($3::date, a.valid_from) ORDER BY v.version DESC LIMIT 1) v "
    "WHERE a.network_id = $1 AND a.party_id = ANY($2::uuid[]) ORDER BY a.party_id, a.valid_from DESC, a.create_time "
    "DESC"};
constexpr pg::Statement kDuties{
    "SELECT v.agreement_id, v.duties FROM unnest($2::uuid[], $3::int[]) k (agreement_id, version) "
    "JOIN agreement_versions v ON v.network_id = $1 AND v.agreement_id = k.agreement_id AND v.version = k.version"};
constexpr pg::Statement kInsert{
    "INSERT INTO agreements (network_id, agreement_id, party_id, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5)"};
constexpr pg::Statement kInsertVersion{
    "INSERT INTO agreement_versions (network_id, agreement_id, version, from_date, title, valid_to, conditions, duties, "
    "report_months) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr pg::Statement kEnd{
    "UPDATE agreements SET end_date = $3, revision = revision + 1 WHERE network_id = $1 AND agreement_id = $2"};
constexpr pg::Statement kProlong{
    "UPDATE agreements SET valid_to = $3, revision = revision + 1 WHERE network_id = $1 AND agreement_id = $2"};

}  // namespace

absl::Status ReadVersion(const pg::Row& row, const std::string& name, type::v1::Agreement& agreement) {
  agreement.set_name(name);
  agreement.set_title(row.Get<std::string>("title"));
  agreement.set_valid_from_date(row.Get<std::string>("valid_from"));
  agreement.set_valid_to_date(row.Get<std::optional<std::string>>("valid_to").value_or(""));
  const auto end_date = row.Get<std::optional<std::string>>("end_date");
  agreement.set_state(end_date ? type::v1::AGREEMENT_STATE_TERMINATED : type::v1::AGREEMENT_STATE_SIGNED);
  agreement.set_end_date(end_date.value_or(""));
  agreement.set_version(row.Get<int>("version"));
  agreement.set_version_from_date(row.Get<std::string>("from_date"));
  if (const auto conditions = row.Get<std::optional<pg::Bytes>>("conditions")) {
    if (!agreement.mutable_conditions()->ParseFromString(conditions->value)) {
      return absl::InternalError("agreement_versions.conditions does not parse");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, Agreements>> LoadAgreements(pg::Transaction& tx, const std::string& collection,
                                                                 const std::vector<std::string>& party_ids,
                                                                 std::optional<absl::CivilDay> day) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kLoad, tx.network_id(), party_ids, day.value_or(absl::CivilDay(9999, 12, 31))));
  std::map<std::string, Agreements> all;
  for (const pg::Row row : rows) {
    const auto party_id = row.Get<std::string>("party_id");
    const std::string name =
        absl::StrCat(collection, "/", party_id, "/agreements/", row.Get<std::string>("agreement_id"));
    RETURN_IF_ERROR(ReadVersion(row, name, *all[party_id].Add()));
  }
  return all;
}

absl::Status LoadDuties(pg::Transaction& tx, Agreements& agreements) {
  if (agreements.empty()) return absl::OkStatus();
  std::vector<std::string> ids;
  std::vector<int> versions;
  for (const type::v1::Agreement& each : agreements) {
    ids.push_back(each.name().substr(each.name().rfind('/') + 1));
    versions.push_back(each.version());
  }
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kDuties, tx.network_id(), ids, versions));
  for (const pg::Row row : rows) {
    const auto at = std::find(ids.begin(), ids.end(), row.Get<std::string>("agreement_id")) - ids.begin();
    if (!agreements[static_cast<int>(at)].mutable_duties()->ParseFromString(row.Get<pg::Bytes>("duties").value))
      return absl::InternalError("agreement_versions.duties does not parse");
  }
  return absl::OkStatus();
}

void InsertAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& party_id,
                     const type::v1::Agreement& agreement) {
  tx.Defer(kInsert, tx.network_id(), agreement_id, party_id, ParseDay(agreement.valid_from_date()),
           ParseDay(agreement.valid_to_date()));
  InsertVersion(tx, agreement_id, 1, *ParseDay(agreement.valid_from_date()), agreement);
}

void InsertVersion(pg::Transaction& tx, const std::string& agreement_id, int version, absl::CivilDay from_day,
                   const type::v1::Agreement& agreement) {
  std::optional<pg::Bytes> conditions;
  if (agreement.has_conditions()) conditions = pg::Bytes{agreement.conditions().SerializeAsString()};
  tx.Defer(kInsertVersion, tx.network_id(), agreement_id, version, from_day, agreement.title(),
           ParseDay(agreement.valid_to_date()), conditions, pg::Bytes{agreement.duties().SerializeAsString()},
           agreement.duties().report_months());
  if (version > 1) tx.Defer(kProlong, tx.network_id(), agreement_id, ParseDay(agreement.valid_to_date()));
}

void EndAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& end_date) {
  tx.Defer(kEnd, tx.network_id(), agreement_id, ParseDay(end_date));
}

}  // namespace kubari::registry
