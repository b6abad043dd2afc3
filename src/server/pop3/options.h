// The options of the POP3 door.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::server {

enum class Pop3Plaintext : std::uint8_t { refuse, allow };
enum class Pop3Seen : std::uint8_t { keep, set };
enum class Pop3Utf8Headers : std::uint8_t { send, refuse };

struct Pop3Options {
  Pop3Plaintext plaintext = Pop3Plaintext::refuse;   // passwords without TLS
  Duration idle_timeout = std::chrono::minutes(10);  // RFC 1939 §3: at least 10 minutes
  Duration login_timeout = std::chrono::minutes(2);
  Duration login_delay = std::chrono::seconds(0);  // RFC 2449 §6.5; 0: none
  std::uint32_t expire_days = 0;                   // RFC 2449 §6.7, announced; 0: NEVER
  Pop3Seen seen = Pop3Seen::keep;
  Pop3Utf8Headers utf8_headers = Pop3Utf8Headers::send;
};

void describe(config::Schema<Pop3Options>& s);

}  // namespace fumi::server
