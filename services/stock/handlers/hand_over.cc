#include "services/stock/handlers/hand_over.h"

#include "libs/errors/macros.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/wall.h"

namespace kubari::stock {

absl::StatusOr<groups::v1::Group> FindGroup(const Context& context, const rpc::Call& call, const std::string& group) {
  absl::StatusOr<groups::v1::Group> found = context.registers.GetGroup(call, group);
  if (absl::IsNotFound(found.status())) return refusals::GroupNotFound(group);
  return found;
}

std::string MunicipalityOf(const groups::v1::Group& group) {
  return group.sites_size() == 0 ? "" : group.sites(0).address().municipality_code();
}

absl::StatusOr<groups::v1::Group> PassTheWall(const Context& context, const rpc::Call& call, const Lot& lot,
                                              const std::string& group_name, absl::CivilDay day) {
  ASSIGN_OR_RETURN(groups::v1::Group group, FindGroup(context, call, group_name));
  ASSIGN_OR_RETURN(Wall wall, Wall::For(context, call, group, day));
  RETURN_IF_ERROR(wall.Pass(lot));
  return group;
}

absl::StatusOr<Place> FindGroupPlace(const Context& context, const rpc::Call& call, const std::string& group) {
  const std::string& network = call.principal.network_id;
  const std::string id = StandInPlaceId(network, pb::PLACE_KIND_GROUP, group);
  ASSIGN_OR_RETURN(const auto known, context.catalogue.Places(network, {id}, call.deadline));
  if (!known.empty()) return known.begin()->second;
  // Nothing was ever on its way to it.
  ASSIGN_OR_RETURN(const groups::v1::Group found, FindGroup(context, call, group));
  return StandInPlace(network, pb::PLACE_KIND_GROUP, group, found.display_name());
}

}  // namespace kubari::stock
