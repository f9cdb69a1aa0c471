#include "libs/csv/errors.h"

#include <utility>

#include "libs/csv/text.h"

namespace kubari::csv {

void CellErrors::Add(CellError error) {
  ++total_;
  if (errors_.size() >= kKept) return;
  error.value = FirstCharacters(error.value, 100);
  errors_.push_back(std::move(error));
}

}  // namespace kubari::csv
