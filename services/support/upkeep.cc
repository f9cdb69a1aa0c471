#include "services/support/upkeep.h"

#include <set>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "services/support/acting.h"
#include "services/support/boxes.h"
#include "services/support/new_request.h"
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
    "decline_reason = CASE WHEN state < 3 THEN $4 ELSE decline_reason END, close_time = coalesce(close_time, $3) WHERE "
    "network_id = $1 AND application_id = $2"};
// Open, and the retention time has passed since the last step and since the day on which it was needed.
#define KUBARI_LEFT_ALONE                                                              \
  "(r.state <= 3 AND r.activity_time + make_interval(days => n.retention_days) <= $2 " \
  "AND r.due_date + n.retention_days < $3::date)"
constexpr pg::Statement kToAnnounce{
    "SELECT r.support_request_id FROM support_requests r JOIN networks n ON n.network_id = r.network_id "
    "WHERE r.network_id = $1 AND " KUBARI_LEFT_ALONE
    " AND r.abandon_time IS NULL ORDER BY r.due_date LIMIT $4 FOR UPDATE OF r SKIP LOCKED"};
constexpr pg::Statement kAnnounced{
    "UPDATE support_requests SET abandon_time = $3 WHERE network_id = $1 AND support_request_id = $2"};
// The network keeps for longer now than when it was announced.
constexpr pg::Statement kTakeBack{
    "UPDATE support_requests r SET abandon_time = NULL FROM networks n WHERE n.network_id = r.network_id "
    "AND r.network_id = $1 AND r.abandon_time IS NOT NULL AND NOT " KUBARI_LEFT_ALONE};
constexpr pg::Statement kToEnd{
    "SELECT support_request_id FROM support_requests WHERE network_id = $1 AND abandon_time <= $2 "
    "ORDER BY abandon_time LIMIT $3 FOR UPDATE SKIP LOCKED"};
constexpr pg::Statement kOverdue{
    "SELECT support_request_id FROM support_requests WHERE network_id = $1 AND state <= 3 "
    "AND (due_date < $2::date OR answer_due_time < $3::timestamptz) "
    "AND (told_overdue_time IS NULL OR told_overdue_time < $4) ORDER BY due_date LIMIT $5 FOR UPDATE SKIP LOCKED"};
constexpr pg::Statement kTold{
    "UPDATE support_requests SET told_overdue_time = $3 WHERE network_id = $1 AND support_request_id = $2"};

// Whoever has something to do with a request: who asked, who is responsible, to whom it is proposed.
absl::StatusOr<Audience> PartiesNow(pg::Transaction& tx, const Standing& standing) {
  Audience to;
  for (const std::string& id : std::set<std::string>{standing.requester, standing.responsible, standing.proposed}) {
    if (id.empty()) continue;
    ASSIGN_OR_RETURN(const std::optional<Organisation> organisation, LoadOrganisation(tx, id));
    if (organisation) to.push_back(*organisation);
  }
  return to;
}

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
  return pool_.Transact(
      {.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
      [&](pg::Transaction& tx) -> absl::StatusOr<int> {
        ActForAll(tx);
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kApplicationsToErase, network_id, now, today, kBatch));
        for (const pg::Row row : rows) {
          const std::string id = row.Get<std::string>("application_id");
          EraseAll(tx, id);
          tx.Defer(kMarkApplication, network_id, id, now, static_cast<int>(pb::DECLINE_REASON_ABANDONED));
        }
        return rows.size();
      });
}

absl::StatusOr<int> Upkeep::AnnounceAbandoned(const std::string& network_id, absl::CivilDay today) {
  const absl::Time now = clock_.Now();
  return pool_.Transact(
      {.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
      [&](pg::Transaction& tx) -> absl::StatusOr<int> {
        ActForAll(tx);
        tx.Defer(kTakeBack, network_id, now, today);
        ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kToAnnounce, network_id, now, today, kBatch));
        for (const pg::Row row : rows) {
          ASSIGN_OR_RETURN(Request request, LoadRequest(tx, row.Get<std::string>("support_request_id"), false));
          request.abandon_time = now + kAnnouncedBefore;
          ASSIGN_OR_RETURN(const Audience to, PartiesNow(tx, request.standing));
          TellToBeAbandoned(tx, request, to, today + absl::ToInt64Hours(kAnnouncedBefore) / 24, now);
          tx.Defer(kAnnounced, network_id, request.id, request.abandon_time);
        }
        return rows.size();
      });
}

absl::StatusOr<int> Upkeep::EndAbandoned(const std::string& network_id) {
  const absl::Time now = clock_.Now();
  return pool_.Transact({.network_id = network_id, .deadline = absl::Now() + absl::Minutes(1)},
                        [&](pg::Transaction& tx) -> absl::StatusOr<int> {
                          ActForAll(tx);
                          ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kToEnd, network_id, now, kBatch));
                          for (const pg::Row row : rows) {
                            const std::string id = row.Get<std::string>("support_request_id");
                            ASSIGN_OR_RETURN(Request request, LoadRequest(tx, id, true));
                            ASSIGN_OR_RETURN(const Audience to, PartiesNow(tx, request.standing));
                            Close(tx, request, pb::SUPPORT_STATE_DECLINED, now);
                            request.decline_reason = pb::DECLINE_REASON_ABANDONED;
                            AddEntry(tx, request, {.kind = pb::JOURNAL_KIND_DECLINED, .reason = request.decline_reason},
                                     now);
                            EraseAll(tx, id);
                            request.standing.erased = true;
                            AddEntry(tx, request, {.kind = pb::JOURNAL_KIND_ERASED}, now);
                            SaveRequest(tx, request);
                            TellClosed(tx, request, to, now);
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
          ASSIGN_OR_RETURN(const Audience to, PartiesNow(tx, request.standing));
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
      ASSIGN_OR_RETURN(const int announced, until_done([&] { return AnnounceAbandoned(network_id, today); }));
      ASSIGN_OR_RETURN(const int abandoned, until_done([&] { return EndAbandoned(network_id); }));
      ASSIGN_OR_RETURN(const int overdue, until_done([&] { return TellOverdueOnes(network_id, today); }));
      if (erased + applications + announced + abandoned + overdue > 0) {
        log::Info("support upkeep", {{"network", network_id},
                                     {"requests_erased", erased},
                                     {"applications_erased", applications},
                                     {"to_be_abandoned_told", announced},
                                     {"abandoned", abandoned},
                                     {"overdue_told", overdue}});
      }
      return absl::OkStatus();
    }();
    if (first.ok()) first = status;  // one network does not hold up the others
  }
  return first;
}

}  // namespace kubari::support
