// One element against the table, and the problems found on the way. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/content.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {

// Gathers what is wrong with one code.
class Problems {
 public:
  // `ai` may be empty; `position` counts from 1 in what was scanned, 0: there is none (writers).
  void Add(std::string_view reason, std::string_view ai, size_t position, std::string english, std::string japanese);
  void Add(Problems others);
  // What to do, in place of "Scan again …". The first advice stands.
  void Advise(std::string english, std::string japanese);
  bool empty() const { return all_.empty(); }
  // The first problem's reason; the sentences of all.
  absl::Status status() const;

 private:
  struct Problem {
    std::string reason;
    std::string ai;
    size_t position;
    std::string english;
    std::string japanese;
  };
  std::vector<Problem> all_;
  std::string english_advice_;
  std::string japanese_advice_;
};

// Where the characters of a value stood in what was scanned, counted from 1; 0: nowhere (writers).
class Positions {
 public:
  Positions() = default;
  // One after the other.
  explicit Positions(size_t first) : first_(first) {}
  // Of each character, and of the end: escapes and blanks were taken out.
  explicit Positions(std::vector<size_t> each) : first_(each.at(0)), each_(std::move(each)) {}
  size_t At(size_t i) const { return first_ == 0 ? 0 : each_.empty() ? first_ + i : each_.at(i); }

 private:
  size_t first_ = 0;
  std::vector<size_t> each_;
};

bool AllDigits(std::string_view text);  // false for ""

// How long a value of this format may be.
struct LengthRange {
  size_t min;
  size_t max;
};
LengthRange LengthOf(const AiRule& rule);

// "(15) BEST BEFORE or BEST BY" / "(15) 賞味期限".
std::string EnglishName(std::string_view ai);
std::string JapaneseName(std::string_view ai);

// Everything wrong with one element: unknown AI, length, characters, check digit, dates and the other rules of
// content.h. `current_year` as in ReadDate.
void CheckElement(const Element& element, const Positions& positions, int current_year, Problems& problems);

// "must be 7" for check digits, wherever one fails.
void AddCheckDigitProblem(std::string_view digits, std::string_view ai, size_t position, Problems& problems);

}  // namespace kubari::gs1
