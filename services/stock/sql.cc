#include "services/stock/sql.h"

#include <google/protobuf/util/json_util.h>

#include "libs/ids/ids.h"
#include "libs/log/log.h"

namespace kubari::stock::sql {
namespace {

std::string OrEmpty(const pg::Row& row, const char* column) {
  return row.Get<std::optional<std::string>>(column).value_or("");
}

absl::Time OrPast(const pg::Row& row, const char* column) {
  return row.Get<std::optional<absl::Time>>(column).value_or(absl::InfinitePast());
}

}  // namespace

Movement ReadMovement(const pg::Row& row) {
  const std::string network = row.Get<std::string>("network_id");
  const int64_t position = row.Get<int64_t>("position");
  const auto reverses = row.Get<std::optional<int64_t>>("reverses");
  return {.network_id = network,
          .position = position,
          .id = MovementId(network, position),
          .kind = static_cast<pb::MovementKind>(row.Get<int>("kind")),
          .lot_id = row.Get<std::string>("lot_id"),
          .from_place = row.Get<std::string>("from_place"),
          .to_place = row.Get<std::string>("to_place"),
          .items = row.Get<int64_t>("items"),
          .reservation_id = OrEmpty(row, "reservation_id"),
          .delivery_id = OrEmpty(row, "delivery_id"),
          .group_id = OrEmpty(row, "group_id"),
          .operation_id = OrEmpty(row, "operation_id"),
          .reverses = reverses ? MovementId(network, *reverses) : "",
          .effect_kind = static_cast<pb::MovementKind>(row.Get<int>("effect_kind")),
          .takes_back = row.Get<bool>("takes_back"),
          .reason = row.Get<std::string>("reason"),
          .note = row.Get<std::string>("note"),
          .actor = row.Get<std::string>("actor"),
          .occurred_time = row.Get<absl::Time>("occurred_time"),
          .recorded_time = row.Get<absl::Time>("recorded_time"),
          .households = row.Get<int64_t>("households"),
          .municipality_code = row.Get<std::string>("municipality_code"),
          .request_id = row.Get<std::string>("request_id"),
          .request_hash = row.Get<pg::Bytes>("request_hash").value,
          .leaf_hash = row.Get<pg::Bytes>("leaf_hash").value};
}

std::vector<Movement> ReadMovements(const pg::Result& rows) {
  std::vector<Movement> movements;
  movements.reserve(rows.size());
  for (const pg::Row row : rows) movements.push_back(ReadMovement(row));
  return movements;
}

Lot ReadLot(const pg::Row& row) {
  Lot lot{.id = row.Get<std::string>("lot_id"),
          .number = row.Get<int32_t>("lot_number"),
          .offer_title = row.Get<std::string>("offer_title")};
  FromJson(row.Get<std::string>("facts"), lot.facts);
  lot.transformation_id = ids::IdFromName("transformations", lot.facts.transformation()).value_or("");
  return lot;
}

Place ReadPlace(const pg::Row& row) {
  return {.id = row.Get<std::string>("place_id"),
          .number = row.Get<int32_t>("place_number"),
          .kind = static_cast<pb::PlaceKind>(row.Get<int>("place_kind")),
          .warehouse_id = OrEmpty(row, "warehouse_id"),
          .code = row.Get<std::string>("code"),
          .zone = static_cast<kubari::type::v1::TemperatureZone>(row.Get<int>("temperature_zone")),
          .party = row.Get<std::string>("party"),
          .display_name = row.Get<std::string>("display_name")};
}

Reservation ReadReservation(const pg::Row& row) {
  return {.id = row.Get<std::string>("reservation_id"),
          .lot_id = row.Get<std::string>("lot_id"),
          .place_id = row.Get<std::string>("place_id"),
          .group_id = row.Get<std::string>("group_id"),
          .delivery_id = row.Get<std::string>("delivery_id"),
          .items = row.Get<int64_t>("items"),
          .open_items = row.Get<int64_t>("open_items"),
          .expire_time = row.Get<absl::Time>("expire_time"),
          .create_time = row.Get<absl::Time>("create_time")};
}

Balance ReadBalance(const pg::Row& row) {
  return {.on_hand = row.Get<int64_t>("on_hand"), .reserved = row.Get<int64_t>("reserved")};
}

Delivery ReadDelivery(const pg::Row& row) {
  return {.id = row.Get<std::string>("delivery_id"),
          .group_id = row.Get<std::string>("group_id"),
          .source_place = OrEmpty(row, "source_place"),
          .ship_time = OrPast(row, "ship_time"),
          .confirm_time = OrPast(row, "confirm_time")};
}

void ReadLine(const pg::Row& row, Delivery& delivery) {
  delivery.lines[row.Get<std::string>("lot_id")] = {.issued = row.Get<int64_t>("issued_items"),
                                                    .confirmed = row.Get<int64_t>("confirmed_items"),
                                                    .missing = row.Get<int64_t>("short_items"),
                                                    .returned = row.Get<int64_t>("returned_items")};
}

Shipment ReadShipment(const pg::Row& row) {
  return {.id = row.Get<std::string>("transfer_id"),
          .from_warehouse_id = row.Get<std::string>("from_warehouse_id"),
          .to_warehouse_id = row.Get<std::string>("to_warehouse_id"),
          .send_time = OrPast(row, "send_time"),
          .arrive_time = OrPast(row, "arrive_time")};
}

void ReadLine(const pg::Row& row, Shipment& shipment) {
  shipment.lines[row.Get<std::string>("lot_id")] = {.sent = row.Get<int64_t>("sent_items"),
                                                    .arrived = row.Get<int64_t>("arrived_items"),
                                                    .missing = row.Get<int64_t>("short_items")};
}

std::optional<std::string> OrNull(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return json;
}

void FromJson(const std::string& json, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &message, options);
  if (!status.ok())
    log::Error("a jsonb column does not parse", {{"type", message.GetTypeName()}, {"problem", status.ToString()}});
}

}  // namespace kubari::stock::sql
