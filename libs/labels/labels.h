// Label sheets for lots and delivery sheets (納品書), as PDF.
//
//   ASSIGN_OR_RETURN(const std::string pdf, labels::RenderLabels(labels, {.format = labels::Format::kSheet24}));
//
// Both functions may be called from any number of threads at once (see README.md). The same input gives the same bytes.
// Errors are INVALID_ARGUMENT / INVALID_REQUEST with every violation at once, INTERNAL / FONT_MISSING where the machine
// has no Japanese font, INTERNAL / PDF_FAILED should the drawing library fail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/labels/formats.h"

namespace kubari::labels {

// The language of everything but names, which are printed as they are.
enum class Language { kJapanese, kEnglish };

inline constexpr int kMaxLabels = 2000;  // of one document, copies included
inline constexpr int kMaxLines = 1000;   // of one delivery sheet
inline constexpr int kMaxName = 200;     // characters of a name
inline constexpr int kMaxNote = 500;     // characters of a note

// What one label says. Texts are at most kMaxName characters; what does not fit is cut with "…", but never the date,
// the code, the temperature or the allergens.
struct Label {
  std::string product;  // required
  std::string code;     // the lot's, required: 8 characters of A–Z and 0–9, printed as "7KQ2 M9XP" to be read aloud
  // What the QR code holds: a GS1 Digital Link URI (gs1::DigitalLink), required, ASCII. How long it may be depends on
  // the format: its squares must be at least 0.4 mm wide, which about 100 characters always are.
  std::string qr;
  // The date as it is printed on the goods. UNSPECIFIED or NONE: no date; the label says that none is printed.
  type::v1::GoodUntil good_until;
  type::v1::TemperatureZone temperature_zone = type::v1::TEMPERATURE_ZONE_UNSPECIFIED;  // UNSPECIFIED: "to be checked"
  // An allergen on neither list is unknown, and the label says so for those that have to be declared by law.
  type::v1::AllergenDeclaration allergens;
  std::string conditions;      // in a few words, "二次配布不可"; may be empty
  std::string place;           // warehouse and shelf; may be empty
  std::string donor_lot;       // the donor's own lot number; may be empty
  int64_t items_per_case = 0;  // 0: not said
  int64_t cases = 0;           // how many cases this label stands for (a pallet); 0: not said
  int copies = 1;              // 1 to kMaxLabels
};

struct LabelOptions {
  Format format = Format::kSheet24;
  Language language = Language::kJapanese;
  // Where the first label goes on a sheet that has been started: 1 is top left, then row by row. Rolls: 1.
  int first_position = 1;
};

// PDF. `labels` one after the other, each as often as its copies.
absl::StatusOr<std::string> RenderLabels(const std::vector<Label>& labels, const LabelOptions& options);

struct DeliveryLine {
  std::string product;  // required
  std::string code;     // as of Label, required
  type::v1::GoodUntil good_until;
  type::v1::TemperatureZone temperature_zone = type::v1::TEMPERATURE_ZONE_UNSPECIFIED;
  type::v1::AllergenDeclaration allergens;
  std::string conditions;      // may be empty
  int64_t items = 0;           // 1 or more
  int64_t items_per_case = 0;  // 0: not packed in cases
  int64_t grams = 0;           // of all items of the line; 0: not known
};

// What goes along with a delivery: what is in it, a place to sign, and a code that opens its confirmation on a phone.
struct DeliverySheet {
  std::string network;        // required; from whom
  std::string warehouse;      // may be empty
  std::string contact;        // phone or e-mail for questions; may be empty
  std::string group;          // required; for whom
  std::string address;        // of the group; may be empty
  std::string number;         // of the delivery, as people name it; may be empty
  std::string delivery_date;  // "2027-03-31"; may be empty: a line to write it on
  std::string note;           // up to kMaxNote characters; may be empty
  std::string qr;             // the URI that opens the confirmation; may be empty: no code
  std::vector<DeliveryLine> lines;
};

// PDF, A4.
absl::StatusOr<std::string> RenderDeliverySheet(const DeliverySheet& sheet, Language language);

}  // namespace kubari::labels
