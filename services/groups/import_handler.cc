// Import: judge every cell, then write everything in one transaction, or nothing, or all rows that are good.
#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/imports/upload.h"
#include "libs/registry/agreement_table.h"
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
  RETURN_IF_ERROR(imports::CheckImport(request));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::ImportGroupsResponse>(pool_, call, request));
  if (first) return *first;

  imports::Upload upload(request, GroupColumns());
  GroupTable table(upload);
  ASSIGN_OR_RETURN(Existing existing,
                   pool_.Transact(registry::TxOf(call), [&](pg::Transaction& tx) { return Meet(tx, table); }));
  std::map<std::string, std::string> id_of = existing.id_of;
  for (ImportedGroup& each : table.groups()) {
    const std::string id =
        ids::DeriveV5(kImportedGroups, absl::StrCat(call.principal.network_id, "/", each.group.code()));
    id_of.emplace(each.group.code(), id);
    each.group.set_name(ids::Name("groups", id));
    each.group.mutable_sites(0)->set_id(ids::NewUuid());
  }
  const auto is_there = [&](const ImportedGroup& each) { return existing.id_of.contains(each.group.code()); };
  const size_t rows = table.groups().size();
  std::erase_if(table.groups(), is_there);
  const size_t skipped = rows - table.groups().size();
  table.ResolveHubs(id_of, existing.hub_of);
  if (upload.skip_bad_rows()) table.LeaveOutBadRows(existing.id_of);
  v1::ImportGroupsResponse response;
  upload.Tell(response);
  if (!upload.MayWrite()) return response;
  response.set_skipped_count(static_cast<int32_t>(skipped));
  response.set_created_count(static_cast<int32_t>(table.groups().size()));
  std::vector<registry::NewOrganisation> organisations;
  for (const ImportedGroup& each : table.groups())
    organisations.push_back({.id = *ids::IdFromName("groups", each.group.name()), .display_name = each.group.display_name()});
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

absl::StatusOr<type::v1::ImportTemplate> GroupsHandler::GetImportTemplate(const rpc::Call& call,
                                                                         const type::v1::GetImportTemplateRequest& request) {
  return imports::MakeTemplate(request, {{"groups", "Groups", "受取団体", GroupColumns()}});
}

}  // namespace kubari::groups
