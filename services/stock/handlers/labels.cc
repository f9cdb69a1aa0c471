#include "services/stock/handlers/labels.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "libs/auth/access.h"
#include "libs/calendar/date.h"
#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"
#include "libs/labels/labels.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/handlers/hand_over.h"
#include "services/stock/handlers/recall_view.h"

namespace kubari::stock {
namespace {

// For products without a GTIN. Prefix 02: a number that means nothing outside of the network; the lot's code says which
// goods they are.
constexpr char kInHouseGtin[] = "02000000000008";

labels::Language LanguageOf(pb::PaperLanguage language) {
  return language == pb::PAPER_LANGUAGE_ENGLISH ? labels::Language::kEnglish : labels::Language::kJapanese;
}

labels::Format FormatOf(pb::LabelFormat format) {
  switch (format) {
    case pb::LABEL_FORMAT_A4_12:
      return labels::Format::kSheet12;
    case pb::LABEL_FORMAT_A4_21:
      return labels::Format::kSheet21;
    case pb::LABEL_FORMAT_A4_24_MARGIN:
      return labels::Format::kSheet24WithMargin;
    case pb::LABEL_FORMAT_ROLL_62:
      return labels::Format::kRoll62;
    default:
      return labels::Format::kSheet24;
  }
}

// What someone who handles the goods must know, in a few words.
std::string InWords(const type::v1::Conditions& conditions, labels::Language language) {
  const bool ja = language == labels::Language::kJapanese;
  std::vector<std::string> words;
  if (!conditions.onward_transfer_allowed()) words.push_back(ja ? "二次配布不可" : "no onward transfer");
  if (conditions.only_groups_size() > 0) words.push_back(ja ? "指定団体のみ" : "named groups only");
  if (conditions.min_remaining_days() > 0) {
    words.push_back(ja ? absl::StrCat("残り", conditions.min_remaining_days(), "日以上")
                       : absl::StrCat("at least ", conditions.min_remaining_days(), " days left"));
  }
  return absl::StrJoin(words, ja ? "・" : ", ");
}

}  // namespace

absl::StatusOr<std::string> LinkOfLot(const std::string& public_url, const pb::Lot& lot) {
  std::vector<gs1::Element> elements = {{"01", lot.gtin().empty() ? kInHouseGtin : lot.gtin()}, {"10", lot.code()}};
  if (const auto date = calendar::Date::Parse(lot.good_until().date()); date.ok()) {
    elements.push_back({lot.good_until().kind() == type::v1::DATE_KIND_USE_BY ? "17" : "15", gs1::DateValue(*date)});
  }
  return gs1::DigitalLink(public_url, elements);
}

namespace {

// The shelf that was ordered, or where all of the lot stands: its one shelf, or the one warehouse of its shelves. Else
// "".
absl::StatusOr<std::string> NamePlace(const Context& context, const rpc::Call& call, const Lot& lot,
                                      const std::string& ordered) {
  if (!ordered.empty()) {
    ASSIGN_OR_RETURN(const Place shelf, FindShelf(context, call, ordered));
    return shelf.display_name;
  }
  ASSIGN_OR_RETURN(const auto holders, context.ledger.Holders(call.principal.network_id, lot.id, call.deadline));
  std::set<std::string> ids, warehouses;
  for (const auto& [place, balance] : holders) ids.insert(place);
  ASSIGN_OR_RETURN(const auto places, context.catalogue.Places(call.principal.network_id, ids, call.deadline));
  std::vector<std::string> shelves;
  for (const auto& [id, place] : places) {
    if (!place.shelf()) continue;
    shelves.push_back(place.display_name);
    warehouses.insert(place.warehouse_id);
  }
  if (shelves.size() == 1) return shelves.front();
  if (warehouses.size() != 1) return std::string();
  ASSIGN_OR_RETURN(const pb::Warehouse warehouse,
                   FindWarehouse(context, call, ids::Name("warehouses", *warehouses.begin())));
  return warehouse.display_name();
}

}  // namespace

absl::StatusOr<pb::PrintLabelsResponse> LabelsHandler::PrintLabels(const rpc::Call& call,
                                                                   const pb::PrintLabelsRequest& request) {
  errors::Violations violations;
  violations.Range("labels", request.labels_size(), 1, 200);
  violations.Enum("format", request.format());
  int64_t all = 0;
  for (int i = 0; i < request.labels_size(); ++i) {
    const pb::LabelOrder& order = request.labels(i);
    const std::string field = absl::StrCat("labels[", i, "]");
    violations.Require(!order.lot().empty(), field + ".lot", "REQUIRED", "Name a lot or its code.",
                       "ロットの名前かコードを指定してください。");
    violations.Range(field + ".copies", order.copies(), 0, 500);
    CheckOptionalName("places", field + ".place", order.place(), violations);
    all += std::max(1, order.copies());
  }
  violations.Require(all <= labels::kMaxLabels, "labels", "TOO_MANY",
                     absl::StrCat(all, " labels; at most ", labels::kMaxLabels, "."),
                     absl::StrCat("ラベルが", all, "枚あります。", labels::kMaxLabels, "枚までにしてください。"));
  const labels::Format format = FormatOf(request.format());
  const labels::Geometry& geometry = labels::GeometryOf(format);
  violations.Range("skip", request.skip(), 0, geometry.roll() ? 0 : geometry.per_sheet() - 1);
  RETURN_IF_ERROR(violations.status());

  const View view(context_.catalogue, call);
  const labels::Language language = LanguageOf(request.language());
  std::vector<labels::Label> sheet;
  for (const pb::LabelOrder& order : request.labels()) {
    ASSIGN_OR_RETURN(const Lot found, FindLotByNameOrCode(context_, call, order.lot()));
    const pb::Lot lot = view.ToProto(found);
    labels::Label& label = sheet.emplace_back();
    label.product = lot.product_display_name();
    label.code = lot.code();
    ASSIGN_OR_RETURN(label.qr, LinkOfLot(public_url_, lot));
    label.good_until = lot.good_until();
    label.temperature_zone = lot.temperature_zone();
    label.allergens = lot.allergens();
    label.conditions = InWords(lot.conditions(), language);
    label.donor_lot = lot.donor_lot_number();
    label.items_per_case = lot.items_per_case();
    label.copies = std::max(1, order.copies());
    ASSIGN_OR_RETURN(label.place, NamePlace(context_, call, found, order.place()));
  }
  pb::PrintLabelsResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_pdf(),
      labels::RenderLabels(sheet, {.format = format, .language = language, .first_position = request.skip() + 1}));
  response.set_file_name(sheet.size() == 1 ? absl::StrCat("label-", sheet.front().code, ".pdf") : "labels.pdf");
  const int per_page = geometry.roll() ? 1 : geometry.per_sheet();
  response.set_pages(static_cast<int32_t>((request.skip() + all + per_page - 1) / per_page));
  return response;
}

absl::StatusOr<pb::PrintDeliverySheetResponse> LabelsHandler::PrintDeliverySheet(
    const rpc::Call& call, const pb::PrintDeliverySheetRequest& request) {
  errors::Violations violations;
  violations.Name("deliveries", "delivery", request.delivery());
  RETURN_IF_ERROR(violations.status());
  const std::string id = IdOf(request.delivery());
  Needs needs;
  needs.deliveries.insert(id);
  ASSIGN_OR_RETURN(const State state, context_.ledger.Peek(call.principal.network_id, needs, call.deadline));
  const auto found = state.deliveries.find(id);
  if (found == state.deliveries.end() || found->second.issued() == 0)
    return refusals::DeliveryNotFound(request.delivery());
  if (!call.scope.whole_network && !call.scope.Includes(found->second.group_id))
    return auth::NotYourOrganisation(request.delivery());
  ASSIGN_OR_RETURN(const std::vector<pb::Delivery> one, ShowDeliveries(context_, call, {found->second}));
  const pb::Delivery& delivery = one.front();
  ASSIGN_OR_RETURN(const groups::v1::Group group, FindGroup(context_, call, delivery.group()));

  const labels::Language language = LanguageOf(request.language());
  labels::DeliverySheet sheet;
  ASSIGN_OR_RETURN(sheet.network, context_.registers.NetworkName(call));
  sheet.warehouse = delivery.source().display_name();
  sheet.group = group.display_name();
  if (group.sites_size() > 0) sheet.address = group.sites(0).address().text();
  // The last part of a version-7 UUID differs from delivery to delivery; short enough to be said on the phone.
  sheet.number = id.substr(id.size() - 12);
  sheet.delivery_date = absl::FormatCivilTime(absl::ToCivilDay(found->second.ship_time, ZoneOf(call)));
  sheet.qr = absl::StrCat(public_url_, "/#/deliveries/", id);
  for (const pb::DeliveryLine& line : delivery.lines()) {
    const int64_t items = line.issued_items() - line.returned_items();
    if (items <= 0) continue;
    labels::DeliveryLine& row = sheet.lines.emplace_back();
    row.product = line.lot().product_display_name();
    row.code = line.lot().code();
    row.good_until = line.lot().good_until();
    row.temperature_zone = line.lot().temperature_zone();
    row.allergens = line.lot().allergens();
    row.conditions = InWords(line.lot().conditions(), language);
    row.items = items;
    row.items_per_case = line.lot().items_per_case();
    row.grams = items * line.lot().item_grams();
  }
  pb::PrintDeliverySheetResponse response;
  ASSIGN_OR_RETURN(*response.mutable_pdf(), labels::RenderDeliverySheet(sheet, language));
  response.set_file_name(absl::StrCat("delivery-", sheet.number, ".pdf"));
  return response;
}

}  // namespace kubari::stock
