// Page sizes and opaque page tokens for keyset lists.
//
//   ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
//   const std::string fingerprint = paging::Fingerprint(request, network);
//   ASSIGN_OR_RETURN(const auto key, paging::Decode(request.page_token(), fingerprint));   // {} on the first page
//   … read size + 1 rows after `key`; if there are more than size:
//   response.set_next_page_token(paging::Encode(fingerprint, {last.name, last.id}));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class Message;
}

namespace kubari::paging {

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 200;

// 0 means 50; more than 200 means 200. Negative: INVALID_ARGUMENT / PAGE_SIZE_INVALID.
absl::StatusOr<int> PageSize(int requested);

// What a page token is bound to: the request's type (each list method has its own), all its fields but page_token and
// page_size, and a scope that is not in the request, such as the network's id. 32 bytes (SHA-256), not text.
std::string Fingerprint(const google::protobuf::Message& request, std::string_view scope);

// A token for "go on after this key". URL-safe text.
std::string Encode(std::string_view fingerprint, const std::vector<std::string>& key);

// The key of a token; an empty token is the first page and gives an empty key. A token that is damaged, too long, or
// was given for another list or filter: INVALID_ARGUMENT / PAGE_TOKEN_INVALID. A token is checked against accident, not
// against intent: there is no secret in it. The key may hold anything, so callers convert its parts with care (a
// malformed id is InvalidToken()) and never rely on it for rights.
absl::StatusOr<std::vector<std::string>> Decode(std::string_view token, std::string_view fingerprint);

// The error of a bad token, for callers whose key parts do not convert.
absl::Status InvalidToken();

}  // namespace kubari::paging
