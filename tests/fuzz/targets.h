// What is fuzzed. A target reads any bytes and calls Require for what must hold of the answer; it must be deterministic
// and fast (a millisecond at most), and must not fail for bytes that are merely wrong.
//
// A new target: a function here and in kTargets, its own .cc, a folder corpus/NAME with a few good inputs, and one line
// in CMakeLists.txt.
#pragma once

#include <string_view>

namespace kubari::fuzz {

void Gs1(std::string_view bytes);     // libs/gs1: what parses is written, and reads back the same
void Csv(std::string_view bytes);     // libs/tables: every good table is written, and reads back the same
void Xlsx(std::string_view bytes);    // libs/tables: spreadsheets, from the zip archive on
void Paging(std::string_view bytes);  // libs/paging: page tokens

struct Target {
  std::string_view name;
  void (*run)(std::string_view bytes);
};
inline constexpr Target kTargets[] = {{"gs1", Gs1}, {"csv", Csv}, {"xlsx", Xlsx}, {"paging", Paging}};

// Ends the program with a message if `holds` is false; the fuzzer then keeps the input.
void Require(bool holds, std::string_view what, std::string_view detail = "");

}  // namespace kubari::fuzz
