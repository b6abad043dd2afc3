#include "api/jmap/options.h"

#include "config/schema.h"

namespace fumi::jmap {

void describe(config::Schema<JmapOptions>& s) {
  using std::chrono::hours;
  s.option(&JmapOptions::url, "jmap.url", "")
      .doc(
          "Where clients reach us, \"https://mail.example\", when a proxy speaks TLS before us; "
          "empty: http and the host that the request names.");
  s.option(&JmapOptions::upload_max, "jmap.upload_max", config::mib(50))
      .range(config::mib(1), config::mib(500))
      .doc("The largest file a client may upload (RFC 8620 maxSizeUpload).");
  s.option(&JmapOptions::upload_lifetime, "jmap.upload_lifetime", hours(24))
      .range(hours(1), hours(720))
      .doc("How long an upload waits to be used in a message.");
  s.option(&JmapOptions::uploads_per_account_max, "jmap.uploads_per_account_max", 1'000)
      .range(10, 100'000)
      .doc("Uploads of one account that may wait at the same time.");
  s.option(&JmapOptions::requests_per_account_max, "jmap.requests_per_account_max", 8)
      .range(4, 1'000)
      .doc(
          "API requests of one account under way at the same time; over it 429 (RFC 8620 "
          "maxConcurrentRequests).");
  s.option(&JmapOptions::push_per_account_max, "jmap.push_per_account_max", 20)
      .range(1, 10'000)
      .doc("EventSource and WebSocket connections of one account at the same time.");
}

}  // namespace fumi::jmap
