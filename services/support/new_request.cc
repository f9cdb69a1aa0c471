#include "services/support/new_request.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/support/settings.h"

namespace kubari::support {
namespace {

constexpr char kDetails[] = "details";
constexpr char kContact[] = "contact";
constexpr int kCodeLength = 8;

}  // namespace

Request NewRequest(const Organisation& from, absl::Time now) {
  Request request;
  request.id = ids::NewV7(now);
  request.standing.requester = request.standing.responsible = from.id;
  request.requester_name = request.responsible_name = from.display_name;
  request.responsible_time = request.create_time = request.activity_time = now;
  return request;
}

absl::Status WriteNew(pg::Transaction& tx, const Key& network_key, Request& request, const pb::Details& details) {
  bool written = false;
  for (int attempt = 0; !written; ++attempt) {
    if (attempt == 8) return absl::InternalError("no free code was found");
    // Of 2^40: one that is taken is rare, eight times in a row is not chance.
    request.code = CodeOf(Mac(network_key, "kubari.support.code", absl::StrCat(request.id, "/", attempt)), kCodeLength);
    ASSIGN_OR_RETURN(written, InsertRequest(tx, request));
  }
  Boxes boxes(network_key, request.id);
  PutDetails(tx, boxes, request, details);
  return absl::OkStatus();
}

void PutDetails(pg::Transaction& tx, Boxes& boxes, Request& request, const pb::Details& details) {
  pb::Details rest = details;
  rest.clear_contact();
  boxes.Put(tx, BoxPart::kRest, kDetails, rest.SerializeAsString());
  if (!details.contact().empty()) {
    boxes.Put(tx, BoxPart::kContact, kContact, details.contact());
  } else if (request.has_contact) {
    EraseContact(tx, request.id);
  }
  request.has_contact = !details.contact().empty();
}

absl::StatusOr<pb::Details> TakeDetails(const std::map<std::string, std::string>& texts, bool with_contact,
                                        const std::string& resource) {
  pb::Details details;
  const auto found = texts.find(kDetails);
  if (found == texts.end() || !details.ParseFromString(found->second)) {
    return errors::Make(absl::StatusCode::kDataLoss, "DETAILS_DAMAGED",
                        absl::StrCat("The details of ", resource, " are missing. Tell an administrator."),
                        absl::StrCat(resource, " の内容が見つかりません。管理者に連絡してください。"),
                        {{"resource", resource}, {"field", kDetails}});
  }
  const auto contact = texts.find(kContact);
  if (with_contact && contact != texts.end()) details.set_contact(contact->second);
  return details;
}

void Propose(Request& request, const Organisation& to, const std::string& actor, const pb::SupportSettings& settings,
             absl::Time now) {
  request.standing.proposed = to.id;
  request.proposed_name = to.display_name;
  request.propose_time = now;
  request.proposed_by = actor;
  request.answer_due_time = AnswerDue(settings, request.urgency, now);
}

void EndProposal(Request& request) {
  request.standing.proposed.clear();
  request.proposed_name.clear();
  request.propose_time.reset();
  request.proposed_by.reset();
  request.answer_due_time.reset();
}

void Close(pg::Transaction& tx, Request& request, pb::SupportState state, absl::Time now) {
  EndProposal(request);
  request.standing.state = state;
  request.close_time = now;
  if (request.has_contact) EraseContact(tx, request.id);
  request.has_contact = false;
}

}  // namespace kubari::support
