#include "libs/labels/canvas.h"

#include <cairo-pdf.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/errors/errors.h"

namespace kubari::labels {
namespace {

constexpr const char* kFont = "BIZ UDPGothic";
constexpr double kLineDistance = 1.22;  // of the size
// The letters of a line reach from 0.87 of the size above the baseline (kanji) to 0.16 below (kanji, "g"). Those of
// other scripts, for which other fonts stand in, reach further and get as much more; what goes beyond that (accents
// piled up) is clipped.
constexpr double kAbove = 0.87, kBelow = 0.16, kMore = 0.3;
constexpr double kBeside = 0.03;  // letters lean out at the sides

double Millimetres(int pango_units) { return static_cast<double>(pango_units) / PANGO_SCALE; }
int PangoUnits(double millimetres) { return static_cast<int>(std::lround(millimetres * PANGO_SCALE)); }

struct FontDescriptionFree {
  void operator()(PangoFontDescription* description) const { pango_font_description_free(description); }
};
using Font = std::unique_ptr<PangoFontDescription, FontDescriptionFree>;

Font MakeFont(double points, bool bold) {
  Font font(pango_font_description_new());
  pango_font_description_set_family_static(font.get(), kFont);
  pango_font_description_set_weight(font.get(), bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font.get(), points * kPoint * PANGO_SCALE);
  return font;
}

cairo_status_t Append(void* out, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

// Does the machine have our font, or would fontconfig put another one in its place?
bool HasFont(PangoContext* context) {
  const Font wanted = MakeFont(10, false);
  const std::unique_ptr<PangoFont, Unref<PangoFont>> found(pango_context_load_font(context, wanted.get()));
  if (found == nullptr) return false;
  const Font described(pango_font_describe(found.get()));
  const char* family = pango_font_description_get_family(described.get());
  return family != nullptr && std::string_view(family) == kFont;
}

// Marks that set the direction of what follows them (UAX #9, 2.1 to 2.4): LRE … RLO, LRI … PDI.
bool SetsDirection(gunichar character) {
  return (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

void RoundedPath(cairo_t* cr, const Box& box, double radius) {
  cairo_new_sub_path(cr);
  cairo_arc(cr, box.x + box.width - radius, box.y + radius, radius, -M_PI / 2, 0);
  cairo_arc(cr, box.x + box.width - radius, box.y + box.height - radius, radius, 0, M_PI / 2);
  cairo_arc(cr, box.x + radius, box.y + box.height - radius, radius, M_PI / 2, M_PI);
  cairo_arc(cr, box.x + radius, box.y + radius, radius, M_PI, 3 * M_PI / 2);
  cairo_close_path(cr);
}

void PathOf(cairo_t* cr, const Box& box, double radius) {
  if (radius > 0) {
    RoundedPath(cr, box, radius);
  } else {
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  }
}

void SetColour(cairo_t* cr, Colour colour) { cairo_set_source_rgb(cr, colour.red, colour.green, colour.blue); }

}  // namespace

absl::StatusOr<std::unique_ptr<Canvas>> Canvas::Create(double page_width, double page_height, const std::string& title,
                                                       bool japanese) {
  std::unique_ptr<Canvas> canvas(new Canvas(page_width, page_height, japanese));
  if (!HasFont(canvas->context_.get())) {
    return errors::Make(absl::StatusCode::kInternal, "FONT_MISSING",
                        "The server has no Japanese font to print with. Its operator has to install the package "
                        "fonts-morisawa-bizud-gothic.",
                        "サーバーに印刷用の日本語フォントがありません。管理者がパッケージ fonts-morisawa-bizud-gothic "
                        "を入れる必要があります。");
  }
  cairo_surface_t* surface = canvas->surface_.get();
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title.c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Kubari");
  return canvas;
}

Canvas::Canvas(double page_width, double page_height, bool japanese)
    : surface_(cairo_pdf_surface_create_for_stream(&Append, &pdf_, page_width / kPoint, page_height / kPoint),
               &cairo_surface_destroy),
      cairo_(cairo_create(surface_.get()), &cairo_destroy) {
  cairo_scale(cairo_.get(), 1 / kPoint, 1 / kPoint);
  // Each thread has a default font map of its own, kept for the next document; a font map must not be shared by
  // threads.
  context_.reset(pango_font_map_create_context(pango_cairo_font_map_get_default()));
  pango_cairo_update_context(cairo_.get(), context_.get());
  pango_context_set_language(context_.get(), pango_language_from_string(japanese ? "ja-jp" : "en"));
  // Paper has no pixels to round to.
  pango_context_set_round_glyph_positions(context_.get(), FALSE);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context_.get(), options);
  cairo_font_options_destroy(options);
  const Font font = MakeFont(10, false);
  fonts_.reset(pango_context_load_fontset(context_.get(), font.get(), pango_context_get_language(context_.get())));
  PangoFontMetrics* metrics = pango_context_get_metrics(context_.get(), font.get(), nullptr);
  natural_line_ =
      std::max(1.0, Millimetres(pango_font_metrics_get_ascent(metrics) + pango_font_metrics_get_descent(metrics)) /
                        (10 * kPoint));
  pango_font_metrics_unref(metrics);
}

Canvas::~Canvas() = default;

void Canvas::EndPage() { cairo_show_page(cairo_.get()); }

void Canvas::SetPageSize(double width, double height) {
  cairo_pdf_surface_set_size(surface_.get(), width / kPoint, height / kPoint);
}

absl::StatusOr<std::string> Canvas::Finish() {
  cairo_surface_finish(surface_.get());
  cairo_status_t status = cairo_status(cairo_.get());
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface_.get());
  if (status != CAIRO_STATUS_SUCCESS) {
    return errors::Make(absl::StatusCode::kInternal, "PDF_FAILED", "The sheet could not be drawn. Please report this.",
                        "シートを作れませんでした。不具合としてお知らせください。",
                        {{"cairo", cairo_status_to_string(status)}});
  }
  return std::move(pdf_);
}

std::string Canvas::Escape(std::string_view text) const {
  const std::string missing = "〓";
  std::string plain;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (SetsDirection(character)) continue;
    if (character < 0x80 && absl::ascii_isspace(static_cast<unsigned char>(character))) {
      if (!plain.empty() && plain.back() != ' ') plain.push_back(' ');
    } else if (g_unichar_iszerowidth(character) && absl::EndsWith(plain, missing)) {
      continue;  // belongs to the missing letter: joiners and variants of emoji
    } else if (CanDraw(character)) {
      plain.append(at, static_cast<size_t>(g_utf8_next_char(at) - at));
    } else if (!absl::EndsWith(plain, missing)) {
      plain.append(missing);
    }
  }
  if (!plain.empty() && plain.back() == ' ') plain.pop_back();
  const std::unique_ptr<gchar, decltype(&g_free)> escaped(
      g_markup_escape_text(plain.data(), static_cast<gssize>(plain.size())), &g_free);
  return escaped.get();
}

bool Canvas::CanDraw(gunichar character) const {
  if (g_unichar_type(character) == G_UNICODE_FORMAT) return true;  // drawn as nothing
  const std::unique_ptr<PangoFont, Unref<PangoFont>> font(pango_fontset_get_font(fonts_.get(), character));
  return font != nullptr && pango_font_has_char(font.get(), character);
}

Text Canvas::Lay(std::string_view text, const Style& style, double width, double height) const {
  return LayMarkup(Escape(text), style, width, height);
}

Text Canvas::LayMarkup(const std::string& markup, const Style& style, double width, double height) const {
  Text text;
  text.colour_ = style.colour;
  text.box_width_ = width;
  text.layout_.reset(pango_layout_new(context_.get()));
  PangoLayout* layout = text.layout_.get();
  pango_layout_set_markup(layout, markup.data(), static_cast<int>(markup.size()));
  pango_layout_set_alignment(layout, style.align);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);

  const double least = style.least > 0 ? style.least : style.points;
  double points = style.points;
  if (style.max_lines == 1) {  // its width tells the size at once
    SetSize(text, points, style.bold);
    if (text.width_ > width) points = std::max(least, points * width / text.width_ * 0.995);
  }
  pango_layout_set_width(layout, PangoUnits(width));
  for (;; points = std::max(least, points - 0.5)) {
    SetSize(text, points, style.bold);
    if (pango_layout_get_line_count(layout) <= style.max_lines && text.height_ <= height) return text;
    if (points <= least) break;
  }
  text.cut_ = true;
  pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
  for (int lines = style.max_lines; lines >= 1; --lines) {
    pango_layout_set_height(layout, -lines);
    text.Measure();
    if (text.height_ <= height) break;
  }
  return text;
}

void Canvas::SetSize(Text& text, double points, bool bold) const {
  const Font font = MakeFont(points, bold);
  pango_layout_set_font_description(text.layout_.get(), font.get());
  pango_layout_set_line_spacing(text.layout_.get(), static_cast<float>(kLineDistance / natural_line_));
  text.points_ = points;
  text.Measure();
}

void Text::Measure() {
  const double size = points_ * kPoint;
  PangoLayoutIter* iterator = pango_layout_get_iter(layout_.get());
  const double first = Millimetres(pango_layout_iter_get_baseline(iterator));
  double last = first;
  while (pango_layout_iter_next_line(iterator)) last = Millimetres(pango_layout_iter_get_baseline(iterator));
  pango_layout_iter_free(iterator);
  PangoRectangle ink, logical;
  pango_layout_get_extents(layout_.get(), &ink, &logical);
  const double up = first - Millimetres(ink.y), down = Millimetres(ink.y + ink.height) - last;
  baseline_ = std::clamp(up, kAbove * size, (kAbove + kMore) * size);
  top_ = first - baseline_;
  height_ = baseline_ + last - first + std::clamp(down, kBelow * size, (kBelow + kMore) * size);
  width_ = Millimetres(logical.width);
  const double left = Millimetres(ink.x), right = Millimetres(ink.x + ink.width);
  clip_ = up > (kAbove + kMore) * size || down > (kBelow + kMore) * size || left < -kBeside * size ||
          right > box_width_ + kBeside * size;
}

void Canvas::Draw(const Text& text, double x, double y) {
  cairo_t* cr = cairo_.get();
  SetColour(cr, text.colour_);
  cairo_save(cr);
  if (text.clip_) {
    const double beside = kBeside * text.points_ * kPoint;
    cairo_rectangle(cr, x - beside, y, text.box_width_ + 2 * beside, text.height_);
    cairo_clip(cr);
  }
  cairo_move_to(cr, x, y - text.top_);
  pango_cairo_show_layout(cr, text.layout_.get());
  cairo_restore(cr);
}

void Canvas::Fill(const Box& box, Colour colour, double radius) {
  SetColour(cairo_.get(), colour);
  PathOf(cairo_.get(), box, radius);
  cairo_fill(cairo_.get());
}

void Canvas::Outline(const Box& box, double line_width, Colour colour, double radius) {
  SetColour(cairo_.get(), colour);
  cairo_set_line_width(cairo_.get(), line_width);
  const double half = line_width / 2;
  PathOf(cairo_.get(), {box.x + half, box.y + half, box.width - line_width, box.height - line_width},
         std::max(0.0, radius - half));
  cairo_stroke(cairo_.get());
}

void Canvas::Line(double x1, double y1, double x2, double y2, double line_width, Colour colour) {
  SetColour(cairo_.get(), colour);
  cairo_set_line_width(cairo_.get(), line_width);
  cairo_move_to(cairo_.get(), x1, y1);
  cairo_line_to(cairo_.get(), x2, y2);
  cairo_stroke(cairo_.get());
}

// One path for the whole code, so that no viewer draws hairlines between its squares.
void Canvas::DrawQr(const Qr& qr, double x, double y, double side) {
  const double module = side / qr.modules;
  SetColour(cairo_.get(), kBlack);
  for (int row = 0; row < qr.modules; ++row) {
    for (int column = 0; column < qr.modules; ++column) {
      if (!qr.at(row, column)) continue;
      const int first = column;
      while (column + 1 < qr.modules && qr.at(row, column + 1)) ++column;
      cairo_rectangle(cairo_.get(), x + first * module, y + row * module, (column - first + 1) * module, module);
    }
  }
  cairo_fill(cairo_.get());
}

void Canvas::Paint(double x, double y, Colour colour, const std::function<void(cairo_t*)>& draw) {
  cairo_save(cairo_.get());
  cairo_translate(cairo_.get(), x, y);
  SetColour(cairo_.get(), colour);
  draw(cairo_.get());
  cairo_restore(cairo_.get());
}

}  // namespace kubari::labels
