#include "services/stock/domain/refusals.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/errors.h"

namespace kubari::stock::refusals {
namespace {

using absl::StatusCode;
using absl::StrCat;
using absl::StrFormat;

std::string S(std::string_view text) { return std::string(text); }

absl::Status NotFound(std::string_view reason, std::string_view what, std::string_view what_ja, std::string_view name) {
  return errors::Make(StatusCode::kNotFound, reason, StrCat("There is no ", S(what), " ", S(name), " in this network."),
                      StrCat(S(what_ja), " ", S(name), " はこのネットワークにありません。"), {{"name", S(name)}});
}

absl::Status Precondition(std::string_view reason, const std::string& english, const std::string& japanese,
                          errors::Metadata metadata) {
  return errors::Make(StatusCode::kFailedPrecondition, reason, english, japanese, std::move(metadata));
}

}  // namespace

absl::Status ProductNotFound(std::string_view name) { return NotFound("PRODUCT_NOT_FOUND", "product", "商品", name); }
absl::Status WarehouseNotFound(std::string_view name) {
  return NotFound("WAREHOUSE_NOT_FOUND", "warehouse", "倉庫", name);
}
absl::Status PlaceNotFound(std::string_view name) { return NotFound("PLACE_NOT_FOUND", "shelf", "棚", name); }
absl::Status LotNotFound(std::string_view name) { return NotFound("LOT_NOT_FOUND", "lot", "ロット", name); }
absl::Status ReservationNotFound(std::string_view name) {
  return NotFound("RESERVATION_NOT_FOUND", "reservation", "引当", name);
}
absl::Status DeliveryNotFound(std::string_view name) {
  return NotFound("DELIVERY_NOT_FOUND", "delivery", "配送", name);
}
absl::Status MovementNotFound(std::string_view name) {
  return NotFound("MOVEMENT_NOT_FOUND", "movement", "入出庫の記録", name);
}
absl::Status OfferLineNotFound(std::string_view name) {
  return NotFound("OFFER_LINE_NOT_FOUND", "offer line", "寄付申出の明細", name);
}
absl::Status GroupNotFound(std::string_view name) { return NotFound("GROUP_NOT_FOUND", "group", "受取団体", name); }

absl::Status TransferNotFound(std::string_view name) {
  return NotFound("TRANSFER_NOT_FOUND", "transfer", "倉庫間移動", name);
}

absl::Status PictureNotFound(std::string_view product) {
  return errors::Make(StatusCode::kNotFound, "PICTURE_NOT_FOUND", StrCat(S(product), " has no picture."),
                      StrCat("商品 ", S(product), " に写真はありません。"), {{"name", S(product)}});
}

absl::Status IdTaken(std::string_view name) {
  return errors::Make(StatusCode::kAlreadyExists, "ID_TAKEN",
                      StrCat(S(name), " exists already; make a new id for each."),
                      StrCat(S(name), " はすでにあります。毎回新しいIDを作ってください。"), {{"name", S(name)}});
}

absl::Status DeliveryOfOtherGroup(std::string_view delivery, std::string_view group) {
  return errors::Make(StatusCode::kNotFound, "DELIVERY_NOT_FOUND",
                      StrCat("deliveries/", S(delivery), " goes to another group than groups/", S(group),
                             "; make a new delivery id for each group."),
                      StrCat("配送 ", S(delivery), " は別の団体宛てです。団体ごとに新しい配送IDを作ってください。"),
                      {{"name", StrCat("deliveries/", S(delivery))}, {"group", StrCat("groups/", S(group))}});
}

absl::Status NotYourMovement(std::string_view movement) {
  return errors::Make(StatusCode::kPermissionDenied, "NOT_YOUR_MOVEMENT",
                      "A volunteer reverses only what they did themselves; ask the warehouse manager.",
                      "ボランティアが訂正できるのは自分の操作だけです。倉庫管理者に依頼してください。",
                      {{"movement", S(movement)}});
}

absl::Status OfferNotAccepted(std::string_view offer, std::string_view state) {
  return Precondition(
      "OFFER_NOT_ACCEPTED",
      StrCat("Goods of ", S(offer), " are not expected (", S(state), "); a coordinator accepts the offer first."),
      StrCat("この寄付申出（", S(state),
             "）の品物は入庫予定ではありません。先にコーディネーターが受け入れてください。"),
      {{"offer", S(offer)}, {"state", S(state)}});
}

absl::Status NoAgreement(std::string_view party, std::string_view display_name, std::string_view day) {
  return Precondition(
      "NO_AGREEMENT",
      StrCat("No agreement with ", S(display_name), " is in force on ", S(day), "; record a signed one first."),
      StrCat(S(display_name), "との合意書が ", S(day),
             " に有効ではありません。先に署名済みの合意書を登録してください。"),
      {{"party", S(party)}, {"day", S(day)}});
}

absl::Status TemperatureMismatch(kubari::type::v1::TemperatureZone needed, std::string_view what, const Place& place) {
  return Precondition(
      "TEMPERATURE_MISMATCH",
      StrFormat("%s must be kept %s; %s is %s. Choose another shelf.", S(what), eligibility::EnglishName(needed),
                place.display_name, eligibility::EnglishName(place.zone)),
      StrFormat("%sは%sで保管しますが、%sは%sの棚です。別の棚を選んでください。", S(what),
                eligibility::JapaneseName(needed), place.display_name, eligibility::JapaneseName(place.zone)),
      {{"needed", kubari::type::v1::TemperatureZone_Name(needed)},
       {"place", StrCat("places/", place.id)},
       {"place_zone", kubari::type::v1::TemperatureZone_Name(place.zone)}});
}

absl::Status TemperatureMismatch(const Lot& lot, const Place& place) {
  return TemperatureMismatch(lot.facts.temperature_zone(), lot.facts.product_display_name(), place);
}

absl::Status TemperaturesDiffer(const Lot& lot, std::string_view what, kubari::type::v1::TemperatureZone zone) {
  const auto own = lot.facts.temperature_zone();
  return Precondition(
      "TEMPERATURE_MISMATCH",
      StrFormat("%s is kept %s, %s %s; they cannot become one another.", lot.facts.product_display_name(),
                eligibility::EnglishName(own), S(what), eligibility::EnglishName(zone)),
      StrFormat("%sは%s、%sは%sで、温度帯が異なるため加工できません。", lot.facts.product_display_name(),
                eligibility::JapaneseName(own), S(what), eligibility::JapaneseName(zone)),
      {{"lot", StrCat("lots/", lot.id)},
       {"needed", kubari::type::v1::TemperatureZone_Name(zone)},
       {"zone", kubari::type::v1::TemperatureZone_Name(own)}});
}

absl::Status TooFewDays(const Lot& lot, int64_t left, int required) {
  const std::string& goods = lot.facts.product_display_name();
  const std::string& date = lot.facts.good_until().date();
  return Precondition(
      "TOO_FEW_DAYS",
      left < 0 ? StrFormat("The date of %s (%s) passed %d days ago; take it in only with a reason.", goods, date, -left)
               : StrFormat("%s (%s) has %d days left; the network takes in %d or more, or gives a reason.", goods, date,
                           left, required),
      left < 0
          ? StrFormat("%s（%s）は期限を%d日過ぎています。受け入れる場合は理由を入力してください。", goods, date, -left)
          : StrFormat("%s（%s）の残日数は%d日で、受入基準の%d日に足りません。受け入れる場合は理由を入力してください。",
                      goods, date, left, required),
      {{"left", StrCat(left)}, {"required", StrCat(required)}, {"date", date}});
}

absl::Status OnwardNotAllowed(const Lot& lot, bool by_donor) {
  return Precondition(
      "ONWARD_NOT_ALLOWED",
      by_donor ? StrFormat("The donor does not allow lot %s to be passed on to another organisation.", lot.code())
               : StrFormat("Say who agreed that lot %s is passed on, and when.", lot.code()),
      by_donor ? StrFormat("ロット%sは寄付者の条件により二次配布できません。", lot.code())
               : StrFormat("ロット%sの二次配布に同意した人と日付を入力してください。", lot.code()),
      {{"lot", StrCat("lots/", lot.id)}, {"cause", by_donor ? "CONDITIONS" : "NO_CONSENT"}});
}

absl::Status OtherWarehouse(const Place& from, const Place& to) {
  return Precondition(
      "OTHER_WAREHOUSE",
      StrFormat("%s and %s are in different warehouses; send the goods (SendTransfer) instead.", from.display_name,
                to.display_name),
      StrFormat("%sと%sは別の倉庫です。倉庫間移動を使ってください。", from.display_name, to.display_name),
      {{"from_warehouse", StrCat("warehouses/", from.warehouse_id)},
       {"to_warehouse", StrCat("warehouses/", to.warehouse_id)}});
}

absl::Status ArrivesElsewhere(const pb::Warehouse& warehouse, const Place& shelf) {
  return Precondition(
      "OTHER_WAREHOUSE",
      StrFormat("These goods were sent to %s; %s is elsewhere.", warehouse.display_name(), shelf.display_name),
      StrFormat("この品物は%s宛てです。%sは別の倉庫です。", warehouse.display_name(), shelf.display_name),
      {{"to_warehouse", warehouse.name()}, {"place", StrCat("places/", shelf.id)}});
}

absl::Status UnevenKit(const Lot& input, int64_t items, int64_t kits) {
  return Precondition("UNEVEN_KIT",
                      StrFormat("%d of lot %s (%s) do not divide evenly among %d kits.", items, input.code(),
                                input.facts.product_display_name(), kits),
                      StrFormat("ロット%s（%s）の%d点は%dセットに均等に分けられません。", input.code(),
                                input.facts.product_display_name(), items, kits),
                      {{"lot", StrCat("lots/", input.id)}, {"items", StrCat(items)}, {"kits", StrCat(kits)}});
}

absl::Status WeightExceeded(int64_t grams_in, int64_t grams_out) {
  return Precondition("WEIGHT_EXCEEDED", StrFormat("%d g go in, %d g would come out.", grams_in, grams_out),
                      StrFormat("材料は%dgですが、できる品物は%dgになります。", grams_in, grams_out),
                      {{"grams_in", StrCat(grams_in)}, {"grams_out", StrCat(grams_out)}});
}

absl::Status DateTooLate(const type::v1::GoodUntil& given, const type::v1::GoodUntil& earliest) {
  const bool use_by = earliest.kind() == type::v1::DATE_KIND_USE_BY;
  return Precondition(
      "DATE_TOO_LATE",
      StrFormat("What goes in is good until %s (%s); what is made of it cannot be %s.", earliest.date(),
                use_by ? "use-by" : "best-before", given.date().empty() ? "without a date" : "good for longer"),
      StrFormat("材料の期限は%s（%s）です。それより長い期限にはできません。", earliest.date(),
                use_by ? "消費期限" : "賞味期限"),
      {{"date", earliest.date()}, {"kind", type::v1::DateKind_Name(earliest.kind())}, {"given", given.date()}});
}

absl::Status ReservationRequired() {
  return Precondition("RESERVATION_REQUIRED", "A volunteer issues reserved goods only; scan from the pick list.",
                      "ボランティアが出庫できるのは引当済みの品物だけです。ピッキングリストから出庫してください。", {});
}

absl::Status ReservationExists(const std::string& reservation_id) {
  return errors::Make(StatusCode::kAlreadyExists, "RESERVATION_EXISTS",
                      StrCat("reservations/", reservation_id, " exists already; make a new id for each reservation."),
                      StrCat("引当 ", reservation_id, " はすでにあります。引当ごとに新しいIDを作ってください。"),
                      {{"reservation", StrCat("reservations/", reservation_id)}});
}

absl::Status ReservationClosed(const Reservation& reservation, bool expired) {
  return Precondition(
      "RESERVATION_CLOSED",
      expired ? StrCat("The reservation expired at ", absl::FormatTime(reservation.expire_time, absl::UTCTimeZone()),
                       "; reserve again.")
              : "The reservation was posted or given up already; nothing of it is open.",
      expired ? "引当の期限が切れています。もう一度引き当ててください。"
              : "この引当はすでに出庫または解除されています。",
      {{"reservation", StrCat("reservations/", reservation.id)}, {"cause", expired ? "EXPIRED" : "POSTED_OR_VOIDED"}});
}

absl::Status ReservationExceeded(const Reservation& reservation, int64_t requested) {
  return Precondition(
      "RESERVATION_EXCEEDED",
      StrFormat("The reservation still holds %d; %d were asked for.", reservation.open_items, requested),
      StrFormat("引当の残りは%d点ですが、%d点が指定されました。", reservation.open_items, requested),
      {{"reservation", StrCat("reservations/", reservation.id)},
       {"open", StrCat(reservation.open_items)},
       {"requested", StrCat(requested)}});
}

absl::Status InsufficientStock(const Lot& lot, const Place& place, const Balance& balance, int64_t requested) {
  return Precondition("INSUFFICIENT_STOCK",
                      StrFormat("Lot %s (%s) on %s: %d on hand, %d reserved, %d free; %d were asked for.", lot.code(),
                                lot.facts.product_display_name(), place.display_name, balance.on_hand, balance.reserved,
                                balance.free(), requested),
                      StrFormat("ロット%s（%s）の%sの在庫は%d点、うち引当%d点、空き%d点です。%d点は出せません。",
                                lot.code(), lot.facts.product_display_name(), place.display_name, balance.on_hand,
                                balance.reserved, balance.free(), requested),
                      {{"lot", StrCat("lots/", lot.id)},
                       {"place", StrCat("places/", place.id)},
                       {"on_hand", StrCat(balance.on_hand)},
                       {"reserved", StrCat(balance.reserved)},
                       {"free", StrCat(balance.free())},
                       {"requested", StrCat(requested)}});
}

absl::Status LotRecalled(const Lot& lot, const std::string& recall_id) {
  return Precondition("LOT_RECALLED",
                      StrFormat("Lot %s (%s) is being recalled; it is not handed over. Keep it apart.", lot.code(),
                                lot.facts.product_display_name()),
                      StrFormat("ロット%s（%s）は回収中のため渡せません。分けて保管してください。", lot.code(),
                                lot.facts.product_display_name()),
                      {{"lot", StrCat("lots/", lot.id)}, {"recall", StrCat("recalls/", recall_id)}});
}

absl::Status FefoDeparture(const Lot& lot, const State::Candidate& first, int64_t free) {
  const std::string day = absl::FormatCivilTime(first.last_good_day);
  return Precondition(
      "FEFO_DEPARTURE",
      StrFormat(
          "Lot %s on %s expires earlier (%s) than lot %s, and %d of it are free. Take it first, or give a reason.",
          first.lot_code, first.place_display_name, day, lot.code(), free),
      StrFormat("ロット%sより期限の早いロット%s（%s、%s）の空きが%d点あります。先に出すか、理由を入力してください。",
                lot.code(), first.lot_code, day, first.place_display_name, free),
      {{"lot", StrCat("lots/", first.lot_id)},
       {"place", StrCat("places/", first.place_id)},
       {"date", day},
       {"free", StrCat(free)}});
}

absl::Status LotsChanged(const Lot& lot) {
  return errors::Make(StatusCode::kAborted, "LOTS_CHANGED",
                      StrCat("Goods that expire earlier than lot ", lot.code(), " came in meanwhile; try again."),
                      StrCat("ロット", lot.code(), "より期限の早い品物が入りました。もう一度お試しください。"),
                      {{"lot", StrCat("lots/", lot.id)}});
}

absl::Status TransferClosed(const Shipment& shipment) {
  return Precondition("TRANSFER_CLOSED",
                      "Goods of this transfer have arrived, or it goes between other warehouses; start a new one.",
                      "この倉庫間移動はすでに到着が始まっているか、別の倉庫間のものです。新しい移動を作ってください。",
                      {{"transfer", StrCat("transfers/", shipment.id)},
                       {"from_warehouse", StrCat("warehouses/", shipment.from_warehouse_id)},
                       {"to_warehouse", StrCat("warehouses/", shipment.to_warehouse_id)}});
}

absl::Status AlreadyReversed(const Movement& movement, const Movement& reversal) {
  const std::string when = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", reversal.recorded_time, absl::UTCTimeZone());
  return Precondition(
      "ALREADY_REVERSED",
      StrFormat("It was reversed before, at %s by %s; to give it again, reverse that reversal.", when, reversal.actor),
      StrFormat("この記録は%s（UTC）に訂正済みです。元に戻すには、その訂正を訂正してください。", when),
      {{"movement", StrCat("movements/", movement.id)},
       {"reversal", StrCat("movements/", reversal.id)},
       {"by", reversal.actor},
       {"time", when}});
}

absl::Status PromiseNotReversible(const Movement& movement) {
  return Precondition("NOT_REVERSIBLE",
                      "A promise is not reversed: give the reservation up (VoidReservation), or reserve again.",
                      "引当は訂正できません。引当を解除するか、もう一度引き当ててください。",
                      {{"movement", StrCat("movements/", movement.id)}});
}

absl::Status MovedOn(const Movement& movement, const Lot& lot, const Place& place, const Balance& balance,
                     int64_t there, int64_t asked) {
  const std::string promised = balance.reserved == 0 ? "" : StrFormat(" (%d more are promised)", balance.reserved);
  const std::string promised_ja = balance.reserved == 0 ? "" : StrFormat("（ほかに引当%d点）", balance.reserved);
  return Precondition(
      "NOT_REVERSIBLE",
      StrFormat("Of the %d items of lot %s that came to %s, %d are still there%s; bring the others back first.", asked,
                lot.code(), place.display_name, there, promised),
      StrFormat("%sに移したロット%sの%d点のうち、残っているのは%d点です%s。先に戻してから訂正してください。",
                place.display_name, lot.code(), asked, there, promised_ja),
      {{"movement", StrCat("movements/", movement.id)}, {"lot", StrCat("lots/", lot.id)}});
}

absl::Status DeliveryConfirmed(const std::string& delivery_id) {
  return Precondition("DELIVERY_CONFIRMED",
                      "This delivery was confirmed before, with other figures; a coordinator reverses those first.",
                      "この配送は別の数量で受領確認済みです。コーディネーターが訂正してからやり直してください。",
                      {{"delivery", StrCat("deliveries/", delivery_id)}});
}

absl::Status RequestIdReused(const std::string& request_id) {
  return errors::Make(
      StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
      StrCat("request_id ", request_id, " was used for another request; make a new one for each request."),
      StrCat("request_id ", request_id, " は別の操作で使われています。操作ごとに新しいIDを作ってください。"),
      {{"request_id", request_id}});
}

}  // namespace kubari::stock::refusals
