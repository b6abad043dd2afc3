// RequestReader: the server's half of HTTP/1.0 and 1.1 framing (RFC 9112), sans-I/O.
//
//   loop: step = next()
//     Need      read into prepare(n), commit(got), again
//     Head      the header is complete and the body not read: accept() or close
//     Piece     of a body accepted as a stream: take_piece() before going on
//     Complete  take the request; answer; then next() goes on with what the client pipelined
//     Bad       answer with `status` and close: framing is lost, or must not be trusted
// output() holds "100 Continue" where the client waits for it (RFC 9110 §10.1.1): send it first.
//
// Strict where leniency has been used for request smuggling: Content-Length with Transfer-Encoding,
// differing lengths, transfer codings other than one "chunked" (501), bare CR, spaces before the
// colon, a missing or doubled Host (RFC 9112 §3.2) are all Bad. The parser is Boost.Beast's; it
// stays in the .cpp. Same bytes in any chunking give the same steps. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "proto/http/message.h"

namespace fumi::http {

struct ReaderLimits {
  std::uint32_t header_octets_max = 64 * 1024;  // request line included; over it 431
  std::size_t target_octets_max = 8 * 1024;     // 414
  std::size_t fields_max = 100;                 // 431
};

struct Need {};
struct Head {};
struct Piece {};
struct Complete {};
struct Bad {
  int status = 400;
  std::string why;
};
using Step = std::variant<Need, Head, Piece, Complete, Bad>;

// Whether a body is gathered in request().body, or handed over as it comes.
enum class Body : std::uint8_t { whole, stream };

class RequestReader {
 public:
  explicit RequestReader(ReaderLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  [[nodiscard]] std::span<char> prepare(std::size_t octets);
  void commit(std::size_t octets);
  [[nodiscard]] Step next();

  // After Head. A larger body makes the next step Bad 413, before it is read where its length is
  // announced.
  void accept(std::uint64_t body_octets_max, Body body = Body::whole);
  // After Piece: never empty, and never more than what was committed since the last one.
  [[nodiscard]] std::string take_piece() { return std::move(piece_); }

  // After Head: all but the body. After Complete: everything.
  [[nodiscard]] const Request& request() const;
  [[nodiscard]] Request take();
  // What was read behind a complete request: the first octets of another protocol, after 101.
  [[nodiscard]] std::string take_rest();
  // Whether the connection may carry another request (RFC 9112 §9.3), as far as the client says.
  [[nodiscard]] bool keep_alive() const;
  // Whether a request has begun: decides between 408 and a silent close on a timeout.
  [[nodiscard]] bool in_request() const;

  [[nodiscard]] std::string_view output() const { return output_; }
  void sent(std::size_t octets) { output_.erase(0, octets); }

 private:
  struct Impl;
  Step read_head();
  Step read_body();
  bool take_streamed();
  Step bad(int status, std::string why);

  ReaderLimits limits_;
  std::unique_ptr<Impl> impl_;
  std::string input_;
  std::size_t begin_ = 0;    // of what is not parsed yet
  std::size_t end_ = 0;      // of what was committed
  std::size_t scanned_ = 0;  // octets behind begin_ that hold no end of a header
  std::string output_;
  Request request_;
  std::uint64_t body_octets_max_ = 0;
  std::uint64_t body_octets_ = 0;  // that have come, of a stream
  Body body_ = Body::whole;
  std::string piece_;
  bool keep_alive_ = false;
  enum class Phase { head, decide, body, done, broken } phase_ = Phase::head;
};

}  // namespace fumi::http
