// Where a frame ends: a CRLF line, dot-stuffed text, a counted chunk. Each is decided in exactly
// one function, and a bare CR or a bare LF never ends any of them (RFC 5321 §2.3.8).
//
// All of them are incremental: the same octets in any chunking give the same frames. No octet is
// searched twice, whatever the chunking. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/line/input_buffer.h"

namespace fumi::line {

enum class Framed : std::uint8_t {
  more,      // the line's CRLF has not arrived
  done,      // a line; it is consumed
  too_long,  // a line over the limit; it was thrown away and is consumed
  endless,   // so long that waiting for its end is pointless: close the connection
};

struct Line {
  Framed status = Framed::more;
  std::string_view text;   // without its CRLF; valid as long as InputBuffer views are
  std::size_t octets = 0;  // with its CRLF
  bool bare = false;       // holds a CR or LF that is no part of a CRLF
  bool nul = false;        // holds a NUL
};

// RFC 5321 §2.3.8: lines end with CRLF and with nothing else.
class LineFramer {
 public:
  // An overlong line is discarded up to this many octets before it counts as endless.
  static constexpr std::size_t kEndlessOctets = 128 * 1024;

  // Consumes one line of `input`. `octets_max` counts the CRLF (RFC 5321 §4.5.3.1.4) and may differ
  // between lines, not within one. Memory: at most octets_max octets are held for a partial line.
  [[nodiscard]] Line next(InputBuffer& input, std::size_t octets_max);

  // Forgets a partial line, after the input was cleared.
  void reset() { *this = LineFramer(); }

 private:
  std::size_t scanned_ = 0;    // octets of the partial line in the buffer known to hold no CRLF
  std::size_t discarded_ = 0;  // octets of an overlong line already dropped
};

// What the octets of a message look like, gathered while they pass.
struct TextFacts {
  std::uint64_t octets = 0;
  std::uint64_t cr = 0;
  std::uint64_t lf = 0;
  std::uint64_t crlf = 0;
  bool nul = false;
  bool eight_bit = false;  // some octet is over 127
  char last = 0;

  void scan(std::string_view text);
  [[nodiscard]] bool bare_lf() const { return lf != crlf; }
  // Final only at the end of the text: a last CR may still become a CRLF.
  [[nodiscard]] bool bare_cr() const { return cr != crlf; }
  // Certain already now, whatever follows.
  [[nodiscard]] bool bare_so_far() const {
    return bare_lf() || cr - (last == '\r' ? 1 : 0) != crlf;
  }
};

// RFC 5321 §4.5.2: text ends with CRLF "." CRLF and with nothing else, and a "." that begins a line
// was added by the sender. The text is handed out as views between the removed dots.
class DotDecoder {
 public:
  struct Piece {
    std::string_view text;   // unstuffed; may be empty
    std::size_t octets = 0;  // to consume from the input; 0 without `end`: more input is needed
    bool end = false;        // the end was reached (and is in `octets`)
  };
  // `input` begins where the previous call's `octets` ended.
  [[nodiscard]] Piece next(std::string_view input);
  void reset() { place_ = Place::line_start; }

 private:
  enum class Place : std::uint8_t { line_start, inside, after_cr };
  Place place_ = Place::line_start;
};

// A counted chunk (RFC 3030 §2): the part of `input` that belongs to it; `left` shrinks by as much.
[[nodiscard]] std::string_view take_counted(std::string_view input, std::uint64_t& left);

}  // namespace fumi::line
