// Counts, and the network's settings.
#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/calendar/date.h"
#include "services/support/domain/statistics.h"
#include "services/support/handlers/requests.h"
#include "services/support/settings.h"
#include "services/support/statistics_store.h"

namespace kubari::support {
namespace {

std::optional<absl::CivilMonth> CheckMonth(errors::Violations& violations, const std::string& field,
                                           const std::string& month) {
  if (month.empty()) return std::nullopt;
  const absl::StatusOr<calendar::Date> date = calendar::Date::Parse(month);
  if (!violations.Require(date.ok() && date->month_precision(), field, "NOT_A_MONTH",
                          "is not a month; write it as 2027-03",
                          "が年月ではありません。2027-03 の形で書いてください")) {
    return std::nullopt;
  }
  return absl::CivilMonth(date->LastGoodDay());
}

}  // namespace

absl::StatusOr<v1::SupportStatistics> SupportHandler::GetSupportStatistics(
    const rpc::Call& call, const v1::GetSupportStatisticsRequest& request) {
  errors::Violations violations;
  const auto from = CheckMonth(violations, "from_month", request.from_month());
  const auto to = CheckMonth(violations, "to_month", request.to_month());
  if (from && to) {
    violations.Require(*from <= *to, "to_month", "ENDS_EARLY", "comes before the first month",
                       "が始まりの月より前です");
    violations.Require(*to - *from <= 120, "to_month", "OUT_OF_RANGE", "is more than 120 months after the first",
                       "が始まりの月から120か月を超えています");
  }
  if (request.dimension() != v1::SUPPORT_DIMENSION_UNSPECIFIED) violations.Enum("dimension", request.dimension());
  RETURN_IF_ERROR(violations.status());
  const bool own = request.own() || !call.scope.whole_network;
  std::vector<std::string> parties = call.scope.organisation_ids;
  if (call.scope.whole_network && own) parties = call.principal.OrganisationsWith(type::v1::ROLE_COORDINATOR);
  return tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::SupportStatistics> {
    if (own) {
      ActFor(tx, parties);
    } else {
      ActForAll(tx);
    }
    ASSIGN_OR_RETURN(v1::SupportStatistics statistics,
                     CountRequests(tx, call.principal.time_zone, from, to, request.dimension()));
    if (!own) Suppress(statistics);
    return statistics;
  });
}

absl::StatusOr<v1::SupportSettings> SupportHandler::GetSupportSettings(const rpc::Call& call,
                                                                       const v1::GetSupportSettingsRequest& request) {
  return tools_.pool.Read(registry::TxOf(call), [](pg::Transaction& tx) { return LoadSettings(tx); });
}

absl::StatusOr<v1::SupportSettings> SupportHandler::UpdateSupportSettings(
    const rpc::Call& call, const v1::UpdateSupportSettingsRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Text("etag", request.etag(), 1, 40);
  violations.Range("retention_days", request.retention_days(), 0, 3650);
  violations.Range("answer_hours_today", request.answer_hours_today(), 1, 720);
  violations.Range("answer_hours", request.answer_hours(), 1, 720);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  return Mutate<v1::SupportSettings>(
      tools_, call, network, {}, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::SupportSettings> {
        v1::SupportSettings settings;
        settings.set_retention_days(request.retention_days());
        settings.set_answer_hours_today(request.answer_hours_today());
        settings.set_answer_hours(request.answer_hours());
        settings.set_etag(request.etag());
        ASSIGN_OR_RETURN(const bool saved, SaveSettings(tx, settings));
        ASSIGN_OR_RETURN(v1::SupportSettings current, LoadSettings(tx));
        if (!saved) {
          RETURN_IF_ERROR(registry::CheckEtag("the settings", request.etag(), current.etag()));
          return absl::InternalError("settings were not saved");
        }
        return current;
      });
}

absl::StatusOr<v1::ReadReachedResponse> SupportHandler::ReadReached(const rpc::Call& call,
                                                                    const v1::ReadReachedRequest& request) {
  errors::Violations violations;
  violations.Range("after_position", request.after_position(), 0, std::numeric_limits<int64_t>::max());
  violations.Range("page_size", request.page_size(), 1, 1000);
  RETURN_IF_ERROR(violations.status());
  return tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ReadReachedResponse> {
    ActForAll(tx);
    ASSIGN_OR_RETURN(std::vector<pb::Reached> reached, LoadReached(tx, request.after_position(), request.page_size()));
    v1::ReadReachedResponse response;
    for (pb::Reached& one : reached) *response.add_reached() = std::move(one);
    return response;
  });
}

}  // namespace kubari::support
