#include "services/donors/domain/import_donors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/imports/cells.h"
#include "libs/imports/columns.h"
#include "libs/registry/fields.h"

namespace kubari::donors {
namespace {

type::v1::Conditions ReadConditions(tables::Cells& cells) {
  type::v1::Conditions conditions;
  if (!cells.Empty("min_compliance_level")) {
    conditions.set_min_compliance_level(imports::EnumCell<type::v1::ComplianceLevel>(cells, "min_compliance_level")
                                            .value_or(type::v1::COMPLIANCE_LEVEL_UNSPECIFIED));
  }
  conditions.set_onward_transfer_allowed(imports::OptionalBool(cells, "onward_transfer", false));
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
      static_cast<int32_t>(imports::OptionalInt(cells, "min_remaining_days", 0, 3650, 0)));
  conditions.set_past_best_before_allowed(imports::OptionalBool(cells, "past_best_before", false));
  conditions.set_donor_may_be_named(imports::OptionalBool(cells, "may_be_named", false));
  conditions.set_photos_allowed(imports::OptionalBool(cells, "photos_allowed", false));
  return conditions;
}

}  // namespace

const std::vector<tables::Column>& DonorColumns() {
  static const std::vector<tables::Column> columns =
      imports::List()
          .Add(imports::CodeColumn("donor", "寄付者", "D001"))
          .Add(imports::NameColumn({"会社名", "企業名", "寄付者名"}, "あおば食品株式会社（例）"))
          .Add(imports::KanaColumn("アオバショクヒン"))
          .Add(imports::AddressColumns(/*municipality_required=*/true, /*position_required=*/false))
          .Add(imports::EmailColumn())
          .Add(imports::AgreementColumns(/*required=*/true))
          .Add({.name = "min_compliance_level",
                .aliases = {"法令遵守レベル"},
                .required = false,
                .title = "Compliance level",
                .title_ja = "求める遵守レベル",
                .kind = tables::Kind::kChoice,
                .hint = "Asked of groups. Empty: none.",
                .hint_ja = "団体に求めるレベル。空なら指定なし。",
                .example = "合意書あり",
                .choices = imports::Choices<type::v1::ComplianceLevel>()})
          .Add(imports::YesNoColumn("onward_transfer", {}, "Onward transfer", "二次配布", "May groups pass goods on? Empty: no.",
                                    "団体からほかの団体へ渡してよいか。空なら不可。", "いいえ"))
          .Add({.name = "excluded_prefectures",
                .aliases = {"除外都道府県"},
                .required = false,
                .title = "Excluded prefectures",
                .title_ja = "配布しない都道府県",
                .kind = tables::Kind::kTexts,
                .hint = "Two-digit codes, separated by \";\".",
                .hint_ja = "2桁のコードを「;」で区切ります。",
                .example = "01;47"})
          .Add({.name = "min_remaining_days",
                .aliases = {"残日数"},
                .required = false,
                .title = "Days left at hand-over",
                .title_ja = "引渡し時の残日数",
                .kind = tables::Kind::kNumber,
                .hint = "Days. Empty: none.",
                .hint_ja = "日数。空なら指定なし。",
                .example = "14"})
          .Add(imports::YesNoColumn("past_best_before", {"賞味期限後"}, "Past best-before", "賞味期限後の引渡し",
                                    "Stockpiles, for instance. Empty: no.", "備蓄品など。空なら不可。", "いいえ"))
          .Add(imports::YesNoColumn("may_be_named", {"名称公表"}, "May be named", "名前の公開",
                                    "May groups and reports name the donor? Empty: no.", "団体や報告で名前を示してよいか。空なら不可。", "はい"))
          .Add(imports::YesNoColumn("photos_allowed", {"写真公開"}, "Photos", "写真の公開",
                                    "May groups publish pictures of the goods? Empty: no.", "団体が品物の写真を公開してよいか。空なら不可。", "いいえ"))
          .Take();
  return columns;
}

std::vector<ImportedDonor> ReadDonors(imports::Upload& upload) {
  std::vector<ImportedDonor> imported;
  imports::UniqueCodes codes;
  for (const tables::Row& row : upload.rows()) {
    tables::Cells cells = upload.CellsOf(row);
    ImportedDonor& each = imported.emplace_back();
    each.row = row.number;
    if (const auto code = cells.Text("code", registry::kMaxCode)) {
      each.donor.set_code(*code);
      codes.Claim(cells, "code", *code, row.number);
    }
    each.donor.set_display_name(cells.Text("name", registry::kMaxName).value_or(""));
    each.donor.set_name_kana(imports::OptionalText(cells, "name_kana", registry::kMaxName));
    *each.donor.mutable_address() = imports::ReadAddress(cells, /*municipality_required=*/true, /*position_required=*/false);
    each.donor.set_contact_email(imports::OptionalEmail(cells, "contact_email"));
    each.agreement.set_title(cells.Text("agreement_title", registry::kMaxName).value_or(""));
    each.agreement.set_valid_from_date(imports::Day(cells, "agreement_from").value_or(""));
    if (!cells.Empty("agreement_to")) each.agreement.set_valid_to_date(imports::Day(cells, "agreement_to").value_or(""));
    imports::CheckOrder(cells, "agreement_to", each.agreement.valid_from_date(), each.agreement.valid_to_date());
    *each.agreement.mutable_conditions() = ReadConditions(cells);
  }
  return imported;
}

}  // namespace kubari::donors
