#include "services/groups/domain/import_groups.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/ids/ids.h"
#include "libs/imports/cells.h"
#include "libs/imports/columns.h"
#include "libs/registry/fields.h"
#include "libs/tables/text.h"
#include "services/groups/domain/group.h"
#include "services/groups/domain/profile.h"

namespace kubari::groups {
namespace {

tables::Column Optional(std::string name, std::vector<std::string> aliases, std::string title, std::string title_ja, tables::Kind kind,
                        std::string hint, std::string hint_ja, std::string example, std::vector<tables::Choice> choices = {}) {
  return {.name = std::move(name),
          .aliases = std::move(aliases),
          .required = false,
          .title = std::move(title),
          .title_ja = std::move(title_ja),
          .kind = kind,
          .hint = std::move(hint),
          .hint_ja = std::move(hint_ja),
          .example = std::move(example),
          .choices = std::move(choices)};
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
  evidence.set_level(imports::EnumCell<type::v1::ComplianceLevel>(cells, "compliance_level")
                         .value_or(type::v1::COMPLIANCE_LEVEL_UNSPECIFIED));
  evidence.set_title(cells.Text("evidence_title", registry::kMaxName).value_or(""));
  evidence.set_valid_from_date(imports::Day(cells, "evidence_from").value_or(""));
  if (!cells.Empty("evidence_to")) evidence.set_valid_to_date(imports::Day(cells, "evidence_to").value_or(""));
  imports::CheckOrder(cells, "evidence_to", evidence.valid_from_date(), evidence.valid_to_date());
}

std::optional<type::v1::Agreement> ReadAgreement(tables::Cells& cells) {
  if (!AnyFilled(cells, {"agreement_title", "agreement_from", "agreement_to"})) return std::nullopt;
  type::v1::Agreement agreement;
  agreement.set_title(cells.Text("agreement_title", registry::kMaxName).value_or(""));
  agreement.set_valid_from_date(imports::Day(cells, "agreement_from").value_or(""));
  if (!cells.Empty("agreement_to")) agreement.set_valid_to_date(imports::Day(cells, "agreement_to").value_or(""));
  imports::CheckOrder(cells, "agreement_to", agreement.valid_from_date(), agreement.valid_to_date());
  return agreement;
}

void ReadNeeds(tables::Cells& cells, v1::Group& group) {
  group.set_households(cells.Int("households", 1, kMaxHouseholds).value_or(0));
  group.set_children(imports::OptionalInt(cells, "children", 0, kMaxChildren, 0));
  group.set_need_percent(100);
  for (const auto value : imports::EnumList<type::v1::FoodCategory>(cells, "categories")) group.add_accepted_categories(value);
  for (const auto value : imports::EnumList<type::v1::Allergen>(cells, "excluded_allergens")) group.add_excluded_allergens(value);
  for (const auto value : imports::EnumList<type::v1::DietaryTag>(cells, "wanted_tags")) group.add_wanted_tags(value);
  for (const auto value : imports::EnumList<type::v1::DietaryTag>(cells, "excluded_tags")) group.add_excluded_tags(value);
  for (const auto value : imports::EnumList<v1::Weekday>(cells, "receiving_days")) group.add_receiving_days(value);
  group.set_max_distance_km(
      static_cast<int32_t>(imports::OptionalInt(cells, "max_distance_km", 0, kMaxKilometres, 0)));
  group.set_min_remaining_days(
      static_cast<int32_t>(imports::OptionalInt(cells, "min_remaining_days", 0, kMaxDays, 0)));
}

// The directory's facts.
void ReadProfile(tables::Cells& cells, v1::Group& group) {
  if (!cells.Empty("legal_form"))
    group.set_legal_form(imports::EnumCell<v1::LegalForm>(cells, "legal_form").value_or(v1::LEGAL_FORM_UNSPECIFIED));
  const auto texts = [&](std::string_view column, int max_characters) {
    return cells.Empty(column) ? std::vector<std::string>() : cells.List(column, max_characters).value_or(std::vector<std::string>());
  };
  for (std::string& area : texts("areas", 10)) {
    if (area.size() == 4) area.insert(0, 1, '0');  // a spreadsheet takes 01101 for a number
    imports::CheckMunicipality(cells, "areas", area);
    group.add_areas(std::move(area));
  }
  for (const auto kind : imports::EnumList<v1::ActivityKind>(cells, "activities")) group.add_activities()->set_kind(kind);
  for (const auto band : imports::EnumList<v1::AgeBand>(cells, "age_bands")) group.add_age_bands()->set_band(band);
  for (std::string& district : texts("school_districts", 100)) group.add_school_districts(std::move(district));
  for (const auto help : imports::EnumList<v1::Help>(cells, "wanted_help")) group.add_wanted_help(help);
  if (!cells.Empty("vehicle")) group.set_vehicle(imports::EnumCell<v1::Vehicle>(cells, "vehicle").value_or(v1::VEHICLE_UNSPECIFIED));
  if (!cells.Empty("phone")) {
    type::v1::Contact& contact = *group.add_contacts();
    contact.set_role(type::v1::CONTACT_ROLE_GENERAL);
    contact.set_office("代表");
    contact.set_phone(tables::Narrow(cells.Text("phone", 40).value_or("")));
    errors::Violations violations;
    registry::CheckContact(violations, "phone", contact);
    if (!violations.empty()) {
      cells.Fail("phone", "NOT_A_PHONE", "Not a telephone number; write 6 to 20 digits, spaces and + - ( ).",
                 "電話番号ではありません。数字と + - ( ) を6〜20文字で書いてください。");
    }
  }
}

}  // namespace

const std::vector<tables::Column>& GroupColumns() {
  using tables::Kind;
  static const std::vector<tables::Column> columns =
      imports::List()
          .Add(imports::CodeColumn("group", "団体", "G001"))
          .Add(imports::NameColumn({"団体名"}, "みどり子ども食堂（例）"))
          .Add(imports::KanaColumn("ミドリコドモショクドウ"))
          .Add({.name = "kind",
                .aliases = {"団体種別", "種別", "区分"},
                .title = "Kind",
                .title_ja = "種類",
                .kind = Kind::kChoice,
                .hint = "Children's cafeteria, food bank, pantry, home delivery, facility, other.",
                .hint_ja = "こども食堂・フードバンク・フードパントリー・こども宅食・児童福祉施設・その他。",
                .example = "こども食堂",
                .choices = imports::Choices<v1::GroupKind>()})
          .Add(imports::AddressColumns(/*municipality_required=*/true, /*position_required=*/true))
          .Add(imports::EmailColumn())
          .Add({.name = "households",
                .aliases = {"支援世帯数"},
                .title = "Households",
                .title_ja = "世帯数",
                .kind = Kind::kNumber,
                .hint = "Served in a usual month.",
                .hint_ja = "ふだんの月に支える世帯の数。",
                .example = "30"})
          .Add(Optional("children", {"子どもの数", "児童数"}, "Children", "こどもの数", Kind::kNumber, "How many children.", "そのうちのこどもの数。", "45"))
          .Add(Optional("categories", {"受入カテゴリ"}, "Can use", "使える分類", Kind::kChoices, "Separated by \";\". Empty: all food.",
                        "「;」か「、」で区切ります。空なら食品すべて。", "", imports::Choices<type::v1::FoodCategory>()))
          .Add(Optional("excluded_allergens", {"アレルゲン", "除外アレルゲン"}, "Excluded allergens", "避けるアレルゲン", Kind::kChoices,
                        "Separated by \";\".", "「;」か「、」で区切ります。", "", imports::Choices<type::v1::Allergen>()))
          .Add(Optional("wanted_tags", {"希望タグ"}, "Looks for", "ほしいもの", Kind::kChoices, "Separated by \";\".", "「;」か「、」で区切ります。", "",
                        imports::Choices<type::v1::DietaryTag>()))
          .Add(Optional("excluded_tags", {"除外タグ"}, "Cannot use", "使えないもの", Kind::kChoices, "Separated by \";\".", "「;」か「、」で区切ります。", "",
                        imports::Choices<type::v1::DietaryTag>()))
          .Add(Optional("ambient_items", {"常温", "常温保管数"}, "Ambient storage", "常温の置き場所", Kind::kNumber, "Items at once.", "一度に置ける点数。", "300"))
          .Add(Optional("chilled_items", {"冷蔵", "冷蔵保管数"}, "Chilled storage", "冷蔵の置き場所", Kind::kNumber, "Items at once.", "一度に置ける点数。", "40"))
          .Add(Optional("frozen_items", {"冷凍", "冷凍保管数"}, "Frozen storage", "冷凍の置き場所", Kind::kNumber, "Items at once.", "一度に置ける点数。", "0"))
          .Add(Optional("receiving_days", {"曜日", "受取曜日"}, "Receiving days", "受け取れる曜日", Kind::kChoices, "Separated by \";\". Empty: any day.",
                        "「;」か「、」で区切ります。空ならいつでも。", "火、金", imports::Choices<v1::Weekday>()))
          .Add(Optional("compliance_level", {"法令遵守レベル"}, "Compliance level", "遵守レベル", Kind::kChoice, "Only with evidence.", "証明があるときだけ。", "",
                        imports::Choices<type::v1::ComplianceLevel>()))
          .Add(Optional("evidence_title", {"証明書類"}, "Evidence", "証明の名前", Kind::kText, "For instance \"food-hygiene person\".",
                        "食品衛生責任者など。", ""))
          .Add(Optional("evidence_from", {"証明開始日"}, "Evidence from", "証明の開始日", Kind::kDay, "Like 2026-04-01.", "2026-04-01 の形。", ""))
          .Add(Optional("evidence_to", {"証明終了日"}, "Evidence until", "証明の終了日", Kind::kDay, "Empty: no end.", "空なら期限なし。", ""))
          .Add(imports::AgreementColumns(/*required=*/false))
          .Add(Optional("hub_code", {"ハブ", "拠点", "ハブコード"}, "Code of its hub", "拠点のコード", Kind::kText, "Of the group that breaks bulk for it.",
                        "小分けを受ける拠点の団体コード。", ""))
          .Add(Optional("max_distance_km", {"最大距離km"}, "Distance (km)", "受け取れる距離（km）", Kind::kNumber, "Empty: no limit.", "空なら制限なし。", "30"))
          .Add(Optional("min_remaining_days", {"残日数"}, "Days left", "必要な残日数", Kind::kNumber, "That must be left at hand-over.",
                        "受け取り時に残っているべき日数。", "7"))
          .Add(Optional("legal_form", {"法人種別", "法人格"}, "Legal form", "法人の種類", Kind::kChoice, "Empty: not told.", "空なら未回答。", "任意団体",
                        imports::Choices<v1::LegalForm>()))
          .Add(Optional("areas", {"活動エリア", "活動区域"}, "Active in", "活動地域", Kind::kTexts, "Municipality codes, separated by \";\".",
                        "市区町村コードを「;」で区切ります。", "13101;13102"))
          .Add(Optional("activities", {"活動"}, "Activities", "活動内容", Kind::kChoices, "Separated by \";\", the main one first.",
                        "「;」か「、」で区切り、主なものを先に書きます。", "会食、学習支援", imports::Choices<v1::ActivityKind>()))
          .Add(Optional("age_bands", {"年齢層", "対象年齢"}, "Ages", "対象の年齢", Kind::kChoices, "Separated by \";\".", "「;」か「、」で区切ります。",
                        "小学生、中学生", imports::Choices<v1::AgeBand>()))
          .Add(Optional("school_districts", {"学区"}, "School districts", "学校区", Kind::kTexts, "Separated by \";\".", "「;」か「、」で区切ります。", "第一小学校区"))
          .Add(Optional("wanted_help", {"必要な支援"}, "Wanted help", "ほしい支援", Kind::kChoices, "Separated by \";\".", "「;」か「、」で区切ります。", "人手",
                        imports::Choices<v1::Help>()))
          .Add(Optional("vehicle", {"車両"}, "Vehicle", "車", Kind::kChoice, "The largest it fetches goods with.", "受け取りに使える最大の車。", "軽バン・軽トラック",
                        imports::Choices<v1::Vehicle>()))
          .Add(Optional("phone", {"電話番号", "TEL"}, "Phone", "電話", Kind::kText, "Of the office, not of a private person.", "事務局のもの。個人のものは入れません。",
                        "03-0000-0000"))
          .Take();
  return columns;
}

GroupTable::GroupTable(imports::Upload& upload) : upload_(upload) {
  imports::UniqueCodes codes;
  for (const tables::Row& row : upload_.rows()) {
    ReadRow(row);
    tables::Cells cells = upload_.CellsOf(row);
    if (!groups_.back().group.code().empty()) codes.Claim(cells, "code", groups_.back().group.code(), row.number);
  }
}

void GroupTable::ReadRow(const tables::Row& row) {
  tables::Cells cells = upload_.CellsOf(row);
  ImportedGroup& imported = groups_.emplace_back();
  imported.row = &row;
  v1::Group& group = imported.group;
  group.set_code(cells.Text("code", registry::kMaxCode).value_or(""));
  group.set_display_name(cells.Text("name", registry::kMaxName).value_or(""));
  group.set_name_kana(imports::OptionalText(cells, "name_kana", registry::kMaxName));
  group.set_kind(imports::EnumCell<v1::GroupKind>(cells, "kind").value_or(v1::GROUP_KIND_UNSPECIFIED));
  group.set_contact_email(imports::OptionalEmail(cells, "contact_email"));
  v1::Site& site = *group.add_sites();
  *site.mutable_address() = imports::ReadAddress(cells, /*municipality_required=*/true, /*position_required=*/true);
  site.set_ambient_items(imports::OptionalInt(cells, "ambient_items", 0, kMaxStorage, 0));
  site.set_chilled_items(imports::OptionalInt(cells, "chilled_items", 0, kMaxStorage, 0));
  site.set_frozen_items(imports::OptionalInt(cells, "frozen_items", 0, kMaxStorage, 0));
  ReadNeeds(cells, group);
  ReadProfile(cells, group);
  ReadEvidence(cells, group);
  imported.agreement = ReadAgreement(cells);
  group.set_state(imported.agreement ? v1::GROUP_STATE_ACTIVE : v1::GROUP_STATE_APPLIED);
  imported.hub_code = imports::OptionalText(cells, "hub_code", registry::kMaxCode);
}

void GroupTable::ResolveHubs(const std::map<std::string, std::string>& id_of, std::map<std::string, std::string> hub_of) {
  std::map<std::string, std::string> code_of;  // what people know the groups of a table by
  for (const auto& [code, id] : id_of) code_of[id] = code;
  for (ImportedGroup& each : groups_) {
    if (each.hub_code.empty() || each.group.code().empty()) continue;
    tables::Cells cells = upload_.CellsOf(*each.row);
    const auto hub = id_of.find(each.hub_code);
    if (hub == id_of.end()) {
      cells.Fail("hub_code", "NOT_FOUND", "No group has this code, neither here in the table nor before.",
                 "このコードの団体は、この表にも登録済みの団体にもありません。");
      continue;
    }
    const std::string& group_id = id_of.at(each.group.code());
    if (const absl::Status cycle = CheckHub(group_id, hub->second, hub_of, code_of); !cycle.ok()) {
      cells.Fail("hub_code", errors::ReasonOf(cycle), errors::MessageIn("en", cycle), errors::MessageIn("ja", cycle));
      continue;
    }
    hub_of[group_id] = hub->second;
    each.group.set_hub(ids::Name("groups", hub->second));
  }
}

void GroupTable::LeaveOutBadRows(const std::map<std::string, std::string>& id_of) {
  // Each round may leave out hubs of others.
  for (size_t before = groups_.size() + 1; before != groups_.size();) {
    before = groups_.size();
    std::set<std::string> left_out;
    for (const ImportedGroup& each : groups_) {
      if (upload_.IsBad(each.row->number)) left_out.insert(each.group.code());
    }
    std::erase_if(groups_, [this](const ImportedGroup& each) { return upload_.IsBad(each.row->number); });
    for (const ImportedGroup& each : groups_) {
      if (!left_out.contains(each.hub_code) || id_of.contains(each.hub_code)) continue;
      upload_.CellsOf(*each.row).Fail("hub_code", "HUB_LEFT_OUT", "The hub's own row has a problem, so this group waits with it.",
                                      "拠点の行に問題があるため、この団体も見送ります。");
    }
  }
}

}  // namespace kubari::groups
