#include "services/donors/needs.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/calendar/clock.h"
#include "libs/calendar/date.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "services/donors/broadcast_store.h"

namespace kubari::donors {
namespace {

using Stub = groups::v1::NeedsService::Stub;

// A constant for ever: a need is found again by it.
constexpr char kNamespace[] = "5b0d1c7e-3f0a-4d52-8f41-7d9b6c2a9e13";
// An answer waits no longer than this for the other service, and neither does who answers again meanwhile.
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr int kAtOnce = 200;

// Whether trying again can help.
bool Refused(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

bool IsOpen(const groups::v1::Need& need) {
  return need.state() == groups::v1::NEED_STATE_OPEN || need.state() == groups::v1::NEED_STATE_EXPIRED;
}

// One telling of an answer. Its requests have ids of their own, so that each is made once however often it is tried.
class Telling {
 public:
  Telling(Stub& needs, const rpc::Outgoing& as, std::string seed) : needs_(needs), as_(as), seed_(std::move(seed)) {}

  absl::StatusOr<groups::v1::Need> Find(const std::string& name) {
    groups::v1::GetNeedRequest request;
    request.set_name(name);
    return rpc::Invoke(&Stub::GetNeed, needs_, as_, request);
  }
  absl::StatusOr<groups::v1::Need> Make(const groups::v1::Need& need) {
    groups::v1::CreateNeedRequest request;
    request.set_request_id(RequestId("make", ""));
    request.set_need_id(*ids::IdFromName("needs", need.name()));
    *request.mutable_need() = need;
    return rpc::Invoke(&Stub::CreateNeed, needs_, as_, request);
  }
  absl::StatusOr<groups::v1::Need> Set(const groups::v1::Need& need, groups::v1::NeedState state) {
    groups::v1::SetNeedStateRequest request;
    request.set_request_id(RequestId("state", need.etag()));
    request.set_name(need.name());
    request.set_etag(need.etag());
    request.set_state(state);
    return rpc::Invoke(&Stub::SetNeedState, needs_, as_, request);
  }
  absl::StatusOr<groups::v1::Need> Change(const groups::v1::Need& there, const groups::v1::Need& wanted) {
    groups::v1::UpdateNeedRequest request;
    request.set_request_id(RequestId("change", there.etag()));
    *request.mutable_need() = wanted;
    request.mutable_need()->set_etag(there.etag());
    for (const char* field : {"quantity", "unit", "until_date", "note"}) request.add_update_mask(field);
    return rpc::Invoke(&Stub::UpdateNeed, needs_, as_, request);
  }

 private:
  std::string RequestId(const std::string& step, const std::string& etag) const {
    return ids::DeriveV5(kNamespace, absl::StrCat(seed_, "|", step, "|", etag));
  }

  Stub& needs_;
  const rpc::Outgoing& as_;
  const std::string seed_;
};

// Until the other side says what the answer says.
absl::Status TellAnswer(Telling& telling, const v1::Broadcast& broadcast, const v1::BroadcastAnswer& answer,
                        absl::CivilDay today) {
  const groups::v1::Need wanted = NeedOf(broadcast, answer);
  const bool over = !wanted.until_date().empty() && wanted.until_date() < absl::FormatCivilTime(today);
  const bool yes = answer.reply() == v1::BROADCAST_REPLY_YES && !over;
  absl::StatusOr<groups::v1::Need> there = telling.Find(wanted.name());
  if (errors::ReasonOf(there.status()) == "NEED_NOT_FOUND")
    return yes ? telling.Make(wanted).status() : absl::OkStatus();
  RETURN_IF_ERROR(there.status());
  if (!yes) return IsOpen(*there) ? telling.Set(*there, groups::v1::NEED_STATE_WITHDRAWN).status() : absl::OkStatus();
  if (!IsOpen(*there)) {
    there = telling.Set(*there, groups::v1::NEED_STATE_OPEN);
    RETURN_IF_ERROR(there.status());
  }
  if (there->quantity() == wanted.quantity() && there->unit() == wanted.unit() &&
      there->until_date() == wanted.until_date() && there->note() == wanted.note()) {
    return absl::OkStatus();
  }
  return telling.Change(*there, wanted).status();
}

}  // namespace

groups::v1::Need NeedOf(const v1::Broadcast& broadcast, const v1::BroadcastAnswer& answer) {
  groups::v1::Need need;
  need.set_name(ids::Name("needs", ids::DeriveV5(kNamespace, absl::StrCat(broadcast.name(), "|", answer.group()))));
  need.set_group(answer.group());
  need.set_text(broadcast.product_display_name());
  need.set_product(broadcast.product());
  need.set_quantity(answer.cases());
  need.set_unit(groups::v1::NEED_UNIT_CASES);
  need.set_note(answer.note());
  need.set_broadcast(broadcast.name());
  const auto good_until = calendar::Date::Parse(broadcast.good_until().date());
  if (good_until.ok()) need.set_until_date(absl::FormatCivilTime(good_until->LastGoodDay()));
  return need;
}

absl::Status AnsweredNeeds::Tell(const std::string& network_id, const std::string& time_zone,
                                 const std::string& broadcast_id, const std::string& group_id, absl::Time deadline) {
  deadline = std::min(deadline, absl::Now() + kPatience);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(time_zone));
  const absl::Time now = clock_.Now();
  const rpc::Outgoing as = rpc::AsService(service_key_, network_id, time_zone, deadline);
  return pool_.Transact({.network_id = network_id, .deadline = deadline}, [&](pg::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<v1::BroadcastAnswer> answer, LockUntold(tx, broadcast_id, group_id));
    if (!answer) return absl::OkStatus();  // told, or just being told
    ASSIGN_OR_RETURN(const v1::Broadcast broadcast, LoadBroadcast(tx, broadcast_id, now));
    Telling telling(*needs_, as,
                    absl::StrCat(broadcast_id, "|", group_id, "|", answer->answer_time().seconds(), ".",
                                 answer->answer_time().nanos()));
    const absl::Status told = TellAnswer(telling, broadcast, *answer, calendar::Today(now, zone));
    if (!told.ok() && !Refused(told)) return told;
    if (!told.ok())
      log::Warning("an answer made no need",
                   {{"broadcast", broadcast.name()}, {"group", answer->group()}, {"reason", errors::ReasonOf(told)}});
    MarkTold(tx, broadcast_id, group_id);
    return absl::OkStatus();
  });
}

absl::Status AnsweredNeeds::TellAll(const std::string& network_id, const std::string& time_zone) {
  ASSIGN_OR_RETURN(const auto untold,
                   pool_.Read({.network_id = network_id, .deadline = absl::Now() + absl::Seconds(10)},
                              [](pg::Transaction& tx) { return Untold(tx, kAtOnce); }));
  absl::Status first;
  for (const auto& [broadcast_id, group_id] : untold)
    first.Update(Tell(network_id, time_zone, broadcast_id, group_id, absl::InfiniteFuture()));
  return first;
}

}  // namespace kubari::donors
