// The values of the contract's enums as people write them in tables.
#pragma once

#include <google/protobuf/generated_enum_reflection.h>

#include <vector>

#include "libs/tables/table.h"

namespace kubari::imports {

// Every value but the unspecified one: by its name in lower case without the prefix ("bread_cereal"), by its titles,
// and by other usual words.
const std::vector<tables::Choice>& ChoicesOf(const google::protobuf::EnumDescriptor& type);

template <typename E>
const std::vector<tables::Choice>& Choices() {
  return ChoicesOf(*google::protobuf::GetEnumDescriptor<E>());
}

// The number of a choice's value; -1 if there is none.
int NumberOf(const google::protobuf::EnumDescriptor& type, const std::string& value);

}  // namespace kubari::imports
