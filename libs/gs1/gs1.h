// What a barcode scanner gives, read by the GS1 General Specifications, and the same written.
//
// Accepted: EAN-13, EAN-8, UPC-A, ITF-14 / GTIN-14 as digits, with or without the blanks that are printed between
// them; UPC-E where the scanner says that it is one; element strings of GS1-128, GS1 DataMatrix, GS1 QR, GS1 DotCode
// and DataBar (FNC1 is ASCII 29; symbology identifiers such as ]C1 ]d2 ]Q3 may lead); the bracketed form people type,
// "(01)…(17)…"; uncompressed GS1 Digital Link URIs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/calendar/date.h"

namespace kubari::gs1 {

inline constexpr char kFnc1 = '\x1D';
inline constexpr size_t kMaxInput = 2000;  // bytes; the largest GS1 symbol holds fewer

struct Element {
  std::string ai;     // application identifier, 2 to 4 digits
  std::string value;  // decoded, without separator
  friend bool operator==(const Element&, const Element&) = default;
};

struct Scan {
  enum class Form { kItemNumber, kElementString, kBracketed, kDigitalLink };
  Form form = Form::kItemNumber;

  std::vector<Element> elements;  // in the order of the code; an item number is one element (01)

  std::optional<std::string> gtin14;          // (01), 14 digits
  std::optional<std::string> content_gtin14;  // (02): what a logistic unit contains
  std::optional<std::string> sscc;            // (00), 18 digits
  std::optional<calendar::Date> production;   // (11)
  std::optional<calendar::Date> best_before;  // (15); day 00 gives month precision
  std::optional<calendar::Date> use_by;       // (17), else the day of (7003)
  std::optional<std::string> lot;             // (10)
  std::optional<std::string> serial;          // (21)
  std::optional<int64_t> count;               // (37), else (30)
  std::optional<int64_t> net_weight_grams;    // (310n), rounded half up where the code is finer than a gram
};

// Reads what a scanner gave. `current_year` (1950 to 2148) settles the century of two-digit years: 49 years back to 50
// ahead. White space around the code is ignored.
//
// Without a symbology identifier, fewer than 16 digits and nothing else are an item number, and 8 of them an EAN-8.
// UPC-E is read only after ]E0, which stands for EAN-13, UPC-A and UPC-E alone: typed, its eight digits could as well
// be an EAN-8, and its six have no check digit. Where only the reading as UPC-E fits, the error names the 12 digits to
// type.
//
// Rules of association between AIs ("(37) needs (02)") are not enforced: a label may spread them over several barcodes.
// Any AI is read from the query of a Digital Link, though some belong into its path: there is only one way to take
// them.
//
// Errors are INVALID_ARGUMENT, name everything that is wrong: the AI, the position (in bytes of `raw`, from 1), what is
// there and what should be, and what to do, in English and Japanese. The reason is that of the first: BARCODE_EMPTY,
// BARCODE_FORMAT, BARCODE_UNKNOWN_AI, BARCODE_LENGTH, BARCODE_CHARACTER, BARCODE_CHECK_DIGIT, BARCODE_DATE (no such day
// or time), BARCODE_VALUE (other rules of content, see content.h), BARCODE_CONFLICT (one AI twice with different
// values, or one measure with different decimals); metadata "ai" and "position" are the first's too.
absl::StatusOr<Scan> Parse(std::string_view raw, int current_year);

// The check digit (0 to 9) that completes a GS1 number: weights 3 and 1 alternating from the right. `digits` must be
// digits.
int CheckDigit(std::string_view digits);

// Is the last digit the check digit of those before it? False for anything that is not at least two digits.
bool CheckDigitHolds(std::string_view digits);

// A GTIN of 8, 12, 13 or 14 digits with a good check digit, as 14 digits.
absl::StatusOr<std::string> NormalizeGtin(std::string_view digits);

// The 12 digits of the UPC-A that a UPC-E stands for. `digits`: the 6 of the symbol (number system 0), or 8 with number
// system (0 or 1) and check digit.
absl::StatusOr<std::string> ExpandUpcE(std::string_view digits);

// The 13 digits that begin with these 12.
absl::StatusOr<std::string> Ean13(std::string_view twelve_digits);

// Restricted circulation numbers (prefixes 02, 04, 20–29; GTIN-8 that begin with 0 or 2): given out by a shop or a
// network for itself, so they name nothing outside of it. `gtin14` as in Scan.
bool IsRestricted(std::string_view gtin14);

// "YYMMDD" for AIs 11 to 17; month precision is day 00.
std::string DateValue(const calendar::Date& date);

// Writers. Each checks every element by the same table as Parse; errors as there, without a position.

// For GS1-128 and GS1 DataMatrix: separators only where an element of variable length is not the last. The leading FNC1
// belongs to the symbol and is not written.
absl::StatusOr<std::string> ElementString(const std::vector<Element>& elements);

// "(01)09521234543213(10)ABC". A "(" within a value is written "\(" as GS1's own tools do.
absl::StatusOr<std::string> Bracketed(const std::vector<Element>& elements);

// `base` such as "https://example.org/q" without a trailing slash. The elements must have exactly one primary key
// (GTIN, SSCC, …); its qualifiers go into the path in the standard's order, the rest into the query. BARCODE_FORMAT if
// an element has no place in such a link: a second key, a qualifier of another key, a few others.
absl::StatusOr<std::string> DigitalLink(std::string_view base, const std::vector<Element>& elements);

}  // namespace kubari::gs1
