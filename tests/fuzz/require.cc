#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace kubari::fuzz {

void Require(bool holds, std::string_view what, std::string_view detail) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n%.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace kubari::fuzz
