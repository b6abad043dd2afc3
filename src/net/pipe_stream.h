// Streams for tests and simulation: a pair in memory, and a wrapper that fails at a chosen
// operation.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "net/stream.h"

namespace fumi::net {

struct PipeOptions {
  std::size_t capacity = 64 * 1024;  // bytes in flight each way; a writer waits beyond it
  std::size_t chunk_max = SIZE_MAX;  // read_some() gives at most this: 1 splits every byte
  Endpoint a = Endpoint::of(*IpAddress::parse("192.0.2.1"), 40000);
  Endpoint b = Endpoint::of(*IpAddress::parse("192.0.2.2"), 25);
};

// Both ends live on the executor. start_tls_*() agrees once both ends have called it, encrypts
// nothing and reports a made-up TlsInfo, so that sessions can be tested without certificates.
[[nodiscard]] std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_pipe(
    Executor executor, PipeOptions options);

// Passes on to `inner`, whose Nth awaiting operation (from 1) fails instead with `code`, and all
// after it with peer_gone: loop N upwards until a run passes without failing (STYLE §11).
[[nodiscard]] std::unique_ptr<Stream> make_failing(std::unique_ptr<Stream> inner,
                                                   std::size_t fail_at, Code code);

}  // namespace fumi::net
