// What statements of lists and the keys of their pages have in common.
#pragma once

#include <absl/strings/numbers.h>

#include <optional>
#include <string>

#include "libs/pg/params.h"
#include "services/stock/reading_store.h"

namespace kubari::stock::lists {

// Filters that are not set fold away when the plan is made for the actual values, so each list needs one statement
// only.
inline constexpr pg::Statement kPlanForValues{"SET LOCAL plan_cache_mode = force_custom_plan"};

// Lists that go both ways: list(behind, desc), where `behind` is how a row stands to the key of the page before it.
#define KUBARI_FORWARD(list) list(">", "")
#define KUBARI_BACKWARD(list) list("<", " DESC")

// Parts of a key, converted with care: they come from outside.
inline std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  return absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}
// The i-th part of the key, or NULL on the first page.
inline Filter Part(const Page& page, size_t i) { return i < page.after.size() ? Filter(page.after[i]) : std::nullopt; }

}  // namespace kubari::stock::lists
