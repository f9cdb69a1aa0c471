// The municipalities of Japan by their codes (JIS X 0402): those in force, and what became of those that are not.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::municipalities {

struct Municipality {
  std::string_view code;  // five digits
  std::string_view name;  // "函館市", "札幌市中央区"
  std::string_view kana;  // "はこだてし"
};

// A code that is no longer given, although old papers have it.
struct Abolished {
  std::string_view code;
  std::string_view date;                     // "2004-12-01": the first day without it
  std::vector<std::string_view> successors;  // in force; several if it was divided
};

// In force, by code: municipalities, and the wards of designated cities beside them.
std::span<const Municipality> All();
const Municipality* Find(std::string_view code);
const Abolished* FindAbolished(std::string_view code);

// "東京都" for "13"; "" for what is none.
std::string_view PrefectureName(std::string_view prefecture);
// "東京都千代田区"; "" for a code that is not in force.
std::string FullName(std::string_view code);

}  // namespace kubari::municipalities
