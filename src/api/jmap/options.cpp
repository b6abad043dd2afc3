#include "api/jmap/options.h"

#include "config/schema.h"

namespace fumi::jmap {

void describe(config::Schema<JmapOptions>& s) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
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
  s.option(&JmapOptions::uploads_octets_max, "jmap.uploads_octets_max", config::mib(1024))
      .range(config::mib(1), config::mib(1024 * 1024))
      .doc("What the uploads of one account that wait may come to.");
  s.option(&JmapOptions::transfers_per_account_max, "jmap.transfers_per_account_max", 8)
      .range(4, 1'000)
      .doc(
          "Uploads of one account at the same time (RFC 8620 maxConcurrentUpload), and as many "
          "downloads; over it 429.");
  s.option(&JmapOptions::requests_per_account_max, "jmap.requests_per_account_max", 8)
      .range(4, 1'000)
      .doc(
          "API requests of one account under way at the same time; over it 429 (RFC 8620 "
          "maxConcurrentRequests).");
  s.option(&JmapOptions::push_per_account_max, "jmap.push_per_account_max", 20)
      .range(1, 10'000)
      .doc("EventSource and WebSocket connections of one account at the same time.");
  s.option(&JmapOptions::push_subscriptions_max, "jmap.push_subscriptions_max", 10)
      .range(1, 1'000)
      .doc("Push subscriptions of one account (RFC 8620 §7.2).");
  s.option(&JmapOptions::push_lifetime, "jmap.push_lifetime", hours(24 * 7))
      .range(hours(48), hours(24 * 90))
      .doc("The longest that a push subscription lives without being renewed.");
  s.option(&JmapOptions::push_interval, "jmap.push_interval", seconds(1))
      .range(milliseconds(10), hours(1))
      .doc("Changes within this time go to a push subscription as one.");
  s.choice(&JmapOptions::push_targets, "jmap.push_targets", http::Targets::public_only,
           {{"public", http::Targets::public_only},
            {"private", http::Targets::private_too},
            {"loopback", http::Targets::loopback_http}})
      .doc(
          "Where push subscriptions may point: to https at public addresses; private: to any "
          "address, for a push service inside the network; loopback: also to http on this machine, "
          "for tests.");
}

}  // namespace fumi::jmap
