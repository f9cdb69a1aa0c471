// The contract as a program sees it: all its services, from descriptors.
#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

namespace kubari {

// All services of the contract, in the order of their files' names.
const std::vector<const google::protobuf::ServiceDescriptor*>& ContractServices();

}  // namespace kubari
