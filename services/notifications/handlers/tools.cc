#include "services/notifications/handlers/tools.h"

#include <absl/strings/str_cat.h>

#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"

namespace kubari::notifications {

absl::StatusOr<pg::TxContext> InNetwork(const rpc::Call& call) {
  ASSIGN_OR_RETURN(std::string network, rpc::NetworkOf(call));
  return pg::TxContext{.network_id = std::move(network), .deadline = call.deadline};
}

absl::StatusOr<std::string> PersonOf(const rpc::Call& call) {
  if (const std::optional<std::string> id = ids::IdFromName("people", call.principal.subject)) return *id;
  return errors::Make(absl::StatusCode::kFailedPrecondition, "NOT_A_PERSON",
                      absl::StrCat("The caller is ", call.principal.subject, "; only a person has an inbox and e-mail. Sign in as a person."),
                      absl::StrCat("この操作をしているのは ", call.principal.subject, " です。お知らせを受け取れるのは個人だけです。個人としてサインインしてください。"),
                      {{"subject", call.principal.subject}});
}

absl::StatusOr<identity::v1::Recipient> RecipientOf(Directory& directory, const std::string& network_id, const std::string& person_id) {
  ASSIGN_OR_RETURN(const std::vector<identity::v1::Recipient> found, directory.Recipients(network_id, {}, {ids::Name("people", person_id)}));
  return found.empty() ? identity::v1::Recipient() : found[0];
}

std::string IdOf(std::string_view name) { return std::string(name.substr(name.find('/') + 1)); }

absl::Status CheckEtag(const std::string& what, const std::string& etag, const std::string& current) {
  if (etag.empty() || etag == current) return absl::OkStatus();
  return errors::Make(absl::StatusCode::kAborted, "STALE_ETAG", absl::StrCat(what, " was changed since you read it. Read it again and repeat your change."),
                      absl::StrCat(what, " は読み込んだ後に変更されています。読み込み直してから、もう一度変更してください。"),
                      {{"name", what}, {"etag", etag}, {"current_etag", current}});
}

}  // namespace kubari::notifications
