#include "services/identity/handlers/tools.h"

#include <absl/strings/str_cat.h>

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/identity/domain/grants.h"
#include "services/identity/store/networks.h"

namespace kubari::identity {

absl::StatusOr<pg::TxContext> InNetwork(const rpc::Call& call) {
  ASSIGN_OR_RETURN(std::string network, rpc::NetworkOf(call));
  return pg::TxContext{.network_id = std::move(network), .deadline = call.deadline};
}

std::string IdOf(std::string_view name) { return std::string(name.substr(name.find('/') + 1)); }

auth::Grant ToGrant(const pb::Grant& grant) {
  return {.organisation_id = IdOf(grant.organisation()), .role = grant.role()};
}

void CheckGrantShape(errors::Violations& violations, const std::string& field, const pb::Grant& grant) {
  violations.Name("organisations", field + ".organisation", grant.organisation());
  if (!violations.Enum(field + ".role", grant.role())) return;
  violations.Require(grant.role() != type::v1::ROLE_SERVICE, field + ".role", "ROLE_NOT_GRANTABLE",
                     "ROLE_SERVICE belongs to the installation's services and is given to nobody.",
                     "ROLE_SERVICE はシステム内部のもので、誰にも付与できません。");
}

absl::Status CheckGrantsInNetwork(pg::Transaction& tx, const std::vector<auth::Grant>& grants) {
  std::vector<std::string> ids;
  for (const auth::Grant& grant : grants) ids.push_back(grant.organisation_id);
  ASSIGN_OR_RETURN(const auto kinds, KindsOf(tx, ids));
  return CheckGrants(grants, kinds);
}

absl::StatusOr<std::optional<std::string>> OrganisationFilter(const rpc::Call& call, const std::string& organisation) {
  if (organisation.empty() && call.scope.whole_network) return std::nullopt;
  errors::Violations violations;
  violations.Name("organisations", "organisation", organisation);
  RETURN_IF_ERROR(violations.status());
  std::string id = IdOf(organisation);
  if (!call.scope.Includes(id)) return auth::NotYourOrganisation(organisation);
  return id;
}

void CheckLocale(errors::Violations& violations, const std::string& field, const std::string& locale) {
  violations.Require(locale == "ja" || locale == "en", field, "UNKNOWN_VALUE",
                     absl::StrCat("is \"", locale, "\"; \"ja\" or \"en\" was expected"),
                     absl::StrCat("が「", locale, "」です。「ja」か「en」を指定してください"));
}

void CheckQuery(errors::Violations& violations, const std::string& query) { violations.Text("query", query, 0, 200); }

}  // namespace kubari::identity
