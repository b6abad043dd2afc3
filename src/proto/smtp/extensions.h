// The SMTP service extensions that we know, as a set.
#pragma once

#include <cstdint>

namespace fumi::smtp {

enum class Extension : std::uint16_t {
  pipelining = 1,        // RFC 2920
  size = 2,              // RFC 1870
  eight_bit_mime = 4,    // RFC 6152
  smtputf8 = 8,          // RFC 6531
  chunking = 16,         // RFC 3030
  binarymime = 32,       // RFC 3030; only together with chunking
  enhanced_status = 64,  // RFC 2034
  dsn = 128,             // RFC 3461
  starttls = 256,        // RFC 3207
  auth = 512,            // RFC 4954
  limits = 1024,         // RFC 9422
  requiretls = 2048,     // RFC 8689
  futurerelease = 4096,  // RFC 4865; a server's alone
};

struct Extensions {
  std::uint16_t bits = 0;
  [[nodiscard]] constexpr bool has(Extension wanted) const {
    return (bits & static_cast<std::uint16_t>(wanted)) != 0;
  }
  constexpr void add(Extension more) { bits |= static_cast<std::uint16_t>(more); }
  constexpr void remove(Extension less) {
    bits &= static_cast<std::uint16_t>(~static_cast<std::uint16_t>(less));
  }
  // What a server of ours offers where nothing else is said.
  [[nodiscard]] static constexpr Extensions usual() { return {0x07ff & ~0x100 & ~0x200}; }
  friend bool operator==(Extensions, Extensions) = default;
};

}  // namespace fumi::smtp
