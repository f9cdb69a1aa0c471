#include "services/stock/product_rules.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>

#include "libs/gs1/gs1.h"

namespace kubari::stock {
namespace {

namespace type = kubari::type::v1;

void NormalizeGtin(std::string* gtin, const std::string& field, errors::Violations& violations) {
  if (gtin->empty()) return;
  const absl::StatusOr<std::string> normal = gs1::NormalizeGtin(*gtin);
  if (normal.ok()) {
    *gtin = *normal;
  } else {
    violations.Add(field, "NOT_A_GTIN", errors::MessageIn("en", normal.status()),
                   errors::MessageIn("ja", normal.status()));
  }
}

template <typename E, typename List>
void CheckList(const List& list, const std::string& field, errors::Violations& violations) {
  std::set<int> seen;
  for (int i = 0; i < list.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (violations.Enum(path, static_cast<E>(list.Get(i)))) {
      violations.Require(seen.insert(list.Get(i)).second, path, "DUPLICATE", "Named twice.", "同じ値が2回あります。");
    }
  }
}

}  // namespace

int64_t MilliPersonDays(int64_t item_grams) { return std::max<int64_t>(1, item_grams * 1000 / 1400); }

void CompleteProduct(v1::Product& product, std::string_view prefix, errors::Violations& violations) {
  const std::string field = std::string(prefix) + ".";
  product.clear_picture_hash();  // see SetProductPicture
  NormalizeGtin(product.mutable_gtin(), field + "gtin", violations);
  NormalizeGtin(product.mutable_case_gtin(), field + "case_gtin", violations);
  violations.Require(product.case_gtin().empty() || product.case_gtin() != product.gtin(), field + "case_gtin",
                     "MISMATCH", "The case's GTIN is the item's; leave it out.",
                     "ケースのコードが単品と同じです。空にしてください。");
  violations.Text(field + "display_name", product.display_name(), 1, 200);
  violations.Text(field + "name_kana", product.name_kana(), 0, 200);
  violations.Text(field + "maker", product.maker(), 0, 200);
  violations.Enum(field + "category", product.category());
  const bool grams = violations.Range(field + "item_grams", product.item_grams(), 1, 100'000);
  violations.Range(field + "items_per_case", product.items_per_case(), 1, 10'000);
  violations.Enum(field + "temperature_zone", product.temperature_zone());
  CheckList<type::Allergen>(product.allergens().contains(), field + "allergens.contains", violations);
  CheckList<type::Allergen>(product.allergens().free_from(), field + "allergens.free_from", violations);
  for (const int allergen : product.allergens().contains()) {
    const auto& free = product.allergens().free_from();
    violations.Require(std::find(free.begin(), free.end(), allergen) == free.end(), field + "allergens", "MISMATCH",
                       "An allergen cannot be both contained and absent.",
                       "同じアレルゲンを「含む」と「含まない」の両方には指定できません。");
  }
  CheckList<type::DietaryTag>(product.tags(), field + "tags", violations);
  violations.Range(field + "milli_person_days", product.milli_person_days(), 0, 1'000'000);
  if (grams && product.milli_person_days() == 0) product.set_milli_person_days(MilliPersonDays(product.item_grams()));
}

}  // namespace kubari::stock
