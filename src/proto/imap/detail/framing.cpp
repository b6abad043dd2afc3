#include "proto/imap/detail/framing.h"

#include <algorithm>

#include "base/ascii.h"

namespace fumi::imap::detail {
namespace {
constexpr std::size_t kKeepCapacity = 512;
constexpr std::size_t kHeaderOctetsMax = 64;  // of "~{…}": what a swallowed line is searched for
}  // namespace

std::optional<LiteralHeader> literal_header(std::string_view line) {
  if (line.size() < 3 || line.back() != '}') return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  std::string_view number = line.substr(open + 1, line.size() - open - 2);
  LiteralHeader header;
  if (!number.empty() && number.back() == '+') {
    header.sync = LiteralHeader::Sync::non_sync;
    number.remove_suffix(1);
  }
  if (number.empty()) return std::nullopt;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63U;
  for (const char c : number) {
    if (!ascii::is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    header.octets = header.octets > (kMost - digit) / 10 ? kMost : header.octets * 10 + digit;
  }
  header.at = open;
  if (open > 0 && line[open - 1] == '~') {
    header.form = LiteralHeader::Form::literal8;
    header.at = open - 1;
  }
  return header;
}

Framer::Event Framer::poll(Mode mode, std::size_t line_octets_max) {
  switch (phase_) {
    case Phase::deciding:
      return Event::literal;
    case Phase::swallowing:
      return poll_swallow();
    case Phase::keeping: {
      const std::size_t take = std::min<std::uint64_t>(left_, pending());
      frame_.append(input_, at_, take);
      consume(take);
      left_ -= take;
      if (left_ > 0) return Event::need_input;
      phase_ = Phase::line;
      return poll_line(mode, line_octets_max);
    }
    case Phase::streaming: {
      if (left_ == 0) {
        phase_ = Phase::line;
        compact();
        return Event::stream_end;
      }
      const std::size_t take = std::min<std::uint64_t>(left_, pending());
      if (take == 0) {
        compact();
        return Event::need_input;
      }
      chunk_ = std::string_view(input_).substr(at_, take);
      at_ += take;
      scan_ = at_;
      left_ -= take;
      return Event::chunk;
    }
    case Phase::line:
      return poll_line(mode, line_octets_max);
  }
  return Event::need_input;
}

Framer::Event Framer::poll_line(Mode mode, std::size_t line_octets_max) {
  scan_ = std::max(scan_, at_);
  const std::size_t end = input_.find("\r\n", scan_);
  std::size_t length = (end == std::string::npos ? input_.size() : end) - at_;
  if (end == std::string::npos && length > 0 && input_.back() == '\r')
    --length;  // maybe half a CRLF
  if (text_octets_ + length > line_octets_max) {
    frame_.append(input_, at_, std::min<std::size_t>(length, kHeaderOctetsMax * 8));  // for the tag
    swallow_event_ = Event::too_long;
    phase_ = Phase::swallowing;
    left_ = 0;
    return poll_swallow();
  }
  if (end == std::string::npos) {
    scan_ = input_.size() - (input_.size() > at_ && input_.back() == '\r' ? 1 : 0);
    return Event::need_input;
  }
  const std::size_t begin = frame_.size();
  frame_.append(input_, at_, length);
  text_octets_ += length;
  consume(length + 2);
  if (mode == Mode::raw_line) return Event::line;
  const auto header = literal_header(std::string_view(frame_).substr(begin));
  if (!header) return Event::line;
  header_ = *header;
  header_.at += begin;
  phase_ = Phase::deciding;
  return Event::literal;
}

// Swallows octets of literals and lines until the command ends: at a line without a literal, or at
// a synchronising literal, for which the client waits and gets the command's answer instead.
Framer::Event Framer::poll_swallow() {
  for (;;) {
    const std::size_t take = std::min<std::uint64_t>(left_, pending());
    consume(take);
    left_ -= take;
    if (left_ > 0) return Event::need_input;
    scan_ = std::max(scan_, at_);
    const std::size_t end = input_.find("\r\n", scan_);
    if (end == std::string::npos) {
      // Only the tail can matter: a literal's header or half of a CRLF.
      if (pending() > 2 * kHeaderOctetsMax) consume(pending() - kHeaderOctetsMax);
      scan_ = std::max(at_, input_.size() - std::min<std::size_t>(input_.size(), 1));
      return Event::need_input;
    }
    std::string_view line = std::string_view(input_).substr(at_, end - at_);
    if (line.size() > kHeaderOctetsMax) line.remove_prefix(line.size() - kHeaderOctetsMax);
    const auto header = literal_header(line);
    consume(end + 2 - at_);
    if (header && header->sync == LiteralHeader::Sync::non_sync) {
      left_ = header->octets;
      continue;
    }
    phase_ = Phase::line;
    return swallow_event_;
  }
}

void Framer::keep() {
  frame_ += "\r\n";
  left_ = header_.octets;
  phase_ = Phase::keeping;
}

void Framer::stream() {
  frame_.resize(header_.at);
  left_ = header_.octets;
  phase_ = Phase::streaming;
}

void Framer::skip(const LiteralHeader& header) {
  left_ = header.octets;
  swallow_event_ = Event::skipped;
  phase_ = Phase::swallowing;
}

void Framer::drop() { phase_ = Phase::line; }

void Framer::next_command() {
  frame_.clear();
  if (frame_.capacity() > kKeepCapacity) frame_.shrink_to_fit();
  text_octets_ = 0;
  phase_ = Phase::line;
  compact();
}

void Framer::discard_input() {
  at_ = scan_ = input_.size();
  next_command();
}

void Framer::consume(std::size_t count) {
  at_ += count;
  scan_ = std::max(scan_, at_);
  if (at_ == input_.size() || at_ > 65'536) compact();
}

void Framer::compact() {
  if (at_ == 0) return;
  input_.erase(0, at_);
  scan_ -= std::min(scan_, at_);
  at_ = 0;
  if (input_.empty() && input_.capacity() > kKeepCapacity) input_.shrink_to_fit();
}

}  // namespace fumi::imap::detail
