// RenderLabels: check everything, draw each label once on a page of its own, then put the copies on sheets.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/labels/canvas.h"
#include "libs/labels/checks.h"
#include "libs/labels/document.h"
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

// Sheets that fill label by label, from a position on.
class Stack {
 public:
  Stack(const Geometry& geometry, int first_position) : geometry_(geometry), position_(first_position - 1) {}

  // Puts a drawn label, `height` mm high, at the next free place.
  void Put(size_t drawn, double height) {
    if (geometry_.roll()) {
      sheets_.push_back({geometry_.page_width, height, {{drawn, 0, 0}}});
      return;
    }
    if (sheets_.empty() || position_ == geometry_.per_sheet()) {
      if (!sheets_.empty()) position_ = 0;
      sheets_.push_back({geometry_.page_width, geometry_.page_height, {}});
    }
    const int row = position_ / geometry_.columns, column = position_ % geometry_.columns;
    sheets_.back().placed.push_back(
        {drawn, geometry_.left + column * geometry_.pitch_x, geometry_.top + row * geometry_.pitch_y});
    ++position_;
  }

  const std::vector<Sheet>& sheets() const { return sheets_; }

 private:
  const Geometry& geometry_;
  int position_;  // from 0, on the last sheet
  std::vector<Sheet> sheets_;
};

}  // namespace

absl::StatusOr<std::string> RenderLabels(const std::vector<Label>& labels, const LabelOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Ready> ready, Check(labels, options));
  const Geometry& geometry = GeometryOf(options.format);
  const Language language = options.language;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Canvas> canvas,
      Canvas::Create(geometry.label_width, geometry.label_width,
                     std::string(Say(language, "ロットのラベル", "Lot labels")), language == Language::kJapanese));
  Stack stack(geometry, options.first_position);
  for (size_t i = 0; i < ready.size(); ++i) {
    const auto& [label, date, qr] = ready[i];
    const Plan plan = PlanLabel(*canvas, *label, date, qr, geometry, language);
    const double height = plan.height + 2 * geometry.inset_y;
    canvas->SetPageSize(geometry.label_width, height);
    plan.Draw(*canvas, geometry.inset_x, geometry.inset_y);
    canvas->EndPage();
    for (int copy = 0; copy < label->copies; ++copy) stack.Put(i, height);
  }
  ASSIGN_OR_RETURN(const std::string drawn, canvas->Finish());
  return OnSheets(drawn, stack.sheets(), std::string(Say(language, "ja", "en")));
}

}  // namespace kubari::labels
