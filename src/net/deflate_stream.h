// Compression between a session and its stream (RFC 4978, DEFLATE in both directions). It stands
// above TLS: what is sent is compressed first and encrypted then (RFC 4978 §3).
//
// - What write_all() gets is with the peer when it returns: each call ends in a flush.
// - A connection that is quiet for `linger` gives its 310 KB back and keeps what the peer may refer
//   to, at most 32 KB and no more than was said; the next octet brings the rest back.
// - A peer decides what its octets grow to, not how much of it is held: read_some() inflates no
//   more than it is asked for, and readable() at most 512 octets.
// - Errors: those of `inner`; invalid when the peer's octets are no DEFLATE stream. The end of the
//   DEFLATE stream is the end of input. start_tls_*() are unsupported.
#pragma once

#include <chrono>
#include <memory>

#include "net/stream.h"

namespace fumi::net {

struct DeflateOptions {
  int level = 3;                              // 1 (fast) to 9 (small)
  Duration linger = std::chrono::seconds(2);  // quiet for so long: memory is given back
};

// Takes over between two octets: what was read before is in clear, what comes next is compressed.
[[nodiscard]] std::unique_ptr<Stream> make_deflate(std::unique_ptr<Stream> inner,
                                                   DeflateOptions options);

// Ends it between two octets (RFC 8437 §4.1): gives `inner` back. A stream of another kind is given
// back as it is.
[[nodiscard]] std::unique_ptr<Stream> end_deflate(std::unique_ptr<Stream> stream);

}  // namespace fumi::net
