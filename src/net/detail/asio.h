// What the implementation files share of Asio: one completion token, the concrete object types.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace fumi::net::detail {

namespace asio = boost::asio;

// Errors come as values: `auto [error] = co_await x.async_wait(kAwait);`
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>{});

using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using SteadyTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

[[nodiscard]] inline bool is_cancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

[[nodiscard]] inline std::unexpected<Error> cancelled(std::string doing) {
  return fail(Code::cancelled, std::move(doing), "asked to stop");
}

}  // namespace fumi::net::detail
