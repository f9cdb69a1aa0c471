#include "libs/paging/paging.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <sodium.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "libs/errors/errors.h"

namespace kubari::paging {
namespace {

// A token is base64url of: version, tag, then each part of the key as a 32-bit big-endian length and its bytes. The tag
// is the beginning of SHA-256 over the fingerprint and the key's bytes, so it holds for that list, that filter and that
// key only.
constexpr char kVersion = 1;
constexpr size_t kTagBytes = 16;
constexpr size_t kHeaderBytes = 1 + kTagBytes;
constexpr size_t kMaxToken = 8192;  // characters

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

// Length first, so that neighbouring parts cannot run into each other.
void AppendPart(std::string& bytes, std::string_view part) {
  const auto size = static_cast<uint32_t>(part.size());
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(size >> shift & 0xFF));
  bytes.append(part);
}

std::string Tag(std::string_view fingerprint, std::string_view key_bytes) {
  std::string bytes("kubari page token\1", 18);
  AppendPart(bytes, fingerprint);
  bytes.append(key_bytes);
  return Sha256(bytes).substr(0, kTagBytes);
}

std::string ToBase64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();  // libsodium counts the terminating zero
  return text;
}

// Empty if it is not base64url in its one canonical spelling.
std::string FromBase64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return {};
  }
  bytes.resize(size);
  return ToBase64(bytes) == text ? bytes : std::string();
}

}  // namespace

absl::StatusOr<int> PageSize(int requested) {
  if (requested < 0) {
    return errors::Make(
        absl::StatusCode::kInvalidArgument, "PAGE_SIZE_INVALID",
        absl::StrCat("page_size is ", requested, "; it must be 0 (for ", kDefaultPageSize, ") or more."),
        absl::StrCat("page_size が ", requested, " です。0（", kDefaultPageSize, "件）以上にしてください。"),
        {{"page_size", absl::StrCat(requested)}});
  }
  return requested == 0 ? kDefaultPageSize : std::min(requested, kMaxPageSize);
}

std::string Fingerprint(const google::protobuf::Message& request, std::string_view scope) {
  const std::unique_ptr<google::protobuf::Message> filter(request.New());
  filter->CopyFrom(request);
  filter->DiscardUnknownFields();
  for (const char* name : {"page_token", "page_size"}) {
    if (const auto* field = filter->GetDescriptor()->FindFieldByName(name)) {
      filter->GetReflection()->ClearField(filter.get(), field);
    }
  }
  std::string content;
  {
    google::protobuf::io::StringOutputStream stream(&content);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // maps in one order
    filter->SerializeToCodedStream(&coded);
  }
  std::string bytes;
  AppendPart(bytes, filter->GetDescriptor()->full_name());
  AppendPart(bytes, scope);
  AppendPart(bytes, content);
  return Sha256(bytes);
}

std::string Encode(std::string_view fingerprint, const std::vector<std::string>& key) {
  std::string key_bytes;
  for (const std::string& part : key) AppendPart(key_bytes, part);
  std::string bytes(1, kVersion);
  bytes.append(Tag(fingerprint, key_bytes));
  bytes.append(key_bytes);
  return ToBase64(bytes);
}

absl::StatusOr<std::vector<std::string>> Decode(std::string_view token, std::string_view fingerprint) {
  std::vector<std::string> key;
  if (token.empty()) return key;
  if (token.size() > kMaxToken) return InvalidToken();
  const std::string bytes = FromBase64(token);
  if (bytes.size() < kHeaderBytes || bytes[0] != kVersion) return InvalidToken();
  std::string_view rest = std::string_view(bytes).substr(kHeaderBytes);
  if (Tag(fingerprint, rest) != bytes.substr(1, kTagBytes)) return InvalidToken();
  // Whoever computes the tag himself can still write anything here, so the lengths are not trusted.
  while (!rest.empty()) {
    if (rest.size() < 4) return InvalidToken();
    uint32_t size = 0;
    for (const char c : rest.substr(0, 4)) size = size << 8 | static_cast<uint8_t>(c);
    rest.remove_prefix(4);
    if (rest.size() < size) return InvalidToken();
    key.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return key;
}

absl::Status InvalidToken() {
  return errors::Make(
      absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
      "page_token does not belong to this list with this filter. Use the next_page_token of the last answer with "
      "the same filter, or leave it empty to begin again.",
      "page_token がこの一覧・この絞り込み条件のものではありません。直前の応答の next_page_token を同じ条件で"
      "使うか、空にして最初から読み直してください。");
}

}  // namespace kubari::paging
