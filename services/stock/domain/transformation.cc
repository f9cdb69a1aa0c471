#include "services/stock/domain/transformation.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <set>

#include "libs/eligibility/eligibility.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "services/stock/domain/refusals.h"

namespace kubari::stock {
namespace {

using kubari::type::v1::Allergen;
using kubari::type::v1::DietaryTag;
using kubari::type::v1::GoodUntil;

// One input lot, however many shelves it is taken from.
struct Input {
  const Lot* lot;
  int64_t items = 0;
};

std::vector<Input> ByLot(const std::vector<Send::Goods>& goods) {
  std::vector<Input> inputs;
  for (const Send::Goods& one : goods) {
    const auto known =
        std::find_if(inputs.begin(), inputs.end(), [&](const Input& input) { return input.lot->id == one.lot.id; });
    if (known != inputs.end()) {
      known->items += one.items;
    } else {
      inputs.push_back({.lot = &one.lot, .items = one.items});
    }
  }
  return inputs;
}

absl::Status CheckKind(const Recipe& recipe, const std::vector<Input>& inputs) {
  errors::Violations violations;
  const bool kit = recipe.kind == pb::TRANSFORMATION_KIND_KIT;
  violations.Require(!kit || recipe.outputs.size() == 1, "outputs", "MISMATCH", "A kit is one kind of goods.",
                     "セットの出来上がりは1種類です。");
  violations.Require(kit || inputs.size() == 1, "inputs", "MISMATCH", "Split or repack one lot at a time.",
                     "小分け・詰め替えは1つのロットずつ行ってください。");
  if (recipe.kind == pb::TRANSFORMATION_KIND_REPACK) {
    violations.Require(inputs.front().lot->facts.parts().empty(), "inputs", "MISMATCH",
                       "A kit is taken apart by reversing what made it.",
                       "セットをほどくには、セット作りの記録を訂正してください。");
  }
  if (recipe.kind == pb::TRANSFORMATION_KIND_SPLIT) {
    int64_t out = 0;
    for (size_t i = 0; i < recipe.outputs.size(); ++i) {
      out += recipe.outputs[i].items;
      violations.Require(recipe.outputs[i].product.name() == inputs.front().lot->facts.product(),
                         absl::StrCat("outputs[", i, "].product"), "MISMATCH",
                         "A split keeps the product; to make another, repack.",
                         "小分けでは商品は変わりません。別の商品にする場合は詰め替えを選んでください。");
    }
    violations.Require(out == inputs.front().items, "outputs", "MISMATCH",
                       absl::StrCat("As many come out as go in: ", inputs.front().items, ", not ", out, "."),
                       absl::StrCat("小分けの前後で点数が合いません（", inputs.front().items, "点と", out, "点）。"));
  }
  return violations.status();
}

absl::Status CheckTemperature(const Recipe& recipe, const std::vector<Input>& inputs) {
  const Lot& first = *inputs.front().lot;
  for (const Input& input : inputs) {
    if (input.lot->facts.temperature_zone() != first.facts.temperature_zone())
      return refusals::TemperaturesDiffer(*input.lot, first.facts.product_display_name(),
                                          first.facts.temperature_zone());
  }
  if (recipe.kind == pb::TRANSFORMATION_KIND_SPLIT) return absl::OkStatus();
  for (const Recipe::Output& output : recipe.outputs) {
    if (output.product.temperature_zone() != first.facts.temperature_zone())
      return refusals::TemperaturesDiffer(first, output.product.display_name(), output.product.temperature_zone());
  }
  return absl::OkStatus();
}

absl::Status CheckAmounts(const Recipe& recipe, const std::vector<Input>& inputs) {
  if (recipe.kind == pb::TRANSFORMATION_KIND_KIT) {
    const int64_t kits = recipe.outputs.front().items;
    for (const Input& input : inputs) {
      if (input.items % kits != 0) return refusals::UnevenKit(*input.lot, input.items, kits);
    }
  }
  if (recipe.kind == pb::TRANSFORMATION_KIND_REPACK) {
    const int64_t in = inputs.front().items * inputs.front().lot->facts.item_grams();
    int64_t out = 0;
    for (const Recipe::Output& output : recipe.outputs) out += output.items * output.product.item_grams();
    if (out > in) return refusals::WeightExceeded(in, out);
  }
  return absl::OkStatus();
}

// The earliest date; a use-by date if any of them is one, as that is the stricter meaning.
GoodUntil Earliest(const std::vector<Input>& inputs) {
  const pb::Lot* earliest = nullptr;
  bool use_by = false;
  for (const Input& input : inputs) {
    const pb::Lot& facts = input.lot->facts;
    if (facts.good_until().date().empty()) continue;
    use_by |= facts.good_until().kind() == type::v1::DATE_KIND_USE_BY;
    if (earliest == nullptr || LastGoodDay(facts) < LastGoodDay(*earliest)) earliest = &facts;
  }
  GoodUntil date;
  date.set_kind(type::v1::DATE_KIND_NONE);
  if (earliest == nullptr) return date;
  date = earliest->good_until();
  if (use_by) date.set_kind(type::v1::DATE_KIND_USE_BY);
  return date;
}

absl::StatusOr<GoodUntil> DateOf(const Recipe::Output& output, const GoodUntil& earliest) {
  if (!output.good_until) return earliest;
  if (earliest.date().empty()) return *output.good_until;
  pb::Lot given, limit;
  *given.mutable_good_until() = *output.good_until;
  *limit.mutable_good_until() = earliest;
  const bool weaker =
      earliest.kind() == type::v1::DATE_KIND_USE_BY && output.good_until->kind() != type::v1::DATE_KIND_USE_BY;
  if (weaker || LastGoodDay(given) > LastGoodDay(limit)) return refusals::DateTooLate(*output.good_until, earliest);
  return *output.good_until;
}

type::v1::AllergenDeclaration AllergensOf(const std::vector<Input>& inputs, const pb::Product& product) {
  std::set<int> contains(product.allergens().contains().begin(), product.allergens().contains().end());
  std::set<int> free_from(inputs.front().lot->facts.allergens().free_from().begin(),
                          inputs.front().lot->facts.allergens().free_from().end());
  for (const Input& input : inputs) {
    const type::v1::AllergenDeclaration& declared = input.lot->facts.allergens();
    contains.insert(declared.contains().begin(), declared.contains().end());
    std::set<int> both;
    for (const int allergen : declared.free_from()) {
      if (free_from.count(allergen) > 0) both.insert(allergen);
    }
    free_from = std::move(both);
  }
  type::v1::AllergenDeclaration allergens;
  for (const int allergen : contains) allergens.add_contains(static_cast<Allergen>(allergen));
  for (const int allergen : free_from) {
    if (contains.count(allergen) == 0) allergens.add_free_from(static_cast<Allergen>(allergen));
  }
  return allergens;
}

// A tag that warns holds if any input has it; one that promises something, only if all have it.
bool Warns(int tag) { return tag == type::v1::DIETARY_TAG_NEEDS_COOKING || tag == type::v1::DIETARY_TAG_STOCKPILE; }

std::vector<DietaryTag> TagsOf(const std::vector<Input>& inputs) {
  std::map<int, size_t> counts;  // tag → how many inputs have it
  for (const Input& input : inputs) {
    for (const int tag : std::set<int>(input.lot->facts.tags().begin(), input.lot->facts.tags().end())) ++counts[tag];
  }
  std::vector<DietaryTag> tags;
  for (const auto& [tag, count] : counts) {
    if (Warns(tag) || count == inputs.size()) tags.push_back(static_cast<DietaryTag>(tag));
  }
  return tags;
}

// What the lots' origins have in common: donor, offer line, conditions.
void TakeOrigin(const std::vector<Input>& inputs, Lot& lot) {
  std::set<std::string> donors;
  std::vector<type::v1::Conditions> conditions;
  const Lot& first = *inputs.front().lot;
  bool one_offer_line = true;
  for (const Input& input : inputs) {
    for (const std::string& donor : eligibility::DonorsOf(input.lot->facts)) donors.insert(donor);
    conditions.push_back(input.lot->facts.conditions());
    one_offer_line &= input.lot->facts.offer_line() == first.facts.offer_line();
  }
  if (donors.size() == 1) {
    lot.facts.set_donor(*donors.begin());
    lot.facts.set_donor_display_name(first.facts.donor_display_name());
  }
  if (one_offer_line) {
    lot.facts.set_offer_line(first.facts.offer_line());
    lot.offer_title = first.offer_title;
  }
  *lot.facts.mutable_conditions() = eligibility::Strictest(conditions);
}

// The parts of one kit, with those of the kits in it.
void TakeParts(const std::vector<Input>& inputs, int64_t kits, pb::Lot& facts) {
  std::map<std::string, pb::LotPart> parts;
  const auto add = [&](pb::LotPart part, int64_t items) {
    part.set_items(0);
    pb::LotPart& known = parts.try_emplace(part.lot(), std::move(part)).first->second;
    known.set_items(known.items() + items);
  };
  for (const Input& input : inputs) {
    const pb::Lot& lot = input.lot->facts;
    const int64_t each = input.items / kits;
    for (const pb::LotPart& part : lot.parts()) add(part, part.items() * each);
    if (!lot.parts().empty()) continue;
    pb::LotPart part;
    part.set_lot(lot.name());
    part.set_product(lot.product());
    part.set_product_display_name(lot.product_display_name());
    part.set_donor(lot.donor());
    part.set_item_grams(lot.item_grams());
    part.set_milli_person_days(lot.milli_person_days());
    part.set_category(lot.category());
    *part.mutable_conditions() = lot.conditions();
    add(std::move(part), each);
  }
  int64_t grams = 0, milli_person_days = 0;
  for (auto& [lot, part] : parts) {
    grams += part.items() * part.item_grams();
    milli_person_days += part.items() * part.milli_person_days();
    *facts.add_parts() = part;
  }
  facts.set_item_grams(grams);
  facts.set_milli_person_days(milli_person_days);
}

// A lot of the output's product, with everything but date, lot number and id.
Lot NewLot(const Recipe& recipe, const std::vector<Input>& inputs, const Recipe::Output& output) {
  const pb::Lot& first = inputs.front().lot->facts;
  Lot lot;
  if (recipe.kind == pb::TRANSFORMATION_KIND_SPLIT) {
    lot = *inputs.front().lot;
    lot.number = 0;
    lot.facts.clear_code();
    lot.facts.clear_create_time();
    lot.facts.clear_recall();
    return lot;
  }
  const pb::Product& product = output.product;
  pb::Lot& facts = lot.facts;
  facts.set_product(product.name());
  facts.set_product_display_name(product.display_name());
  facts.set_gtin(product.gtin());
  facts.set_category(product.category());
  facts.set_temperature_zone(first.temperature_zone());
  facts.set_items_per_case(product.items_per_case());
  *facts.mutable_allergens() = AllergensOf(inputs, product);
  for (const DietaryTag tag : TagsOf(inputs)) facts.add_tags(tag);
  TakeOrigin(inputs, lot);
  if (recipe.kind == pb::TRANSFORMATION_KIND_KIT) {
    TakeParts(inputs, output.items, facts);
  } else {
    facts.set_item_grams(product.item_grams());
    facts.set_milli_person_days(first.milli_person_days() * product.item_grams() /
                                std::max<int64_t>(1, first.item_grams()));
  }
  return lot;
}

}  // namespace

absl::StatusOr<std::vector<Lot>> LotsMadeBy(const std::string& network_id, const Recipe& recipe) {
  const std::vector<Input> inputs = ByLot(recipe.inputs);
  RETURN_IF_ERROR(CheckKind(recipe, inputs));
  RETURN_IF_ERROR(CheckTemperature(recipe, inputs));
  RETURN_IF_ERROR(CheckAmounts(recipe, inputs));
  const GoodUntil earliest = Earliest(inputs);
  std::vector<Lot> lots;
  for (const Recipe::Output& output : recipe.outputs) {
    ASSIGN_OR_RETURN(const GoodUntil date, DateOf(output, earliest));
    Lot lot = NewLot(recipe, inputs, output);
    *lot.facts.mutable_good_until() = date;
    lot.facts.set_donor_lot_number(!output.donor_lot_number.empty() ? output.donor_lot_number
                                   : inputs.size() == 1             ? inputs.front().lot->facts.donor_lot_number()
                                                                    : "");
    lot.transformation_id = recipe.transformation_id;
    lot.facts.set_transformation(ids::Name("transformations", recipe.transformation_id));
    lot.id = LotId(network_id, lot);
    lot.facts.set_name(ids::Name("lots", lot.id));
    lots.push_back(std::move(lot));
  }
  return lots;
}

}  // namespace kubari::stock
