// From what the scanner gave to elements, and from elements to their meaning.
#include <algorithm>
#include <array>
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

// What the symbology identifier at the beginning (ISO/IEC 15424) says about the content. ]E0 stands for EAN-13, UPC-A
// and UPC-E, never for EAN-8.
enum class Content { kAny, kEan13OrUpc, kEan8, kAddOnOnly, kEan13WithAddOn, kItf14, kElementString };

Content TakeSymbology(Piece& piece) {
  if (piece.text.size() < 3 || piece.text[0] != ']' || !absl::ascii_isalpha(piece.text[1])) return Content::kAny;
  const std::string_view id = piece.text.substr(0, 3);
  piece = piece.From(3);
  static constexpr std::pair<std::string_view, Content> kKnown[] = {
      {"]C1", Content::kElementString},  // GS1-128
      {"]d2", Content::kElementString},  // GS1 DataMatrix
      {"]Q3", Content::kElementString},  // GS1 QR Code
      {"]J1", Content::kElementString},  // GS1 DotCode
      {"]e0", Content::kElementString},  // GS1 DataBar
      {"]e1", Content::kElementString},  // GS1 Composite
      {"]e2", Content::kElementString}, {"]E0", Content::kEan13OrUpc},     {"]E1", Content::kAddOnOnly},
      {"]E2", Content::kAddOnOnly},     {"]E3", Content::kEan13WithAddOn}, {"]E4", Content::kEan8},
  };
  for (const auto& [known, content] : kKnown) {
    if (id == known) return content;
  }
  return id[1] == 'I' ? Content::kItf14 : Content::kAny;
}

// A value as it was meant: escapes resolved, blanks taken out, and where each character stood.
struct Value {
  std::string text;
  std::vector<size_t> positions;
  void Add(char c, size_t position) {
    text.push_back(c);
    positions.push_back(position);
  }
  Positions Close(size_t end) {
    positions.push_back(end);
    return Positions(positions);
  }
};

// Parsers give their elements to the reader, which checks them.
class Reader {
 public:
  Reader(Problems& problems, int current_year) : problems_(problems), current_year_(current_year) {}

  void ItemNumber(Piece piece, Content content);
  void ElementString(Piece piece);
  void Bracketed(Piece piece);
  void DigitalLink(Piece piece);

  std::vector<Element> Take() { return std::move(elements_); }

 private:
  void Accept(std::string_view ai, std::string value, const Positions& positions);
  void AcceptEscaped(std::string_view ai, Piece piece);
  void LinkPath(const std::vector<Piece>& segments);
  void LinkQuery(Piece query);
  void NoLink(const std::vector<Piece>& segments, size_t position);
  void NotGs1(size_t position, std::string english, std::string japanese) {
    problems_.Add("BARCODE_FORMAT", "", position, std::move(english), std::move(japanese));
  }
  void Conflict(std::string_view ai, size_t position, std::string english, std::string japanese) {
    problems_.Add("BARCODE_CONFLICT", ai, position, std::move(english), std::move(japanese));
  }

  Problems& problems_;
  const int current_year_;
  std::vector<Element> elements_;
};

void Reader::Accept(std::string_view ai, std::string value, const Positions& positions) {
  Element element{std::string(ai), std::move(value)};
  Problems own;
  CheckElement(element, positions, current_year_, own);
  if (!own.empty()) {
    problems_.Add(std::move(own));
    return;
  }
  for (const Element& earlier : elements_) {
    if (earlier == element) return;
    if (earlier.ai == element.ai) {
      Conflict(ai, positions.At(0),
               absl::StrCat(EnglishName(ai), " is there twice, as ", earlier.value, " and as ", element.value, "."),
               absl::StrCat(JapaneseName(ai), "が二つあり、", earlier.value, " と ", element.value,
                            " で食い違っています。"));
      return;
    }
    if (SayTheSame(earlier.ai, ai)) {
      Conflict(ai, positions.At(0),
               absl::StrCat(EnglishName(earlier.ai), " and ", EnglishName(ai), " say the same thing twice."),
               absl::StrCat(JapaneseName(earlier.ai), "と", JapaneseName(ai), "は同じ項目で、二重になっています。"));
      return;
    }
  }
  elements_.push_back(std::move(element));
}

// How many digits an item number may have, by what the scanner says of the symbol.
struct NumberForm {
  Content content;
  std::array<size_t, 4> sizes;
  std::string_view english;
  std::string_view japanese;
};

const NumberForm& FormOf(Content content) {
  static constexpr NumberForm kForms[] = {
      {Content::kEan13OrUpc,
       {13, 12, 8, 6},
       "A UPC-E, UPC-A or EAN-13 has 6 or 8, 12 or 13 digits",
       "UPC-E は6桁か8桁、UPC-A は12桁、EAN-13 は13桁"},
      {Content::kEan8, {8}, "An EAN-8 has 8 digits", "EAN-8 は8桁"},
      {Content::kEan13WithAddOn,
       {15, 18},
       "An EAN-13 with its add-on has 15 or 18 digits",
       "付加コード付きの EAN-13 は15桁か18桁"},
      {Content::kItf14, {14}, "An ITF-14 has 14 digits", "ITF-14 は14桁"},
      {Content::kAny,
       {8, 12, 13, 14},
       "An item number has 8, 12, 13 or 14 digits",
       "商品コードは8・12・13・14桁の数字"},
  };
  const NumberForm* form = kForms;
  while (form->content != content && form->content != Content::kAny) ++form;
  return *form;
}

void Reader::ItemNumber(Piece piece, Content content) {
  if (content == Content::kAddOnOnly) {
    NotGs1(piece.position, "Only the add-on beside the barcode was read.",
           "バーコードの横の付加コードだけが読み取られました。");
    problems_.Advise("Scan the larger code.", "大きい方のコードを読み取ってください。");
    return;
  }
  std::string digits(piece.text);
  std::erase(digits, ' ');  // people type the gaps that are printed
  const size_t size = digits.size();
  const NumberForm& form = FormOf(content);
  if (!AllDigits(digits) || std::find(form.sizes.begin(), form.sizes.end(), size) == form.sizes.end()) {
    problems_.Add("BARCODE_LENGTH", "01", piece.position,
                  absl::StrCat(A(form.english), "; this one has ", size, " characters."),
                  absl::StrCat(A(form.japanese), "ですが、", size, "文字あります。"));
    return;
  }
  if (content == Content::kEan13WithAddOn) digits.resize(13);
  // Eight digits after ]E0 are a UPC-E unless the first cannot be its number system: then a scanner that does not
  // follow the standard read an EAN-8.
  if (content == Content::kEan13OrUpc && (size == 6 || (size == 8 && digits[0] <= '1'))) {
    const auto long_form = ExpandUpcE(digits);
    if (!long_form.ok()) {
      problems_.Add("BARCODE_CHECK_DIGIT", "01", piece.position,
                    absl::StrCat("The UPC-E ", digits, " is misread: its check digit does not fit."),
                    absl::StrCat("UPC-E の ", digits, " は読み間違いです。チェックデジットが合いません。"));
      return;
    }
    digits = *long_form;
  }
  if (CheckDigitHolds(digits)) {
    elements_.push_back({"01", std::string(14 - digits.size(), '0').append(digits)});
    return;
  }
  AddCheckDigitProblem(digits, "01", piece.position, problems_);
  if (content != Content::kAny) return;
  if (const auto long_form = ExpandUpcE(digits); long_form.ok()) {
    problems_.Advise(absl::StrCat("If it is a UPC-E code, type its long form: ", *long_form, "."),
                     absl::StrCat("UPC-E のコードなら、長い形の ", *long_form, " を入力してください。"));
  }
}

void Reader::ElementString(Piece piece) {
  size_t at = 0;
  const std::string_view text = piece.text;
  while (at < text.size()) {
    if (text[at] == kFnc1) {  // allowed after every element, and some scanners also give the leading one
      ++at;
      continue;
    }
    const size_t separator = std::min(text.find(kFnc1, at), text.size());
    const std::string_view prefix = text.substr(at, 2);
    const size_t ai_size = prefix.size() == 2 && AllDigits(prefix) ? AiLength(prefix) : 0;
    const std::string_view ai = text.substr(at, ai_size);
    const AiRule* rule = AllDigits(ai) ? FindRule(ai) : nullptr;
    if (rule == nullptr) {
      const std::string shown = absl::CHexEscape(A(text.substr(at, std::max<size_t>(ai_size, 2))));
      problems_.Add(
          "BARCODE_UNKNOWN_AI", "", piece.position + at,
          absl::StrCat("At position ", piece.position + at, " an application identifier should begin, but there is \"",
                       shown, "\"."),
          absl::StrCat(piece.position + at, "文字目はアプリケーション識別子のはずですが、「", shown, "」があります。"));
      at = separator;  // what stands before the next separator cannot be told apart
      continue;
    }
    at += ai_size;
    const bool predefined = HasPredefinedLength(ai);
    const size_t end = predefined ? std::min(separator, at + LengthOf(*rule).max) : separator;
    if (!predefined && end - at > LengthOf(*rule).max) {
      problems_.Advise("Scan again; if that does not help, set the scanner to send the separator (FNC1, ASCII 29).",
                       "もう一度読み取ってください。直らなければ、区切り文字（FNC1、ASCII "
                       "29）を送るようにスキャナーを設定してください。");
    }
    Accept(ai, std::string(text.substr(at, end - at)), Positions(piece.position + at));
    at = end;
  }
}

// The size of "(AI)" at this place, or 0.
size_t LabelSize(std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '(') return 0;
  const std::string_view label = text.substr(at, 6);
  const size_t close = label.find(')');
  if (close == std::string_view::npos || close < 3) return 0;
  return AllDigits(label.substr(1, close - 1)) ? close + 1 : 0;
}

void Reader::Bracketed(Piece piece) {
  const std::string_view text = piece.text;
  size_t at = 0;
  if (LabelSize(text, 0) == 0) {
    NotGs1(piece.position, absl::StrCat("At position ", piece.position, " there should be an identifier such as (01)."),
           absl::StrCat(piece.position, "文字目には (01) のような識別子が必要です。"));
    while (at < text.size() && LabelSize(text, at) == 0) ++at;
  }
  while (at < text.size()) {
    const size_t label_size = LabelSize(text, at);
    const std::string_view ai = text.substr(at + 1, label_size - 2);
    const AiRule* rule = FindRule(ai);
    // Long numbers are printed, and typed, in groups.
    const bool drop_blanks = rule != nullptr && rule->format.find_first_of("XYZ") == std::string_view::npos;
    at += label_size;
    Value value;
    while (at < text.size() && LabelSize(text, at) == 0) {
      if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '(') ++at;
      if (text[at] != ' ' || (!drop_blanks && !value.text.empty())) value.Add(text[at], piece.position + at);
      ++at;
    }
    while (!value.text.empty() && value.text.back() == ' ') {
      value.text.pop_back();
      value.positions.pop_back();
    }
    const Positions positions = value.Close(piece.position + at);
    Accept(ai, std::move(value.text), positions);
  }
}

// Percent-encoding (RFC 3986).
void Reader::AcceptEscaped(std::string_view ai, Piece piece) {
  Value value;
  for (size_t i = 0; i < piece.text.size(); ++i) {
    if (piece.text[i] != '%') {
      value.Add(piece.text[i], piece.position + i);
      continue;
    }
    const std::string_view hex = piece.text.substr(i + 1, 2);
    if (hex.size() != 2 || !absl::ascii_isxdigit(hex[0]) || !absl::ascii_isxdigit(hex[1])) {
      NotGs1(piece.position + i,
             absl::StrCat("At position ", piece.position + i, " the address has a broken %-sequence."),
             absl::StrCat(piece.position + i, "文字目の % の後が正しくありません。"));
      return;
    }
    value.Add(static_cast<char>(std::strtol(std::string(hex).c_str(), nullptr, 16)), piece.position + i);
    i += 2;
  }
  // Earlier versions of the standard let people write a GTIN without its leading zeros.
  const size_t size = value.text.size();
  if (ai == "01" && (size == 8 || size == 12 || size == 13)) {
    value.text.insert(0, 14 - size, '0');
    value.positions.insert(value.positions.begin(), 14 - size, piece.position);
  }
  const Positions positions = value.Close(piece.position + piece.text.size());
  Accept(ai, std::move(value.text), positions);
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

// Does one of the key's alternatives hold all of these qualifiers in its order?
bool QualifiersFit(const LinkKey& key, const std::vector<std::string_view>& qualifiers) {
  if (qualifiers.empty()) return true;
  return std::any_of(key.qualifiers.begin(), key.qualifiers.end(), [&qualifiers](const auto& order) {
    auto at = order.begin();
    for (const std::string_view ai : qualifiers) {
      at = std::find(at, order.end(), ai);
      if (at == order.end()) return false;
      ++at;
    }
    return true;
  });
}

// "(22) (10) (21), or (235)"; empty if nothing may follow the key.
std::string QualifiersOf(const LinkKey& key, std::string_view otherwise) {
  std::string text;
  for (const auto& order : key.qualifiers) {
    if (!text.empty()) text += otherwise;
    for (const std::string_view ai : order) absl::StrAppend(&text, ai == order.front() ? "(" : " (", A(ai), ")");
  }
  return text;
}

// The words that early versions of the standard allowed in place of the keys.
std::string_view KeyOfOldWord(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"gtin", "01"},   {"itip", "8006"}, {"gmn", "8013"},   {"cpid", "8010"}, {"gln", "414"},
      {"party", "417"}, {"gsrn", "8018"}, {"gsrnp", "8017"}, {"gcn", "255"},   {"sscc", "00"},
      {"gdti", "253"},  {"ginc", "401"},  {"gsin", "402"},   {"grai", "8003"}, {"giai", "8004"},
  };
  for (const auto& [old_word, ai] : kWords) {
    if (word == old_word) return ai;
  }
  return "";
}

// A compressed link ends in one long word of base64url.
bool MayBeCompressed(const std::vector<Piece>& segments) {
  if (segments.empty() || segments.back().text.size() < 10) return false;
  const std::string_view word = segments.back().text;
  return std::all_of(word.begin(), word.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

void Reader::NoLink(const std::vector<Piece>& segments, size_t position) {
  NotGs1(position,
         "This web address is no GS1 Digital Link: its path must hold a key such as /01/ and the item number.",
         "このアドレスは GS1 Digital Link ではありません。/01/ と商品コードのような組が必要です。");
  for (const Piece& segment : segments) {
    const std::string_view key = KeyOfOldWord(segment.text);
    if (key.empty()) continue;
    problems_.Advise(absl::StrCat("/", A(segment.text), "/ is of an old version of the standard; it is /", A(key),
                                  "/ today. Scan another code of the item, or type its number."),
                     absl::StrCat("/", A(segment.text), "/ は古い規格の書き方で、今は /", A(key),
                                  "/ です。商品の別のコードを読み取るか、番号を入力してください。"));
    return;
  }
  if (MayBeCompressed(segments)) {
    problems_.Advise(
        "If it is a compressed link: those are not read. Scan another code of the item, or type its number.",
        "圧縮された Digital Link "
        "は読み取れません。商品の別のコードを読み取るか、番号を入力してください。");
  }
}

// From the key on: key, value, qualifier, value, …
void Reader::LinkPath(const std::vector<Piece>& segments) {
  const LinkKey& key = *FindLinkKey(segments[0].text);
  std::vector<std::string_view> qualifiers;
  for (size_t i = 2; i < segments.size(); i += 2) qualifiers.push_back(segments[i].text);
  if (!QualifiersFit(key, qualifiers)) {
    const std::string allowed = QualifiersOf(key, ", or "), allowed_ja = QualifiersOf(key, "、または ");
    NotGs1(segments[2].position,
           absl::StrCat("After (", A(key.ai), ") the path of a Digital Link may hold ",
                        allowed.empty() ? "nothing else" : allowed + " in this order", ", but at position ",
                        segments[2].position, " there is something else."),
           absl::StrCat("Digital Link のパスで (", A(key.ai), ") の後に置けるのは",
                        allowed_ja.empty() ? "何もありません" : allowed_ja + " だけで、この順です", "。",
                        segments[2].position, "文字目からを確かめてください。"));
  }
  for (size_t i = 0; i < segments.size(); i += 2) {
    if (AllDigits(segments[i].text)) AcceptEscaped(segments[i].text, segments[i + 1]);
  }
}

void Reader::LinkQuery(Piece query) {
  for (const Piece& parameter : Split(query, "&;")) {
    const size_t equals = parameter.text.find('=');
    const std::string_view name = parameter.text.substr(0, equals);
    if (equals == std::string_view::npos || !AllDigits(name)) continue;  // linkType and the like; only digits are GS1's
    AcceptEscaped(name, parameter.From(equals + 1));
  }
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

  // The path may begin with anything, so that the last key counts that has its value and pairs after it.
  size_t pairs = 1;
  while (2 * pairs <= segments.size() && FindLinkKey(segments[segments.size() - 2 * pairs].text) == nullptr) ++pairs;
  if (2 * pairs > segments.size()) {
    NoLink(segments, before.position);
  } else {
    LinkPath({segments.end() - 2 * pairs, segments.end()});
    if (question != std::string_view::npos) LinkQuery(piece.From(question + 1));
  }
}

// The elements that have a place in Scan.
void Interpret(Scan& scan, int current_year) {
  std::optional<int64_t> variable_count;
  std::optional<calendar::Date> expiry_time;
  for (const Element& element : scan.elements) {
    const std::string& ai = element.ai;
    if (ai == "00") scan.sscc = element.value;
    if (ai == "01") scan.gtin14 = element.value;
    if (ai == "02") scan.content_gtin14 = element.value;
    if (ai == "10") scan.lot = element.value;
    if (ai == "11") scan.production = ReadDate(element.value, current_year);
    if (ai == "15") scan.best_before = ReadDate(element.value, current_year);
    if (ai == "17") scan.use_by = ReadDate(element.value, current_year);
    if (ai == "21") scan.serial = element.value;
    if (ai == "30") variable_count = std::atoll(element.value.c_str());
    if (ai == "37") scan.count = std::atoll(element.value.c_str());
    if (ai == "7003") expiry_time = ReadDate(element.value.substr(0, 6), current_year);
    if (ai.size() == 4 && ai.substr(0, 3) == "310") {
      static constexpr int64_t kUnitsPerKilogram[] = {1, 10, 100, 1'000, 10'000, 100'000};
      const int64_t units = kUnitsPerKilogram[ai[3] - '0'];
      scan.net_weight_grams = (std::atoll(element.value.c_str()) * 1000 + units / 2) / units;
    }
  }
  if (!scan.count) scan.count = variable_count;
  if (!scan.use_by) scan.use_by = expiry_time;
}

// Digits and blanks, too few for an element string: the shortest that names goods, (01), has 16 digits.
bool IsTypedItemNumber(std::string_view text) {
  const auto blanks = std::count(text.begin(), text.end(), ' ');
  return text.size() - blanks < 16 && text.find_first_not_of("0123456789 ") == std::string_view::npos;
}

bool IsWebAddress(std::string_view text) {
  return absl::StartsWithIgnoreCase(A(text), "https://") || absl::StartsWithIgnoreCase(A(text), "http://");
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
  Reader reader(problems, current_year);
  if (content == Content::kElementString) {
    scan.form = Scan::Form::kElementString;
    reader.ElementString(piece);
  } else if (content != Content::kAny || IsTypedItemNumber(piece.text)) {
    scan.form = Scan::Form::kItemNumber;
    reader.ItemNumber(piece, content);
  } else if (piece.text[0] == '(') {
    scan.form = Scan::Form::kBracketed;
    reader.Bracketed(piece);
  } else if (IsWebAddress(piece.text)) {
    scan.form = Scan::Form::kDigitalLink;
    reader.DigitalLink(piece);
  } else {
    scan.form = Scan::Form::kElementString;
    if (piece.text.size() == 18 && CheckDigitHolds(piece.text)) {
      problems.Advise("If it is the number of a pallet or carton (SSCC), type (00) before it.",
                      "パレットやケースの番号（SSCC）なら、先頭に (00) を付けて入力してください。");
    }
    reader.ElementString(piece);
  }
  scan.elements = reader.Take();
  if (problems.empty() && scan.elements.empty()) {
    problems.Add("BARCODE_EMPTY", "", 0, "The code holds nothing.", "コードに内容がありません。");
  }
  if (!problems.empty()) return problems.status();
  Interpret(scan, current_year);
  return scan;
}

}  // namespace kubari::gs1
