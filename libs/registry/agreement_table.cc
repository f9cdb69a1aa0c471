#include "libs/registry/agreement_table.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/registry/fields.h"

namespace kubari::registry {
namespace {

constexpr pg::Statement kLoad{
    "SELECT party_id, agreement_id, title, valid_from, valid_to, end_date, conditions FROM agreements "
    "WHERE network_id = $1 AND party_id = ANY($2::uuid[]) ORDER BY party_id, valid_from DESC, create_time DESC"};
constexpr pg::Statement kInsert{
    "INSERT INTO agreements (network_id, agreement_id, party_id, title, valid_from, valid_to, conditions) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kEnd{"UPDATE agreements SET end_date = $3 WHERE network_id = $1 AND agreement_id = $2"};

}  // namespace

absl::StatusOr<std::map<std::string, Agreements>> LoadAgreements(pg::Transaction& tx, const std::string& collection,
                                                                 const std::vector<std::string>& party_ids) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), party_ids));
  std::map<std::string, Agreements> all;
  for (const pg::Row row : rows) {
    const auto party_id = row.Get<std::string>("party_id");
    type::v1::Agreement& agreement = *all[party_id].Add();
    agreement.set_name(absl::StrCat(collection, "/", party_id, "/agreements/", row.Get<std::string>("agreement_id")));
    agreement.set_title(row.Get<std::string>("title"));
    agreement.set_valid_from_date(row.Get<std::string>("valid_from"));
    agreement.set_valid_to_date(row.Get<std::optional<std::string>>("valid_to").value_or(""));
    const auto end_date = row.Get<std::optional<std::string>>("end_date");
    agreement.set_state(end_date ? type::v1::AGREEMENT_STATE_TERMINATED : type::v1::AGREEMENT_STATE_SIGNED);
    agreement.set_end_date(end_date.value_or(""));
    if (const auto conditions = row.Get<std::optional<pg::Bytes>>("conditions")) {
      if (!agreement.mutable_conditions()->ParseFromString(conditions->value)) {
        return absl::InternalError("agreements.conditions does not parse");
      }
    }
  }
  return all;
}

void InsertAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& party_id,
                     const type::v1::Agreement& agreement) {
  std::optional<pg::Bytes> conditions;
  if (agreement.has_conditions()) conditions = pg::Bytes{agreement.conditions().SerializeAsString()};
  tx.Defer(kInsert, tx.network_id(), agreement_id, party_id, agreement.title(), ParseDay(agreement.valid_from_date()),
           ParseDay(agreement.valid_to_date()), conditions);
}

void EndAgreement(pg::Transaction& tx, const std::string& agreement_id, const std::string& end_date) {
  tx.Defer(kEnd, tx.network_id(), agreement_id, ParseDay(end_date));
}

}  // namespace kubari::registry
