#include "libs/contract/contract.h"

#include "kubari/service_files.h"

namespace kubari {

const std::vector<const google::protobuf::ServiceDescriptor*>& ContractServices() {
  static const auto* const services = [] {
    auto* const found = new std::vector<const google::protobuf::ServiceDescriptor*>();
    for (const char* name : kServiceFiles) {
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
      for (int i = 0; i < file->service_count(); ++i) found->push_back(file->service(i));
    }
    return found;
  }();
  return *services;
}

}  // namespace kubari
