// The compact binary form of what a sealed column holds: varints and counted strings, in an order
// that the reader knows. A reader past the end gives zeros and remembers that it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fumi::store {

class WireWriter {
 public:
  WireWriter& number(std::uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>((value & 0x7fU) | 0x80U);
      value >>= 7U;
    }
    out_ += static_cast<char>(value);
    return *this;
  }
  WireWriter& text(std::string_view value) {
    number(value.size());
    out_.append(value);
    return *this;
  }
  WireWriter& instant(Instant at) { return number(static_cast<std::uint64_t>(to_micros(at))); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t(octet & 0x7fU) << shift;
      if (octet < 0x80) return value;
    }
    short_ = true;
    return 0;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) {
      short_ = true;
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  Instant instant() { return from_micros(static_cast<std::int64_t>(number())); }
  // corrupt: it ended too early. What follows the known fields belongs to a newer program.
  [[nodiscard]] Status done(const char* doing) const {
    if (short_) return fail(Code::corrupt, doing, "the sealed value is too short");
    return {};
  }

 private:
  std::string_view rest_;
  bool short_ = false;
};

}  // namespace fumi::store
