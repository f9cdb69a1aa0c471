// Drawing on pages of a PDF, in millimetres from the top left: text that is measured before it is drawn, shapes, QR
// codes. cairo writes the PDF and embeds the glyphs that are used; pango shapes, wraps and finds fonts for scripts that
// ours lacks.
#pragma once

#include <cairo.h>
#include <pango/pangocairo.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/labels/qr.h"

namespace kubari::labels {

inline constexpr double kPoint = 25.4 / 72;  // mm

struct Colour {
  double red, green, blue;
};
inline constexpr Colour kBlack = {0, 0, 0};
inline constexpr Colour kWhite = {1, 1, 1};
inline constexpr Colour kGrey = {0.35, 0.35, 0.35};

struct Box {
  double x, y, width, height;  // mm
};

struct Style {
  double points;     // size
  double least = 0;  // may shrink to this many points before it is cut; 0: does not shrink
  bool bold = false;
  int max_lines = 1;  // what does not fit ends with "…"
  Colour colour = kBlack;
  PangoAlignment align = PANGO_ALIGN_LEFT;
};

template <typename T>
struct Unref {
  void operator()(T* object) const { g_object_unref(object); }
};

// Text laid out to a width. Its height reaches from the top of the first line's letters to the bottom of the last
// line's, so that blocks are put below each other without knowing fonts. What a font draws beyond that (stacked
// accents) is clipped.
class Text {
 public:
  double height() const { return height_; }      // mm
  double width() const { return width_; }        // mm, of the widest line
  double baseline() const { return baseline_; }  // mm, of the first line, from the top
  bool cut() const { return cut_; }
  double points() const { return points_; }

 private:
  friend class Canvas;

  void Measure();

  std::unique_ptr<PangoLayout, Unref<PangoLayout>> layout_;
  double height_ = 0, width_ = 0, points_ = 0;
  double top_ = 0;  // of the block, from the layout's own top, mm
  double baseline_ = 0;
  double box_width_ = 0;
  bool cut_ = false;
  bool clip_ = false;
  Colour colour_ = kBlack;
};

class Canvas {
 public:
  // A document whose first page has this size. FONT_MISSING without a Japanese font.
  static absl::StatusOr<std::unique_ptr<Canvas>> Create(double page_width, double page_height, const std::string& title,
                                                        bool japanese);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  // Ends the page. The next one begins with the first thing that is drawn; a roll's pages differ in height.
  void EndPage();
  // Before anything is drawn on the page.
  void SetPageSize(double width, double height);
  // The pages as PDF; document.h makes of them what people print. Nothing can be drawn afterwards.
  absl::StatusOr<std::string> Finish();

  // What people wrote, fit to stand in markup: white space folded, direction marks taken out (they would turn around
  // what stands beside them), and 〓 (the printer's mark for a missing letter) for what no font of this machine has.
  std::string Escape(std::string_view text) const;
  // Lays out `text`, after Escape(), in at most `width` and `height` mm: as large as the style allows.
  Text Lay(std::string_view text, const Style& style, double width, double height = 1000) const;
  // The same for pango markup, in which everything that others wrote has gone through Escape().
  Text LayMarkup(const std::string& markup, const Style& style, double width, double height = 1000) const;
  // With its top left corner at (x, y).
  void Draw(const Text& text, double x, double y);

  void Fill(const Box& box, Colour colour, double radius = 0);
  void Outline(const Box& box, double line_width, Colour colour, double radius = 0);
  void Line(double x1, double y1, double x2, double y2, double line_width, Colour colour = kBlack);
  // Without its quiet zone, which is left to the caller: 4 modules on each side.
  void DrawQr(const Qr& qr, double x, double y, double side);
  // Whatever else cairo can draw, in a coordinate system of mm whose origin is (x, y).
  void Paint(double x, double y, Colour colour, const std::function<void(cairo_t*)>& draw);

 private:
  Canvas(double page_width, double page_height, bool japanese);

  bool CanDraw(gunichar character) const;
  void SetSize(Text& text, double points, bool bold) const;

  std::string pdf_;
  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface_;
  std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo_;
  std::unique_ptr<PangoContext, Unref<PangoContext>> context_;
  std::unique_ptr<PangoFontset, Unref<PangoFontset>> fonts_;  // ours, and those that stand in for it
  double natural_line_ = 1;  // distance of two lines as the font has it, in multiples of its size
};

}  // namespace kubari::labels
