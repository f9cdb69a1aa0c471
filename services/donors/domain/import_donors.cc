#include "services/donors/domain/import_donors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/registry/fields.h"
#include "libs/registry/import.h"

namespace kubari::donors {
namespace {

const std::vector<tables::Column>& Columns() {
  static const std::vector<tables::Column> columns = {
      {"code", {"コード"}},
      {"name", {"名称"}},
      {"name_kana", {"名称カナ"}, false},
      {"postal_code", {"郵便番号"}, false},
      {"municipality_code", {"市区町村コード"}},
      {"address", {"住所"}, false},
      {"latitude", {"緯度"}, false},
      {"longitude", {"経度"}, false},
      {"contact_email", {"メールアドレス"}, false},
      {"agreement_title", {"合意書名"}},
      {"agreement_from", {"合意書開始日"}},
      {"agreement_to", {"合意書終了日"}, false},
      {"min_compliance_level", {"法令遵守レベル"}, false},
      {"onward_transfer", {"二次配布"}, false},
      {"excluded_prefectures", {"除外都道府県"}, false},
      {"min_remaining_days", {"残日数"}, false},
      {"past_best_before", {"賞味期限後"}, false},
      {"may_be_named", {"名称公表"}, false},
  };
  return columns;
}

type::v1::Conditions ReadConditions(tables::Cells& cells) {
  type::v1::Conditions conditions;
  if (!cells.Empty("min_compliance_level")) {
    conditions.set_min_compliance_level(registry::EnumCell<type::v1::ComplianceLevel>(cells, "min_compliance_level")
                                            .value_or(type::v1::COMPLIANCE_LEVEL_UNSPECIFIED));
  }
  conditions.set_onward_transfer_allowed(registry::OptionalBool(cells, "onward_transfer", false));
  if (!cells.Empty("excluded_prefectures")) {
    std::vector<std::string> prefectures = cells.List("excluded_prefectures", 10).value_or(std::vector<std::string>());
    for (std::string& prefecture : prefectures) {
      if (prefecture.size() == 1) prefecture.insert(0, 1, '0');  // a spreadsheet takes 01 for a number
      if (registry::IsPrefectureCode(prefecture)) continue;
      cells.Fail("excluded_prefectures", "NOT_A_PREFECTURE",
                 absl::StrCat("'", prefecture, "' is not a prefecture code, 01 to 47."),
                 absl::StrCat("「", prefecture, "」は都道府県コード（01〜47）ではありません。"));
    }
    std::sort(prefectures.begin(), prefectures.end());
    prefectures.erase(std::unique(prefectures.begin(), prefectures.end()), prefectures.end());
    for (const std::string& prefecture : prefectures) conditions.add_excluded_prefectures(prefecture);
  }
  conditions.set_min_remaining_days(
      static_cast<int32_t>(registry::OptionalInt(cells, "min_remaining_days", 0, 3650, 0)));
  conditions.set_past_best_before_allowed(registry::OptionalBool(cells, "past_best_before", false));
  conditions.set_donor_may_be_named(registry::OptionalBool(cells, "may_be_named", false));
  return conditions;
}

}  // namespace

std::vector<ImportedDonor> ReadDonors(std::string_view bytes, tables::CellErrors& errors) {
  const std::optional<tables::Table> table =
      tables::Table::Read(bytes, Columns(), {.bytes = registry::kMaxTableBytes, .rows = registry::kMaxTableRows}, errors);
  if (!table) return {};
  std::vector<ImportedDonor> imported;
  registry::UniqueCodes codes;
  for (const tables::Row& row : table->rows()) {
    tables::Cells cells(*table, row, errors);
    ImportedDonor& each = imported.emplace_back();
    if (const auto code = cells.Text("code", registry::kMaxCode)) {
      each.donor.set_code(*code);
      codes.Claim(cells, "code", *code, row.number);
    }
    each.donor.set_display_name(cells.Text("name", registry::kMaxName).value_or(""));
    each.donor.set_name_kana(registry::OptionalText(cells, "name_kana", registry::kMaxName));
    *each.donor.mutable_address() = registry::ReadAddress(cells, /*position_required=*/false);
    each.donor.set_contact_email(registry::OptionalEmail(cells, "contact_email"));
    each.agreement.set_title(cells.Text("agreement_title", registry::kMaxName).value_or(""));
    each.agreement.set_valid_from_date(registry::Day(cells, "agreement_from").value_or(""));
    if (!cells.Empty("agreement_to"))
      each.agreement.set_valid_to_date(registry::Day(cells, "agreement_to").value_or(""));
    registry::CheckOrder(cells, "agreement_to", each.agreement.valid_from_date(), each.agreement.valid_to_date());
    *each.agreement.mutable_conditions() = ReadConditions(cells);
  }
  return imported;
}

}  // namespace kubari::donors
