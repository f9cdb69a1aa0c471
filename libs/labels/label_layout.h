// One label, laid out and then drawn.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "libs/calendar/date.h"
#include "libs/labels/canvas.h"
#include "libs/labels/formats.h"
#include "libs/labels/labels.h"
#include "libs/labels/qr.h"

namespace kubari::labels {

// How many modules a QR code of this format may have on a side.
int MaxQrModules(const Geometry& geometry);

// Everything that is drawn on a label, relative to the top left corner of what is inside the insets.
struct Plan {
  double height = 0;  // mm; what the content takes
  std::vector<std::function<void(Canvas&, double, double)>> steps;

  void Draw(Canvas& canvas, double x, double y) const {
    for (const auto& step : steps) step(canvas, x, y);
  }
};

// `date` is label.good_until's, if it has one; `qr` has at most MaxQrModules().
Plan PlanLabel(const Canvas& canvas, const Label& label, const std::optional<calendar::Date>& date, const Qr& qr,
               const Geometry& geometry, Language language);

}  // namespace kubari::labels
