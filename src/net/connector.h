// Outgoing connections.
#pragma once

#include <memory>
#include <optional>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/stream.h"

namespace fumi::net {

struct ConnectOptions {
  Duration timeout = std::chrono::seconds(30);  // RFC 5321 §4.5.3.2 leaves connect to us
  std::optional<IpAddress> source;              // bind to this address first
};

// Connects from the calling coroutine; the stream lives on its executor, without a deadline set.
// Errors: timeout, cancelled, unavailable (refused, unreachable, no fds), invalid (address,
// source).
Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to, ConnectOptions options);

}  // namespace fumi::net
