// RenderLabels: check everything, then lay out and draw label after label.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/labels/canvas.h"
#include "libs/labels/checks.h"
#include "libs/labels/label_layout.h"
#include "libs/labels/labels.h"
#include "libs/labels/words.h"

namespace kubari::labels {
namespace {

// A label whose texts have been read.
struct Ready {
  const Label* label;
  std::optional<calendar::Date> date;
  Qr qr;
};

void CheckTotal(const std::vector<Label>& labels, errors::Violations& violations) {
  int64_t total = 0;
  for (const Label& label : labels) total += label.copies;
  if (labels.empty()) {
    violations.Add("labels", "REQUIRED", "is empty; there is nothing to print", "が空です。印刷するものがありません");
  }
  if (total > kMaxLabels) {
    violations.Add("labels", "TOO_MANY",
                   absl::StrCat("are ", total, " with their copies; at most ", kMaxLabels, " are printed at once"),
                   absl::StrCat("が枚数の合計で ", total, " 枚です。一度に印刷できるのは ", kMaxLabels, " 枚までです"));
  }
}

std::optional<Ready> CheckLabel(const std::string& field, const Label& label, int max_modules,
                                errors::Violations& violations) {
  violations.Text(absl::StrCat(field, ".product"), label.product, 1, kMaxName);
  CheckLotCode(absl::StrCat(field, ".code"), label.code, violations);
  violations.Text(absl::StrCat(field, ".conditions"), label.conditions, 0, kMaxName);
  violations.Text(absl::StrCat(field, ".place"), label.place, 0, kMaxName);
  violations.Text(absl::StrCat(field, ".donor_lot"), label.donor_lot, 0, kMaxName);
  violations.Range(absl::StrCat(field, ".items_per_case"), label.items_per_case, 0, kMaxCount);
  violations.Range(absl::StrCat(field, ".cases"), label.cases, 0, kMaxCount);
  violations.Range(absl::StrCat(field, ".copies"), label.copies, 1, kMaxLabels);
  const std::optional<calendar::Date> date =
      CheckDate(absl::StrCat(field, ".good_until"), label.good_until, violations);
  std::optional<Qr> qr = CheckQr(absl::StrCat(field, ".qr"), label.qr, max_modules, violations);
  if (!qr) return std::nullopt;
  return Ready{&label, date, *std::move(qr)};
}

absl::StatusOr<std::vector<Ready>> Check(const std::vector<Label>& labels, const LabelOptions& options) {
  const Geometry& geometry = GeometryOf(options.format);
  errors::Violations violations;
  CheckTotal(labels, violations);
  violations.Range("first_position", options.first_position, 1, geometry.per_sheet());
  std::vector<Ready> ready;
  for (size_t i = 0; i < labels.size() && i < kMaxLabels; ++i) {
    std::optional<Ready> one =
        CheckLabel(absl::StrCat("labels[", i, "]"), labels[i], MaxQrModules(geometry), violations);
    if (one) ready.push_back(*std::move(one));
  }
  RETURN_IF_ERROR(violations.status());
  return ready;
}

void DrawRoll(Canvas& canvas, const Plan& plan, const Geometry& geometry, int copies) {
  for (int copy = 0; copy < copies; ++copy) {
    canvas.SetPageSize(geometry.page_width, plan.height + 2 * geometry.inset_y);
    plan.Draw(canvas, geometry.inset_x, geometry.inset_y);
    canvas.EndPage();
  }
}

// Draws at `position` (0 is the first of the sheet) and after it; returns the next free position.
int DrawOnSheets(Canvas& canvas, const Plan& plan, const Geometry& geometry, int copies, int position) {
  for (int copy = 0; copy < copies; ++copy, ++position) {
    if (position == geometry.per_sheet()) {
      canvas.EndPage();
      position = 0;
    }
    const int row = position / geometry.columns, column = position % geometry.columns;
    plan.Draw(canvas, geometry.left + column * geometry.pitch_x + geometry.inset_x,
              geometry.top + row * geometry.pitch_y + geometry.inset_y);
  }
  return position;
}

}  // namespace

absl::StatusOr<std::string> RenderLabels(const std::vector<Label>& labels, const LabelOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Ready> ready, Check(labels, options));
  const Geometry& geometry = GeometryOf(options.format);
  ASSIGN_OR_RETURN(const std::unique_ptr<Canvas> canvas,
                   Canvas::Create(geometry.page_width, geometry.roll() ? geometry.page_width : geometry.page_height,
                                  std::string(Say(options.language, "ロットのラベル", "Lot labels")),
                                  options.language == Language::kJapanese));
  int position = options.first_position - 1;
  for (const auto& [label, date, qr] : ready) {
    const Plan plan = PlanLabel(*canvas, *label, date, qr, geometry, options.language);
    if (geometry.roll()) {
      DrawRoll(*canvas, plan, geometry, label->copies);
    } else {
      position = DrawOnSheets(*canvas, plan, geometry, label->copies, position);
    }
  }
  if (!geometry.roll()) canvas->EndPage();
  return canvas->Finish();
}

}  // namespace kubari::labels
