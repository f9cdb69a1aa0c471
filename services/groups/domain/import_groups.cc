#include "services/groups/domain/import_groups.h"

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/registry/fields.h"
#include "libs/registry/import.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"

namespace kubari::groups {
namespace {

const std::vector<tables::Column>& Columns() {
  static const std::vector<tables::Column> columns = {
      {"code", {"コード"}},
      {"name", {"名称"}},
      {"name_kana", {"名称カナ"}, false},
      {"kind", {"種別"}},
      {"municipality_code", {"市区町村コード"}},
      {"postal_code", {"郵便番号"}, false},
      {"address", {"住所"}, false},
      {"latitude", {"緯度"}},
      {"longitude", {"経度"}},
      {"contact_email", {"メールアドレス"}, false},
      {"households", {"世帯数"}},
      {"children", {"子どもの数"}, false},
      {"categories", {"受入カテゴリ"}, false},
      {"excluded_allergens", {"除外アレルゲン"}, false},
      {"wanted_tags", {"希望タグ"}, false},
      {"excluded_tags", {"除外タグ"}, false},
      {"ambient_items", {"常温保管数"}, false},
      {"chilled_items", {"冷蔵保管数"}, false},
      {"frozen_items", {"冷凍保管数"}, false},
      {"receiving_days", {"受取曜日"}, false},
      {"compliance_level", {"法令遵守レベル"}, false},
      {"evidence_title", {"証明書類"}, false},
      {"evidence_from", {"証明開始日"}, false},
      {"evidence_to", {"証明終了日"}, false},
      {"agreement_title", {"合意書名"}, false},
      {"agreement_from", {"合意書開始日"}, false},
      {"agreement_to", {"合意書終了日"}, false},
      {"hub_code", {"ハブコード"}, false},
      {"max_distance_km", {"最大距離km"}, false},
      {"min_remaining_days", {"残日数"}, false},
  };
  return columns;
}

// "mon" and "monday".
const std::map<std::string, int>& Weekdays() {
  static const std::map<std::string, int> words = [] {
    std::map<std::string, int> all;
    for (const auto& [word, number] : registry::EnumWords(*v1::Weekday_descriptor()))
      all[word] = all[word.substr(0, 3)] = number;
    return all;
  }();
  return words;
}

bool AnyFilled(const tables::Cells& cells, std::initializer_list<const char*> columns) {
  for (const char* column : columns) {
    if (!cells.Empty(column)) return true;
  }
  return false;
}

void ReadEvidence(tables::Cells& cells, v1::Group& group) {
  if (!AnyFilled(cells, {"compliance_level", "evidence_title", "evidence_from", "evidence_to"})) return;
  type::v1::Evidence& evidence = *group.add_evidence();
  evidence.set_level(registry::EnumCell<type::v1::ComplianceLevel>(cells, "compliance_level")
                         .value_or(type::v1::COMPLIANCE_LEVEL_UNSPECIFIED));
  evidence.set_title(cells.Text("evidence_title", registry::kMaxName).value_or(""));
  evidence.set_valid_from_date(registry::Day(cells, "evidence_from").value_or(""));
  if (!cells.Empty("evidence_to")) evidence.set_valid_to_date(registry::Day(cells, "evidence_to").value_or(""));
  registry::CheckOrder(cells, "evidence_to", evidence.valid_from_date(), evidence.valid_to_date());
}

std::optional<type::v1::Agreement> ReadAgreement(tables::Cells& cells) {
  if (!AnyFilled(cells, {"agreement_title", "agreement_from", "agreement_to"})) return std::nullopt;
  type::v1::Agreement agreement;
  agreement.set_title(cells.Text("agreement_title", registry::kMaxName).value_or(""));
  agreement.set_valid_from_date(registry::Day(cells, "agreement_from").value_or(""));
  if (!cells.Empty("agreement_to")) agreement.set_valid_to_date(registry::Day(cells, "agreement_to").value_or(""));
  registry::CheckOrder(cells, "agreement_to", agreement.valid_from_date(), agreement.valid_to_date());
  return agreement;
}

void ReadNeeds(tables::Cells& cells, v1::Group& group) {
  group.set_households(cells.Int("households", 1, kMaxHouseholds).value_or(0));
  group.set_children(registry::OptionalInt(cells, "children", 0, kMaxChildren, 0));
  group.set_need_percent(100);
  for (const int value : registry::EnumList<type::v1::FoodCategory>(cells, "categories")) {
    group.add_accepted_categories(static_cast<type::v1::FoodCategory>(value));
  }
  for (const int value : registry::EnumList<type::v1::Allergen>(cells, "excluded_allergens")) {
    group.add_excluded_allergens(static_cast<type::v1::Allergen>(value));
  }
  for (const int value : registry::EnumList<type::v1::DietaryTag>(cells, "wanted_tags")) {
    group.add_wanted_tags(static_cast<type::v1::DietaryTag>(value));
  }
  for (const int value : registry::EnumList<type::v1::DietaryTag>(cells, "excluded_tags")) {
    group.add_excluded_tags(static_cast<type::v1::DietaryTag>(value));
  }
  for (const int value : registry::EnumListNumbers(cells, "receiving_days", Weekdays())) {
    group.add_receiving_days(static_cast<v1::Weekday>(value));
  }
  group.set_max_distance_km(
      static_cast<int32_t>(registry::OptionalInt(cells, "max_distance_km", 0, kMaxKilometres, 0)));
  group.set_min_remaining_days(
      static_cast<int32_t>(registry::OptionalInt(cells, "min_remaining_days", 0, kMaxDays, 0)));
}

}  // namespace

GroupTable::GroupTable(std::string_view bytes, tables::CellErrors& errors)
    : table_(tables::Table::Read(bytes, Columns(), {.bytes = registry::kMaxTableBytes, .rows = registry::kMaxTableRows},
                              errors)) {
  if (!table_) return;
  registry::UniqueCodes codes;
  for (const tables::Row& row : table_->rows()) {
    ReadRow(row, errors);
    tables::Cells cells(*table_, row, errors);
    if (!groups_.back().group.code().empty()) codes.Claim(cells, "code", groups_.back().group.code(), row.number);
  }
}

void GroupTable::ReadRow(const tables::Row& row, tables::CellErrors& errors) {
  tables::Cells cells(*table_, row, errors);
  ImportedGroup& imported = groups_.emplace_back();
  imported.row = &row;
  v1::Group& group = imported.group;
  group.set_code(cells.Text("code", registry::kMaxCode).value_or(""));
  group.set_display_name(cells.Text("name", registry::kMaxName).value_or(""));
  group.set_name_kana(registry::OptionalText(cells, "name_kana", registry::kMaxName));
  group.set_kind(registry::EnumCell<v1::GroupKind>(cells, "kind").value_or(v1::GROUP_KIND_UNSPECIFIED));
  group.set_contact_email(registry::OptionalEmail(cells, "contact_email"));
  v1::Site& site = *group.add_sites();
  *site.mutable_address() = registry::ReadAddress(cells, /*position_required=*/true);
  site.set_ambient_items(registry::OptionalInt(cells, "ambient_items", 0, kMaxStorage, 0));
  site.set_chilled_items(registry::OptionalInt(cells, "chilled_items", 0, kMaxStorage, 0));
  site.set_frozen_items(registry::OptionalInt(cells, "frozen_items", 0, kMaxStorage, 0));
  ReadNeeds(cells, group);
  ReadEvidence(cells, group);
  imported.agreement = ReadAgreement(cells);
  group.set_state(imported.agreement ? v1::GROUP_STATE_ACTIVE : v1::GROUP_STATE_APPLIED);
  imported.hub_code = registry::OptionalText(cells, "hub_code", registry::kMaxCode);
}

void GroupTable::ResolveHubs(const std::map<std::string, std::string>& id_of, std::map<std::string, std::string> hub_of,
                             tables::CellErrors& errors) {
  for (ImportedGroup& each : groups_) {
    if (each.hub_code.empty() || each.group.code().empty()) continue;
    tables::Cells cells(*table_, *each.row, errors);
    const auto hub = id_of.find(each.hub_code);
    if (hub == id_of.end()) {
      cells.Fail("hub_code", "NOT_FOUND", "No group has this code, neither here in the table nor before.",
                 "このコードの団体は、この表にも登録済みの団体にもありません。");
      continue;
    }
    const std::string& group_id = id_of.at(each.group.code());
    if (const absl::Status cycle = CheckHub(group_id, hub->second, hub_of); !cycle.ok()) {
      cells.Fail("hub_code", errors::ReasonOf(cycle), errors::MessageIn("en", cycle), errors::MessageIn("ja", cycle));
      continue;
    }
    hub_of[group_id] = hub->second;
    each.group.set_hub(ids::Name("groups", hub->second));
  }
}

}  // namespace kubari::groups
