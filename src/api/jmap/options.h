// Options of JMAP.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "config/values.h"
#include "server/http/poster.h"

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
  config::ByteCount uploads_octets_max = config::mib(1024);  // of one account
  std::uint32_t transfers_per_account_max = 8;               // uploads, and downloads, at a time
  std::uint32_t requests_per_account_max = 8;                // at the same time
  std::uint32_t push_per_account_max = 20;    // EventSource and WebSocket connections
  std::uint32_t push_subscriptions_max = 10;  // of one account
  Duration push_lifetime = std::chrono::hours(24 * 7);
  Duration push_interval = std::chrono::seconds(1);  // between two POSTs to one subscription
  http::Targets push_targets = http::Targets::public_only;
};

void describe(config::Schema<JmapOptions>& s);

}  // namespace fumi::jmap
