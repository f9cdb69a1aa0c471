#include "libs/errors/errors.h"

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>

#include "libs/log/log.h"

namespace kubari::errors {
namespace {

constexpr char kDomain[] = "kubari";
constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";

absl::string_view Abseil(std::string_view text) { return absl::string_view(text.data(), text.size()); }

std::optional<google::rpc::Status> PayloadOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  google::rpc::Status details;
  if (!payload.has_value() || !details.ParseFromString(std::string(*payload))) return std::nullopt;
  return details;
}

void SetPayload(absl::Status& status, const google::rpc::Status& details) {
  status.SetPayload(kPayload, absl::Cord(details.SerializeAsString()));
}

// The first detail of type Detail.
template <typename Detail>
std::optional<Detail> Find(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const std::optional<google::rpc::Status> details = PayloadOf(status);
  if (!details.has_value()) return std::nullopt;
  for (const google::protobuf::Any& any : details->details()) {
    Detail detail;
    if (any.Is<Detail>() && any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

struct Neutral {
  std::string_view english;
  std::string_view japanese;
};

// What a caller is told of an error that nobody wrote for people.
Neutral NeutralText(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return {"The call was cancelled by its caller.", "呼び出しは取り消されました。"};
    case absl::StatusCode::kDeadlineExceeded:
      return {"It took too long. Try again; a retry with the same request_id is safe.",
              "時間内に終わりませんでした。もう一度お試しください。同じ操作が二重になることはありません。"};
    case absl::StatusCode::kUnavailable:
      return {"A part of the system cannot be reached just now. Try again shortly.",
              "ただいま接続できません。しばらくしてからもう一度お試しください。"};
    case absl::StatusCode::kAborted:
      return {"Another change came first. Try again.", "ほかの変更と重なりました。もう一度お試しください。"};
    case absl::StatusCode::kResourceExhausted:
      return {"Too much at once. Try again shortly.", "混み合っています。しばらくしてからもう一度お試しください。"};
    case absl::StatusCode::kUnimplemented:
      return {"There is no such method.", "この操作には対応していません。"};
    case absl::StatusCode::kUnauthenticated:
      return {"Sign in first.", "サインインしてください。"};
    case absl::StatusCode::kPermissionDenied:
      return {"You may not do this.", "この操作を行う権限がありません。"};
    case absl::StatusCode::kNotFound:
      return {"It does not exist.", "見つかりません。"};
    case absl::StatusCode::kAlreadyExists:
      return {"It exists already.", "すでに存在します。"};
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return {"The request is not valid.", "入力内容が正しくありません。"};
    case absl::StatusCode::kFailedPrecondition:
      return {"This is not possible in the present state.", "現在の状態ではこの操作を行えません。"};
    default:
      return {"Something went wrong on our side. The log names this call's request id.",
              "システム内部で問題が発生しました。時間をおいてもう一度お試しください。"};
  }
}

}  // namespace

absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view english, std::string_view japanese,
                  Metadata metadata) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(std::string(english));

  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kDomain);
  for (auto& [key, value] : metadata) (*info.mutable_metadata())[key] = std::move(value);
  details.add_details()->PackFrom(info);

  for (const auto& [locale, text] : {std::pair{"en", english}, std::pair{"ja", japanese}}) {
    google::rpc::LocalizedMessage message;
    message.set_locale(locale);
    message.set_message(std::string(text));
    details.add_details()->PackFrom(message);
  }

  absl::Status status(code, Abseil(english));
  SetPayload(status, details);
  return status;
}

absl::Status WithRetry(const absl::Status& status, absl::Duration delay) {
  if (status.ok()) return status;
  google::rpc::Status details = DetailsOf(status);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  retry.mutable_retry_delay()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  details.add_details()->PackFrom(retry);
  absl::Status result = status;
  SetPayload(result, details);
  return result;
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  return info.has_value() ? info->reason() : "";
}

Metadata MetadataOf(const absl::Status& status) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  return info.has_value() ? Metadata(info->metadata().begin(), info->metadata().end()) : Metadata();
}

std::string MessageIn(std::string_view locale, const absl::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::LocalizedMessage message;
    if (any.Is<google::rpc::LocalizedMessage>() && any.UnpackTo(&message) && message.locale() == locale) {
      return message.message();
    }
  }
  return std::string(status.message());
}

std::vector<google::rpc::BadRequest::FieldViolation> ViolationsOf(const absl::Status& status) {
  const auto bad_request = Find<google::rpc::BadRequest>(status);
  if (!bad_request.has_value()) return {};
  return {bad_request->field_violations().begin(), bad_request->field_violations().end()};
}

google::rpc::Status DetailsOf(const absl::Status& status) {
  google::rpc::Status details = PayloadOf(status).value_or(google::rpc::Status());
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(status.message()));
  return details;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (ReasonOf(status).empty()) {
    const std::string code = absl::StatusCodeToString(status.code());
    log::Warning("an error without details was replaced by a neutral one", {{"code", code}, {"error", status.message()}});
    const Neutral text = NeutralText(status.code());
    return ToGrpc(Make(status.code(), code, text.english, text.japanese));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      DetailsOf(status).SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  // A stranger's details may be anything; only a google.rpc.Status of the same code is ours.
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code())) {
    SetPayload(result, details);
  }
  return result;
}

}  // namespace kubari::errors
