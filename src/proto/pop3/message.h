// A message on its way to a client: line ends, dots, TOP, without copying the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fumi::pop3 {

// RFC 1939 §3: lines end with CRLF, a line that begins with "." gets one more, and "." CRLF ends
// it all. A bare LF becomes CRLF: to a client that takes it for a line end, a stored LF "." LF
// would otherwise end the message early, and the rest would be read as responses.
//
//   MessageEncoder encoder(text);
//   while (!encoder.done()) {
//     const std::string_view run = encoder.next(out);
//     send `out`, then `run`;                       // either may be empty
//   }
//
// Long runs that need no change are handed out as views of `text`, which must outlive the encoder.
// Memory: about kOutOctets in `out`, whatever the text.
class MessageEncoder {
 public:
  static constexpr std::size_t kOutOctets = 32 * 1024;   // copied octets after which next() returns
  static constexpr std::size_t kRunOctets = 256 * 1024;  // longest run; a deadline may guard each
  static constexpr std::size_t kCopyOctets = 8 * 1024;   // shorter runs are copied

  explicit MessageEncoder(std::string_view text) : text_(text) {}

  // Appends to `out` and returns what is to be sent behind it.
  [[nodiscard]] std::string_view next(std::string& out);
  [[nodiscard]] bool done() const { return done_; }

 private:
  [[nodiscard]] bool edit_at(std::size_t at) const;
  [[nodiscard]] std::size_t run_end() const;

  std::string_view text_;
  std::size_t at_ = 0;
  bool edited_ = false;  // the octet at at_ has its dot or CR before it already
  bool done_ = false;
};

// RFC 1939 §7 TOP: the header, the empty line behind it and `lines` lines of the body.
[[nodiscard]] std::string_view top_of(std::string_view message, std::uint64_t lines);

// Whether the header of the message has octets beyond ASCII: internationalised (RFC 6532), to be
// shown in UTF-8 mode only (RFC 6856 §2.1).
[[nodiscard]] bool needs_utf8(std::string_view message);

}  // namespace fumi::pop3
