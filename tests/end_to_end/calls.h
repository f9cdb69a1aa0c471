// Short ways to call the contract in tests: a call that must succeed, and all pages of a list.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include "libs/errors/errors.h"
#include "ops/kubari/client.h"

namespace kubari::end_to_end {

// The answer; ends the test program if there is none. `method` as in "stock.GetLot".
template <typename Response>
Response Must(const cli::Client& client, const std::string& method, const google::protobuf::Message& request) {
  absl::StatusOr<Response> answer = client.Call<Response>(method.c_str(), request);
  if (!answer.ok()) {
    std::fprintf(stderr, "end_to_end: %s failed: %s / %s\n%s\n", method.c_str(), answer.status().ToString().c_str(),
                 errors::ReasonOf(answer.status()).c_str(), request.ShortDebugString().c_str());
    std::abort();
  }
  return *std::move(answer);
}

// All pages. `rows` gives the repeated field of an answer.
template <typename Response, typename Request, typename Rows>
auto MustList(const cli::Client& client, const std::string& method, Request request, Rows rows) {
  std::vector<typename std::decay_t<decltype(rows(std::declval<const Response&>()))>::value_type> all;
  request.set_page_size(200);
  do {
    const Response page = Must<Response>(client, method, request);
    for (const auto& row : rows(page)) all.push_back(row);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace kubari::end_to_end
