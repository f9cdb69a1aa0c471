// The table of ImportGroups: cells to groups, or everything that is wrong with them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/groups/v1/groups.pb.h"
#include "libs/tables/table.h"

namespace kubari::groups {

// A row. `group` lacks name and hub.
struct ImportedGroup {
  const tables::Row* row = nullptr;
  v1::Group group;
  std::optional<type::v1::Agreement> agreement;
  std::string hub_code;
};

class GroupTable {
 public:
  GroupTable(std::string_view bytes, tables::CellErrors& errors);
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // In the table's order. With any error not to be written.
  std::vector<ImportedGroup>& groups() { return groups_; }

  // Finds the hubs: `id_of` has the ids of existing groups and of those the table makes, by code; `hub_of` the hubs of
  // existing groups, by id. Sets group.hub; adds NOT_FOUND and HUB_CYCLE.
  void ResolveHubs(const std::map<std::string, std::string>& id_of, std::map<std::string, std::string> hub_of,
                   tables::CellErrors& errors);

 private:
  void ReadRow(const tables::Row& row, tables::CellErrors& errors);

  std::optional<tables::Table> table_;
  std::vector<ImportedGroup> groups_;
};

}  // namespace kubari::groups
