#include "mobile_api/gateway/methods.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "kubari/identity/v1/identity.pb.h"
#include "libs/auth/access.h"
#include "libs/contract/contract.h"

namespace kubari::gateway {

MethodTable::MethodTable() {
  for (const google::protobuf::ServiceDescriptor* service : ContractServices()) {
    // kubari.stock.v1.RecallsService is served by "stock".
    const std::vector<std::string> words = absl::StrSplit(service->full_name(), '.');
    if (services_.empty() || services_.back() != words.at(1)) services_.push_back(words.at(1));
    for (int m = 0; m < service->method_count(); ++m) {
      const google::protobuf::MethodDescriptor* method = service->method(m);
      if (method->client_streaming() || method->server_streaming()) continue;
      const bool gives_session = method->output_type() == identity::v1::SignInResponse::descriptor();
      methods_.push_back({.descriptor = method,
                          .path = absl::StrCat("/", service->full_name(), "/", method->name()),
                          .service = words.at(1),
                          .gives_session = gives_session,
                          .ends_session = method->output_type() == identity::v1::SignOutResponse::descriptor(),
                          .scarce = gives_session || (auth::IsPublic(*method) && method->input_type()->FindFieldByName("request_id") != nullptr)});
    }
  }
  for (const Method& method : methods_) by_path_[method.path] = &method;
}

const Method* MethodTable::Find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace kubari::gateway
