#include "services/donors/donor_store.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/status.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/mutation.h"
#include "libs/registry/search_table.h"

namespace kubari::donors {
namespace {

constexpr pg::Statement kFind{
    "SELECT donor_id, code, display_name, name_kana, contact_email, address, kind, version, create_time "
    "FROM donors WHERE network_id = $1 AND donor_id = $2"};
constexpr pg::Statement kFindAndLock{
    "SELECT donor_id, code, display_name, name_kana, contact_email, address, kind, version, create_time "
    "FROM donors WHERE network_id = $1 AND donor_id = $2 FOR UPDATE"};
constexpr pg::Statement kList{
    "SELECT donor_id, code, display_name, name_kana, contact_email, address, kind, version, create_time FROM donors d "
    "WHERE network_id = $1 AND ($2::uuid[] IS NULL OR donor_id = ANY($2::uuid[])) "
    "AND ($3::text[] IS NULL OR donor_id IN (SELECT f.id FROM " KUBARI_SEARCH_FOUND("'{donors}'", "$3", "$9", "$10") " f)) "
    "AND ($11::int IS NULL OR kind = $11) AND ($4::text IS NULL OR (display_name, donor_id) > ($4, $5::uuid)) "
    "AND ($7::boolean IS NULL OR $7 = " KUBARI_AGREEMENT_IN_FORCE("d.donor_id", "$8") ") "
    "ORDER BY display_name, donor_id LIMIT $6"};
constexpr pg::Statement kFindByCode{
    "SELECT code, donor_id FROM donors WHERE network_id = $1 AND code = ANY($2::text[])"};
constexpr pg::Statement kFindTaken{
    "SELECT donor_id, code = $3 AS code_taken FROM donors WHERE network_id = $1 AND (donor_id = $2 OR code = $3)"};
constexpr pg::Statement kInsert{
    "INSERT INTO donors (network_id, donor_id, code, display_name, name_kana, contact_email, address, "
    "create_time, kind) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr pg::Statement kUpdate{
    "UPDATE donors SET display_name = $3, name_kana = $4, contact_email = $5, address = $6, kind = $7, "
    "version = version + 1 "
    "WHERE network_id = $1 AND donor_id = $2"};
// Offers are ordered by their donor's name.
constexpr pg::Statement kRename{
    "UPDATE offers SET donor_sort = $3 WHERE network_id = $1 AND donor_id = $2 AND donor_sort <> $3"};
constexpr pg::Statement kTouch{"UPDATE donors SET version = version + 1 WHERE network_id = $1 AND donor_id = $2"};

absl::Status CodeTaken(const std::string& code) {
  return errors::Make(absl::StatusCode::kAlreadyExists, "CODE_TAKEN",
                      absl::StrCat("Another donor has the code '", code, "'; choose another."),
                      absl::StrCat("コード「", code, "」は別の寄付企業が使っています。別のコードにしてください。"),
                      {{"code", code}});
}

absl::Status DonorExists(const std::string& donor_id) {
  return errors::Make(
      absl::StatusCode::kAlreadyExists, "DONOR_EXISTS",
      absl::StrCat("There is a donor with the id ", donor_id, " already; choose another, or leave donor_id empty."),
      absl::StrCat("ID ", donor_id, " の寄付企業はすでにあります。別の ID にするか、donor_id を空にしてください。"),
      {{"donor", ids::Name("donors", donor_id)}});
}

absl::StatusOr<v1::Donor> FromRow(const pg::Row& row) {
  v1::Donor donor;
  donor.set_name(ids::Name("donors", row.Get<std::string>("donor_id")));
  donor.set_code(row.Get<std::string>("code"));
  donor.set_display_name(row.Get<std::string>("display_name"));
  donor.set_name_kana(row.Get<std::string>("name_kana"));
  donor.set_contact_email(row.Get<std::string>("contact_email"));
  if (!donor.mutable_address()->ParseFromString(row.Get<pg::Bytes>("address").value)) {
    return absl::InternalError("donors.address does not parse");
  }
  donor.set_kind(static_cast<v1::DonorKind>(row.Get<int>("kind")));
  donor.set_etag(registry::EtagOf(row.Get<int64_t>("version")));
  *donor.mutable_create_time() = registry::ToTimestamp(row.Get<absl::Time>("create_time"));
  return donor;
}

absl::StatusOr<std::vector<v1::Donor>> WithAgreements(pg::Transaction& tx, const pg::Result& rows,
                                                      absl::CivilDay today) {
  std::vector<std::string> donor_ids;
  for (const pg::Row row : rows) donor_ids.push_back(row.Get<std::string>("donor_id"));
  if (donor_ids.empty()) return std::vector<v1::Donor>();
  ASSIGN_OR_RETURN(auto agreements, registry::LoadAgreements(tx, "donors", donor_ids, today));
  std::vector<v1::Donor> donors;
  for (const pg::Row row : rows) {
    ASSIGN_OR_RETURN(v1::Donor donor, FromRow(row));
    *donor.mutable_agreements() = std::move(agreements[row.Get<std::string>("donor_id")]);
    donors.push_back(std::move(donor));
  }
  return donors;
}

void PutSearchKeyOf(pg::Transaction& tx, const std::string& donor_id, const v1::Donor& donor) {
  registry::PutSearchKey(tx, "donors", donor_id, {donor.display_name(), donor.name_kana(), donor.code()});
}

}  // namespace

absl::Status DonorNotFound(const std::string& donor_id) {
  const std::string name = ids::Name("donors", donor_id);
  return errors::Make(absl::StatusCode::kNotFound, "DONOR_NOT_FOUND", absl::StrCat("There is no donor ", name, "."),
                      absl::StrCat("寄付企業 ", name, " は見つかりません。"), {{"donor", name}});
}

absl::StatusOr<v1::Donor> LoadDonor(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today,
                                    Lock lock) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(lock == Lock::kUpdate ? kFindAndLock : kFind, tx.network_id(), donor_id));
  if (rows.empty()) return DonorNotFound(donor_id);
  ASSIGN_OR_RETURN(std::vector<v1::Donor> donors, WithAgreements(tx, rows, today));
  return std::move(donors[0]);
}

absl::StatusOr<std::vector<v1::Donor>> ListDonors(pg::Transaction& tx, const DonorFilter& filter) {
  const registry::SearchWords all = registry::SplitQuery(filter.query);
  const registry::SearchWords query = filter.only ? all.Exactly() : all;
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(kList, tx.network_id(), filter.only, query.any(), filter.after_name, filter.after_id,
                            filter.limit, filter.in_force, filter.day, query.readings, query.similar, filter.kind));
  return WithAgreements(tx, rows, filter.day);
}

absl::Status CheckDonorIsNew(pg::Transaction& tx, const std::string& donor_id, const std::string& code) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindTaken, tx.network_id(), donor_id, code));
  for (const pg::Row row : rows) {
    if (row.Get<std::string>("donor_id") == donor_id) return DonorExists(donor_id);
  }
  return rows.empty() ? absl::OkStatus() : CodeTaken(code);
}

absl::Status InsertDonor(pg::Transaction& tx, const std::string& donor_id, const v1::Donor& donor, absl::Time now) {
  const absl::Status status =
      tx.Query(kInsert, tx.network_id(), donor_id, donor.code(), donor.display_name(), donor.name_kana(),
               donor.contact_email(), pg::Bytes{donor.address().SerializeAsString()}, now,
               static_cast<int>(donor.kind()))
          .status();
  if (pg::ConstraintOf(status) == "donors_code_key") return CodeTaken(donor.code());
  if (pg::ConstraintOf(status) == "donors_pkey") return DonorExists(donor_id);
  PutSearchKeyOf(tx, donor_id, donor);
  return status;
}

absl::Status UpdateDonor(pg::Transaction& tx, const v1::Donor& donor) {
  const std::string donor_id = *ids::IdFromName("donors", donor.name());
  tx.Defer(kRename, tx.network_id(), donor_id, donor.display_name());
  PutSearchKeyOf(tx, donor_id, donor);
  return tx
      .Query(kUpdate, tx.network_id(), donor_id, donor.display_name(), donor.name_kana(), donor.contact_email(),
             pg::Bytes{donor.address().SerializeAsString()}, static_cast<int>(donor.kind()))
      .status();
}

void TouchDonor(pg::Transaction& tx, const std::string& donor_id) { tx.Defer(kTouch, tx.network_id(), donor_id); }

absl::StatusOr<std::map<std::string, std::string>> FindDonorIds(pg::Transaction& tx,
                                                                const std::vector<std::string>& codes) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kFindByCode, tx.network_id(), codes));
  std::map<std::string, std::string> ids;
  for (const pg::Row row : rows) ids[row.Get<std::string>("code")] = row.Get<std::string>("donor_id");
  return ids;
}

}  // namespace kubari::donors
