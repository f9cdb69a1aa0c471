#include "services/stock/handlers/alerts.h"

#include "libs/auth/access.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/pg/idempotency.h"
#include "services/stock/handlers/commands.h"
#include "services/stock/handlers/paged.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

// Everything that the rows of a page name.
struct Named {
  std::map<std::string, Lot> lots;
  std::map<std::string, Place> places;  // also those that stand for groups
  std::map<std::string, pb::Product> products;
  std::map<std::string, pb::Warehouse> warehouses;
};

std::string GroupPlaceId(const std::string& network_id, const std::string& group_id) {
  return StandInPlaceId(network_id, pb::PLACE_KIND_GROUP, ids::Name("groups", group_id));
}

absl::StatusOr<Named> LookUp(const Context& context, const rpc::Call& call, const std::vector<AlertRow>& rows) {
  const std::string& network = call.principal.network_id;
  std::set<std::string> lots, places, products, warehouses;
  for (const AlertRow& row : rows) {
    if (!row.lot_id.empty()) lots.insert(row.lot_id);
    if (!row.place_id.empty()) places.insert(row.place_id);
    if (!row.group_id.empty()) places.insert(GroupPlaceId(network, row.group_id));
    if (!row.product_id.empty()) products.insert(row.product_id);
    if (!row.warehouse_id.empty()) warehouses.insert(row.warehouse_id);
  }
  Named named;
  ASSIGN_OR_RETURN(named.lots, context.catalogue.Lots(network, lots, call.deadline));
  ASSIGN_OR_RETURN(named.places, context.catalogue.Places(network, places, call.deadline));
  for (const auto& [id, place] : named.places) {
    if (place.shelf()) warehouses.insert(place.warehouse_id);
  }
  ASSIGN_OR_RETURN(named.products, context.catalogue.Products(network, products, call.deadline));
  ASSIGN_OR_RETURN(named.warehouses, context.catalogue.Warehouses(network, warehouses, call.deadline));
  return named;
}

// Where what an alert counts is; of a minimum for the whole network nowhere.
void SetWarehouse(const std::string& id, const Named& named, pb::Alert& alert) {
  if (id.empty()) return;
  alert.set_warehouse(ids::Name("warehouses", id));
  if (const auto found = named.warehouses.find(id); found != named.warehouses.end())
    alert.set_warehouse_display_name(found->second.display_name());
}

void SetGoods(const View& view, const Named& named, const AlertRow& row, pb::Alert& alert) {
  const auto lot = named.lots.find(row.lot_id);
  const auto place = named.places.find(row.place_id);
  if (lot == named.lots.end() || place == named.places.end()) return;
  *alert.mutable_lot() = view.ToProto(lot->second);
  *alert.mutable_place() = view.ToProto(place->second, &lot->second);
  alert.set_product(alert.lot().product());
  alert.set_product_display_name(alert.lot().product_display_name());
  SetWarehouse(place->second.warehouse_id, named, alert);
}

}  // namespace

absl::StatusOr<AlertMoment> AlertsHandler::Moment(const rpc::Call& call) const {
  ASSIGN_OR_RETURN(const auto rules, context_.rules.Get(call.principal.network_id, call.deadline));
  return AlertMoment{.now = context_.clock.Now(),
                     .zone = ZoneOf(call),
                     .near_expiry_days = rules->stock.near_expiry_days(),
                     .unconfirmed_days = rules->stock.unconfirmed_days(),
                     .transit_days = rules->stock.transit_days()};
}

absl::StatusOr<std::vector<pb::Alert>> AlertsHandler::Describe(const rpc::Call& call, pb::AlertKind kind,
                                                               const AlertMoment& moment,
                                                               const std::vector<AlertRow>& rows) const {
  ASSIGN_OR_RETURN(const Named named, LookUp(context_, call, rows));
  const View view(context_.catalogue, call);
  std::vector<pb::Alert> alerts;
  for (const AlertRow& row : rows) {
    pb::Alert& alert = alerts.emplace_back();
    alert.set_kind(kind);
    alert.set_on_hand(row.on_hand);
    alert.set_reserved(row.reserved);
    alert.set_free(row.free);
    alert.set_wanted(row.wanted);
    SetWarehouse(row.warehouse_id, named, alert);
    if (!row.lot_id.empty()) {
      SetGoods(view, named, row, alert);
      // 9999-12-31 stands for goods without a date.
      if (alert.lot().good_until().kind() != kubari::type::v1::DATE_KIND_NONE)
        alert.set_days(static_cast<int32_t>(row.last_good_day - moment.today()));
    }
    if (const auto product = named.products.find(row.product_id); product != named.products.end()) {
      alert.set_product(product->second.name());
      alert.set_product_display_name(product->second.display_name());
    }
    if (!row.delivery_id.empty()) alert.set_delivery(ids::Name("deliveries", row.delivery_id));
    if (!row.transfer_id.empty()) alert.set_transfer(ids::Name("transfers", row.transfer_id));
    if (!row.reservation_id.empty()) alert.set_reservation(ids::Name("reservations", row.reservation_id));
    if (!row.group_id.empty()) {
      const auto group = named.places.find(GroupPlaceId(call.principal.network_id, row.group_id));
      if (group != named.places.end()) alert.set_group_display_name(group->second.display_name);
    }
    if (kind == pb::ALERT_KIND_UNCONFIRMED_DELIVERY || kind == pb::ALERT_KIND_LATE_TRANSFER)
      alert.set_days(static_cast<int32_t>(moment.today() - absl::ToCivilDay(row.time, moment.zone)));
    if (row.time != absl::Time()) SetTime(row.time, alert.mutable_time());
    alert.set_actor(row.actor);
    alert.set_times(static_cast<int32_t>(row.times));
  }
  std::vector<pb::Lot*> lots;
  for (pb::Alert& alert : alerts) {
    if (alert.has_lot()) lots.push_back(alert.mutable_lot());
  }
  RETURN_IF_ERROR(view.TellRecalls(lots));
  return alerts;
}

absl::StatusOr<pb::ListAlertsResponse> AlertsHandler::ListAlerts(const rpc::Call& call,
                                                                 const pb::ListAlertsRequest& request) {
  errors::Violations violations;
  violations.Enum("kind", request.kind());
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  violations.Require(request.warehouse().empty() || request.kind() != pb::ALERT_KIND_UNCONFIRMED_DELIVERY, "warehouse",
                     "MISMATCH", "Deliveries belong to no warehouse; leave it out.",
                     "配送は倉庫に属しません。空にしてください。");
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  ASSIGN_OR_RETURN(const AlertMoment moment, Moment(call));
  ASSIGN_OR_RETURN(std::vector<AlertRow> rows,
                   alerts_.List(call.principal.network_id, request.kind(), ById(request.warehouse()), moment,
                                asked.page, call.deadline));
  pb::ListAlertsResponse response;
  Cut(asked, rows, response);
  ASSIGN_OR_RETURN(const std::vector<pb::Alert> alerts, Describe(call, request.kind(), moment, rows));
  response.mutable_alerts()->Assign(alerts.begin(), alerts.end());
  return response;
}

absl::StatusOr<pb::CountAlertsResponse> AlertsHandler::CountAlerts(const rpc::Call& call,
                                                                   const pb::CountAlertsRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const AlertMoment moment, Moment(call));
  ASSIGN_OR_RETURN(const AlertStore::Counts counts,
                   alerts_.Count(call.principal.network_id, ById(request.warehouse()), moment, call.deadline));
  pb::CountAlertsResponse response;
  for (const auto& [kind, count] : counts) {
    pb::AlertCount& one = *response.add_counts();
    one.set_kind(kind);
    one.set_count(count);
  }
  return response;
}

absl::StatusOr<pb::Minimum> AlertsHandler::SetMinimum(const rpc::Call& call, const pb::SetMinimumRequest& request) {
  const pb::Minimum& asked = request.minimum();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("products", "minimum.product", asked.product());
  CheckOptionalName("warehouses", "minimum.warehouse", asked.warehouse(), violations);
  violations.Range("minimum.items", asked.items(), 0, kMaxItems);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pb::Product product, FindProduct(context_, call, asked.product()));
  if (!asked.warehouse().empty()) {
    ASSIGN_OR_RETURN(const pb::Warehouse warehouse, FindWarehouse(context_, call, asked.warehouse()));
    if (!call.scope.whole_network && !call.scope.Includes(IdOf(warehouse.organisation())))
      return auth::NotYourOrganisation(asked.warehouse());
  } else if (!call.scope.whole_network) {
    return auth::NotYourOrganisation(ids::Name("networks", call.principal.network_id));
  }
  pb::Minimum minimum = asked;
  minimum.set_product_display_name(product.display_name());
  return context_.pool.Transact(
      {.network_id = call.principal.network_id, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::Minimum>(tx, request.request_id(), call.method->full_name(), request,
                                           [&](pg::Transaction& tx) -> absl::StatusOr<pb::Minimum> {
                                             AlertStore::SetMinimum(tx, IdOf(minimum.product()),
                                                                    ById(minimum.warehouse()), minimum.items());
                                             return minimum;
                                           });
      });
}

absl::StatusOr<pb::ListMinimumsResponse> AlertsHandler::ListMinimums(const rpc::Call& call,
                                                                     const pb::ListMinimumsRequest& request) {
  errors::Violations violations;
  CheckOptionalName("warehouses", "warehouse", request.warehouse(), violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const Asked asked, Ask(call, request));
  ASSIGN_OR_RETURN(std::vector<AlertStore::MinimumRow> rows,
                   alerts_.Minimums(call.principal.network_id, ById(request.warehouse()), asked.page, call.deadline));
  pb::ListMinimumsResponse response;
  Cut(asked, rows, response);
  for (const AlertStore::MinimumRow& row : rows) {
    pb::Minimum& minimum = *response.add_minimums();
    minimum.set_product(ids::Name("products", row.product_id));
    minimum.set_product_display_name(row.product_display_name);
    if (!row.warehouse_id.empty()) minimum.set_warehouse(ids::Name("warehouses", row.warehouse_id));
    minimum.set_items(row.items);
  }
  return response;
}

}  // namespace kubari::stock
