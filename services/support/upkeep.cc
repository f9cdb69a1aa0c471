#include "services/support/upkeep.h"

#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "services/support/acting.h"
#include "services/support/boxes.h"
#include "services/support/notices.h"
#include "services/support/request_store.h"

namespace kubari::support {
namespace {

constexpr int kBatch = 200;
// What stays overdue is told again.
constexpr absl::Duration kTellAgain = absl::Hours(24 * 7);

constexpr pg::Statement kRequestsToErase{
    "SELECT r.support_request_id FROM support_requests r JOIN networks n ON n.network_id = r.network_id "
    "WHERE r.network_id = $1 AND NOT r.erased AND r.close_time + make_interval(days => n.retention_days) <= $2 "
    "ORDER BY r.close_time LIMIT $3 FOR UPDATE OF r SKIP LOCKED"};
// Closed long enough ago, or never looked at although the campaign was over long enough ago.
constexpr pg::Statement kApplicationsToErase{
    "SELECT a.application_id FROM applications a JOIN networks n ON n.network_id = a.network_id "
    "JOIN campaigns c ON c.network_id = a.network_id AND c.campaign_id = a.campaign_id "
    "WHERE a.network_id = $1 AND NOT a.erased AND (a.close_time + make_interval(days => n.retention_days) <= $2 "
    "  OR (a.close_time IS NULL AND c.closes_date + n.retention_days < $3::date)) "
    "ORDER BY a.create_time LIMIT $4 FOR UPDATE OF a SKIP LOCKED"};
constexpr pg::Statement kMarkApplication{
    "UPDATE applications SET erased = true, state = CASE WHEN state < 3 THEN 4 ELSE state END, "
    "close_time = coalesce(close_time, $3) WHERE network_id = $1 AND application_id = $2"};
constexpr pg::Statement kOverdue{
    "SELECT support_request_id FROM support_requests WHERE network_id = $1 AND state <= 3 "
    "AND (due_date < $2::date OR answer_due_time < $3::timestamptz) "
    "AND (told_overdue_time IS NULL OR told_overdue_time < $4) ORDER BY due_date LIMIT $5 FOR UPDATE SKIP LOCKED"};
constexpr pg::Statement kTold{
    "UPDATE support_requests SET told_overdue_time = $3 WHERE network_id = $1 AND support_request_id = $2"};

}  // namespace

absl::StatusOr<int> Upkeep::EraseRequests(const std::string& network_id) {
  const absl::Time now = clock_.Now();
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
                        [&](pg::Transaction& tx) -> absl::StatusOr<int> {
                          ActForAll(tx);
                          ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kRequestsToErase, network_id, now, kBatch));
                          for (const pg::Row row : rows) {
                            const std::string id = row.Get<std::string>("support_request_id");
                            ASSIGN_OR_RETURN(Request request, LoadRequest(tx, id, true));
                            EraseAll(tx, id);
                            request.standing.erased = true;
                            request.has_contact = false;
                            AddEntry(tx, request, {.kind = pb::JOURNAL_KIND_ERASED}, now);
                            SaveRequest(tx, request);
                          }
                          return rows.size();
                        });
}

absl::StatusOr<int> Upkeep::EraseApplications(const std::string& network_id, absl::CivilDay today) {
  const absl::Time now = clock_.Now();
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
                        [&](pg::Transaction& tx) -> absl::StatusOr<int> {
                          ActForAll(tx);
                          ASSIGN_OR_RETURN(const pg::Result rows,
                                           tx.Query(kApplicationsToErase, network_id, now, today, kBatch));
                          for (const pg::Row row : rows) {
                            const std::string id = row.Get<std::string>("application_id");
                            EraseAll(tx, id);
                            tx.Defer(kMarkApplication, network_id, id, now);
                          }
                          return rows.size();
                        });
}

absl::StatusOr<int> Upkeep::TellOverdueOnes(const std::string& network_id, absl::CivilDay today) {
  const absl::Time now = clock_.Now();
  return pool_.Transact(
      {.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
      [&](pg::Transaction& tx) -> absl::StatusOr<int> {
        ActForAll(tx);
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kOverdue, network_id, today, now, now - kTellAgain, kBatch));
        for (const pg::Row row : rows) {
          ASSIGN_OR_RETURN(const Request request, LoadRequest(tx, row.Get<std::string>("support_request_id"), false));
          Audience to;
          for (const std::string& id : std::set<std::string>{request.standing.requester, request.standing.responsible,
                                                             request.standing.proposed}) {
            if (id.empty()) continue;
            ASSIGN_OR_RETURN(const std::optional<Organisation> organisation, LoadOrganisation(tx, id));
            if (organisation) to.push_back(*organisation);
          }
          TellOverdue(tx, request, to, now);
          tx.Defer(kTold, network_id, request.id, now);
        }
        return rows.size();
      });
}

absl::Status Upkeep::Run() {
  ASSIGN_OR_RETURN(const std::vector<std::string> networks, keys_.AllNetworks(absl::Now() + absl::Minutes(1)));
  absl::Status first;
  for (const std::string& network_id : networks) {
    const absl::Status status = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const Network network, keys_.Find(network_id, absl::Now() + absl::Minutes(1)));
      ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(network.time_zone));
      const absl::CivilDay today = calendar::Today(clock_.Now(), zone);
      int erased = 0;
      const auto until_done = [&](auto&& batch) -> absl::StatusOr<int> {
        int all = 0;
        for (int done = kBatch; done == kBatch;) {
          ASSIGN_OR_RETURN(done, batch());
          all += done;
        }
        return all;
      };
      ASSIGN_OR_RETURN(erased, until_done([&] { return EraseRequests(network_id); }));
      ASSIGN_OR_RETURN(const int applications, until_done([&] { return EraseApplications(network_id, today); }));
      ASSIGN_OR_RETURN(const int overdue, until_done([&] { return TellOverdueOnes(network_id, today); }));
      if (erased + applications + overdue > 0) {
        log::Info("support upkeep", {{"network", network_id},
                                     {"requests_erased", erased},
                                     {"applications_erased", applications},
                                     {"overdue_told", overdue}});
      }
      return absl::OkStatus();
    }();
    if (first.ok()) first = status;  // one network does not hold up the others
  }
  return first;
}

}  // namespace kubari::support
