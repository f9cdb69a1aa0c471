// What goods become: dates, allergens, conditions, parts, weights, and what cannot be made.
#include "services/stock/domain/transformation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/errors/testing.h"
#include "services/stock/testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::IsOk;
using errors::Violates;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const std::string kTransformation = Id(20, 1);

pb::Product KitProduct(int64_t grams = 500) {
  pb::Product product;
  product.set_name(ids::Name("products", kKitProduct));
  product.set_display_name("架空セット");
  product.set_gtin("09520000000011");
  product.set_category(type::v1::FOOD_CATEGORY_PREPARED);
  product.set_item_grams(grams);
  product.set_items_per_case(6);
  product.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  return product;
}

// Lot n weighs 100 g and feeds 70 thousandths of a person's day.
Lot Input(int n) {
  Lot lot = LotOf(n);
  lot.facts.set_milli_person_days(70);
  lot.facts.set_category(type::v1::FOOD_CATEGORY_NOODLES);
  return lot;
}

Recipe Kit(std::vector<Send::Goods> inputs, int64_t kits) {
  return {.kind = pb::TRANSFORMATION_KIND_KIT,
          .transformation_id = kTransformation,
          .inputs = std::move(inputs),
          .outputs = {{.product = KitProduct(), .items = kits}}};
}

pb::Lot Made(const Recipe& recipe) {
  const auto lots = LotsMadeBy(kNetwork, recipe);
  EXPECT_THAT(lots, IsOk());
  return lots.ok() && !lots->empty() ? lots->front().facts : pb::Lot();
}

TEST(Kits, HoldTheirPartsAndTheirSums) {
  Lot other = Input(2);
  other.facts.set_donor(ids::Name("donors", Id(5, 2)));
  other.facts.set_item_grams(30);
  const Recipe recipe = Kit({{Input(1), Shelf(1), 12}, {other, Shelf(1), 8}, {Input(1), Shelf(2), 8}}, 4);
  const auto lots = LotsMadeBy(kNetwork, recipe);
  ASSERT_THAT(lots, IsOk());
  ASSERT_THAT(*lots, SizeIs(1));
  const pb::Lot& kit = lots->front().facts;
  EXPECT_EQ(lots->front().id, LotId(kNetwork, lots->front()));
  EXPECT_EQ(kit.name(), ids::Name("lots", lots->front().id));
  EXPECT_EQ(kit.transformation(), ids::Name("transformations", kTransformation));
  EXPECT_EQ(kit.product_display_name(), "架空セット");
  EXPECT_EQ(kit.donor(), "");  // of two donors
  EXPECT_EQ(kit.donor_display_name(), "");
  EXPECT_EQ(kit.donor_lot_number(), "");
  ASSERT_THAT(kit.parts(), SizeIs(2));
  EXPECT_EQ(kit.parts(0).lot(), Input(1).facts.name());
  EXPECT_EQ(kit.parts(0).items(), 5);  // from two shelves
  EXPECT_EQ(kit.parts(0).donor(), ids::Name("donors", kDonor));
  EXPECT_EQ(kit.parts(1).items(), 2);
  EXPECT_EQ(kit.item_grams(), 5 * 100 + 2 * 30);
  EXPECT_EQ(kit.milli_person_days(), 7 * 70);
}

TEST(Kits, OfOneDonorKeepTheDonor) {
  const pb::Lot kit = Made(Kit({{Input(1), Shelf(1), 4}, {Input(2), Shelf(1), 4}}, 4));
  EXPECT_EQ(kit.donor(), ids::Name("donors", kDonor));
  EXPECT_EQ(kit.donor_display_name(), "架空食品");
}

TEST(Kits, OfKitsAreFlat) {
  const auto inner = LotsMadeBy(kNetwork, Kit({{Input(1), Shelf(1), 20}, {Input(2), Shelf(1), 10}}, 10));
  ASSERT_THAT(inner, IsOk());
  Recipe outer = Kit({{inner->front(), Shelf(1), 6}, {Input(1), Shelf(1), 3}}, 3);
  outer.transformation_id = Id(20, 2);
  const pb::Lot kit = Made(outer);
  ASSERT_THAT(kit.parts(), SizeIs(2));
  EXPECT_EQ(kit.parts(0).lot(), Input(1).facts.name());
  EXPECT_EQ(kit.parts(0).items(), 2 * 2 + 1);
  EXPECT_EQ(kit.parts(1).items(), 2 * 1);
  EXPECT_EQ(kit.item_grams(), 700);
}

TEST(Kits, TakeTheEarliestDateInItsStrictestMeaning) {
  Lot early = Input(1), use_by = Input(2), undated = Input(3);
  early.facts.mutable_good_until()->set_date("2027-01");
  use_by.facts.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
  use_by.facts.mutable_good_until()->set_date("2027-02-10");
  undated.facts.mutable_good_until()->set_kind(type::v1::DATE_KIND_NONE);
  undated.facts.mutable_good_until()->clear_date();
  pb::Lot kit = Made(Kit({{early, Shelf(1), 2}, {undated, Shelf(1), 2}}, 2));
  EXPECT_EQ(kit.good_until().date(), "2027-01");
  EXPECT_EQ(kit.good_until().kind(), type::v1::DATE_KIND_BEST_BEFORE);
  kit = Made(Kit({{early, Shelf(1), 2}, {use_by, Shelf(1), 2}}, 2));
  EXPECT_EQ(kit.good_until().date(), "2027-01");
  EXPECT_EQ(kit.good_until().kind(), type::v1::DATE_KIND_USE_BY);
  EXPECT_EQ(Made(Kit({{undated, Shelf(1), 2}}, 2)).good_until().kind(), type::v1::DATE_KIND_NONE);

  Recipe dated = Kit({{early, Shelf(1), 2}, {use_by, Shelf(1), 2}}, 2);
  const auto give = [&](type::v1::DateKind kind, const char* date) {
    dated.outputs[0].good_until.emplace();
    dated.outputs[0].good_until->set_kind(kind);
    dated.outputs[0].good_until->set_date(date);
    return LotsMadeBy(kNetwork, dated);
  };
  EXPECT_THAT(give(type::v1::DATE_KIND_USE_BY, "2027-01-31"), IsOk());
  EXPECT_THAT(give(type::v1::DATE_KIND_USE_BY, "2026-12-31"), IsOk());
  EXPECT_THAT(give(type::v1::DATE_KIND_USE_BY, "2027-02-01"), FailsBecause("DATE_TOO_LATE"));
  EXPECT_THAT(give(type::v1::DATE_KIND_BEST_BEFORE, "2026-12-31"), FailsBecause("DATE_TOO_LATE"));
  EXPECT_THAT(give(type::v1::DATE_KIND_NONE, ""), FailsBecause("DATE_TOO_LATE"));
  // Of goods without a date any is taken.
  dated.inputs = {{undated, Shelf(1), 2}};
  EXPECT_THAT(give(type::v1::DATE_KIND_BEST_BEFORE, "2030-01"), IsOk());
}

TEST(Kits, DeclareWhatHoldsForAllOfThem) {
  Lot noodles = Input(1), soup = Input(2);
  noodles.facts.mutable_allergens()->add_contains(type::v1::ALLERGEN_WHEAT);
  noodles.facts.mutable_allergens()->add_free_from(type::v1::ALLERGEN_EGG);
  noodles.facts.mutable_allergens()->add_free_from(type::v1::ALLERGEN_MILK);
  noodles.facts.mutable_allergens()->add_free_from(type::v1::ALLERGEN_SHRIMP);
  soup.facts.mutable_allergens()->add_contains(type::v1::ALLERGEN_MILK);
  soup.facts.mutable_allergens()->add_free_from(type::v1::ALLERGEN_EGG);
  soup.facts.mutable_allergens()->add_free_from(type::v1::ALLERGEN_WHEAT);
  noodles.facts.add_tags(type::v1::DIETARY_TAG_LOW_SALT);
  noodles.facts.add_tags(type::v1::DIETARY_TAG_VEGETARIAN);
  noodles.facts.add_tags(type::v1::DIETARY_TAG_NEEDS_COOKING);
  soup.facts.add_tags(type::v1::DIETARY_TAG_LOW_SALT);
  soup.facts.add_tags(type::v1::DIETARY_TAG_STOCKPILE);
  noodles.facts.mutable_conditions()->set_onward_transfer_allowed(true);
  noodles.facts.mutable_conditions()->set_min_remaining_days(10);
  soup.facts.mutable_conditions()->set_min_remaining_days(30);
  Recipe recipe = Kit({{noodles, Shelf(1), 2}, {soup, Shelf(1), 2}}, 2);
  const pb::Lot kit = Made(recipe);
  EXPECT_THAT(kit.allergens().contains(), ElementsAre(type::v1::ALLERGEN_WHEAT, type::v1::ALLERGEN_MILK));
  EXPECT_THAT(kit.allergens().free_from(), ElementsAre(type::v1::ALLERGEN_EGG));
  EXPECT_THAT(kit.tags(), UnorderedElementsAre(type::v1::DIETARY_TAG_LOW_SALT, type::v1::DIETARY_TAG_NEEDS_COOKING,
                                               type::v1::DIETARY_TAG_STOCKPILE));
  EXPECT_FALSE(kit.conditions().onward_transfer_allowed());
  EXPECT_EQ(kit.conditions().min_remaining_days(), 30);
  // What is added when packing is declared with the kit's own product.
  recipe.outputs[0].product.mutable_allergens()->add_contains(type::v1::ALLERGEN_EGG);
  EXPECT_THAT(Made(recipe).allergens().contains(),
              ElementsAre(type::v1::ALLERGEN_WHEAT, type::v1::ALLERGEN_EGG, type::v1::ALLERGEN_MILK));
  EXPECT_THAT(Made(recipe).allergens().free_from(), IsEmpty());
}

TEST(Recipes, AreRefusedInTheDocumentedOrder) {
  Lot frozen = Input(2);
  frozen.facts.set_temperature_zone(type::v1::TEMPERATURE_ZONE_FROZEN);
  Recipe recipe = Kit({{Input(1), Shelf(1), 10}, {frozen, Shelf(1), 9}}, 10);
  recipe.outputs.push_back(recipe.outputs[0]);
  EXPECT_THAT(LotsMadeBy(kNetwork, recipe), Violates("outputs", "MISMATCH"));
  recipe.outputs.pop_back();
  EXPECT_THAT(LotsMadeBy(kNetwork, recipe), FailsBecause("TEMPERATURE_MISMATCH"));
  recipe.inputs[1].lot = Input(2);
  recipe.outputs[0].product.set_temperature_zone(type::v1::TEMPERATURE_ZONE_CHILLED);
  EXPECT_THAT(LotsMadeBy(kNetwork, recipe), FailsBecause("TEMPERATURE_MISMATCH"));
  recipe.outputs[0].product.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  recipe.outputs[0].good_until.emplace();
  recipe.outputs[0].good_until->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  recipe.outputs[0].good_until->set_date("2027-05");
  const auto uneven = LotsMadeBy(kNetwork, recipe);
  ASSERT_THAT(uneven, FailsBecause("UNEVEN_KIT"));
  EXPECT_EQ(errors::MetadataOf(uneven.status())["items"], "9");
  recipe.inputs[1].items = 10;
  EXPECT_THAT(LotsMadeBy(kNetwork, recipe), FailsBecause("DATE_TOO_LATE"));
}

TEST(Splits, KeepEverythingButWhatIsSaid) {
  Lot bulk = Input(1);
  bulk.facts.set_offer_line("offers/" + Id(30, 1) + "/lines/" + Id(31, 1));
  bulk.facts.set_min_lot_items(24);
  pb::Product same;
  same.set_name(ids::Name("products", kProduct));
  Recipe split{.kind = pb::TRANSFORMATION_KIND_SPLIT,
               .transformation_id = kTransformation,
               .inputs = {{bulk, Shelf(1), 60}, {bulk, Shelf(2), 40}},
               .outputs = {{.product = same, .items = 70}, {.product = same, .items = 30, .donor_lot_number = "B"}}};
  const auto lots = LotsMadeBy(kNetwork, split);
  ASSERT_THAT(lots, IsOk());
  EXPECT_EQ((*lots)[0].facts.donor_lot_number(), "L1");
  EXPECT_EQ((*lots)[1].facts.donor_lot_number(), "B");
  EXPECT_EQ((*lots)[0].facts.offer_line(), bulk.facts.offer_line());
  EXPECT_EQ((*lots)[0].facts.min_lot_items(), 24);
  EXPECT_EQ((*lots)[0].facts.code(), "");
  EXPECT_NE((*lots)[0].id, (*lots)[1].id);
  EXPECT_NE((*lots)[0].id, bulk.id);
  split.outputs[1].donor_lot_number.clear();
  const auto twins = LotsMadeBy(kNetwork, split);
  ASSERT_THAT(twins, IsOk());
  EXPECT_EQ((*twins)[0].id, (*twins)[1].id);  // the same goods on two shelves
  split.outputs[1].items = 31;
  EXPECT_THAT(LotsMadeBy(kNetwork, split), Violates("outputs", "MISMATCH"));
  split.outputs[1] = {.product = KitProduct(), .items = 30};
  EXPECT_THAT(LotsMadeBy(kNetwork, split), Violates("outputs[1].product", "MISMATCH"));
  split.inputs.push_back({Input(2), Shelf(1), 1});
  EXPECT_THAT(LotsMadeBy(kNetwork, split), Violates("inputs", "MISMATCH"));
}

TEST(Splits, OfAKitAreKitsWithTheSameParts) {
  const auto kit = LotsMadeBy(kNetwork, Kit({{Input(1), Shelf(1), 20}, {Input(2), Shelf(1), 10}}, 10));
  ASSERT_THAT(kit, IsOk());
  const auto split = LotsMadeBy(kNetwork, {.kind = pb::TRANSFORMATION_KIND_SPLIT,
                                           .transformation_id = Id(20, 2),
                                           .inputs = {{kit->front(), Shelf(1), 10}},
                                           .outputs = {{.product = KitProduct(), .items = 10}}});
  ASSERT_THAT(split, IsOk());
  const pb::Lot& part = split->front().facts;
  EXPECT_NE(split->front().id, kit->front().id);
  EXPECT_EQ(split->front().transformation_id, Id(20, 2));
  EXPECT_EQ(part.transformation(), ids::Name("transformations", Id(20, 2)));
  ASSERT_THAT(part.parts(), SizeIs(2));
  EXPECT_EQ(part.parts(0).items(), 2);
  EXPECT_EQ(part.item_grams(), kit->front().facts.item_grams());
}

TEST(Repacking, ConservesWeightAndPersonDays) {
  Recipe repack{.kind = pb::TRANSFORMATION_KIND_REPACK,
                .transformation_id = kTransformation,
                .inputs = {{Input(1), Shelf(1), 30}},
                .outputs = {{.product = KitProduct(450), .items = 6}, {.product = KitProduct(33), .items = 9}}};
  const auto lots = LotsMadeBy(kNetwork, repack);
  ASSERT_THAT(lots, IsOk());
  EXPECT_EQ((*lots)[0].facts.milli_person_days(), 315);  // 70 × 450 ÷ 100
  EXPECT_EQ((*lots)[1].facts.milli_person_days(), 23);   // 23.1, rounded down
  EXPECT_LE(6 * 315 + 9 * 23, 30 * 70);
  EXPECT_EQ((*lots)[0].facts.donor(), ids::Name("donors", kDonor));
  EXPECT_THAT((*lots)[0].facts.parts(), IsEmpty());
  repack.outputs[1].items = 10;
  const auto heavy = LotsMadeBy(kNetwork, repack);
  ASSERT_THAT(heavy, FailsBecause("WEIGHT_EXCEEDED"));
  EXPECT_EQ(errors::MetadataOf(heavy.status())["grams_out"], "3030");
  const auto kit = LotsMadeBy(kNetwork, Kit({{Input(1), Shelf(1), 2}}, 2));
  repack.inputs = {{kit->front(), Shelf(1), 2}};
  EXPECT_THAT(LotsMadeBy(kNetwork, repack), Violates("inputs", "MISMATCH"));
}

}  // namespace
}  // namespace kubari::stock
