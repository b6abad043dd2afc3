// Options of the HTTP listeners.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::http {

enum class AccessLog : std::uint8_t { off, on };

struct HttpOptions {
  Duration idle_timeout = std::chrono::seconds(75);
  Duration header_timeout = std::chrono::seconds(20);
  Duration body_timeout = std::chrono::minutes(2);
  Duration write_timeout = std::chrono::minutes(2);
  std::uint32_t requests_per_connection_max = 10'000;
  AccessLog access_log = AccessLog::on;
};

void describe(config::Schema<HttpOptions>& s);

}  // namespace fumi::http
