// What lists have in common.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "libs/errors/macros.h"
#include "libs/paging/paging.h"
#include "libs/rpc/call.h"
#include "services/stock/handlers/context.h"

namespace kubari::stock {

// A name as a filter of its id; empty: none.
inline Filter ById(const std::string& name) { return name.empty() ? Filter() : Filter(IdOf(name)); }

// The page that a list request asks for, and what its tokens are bound to. The caller's scope is part of it.
struct Asked {
  Page page;
  std::string fingerprint;
};
template <typename Request>
absl::StatusOr<Asked> Ask(const rpc::Call& call, const Request& request) {
  Asked asked{.fingerprint = paging::Fingerprint(request, call.principal.network_id)};
  ASSIGN_OR_RETURN(asked.page.size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(asked.page.after, paging::Decode(request.page_token(), asked.fingerprint));
  return asked;
}

// Cuts the extra value off, and says where to go on: behind the key of the last.
template <typename T, typename Response, typename Key>
void Cut(const Asked& asked, std::vector<T>& found, Response& response, Key key_of) {
  if (static_cast<int>(found.size()) <= asked.page.size) return;
  found.erase(found.begin() + asked.page.size, found.end());
  response.set_next_page_token(paging::Encode(asked.fingerprint, key_of(found.back())));
}
template <typename T, typename Response>
void Cut(const Asked& asked, std::vector<T>& found, Response& response) {
  Cut(asked, found, response, [](const T& last) { return KeyOf(last); });
}

}  // namespace kubari::stock
