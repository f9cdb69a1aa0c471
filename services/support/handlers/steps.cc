// The steps of a request's life. Each is one transaction that holds the request's row: of two steps at once the second
// is judged by what the first has left.
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "services/support/boxes.h"
#include "services/support/domain/shapes.h"
#include "services/support/handlers/requests.h"
#include "services/support/new_request.h"
#include "services/support/notices.h"
#include "services/support/settings.h"

namespace kubari::support {
namespace {

// What a step knows about the request while it changes it.
struct Taking {
  pg::Transaction& tx;
  Request& request;
  // The organisation for which the caller acts.
  const std::string acting;
  const std::string actor;
  const Key& network_key;
  const absl::Time now;
};

template <typename Message, typename Change>
absl::StatusOr<v1::SupportRequest> Take(const Tools& tools, const rpc::Call& call, const Message& request,
                                        pb::Step step, Change change) {
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, tools.clock));
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools, call));
  const std::vector<std::string>& own = OrganisationsOf(call);
  const absl::Time now = tools.clock.Now();
  return Mutate<v1::SupportRequest>(
      tools, call, network, own, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::SupportRequest> {
        ASSIGN_OR_RETURN(Request found, LoadRequest(tx, *ids::IdFromName("supportRequests", request.name()), true));
        const std::set<pb::Part> parts = PartsOf(found.standing, own);
        RETURN_IF_ERROR(JudgeStep(found.standing, parts, step, found.name()));
        // The caller's organisation may be no party any more after the step, and the row must be seen while it is
        // written. Who asked always is one.
        std::vector<std::string> acting_for = own;
        acting_for.push_back(found.standing.requester);
        ActFor(tx, acting_for);
        Taking taking{.tx = tx,
                      .request = found,
                      .acting = ActingFor(found.standing, step, parts),
                      .actor = call.principal.subject,
                      .network_key = network.key,
                      .now = now};
        RETURN_IF_ERROR(change(taking));
        SaveRequest(tx, found);
        return Shown(found, own, today, now);
      });
}

// An entry of the journal, and its note if there is one.
absl::Status Record(Taking& taking, Entry entry, const std::string& note = "") {
  entry.actor = taking.actor;
  entry.organisation = taking.acting;
  entry.has_note = !note.empty();
  const int number = AddEntry(taking.tx, taking.request, entry, taking.now);
  if (note.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Boxes boxes, Boxes::Load(taking.tx, taking.network_key, taking.request.id, taking.request.name()));
  boxes.Put(taking.tx, BoxPart::kRest, absl::StrCat("note/", number), note);
  return absl::OkStatus();
}

// Those of them that are told: each once, and not the one that acts.
absl::StatusOr<Audience> Others(Taking& taking, const std::set<std::string>& organisations) {
  Audience audience;
  for (const std::string& id : organisations) {
    if (id.empty() || id == taking.acting) continue;
    ASSIGN_OR_RETURN(const std::optional<Organisation> organisation, LoadOrganisation(taking.tx, id));
    if (organisation) audience.push_back(*organisation);
  }
  return audience;
}

// request_id and name, which every step has.
template <typename Message>
void CheckStep(errors::Violations& violations, const Message& request) {
  violations.RequestId("request_id", request.request_id());
  violations.Name("supportRequests", "name", request.name());
}

absl::Status DeliveryInvalid(const std::string& delivery, const std::string& english, const std::string& japanese) {
  return errors::Make(absl::StatusCode::kFailedPrecondition, "DELIVERY_INVALID", absl::StrCat(delivery, " ", english),
                      absl::StrCat(delivery, " ", japanese), {{"delivery", delivery}});
}

int64_t CarriedBy(const stock::v1::Delivery& delivery) {
  int64_t items = 0;
  for (const stock::v1::DeliveryLine& line : delivery.lines())
    items += line.issued_items() - line.short_items() - line.returned_items();
  return items;
}

// A step that ends the request: CompleteRequest, DeclineRequest, WithdrawRequest.
absl::Status End(Taking& taking, pb::SupportState state, Entry entry, const std::string& note) {
  const std::string proposed = taking.request.standing.proposed;
  Close(taking.tx, taking.request, state, taking.now);
  RETURN_IF_ERROR(Record(taking, entry, note));
  ASSIGN_OR_RETURN(const Audience to,
                   Others(taking, {taking.request.standing.requester, taking.request.standing.responsible, proposed}));
  TellClosed(taking.tx, taking.request, to, taking.now);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SupportRequest> SupportHandler::ProposeHandover(const rpc::Call& call,
                                                                   const v1::ProposeHandoverRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Name("organisations", "to", request.to());
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const auto first, FirstAnswer<v1::SupportRequest>(tools_, call, network, request));
  if (first) return *first;
  ASSIGN_OR_RETURN(const Organisation to, FindParty(tools_, call, *ids::IdFromName("organisations", request.to())));
  return Take(tools_, call, request, pb::STEP_PROPOSE, [&](Taking& taking) -> absl::Status {
    if (to.id == taking.request.standing.responsible) {
      return errors::Make(absl::StatusCode::kFailedPrecondition, "ADDRESSEE_INVALID",
                          absl::StrCat(to.display_name, " is responsible already; choose another organisation."),
                          absl::StrCat(to.display_name, " はすでに担当しています。別の団体を選んでください。"),
                          {{"organisation", request.to()}});
    }
    SaveOrganisation(taking.tx, to);
    ASSIGN_OR_RETURN(const pb::SupportSettings settings, LoadSettings(taking.tx));
    Propose(taking.request, to, taking.actor, settings, taking.now);
    RETURN_IF_ERROR(Record(taking, {.kind = pb::JOURNAL_KIND_PROPOSED, .other = to.id}, request.note()));
    TellProposed(taking.tx, taking.request, to, taking.now);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::CancelHandover(const rpc::Call& call,
                                                                  const v1::CancelHandoverRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_CANCEL_PROPOSAL, [&](Taking& taking) -> absl::Status {
    const std::string proposed = taking.request.standing.proposed;
    EndProposal(taking.request);
    return Record(taking, {.kind = pb::JOURNAL_KIND_PROPOSAL_CANCELLED, .other = proposed});
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::AcknowledgeHandover(const rpc::Call& call,
                                                                       const v1::AcknowledgeHandoverRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_ACKNOWLEDGE, [&](Taking& taking) -> absl::Status {
    Standing& standing = taking.request.standing;
    const std::string before = standing.responsible;
    std::erase(standing.former, standing.proposed);
    if (std::find(standing.former.begin(), standing.former.end(), before) == standing.former.end())
      standing.former.push_back(before);
    standing.responsible = standing.proposed;
    taking.request.responsible_name = taking.request.proposed_name;
    taking.request.responsible_time = taking.now;
    taking.request.acknowledged_by = taking.actor;
    if (!taking.request.acknowledge_time) taking.request.acknowledge_time = taking.now;
    EndProposal(taking.request);
    standing.state = pb::SUPPORT_STATE_ACKNOWLEDGED;
    RETURN_IF_ERROR(Record(taking, {.kind = pb::JOURNAL_KIND_ACKNOWLEDGED, .other = before}));
    ASSIGN_OR_RETURN(const Audience to, Others(taking, {before, standing.requester}));
    TellAnswered(taking.tx, taking.request, to, /*acknowledged=*/true, taking.now);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::RefuseHandover(const rpc::Call& call,
                                                                  const v1::RefuseHandoverRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  CheckReason(violations, request.reason());
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_REFUSE, [&](Taking& taking) -> absl::Status {
    EndProposal(taking.request);
    RETURN_IF_ERROR(Record(
        taking,
        {.kind = pb::JOURNAL_KIND_REFUSED, .other = taking.request.standing.responsible, .reason = request.reason()},
        request.note()));
    ASSIGN_OR_RETURN(const Audience to, Others(taking, {taking.request.standing.responsible}));
    TellAnswered(taking.tx, taking.request, to, /*acknowledged=*/false, taking.now);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::StartPreparing(const rpc::Call& call,
                                                                  const v1::StartPreparingRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_START_PREPARING, [&](Taking& taking) -> absl::Status {
    if (!taking.request.acknowledge_time) {  // who asked takes it on itself
      taking.request.acknowledge_time = taking.now;
      taking.request.acknowledged_by = taking.actor;
    }
    taking.request.standing.state = pb::SUPPORT_STATE_PREPARING;
    return Record(taking, {.kind = pb::JOURNAL_KIND_PREPARING});
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::FulfilRequest(const rpc::Call& call,
                                                                 const v1::FulfilRequestRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Require(request.deliveries_size() >= 1 && request.deliveries_size() <= 50, "deliveries", "OUT_OF_RANGE",
                     absl::StrCat("names ", request.deliveries_size(), " deliveries; 1 to 50 were expected"),
                     absl::StrCat("が", request.deliveries_size(), "件です。1〜50件にしてください"));
  std::set<std::string> seen;
  for (int i = 0; i < request.deliveries_size(); ++i) {
    const std::string field = absl::StrCat("deliveries[", i, "]");
    violations.Name("deliveries", field + ".delivery", request.deliveries(i).delivery());
    violations.Range(field + ".items", request.deliveries(i).items(), 1, 1'000'000);
    violations.Require(seen.insert(request.deliveries(i).delivery()).second, field + ".delivery", "DUPLICATE",
                       "is named twice; add its items up and name it once",
                       "が重複しています。数を合計して一度だけ入れてください");
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  ASSIGN_OR_RETURN(const auto first, FirstAnswer<v1::SupportRequest>(tools_, call, network, request));
  if (first) return *first;
  // By id, so that two who lock several deliveries do so in the same order.
  std::map<std::string, stock::v1::Delivery> deliveries;
  for (const std::string& name : seen) {
    stock::v1::GetDeliveryRequest asked;
    asked.set_name(name);
    ASSIGN_OR_RETURN(deliveries[name], rpc::Invoke(&stock::v1::StockService::Stub::GetDelivery, tools_.stock,
                                                   rpc::OnBehalfOf(call), asked));
  }
  return Take(tools_, call, request, pb::STEP_FULFIL, [&](Taking& taking) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Organisation> acting, LoadOrganisation(taking.tx, taking.acting));
    std::map<std::string, int64_t> items;
    int64_t sum = 0;
    for (const pb::FulfilledDelivery& part : request.deliveries()) items[part.delivery()] = part.items();
    for (const auto& [name, delivery] : deliveries) {
      const bool own_goods = ids::IdFromName("groups", delivery.group()) == taking.acting;
      if (acting && acting->kind == identity::v1::ORGANISATION_KIND_GROUP && !own_goods) {
        return DeliveryInvalid(name, "went to another group; name deliveries to your own.",
                               "は別の団体への配送です。自団体への配送を選んでください。");
      }
      ASSIGN_OR_RETURN(const int64_t recorded, RecordedOf(taking.tx, *ids::IdFromName("deliveries", name)));
      const int64_t free = CarriedBy(delivery) - recorded;
      if (items[name] > free) {
        return errors::Make(
            absl::StatusCode::kFailedPrecondition, "DELIVERY_OVERDRAWN",
            absl::StrCat(name, " has ", free, " items left for requests; ", items[name], " were given."),
            absl::StrCat(name, " のうち依頼に充てられる残りは ", free, " 点です（入力：", items[name], " 点）。"),
            {{"delivery", name}, {"free_items", absl::StrCat(free)}, {"requested", absl::StrCat(items[name])}});
      }
      sum += items[name];
    }
    taking.request.standing.state = pb::SUPPORT_STATE_PREPARING;
    RETURN_IF_ERROR(Record(taking, {.kind = pb::JOURNAL_KIND_FULFILLED, .items = sum}));
    for (const auto& [name, count] : items) {
      AddFulfilment(taking.tx, taking.request, taking.request.journal_count, *ids::IdFromName("deliveries", name),
                    count, taking.acting, taking.now);
      pb::Fulfilment& shown = taking.request.fulfilments.emplace_back();
      shown.set_delivery(name);
      shown.set_items(count);
      shown.set_organisation(ids::Name("organisations", taking.acting));
      *shown.mutable_record_time() = registry::ToTimestamp(taking.now);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::CompleteRequest(const rpc::Call& call,
                                                                   const v1::CompleteRequestRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  violations.Range("households_reached", request.households_reached(), 1, 1000);
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_COMPLETE, [&](Taking& taking) -> absl::Status {
    const int households = static_cast<int>(request.households_reached());
    taking.request.households_reached = households;
    int64_t items = 0;
    for (const pb::Fulfilment& part : taking.request.fulfilments) items += part.items();
    RETURN_IF_ERROR(TellReached(taking.tx, taking.request));
    return End(taking, pb::SUPPORT_STATE_DONE,
               {.kind = pb::JOURNAL_KIND_DONE, .items = items, .households = households}, request.note());
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::DeclineRequest(const rpc::Call& call,
                                                                  const v1::DeclineRequestRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  CheckReason(violations, request.reason());
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_DECLINE, [&](Taking& taking) -> absl::Status {
    taking.request.decline_reason = request.reason();
    return End(taking, pb::SUPPORT_STATE_DECLINED, {.kind = pb::JOURNAL_KIND_DECLINED, .reason = request.reason()},
               request.note());
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::WithdrawRequest(const rpc::Call& call,
                                                                   const v1::WithdrawRequestRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_WITHDRAW, [&](Taking& taking) {
    return End(taking, pb::SUPPORT_STATE_WITHDRAWN, {.kind = pb::JOURNAL_KIND_WITHDRAWN}, request.note());
  });
}

absl::StatusOr<v1::SupportRequest> SupportHandler::ReopenRequest(const rpc::Call& call,
                                                                 const v1::ReopenRequestRequest& request) {
  errors::Violations violations;
  CheckStep(violations, request);
  CheckNote(violations, request.note());
  RETURN_IF_ERROR(violations.status());
  return Take(tools_, call, request, pb::STEP_REOPEN, [&](Taking& taking) -> absl::Status {
    Standing& standing = taking.request.standing;
    standing.state =
        standing.responsible == standing.requester ? pb::SUPPORT_STATE_REQUESTED : pb::SUPPORT_STATE_ACKNOWLEDGED;
    taking.request.close_time.reset();
    if (taking.request.households_reached > 0) RETURN_IF_ERROR(TellReached(taking.tx, taking.request));
    taking.request.households_reached = 0;
    taking.request.decline_reason = pb::DECLINE_REASON_UNSPECIFIED;
    RETURN_IF_ERROR(Record(taking, {.kind = pb::JOURNAL_KIND_REOPENED}, request.note()));
    ASSIGN_OR_RETURN(const Audience to, Others(taking, {standing.requester, standing.responsible}));
    TellReopened(taking.tx, taking.request, to, taking.now);
    return absl::OkStatus();
  });
}

}  // namespace kubari::support
