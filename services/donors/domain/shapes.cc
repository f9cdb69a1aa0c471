#include "services/donors/domain/shapes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/calendar/date.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"

namespace kubari::donors {
namespace {

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

void CheckLine(errors::Violations& violations, const std::string& field, const v1::OfferLine& line) {
  violations.Name("products", field + ".product", line.product());
  violations.Range(field + ".cases", line.cases(), 1, kMaxCases);
  violations.Range(field + ".items_per_case", line.items_per_case(), 1, kMaxItemsPerCase);
  CheckGoodUntil(violations, field + ".good_until", line.good_until());
  violations.Require(type::v1::TemperatureZone_IsValid(line.temperature_zone()), field + ".temperature_zone",
                     "UNKNOWN_VALUE", "This temperature zone is not known.", "この温度帯は定義されていません。");
  violations.Text(field + ".donor_lot_number", line.donor_lot_number(), 0, kMaxLotNumber);
  violations.Range(field + ".min_lot_cases", line.min_lot_cases(), 0, std::clamp<int64_t>(line.cases(), 0, kMaxCases));
  violations.Text(field + ".remarks", line.remarks(), 0, kMaxRemarks);
}

}  // namespace

void CheckDonor(errors::Violations& violations, const v1::Donor& donor, const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (field == "code") registry::CheckCode(violations, "donor.code", donor.code());
    if (field == "display_name") violations.Text("donor.display_name", donor.display_name(), 1, registry::kMaxName);
    if (field == "name_kana") violations.Text("donor.name_kana", donor.name_kana(), 0, registry::kMaxName);
    if (field == "address")
      registry::CheckAddress(violations, "donor.address", donor.address(), /*municipality_required=*/false);
    if (field == "contact_email") registry::CheckEmail(violations, "donor.contact_email", donor.contact_email());
  }
}

void CheckDonorMask(errors::Violations& violations, const google::protobuf::RepeatedPtrField<std::string>& mask) {
  violations.Require(!mask.empty(), "update_mask", "REQUIRED",
                     "Name the fields to change: display_name, name_kana, address, contact_email.",
                     "変更する項目を指定してください: display_name, name_kana, address, contact_email");
  for (int i = 0; i < mask.size(); ++i) {
    violations.Require(
        mask[i] == "display_name" || mask[i] == "name_kana" || mask[i] == "address" || mask[i] == "contact_email",
        absl::StrCat("update_mask[", i, "]"), "UNKNOWN_FIELD",
        absl::StrCat("'", mask[i], "' cannot be changed here; display_name, name_kana, address and contact_email can."),
        absl::StrCat("「", mask[i],
                     "」は変更できません。display_name, name_kana, address, contact_email を変更できます。"));
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

}  // namespace kubari::donors
