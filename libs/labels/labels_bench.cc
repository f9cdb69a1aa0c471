// How long sheets take: nice build/bin/labels-bench
#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "libs/labels/labels.h"

namespace kubari::labels {
namespace {

Label LabelNumber(int64_t number) {
  Label label;
  label.product = absl::StrCat("レトルトカレー 中辛 200g 第", number, "便");
  label.code = absl::StrCat("7KQ2", 1000 + number);
  label.qr = absl::StrCat("https://food.example.org/01/09521234543213/10/", label.code);
  label.good_until.set_kind(type::v1::DATE_KIND_BEST_BEFORE);
  label.good_until.set_date("2027-03-31");
  label.temperature_zone = type::v1::TEMPERATURE_ZONE_CHILLED;
  label.allergens.add_contains(type::v1::ALLERGEN_WHEAT);
  label.allergens.add_contains(type::v1::ALLERGEN_MILK);
  label.conditions = "二次配布不可";
  label.place = "東京倉庫 A-03";
  label.donor_lot = "L240331";
  label.items_per_case = 24;
  return label;
}

// As many different labels as the argument.
void DifferentLabels(benchmark::State& state) {
  std::vector<Label> labels;
  for (int64_t i = 0; i < state.range(0); ++i) labels.push_back(LabelNumber(i));
  size_t bytes = 0;
  for (auto _ : state) bytes = RenderLabels(labels, {})->size();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(DifferentLabels)->Arg(1)->Arg(24)->Arg(kMaxLabels)->Unit(benchmark::kMillisecond);

// One label, as often as the argument.
void Copies(benchmark::State& state) {
  Label label = LabelNumber(0);
  label.copies = static_cast<int>(state.range(0));
  size_t bytes = 0;
  for (auto _ : state) bytes = RenderLabels({label}, {})->size();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(Copies)->Arg(kMaxLabels)->Unit(benchmark::kMillisecond);

// A delivery sheet with as many lines as the argument.
void DeliveryLines(benchmark::State& state) {
  DeliverySheet sheet;
  sheet.network = "フードバンクくばり";
  sheet.group = "こどもひろば";
  sheet.qr = "https://food.example.org/#/deliveries/0190c5b0-7d1e-7a52-9c1e-0123456789ab";
  for (int64_t i = 0; i < state.range(0); ++i) {
    const Label label = LabelNumber(i);
    sheet.lines.push_back({.product = label.product,
                           .code = label.code,
                           .good_until = label.good_until,
                           .temperature_zone = label.temperature_zone,
                           .allergens = label.allergens,
                           .items = 300,
                           .items_per_case = 24});
  }
  size_t bytes = 0;
  for (auto _ : state) bytes = RenderDeliverySheet(sheet, Language::kJapanese)->size();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(DeliveryLines)->Arg(20)->Arg(kMaxLines)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kubari::labels

BENCHMARK_MAIN();
