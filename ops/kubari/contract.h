// The contract as a program sees it: services, methods, fields, from the descriptors that are linked in.
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::cli {

// "kubari.stock.v1.StockService/GetLot", "StockService/GetLot", "stock.GetLot" or, where only one service has it, "GetLot".
// Errors: NOT_FOUND naming what comes close.
absl::StatusOr<const google::protobuf::MethodDescriptor*> FindMethod(std::string_view name);

// A new message of the type, of the linked-in class.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

// "stock.GetLot"
std::string ShortName(const google::protobuf::MethodDescriptor& method);

// The fields of a message, two spaces deeper for each level, for people: "items  int64".
std::string DescribeFields(const google::protobuf::Descriptor& type, int depth = 0);

// Who may call: "VOLUNTEER, COORDINATOR, own: GROUP", "anyone", "any role".
std::string DescribeAccess(const google::protobuf::MethodDescriptor& method);

}  // namespace kubari::cli
