#include "ops/kubari/contract.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include "kubari/type/v1/access.pb.h"
#include "libs/contract/contract.h"

namespace kubari::cli {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::string ShortName(const MethodDescriptor& method) {
  const std::vector<std::string> parts = absl::StrSplit(method.service()->full_name(), '.');
  return absl::StrCat(parts[1], ".", method.name());
}

absl::StatusOr<const MethodDescriptor*> FindMethod(std::string_view name) {
  std::vector<const MethodDescriptor*> by_method;
  std::vector<std::string> close;
  for (const ServiceDescriptor* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* method = service->method(i);
      if (name == absl::StrCat(service->full_name(), "/", method->name()) || name == method->full_name() ||
          name == absl::StrCat(service->name(), "/", method->name()) || name == ShortName(*method)) {
        return method;
      }
      if (name == method->name()) by_method.push_back(method);
      const std::string_view wanted =
          name.substr(name.find_last_of("./") == std::string_view::npos ? 0 : name.find_last_of("./") + 1);
      if (absl::StrContains(absl::AsciiStrToLower(method->name()), absl::AsciiStrToLower(std::string(wanted)))) {
        close.push_back(ShortName(*method));
      }
    }
  }
  if (by_method.size() == 1) return by_method.front();
  for (const MethodDescriptor* method : by_method) close.push_back(ShortName(*method));
  return absl::NotFoundError(absl::StrCat(
      "The contract has no method '", std::string(name), "'. ",
      close.empty() ? "'kubari methods' lists all." : absl::StrCat("Did you mean ", absl::StrJoin(close, ", "), "?")));
}

std::unique_ptr<google::protobuf::Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

std::string DescribeFields(const Descriptor& type, int depth) {
  std::string out;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    std::string kind = field.type_name();
    if (field.message_type() != nullptr) kind = field.message_type()->name();
    if (field.enum_type() != nullptr) {
      std::vector<std::string> values;
      for (int v = 1; v < field.enum_type()->value_count(); ++v) values.push_back(field.enum_type()->value(v)->name());
      kind = absl::StrJoin(values, " | ");
    }
    absl::StrAppend(&out, std::string(2 + 2 * depth, ' '), field.json_name(), "  ",
                    field.is_repeated() ? "list of " : "", kind, "\n");
    if (field.message_type() != nullptr && !absl::StartsWith(field.message_type()->full_name(), "google.") &&
        depth < 4) {
      out += DescribeFields(*field.message_type(), depth + 1);
    }
  }
  return out;
}

std::string DescribeAccess(const MethodDescriptor& method) {
  const type::v1::Access& access = method.options().GetExtension(type::v1::access);
  if (access.public_()) return "anyone";
  if (access.any_role()) return "any role";
  const auto roles = [](const auto& list) {
    std::vector<std::string> names;
    for (const int role : list) {
      names.push_back(type::v1::Role_Name(static_cast<type::v1::Role>(role)).substr(std::string("ROLE_").size()));
    }
    return absl::StrJoin(names, ", ");
  };
  std::string out = roles(access.roles());
  if (access.own_roles_size() > 0) absl::StrAppend(&out, out.empty() ? "" : "; ", "own: ", roles(access.own_roles()));
  return out;
}

}  // namespace kubari::cli
