// The web app's files, read into memory at start.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>

#include "mobile_api/gateway/http.h"

namespace kubari::gateway {

class StaticFiles {
 public:
  // Everything under `root`, the output of the web app's build; "" for none. A file with a sibling "name.br" or
  // "name.gz" is sent in that form to who takes it; texts without a ".gz" are compressed here. Hidden files are left
  // out, but for .well-known. Errors: NOT_FOUND / WEB_ROOT_UNREADABLE.
  static absl::StatusOr<StaticFiles> Load(const std::string& root);

  // Answers GET and HEAD (405 otherwise) for a target's path, not decoded. Files under /assets/ with a hash in their
  // name never change and are kept by browsers for a year; all others are asked for again each time, with their ETag. A
  // path without a dot in its last part that is no file is a page of the single-page app: /index.html. The content
  // stays borrowed from this object.
  void Serve(const Head& head, std::string_view path, Response& response) const;

 private:
  struct Variant {
    std::string content;
    std::string etag;  // with its quotes
  };
  struct File {
    Variant plain, gzip, brotli;  // etag empty: there is none
    std::string type;
    bool immutable = false;
  };
  std::map<std::string, File, std::less<>> files_;  // "/assets/index-C3b0c442.js"
};

}  // namespace kubari::gateway
