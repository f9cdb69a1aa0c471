#include "services/stock/handlers/context.h"

#include "libs/auth/access.h"
#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

// The one of `found`, or the refusal.
template <typename T>
absl::StatusOr<T> Only(absl::StatusOr<std::map<std::string, T>> found, const absl::Status& refusal) {
  RETURN_IF_ERROR(found);
  if (found->empty()) return refusal;
  return std::move(found->begin()->second);
}

}  // namespace

std::string IdOf(std::string_view name) { return std::string(name.substr(name.find('/') + 1)); }

absl::TimeZone ZoneOf(const rpc::Call& call) {
  return calendar::LoadZone(call.principal.time_zone).value_or(absl::FixedTimeZone(9 * 3600));
}

absl::StatusOr<Lot> FindLot(const Context& context, const rpc::Call& call, const std::string& name) {
  return Only(context.catalogue.Lots(call.principal.network_id, {IdOf(name)}, call.deadline),
              refusals::LotNotFound(name));
}

absl::StatusOr<Place> FindShelf(const Context& context, const rpc::Call& call, const std::string& name) {
  ASSIGN_OR_RETURN(Place place, Only(context.catalogue.Places(call.principal.network_id, {IdOf(name)}, call.deadline),
                                     refusals::PlaceNotFound(name)));
  if (!place.shelf()) return refusals::PlaceNotFound(name);
  return place;
}

absl::StatusOr<pb::Warehouse> FindWarehouse(const Context& context, const rpc::Call& call, const std::string& name) {
  return Only(context.catalogue.Warehouses(call.principal.network_id, {IdOf(name)}, call.deadline),
              refusals::WarehouseNotFound(name));
}

absl::StatusOr<pb::Product> FindProduct(const Context& context, const rpc::Call& call, const std::string& name) {
  return Only(context.catalogue.Products(call.principal.network_id, {IdOf(name)}, call.deadline),
              refusals::ProductNotFound(name));
}

absl::StatusOr<Lot> FindLotByNameOrCode(const Context& context, const rpc::Call& call,
                                        const std::string& name_or_code) {
  if (ids::IdFromName("lots", name_or_code)) return FindLot(context, call, name_or_code);
  if (const auto code = ReadLotCode(name_or_code)) {
    ASSIGN_OR_RETURN(std::optional<Lot> lot,
                     context.catalogue.LotByCode(call.principal.network_id, *code, call.deadline));
    if (lot) return *std::move(lot);
  }
  return refusals::LotNotFound(name_or_code);
}

absl::StatusOr<std::string> OperatorOf(const Context& context, const rpc::Call& call, const Place& shelf) {
  ASSIGN_OR_RETURN(const pb::Warehouse warehouse,
                   FindWarehouse(context, call, ids::Name("warehouses", shelf.warehouse_id)));
  return IdOf(warehouse.organisation());
}

absl::Status CheckOwnShelf(const Context& context, const rpc::Call& call, const Place& shelf) {
  if (call.scope.whole_network) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string operator_id, OperatorOf(context, call, shelf));
  if (call.scope.Includes(operator_id)) return absl::OkStatus();
  return auth::NotYourOrganisation(ids::Name("places", shelf.id));
}

bool OnlyVolunteer(const rpc::Call& call, const std::string& operator_id) {
  return !call.scope.whole_network && !call.principal.HoldsIn(operator_id, kubari::type::v1::ROLE_WAREHOUSE_MANAGER);
}

void CheckGoodUntil(const kubari::type::v1::GoodUntil& good_until, std::string_view field,
                    errors::Violations& violations) {
  const std::string path(field);
  if (!violations.Enum(path + ".kind", good_until.kind())) return;
  if (good_until.kind() == kubari::type::v1::DATE_KIND_NONE) {
    violations.Require(good_until.date().empty(), path + ".date", "NOT_EMPTY",
                       "Goods without a printed date have no date here.",
                       "期限表示なしの場合、日付は空にしてください。");
  } else if (const auto problem = calendar::Date::ProblemWith(good_until.date())) {
    violations.Add(path + ".date", good_until.date().empty() ? "REQUIRED" : "NOT_A_DATE", problem->english,
                   problem->japanese);
  }
}

void CheckOptionalName(std::string_view collection, std::string_view field, const std::string& value,
                       errors::Violations& violations) {
  if (!value.empty()) violations.Name(collection, field, value);
}

}  // namespace kubari::stock
