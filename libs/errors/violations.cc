#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/errors.h"
#include "libs/log/utf8.h"

namespace kubari::errors {
namespace {

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

struct Utf8 {
  bool valid = true;
  bool has_control = false;  // other than newline and tab
  bool blank = true;         // nothing but spaces, also the wide one (U+3000)
  int characters = 0;
};

Utf8 Inspect(std::string_view text) {
  Utf8 result;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8SequenceLength(text.substr(i));
    if (length == 0) return {.valid = false};
    const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(text[at])); };
    uint32_t point = length == 1 ? byte(i) : byte(i) & (0x7Fu >> length);
    for (size_t j = 1; j < length; ++j) point = (point << 6) | (byte(i + j) & 0x3F);
    if ((point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point < 0xA0)) result.has_control = true;
    if (point != ' ' && point != '\n' && point != '\t' && point != 0x3000) result.blank = false;
    ++result.characters;
    i += length;
  }
  return result;
}

// What is there, short enough to be shown; texts that are not valid are not repeated.
std::string Shown(std::string_view value) {
  if (!Inspect(value).valid) return "?";
  if (value.size() <= 60) return std::string(value);
  size_t end = 60;
  while ((static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(std::string(value.substr(0, end)), "…");
}

}  // namespace

void Violations::Add(std::string_view field, std::string_view reason, std::string_view english,
                     std::string_view japanese) {
  auto* violation = bad_request_.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_reason(std::string(reason));
  violation->set_description(std::string(english));
  violation->mutable_localized_message()->set_locale("ja");
  violation->mutable_localized_message()->set_message(std::string(japanese));
}

bool Violations::Require(bool ok, std::string_view field, std::string_view reason, std::string_view english,
                         std::string_view japanese) {
  if (!ok) Add(field, reason, english, japanese);
  return ok;
}

bool Violations::Uuid(std::string_view field, std::string_view value) {
  if (!Require(!value.empty(), field, "REQUIRED", "is empty; a UUID was expected", "が空です。UUID を入れてください")) return false;
  return Require(IsUuid(value), field, "NOT_A_UUID",
                 absl::StrCat("is \"", Shown(value), "\"; a UUID in lower case was expected"),
                 absl::StrCat("が「", Shown(value), "」です。小文字の UUID を入れてください"));
}

bool Violations::RequestId(std::string_view field, std::string_view value) {
  if (!Require(!value.empty(), field, "REQUIRED",
               "is empty; make a UUID, keep it before sending and send the same one with each retry",
               "が空です。UUID を作って保存し、再送のときも同じものを送ってください")) {
    return false;
  }
  return Uuid(field, value);
}

bool Violations::Name(std::string_view collection, std::string_view field, std::string_view value) {
  const std::string expected = absl::StrCat(std::string(collection), "/{uuid}");
  if (!Require(!value.empty(), field, "REQUIRED", absl::StrCat("is empty; ", expected, " was expected"),
               absl::StrCat("が空です。", expected, " の形で入れてください"))) {
    return false;
  }
  const bool ok = value.size() == collection.size() + 37 && value.substr(0, collection.size()) == collection &&
                  value[collection.size()] == '/' && IsUuid(value.substr(collection.size() + 1));
  return Require(ok, field, "NOT_A_NAME", absl::StrCat("is \"", Shown(value), "\"; ", expected, " was expected"),
                 absl::StrCat("が「", Shown(value), "」です。", expected, " の形で入れてください"));
}

bool Violations::Text(std::string_view field, std::string_view value, int min, int max) {
  const Utf8 text = Inspect(value);
  if (!Require(text.valid && !text.has_control, field, "NOT_TEXT",
               "holds control characters or is not UTF-8; plain text was expected",
               "に使えない文字（制御文字など）が含まれています。通常の文字だけで入れてください")) {
    return false;
  }
  if (min > 0 && !Require(!text.blank, field, "REQUIRED",
                          absl::StrCat("is empty; ", min, " to ", max, " characters were expected"),
                          absl::StrCat("が空です。", min, "〜", max, "文字で入れてください"))) {
    return false;
  }
  if (text.characters >= min && text.characters <= max) return true;
  Add(field, text.characters < min ? "TOO_SHORT" : "TOO_LONG",
      absl::StrCat("has ", text.characters, " characters; ", min, " to ", max, " were expected"),
      absl::StrCat("が", text.characters, "文字です。", min, "〜", max, "文字で入れてください"));
  return false;
}

bool Violations::Range(std::string_view field, int64_t value, int64_t lo, int64_t hi) {
  return Require(value >= lo && value <= hi, field, "OUT_OF_RANGE",
                 absl::StrCat("is ", value, "; ", lo, " to ", hi, " was expected"),
                 absl::StrCat("が ", value, " です。", lo, "〜", hi, " の範囲で入れてください"));
}

bool Violations::EnumNumber(std::string_view field, int value, const google::protobuf::EnumDescriptor& type) {
  std::string choices;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) absl::StrAppend(&choices, choices.empty() ? "" : ", ", type.value(i)->name());
  }
  if (!Require(value != 0, field, "REQUIRED", absl::StrCat("is not set; one of ", choices, " was expected"),
               absl::StrCat("が指定されていません。", choices, " のいずれかを選んでください"))) {
    return false;
  }
  return Require(type.FindValueByNumber(value) != nullptr, field, "UNKNOWN_VALUE",
                 absl::StrCat("is the unknown value ", value, "; one of ", choices, " was expected"),
                 absl::StrCat("が不明な値 ", value, " です。", choices, " のいずれかを選んでください"));
}

absl::Status Violations::status() const {
  const int count = bad_request_.field_violations_size();
  if (count == 0) return absl::OkStatus();
  constexpr int kTold = 3;
  std::string english;
  std::string japanese;
  for (int i = 0; i < std::min(count, kTold); ++i) {
    const auto& violation = bad_request_.field_violations(i);
    absl::StrAppend(&english, i == 0 ? "" : "; ", violation.field(), " ", violation.description());
    absl::StrAppend(&japanese, i == 0 ? "" : "。", violation.field(), " ", violation.localized_message().message());
  }
  if (count > kTold) {
    absl::StrAppend(&english, "; and ", count - kTold, " more");
    absl::StrAppend(&japanese, "。ほか", count - kTold, "件");
  }
  absl::Status status =
      Make(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", absl::StrCat("The request is not valid: ", english, "."),
           absl::StrCat("入力内容を確認してください：", japanese, "。"), {{"violations", absl::StrCat(count)}});
  google::rpc::Status details = DetailsOf(status);
  details.add_details()->PackFrom(bad_request_);
  status.SetPayload("type.googleapis.com/google.rpc.Status", absl::Cord(details.SerializeAsString()));
  return status;
}

}  // namespace kubari::errors
