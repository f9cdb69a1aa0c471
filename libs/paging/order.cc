#include "libs/paging/order.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace kubari::paging {
namespace {

// ("field") or ("field", "desc"), or nothing of blanks alone; anything else stays as it is and equals no order.
Order Read(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipWhitespace());
  if (words.size() == 2 && (words[1] == "desc" || words[1] == "asc")) return {words[0], words[1] == "desc"};
  if (words.size() <= 1) return {words.empty() ? "" : words[0], false};
  return {std::string(text), false};
}

}  // namespace

Order ReadOrder(std::string_view order_by, std::initializer_list<std::string_view> orders,
                errors::Violations& violations) {
  const auto as_order = [](std::string_view text) { return Read(absl::string_view(text.data(), text.size())); };
  const Order first = as_order(*orders.begin());
  const Order asked = as_order(order_by);
  if (asked.field.empty()) return first;
  if (std::any_of(orders.begin(), orders.end(), [&](std::string_view order) { return as_order(order) == asked; }))
    return asked;
  const std::string possible = absl::StrJoin(orders, ", ", [](std::string* out, std::string_view order) {
    absl::StrAppend(out, "\"", absl::string_view(order.data(), order.size()), "\"");
  });
  violations.Add("order_by", "UNKNOWN_ORDER", absl::StrCat("This list has no such order; possible are ", possible, "."),
                 absl::StrCat("この一覧にその並び順はありません。使えるもの: ", possible, "。"));
  return first;
}

}  // namespace kubari::paging
