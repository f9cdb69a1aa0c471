// From what the scanner gave to elements, and from elements to their meaning.
#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/element.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {
namespace {

absl::string_view A(std::string_view text) { return absl::string_view(text.data(), text.size()); }

// A part of the scanned text that still knows where it stands (from 1).
struct Piece {
  std::string_view text;
  size_t position = 1;
  Piece From(size_t offset, size_t count = std::string_view::npos) const {
    return {text.substr(offset, count), position + offset};
  }
};

// What the symbology identifier at the beginning (ISO/IEC 15424) says about the content.
enum class Content { kAny, kItemNumber, kElementString };

Content TakeSymbology(Piece& piece) {
  if (piece.text.size() < 3 || piece.text[0] != ']' || !absl::ascii_isalpha(piece.text[1])) return Content::kAny;
  const std::string_view id = piece.text.substr(0, 3);
  piece = piece.From(3);
  for (const std::string_view gs1 : {"]C1", "]d2", "]Q3", "]e0", "]e1", "]e2", "]J1"}) {
    if (id == gs1) return Content::kElementString;
  }
  return id[1] == 'E' || id[1] == 'I' ? Content::kItemNumber : Content::kAny;
}

// Parsers give their elements to the reader, which checks them.
class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  void ItemNumber(Piece piece);
  void ElementString(Piece piece);
  void Bracketed(Piece piece);
  void DigitalLink(Piece piece);

  std::vector<Element> Take() { return std::move(elements_); }

 private:
  void Accept(std::string_view ai, std::string value, size_t position);
  bool Unescape(Piece piece, std::string& value);
  void NotGs1(size_t position, std::string english, std::string japanese) {
    problems_.Add("BARCODE_FORMAT", "", position, std::move(english), std::move(japanese));
  }

  Problems& problems_;
  std::vector<Element> elements_;
};

void Reader::Accept(std::string_view ai, std::string value, size_t position) {
  Element element{std::string(ai), std::move(value)};
  Problems own;
  CheckElement(element, position, own);
  if (!own.empty()) {
    problems_.Add(std::move(own));
    return;
  }
  for (const Element& earlier : elements_) {
    if (earlier.ai != element.ai) continue;
    if (earlier.value != element.value) {
      problems_.Add(
          "BARCODE_CONFLICT", element.ai, position,
          absl::StrCat(EnglishName(ai), " is there twice, as ", earlier.value, " and as ", element.value, "."),
          absl::StrCat(JapaneseName(ai), "が二つあり、", earlier.value, " と ", element.value,
                       " で食い違っています。"));
    }
    return;
  }
  elements_.push_back(std::move(element));
}

void Reader::ItemNumber(Piece piece) {
  const size_t size = piece.text.size();
  if (!AllDigits(piece.text) || (size != 8 && size != 12 && size != 13 && size != 14)) {
    problems_.Add("BARCODE_LENGTH", "01", piece.position,
                  absl::StrCat("An item number has 8, 12, 13 or 14 digits; this one has ", size, " characters."),
                  absl::StrCat("商品コードは8・12・13・14桁の数字ですが、", size, "文字あります。"));
    return;
  }
  if (!CheckDigitHolds(piece.text)) {
    AddCheckDigitProblem(piece.text, "01", piece.position, problems_);
    return;
  }
  elements_.push_back({"01", std::string(14 - size, '0').append(piece.text)});
}

void Reader::ElementString(Piece piece) {
  size_t at = 0;
  const std::string_view text = piece.text;
  while (at < text.size()) {
    if (text[at] == kFnc1) {  // allowed after every element, and some scanners also give the leading one
      ++at;
      continue;
    }
    const size_t ai_size = AllDigits(text.substr(at, 2)) && at + 2 <= text.size() ? AiLength(text.substr(at, 2)) : 0;
    const std::string_view ai = text.substr(at, ai_size);
    const AiRule* rule = ai_size == 0 ? nullptr : FindRule(ai);
    if (rule == nullptr) {
      const std::string shown = absl::CHexEscape(A(text.substr(at, std::max<size_t>(ai_size, 2))));
      problems_.Add(
          "BARCODE_UNKNOWN_AI", "", piece.position + at,
          absl::StrCat("At position ", piece.position + at, " an application identifier should begin, but there is \"",
                       shown, "\"."),
          absl::StrCat(piece.position + at, "文字目はアプリケーション識別子のはずですが、「", shown, "」があります。"));
      return;  // what follows cannot be told apart
    }
    at += ai_size;
    const size_t separator = std::min(text.find(kFnc1, at), text.size());
    size_t end = separator;
    if (HasPredefinedLength(ai)) end = std::min(separator, at + LengthOf(*rule).max);
    Accept(ai, std::string(text.substr(at, end - at)), piece.position + at);
    at = end;
  }
}

void Reader::Bracketed(Piece piece) {
  const std::string_view text = piece.text;
  // The size of "(AI)" at this place, or 0.
  const auto label = [text](size_t at) -> size_t {
    if (at >= text.size() || text[at] != '(') return 0;
    const size_t close = text.find(')', at);
    if (close == std::string_view::npos || close < at + 3 || close > at + 5) return 0;
    return AllDigits(text.substr(at + 1, close - at - 1)) ? close - at + 1 : 0;
  };
  size_t at = 0;
  while (at < text.size()) {
    const size_t label_size = label(at);
    if (label_size == 0) {
      NotGs1(piece.position + at,
             absl::StrCat("At position ", piece.position + at, " there should be an identifier such as (01)."),
             absl::StrCat(piece.position + at, "文字目には (01) のような識別子が必要です。"));
      return;
    }
    const std::string_view ai = text.substr(at + 1, label_size - 2);
    at += label_size;
    while (at < text.size() && text[at] == ' ') ++at;
    const size_t begin = at;
    std::string value;
    while (at < text.size() && label(at) == 0) {
      if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '(') ++at;
      value.push_back(text[at++]);
    }
    value.erase(value.find_last_not_of(' ') + 1);
    Accept(ai, std::move(value), piece.position + begin);
  }
}

// Percent-encoding (RFC 3986).
bool Reader::Unescape(Piece piece, std::string& value) {
  for (size_t i = 0; i < piece.text.size(); ++i) {
    if (piece.text[i] != '%') {
      value.push_back(piece.text[i]);
      continue;
    }
    const std::string_view hex = piece.text.substr(i + 1, 2);
    if (hex.size() != 2 || !absl::ascii_isxdigit(hex[0]) || !absl::ascii_isxdigit(hex[1])) {
      NotGs1(piece.position + i,
             absl::StrCat("At position ", piece.position + i, " the address has a broken %-sequence."),
             absl::StrCat(piece.position + i, "文字目の % の後が正しくありません。"));
      return false;
    }
    value.push_back(static_cast<char>(std::strtol(std::string(hex).c_str(), nullptr, 16)));
    i += 2;
  }
  return true;
}

std::vector<Piece> Split(Piece piece, std::string_view separators) {
  std::vector<Piece> parts;
  for (size_t at = 0;;) {
    const size_t end = piece.text.find_first_of(separators, at);
    parts.push_back(piece.From(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

// Do the segments from `first` on read key/value/qualifier/value… to the end?
bool IsLinkPath(const std::vector<Piece>& segments, size_t first) {
  const LinkKey* key = FindLinkKey(segments[first].text);
  if (key == nullptr || (segments.size() - first) % 2 != 0) return false;
  std::vector<std::string_view> there;
  for (size_t i = first + 2; i < segments.size(); i += 2) there.push_back(segments[i].text);
  if (there.empty()) return true;
  // One of the alternatives holds all of them in its order.
  return std::any_of(key->qualifiers.begin(), key->qualifiers.end(), [&there](const auto& order) {
    auto at = order.begin();
    for (const std::string_view ai : there) {
      at = std::find(at, order.end(), ai);
      if (at == order.end()) return false;
      ++at;
    }
    return true;
  });
}

void Reader::DigitalLink(Piece piece) {
  piece = piece.From(0, piece.text.find('#'));
  const size_t question = piece.text.find('?');
  const Piece before = piece.From(0, question);
  const size_t host = before.text.find("://") + 3;
  const size_t slash = before.text.find('/', host);
  std::vector<Piece> segments;
  if (slash != std::string_view::npos && slash > host) segments = Split(before.From(slash + 1), "/");
  if (!segments.empty() && segments.back().text.empty()) segments.pop_back();

  size_t first = 0;
  while (first < segments.size() && !IsLinkPath(segments, first)) ++first;
  if (first == segments.size()) {
    NotGs1(before.position,
           "This web address is no GS1 Digital Link: its path must hold a key such as /01/ and the item number.",
           "このアドレスは GS1 Digital Link ではありません。/01/ と商品コードのような組が必要です。");
    return;
  }
  for (size_t i = first; i < segments.size(); i += 2) {
    std::string value;
    if (!Unescape(segments[i + 1], value)) return;
    // Earlier versions of the standard let people write a GTIN without its leading zeros.
    const bool short_gtin = segments[i].text == "01" && (value.size() == 8 || value.size() == 12 || value.size() == 13);
    if (short_gtin) value.insert(0, 14 - value.size(), '0');
    Accept(segments[i].text, std::move(value), segments[i + 1].position);
  }
  if (question == std::string_view::npos) return;
  for (const Piece& parameter : Split(piece.From(question + 1), "&;")) {
    const size_t equals = parameter.text.find('=');
    const std::string_view name = parameter.text.substr(0, equals);
    if (equals == std::string_view::npos || !AllDigits(name)) continue;  // linkType and the like; only digits are GS1's
    std::string value;
    if (!Unescape(parameter.From(equals + 1), value)) return;
    Accept(name, std::move(value), parameter.position + equals + 1);
  }
}

// The elements that have a place in Scan.
void Interpret(Scan& scan, int current_year, Problems& problems) {
  const auto date = [&](const Element& element, std::optional<calendar::Date>& target) {
    target = ReadDate(element.value, current_year);
    if (target) return;
    problems.Add("BARCODE_DATE", element.ai, 0,
                 absl::StrCat(EnglishName(element.ai), " is no date of the calendar: ", element.value, "."),
                 absl::StrCat(JapaneseName(element.ai), "の", element.value, "は暦にない日付です。"));
  };
  std::optional<int64_t> variable_count;
  for (const Element& element : scan.elements) {
    const std::string& ai = element.ai;
    if (ai == "00") scan.sscc = element.value;
    if (ai == "01") scan.gtin14 = element.value;
    if (ai == "02") scan.content_gtin14 = element.value;
    if (ai == "10") scan.lot = element.value;
    if (ai == "11") date(element, scan.production);
    if (ai == "15") date(element, scan.best_before);
    if (ai == "17") date(element, scan.use_by);
    if (ai == "21") scan.serial = element.value;
    if (ai == "30") variable_count = std::atoll(element.value.c_str());
    if (ai == "37") scan.count = std::atoll(element.value.c_str());
    if (ai.size() == 4 && ai.substr(0, 3) == "310") {
      static constexpr int64_t kUnitsPerKilogram[] = {1, 10, 100, 1'000, 10'000, 100'000};
      const int64_t units = kUnitsPerKilogram[ai[3] - '0'];
      scan.net_weight_grams = (std::atoll(element.value.c_str()) * 1000 + units / 2) / units;
    }
  }
  if (!scan.count) scan.count = variable_count;
}

}  // namespace

absl::StatusOr<Scan> Parse(std::string_view raw, int current_year) {
  if (current_year < 1950 || current_year > 2148)
    return absl::InternalError(absl::StrCat("no current year: ", current_year));
  Problems problems;
  Piece piece{raw, 1};
  const std::string_view blanks = " \t\r\n";
  piece = piece.From(std::min(raw.find_first_not_of(blanks), raw.size()));
  piece.text = piece.text.substr(0, piece.text.find_last_not_of(blanks) + 1);
  const Content content = TakeSymbology(piece);
  if (piece.text.empty()) {
    problems.Add("BARCODE_EMPTY", "", 0, "The code is empty.", "コードが空です。");
    return problems.status();
  }
  if (piece.text.size() > kMaxInput) {
    problems.Add("BARCODE_FORMAT", "", 0,
                 absl::StrCat("The code has ", piece.text.size(), " characters; no barcode holds so many."),
                 absl::StrCat("コードが", piece.text.size(), "文字あります。長すぎます。"));
    return problems.status();
  }

  Scan scan;
  Reader reader(problems);
  // The shortest element string that names goods, (01), has 16 digits; what is shorter was typed or is an EAN.
  const bool short_digits = AllDigits(piece.text) && piece.text.size() < 16;
  if (content == Content::kItemNumber || (content == Content::kAny && short_digits)) {
    scan.form = Scan::Form::kItemNumber;
    reader.ItemNumber(piece);
  } else if (content == Content::kAny && piece.text[0] == '(') {
    scan.form = Scan::Form::kBracketed;
    reader.Bracketed(piece);
  } else if (content == Content::kAny && (absl::StartsWithIgnoreCase(A(piece.text), "https://") ||
                                          absl::StartsWithIgnoreCase(A(piece.text), "http://"))) {
    scan.form = Scan::Form::kDigitalLink;
    reader.DigitalLink(piece);
  } else {
    scan.form = Scan::Form::kElementString;
    reader.ElementString(piece);
  }
  scan.elements = reader.Take();
  if (problems.empty()) Interpret(scan, current_year, problems);
  if (problems.empty() && scan.elements.empty()) {
    problems.Add("BARCODE_EMPTY", "", 0, "The code holds nothing.", "コードに内容がありません。");
  }
  if (!problems.empty()) return problems.status();
  return scan;
}

}  // namespace kubari::gs1
