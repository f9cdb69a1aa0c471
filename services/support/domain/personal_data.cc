#include "services/support/domain/personal_data.h"

#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "libs/registry/search.h"

namespace kubari::support {
namespace {

// In NFKC; what people put between the groups of a number.
constexpr std::array<std::string_view, 20> kSeparators = {
    " ",      "-",      "(",      ")",      ".",      "/", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014",
    "\u2015", "\u2212", "\u30FC", "\u30FB", "\u301C", "~", "_",      "\u306E", ","};  // の as in 090の1234の5678
// 〇 to 九.
constexpr std::array<std::string_view, 10> kKanjiDigits = {"\u3007", "\u4E00", "\u4E8C", "\u4E09", "\u56DB",
                                                           "\u4E94", "\u516D", "\u4E03", "\u516B", "\u4E5D"};

// NFKC with case folded, and each run of white space one blank.
std::string Normal(std::string_view text) {
  std::string normal;
  const auto add = [&](std::string_view word) {
    if (word.empty()) return;
    if (!normal.empty()) normal += ' ';
    normal += registry::Fold(word);
  };
  size_t start = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t blank = text.substr(i).starts_with("\u3000") ? 3 : absl::ascii_isspace(text[i]) ? 1 : 0;
    if (blank == 0) {
      ++i;
      continue;
    }
    add(text.substr(start, i - start));
    i += blank;
    start = i;
  }
  add(text.substr(start));
  return normal;
}

// Groups of digits that stand together, parted by at most two separators each.
struct Run {
  bool international = false;  // "+" before the first
  std::vector<std::string> groups;
};

char DigitAt(std::string_view text, size_t& length) {
  length = 1;
  if (absl::ascii_isdigit(text.front())) return text.front();
  for (size_t digit = 0; digit < kKanjiDigits.size(); ++digit) {
    if (text.starts_with(kKanjiDigits[digit])) {
      length = kKanjiDigits[digit].size();
      return static_cast<char>('0' + digit);
    }
  }
  return 0;
}

size_t SeparatorAt(std::string_view text) {
  for (const std::string_view separator : kSeparators) {
    if (text.starts_with(separator)) return separator.size();
  }
  return 0;
}

std::vector<Run> RunsOf(std::string_view text) {
  std::vector<Run> runs;
  bool plus = false, open = false;  // open: the last run goes on
  int separators = 0;
  while (!text.empty()) {
    size_t length = 1;
    if (const char digit = DigitAt(text, length); digit != 0) {
      if (!open) {
        runs.push_back({.international = plus, .groups = {""}});
      } else if (separators > 0) {
        runs.back().groups.emplace_back();
      }
      runs.back().groups.back() += digit;
      open = true;
      plus = false;
      separators = 0;
    } else if (const size_t separator = SeparatorAt(text); separator > 0 && open && separators < 2) {
      ++separators;
      length = separator;
    } else {
      open = false;
      plus = text.front() == '+';
    }
    text.remove_prefix(length);
  }
  return runs;
}

// The groups in which Japanese numbers are written: 03-1234-5678, 090-1234-5678, 0120-123-456, 0312345678,
// 090-12345678.
bool IsTelephone(const std::vector<std::string>& groups, size_t at) {
  const std::string& first = groups[at];
  if (first.front() != '0') return false;
  const auto size = [&](size_t i) { return at + i < groups.size() ? groups[at + i].size() : 0; };
  if (first.size() == 10 || first.size() == 11) return true;
  const size_t two = first.size() + size(1), three = two + size(2);
  if (first.size() >= 2 && first.size() <= 4 && size(1) >= 6 && (two == 10 || two == 11)) return true;
  const bool free_call = first == "0120" || first == "0800" || first == "0570" || first == "0990";
  return first.size() >= 2 && first.size() <= 5 && size(1) >= 1 && size(1) <= 4 && (three == 10 || three == 11) &&
         (size(2) == 4 || (free_call && size(2) == 3));
}

bool HasTelephone(std::string_view text) {
  for (const Run& run : RunsOf(text)) {
    for (size_t i = 0; i < run.groups.size(); ++i) {
      if (IsTelephone(run.groups, i)) return true;
    }
    if (run.international) {
      std::string digits;
      for (const std::string& group : run.groups) digits += group;
      if (digits.starts_with("81") && digits.size() >= 11 && digits.size() <= 13) return true;
    }
  }
  return false;
}

bool HasEmail(std::string_view text) {
  const auto in_local = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
  };
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (at == 0 || !in_local(text[at - 1])) continue;
    size_t end = at + 1;
    while (end < text.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(text[end])) || text[end] == '-' || text[end] == '.'))
      ++end;
    const std::string_view host = text.substr(at + 1, end - at - 1);
    const size_t dot = host.find('.');
    if (dot != std::string_view::npos && dot > 0 && dot + 2 < host.size()) return true;
  }
  return false;
}

}  // namespace

PersonalData FindPersonalData(std::string_view text) {
  const std::string normal = Normal(text);
  if (HasEmail(normal)) return PersonalData::kEmail;
  return HasTelephone(normal) ? PersonalData::kTelephone : PersonalData::kNone;
}

void CheckFreeText(errors::Violations& violations, const std::string& field, const std::string& text, int min,
                   int max) {
  if (!violations.Text(field, text, min, max)) return;
  switch (FindPersonalData(text)) {
    case PersonalData::kNone:
      return;
    case PersonalData::kTelephone:
      violations.Add(field, "PERSONAL_DATA",
                     "This text seems to hold a telephone number. Take it out: people must not be identified here. "
                     "Where somebody has to be reached for the handover, use the field for the contact.",
                     "この文章には電話番号らしきものが含まれています。個人を特定できる情報は書かず、削除してください。"
                     "受け渡しのための連絡先は、専用の「受け渡しの連絡先」欄に入力してください。");
      return;
    case PersonalData::kEmail:
      violations.Add(
          field, "PERSONAL_DATA",
          "This text seems to hold an e-mail address. Take it out: people must not be identified here. Where "
          "somebody has to be reached for the handover, use the field for the contact.",
          "この文章にはメールアドレスらしきものが含まれています。個人を特定できる情報は書かず、削除してくださ"
          "い。受け渡しのための連絡先は、専用の「受け渡しの連絡先」欄に入力してください。");
      return;
  }
}

}  // namespace kubari::support
