#include "service/tenancy/routing.h"

#include "base/ascii.h"

namespace fumi::service {
namespace {

Result<Route> look_up(PlatformTx& tx, const EmailAddress& address) {
  FUMI_TRY(const std::optional<DomainOwner> owner, tx.platform().domain_owner(address.domain));
  // What nobody has proven to be theirs is a stranger's domain: mail to it goes where DNS says.
  if (!owner || owner->state != DomainState::verified) return Route{};
  Route route{Route::Kind::unknown_user, owner->tenant, owner->domain, {}, true};
  if (owner->status != TenantStatus::active) {
    route.kind = Route::Kind::closed;
    return route;
  }
  const TenantScope scope{owner->tenant, {}};
  FUMI_TRY(const auto recipient, tx.in(scope).directory().local_recipient(address));
  if (!recipient) {
    // RFC 5321 §4.5.1: postmaster is always taken; it is the tenant's own address or nobody's.
    return route;
  }
  route.account = recipient->account;
  route.has_room = !recipient->is_full();
  route.kind =
      recipient->status == AccountStatus::active ? Route::Kind::local : Route::Kind::closed;
  return route;
}

}  // namespace

Routing::Shard& Routing::shard_of(const std::string& key) {
  return shards_[std::hash<std::string>{}(key) % kShards];
}

Task<Result<Route>> Routing::resolve(EmailAddress address) {
  const std::string key = address.lookup_key();
  const Instant now = clock_.now();
  Shard& shard = shard_of(key);
  {
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end() && now - found->second.read_at < kAgeMax) {
      co_return found->second.route;
    }
  }
  const std::uint64_t generation = generation_.load();
  auto work = [&address](PlatformTx& tx) { return look_up(tx, address); };
  Result<Route> route = co_await platform_.read(std::move(work));
  if (!route) co_return route;
  const std::scoped_lock lock(shard.mutex);
  // What was read before a change must not be remembered after it.
  if (generation == generation_.load()) {
    if (shard.entries.size() >= kEntriesPerShardMax) shard.entries.clear();
    shard.entries[key] = {*route, now};
  }
  co_return route;
}

Task<Result<std::optional<DomainOwner>>> Routing::owner(std::string domain) {
  auto work = [&domain](PlatformTx& tx) { return tx.platform().domain_owner(domain); };
  co_return co_await platform_.read(std::move(work));
}

void Routing::forget_all() {
  generation_.fetch_add(1);
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    shard.entries.clear();
  }
}

}  // namespace fumi::service
