// Task<T>: the coroutine type of everything that waits. STYLE §7 says how to write one.
//
// The executor type is concrete (one io_context a thread), which spares a type-erased call at each
// resumption. A Task does nothing until it is awaited or spawned.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace fumi {

using Executor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace fumi
