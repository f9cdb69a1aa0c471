// One page of a keyset list, from the request to the answer:
//
//   ASSIGN_OR_RETURN(const paging::Page page, paging::Page::Of(request, network, {"", kFirstId}));
//   … read page.limit() rows behind page.key(0), page.key(1), in that order …
//   response.set_next_page_token(page.Cut(lots, [](const Lot& lot) { return std::vector{lot.display_name, lot.id}; }));
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"

namespace kubari::paging {

// The nil UUID, which stands before all others: the last part of a first page's key.
inline constexpr char kFirstId[] = "00000000-0000-0000-0000-000000000000";

class Page {
 public:
  // Reads page_size and page_token. `first` is the key of the first page, which stands before every row; its last part
  // is a UUID, and so is that of every later key. `scope` as for Fingerprint. Errors: INVALID_ARGUMENT /
  // PAGE_SIZE_INVALID, PAGE_TOKEN_INVALID.
  template <typename Request>
  static absl::StatusOr<Page> Of(const Request& request, std::string_view scope, std::vector<std::string> first) {
    ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
    std::string fingerprint = Fingerprint(request, scope);
    ASSIGN_OR_RETURN(std::vector<std::string> key, Decode(request.page_token(), fingerprint));
    if (key.empty())
      key = std::move(first);
    else if (key.size() != first.size() || !ids::IsUuid(key.back()))
      return InvalidToken();
    return Page(size, std::move(fingerprint), std::move(key));
  }

  // The page goes on behind this key.
  const std::string& key(size_t part) const { return key_.at(part); }
  // Rows to read: one more than the page holds, to see whether it is the last.
  int limit() const { return size_ + 1; }

  // Takes the surplus row out and returns the token of the next page, or "" if this is the last.
  template <typename Row, typename KeyOf>
  std::string Cut(std::vector<Row>& rows, KeyOf key_of) const {
    if (rows.size() <= static_cast<size_t>(size_)) return "";
    rows.resize(size_);
    return Encode(fingerprint_, key_of(rows.back()));
  }

 private:
  Page(int size, std::string fingerprint, std::vector<std::string> key)
      : size_(size), fingerprint_(std::move(fingerprint)), key_(std::move(key)) {}

  int size_;
  std::string fingerprint_;
  std::vector<std::string> key_;
};

}  // namespace kubari::paging
