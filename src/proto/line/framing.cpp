#include "proto/line/framing.h"

#include <algorithm>
#include <cstring>

namespace fumi::line {

Line LineFramer::next(InputBuffer& input, std::size_t octets_max) {
  const std::string_view bytes = input.view();
  for (std::size_t at = scanned_; at < bytes.size();) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) break;
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    at = lf + 1;
    if (lf == 0 || bytes[lf - 1] != '\r') continue;
    Line line{.octets = discarded_ + at};
    input.consume(at);
    reset();
    if (line.octets > std::max(kEndlessOctets, octets_max)) {
      line.status = Framed::endless;
    } else if (line.octets > octets_max) {
      line.status = Framed::too_long;
    } else {
      line.status = Framed::done;
      line.text = bytes.substr(0, lf - 1);
      line.bare = line.text.find_first_of("\r\n") != std::string_view::npos;
      line.nul = line.text.find('\0') != std::string_view::npos;
    }
    return line;
  }
  scanned_ = bytes.size();
  if (discarded_ + bytes.size() >= std::max(kEndlessOctets, octets_max)) {
    input.consume(bytes.size());
    reset();
    return {.status = Framed::endless};
  }
  if (discarded_ + bytes.size() >= octets_max && bytes.size() > 1) {
    // All but a last CR, which may be half of the CRLF, can go.
    const std::size_t kept = bytes.back() == '\r' ? 1 : 0;
    input.consume(bytes.size() - kept);
    discarded_ += bytes.size() - kept;
    scanned_ = kept;
  }
  return {};
}

void TextFacts::scan(std::string_view text) {
  if (text.empty()) return;
  // Blocks so small that octet-sized counters suffice: the compiler makes them 16 lanes wide, which
  // is several times faster than counting into 64 bits.
  constexpr std::size_t kBlock = 240;
  crlf += last == '\r' && text.front() == '\n' ? 1 : 0;
  last = text.back();
  octets += text.size();
  unsigned char bits = 0;
  for (std::size_t start = 0; start < text.size(); start += kBlock) {
    const std::size_t length = std::min(kBlock, text.size() - start);
    const char* const block = text.data() + start;
    std::uint8_t crs = 0;
    std::uint8_t lfs = 0;
    std::uint8_t nuls = 0;
    for (std::size_t i = 0; i < length; ++i) {
      crs = std::uint8_t(crs + (block[i] == '\r'));
      lfs = std::uint8_t(lfs + (block[i] == '\n'));
      nuls = std::uint8_t(nuls + (block[i] == '\0'));
      bits |= static_cast<unsigned char>(block[i]);
    }
    cr += crs;
    lf += lfs;
    nul |= nuls != 0;
    // The pair over the block's end belongs to this block.
    const std::size_t pairs_end = std::min(length, text.size() - start - 1);
    std::uint8_t pairs = 0;
    for (std::size_t i = 0; i < pairs_end; ++i) {
      pairs = std::uint8_t(pairs + (unsigned(block[i] == '\r') & unsigned(block[i + 1] == '\n')));
    }
    crlf += pairs;
  }
  eight_bit |= bits > 127;
}

DotDecoder::Piece DotDecoder::next(std::string_view input) {
  if (input.empty()) return {};
  std::size_t start = 0;
  if (place_ == Place::line_start && input[0] == '.') {
    if (input.size() == 1) return {};
    if (input[1] == '\r') {
      if (input.size() == 2) return {};
      if (input[2] == '\n') {
        reset();
        return {.octets = 3, .end = true};
      }
    }
    start = 1;
    place_ = Place::inside;
  }
  for (std::size_t at = start;;) {
    const void* found = std::memchr(input.data() + at, '\n', input.size() - at);
    if (found == nullptr) {
      place_ = input.back() == '\r' ? Place::after_cr : Place::inside;
      return {.text = input.substr(start), .octets = input.size()};
    }
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
    const bool crlf = lf > 0 ? input[lf - 1] == '\r' : place_ == Place::after_cr;
    at = lf + 1;
    if (crlf && (at == input.size() || input[at] == '.')) {
      place_ = Place::line_start;
      return {.text = input.substr(start, at - start), .octets = at};
    }
    if (at == input.size()) {
      place_ = Place::inside;
      return {.text = input.substr(start), .octets = at};
    }
  }
}

std::string_view take_counted(std::string_view input, std::uint64_t& left) {
  const std::string_view taken = input.substr(0, std::min<std::uint64_t>(input.size(), left));
  left -= taken.size();
  return taken;
}

}  // namespace fumi::line
