#include "libs/gs1/element.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "libs/errors/errors.h"

namespace kubari::gs1 {
namespace {

absl::string_view A(std::string_view text) { return absl::string_view(text.data(), text.size()); }

// A part of AiRule::format.
struct Part {
  char set = 'N';
  size_t min = 0;
  size_t max = 0;
  bool optional = false;
  char check = ' ';
};

std::vector<Part> PartsOf(std::string_view format) {
  std::vector<Part> parts;
  for (absl::string_view text : absl::StrSplit(A(format), ' ')) {
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
    if (!text.empty()) part.check = text[0];
    parts.push_back(part);
  }
  return parts;
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

std::string Where(size_t position) { return position == 0 ? "" : absl::StrCat(" at position ", position); }
std::string WhereJapanese(size_t position) { return position == 0 ? "" : absl::StrCat("（", position, "文字目）"); }

std::string Shown(char c) { return absl::ascii_isprint(c) ? std::string(1, c) : absl::StrFormat("0x%02X", c & 0xFF); }

void CheckLength(const AiRule& rule, const Element& element, size_t position, Problems& problems) {
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

bool IsDate(std::string_view digits, bool day_may_be_00) {
  const int month = (digits[2] - '0') * 10 + (digits[3] - '0');
  const int day = (digits[4] - '0') * 10 + (digits[5] - '0');
  if (month < 1 || month > 12) return false;
  if (day == 0) return day_may_be_00;
  // The century is not known here; 29 February is let through where one of the centuries has it.
  const int leap_like_year = 2000 + (digits[0] - '0') * 10 + (digits[1] - '0');
  return absl::CivilDay(leap_like_year, month, day).month() == month;
}

}  // namespace

void Problems::Add(std::string_view reason, std::string_view ai, size_t position, std::string english,
                   std::string japanese) {
  all_.push_back({std::string(reason), std::string(ai), position, std::move(english), std::move(japanese)});
}

void Problems::Add(Problems others) { std::move(others.all_.begin(), others.all_.end(), std::back_inserter(all_)); }

absl::Status Problems::status() const {
  if (all_.empty()) return absl::OkStatus();
  std::string english, japanese;
  for (const Problem& problem : all_) {
    absl::StrAppend(&english, problem.english, " ");
    japanese += problem.japanese;
  }
  const bool scanned =
      std::any_of(all_.begin(), all_.end(), [](const Problem& problem) { return problem.position > 0; });
  english += scanned ? "Scan again, or type the number below the code." : "Correct it and try again.";
  japanese +=
      scanned ? "もう一度読み取るか、コードの下の番号を入力してください。" : "直してからもう一度お試しください。";
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
  for (const Part& part : PartsOf(rule.format)) {
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

void CheckElement(const Element& element, size_t position, Problems& problems) {
  const AiRule* rule = FindRule(element.ai);
  if (rule == nullptr) {
    problems.Add("BARCODE_UNKNOWN_AI", element.ai, position,
                 absl::StrCat("There is no application identifier (", element.ai, ")", Where(position), "."),
                 absl::StrCat("アプリケーション識別子 (", element.ai, ")", WhereJapanese(position), "はありません。"));
    return;
  }
  const LengthRange range = LengthOf(*rule);
  if (element.value.size() < range.min || element.value.size() > range.max) {
    CheckLength(*rule, element, position, problems);
    return;
  }
  size_t at = 0;
  for (const Part& part : PartsOf(rule->format)) {
    if (part.optional && at == element.value.size()) break;
    const std::string_view value = std::string_view(element.value).substr(at, part.max);
    if (value.size() < part.min) {
      CheckLength(*rule, element, position, problems);
      return;
    }
    const auto bad = std::find_if(value.begin(), value.end(), [&part](char c) { return !InSet(part.set, c); });
    if (bad != value.end()) {
      const size_t bad_position = position == 0 ? 0 : position + at + (bad - value.begin());
      problems.Add("BARCODE_CHARACTER", element.ai, bad_position,
                   absl::StrCat(EnglishName(element.ai), " has the character \"", Shown(*bad), "\"",
                                Where(bad_position), ", where ",
                                part.set == 'N' ? "only digits" : "only letters, digits and some signs", " may stand."),
                   absl::StrCat(JapaneseName(element.ai), "に使えない文字「", Shown(*bad), "」",
                                WhereJapanese(bad_position), "があります。",
                                part.set == 'N' ? "数字だけのはずです。" : "英数字と一部の記号だけのはずです。"));
      return;
    }
    if (part.check == 'c' && !CheckDigitHolds(value)) {
      AddCheckDigitProblem(value, element.ai, position == 0 ? 0 : position + at, problems);
    }
    if ((part.check == 'd' || part.check == 'D') && !IsDate(value, part.check == 'd')) {
      problems.Add("BARCODE_DATE", element.ai, position,
                   absl::StrCat(EnglishName(element.ai), Where(position), " is no date: ", A(value),
                                " should be year, month and day."),
                   absl::StrCat(JapaneseName(element.ai), WhereJapanese(position), "の", A(value),
                                "は日付ではありません（年2桁・月・日）。"));
    }
    at += value.size();
  }
}

std::optional<calendar::Date> ReadDate(std::string_view yymmdd, int current_year) {
  const auto two = [yymmdd](size_t at) { return (yymmdd[at] - '0') * 10 + (yymmdd[at + 1] - '0'); };
  // General Specifications, "Determination of century in dates".
  const int difference = two(0) - current_year % 100;
  int century = current_year / 100;
  if (difference >= 51) --century;
  if (difference <= -50) ++century;
  const int year = century * 100 + two(0);
  const int month = two(2), day = two(4);
  if (month < 1 || month > 12) return std::nullopt;
  if (day == 0) return calendar::Date::Month(absl::CivilMonth(year, month));
  const absl::CivilDay civil(year, month, day);
  if (civil.month() != month || civil.day() != day) return std::nullopt;  // 31 April became 1 May
  return calendar::Date::Day(civil);
}

}  // namespace kubari::gs1
