#include "services/support/statistics_store.h"

#include <cmath>

#include "libs/errors/macros.h"

namespace kubari::support {
namespace {

// Keyed by the dimension: 0 the whole, 1 month, 2 municipality, 3 age band, 4 urgency, 5 state. A request has one key,
// but one for each band in which it has people.
constexpr pg::Statement kCount{
    "WITH keyed AS ("
    "  SELECT k.key, r.support_request_id, r.state, r.ages, r.households_reached, r.create_time, r.acknowledge_time, "
    "         r.close_time "
    "  FROM support_requests r, LATERAL ("
    "    SELECT CASE $5::int WHEN 0 THEN '' WHEN 1 THEN to_char(r.create_time AT TIME ZONE $2, 'YYYY-MM') "
    "           WHEN 2 THEN r.municipality_code WHEN 4 THEN r.urgency::text ELSE r.state::text END AS key "
    "    WHERE $5::int <> 3 "
    "    UNION ALL SELECT b.band::text FROM unnest(r.ages) WITH ORDINALITY AS b(people, band) "
    "    WHERE $5::int = 3 AND b.people > 0) k "
    "  WHERE r.network_id = $1 "
    "    AND ($3::date IS NULL OR r.create_time >= ($3::date)::timestamp AT TIME ZONE $2) "
    "    AND ($4::date IS NULL OR r.create_time < ($4::date + interval '1 month') AT TIME ZONE $2)), "
    "given AS ("
    "  SELECT k.key, count(DISTINCT f.delivery_id) AS deliveries, sum(f.items)::bigint AS items "
    "  FROM keyed k JOIN fulfilments f ON f.network_id = $1 AND f.support_request_id = k.support_request_id GROUP BY "
    "k.key) "
    "SELECT k.key, count(*) AS requests, "
    "  coalesce(sum((SELECT sum(p) FROM unnest(k.ages) AS p)), 0)::bigint AS people, "
    "  count(*) FILTER (WHERE k.state = 4) AS done, count(*) FILTER (WHERE k.state = 5) AS declined, "
    "  count(*) FILTER (WHERE k.state = 6) AS withdrawn, coalesce(sum(k.households_reached), 0)::bigint AS households, "
    "  coalesce(max(g.deliveries), 0)::bigint AS deliveries, coalesce(max(g.items), 0)::bigint AS items, "
    "  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM k.acknowledge_time - k.create_time)) "
    "    FILTER (WHERE k.acknowledge_time IS NOT NULL) AS to_acknowledge, "
    "  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM k.close_time - k.create_time)) "
    "    FILTER (WHERE k.state = 4) AS to_done "
    "FROM keyed k LEFT JOIN given g ON g.key = k.key GROUP BY k.key ORDER BY k.key"};

int TenthsOfDays(const std::optional<double>& seconds) {
  return seconds ? static_cast<int>(std::lround(*seconds / 8640)) : -1;
}

pb::SupportFigures FiguresOf(const pg::Row& row) {
  pb::SupportFigures figures;
  figures.set_requests(row.Get<int64_t>("requests"));
  figures.set_people(row.Get<int64_t>("people"));
  figures.set_done(row.Get<int64_t>("done"));
  figures.set_declined(row.Get<int64_t>("declined"));
  figures.set_withdrawn(row.Get<int64_t>("withdrawn"));
  figures.set_households_reached(row.Get<int64_t>("households"));
  figures.set_deliveries(row.Get<int64_t>("deliveries"));
  figures.set_items(row.Get<int64_t>("items"));
  figures.set_median_days_to_acknowledge_tenths(TenthsOfDays(row.Get<std::optional<double>>("to_acknowledge")));
  figures.set_median_days_to_done_tenths(TenthsOfDays(row.Get<std::optional<double>>("to_done")));
  return figures;
}

// The contract's word for a key of the table.
std::string KeyOf(const std::string& key, pb::SupportDimension dimension) {
  static constexpr const char* kBands[] = {"AGE_0_TO_2",   "AGE_3_TO_5",   "AGE_6_TO_11",
                                           "AGE_12_TO_17", "AGE_18_TO_64", "AGE_65_AND_OVER"};
  switch (dimension) {
    case pb::SUPPORT_DIMENSION_AGE_BAND:
      return kBands[key.at(0) - '1'];
    case pb::SUPPORT_DIMENSION_URGENCY:
      return pb::Urgency_Name(static_cast<pb::Urgency>(key.at(0) - '0'));
    case pb::SUPPORT_DIMENSION_STATE:
      return pb::SupportState_Name(static_cast<pb::SupportState>(key.at(0) - '0'));
    default:
      return key;
  }
}

std::optional<absl::CivilDay> FirstDay(std::optional<absl::CivilMonth> month) {
  return month ? std::optional(absl::CivilDay(*month)) : std::nullopt;
}

}  // namespace

absl::StatusOr<pb::SupportStatistics> CountRequests(pg::Transaction& tx, const std::string& time_zone,
                                                    std::optional<absl::CivilMonth> from,
                                                    std::optional<absl::CivilMonth> to,
                                                    pb::SupportDimension dimension) {
  const auto count = [&](int by) {
    return tx.Query(kCount, tx.network_id(), time_zone, FirstDay(from), FirstDay(to), by);
  };
  pb::SupportStatistics statistics;
  ASSIGN_OR_RETURN(const pg::Result total, count(0));
  statistics.mutable_total()->set_median_days_to_acknowledge_tenths(-1);
  statistics.mutable_total()->set_median_days_to_done_tenths(-1);
  if (!total.empty()) *statistics.mutable_total() = FiguresOf(total[0]);
  if (dimension == pb::SUPPORT_DIMENSION_UNSPECIFIED) return statistics;
  ASSIGN_OR_RETURN(const pg::Result rows, count(static_cast<int>(dimension)));
  for (const pg::Row row : rows) {
    pb::StatisticsRow& out = *statistics.add_rows();
    out.set_key(KeyOf(row.Get<std::string>("key"), dimension));
    *out.mutable_figures() = FiguresOf(row);
  }
  return statistics;
}

}  // namespace kubari::support
