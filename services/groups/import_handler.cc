// Import: judge every cell, then write everything in one transaction or nothing.
#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/import.h"
#include "libs/registry/mutation.h"
#include "libs/registry/organisations.h"
#include "services/groups/domain/import_groups.h"
#include "services/groups/group_store.h"
#include "services/groups/handler.h"

namespace kubari::groups {
namespace {

// Namespace of imported groups' ids: derived from the code, so that a repeated import makes the same organisations.
constexpr char kImportedGroups[] = "d2a3f6b4-5c1e-4b7a-9f52-8e0c1d7b3a96";

// What the table meets: ids of existing groups with its codes or hub codes, and everybody's hubs.
struct Existing {
  std::map<std::string, std::string> id_of, hub_of;
};

absl::StatusOr<Existing> Meet(pg::Transaction& tx, GroupTable& table) {
  std::vector<std::string> codes;
  for (const ImportedGroup& each : table.groups()) {
    codes.push_back(each.group.code());
    if (!each.hub_code.empty()) codes.push_back(each.hub_code);
  }
  Existing existing;
  ASSIGN_OR_RETURN(existing.id_of, FindGroupIds(tx, codes));
  ASSIGN_OR_RETURN(existing.hub_of, LockHubs(tx));
  return existing;
}

}  // namespace

absl::StatusOr<v1::ImportGroupsResponse> GroupsHandler::ImportGroups(const rpc::Call& call,
                                                                     const v1::ImportGroupsRequest& request) {
  errors::Violations violations;
  registry::CheckImport(violations, request.request_id(), request.table());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::ImportGroupsResponse>(pool_, call, request));
  if (first) return *first;

  tables::CellErrors problems;
  GroupTable table(request.table(), problems);
  ASSIGN_OR_RETURN(Existing existing,
                   pool_.Transact(registry::TxOf(call), [&](pg::Transaction& tx) { return Meet(tx, table); }));
  v1::ImportGroupsResponse response;
  const size_t rows = table.groups().size();
  std::erase_if(table.groups(), [&](const ImportedGroup& each) { return existing.id_of.contains(each.group.code()); });
  response.set_skipped_count(static_cast<int32_t>(rows - table.groups().size()));
  response.set_created_count(static_cast<int32_t>(table.groups().size()));

  std::map<std::string, std::string> id_of = existing.id_of;
  std::vector<registry::NewOrganisation> organisations;
  for (ImportedGroup& each : table.groups()) {
    const std::string id =
        ids::DeriveV5(kImportedGroups, absl::StrCat(call.principal.network_id, "/", each.group.code()));
    id_of.emplace(each.group.code(), id);
    each.group.set_name(ids::Name("groups", id));
    each.group.mutable_sites(0)->set_id(ids::NewUuid());
    organisations.push_back({.id = id, .display_name = each.group.display_name()});
  }
  table.ResolveHubs(id_of, existing.hub_of, problems);
  if (!problems.empty()) {
    v1::ImportGroupsResponse refused;
    registry::Report(problems, *refused.mutable_problems());
    return refused;
  }
  if (request.dry_run()) return response;

  RETURN_IF_ERROR(
      registry::EnsureOrganisations(*identity_, call, identity::v1::ORGANISATION_KIND_GROUP, organisations));
  const absl::Time now = clock_.Now();
  return registry::Mutate<v1::ImportGroupsResponse>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::ImportGroupsResponse> {
        // New groups are nobody's hub but each other's, so existing groups cannot have made a circle with them
        // meanwhile.
        for (const ImportedGroup& each : table.groups()) {
          RETURN_IF_ERROR(InsertGroup(tx, each.group, now));
          if (each.agreement) {
            registry::InsertAgreement(tx, ids::NewV7(now), *ids::IdFromName("groups", each.group.name()),
                                      *each.agreement);
          }
        }
        return response;
      });
}

}  // namespace kubari::groups
