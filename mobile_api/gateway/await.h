// A coroutine waits for something that ends on a thread of somebody else (gRPC, the authentication pool).
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace kubari::gateway {

using Done = std::function<void()>;

// Runs `start`, which must see to it that its argument is called exactly once, on any thread; goes on after that on the
// coroutine's own executor. `start` hands its result over in memory both sides share.
//
// g++ 12 destroys the captures of a lambda inside a co_await expression twice, unless they are trivial: hence the named
// parameter by reference and the bare pointer.
inline boost::asio::awaitable<void> Until(const std::function<void(Done)>& start) {
  const std::function<void(Done)>* const pointer = &start;
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      [pointer](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto executor = boost::asio::get_associated_executor(*shared);
        (*pointer)([shared, executor] { boost::asio::post(executor, [shared] { (*shared)(); }); });
      },
      boost::asio::use_awaitable);
}

}  // namespace kubari::gateway
