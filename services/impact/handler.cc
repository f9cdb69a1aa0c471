#include "services/impact/handler.h"

#include <google/protobuf/util/time_util.h>

#include <set>

#include "libs/calendar/clock.h"
#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/paging/paging.h"
#include "libs/registry/small_counts.h"
#include "libs/rpc/client.h"
#include "services/impact/pg_store.h"

namespace kubari::impact {
namespace {

// A day of the filter; reports what is wrong.
std::optional<absl::CivilDay> Day(const std::string& field, const std::string& text, errors::Violations& violations) {
  if (const auto problem = calendar::Date::ProblemWith(text)) {
    violations.Add(field, "NOT_A_DATE", problem->english, problem->japanese);
    return std::nullopt;
  }
  const calendar::Date date = *calendar::Date::Parse(text);
  if (date.month_precision()) {
    violations.Add(field, "NOT_A_DATE", absl::StrCat("'", text, "' has no day; a day such as \"2027-03-31\" is expected."),
                   absl::StrCat("「", text, "」には日がありません。「2027-03-31」のように日まで入力してください。"));
    return std::nullopt;
  }
  return date.LastGoodDay();
}

absl::StatusOr<Query> QueryOf(const rpc::Call& call, const v1::ImpactFilter& filter) {
  errors::Violations violations;
  Query query{.from = absl::CivilDay(1, 1, 1), .to = absl::CivilDay(9999, 12, 31)};
  if (!filter.from_date().empty()) query.from = Day("filter.from_date", filter.from_date(), violations).value_or(query.from);
  if (!filter.to_date().empty()) query.to = Day("filter.to_date", filter.to_date(), violations).value_or(query.to);
  if (violations.empty() && (!filter.from_date().empty() || !filter.to_date().empty())) {
    violations.Require(!filter.from_date().empty() && !filter.to_date().empty(), filter.from_date().empty() ? "filter.from_date" : "filter.to_date",
                       "REQUIRED", "Only one end of the period is given; give both days, or neither for everything.",
                       "期間の片方だけが指定されています。両方の日を指定するか、全期間ならどちらも空にしてください。");
    violations.Require(query.from <= query.to, "filter.to_date", "OUT_OF_RANGE",
                       absl::StrCat("The period ends on ", filter.to_date(), ", before it begins on ", filter.from_date(), "."),
                       absl::StrCat("終了日 ", filter.to_date(), " が開始日 ", filter.from_date(), " より前です。"));
    if (!filter.from_date().empty() && !filter.to_date().empty()) {
      violations.Require(absl::CivilYear(query.to) - absl::CivilYear(query.from) <= 10, "filter.to_date", "OUT_OF_RANGE",
                         "The period is longer than ten years; ask for a shorter one, or leave both days empty for everything.",
                         "期間が10年を超えています。短くするか、全期間なら両方の日を空にしてください。");
    }
  }
  if (!filter.donor().empty() && violations.Name("donors", "filter.donor", filter.donor())) {
    query.donor_id = ids::IdFromName("donors", filter.donor());
  }
  if (!filter.group().empty() && violations.Name("groups", "filter.group", filter.group())) {
    query.group_id = ids::IdFromName("groups", filter.group());
  }
  if (filter.category() != type::v1::FOOD_CATEGORY_UNSPECIFIED && violations.Enum("filter.category", filter.category())) {
    query.category = filter.category();
  }
  if (!filter.prefecture().empty()) {
    int number = 0;
    if (violations.Require(filter.prefecture().size() == 2 && absl::SimpleAtoi(filter.prefecture(), &number) && number >= 1 && number <= 47,
                           "filter.prefecture", "NOT_A_PREFECTURE",
                           absl::StrCat("'", filter.prefecture(), "' is not a prefecture; \"01\" to \"47\" (JIS X 0401) is expected."),
                           absl::StrCat("「", filter.prefecture(), "」は都道府県コードではありません。01〜47（JIS X 0401）で指定してください。"))) {
      query.prefecture = filter.prefecture();
    }
  }
  RETURN_IF_ERROR(violations.status());

  query.whole_network = call.scope.whole_network;
  if (!query.whole_network) {
    query.own_donors = call.principal.OrganisationsWith(type::v1::ROLE_DONOR);
    query.own_groups = call.principal.OrganisationsWith(type::v1::ROLE_GROUP);
    // A donor may look at one group's part of its own goods and the other way round, but not at two strangers.
    const bool donor_own = query.donor_id && std::ranges::count(query.own_donors, *query.donor_id) > 0;
    const bool group_own = query.group_id && std::ranges::count(query.own_groups, *query.group_id) > 0;
    if (query.donor_id && !donor_own && query.own_groups.empty()) return auth::NotYourOrganisation(filter.donor());
    if (query.group_id && !group_own && query.own_donors.empty()) return auth::NotYourOrganisation(filter.group());
  }
  return query;
}

// Households of food-support requests that are too few to be told.
void HideSmall(const std::vector<pb::Figures*>& rows) {
  std::vector<pb::Figures*> some;
  std::vector<int64_t> counts;
  for (pb::Figures* row : rows) {
    if (row->support_households() == 0) continue;
    some.push_back(row);
    counts.push_back(row->support_households());
  }
  for (const size_t i : registry::NotTold(counts)) some[i]->set_support_households(-1);
}

}  // namespace

absl::Status ImpactHandler::FollowSupport(const rpc::Call& call) {
  constexpr int kPage = 1'000;
  ASSIGN_OR_RETURN(int64_t position, pool_.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                                                [](pg::Transaction& tx) { return ReadSupportPosition(tx); }));
  rpc::Outgoing outgoing = rpc::AsService(service_key_, call);
  outgoing.deadline = std::min(call.deadline, absl::Now() + absl::Seconds(2));
  for (;;) {
    support::v1::ReadReachedRequest request;
    request.set_after_position(position);
    request.set_page_size(kPage);
    ASSIGN_OR_RETURN(const support::v1::ReadReachedResponse page,
                     rpc::Invoke(&support::v1::SupportService::StubInterface::ReadReached, support_, outgoing, request));
    if (page.reached().empty()) return absl::OkStatus();
    position = page.reached().rbegin()->position();
    RETURN_IF_ERROR(pool_.Transact({.network_id = call.principal.network_id, .deadline = call.deadline},
                                   [&](pg::Transaction& tx) { return AddReached(tx, page.reached()); }));
    if (page.reached_size() < kPage) return absl::OkStatus();
  }
}

absl::StatusOr<v1::GetImpactResponse> ImpactHandler::GetImpact(const rpc::Call& call, const v1::GetImpactRequest& request) {
  errors::Violations violations;
  if (request.dimension() != v1::DIMENSION_UNSPECIFIED) violations.Enum("dimension", request.dimension());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Query query, QueryOf(call, request.filter()));
  if (const absl::Status followed = FollowSupport(call); !followed.ok()) {
    log::Warning("food-support requests cannot be followed", {{"detail", std::string(followed.message())}});
  }
  return pool_.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                    [&](pg::Transaction& tx) -> absl::StatusOr<v1::GetImpactResponse> {
                      v1::GetImpactResponse response;
                      ASSIGN_OR_RETURN(const std::vector<pb::ImpactRow> total, Figures(tx, query, v1::DIMENSION_UNSPECIFIED));
                      response.mutable_total();
                      if (!total.empty()) *response.mutable_total() = total[0].figures();
                      HideSmall({response.mutable_total()});
                      if (request.dimension() != v1::DIMENSION_UNSPECIFIED) {
                        ASSIGN_OR_RETURN(std::vector<pb::ImpactRow> rows, Figures(tx, query, request.dimension()));
                        for (pb::ImpactRow& row : rows) *response.add_rows() = std::move(row);
                        std::vector<pb::Figures*> figures;
                        for (pb::ImpactRow& row : *response.mutable_rows()) figures.push_back(row.mutable_figures());
                        HideSmall(figures);
                      }
                      ASSIGN_OR_RETURN(const Progress progress, ReadProgress(tx));
                      response.set_ledger_position(progress.next_position);
                      if (progress.recorded_time) {
                        *response.mutable_ledger_time() = google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
                            absl::ToUnixNanos(*progress.recorded_time));
                      }
                      return response;
                    });
}

absl::StatusOr<v1::ListImpactMovementsResponse> ImpactHandler::ListImpactMovements(const rpc::Call& call,
                                                                                   const v1::ListImpactMovementsRequest& request) {
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  int64_t after_position = -1;
  int after_part = 0;
  if (!key.empty() && (key.size() != 2 || !absl::SimpleAtoi(key[0], &after_position) || !absl::SimpleAtoi(key[1], &after_part)))
    return paging::InvalidToken();
  ASSIGN_OR_RETURN(const Query query, QueryOf(call, request.filter()));
  const auto list = [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListImpactMovementsResponse> {
    ASSIGN_OR_RETURN(std::vector<Listed> listed, Movements(tx, query, after_position, after_part, size + 1));
    v1::ListImpactMovementsResponse response;
    if (static_cast<int>(listed.size()) > size) {
      listed.pop_back();
      response.set_next_page_token(paging::Encode(
          fingerprint, {absl::StrCat(listed.back().movement.position()), absl::StrCat(listed.back().part)}));
    }
    for (Listed& one : listed) *response.add_movements() = std::move(one.movement);
    return response;
  };
  return pool_.Read({.network_id = call.principal.network_id, .deadline = call.deadline}, list);
}

absl::Status ApplyFeed(pg::Transaction& tx, const feed::Network& network, const feed::Entries& entries) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(network.time_zone));
  std::set<std::string> groups, places;
  for (const stock::v1::FeedEntry& entry : entries) {
    if (!entry.movement().group().empty()) groups.insert(*ids::IdFromName("groups", entry.movement().group()));
    if (const std::string place = GivingPlace(entry.movement()); !place.empty()) places.insert(place);
  }
  ASSIGN_OR_RETURN(KnownGroups known, ReadGroups(tx, {groups.begin(), groups.end()}, {places.begin(), places.end()}));
  std::vector<Fact> facts;
  for (const stock::v1::FeedEntry& entry : entries) {
    for (Fact& fact : FactsOf(entry, zone, known)) facts.push_back(std::move(fact));
  }
  return AddFacts(tx, facts, known);
}

}  // namespace kubari::impact
