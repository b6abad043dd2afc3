// Writing responses (RFC 9112 §2.1, §6): the header, and chunks for bodies of unknown length.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "proto/http/message.h"

namespace fumi::http {

enum class Connection { keep_alive, close };
enum class Framing {
  length,       // Content-Length of response.body
  stated,       // the response has a Content-Length of its own
  chunked,      // Transfer-Encoding: chunked; HTTP/1.1 clients only
  until_close,  // for HTTP/1.0 clients; goes with Connection::close
};

// The header up to and with the empty line. Adds Date, Connection and the framing fields; a 204 or
// 304 gets none of the latter (RFC 9110 §8.6). CR, LF and NUL in values become spaces, so that no
// value can add a field. The body follows it, but never after a HEAD request.
[[nodiscard]] std::string write_head(const Response& response, Version version,
                                     Connection connection, Framing framing, Instant now);

// One chunk; an empty one is never written (it would end the body).
[[nodiscard]] std::string chunk_head(std::size_t octets);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

[[nodiscard]] std::string http_date(Instant at);  // RFC 9110 §5.6.7 IMF-fixdate

}  // namespace fumi::http
