// Routing: whose is this address? The one question every RCPT asks.
//
// Answers come from a bounded cache for a moment (age_max), so that a busy door does not read the
// store for each message; a change made through this node empties it at once, one made on another
// node is seen when the age has passed. Delivery checks the account again in its own transaction.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "domain/ports/store.h"
#include "domain/tenancy.h"

namespace fumi::service {

struct Route {
  enum class Kind : std::uint8_t {
    local,         // an account of ours
    unknown_user,  // our domain, but nobody there
    closed,        // our domain; its tenant or the account takes no mail now
    remote,        // somebody else's domain
  };
  Kind kind = Kind::remote;
  TenantId tenant;  // of our domains
  DomainId domain;
  AccountId account;     // local only
  bool has_room = true;  // local only: it was under its quota a moment ago
};

class Routing {
 public:
  Routing(Platform& platform, const Clock& clock) : platform_(platform), clock_(clock) {}

  // Never not_found: a foreign address is a `remote` route. Any thread.
  Task<Result<Route>> resolve(EmailAddress address);
  // The tenant that a domain belongs to, if it is ours.
  Task<Result<std::optional<DomainOwner>>> owner(std::string domain);

  // After any change of domains, accounts or addresses.
  void forget_all();

 private:
  static constexpr Duration kAgeMax = std::chrono::seconds(5);
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kEntriesPerShardMax = 8192;
  struct Cached {
    Route route;
    Instant read_at;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Cached> entries;
  };
  Shard& shard_of(const std::string& key);

  Platform& platform_;
  const Clock& clock_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace fumi::service
