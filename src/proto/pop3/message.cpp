#include "proto/pop3/message.h"

#include <algorithm>

namespace fumi::pop3 {

// Whether a dot or a CR must be put before the octet at `at`.
bool MessageEncoder::edit_at(std::size_t at) const {
  const char before = at == 0 ? '\n' : text_[at - 1];
  if (text_[at] == '.') return before == '\n';
  return text_[at] == '\n' && (at == 0 || before != '\r');
}

// The end of the octets from at_ on that can go as they are, at most kRunOctets of them.
std::size_t MessageEncoder::run_end() const {
  const std::size_t end = std::min(text_.size(), at_ + kRunOctets);
  if (!edited_ && edit_at(at_)) return at_;
  for (std::size_t at = at_;;) {
    at = text_.substr(0, end).find('\n', at);
    if (at == std::string_view::npos) return end;
    if (at != at_ && edit_at(at)) return at;
    ++at;
    if (at == end) return end;
    if (edit_at(at)) return at;
  }
}

std::string_view MessageEncoder::next(std::string& out) {
  const std::size_t full = out.size() + kOutOctets;
  while (at_ < text_.size()) {
    const std::size_t end = run_end();
    const std::string_view run = text_.substr(at_, end - at_);
    at_ = end;
    if (!run.empty()) edited_ = false;
    if (run.size() >= kCopyOctets) return run;
    out += run;
    if (at_ < text_.size() && !edited_ && edit_at(at_)) {
      out += text_[at_] == '.' ? '.' : '\r';
      edited_ = true;
    }
    if (out.size() >= full) return {};
  }
  if (!text_.empty() && text_.back() != '\n') out += "\r\n";
  out += ".\r\n";
  done_ = true;
  return {};
}

namespace {

// Where the header ends, with the empty line: the whole message if there is none.
std::size_t header_end(std::string_view message) {
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message.find('\n', at);
    if (end == std::string_view::npos) break;
    const std::string_view line = message.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line == "\r") return at;
  }
  return message.size();
}

}  // namespace

std::string_view top_of(std::string_view message, std::uint64_t lines) {
  std::size_t at = header_end(message);
  for (; lines > 0 && at < message.size(); --lines) {
    const std::size_t end = message.find('\n', at);
    at = end == std::string_view::npos ? message.size() : end + 1;
  }
  return message.substr(0, at);
}

bool needs_utf8(std::string_view message) {
  const std::string_view header = message.substr(0, header_end(message));
  return std::ranges::any_of(header, [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
}

}  // namespace fumi::pop3
