// The methods of the contract, as linked into this binary.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kubari::gateway {

struct Method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // "/kubari.stock.v1.StockService/IssueStock": the path of Connect and of gRPC alike.
  std::string path;
  // Who serves it: "identity", "donors", "groups", "stock", "allocation", "impact", "notifications" or "support".
  std::string service;
  // It answers a session (SignIn, RedeemInvite) or ends one (SignOut): told from the type of its answer, not from its
  // name.
  bool gives_session = false;
  bool ends_session = false;
  // Anyone may call it, and it gives a session or changes something (its request has a request_id): each address may do so less often.
  bool scarce = false;
};

class MethodTable {
 public:
  MethodTable();
  MethodTable(const MethodTable&) = delete;
  MethodTable& operator=(const MethodTable&) = delete;

  // Null if the contract has no such unary method.
  const Method* Find(std::string_view path) const;
  const std::vector<Method>& all() const { return methods_; }
  // Every Method::service once, sorted.
  const std::vector<std::string>& services() const { return services_; }

 private:
  std::vector<Method> methods_;
  std::vector<std::string> services_;
  std::unordered_map<std::string_view, const Method*> by_path_;  // views into methods_
};

}  // namespace kubari::gateway
