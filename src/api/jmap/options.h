// Options of JMAP.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::jmap {

struct JmapOptions {
  std::string url;  // "https://mail.example"; empty: as the request names us
  config::ByteCount upload_max = config::mib(50);
  Duration upload_lifetime = std::chrono::hours(24);
  std::uint32_t uploads_per_account_max = 1'000;
  std::uint32_t requests_per_account_max = 8;  // at the same time
  std::uint32_t push_per_account_max = 20;     // EventSource and WebSocket connections
};

void describe(config::Schema<JmapOptions>& s);

}  // namespace fumi::jmap
