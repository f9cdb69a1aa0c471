// Making, reading and changing groups.
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/order.h"
#include "libs/paging/page.h"
#include "libs/paging/paging.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/registry/organisations.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"
#include "services/groups/domain/sections.h"
#include "services/groups/group_store.h"
#include "services/groups/handler.h"
#include "services/groups/reading.h"
#include "services/groups/rules_store.h"

namespace kubari::groups {
namespace {

// Namespace of group ids that the service makes: derived from the request, so that a retry makes the same organisation.
constexpr char kGroupIds[] = "b8a5f3a2-9d0e-4f0f-8d39-2f4f6a1b7c55";

absl::Status CheckOwn(const rpc::Call& call, const std::string& group_id) {
  if (call.scope.whole_network || call.scope.Includes(group_id)) return absl::OkStatus();
  return auth::NotYourOrganisation(ids::Name("groups", group_id));
}

void NameSites(v1::Group& group) {
  for (v1::Site& site : *group.mutable_sites()) {
    if (site.id().empty()) site.set_id(ids::NewUuid());
  }
}

// That the hub exists and makes no circle.
absl::Status JudgeHub(pg::Transaction& tx, const std::string& group_id, const std::string& hub, absl::CivilDay today) {
  const std::string hub_id = *ids::IdFromName("groups", hub);
  ASSIGN_OR_RETURN(const auto hub_of, LockHubs(tx));
  if (hub_id != group_id) RETURN_IF_ERROR(LoadGroup(tx, hub_id, today));
  const absl::Status judged = CheckHub(group_id, hub_id, hub_of);
  if (judged.ok()) return judged;
  // People know groups by their names.
  ASSIGN_OR_RETURN(const auto names, NamesOf(tx, absl::StrSplit(errors::MetadataOf(judged)["path"], ',')));
  return CheckHub(group_id, hub_id, hub_of, names);
}

// Behind every day; how PostgreSQL takes it for a group without a review is the same.
constexpr absl::CivilDay kNoReview(9999, 12, 31);

}  // namespace

absl::StatusOr<v1::Group> GroupsHandler::CreateGroup(const rpc::Call& call, const v1::CreateGroupRequest& request) {
  v1::Group group = Settable(request.group());
  if (group.need_percent() == 0) group.set_need_percent(100);
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.group_id().empty()) violations.Uuid("group_id", request.group_id());
  CheckProfile(violations, group, SettableFields());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckTogether(group));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Group>(pool_, call, request));
  if (first) return *first;

  const std::string group_id =
      !request.group_id().empty()
          ? request.group_id()
          : ids::DeriveV5(kGroupIds, absl::StrCat(call.principal.network_id, "/", request.request_id()));
  group.set_name(ids::Name("groups", group_id));
  group.set_state(v1::GROUP_STATE_APPLIED);
  NameSites(group);
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  // Asked before the organisation is made, so that a refused group leaves none behind.
  const auto judge = [&](pg::Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(CheckGroupIsNew(tx, group_id, group.code()));
    return group.hub().empty() ? absl::OkStatus() : JudgeHub(tx, group_id, group.hub(), today);
  };
  RETURN_IF_ERROR(pool_.Transact(registry::TxOf(call), judge));
  RETURN_IF_ERROR(registry::EnsureOrganisations(*identity_, call, identity::v1::ORGANISATION_KIND_GROUP,
                                                {{.id = group_id, .display_name = group.display_name()}}));
  v1::Application application;
  application.set_entered_by(call.principal.subject);
  application.set_entered_by_display_name(call.principal.display_name);
  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    RETURN_IF_ERROR(judge(tx));
    RETURN_IF_ERROR(InsertGroup(tx, group, clock_.Now(), application));
    return LoadAsOf(tx, group_id, today);
  });
}

absl::StatusOr<v1::Group> GroupsHandler::GetGroup(const rpc::Call& call, const v1::GetGroupRequest& request) {
  errors::Violations violations;
  violations.Name("groups", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.name());
  RETURN_IF_ERROR(CheckOwn(call, group_id));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadAsOf(tx, group_id, today));
    if (call.principal.is_service) RETURN_IF_ERROR(registry::LoadDuties(tx, *group.mutable_agreements()));
    return group;
  });
}

absl::StatusOr<v1::ListGroupsResponse> GroupsHandler::ListGroups(const rpc::Call& call,
                                                                 const v1::ListGroupsRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  for (int i = 0; i < request.kinds_size(); ++i) violations.Enum(absl::StrCat("kinds[", i, "]"), request.kinds(i));
  violations.Require(request.prefecture().empty() || registry::IsPrefectureCode(request.prefecture()), "prefecture",
                     "NOT_A_PREFECTURE", "A prefecture is two digits, 01 to 47.",
                     "都道府県は01〜47の2桁で指定してください。");
  if (!request.hub().empty()) violations.Name("groups", "hub", request.hub());
  const paging::Order order =
      paging::ReadOrder(request.order_by(),
                        {"display_name", "display_name desc", "households desc", "households", "relevance", "review_date"},
                        violations);
  const auto numbers = [&](const std::string& field, const auto& values, auto enum_value) {
    for (int i = 0; i < values.size(); ++i) {
      violations.Enum(absl::StrCat(field, "[", i, "]"), static_cast<decltype(enum_value)>(values[i]));
    }
    return std::vector<int>(values.begin(), values.end());
  };
  const auto day = [&](const std::string& field, const std::string& text) -> std::optional<absl::CivilDay> {
    return text.empty() ? std::nullopt : registry::CheckDay(violations, field, text);
  };
  GroupFilter filter{.query = request.query(),
                     .states = {request.states().begin(), request.states().end()},
                     .kinds = {request.kinds().begin(), request.kinds().end()},
                     .prefecture = request.prefecture(),
                     .hub_id = ids::IdFromName("groups", request.hub())};
  filter.review_due = day("review_due_date", request.review_due_date());
  filter.evidence_ends = day("evidence_ends_date", request.evidence_ends_date());
  filter.municipality = request.municipality();
  violations.Require(filter.municipality.empty() || registry::IsMunicipalityCode(filter.municipality), "municipality",
                     "NOT_A_MUNICIPALITY", "A municipality is five digits that begin with a prefecture, 01 to 47.",
                     "市区町村は都道府県 01〜47 で始まる5桁で指定してください。");
  filter.activities = numbers("activities", request.activities(), v1::ACTIVITY_KIND_OTHER);
  filter.age_bands = numbers("age_bands", request.age_bands(), v1::AGE_BAND_ELDERLY);
  filter.legal_forms = numbers("legal_forms", request.legal_forms(), v1::LEGAL_FORM_OTHER);
  filter.wanted_help = numbers("wanted_help", request.wanted_help(), v1::HELP_OTHER);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> key, paging::Decode(request.page_token(), fingerprint));
  using Order = GroupFilter::Order;
  filter.order = order.field == "households"    ? Order::kHouseholds
                 : order.field == "review_date" ? Order::kReview
                 : order.field == "relevance"   ? Order::kFit
                                                : Order::kName;
  filter.descending = order.descending;
  filter.limit = size + 1;
  if (!key.empty()) {
    int64_t households = 0;
    if (key.size() != 2 || !ids::IsUuid(key[1])) return paging::InvalidToken();
    if (filter.order == Order::kHouseholds) {
      if (!absl::SimpleAtoi(key[0], &households)) return paging::InvalidToken();
      filter.after_households = households;
    } else if (filter.order == Order::kReview) {
      filter.after_day = key[0].empty() ? kNoReview : registry::ParseDay(key[0]).value_or(kNoReview);
    } else {
      filter.after_name = key[0];
    }
    filter.after_id = key[1];
  }
  if (request.has_agreement_in_force()) filter.in_force = request.agreement_in_force();
  if (!call.scope.whole_network) filter.only = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  filter.day = today;
  if (request.has_stale()) filter.stale = request.stale();
  v1::GroupRules rules;
  std::vector<std::string> fits;
  ASSIGN_OR_RETURN(std::vector<v1::Group> groups,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<v1::Group>> {
                     fits.clear();
                     ASSIGN_OR_RETURN(rules, LoadRules(tx));
                     filter.stale_day = StaleDay(today, rules.fact_months());
                     return groups::ListGroups(tx, filter, &fits);
                   }));
  v1::ListGroupsResponse response;
  if (static_cast<int>(groups.size()) > size) {
    groups.resize(size);
    const v1::Group& last = groups.back();
    const std::string last_key = filter.order == Order::kHouseholds ? absl::StrCat(last.households())
                                 : filter.order == Order::kReview   ? last.review_date()
                                 : filter.order == Order::kFit      ? fits[size - 1]
                                                                    : last.display_name();
    response.set_next_page_token(paging::Encode(fingerprint, {last_key, *ids::IdFromName("groups", last.name())}));
  }
  for (v1::Group& group : groups) {
    Derive(group, today, rules);
    *response.add_groups() = std::move(group);
  }
  return response;
}

absl::StatusOr<v1::ListHubGroupsResponse> GroupsHandler::ListHubGroups(const rpc::Call& call,
                                                                       const v1::ListHubGroupsRequest& request) {
  errors::Violations violations;
  violations.Name("groups", "hub", request.hub());
  RETURN_IF_ERROR(violations.status());
  GroupFilter filter{.hub_id = ids::IdFromName("groups", request.hub())};
  RETURN_IF_ERROR(CheckOwn(call, *filter.hub_id));
  ASSIGN_OR_RETURN(filter.day, registry::TodayOf(call, clock_));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  filter.after_name = page.key(0);
  filter.after_id = page.key(1);
  filter.limit = page.limit();
  ASSIGN_OR_RETURN(std::vector<v1::Group> groups, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return groups::ListGroups(tx, filter);
  }));
  v1::ListHubGroupsResponse response;
  response.set_next_page_token(page.Cut(groups, [](const v1::Group& last) {
    return std::vector{last.display_name(), *ids::IdFromName("groups", last.name())};
  }));
  for (const v1::Group& group : groups) *response.add_groups() = AsHubSees(group);
  return response;
}

absl::StatusOr<v1::Group> GroupsHandler::UpdateGroup(const rpc::Call& call, const v1::UpdateGroupRequest& request) {
  const std::vector<std::string> fields(request.update_mask().begin(), request.update_mask().end());
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("groups", "group.name", request.group().name());
  violations.Text("group.etag", request.group().etag(), 1, 40);
  CheckMask(violations, request.update_mask(), /*may_be_empty=*/request.confirm_sections_size() > 0);
  CheckSections(violations, "confirm_sections", request.confirm_sections());
  CheckProfile(violations, request.group(), fields);
  RETURN_IF_ERROR(violations.status());
  const std::string group_id = *ids::IdFromName("groups", request.group().name());
  RETURN_IF_ERROR(CheckOwn(call, group_id));
  if (!call.scope.whole_network) RETURN_IF_ERROR(CheckOwnFields(fields));
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  google::protobuf::FieldMask mask;
  for (const std::string& field : fields) mask.add_paths(field);
  std::vector<v1::Section> confirmed;
  for (const int section : request.confirm_sections()) confirmed.push_back(static_cast<v1::Section>(section));
  const Confirmer who = {.person = call.principal.subject,
                         .display_name = call.principal.display_name,
                         .by_staff = !call.principal.HoldsIn(group_id, type::v1::ROLE_GROUP)};
  const bool new_hub = std::find(fields.begin(), fields.end(), "hub") != fields.end() && !request.group().hub().empty();

  return registry::Mutate<v1::Group>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Group> {
    ASSIGN_OR_RETURN(v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(group.name(), request.group().etag(), group.etag()));
    if (new_hub) RETURN_IF_ERROR(JudgeHub(tx, group_id, request.group().hub(), today));
    google::protobuf::util::FieldMaskUtil::MergeOptions replace;
    replace.set_replace_message_fields(true);
    replace.set_replace_repeated_fields(true);
    google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.group(), mask, replace, &group);
    RETURN_IF_ERROR(CheckTogether(group));
    NameSites(group);
    const absl::Time now = clock_.Now();
    if (!confirmed.empty()) {
      Confirm(group, confirmed, who, today, now);
      RecordConfirmations(tx, group_id, confirmed, now);
    }
    RETURN_IF_ERROR(SaveGroup(tx, group, now));
    return LoadAsOf(tx, group_id, today);
  });
}

}  // namespace kubari::groups
