#include "libs/gs1/element.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "libs/errors/errors.h"
#include "libs/log/utf8.h"

namespace kubari::gs1 {
namespace {

absl::string_view A(std::string_view text) { return absl::string_view(text.data(), text.size()); }

// A part of AiRule::format.
struct Part {
  char set = 'N';
  size_t min = 0;
  size_t max = 0;
  bool optional = false;
  bool check_digit = false;
  std::vector<const ContentRule*> content;
};

Part PartOf(absl::string_view text) {
  Part part;
  if (text[0] == '[') {
    part.optional = true;
    text = text.substr(1, text.size() - 2);
  }
  part.set = text[0];
  text.remove_prefix(1);
  const bool variable = text[0] == '.';
  if (variable) text.remove_prefix(2);
  while (!text.empty() && absl::ascii_isdigit(text[0])) {
    part.max = part.max * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  part.min = variable ? 1 : part.max;
  if (text.empty()) return part;
  for (const absl::string_view name : absl::StrSplit(text.substr(1), ',')) {
    part.check_digit |= name == "digit";
    if (const ContentRule* rule = FindContentRule({name.data(), name.size()})) part.content.push_back(rule);
  }
  return part;
}

// Read once for all rules.
const std::vector<Part>& PartsOf(const AiRule& rule) {
  static const std::vector<std::vector<Part>> kParts = [] {
    std::vector<std::vector<Part>> all;
    for (const AiRule& one : AllRules()) {
      all.emplace_back();
      for (const absl::string_view text : absl::StrSplit(A(one.format), ' ')) all.back().push_back(PartOf(text));
    }
    return all;
  }();
  return kParts[&rule - AllRules().data()];
}

bool InSet(char set, char c) {
  const auto in = [c](std::string_view others) {
    return absl::ascii_isalnum(c) || others.find(c) != std::string_view::npos;
  };
  switch (set) {
    case 'N':
      return absl::ascii_isdigit(c);
    case 'X':
      return in("!\"%&'()*+,-./:;<=>?_");
    case 'Y':
      return in("#-/") && !absl::ascii_islower(c);
    default:
      return in("-_=");
  }
}

std::pair<std::string_view, std::string_view> NameOfSet(char set) {
  switch (set) {
    case 'N':
      return {"only digits", "数字だけのはずです。"};
    case 'Y':
      return {"only digits, capital letters and # - /", "数字・英大文字・# - / だけのはずです。"};
    case 'Z':
      return {"only letters, digits and - _ =", "英数字と - _ = だけのはずです。"};
    default:
      return {"only letters, digits and the signs ! \" % & ' ( ) * + , - . / : ; < = > ? _",
              "英数字と ! \" % & ' ( ) * + , - . / : ; < = > ? _ だけのはずです。"};
  }
}

std::string Where(size_t position) { return position == 0 ? "" : absl::StrCat(" at position ", position); }
std::string WhereJapanese(size_t position) { return position == 0 ? "" : absl::StrCat("（", position, "文字目）"); }

// The character that begins here: whole if it can be seen, else its first byte.
std::string Shown(std::string_view text) {
  const size_t size = Utf8SequenceLength(text);
  if (size > 1 || absl::ascii_isprint(text[0])) return std::string(text.substr(0, size));
  return absl::StrFormat("0x%02X", text[0] & 0xFF);
}

void AddLengthProblem(const AiRule& rule, const Element& element, size_t position, Problems& problems) {
  const LengthRange range = LengthOf(rule);
  const std::string wanted =
      range.min == range.max ? absl::StrCat(range.min) : absl::StrCat(range.min, " to ", range.max);
  const std::string wanted_ja =
      range.min == range.max ? absl::StrCat(range.min, "文字") : absl::StrCat(range.min, "から", range.max, "文字");
  problems.Add("BARCODE_LENGTH", element.ai, position,
               absl::StrCat(EnglishName(element.ai), Where(position), " has ", element.value.size(),
                            " characters, but it must have ", wanted, "."),
               absl::StrCat(JapaneseName(element.ai), WhereJapanese(position), "は", wanted_ja, "のはずですが、",
                            element.value.size(), "文字です。"));
}

void AddCharacterProblem(char set, std::string_view from_bad_one, std::string_view ai, size_t position,
                         Problems& problems) {
  const auto [english, japanese] = NameOfSet(set);
  const std::string shown = Shown(from_bad_one);
  problems.Add("BARCODE_CHARACTER", ai, position,
               absl::StrCat(EnglishName(ai), " has the character \"", shown, "\"", Where(position), ", where ",
                            A(english), " may stand."),
               absl::StrCat(JapaneseName(ai), "に使えない文字「", shown, "」", WhereJapanese(position), "があります。",
                            A(japanese)));
}

void AddContentProblem(const ContentRule& rule, std::string_view value, std::string_view ai, size_t position,
                       Problems& problems) {
  problems.Add(
      rule.reason, ai, position,
      absl::StrCat(EnglishName(ai), Where(position), " has ", A(value), ", which should be ", A(rule.english), "."),
      absl::StrCat(JapaneseName(ai), WhereJapanese(position), "の", A(value), "は、", A(rule.japanese),
                   "のはずです。"));
}

// The parts of the format, each with its piece of the value; nothing if the value's length fits no way to divide it.
std::optional<std::vector<std::pair<const Part*, size_t>>> Divide(const AiRule& rule, std::string_view value) {
  std::vector<std::pair<const Part*, size_t>> pieces;
  size_t at = 0;
  for (const Part& part : PartsOf(rule)) {
    if (part.optional && at == value.size()) break;
    const size_t size = std::min(part.max, value.size() - at);
    if (size < part.min) return std::nullopt;
    pieces.emplace_back(&part, size);
    at += size;
  }
  if (at != value.size()) return std::nullopt;
  return pieces;
}

}  // namespace

void Problems::Add(std::string_view reason, std::string_view ai, size_t position, std::string english,
                   std::string japanese) {
  all_.push_back({std::string(reason), std::string(ai), position, std::move(english), std::move(japanese)});
}

void Problems::Add(Problems others) {
  if (!others.english_advice_.empty()) Advise(others.english_advice_, others.japanese_advice_);
  std::move(others.all_.begin(), others.all_.end(), std::back_inserter(all_));
}

void Problems::Advise(std::string english, std::string japanese) {
  if (!english_advice_.empty()) return;
  english_advice_ = std::move(english);
  japanese_advice_ = std::move(japanese);
}

absl::Status Problems::status() const {
  if (all_.empty()) return absl::OkStatus();
  std::string english, japanese;
  for (const Problem& problem : all_) {
    absl::StrAppend(&english, problem.english, " ");
    japanese += problem.japanese;
  }
  const bool scanned =
      std::any_of(all_.begin(), all_.end(), [](const Problem& problem) { return problem.position > 0; });
  if (!english_advice_.empty()) {
    english += english_advice_;
    japanese += japanese_advice_;
  } else if (scanned) {
    english += "Scan again, or type the number below the code.";
    japanese += "もう一度読み取るか、コードの下の番号を入力してください。";
  } else {
    english += "Correct it and try again.";
    japanese += "直してからもう一度お試しください。";
  }
  errors::Metadata metadata;
  if (!all_[0].ai.empty()) metadata["ai"] = all_[0].ai;
  if (all_[0].position > 0) metadata["position"] = absl::StrCat(all_[0].position);
  return errors::Make(absl::StatusCode::kInvalidArgument, all_[0].reason, english, japanese, metadata);
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

LengthRange LengthOf(const AiRule& rule) {
  LengthRange range{0, 0};
  for (const Part& part : PartsOf(rule)) {
    if (!part.optional) range.min += part.min;
    range.max += part.max;
  }
  return range;
}

std::string EnglishName(std::string_view ai) {
  const AiRule* rule = FindRule(ai);
  const std::string_view title = rule ? rule->title : "";
  return absl::StrCat("(", A(ai), ")", title.empty() ? "" : " ", A(title));
}

std::string JapaneseName(std::string_view ai) {
  const AiRule* rule = FindRule(ai);
  if (rule == nullptr || rule->japanese.empty()) return EnglishName(ai);
  return absl::StrCat("(", A(ai), ") ", A(rule->japanese));
}

void AddCheckDigitProblem(std::string_view digits, std::string_view ai, size_t position, Problems& problems) {
  const int wanted = CheckDigit(digits.substr(0, digits.size() - 1));
  problems.Add(
      "BARCODE_CHECK_DIGIT", ai, position,
      absl::StrCat(EnglishName(ai), " ", A(digits), Where(position), " is misread: its check digit is ",
                   A(digits.substr(digits.size() - 1)), ", but it must be ", wanted, "."),
      absl::StrCat(JapaneseName(ai), " ", A(digits), WhereJapanese(position), "は読み間違いです。チェックデジットが",
                   A(digits.substr(digits.size() - 1)), "ですが、", wanted, "のはずです。"));
}

void CheckElement(const Element& element, const Positions& positions, int current_year, Problems& problems) {
  const AiRule* rule = FindRule(element.ai);
  if (rule == nullptr) {
    problems.Add(
        "BARCODE_UNKNOWN_AI", element.ai, positions.At(0),
        absl::StrCat("There is no application identifier (", element.ai, ")", Where(positions.At(0)), "."),
        absl::StrCat("アプリケーション識別子 (", element.ai, ")", WhereJapanese(positions.At(0)), "はありません。"));
    return;
  }
  const auto pieces = Divide(*rule, element.value);
  if (!pieces) {
    AddLengthProblem(*rule, element, positions.At(0), problems);
    return;
  }
  size_t at = 0;
  for (const auto& [part, size] : *pieces) {
    const std::string_view piece = std::string_view(element.value).substr(at, size);
    const auto bad =
        std::find_if(piece.begin(), piece.end(), [set = part->set](char c) { return !InSet(set, c); }) - piece.begin();
    if (bad < static_cast<ptrdiff_t>(size)) {
      AddCharacterProblem(part->set, std::string_view(element.value).substr(at + bad), element.ai,
                          positions.At(at + bad), problems);
    } else {
      if (part->check_digit && !CheckDigitHolds(piece)) {
        AddCheckDigitProblem(piece, element.ai, positions.At(at), problems);
      }
      for (const ContentRule* content : part->content) {
        if (!content->holds(piece, current_year)) {
          AddContentProblem(*content, piece, element.ai, positions.At(at), problems);
        }
      }
    }
    at += size;
  }
}

}  // namespace kubari::gs1
