#include "libs/gs1/gs1.h"

#include <algorithm>
#include <string>
#include <vector>

#include "libs/errors/errors.h"
#include "libs/log/utf8.h"
#include "tests/fuzz/targets.h"

namespace kubari::fuzz {
namespace {

constexpr int kYear = 2026;

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8SequenceLength(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void IsHelpful(const absl::Status& status) {
  const std::string reason = errors::ReasonOf(status);
  Require(reason.substr(0, 8) == "BARCODE_", "the error has a reason", reason);
  for (const char* language : {"en", "ja"}) {
    const std::string text = errors::MessageIn(language, status);
    Require(!text.empty() && IsUtf8(text), "the error can be shown", text);
  }
}

std::vector<gs1::Element> Sorted(std::vector<gs1::Element> elements) {
  std::sort(elements.begin(), elements.end(), [](const gs1::Element& a, const gs1::Element& b) { return a.ai < b.ai; });
  return elements;
}

// All but the form and the order.
bool SameMeaning(const gs1::Scan& a, const gs1::Scan& b) {
  return a.gtin14 == b.gtin14 && a.content_gtin14 == b.content_gtin14 && a.sscc == b.sscc &&
         a.production == b.production && a.best_before == b.best_before && a.use_by == b.use_by && a.lot == b.lot &&
         a.serial == b.serial && a.count == b.count && a.net_weight_grams == b.net_weight_grams &&
         Sorted(a.elements) == Sorted(b.elements);
}

void ReadsBack(const gs1::Scan& scan, const std::string& written, gs1::Scan::Form form, bool same_order) {
  const auto again = gs1::Parse(written, kYear);
  Require(again.ok(), "what is written can be read", written);
  Require(again->form == form, "it is what was written", written);
  Require(SameMeaning(*again, scan), "it means the same", written);
  Require(!same_order || again->elements == scan.elements, "in the same order", written);
}

}  // namespace

void Gs1(std::string_view bytes) {
  const auto scan = gs1::Parse(bytes, kYear);
  if (!scan.ok()) return IsHelpful(scan.status());
  Require(!scan->elements.empty(), "a good code holds something");

  const auto element_string = gs1::ElementString(scan->elements);
  Require(element_string.ok(), "good elements can be written", element_string.status().ToString());
  ReadsBack(*scan, "]C1" + *element_string, gs1::Scan::Form::kElementString, true);

  const auto bracketed = gs1::Bracketed(scan->elements);
  Require(bracketed.ok(), "good elements can be written in brackets", bracketed.status().ToString());
  ReadsBack(*scan, *bracketed, gs1::Scan::Form::kBracketed, true);

  const auto link = gs1::DigitalLink("https://example.org/q", scan->elements);
  if (link.ok()) {
    ReadsBack(*scan, *link, gs1::Scan::Form::kDigitalLink, false);
  } else {
    IsHelpful(link.status());
  }
}

}  // namespace kubari::fuzz
