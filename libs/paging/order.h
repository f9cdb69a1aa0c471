// `order_by` of a list request: which of the orders that the contract names.
//
//   const paging::Order order = paging::ReadOrder(request.order_by(), {"create_time desc", "create_time"}, violations);
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "libs/errors/errors.h"

namespace kubari::paging {

struct Order {
  std::string field;
  bool descending = false;

  friend bool operator==(const Order&, const Order&) = default;
};

// `orders`: as the contract writes them, "field" or "field desc", the one for an empty `order_by` first. Blanks around
// and between do not matter, and "field asc" is "field". Anything else adds UNKNOWN_ORDER, which says what is possible,
// and gives the first.
Order ReadOrder(std::string_view order_by, std::initializer_list<std::string_view> orders,
                errors::Violations& violations);

}  // namespace kubari::paging
