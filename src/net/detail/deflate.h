// zlib, raw DEFLATE (RFC 1951) in both directions of one connection. Memory is taken at first use
// and given back by rest(), after which the stream goes on where it was: nothing is renegotiated.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fumi::net::detail {

class Deflater {
 public:
  explicit Deflater(int level) : level_(level) {}
  ~Deflater() { rest(); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  enum class Flush { no, sync };
  // The next input; then take() until it gives 0. The bytes must stay until then.
  [[nodiscard]] Status give(std::string_view bytes, Flush flush);
  [[nodiscard]] std::size_t take(std::span<char> into);

  // Forgets the history, 270 KB of it: what comes next refers to nothing before. Only after a sync.
  void rest();
  [[nodiscard]] bool is_active() const { return z_.has_value(); }

 private:
  int level_;
  int flush_ = Z_NO_FLUSH;
  bool more_ = false;  // take() has something to give
  std::optional<z_stream> z_;
};

class Inflater {
 public:
  Inflater() = default;
  ~Inflater() { end(); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Takes from the front of `input` and gives at most into.size() octets: 0 means that more input
  // is needed, or that the stream has ended. invalid: this is no DEFLATE stream.
  [[nodiscard]] Result<std::size_t> take(std::string_view& input, std::span<char> into);
  [[nodiscard]] bool has_ended() const { return ended_; }

  // Keeps the history that the peer may refer to (at most 32 KB), and frees the rest; where the
  // stream stands in the middle of a block, nothing.
  void rest();
  [[nodiscard]] bool is_active() const { return z_.has_value(); }
  [[nodiscard]] std::size_t history_octets() const { return history_.capacity(); }

 private:
  [[nodiscard]] Status begin();
  void end();

  std::optional<z_stream> z_;
  std::string history_;
  bool more_ = false;  // the last output was full
  bool ended_ = false;
};

}  // namespace fumi::net::detail
