#include "libs/municipalities/municipalities.h"

#include <algorithm>
#include <array>
#include <map>

namespace kubari::municipalities {
namespace {

constexpr std::string_view kPrefectures =
#include "municipalities/prefectures.inc"
    ;
constexpr std::string_view kMunicipalities =
#include "municipalities/municipalities.inc"
    ;
constexpr std::string_view kAbolished =
#include "municipalities/abolished.inc"
    ;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    if (end != 0) parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::vector<Municipality> ReadAll() {
  std::vector<Municipality> all;
  for (const std::string_view line : Split(kMunicipalities, '\n')) {
    const auto cells = Split(line, '\t');
    all.push_back({.code = cells[0], .name = cells[1], .kana = cells[2]});
  }
  return all;  // in the order of the file: by code
}

const std::vector<Municipality>& InForce() {
  static const std::vector<Municipality> all = ReadAll();
  return all;
}

// Lines of: the day, the codes that were there from then on, the codes that were gone. A successor may be gone itself by now.
std::map<std::string_view, Abolished> ReadAbolished() {
  std::map<std::string_view, Abolished> gone;
  for (const std::string_view line : Split(kAbolished, '\n')) {
    const auto cells = Split(line, '\t');
    for (const std::string_view code : Split(cells[2], ' ')) {
      gone[code] = {.code = code, .date = cells[0], .successors = Split(cells[1], ' ')};
    }
  }
  for (auto& [code, abolished] : gone) {
    std::vector<std::string_view> today;
    std::vector<std::string_view> open = abolished.successors;
    // No chain is longer than the table.
    for (size_t steps = 0; !open.empty() && steps <= gone.size(); ++steps) {
      const std::string_view next = open.back();
      open.pop_back();
      if (Find(next) != nullptr) {
        if (std::find(today.begin(), today.end(), next) == today.end()) today.push_back(next);
      } else if (const auto later = gone.find(next); later != gone.end()) {
        open.insert(open.end(), later->second.successors.begin(), later->second.successors.end());
      }
    }
    std::sort(today.begin(), today.end());
    abolished.successors = std::move(today);
  }
  return gone;
}

}  // namespace

std::span<const Municipality> All() { return InForce(); }

const Municipality* Find(std::string_view code) {
  const std::vector<Municipality>& all = InForce();
  const auto found = std::lower_bound(all.begin(), all.end(), code,
                                      [](const Municipality& each, std::string_view wanted) { return each.code < wanted; });
  return found != all.end() && found->code == code ? &*found : nullptr;
}

const Abolished* FindAbolished(std::string_view code) {
  static const std::map<std::string_view, Abolished> gone = ReadAbolished();
  const auto found = gone.find(code);
  return found == gone.end() ? nullptr : &found->second;
}

std::string_view PrefectureName(std::string_view prefecture) {
  static const std::map<std::string_view, std::string_view> names = [] {
    std::map<std::string_view, std::string_view> all;
    for (const std::string_view line : Split(kPrefectures, '\n')) {
      const auto cells = Split(line, '\t');
      all[cells[0]] = cells[1];
    }
    return all;
  }();
  const auto found = names.find(prefecture);
  return found == names.end() ? std::string_view() : found->second;
}

std::string FullName(std::string_view code) {
  const Municipality* found = Find(code);
  if (found == nullptr) return "";
  return std::string(PrefectureName(code.substr(0, 2))) + std::string(found->name);
}

}  // namespace kubari::municipalities
