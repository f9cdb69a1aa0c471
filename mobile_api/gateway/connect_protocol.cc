#include "mobile_api/gateway/connect_protocol.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "libs/errors/errors.h"
#include "libs/log/log.h"
#include "libs/log/utf8.h"

namespace kubari::gateway {
namespace {

namespace pb = google::protobuf;

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

std::unique_ptr<pb::Message> NewMessage(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

// Bytes that are no UTF-8 become "?"; at most 300 bytes, so that nobody gets a large body back as its error.
std::string ToUtf8(std::string_view text) {
  std::string result;
  while (!text.empty() && result.size() < 300) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      result += '?';
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

// protobuf's converter tells the place in its text: "foo: Cannot find field.", "(lines[0]) foo: Cannot find field." or
// "(lines[0].items): invalid value …". Everything else is about the JSON text as a whole.
absl::Status JsonError(std::string_view converter_text) {
  // It may quote the client's own bytes; those of UTF-8 text are kept, the message must be UTF-8.
  const std::string clean = ToUtf8(converter_text);
  absl::string_view text = clean;
  std::string path;
  if (absl::ConsumePrefix(&text, "(")) {
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(')', 1));
    if (parts.size() == 2) {
      path = parts[0];
      text.remove_prefix(path.size() + 1);
    }
  }
  errors::Violations violations;
  const size_t colon = text.find(": ");
  if (absl::EndsWith(text, "Cannot find field.") && colon != absl::string_view::npos) {
    const absl::string_view name = absl::StripAsciiWhitespace(text.substr(0, colon));
    const std::string field = path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
    violations.Add(field, "UNKNOWN_FIELD",
                   "is not a field of the contract; check its spelling (lowerCamelCase) and place",
                   "という項目はありません。項目名のつづりと位置を確認してください");
  } else if (!path.empty()) {
    absl::ConsumePrefix(&text, ": ");
    violations.Add(path, "INVALID_VALUE", absl::StrCat("does not fit its type: ", text), "の値が項目の型に合いません");
  } else {
    violations.Add("body", "NOT_JSON", absl::StrCat("is not a JSON object of the method's request: ", text),
                   "が正しい JSON オブジェクトではありません");
  }
  return violations.status();
}

// The message in an Any for people who read the answer with curl; "" if this binary does not know its type.
std::string DebugJson(const pb::Any& any, const std::string& type) {
  const pb::Descriptor* descriptor = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return "";
  const std::unique_ptr<pb::Message> message = NewMessage(*descriptor);
  std::string json;
  if (!message->ParseFromString(any.value()) || !pb::util::MessageToJsonString(*message, &json).ok()) return "";
  return json;
}

std::optional<absl::Duration> RetryDelayOf(const google::rpc::Status& details) {
  for (const pb::Any& any : details.details()) {
    google::rpc::RetryInfo retry;
    if (any.Is<google::rpc::RetryInfo>() && any.UnpackTo(&retry)) {
      return absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Codec> CodecOf(std::string_view content_type) {
  const std::vector<absl::string_view> parts = absl::StrSplit(Abseil(content_type), ';');
  const absl::string_view type = absl::StripAsciiWhitespace(parts[0]);
  if (parts.size() == 1 && absl::EqualsIgnoreCase(type, "application/proto")) return Codec::kProto;
  if (!absl::EqualsIgnoreCase(type, "application/json")) return std::nullopt;
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    if (absl::StartsWithIgnoreCase(parameter, "charset=")) {
      parameter.remove_prefix(8);
      if (!absl::EqualsIgnoreCase(parameter, "utf-8") && !absl::EqualsIgnoreCase(parameter, "\"utf-8\""))
        return std::nullopt;
    }
  }
  return Codec::kJson;
}

std::string_view ContentTypeOf(Codec codec) { return codec == Codec::kJson ? "application/json" : "application/proto"; }

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "ok";
    case absl::StatusCode::kCancelled:
      return "canceled";
    case absl::StatusCode::kInvalidArgument:
      return "invalid_argument";
    case absl::StatusCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case absl::StatusCode::kNotFound:
      return "not_found";
    case absl::StatusCode::kAlreadyExists:
      return "already_exists";
    case absl::StatusCode::kPermissionDenied:
      return "permission_denied";
    case absl::StatusCode::kResourceExhausted:
      return "resource_exhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "failed_precondition";
    case absl::StatusCode::kAborted:
      return "aborted";
    case absl::StatusCode::kOutOfRange:
      return "out_of_range";
    case absl::StatusCode::kUnimplemented:
      return "unimplemented";
    case absl::StatusCode::kInternal:
      return "internal";
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kDataLoss:
      return "data_loss";
    case absl::StatusCode::kUnauthenticated:
      return "unauthenticated";
    default:
      return "unknown";
  }
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

absl::StatusOr<std::string> DecodeMessage(Codec codec, const pb::Descriptor& type, std::string body) {
  const std::unique_ptr<pb::Message> message = NewMessage(type);
  if (codec == Codec::kProto) {
    if (message->ParseFromString(body)) return body;
    errors::Violations violations;
    violations.Add("body", "NOT_PROTO", absl::StrCat("is not a serialized ", type.full_name()),
                   absl::StrCat("を ", type.full_name(), " として読み取れません"));
    return violations.status();
  }
  const auto parsed = pb::util::JsonStringToMessage(body, message.get());
  if (!parsed.ok()) return JsonError({parsed.message().data(), parsed.message().size()});
  return message->SerializeAsString();
}

absl::StatusOr<std::string> EncodeMessage(Codec codec, const pb::Descriptor& type, std::string bytes) {
  if (codec == Codec::kProto) return bytes;
  const std::unique_ptr<pb::Message> message = NewMessage(type);
  std::string json;
  if (message->ParseFromString(bytes) && pb::util::MessageToJsonString(*message, &json).ok()) return json;
  return errors::Make(absl::StatusCode::kInternal, "ANSWER_UNREADABLE",
                      absl::StrCat("The service's answer is not a ", type.full_name(),
                                   "; gateway and services must be of one version."),
                      "サーバーからの応答を読み取れませんでした。管理者に連絡してください。");
}

absl::StatusOr<absl::Duration> TimeoutOf(std::string_view field, absl::Duration none, absl::Duration most) {
  if (field.empty()) return none;
  int64_t milliseconds = 0;
  const bool digits = field.size() <= 10 && std::all_of(field.begin(), field.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(Abseil(field), &milliseconds) || milliseconds == 0) {
    errors::Violations violations;
    violations.Add("Connect-Timeout-Ms", "INVALID_VALUE",
                   absl::StrCat("is \"", Shown(field), "\"; 1 to 9999999999 milliseconds were expected"),
                   absl::StrCat("が「", Shown(field), "」です。1〜9999999999 のミリ秒で指定してください"));
    return violations.status();
  }
  return std::min(absl::Milliseconds(milliseconds), most);
}

Response ErrorResponse(const absl::Status& status, int http_status) {
  const google::rpc::Status details = errors::DetailsOf(status);
  Response response;
  response.status = http_status != 0 ? http_status : HttpStatusOf(status.code());
  response.Add("Content-Type", ContentTypeOf(Codec::kJson));
  response.Add("Cache-Control", "no-store");
  if (const auto delay = RetryDelayOf(details)) {
    response.Add("Retry-After", std::string(absl::StrCat(absl::ToInt64Seconds(absl::Ceil(*delay, absl::Seconds(1))))));
  }
  if (response.status == 401) response.Add("WWW-Authenticate", "Bearer");

  std::string& json = response.body;
  json = absl::StrCat("{\"code\":\"", Abseil(CodeName(status.code())),
                      "\",\"message\":", log::JsonString({status.message().data(), status.message().size()}));
  for (int i = 0; i < details.details_size(); ++i) {
    const pb::Any& any = details.details(i);
    const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
    std::string value = absl::Base64Escape(any.value());
    value.erase(value.find_last_not_of('=') + 1);  // Connect writes base64 without padding
    absl::StrAppend(&json, i == 0 ? ",\"details\":[" : ",", "{\"type\":", log::JsonString(type), ",\"value\":\"", value,
                    "\"");
    const std::string debug = DebugJson(any, type);
    absl::StrAppend(&json, debug.empty() ? "" : ",\"debug\":", debug, "}");
  }
  absl::StrAppend(&json, details.details_size() > 0 ? "]}" : "}");
  return response;
}

}  // namespace kubari::gateway
