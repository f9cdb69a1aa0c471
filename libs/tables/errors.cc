#include "libs/tables/errors.h"

#include <utility>

#include "libs/tables/text.h"

namespace kubari::tables {

void CellErrors::Add(CellError error) {
  ++total_;
  rows_.insert(error.row);
  if (errors_.size() >= kKept) return;
  error.value = FirstCharacters(error.value, 100);
  errors_.push_back(std::move(error));
}

}  // namespace kubari::tables
