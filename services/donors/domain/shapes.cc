#include "services/donors/domain/shapes.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/calendar/date.h"
#include "libs/gs1/gs1.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "services/donors/domain/standing.h"

namespace kubari::donors {
namespace {

void CheckLine(errors::Violations& violations, const std::string& field, const v1::OfferLine& line) {
  if (line.barcode().empty()) {
    violations.Name("products", field + ".product", line.product());
  } else {
    violations.Require(line.product().empty(), field + ".barcode", "NOT_EMPTY",
                       "Give the product or its barcode, not both.", "商品かバーコードのどちらか一方を指定してください。");
    violations.Require(gs1::NormalizeGtin(line.barcode()).ok(), field + ".barcode", "NOT_A_BARCODE",
                       absl::StrCat("'", line.barcode(), "' is not a GTIN of 8, 12, 13 or 14 digits with its check digit."),
                       absl::StrCat("「", line.barcode(), "」は 8・12・13・14 桁の GTIN（チェックデジット付き）ではありません。"));
  }
  violations.Range(field + ".cases", line.cases(), 1, kMaxCases);
  // Left out, the barcode tells.
  violations.Range(field + ".items_per_case", line.items_per_case(), line.barcode().empty() ? 1 : 0, kMaxItemsPerCase);
  CheckGoodUntil(violations, field + ".good_until", line.good_until());
  violations.Require(type::v1::TemperatureZone_IsValid(line.temperature_zone()), field + ".temperature_zone",
                     "UNKNOWN_VALUE", "This temperature zone is not known.", "この温度帯は定義されていません。");
  violations.Text(field + ".donor_lot_number", line.donor_lot_number(), 0, kMaxLotNumber);
  violations.Range(field + ".min_lot_cases", line.min_lot_cases(), 0, std::clamp<int64_t>(line.cases(), 0, kMaxCases));
  violations.Text(field + ".remarks", line.remarks(), 0, kMaxRemarks);
}

void CheckStandingLine(errors::Violations& violations, const std::string& field, const v1::StandingOfferLine& line) {
  violations.Name("products", field + ".product", line.product());
  violations.Range(field + ".cases", line.cases(), 1, kMaxCases);
  violations.Range(field + ".items_per_case", line.items_per_case(), 1, kMaxItemsPerCase);
  violations.Enum(field + ".date_kind", line.date_kind());
  violations.Range(field + ".good_for_days", line.good_for_days(), 0,
                   line.date_kind() == type::v1::DATE_KIND_NONE ? 0 : 3650);
  violations.Require(type::v1::TemperatureZone_IsValid(line.temperature_zone()), field + ".temperature_zone",
                     "UNKNOWN_VALUE", "This temperature zone is not known.", "この温度帯は定義されていません。");
  violations.Range(field + ".min_lot_cases", line.min_lot_cases(), 0, std::clamp<int64_t>(line.cases(), 0, kMaxCases));
  violations.Text(field + ".remarks", line.remarks(), 0, kMaxRemarks);
}

}  // namespace

void CheckGoodUntil(errors::Violations& violations, const std::string& field, const type::v1::GoodUntil& good_until) {
  if (!violations.Enum(field + ".kind", good_until.kind())) return;
  if (good_until.kind() == type::v1::DATE_KIND_NONE) {
    violations.Require(good_until.date().empty(), field + ".date", "NOT_EMPTY",
                       "Goods without a printed date have no date here; leave it empty.",
                       "期限表示のない品には日付を書かないでください。");
    return;
  }
  if (const auto problem = calendar::Date::ProblemWith(good_until.date())) {
    violations.Add(field + ".date", "NOT_A_DATE", problem->english, problem->japanese);
  }
}

void CheckDonor(errors::Violations& violations, const v1::Donor& donor, const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (field == "code") registry::CheckCode(violations, "donor.code", donor.code());
    if (field == "display_name") violations.Text("donor.display_name", donor.display_name(), 1, registry::kMaxName);
    if (field == "name_kana") violations.Text("donor.name_kana", donor.name_kana(), 0, registry::kMaxName);
    if (field == "address")
      registry::CheckAddress(violations, "donor.address", donor.address(), /*municipality_required=*/false);
    if (field == "contact_email") registry::CheckEmail(violations, "donor.contact_email", donor.contact_email());
    if (field == "kind") {
      violations.Require(v1::DonorKind_IsValid(donor.kind()), "donor.kind", "UNKNOWN_VALUE",
                         "This kind of donor is not known.", "この種別は定義されていません。");
    }
  }
}

void CheckDonorMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask) {
  static const std::vector<std::string> known = {"display_name", "name_kana", "address", "contact_email", "kind"};
  const std::string all = absl::StrJoin(known, ", ");
  violations.Require(!mask.empty(), "update_mask", "REQUIRED", absl::StrCat("Name the fields to change: ", all, "."),
                     absl::StrCat("変更する項目を指定してください: ", all));
  for (int i = 0; i < mask.size(); ++i) {
    violations.Require(std::find(known.begin(), known.end(), mask[i]) != known.end(),
                       absl::StrCat("update_mask[", i, "]"), "UNKNOWN_FIELD",
                       absl::StrCat("'", mask[i], "' cannot be changed here; these can: ", all, "."),
                       absl::StrCat("「", mask[i], "」は変更できません。変更できる項目: ", all));
  }
}

void CheckOffer(errors::Violations& violations, const v1::Offer& offer) {
  violations.Text("offer.code", offer.code(), 0, registry::kMaxCode);
  violations.Text("offer.title", offer.title(), 1, registry::kMaxName);
  violations.Range("offer.lines", offer.lines_size(), 1, kMaxLines);
  for (int i = 0; i < std::min(offer.lines_size(), kMaxLines); ++i) {
    CheckLine(violations, absl::StrCat("offer.lines[", i, "]"), offer.lines(i));
  }
  registry::CheckConditions(violations, "offer.conditions", offer.conditions());
  registry::CheckAddress(violations, "offer.place", offer.place(), /*municipality_required=*/false);
  if (!offer.ready_date().empty()) registry::CheckDay(violations, "offer.ready_date", offer.ready_date());
}

void CheckProfile(errors::Violations& violations, const v1::DonorProfile& profile) {
  violations.Range("profile.branches", profile.branches_size(), 0, kMaxBranches);
  violations.Range("profile.contacts", profile.contacts_size(), 0, kMaxContacts);
  std::set<std::string> ids, codes;
  for (int i = 0; i < std::min(profile.branches_size(), kMaxBranches); ++i) {
    const v1::Branch& branch = profile.branches(i);
    const std::string field = absl::StrCat("profile.branches[", i, "]");
    if (!branch.id().empty() && violations.Uuid(field + ".id", branch.id())) {
      violations.Require(ids.insert(branch.id()).second, field + ".id", "DUPLICATE", "This branch is given twice.",
                         "この支店が二度書かれています。");
    }
    violations.Text(field + ".code", branch.code(), 0, registry::kMaxCode);
    violations.Require(branch.code().empty() || codes.insert(branch.code()).second, field + ".code", "DUPLICATE",
                       absl::StrCat("Two branches have the code '", branch.code(), "'."),
                       absl::StrCat("コード「", branch.code(), "」の支店が二つあります。"));
    violations.Text(field + ".display_name", branch.display_name(), 1, registry::kMaxName);
    registry::CheckAddress(violations, field + ".address", branch.address(), /*municipality_required=*/false);
  }
  for (int i = 0; i < std::min(profile.contacts_size(), kMaxContacts); ++i) {
    const v1::DonorContact& contact = profile.contacts(i);
    const std::string field = absl::StrCat("profile.contacts[", i, "]");
    registry::CheckContact(violations, field + ".contact", contact.contact());
    violations.Require(contact.branch().empty() || ids.contains(contact.branch()), field + ".branch", "NOT_FOUND",
                       "This branch is not among the branches.", "この支店は支店の一覧にありません。");
  }
}

void CheckStandingOffer(errors::Violations& violations, const v1::StandingOffer& offer) {
  violations.Text("standing_offer.title", offer.title(), 1, registry::kMaxName);
  violations.Range("standing_offer.lines", offer.lines_size(), 1, kMaxLines);
  for (int i = 0; i < std::min(offer.lines_size(), kMaxLines); ++i) {
    CheckStandingLine(violations, absl::StrCat("standing_offer.lines[", i, "]"), offer.lines(i));
  }
  const bool weekday = violations.Enum("standing_offer.weekday", offer.weekday());
  violations.Range("standing_offer.lead_days", offer.lead_days(), 0, 28);
  const auto from = registry::CheckDay(violations, "standing_offer.from_date", offer.from_date());
  if (!offer.until_date().empty()) {
    const auto until = registry::CheckDay(violations, "standing_offer.until_date", offer.until_date());
    violations.Require(!from || !until || *from <= *until, "standing_offer.until_date", "OUT_OF_ORDER",
                       absl::StrCat("The last day ", offer.until_date(), " is before the first, ", offer.from_date(), "."),
                       absl::StrCat("終了日 ", offer.until_date(), " が開始日 ", offer.from_date(), " より前です。"));
  }
  violations.Range("standing_offer.skip_dates", offer.skip_dates_size(), 0, kMaxSkips);
  for (int i = 0; i < std::min(offer.skip_dates_size(), kMaxSkips); ++i) {
    const std::string field = absl::StrCat("standing_offer.skip_dates[", i, "]");
    const auto day = registry::CheckDay(violations, field, offer.skip_dates(i));
    violations.Require(!day || !weekday || WeekdayOf(*day) == offer.weekday(), field, "OTHER_WEEKDAY",
                       absl::StrCat(offer.skip_dates(i), " is not on the weekday of this standing offer."),
                       absl::StrCat(offer.skip_dates(i), " はこの定期の申出の曜日ではありません。"));
  }
  registry::CheckAddress(violations, "standing_offer.place", offer.place(), /*municipality_required=*/false);
}

}  // namespace kubari::donors
