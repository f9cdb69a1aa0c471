// Agreements over time, the same for both registries: versions, papers, and what ends when
// (kubari/type/v1/agreements.proto). Each service puts it behind its own AgreementsService.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kubari/type/v1/agreements.pb.h"
#include "libs/calendar/clock.h"
#include "libs/pg/pool.h"
#include "libs/rpc/call.h"

namespace kubari::registry {

// Whose agreements they are.
struct Parties {
  const char* collection;  // "donors", "groups"
  pg::Statement lock;      // the party's row ($2), locked; no row: there is none
  pg::Statement touch;     // raises the version of the party's row ($2)
  pg::Statement list;      // KUBARI_AGREEMENT_LIST
};

// The agreements of a registry as a list, behind a key (last day, id): $2 today, $3 parties' ids or NULL, $4 and $5 first
// and last of the last days that count (NULL: any), $6 last of the days on which the next report may be due (NULL: any),
// $7 and $8 the key or NULL, $9 so many. The next report is due every so many months after the first day, today or later
// and while the agreement is in force.
#define KUBARI_AGREEMENT_LIST(table, id)                                                                             \
  "SELECT * FROM (SELECT a.party_id, p.display_name, a.agreement_id, a.valid_from, a.valid_to, a.end_date, "        \
  "a.revision, v.version, v.from_date, v.title, v.conditions, v.duties, "                                           \
  "least(a.end_date, a.valid_to, 'infinity'::date) AS last_day, "                                                   \
  "(SELECT min(r.day) FROM (SELECT (a.valid_from + make_interval(months => k * v.report_months))::date AS day "     \
  "FROM (SELECT (extract(year FROM age($2::date, a.valid_from)) * 12 + "                                            \
  "extract(month FROM age($2::date, a.valid_from)))::int / nullif(v.report_months, 0) AS done) m "                  \
  "CROSS JOIN LATERAL generate_series(greatest(m.done, 1), greatest(m.done, 1) + 1) k) r "                          \
  "WHERE v.report_months > 0 AND r.day >= $2::date "                                                               \
  "AND r.day <= least(a.end_date, a.valid_to, 'infinity'::date)) AS next_report "                                  \
  "FROM agreements a JOIN " table " p ON p.network_id = a.network_id AND p." id " = a.party_id "                    \
  "CROSS JOIN LATERAL (SELECT * FROM agreement_versions v WHERE v.network_id = a.network_id "                       \
  "AND v.agreement_id = a.agreement_id AND v.from_date <= greatest($2::date, a.valid_from) "                        \
  "ORDER BY v.version DESC LIMIT 1) v "                                                                             \
  "WHERE a.network_id = $1 AND ($3::uuid[] IS NULL OR a.party_id = ANY($3::uuid[])) "                               \
  "AND ($4::date IS NULL OR least(a.end_date, a.valid_to, 'infinity'::date) >= $4::date) "                          \
  "AND ($5::date IS NULL OR least(a.end_date, a.valid_to, 'infinity'::date) <= $5::date) "                          \
  "AND ($7::date IS NULL OR (least(a.end_date, a.valid_to, 'infinity'::date), a.agreement_id) > "                   \
  "($7::date, $8::uuid))) l WHERE ($6::date IS NULL OR l.next_report <= $6::date) "                                 \
  "ORDER BY l.last_day, l.agreement_id LIMIT $9"

struct AgreementFilter {
  absl::CivilDay today;
  std::optional<std::vector<std::string>> party_ids;           // nothing: all
  std::optional<absl::CivilDay> first_last_day, last_last_day;  // of the agreements' last days
  std::optional<absl::CivilDay> report_until;                  // a report is due up to this day
  std::optional<std::string> after_last_day, after_id;         // both or neither; "infinity" for no end
  int limit = 0;
};
// By last day, then id. Without papers.
absl::StatusOr<std::vector<type::v1::PartyAgreement>> ListAgreements(pg::Transaction& tx, const Parties& parties,
                                                                     const AgreementFilter& filter);

class AgreementsHandler {
 public:
  // All must outlive it.
  AgreementsHandler(pg::Pool& pool, const Parties& parties, const calendar::Clock& clock)
      : pool_(pool), parties_(parties), clock_(clock) {}

  absl::StatusOr<type::v1::Agreement> ReviseAgreement(const rpc::Call& call,
                                                      const type::v1::ReviseAgreementRequest& request);
  absl::StatusOr<type::v1::ListAgreementVersionsResponse> ListAgreementVersions(
      const rpc::Call& call, const type::v1::ListAgreementVersionsRequest& request);
  absl::StatusOr<type::v1::Agreement> AddAgreementDocument(const rpc::Call& call,
                                                           const type::v1::AddAgreementDocumentRequest& request);
  absl::StatusOr<type::v1::GetAgreementDocumentResponse> GetAgreementDocument(
      const rpc::Call& call, const type::v1::GetAgreementDocumentRequest& request);
  absl::StatusOr<type::v1::ListAgreementsResponse> ListAgreements(const rpc::Call& call,
                                                                  const type::v1::ListAgreementsRequest& request);

 private:
  // INVALID_ARGUMENT, or PERMISSION_DENIED / NOT_YOUR_ORGANISATION where the caller sees its own alone.
  absl::Status CheckOwn(const rpc::Call& call, const std::string& party_id) const;

  pg::Pool& pool_;
  const Parties& parties_;
  const calendar::Clock& clock_;
};

}  // namespace kubari::registry
