// The options of the IMAP door.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::server {

enum class ImapPlaintext : std::uint8_t { refuse, allow };

struct ImapOptions {
  ImapPlaintext plaintext = ImapPlaintext::refuse;   // passwords without TLS
  Duration idle_timeout = std::chrono::minutes(30);  // RFC 9051 §5.4: at least 30 minutes
  Duration login_timeout = std::chrono::minutes(2);
  Duration progress_after = std::chrono::seconds(10);  // RFC 9585 §4: not more often than this
  config::ByteCount append_max = config::mib(50);
  std::string jmap_url;             // RFC 9698; empty: not told
  std::uint32_t message_limit = 0;  // RFC 9738; 0: none
  std::uint32_t save_limit = 0;
};

void describe(config::Schema<ImapOptions>& s);

}  // namespace fumi::server
