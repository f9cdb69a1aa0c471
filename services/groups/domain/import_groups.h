// The table of ImportGroups: cells to groups, or everything that is wrong with them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubari/groups/v1/groups.pb.h"
#include "libs/imports/upload.h"

namespace kubari::groups {

// A row. `group` lacks name and hub.
struct ImportedGroup {
  const tables::Row* row = nullptr;
  v1::Group group;
  std::optional<type::v1::Agreement> agreement;
  std::string hub_code;
};

const std::vector<tables::Column>& GroupColumns();

class GroupTable {
 public:
  // Problems go to the upload.
  explicit GroupTable(imports::Upload& upload);
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // In the table's order; what is in bad rows is not to be used.
  std::vector<ImportedGroup>& groups() { return groups_; }

  // Finds the hubs: `id_of` has the ids of existing groups and of those the table makes, by code; `hub_of` the hubs of
  // existing groups, by id. Sets group.hub; adds NOT_FOUND and HUB_CYCLE.
  void ResolveHubs(const std::map<std::string, std::string>& id_of, std::map<std::string, std::string> hub_of);
  // Bad rows are to be left out, and with them the groups whose hub is in one (HUB_LEFT_OUT). `id_of` has the ids of existing groups.
  void LeaveOutBadRows(const std::map<std::string, std::string>& id_of);

 private:
  void ReadRow(const tables::Row& row);

  imports::Upload& upload_;
  std::vector<ImportedGroup> groups_;
};

}  // namespace kubari::groups
