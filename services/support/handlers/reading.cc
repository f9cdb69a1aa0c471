// What a request says about people, its journal, and who looked.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "services/support/boxes.h"
#include "services/support/handlers/requests.h"
#include "services/support/new_request.h"

namespace kubari::support {

absl::StatusOr<v1::ReadDetailsResponse> SupportHandler::ReadDetails(const rpc::Call& call,
                                                                    const v1::ReadDetailsRequest& request) {
  errors::Violations violations;
  violations.Name("supportRequests", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  const std::vector<std::string>& own = OrganisationsOf(call);
  // The look commits before anything is answered.
  return tools_.pool.Transact(
      registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ReadDetailsResponse> {
        ActFor(tx, own);
        ASSIGN_OR_RETURN(const Request found,
                         LoadRequest(tx, *ids::IdFromName("supportRequests", request.name()), false));
        const std::set<pb::Part> parts = PartsOf(found.standing, own);
        RETURN_IF_ERROR(JudgeStep(found.standing, parts, pb::STEP_READ_DETAILS, found.name()));
        const bool contact = parts.contains(pb::PART_RESPONSIBLE) || parts.contains(pb::PART_REQUESTER);
        AddLook(tx, "supportRequests", found.id, call.principal.subject,
                ActingFor(found.standing, pb::STEP_READ_DETAILS, parts), contact && found.has_contact,
                tools_.clock.Now());
        ASSIGN_OR_RETURN(const Boxes boxes, Boxes::Load(tx, network.key, found.id, found.name()));
        ASSIGN_OR_RETURN(const auto texts, boxes.OpenAll(tx, found.name()));
        v1::ReadDetailsResponse response;
        ASSIGN_OR_RETURN(*response.mutable_details(), TakeDetails(texts, contact, found.name()));
        response.set_has_contact(found.has_contact);
        return response;
      });
}

absl::StatusOr<v1::ListJournalResponse> SupportHandler::ListJournal(const rpc::Call& call,
                                                                    const v1::ListJournalRequest& request) {
  errors::Violations violations;
  violations.Name("supportRequests", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  // Numbers as text, then the nil UUID: every key ends with one.
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"0", paging::kFirstId}));
  int after = 0;
  if (!absl::SimpleAtoi(page.key(0), &after)) return paging::InvalidToken();
  ASSIGN_OR_RETURN(const Network network, NetworkOf(tools_, call));
  const std::vector<std::string>& own = OrganisationsOf(call);
  return tools_.pool.Transact(
      registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListJournalResponse> {
        ActFor(tx, own);
        ASSIGN_OR_RETURN(const Request found,
                         LoadRequest(tx, *ids::IdFromName("supportRequests", request.name()), false));
        const std::set<pb::Part> parts = PartsOf(found.standing, own);
        if (parts.empty()) return RequestNotFound(request.name());
        ASSIGN_OR_RETURN(std::vector<pb::JournalEntry> entries, LoadJournal(tx, found.id, after, page.limit()));
        v1::ListJournalResponse response;
        response.set_next_page_token(page.Cut(entries, [](const pb::JournalEntry& last) {
          return std::vector<std::string>{absl::StrCat(last.number()), paging::kFirstId};
        }));
        std::map<std::string, std::string> texts;
        if (JudgeStep(found.standing, parts, pb::STEP_READ_DETAILS, found.name()).ok()) {
          ASSIGN_OR_RETURN(const Boxes boxes, Boxes::Load(tx, network.key, found.id, found.name()));
          ASSIGN_OR_RETURN(texts, boxes.OpenAll(tx, found.name()));
        }
        bool shown = false;
        for (pb::JournalEntry& entry : entries) {
          const auto note = texts.find(absl::StrCat("note/", entry.number()));
          shown = shown || note != texts.end();
          if (note != texts.end()) entry.set_note(note->second);
          *response.add_entries() = std::move(entry);
        }
        // What people wrote is as much about people as the details are.
        if (shown) {
          AddLook(tx, "supportRequests", found.id, call.principal.subject,
                  ActingFor(found.standing, pb::STEP_READ_DETAILS, parts), false, tools_.clock.Now());
        }
        return response;
      });
}

absl::StatusOr<v1::ListLooksResponse> SupportHandler::ListLooks(const rpc::Call& call,
                                                                const v1::ListLooksRequest& request) {
  const std::optional<std::string> of_request = ids::IdFromName("supportRequests", request.resource());
  const std::optional<std::string> of_application = ids::IdFromName("applications", request.resource());
  errors::Violations violations;
  if (!request.resource().empty() || !call.scope.whole_network) {
    violations.Require(of_request || of_application, "resource", request.resource().empty() ? "REQUIRED" : "NOT_A_NAME",
                       "is not the name of a request or application: supportRequests/{uuid} or applications/{uuid}",
                       "が依頼または申し込みの名前（supportRequests/{uuid}、applications/{uuid}）ではありません");
  }
  RETURN_IF_ERROR(violations.status());
  // A party's look at the looks: of its request, or of an application to its own campaign.
  ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, call.principal.network_id, {paging::kFirstId}));
  const std::string before = page.key(0) == paging::kFirstId ? "" : page.key(0);
  const std::vector<std::string>& own = OrganisationsOf(call);
  return tools_.pool.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListLooksResponse> {
    if (!call.scope.whole_network) {
      ActFor(tx, own);
      if (!of_request) return RequestNotFound(request.resource());
      ASSIGN_OR_RETURN(const Request found, LoadRequest(tx, *of_request, false));
      if (PartsOf(found.standing, own).empty()) return RequestNotFound(request.resource());
    }
    ASSIGN_OR_RETURN(std::vector<LookRow> looks,
                     LoadLooks(tx, of_request ? *of_request : of_application.value_or(""), before, page.limit()));
    v1::ListLooksResponse response;
    response.set_next_page_token(page.Cut(looks, [](const LookRow& last) { return std::vector{last.look_id}; }));
    for (LookRow& look : looks) *response.add_looks() = std::move(look.look);
    return response;
  });
}

}  // namespace kubari::support
