// The blobs written a moment ago, by content: the same bytes again need no second record.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/time.h"
#include "crypto/hash.h"

namespace fumi::store::detail {

// Thread-safe; bounded. Forgets what is older than `age_max`, which must stay well below the time
// that garbage collection leaves unreferenced blobs alone.
class RecentBlobs {
 public:
  RecentBlobs(std::size_t entries_max, Duration age_max)
      : entries_max_(entries_max), age_max_(age_max) {}

  struct Entry {
    std::uint64_t locator = 0;
    std::uint64_t sequence = 0;  // durable when the log is this far
    Instant written_at;
  };
  [[nodiscard]] std::optional<Entry> find(std::uint64_t tenant, const crypto::Digest256& hash,
                                          Instant now);
  void add(std::uint64_t tenant, const crypto::Digest256& hash, Entry entry);

 private:
  struct Key {
    std::uint64_t tenant = 0;
    crypto::Digest256 hash{};
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {  // the digest is keyed and uniform already
    std::size_t operator()(const Key& key) const {
      std::size_t value = 0;
      for (std::size_t i = 0; i < sizeof value; ++i)
        value = value << 8U | key.hash[i];
      return value ^ key.tenant;
    }
  };
  struct Node {
    Key key;
    Entry entry;
  };

  const std::size_t entries_max_;
  const Duration age_max_;
  std::mutex mutex_;
  std::list<Node> newest_first_;
  std::unordered_map<Key, std::list<Node>::iterator, KeyHash> by_key_;
};

}  // namespace fumi::store::detail
