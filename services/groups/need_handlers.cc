// What groups can use now.
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"
#include "libs/outbox/outbox.h"
#include "libs/paging/order.h"
#include "libs/paging/page.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "services/groups/domain/need.h"
#include "services/groups/group_store.h"
#include "services/groups/need_handler.h"
#include "services/groups/need_store.h"

namespace kubari::groups {
namespace {

absl::Status CheckOwn(const rpc::Call& call, const std::string& group) {
  if (call.scope.whole_network || call.scope.Includes(*ids::IdFromName("groups", group))) return absl::OkStatus();
  return auth::NotYourOrganisation(group);
}

absl::Status TooManyNeeds() {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "TOO_MANY_NEEDS",
                      absl::StrCat("The group has ", kMaxOpenNeeds, " open needs already; close some first."),
                      absl::StrCat("この団体の募集中の希望は、すでに ", kMaxOpenNeeds, " 件あります。先にいくつか終わりにしてください。"));
}

// Whether the group may have one more open need. What follows from an answer is not counted: nobody could say YES any more.
absl::Status CheckRoom(pg::Transaction& tx, const v1::Need& need, const std::string& group_id, absl::CivilDay today) {
  if (!need.broadcast().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t open, CountOpenNeeds(tx, group_id, today));
  return open < kMaxOpenNeeds ? absl::OkStatus() : TooManyNeeds();
}

void TellCoordinators(pg::Transaction& tx, const v1::Need& need, absl::Time now) {
  outbox::Notice notice = outbox::Make(
      notifications::v1::NOTICE_KIND_NEED_STATED,
      {.ja = absl::StrCat(need.group_display_name(), " の希望: ", need.text()),
       .en = absl::StrCat(need.group_display_name(), " can use: ", need.text())},
      {.ja = need.until_date().empty() ? need.note() : absl::StrCat(need.until_date(), " まで\n", need.note()),
       .en = need.until_date().empty() ? need.note() : absl::StrCat("until ", need.until_date(), "\n", need.note())},
      "/needs", now);
  notice.set_notice_id(outbox::IdOf({"need stated", need.name()}));
  outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
  (*notice.mutable_facts())["need"] = need.name();
  (*notice.mutable_facts())["group"] = need.group();
  outbox::Write(tx, notice);
}

}  // namespace

absl::StatusOr<v1::Need> NeedsHandler::CreateNeed(const rpc::Call& call, const v1::CreateNeedRequest& request) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  v1::Need need;
  google::protobuf::FieldMask mask;
  for (const std::string& field : NeedFields()) mask.add_paths(field);
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.need(), mask, {}, &need);
  // Only the service that asked can say that it follows from an answer.
  if (call.principal.is_service) need.set_broadcast(request.need().broadcast());
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!need.broadcast().empty()) violations.Name("broadcasts", "need.broadcast", need.broadcast());
  if (!request.need_id().empty()) violations.Uuid("need_id", request.need_id());
  violations.Name("groups", "need.group", request.need().group());
  CheckNeed(violations, need, NeedFields(), today);
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(CheckOwn(call, request.need().group()));
  const std::string group_id = *ids::IdFromName("groups", request.need().group());
  return registry::Mutate<v1::Need>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Need> {
    const absl::Time now = clock_.Now();
    // The lock keeps two callers from passing the limit together.
    ASSIGN_OR_RETURN(const v1::Group group, LoadGroup(tx, group_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(CheckRoom(tx, need, group_id, today));
    const std::string need_id = request.need_id().empty() ? ids::NewV7(now) : request.need_id();
    v1::Need made = need;
    made.set_name(ids::Name("needs", need_id));
    made.set_group(group.name());
    made.set_state(v1::NEED_STATE_OPEN);
    made.set_creator(call.principal.subject);
    made.set_creator_display_name(call.principal.display_name);
    RETURN_IF_ERROR(InsertNeed(tx, made, now));
    ASSIGN_OR_RETURN(made, LoadNeed(tx, need_id, today));
    // Staff who write it down know it.
    if (!call.scope.whole_network) TellCoordinators(tx, made, now);
    return made;
  });
}

absl::StatusOr<v1::Need> NeedsHandler::GetNeed(const rpc::Call& call, const v1::GetNeedRequest& request) {
  errors::Violations violations;
  violations.Name("needs", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  ASSIGN_OR_RETURN(const v1::Need need, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return LoadNeed(tx, *ids::IdFromName("needs", request.name()), today);
  }));
  RETURN_IF_ERROR(CheckOwn(call, need.group()));
  return need;
}

absl::StatusOr<v1::ListNeedsResponse> NeedsHandler::ListNeeds(const rpc::Call& call,
                                                              const v1::ListNeedsRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, registry::kMaxName);
  if (!request.group().empty()) violations.Name("groups", "group", request.group());
  for (int i = 0; i < request.states_size(); ++i) violations.Enum(absl::StrCat("states[", i, "]"), request.states(i));
  for (int i = 0; i < request.categories_size(); ++i)
    violations.Enum(absl::StrCat("categories[", i, "]"), request.categories(i));
  for (int i = 0; i < request.tags_size(); ++i) violations.Enum(absl::StrCat("tags[", i, "]"), request.tags(i));
  NeedFilter filter{.group_id = ids::IdFromName("groups", request.group()),
                    .states = {request.states().begin(), request.states().end()},
                    .categories = {request.categories().begin(), request.categories().end()},
                    .tags = {request.tags().begin(), request.tags().end()},
                    .query = request.query()};
  if (!request.until_date().empty()) filter.until = registry::CheckDay(violations, "until_date", request.until_date());
  const paging::Order order = paging::ReadOrder(request.order_by(), {"create_time desc", "until_date"}, violations);
  RETURN_IF_ERROR(violations.status());
  if (filter.group_id) RETURN_IF_ERROR(CheckOwn(call, request.group()));
  if (request.has_standing()) filter.standing = request.standing();
  if (!call.scope.whole_network) filter.only = call.scope.organisation_ids;
  ASSIGN_OR_RETURN(filter.today, registry::TodayOf(call, clock_));
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  filter.by_end = order.field == "until_date";
  filter.limit = page.limit();
  if (!page.key(0).empty()) {
    int64_t micros = 0;
    if (filter.by_end)
      filter.after_day = registry::ParseDay(page.key(0));
    else if (absl::SimpleAtoi(page.key(0), &micros))
      filter.after_time = absl::FromUnixMicros(micros);
    if (!filter.after_day && !filter.after_time) return paging::InvalidToken();
    filter.after_id = page.key(1);
  }
  ASSIGN_OR_RETURN(std::vector<v1::Need> needs, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
    return groups::ListNeeds(tx, filter);
  }));
  v1::ListNeedsResponse response;
  response.set_next_page_token(page.Cut(needs, [&](const v1::Need& last) {
    const int64_t micros = last.create_time().seconds() * 1'000'000 + last.create_time().nanos() / 1'000;
    const std::string until = last.until_date().empty() ? "9999-12-31" : last.until_date();
    return std::vector{filter.by_end ? until : absl::StrCat(micros), *ids::IdFromName("needs", last.name())};
  }));
  for (v1::Need& need : needs) *response.add_needs() = std::move(need);
  return response;
}

absl::StatusOr<v1::Need> NeedsHandler::UpdateNeed(const rpc::Call& call, const v1::UpdateNeedRequest& request) {
  const std::vector<std::string> fields(request.update_mask().begin(), request.update_mask().end());
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("needs", "need.name", request.need().name());
  violations.Text("need.etag", request.need().etag(), 1, 40);
  const std::string list = absl::StrJoin(NeedFields(), ", ");
  violations.Require(!fields.empty(), "update_mask", "REQUIRED", absl::StrCat("Name the fields to change, of: ", list, "."),
                     absl::StrCat("変更する項目を指定してください: ", list));
  for (size_t i = 0; i < fields.size(); ++i) {
    violations.Require(std::find(NeedFields().begin(), NeedFields().end(), fields[i]) != NeedFields().end(),
                       absl::StrCat("update_mask[", i, "]"), "UNKNOWN_FIELD",
                       absl::StrCat("'", fields[i], "' cannot be changed; these can: ", list, "."),
                       absl::StrCat("「", fields[i], "」は変更できません。変更できる項目: ", list));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  google::protobuf::FieldMask mask;
  for (const std::string& field : fields) mask.add_paths(field);
  const std::string need_id = *ids::IdFromName("needs", request.need().name());
  return registry::Mutate<v1::Need>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Need> {
    ASSIGN_OR_RETURN(v1::Need need, LoadNeed(tx, need_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(CheckOwn(call, need.group()));
    RETURN_IF_ERROR(registry::CheckEtag(need.name(), request.need().etag(), need.etag()));
    // One whose last day has passed is opened again by another day.
    const bool open = need.state() == v1::NEED_STATE_OPEN || need.state() == v1::NEED_STATE_EXPIRED;
    if (!open) return NeedStateRefused(need);
    google::protobuf::util::FieldMaskUtil::MergeOptions replace;
    replace.set_replace_message_fields(true);
    replace.set_replace_repeated_fields(true);
    google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.need(), mask, replace, &need);
    errors::Violations shape;
    CheckNeed(shape, need, fields, today);
    RETURN_IF_ERROR(shape.status());
    RETURN_IF_ERROR(SaveNeed(tx, need, clock_.Now()));
    return LoadNeed(tx, need_id, today);
  });
}

absl::StatusOr<v1::Need> NeedsHandler::SetNeedState(const rpc::Call& call, const v1::SetNeedStateRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("needs", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  violations.Enum("state", request.state());
  violations.Require(request.state() != v1::NEED_STATE_EXPIRED, "state", "OUT_OF_RANGE",
                     "A need expires by its last day; set FULFILLED, WITHDRAWN or OPEN.",
                     "期限切れは期限の日付で決まります。届いた・取り下げ・募集中のどれかにしてください。");
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  const std::string need_id = *ids::IdFromName("needs", request.name());
  return registry::Mutate<v1::Need>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Need> {
    ASSIGN_OR_RETURN(v1::Need need, LoadNeed(tx, need_id, today, Lock::kUpdate));
    RETURN_IF_ERROR(CheckOwn(call, need.group()));
    RETURN_IF_ERROR(registry::CheckEtag(need.name(), request.etag(), need.etag()));
    if (request.state() == v1::NEED_STATE_OPEN) {
      ASSIGN_OR_RETURN(const v1::Group group, LoadGroup(tx, *ids::IdFromName("groups", need.group()), today, Lock::kUpdate));
      RETURN_IF_ERROR(CheckRoom(tx, need, *ids::IdFromName("groups", group.name()), today));
    }
    need.set_state(request.state());
    RETURN_IF_ERROR(SaveNeed(tx, need, clock_.Now()));
    return LoadNeed(tx, need_id, today);
  });
}

}  // namespace kubari::groups
