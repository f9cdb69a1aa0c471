#include "services/donors/acting_store.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"

namespace kubari::donors {
namespace {

constexpr pg::Statement kProfile{"SELECT profile, version FROM donors WHERE network_id = $1 AND donor_id = $2"};
constexpr pg::Statement kProfileAndLock{
    "SELECT profile, version FROM donors WHERE network_id = $1 AND donor_id = $2 FOR UPDATE"};
constexpr pg::Statement kActing{
    "SELECT x.donor_id, m.display_name, m.code, x.acting_donor_id, a.display_name AS acting_display_name, x.from_date, "
    "x.until_date FROM acting x JOIN donors m ON m.network_id = x.network_id AND m.donor_id = x.donor_id "
    "JOIN donors a ON a.network_id = x.network_id AND a.donor_id = x.acting_donor_id "
    "WHERE x.network_id = $1 AND (x.donor_id = $2 OR x.acting_donor_id = $2) AND x.from_date <= $3 "
    "AND coalesce(x.until_date, 'infinity'::date) >= $3 ORDER BY m.display_name, a.display_name, x.acting_donor_id"};
constexpr pg::Statement kSave{
    "UPDATE donors SET profile = $3, version = version + 1 WHERE network_id = $1 AND donor_id = $2"};
constexpr pg::Statement kAllow{
    "INSERT INTO acting (network_id, donor_id, acting_donor_id, from_date, until_date) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (network_id, donor_id, acting_donor_id) DO UPDATE SET until_date = excluded.until_date, "
    // A consent that goes on keeps its first day.
    "from_date = CASE WHEN coalesce(acting.until_date, 'infinity'::date) >= excluded.from_date THEN acting.from_date "
    "ELSE excluded.from_date END"};
constexpr pg::Statement kDisallow{
    "UPDATE acting SET until_date = $4::date - 1 WHERE network_id = $1 AND donor_id = $2 AND acting_donor_id = $3 "
    "AND coalesce(until_date, 'infinity'::date) >= $4::date"};
constexpr pg::Statement kMayAct{
    "SELECT FROM acting WHERE network_id = $1 AND donor_id = $2 AND acting_donor_id = $3 AND from_date <= $4 "
    "AND coalesce(until_date, 'infinity'::date) >= $4"};

}  // namespace

absl::StatusOr<v1::DonorProfile> LoadProfile(pg::Transaction& tx, const std::string& donor_id, absl::CivilDay today,
                                             Lock lock) {
  pg::Batch batch;
  batch.Add(lock == Lock::kUpdate ? kProfileAndLock : kProfile, tx.network_id(), donor_id)
      .Add(kActing, tx.network_id(), donor_id, today);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(batch));
  if (results[0].empty()) return DonorNotFound(donor_id);
  v1::DonorProfile profile;
  if (!profile.ParseFromString(results[0][0].Get<pg::Bytes>("profile").value))
    return absl::InternalError("donors.profile does not parse");
  profile.set_donor(ids::Name("donors", donor_id));
  profile.set_etag(registry::EtagOf(results[0][0].Get<int64_t>("version")));
  for (const pg::Row row : results[1]) {
    v1::Acting acting;
    acting.set_donor(ids::Name("donors", row.Get<std::string>("donor_id")));
    acting.set_donor_display_name(row.Get<std::string>("display_name"));
    acting.set_donor_code(row.Get<std::string>("code"));
    acting.set_acting_donor(ids::Name("donors", row.Get<std::string>("acting_donor_id")));
    acting.set_acting_donor_display_name(row.Get<std::string>("acting_display_name"));
    acting.set_from_date(row.Get<std::string>("from_date"));
    acting.set_until_date(row.Get<std::optional<std::string>>("until_date").value_or(""));
    *(acting.donor() == profile.donor() ? profile.add_acting_for_it() : profile.add_acts_for()) = acting;
  }
  return profile;
}

void SaveProfile(pg::Transaction& tx, const std::string& donor_id, const v1::DonorProfile& profile) {
  v1::DonorProfile kept;
  *kept.mutable_branches() = profile.branches();
  *kept.mutable_contacts() = profile.contacts();
  tx.Defer(kSave, tx.network_id(), donor_id, pg::Bytes{kept.SerializeAsString()});
}

void Allow(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id, absl::CivilDay today,
           const std::optional<absl::CivilDay>& until) {
  tx.Defer(kAllow, tx.network_id(), donor_id, acting_donor_id, today, until);
}

absl::StatusOr<bool> Disallow(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id,
                              absl::CivilDay today) {
  ASSIGN_OR_RETURN(const int64_t ended, tx.Execute(kDisallow, tx.network_id(), donor_id, acting_donor_id, today));
  return ended > 0;
}

absl::StatusOr<bool> MayAct(pg::Transaction& tx, const std::string& donor_id, const std::string& acting_donor_id,
                            absl::CivilDay today) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kMayAct, tx.network_id(), donor_id, acting_donor_id, today));
  return !rows.empty();
}

absl::Status CheckConsent(pg::Transaction& tx, const std::string& donor, const std::string& acting_donor,
                          absl::CivilDay today) {
  if (acting_donor.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool consented,
                   MayAct(tx, *ids::IdFromName("donors", donor), *ids::IdFromName("donors", acting_donor), today));
  if (consented) return absl::OkStatus();
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "NO_CONSENT",
      "The maker has not consented, or no longer, that goods are offered in its name. Ask it to, then try again.",
      "メーカーの同意がないか、取り消されているため、代わりに申し出ることはできません。同意を得てからやり直してください。",
      {{"donor", donor}, {"acting_donor", acting_donor}});
}

}  // namespace kubari::donors
