#include "mobile_api/gateway/methods.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"

namespace kubari::gateway {
namespace {

// The files that declare services. Naming one message of each also keeps the linker from leaving the file out.
std::vector<const google::protobuf::FileDescriptor*> ContractFiles() {
  return {allocation::v1::Run::descriptor()->file(),   donors::v1::Donor::descriptor()->file(),
          groups::v1::Group::descriptor()->file(),     identity::v1::Session::descriptor()->file(),
          impact::v1::ImpactRow::descriptor()->file(), stock::v1::Lot::descriptor()->file()};
}

}  // namespace

MethodTable::MethodTable() {
  for (const google::protobuf::FileDescriptor* file : ContractFiles()) {
    const std::vector<std::string> package = absl::StrSplit(file->package(), '.');  // kubari, stock, v1
    services_.push_back(package.at(1));
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const google::protobuf::MethodDescriptor* method = file->service(s)->method(m);
        if (method->client_streaming() || method->server_streaming()) continue;
        methods_.push_back({.descriptor = method,
                            .path = absl::StrCat("/", file->service(s)->full_name(), "/", method->name()),
                            .service = package.at(1),
                            .gives_session = method->output_type() == identity::v1::SignInResponse::descriptor(),
                            .ends_session = method->output_type() == identity::v1::SignOutResponse::descriptor()});
      }
    }
  }
  std::sort(services_.begin(), services_.end());
  for (const Method& method : methods_) by_path_[method.path] = &method;
}

const Method* MethodTable::Find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace kubari::gateway
