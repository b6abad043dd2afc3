// Cuts the input into commands: lines ended by CRLF, and the literals that lines announce
// (RFC 9051 §4.3, RFC 7888, RFC 3516 §4.2 literal8). A frame is the whole text of one command with
// its literals in place, "{5}\r\nhello" included, so that a parser reads it front to back.
// A bare CR or LF ends nothing. Same bytes in any chunking give the same events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fumi::imap::detail {

struct LiteralHeader {
  enum class Sync : std::uint8_t { waits, non_sync };
  enum class Form : std::uint8_t { literal, literal8 };
  std::uint64_t octets = 0;  // saturated: 2^63 and more are 2^63
  Sync sync = Sync::waits;
  Form form = Form::literal;
  std::size_t at = 0;  // where "{" or "~{" stands in the frame
};

class Framer {
 public:
  enum class Event : std::uint8_t {
    need_input,
    line,        // frame() is complete, without the last CRLF
    literal,     // the line ended in a literal; answer with keep(), stream(), skip() or drop()
    chunk,       // octets() of a streamed literal; valid until the next call
    stream_end,  // the streamed literal is over; the frame goes on behind it
    too_long,    // the line went over its limit; the rest of the command was swallowed
    skipped,     // the rest of a skipped command was swallowed
  };
  // Whether "{n}" at a line's end announces a literal: not in SASL responses and IDLE's DONE.
  enum class Mode : std::uint8_t { command, raw_line };

  void feed(std::string_view bytes) { input_.append(bytes); }
  [[nodiscard]] Event poll(Mode mode, std::size_t line_octets_max);

  [[nodiscard]] std::string_view frame() const { return frame_; }
  [[nodiscard]] std::string_view octets() const { return chunk_; }
  [[nodiscard]] const LiteralHeader& literal() const { return header_; }
  [[nodiscard]] bool at_literal() const { return phase_ == Phase::deciding; }

  void keep();    // take the literal's octets into the frame
  void stream();  // hand them out as chunks instead; the frame keeps the text before the header
  void skip(const LiteralHeader& header);  // swallow them and what is left of the command
  void drop();          // a synchronising literal that is not wanted: the command ends here
  void next_command();  // forget the frame
  void reset_frame_text() { frame_.clear(); }  // the parsed head of an APPEND is not needed again
  void discard_input();  // STARTTLS: what came in clear behind the command is not to be trusted

  [[nodiscard]] std::size_t pending() const { return input_.size() - at_; }
  [[nodiscard]] std::size_t heap_octets() const { return input_.capacity() + frame_.capacity(); }

 private:
  enum class Phase : std::uint8_t { line, deciding, keeping, streaming, swallowing };
  Event poll_line(Mode mode, std::size_t line_octets_max);
  Event poll_swallow();
  void consume(std::size_t count);
  void compact();

  std::string input_;
  std::size_t at_ = 0;    // input_ before it is consumed
  std::size_t scan_ = 0;  // no CRLF starts between at_ and here
  std::string frame_;
  std::size_t text_octets_ = 0;  // of the frame's lines, literals apart
  std::string_view chunk_;
  std::uint64_t left_ = 0;  // octets of the literal in work
  LiteralHeader header_;
  Phase phase_ = Phase::line;
  Event swallow_event_ = Event::skipped;
};

// "{" number64 ["+"] "}" or its literal8 form at the end of a line without its CRLF.
[[nodiscard]] std::optional<LiteralHeader> literal_header(std::string_view line);

}  // namespace fumi::imap::detail
