#include "crypto/key_ring.h"

#include <list>
#include <mutex>
#include <unordered_map>

#include "base/assert.h"
#include "crypto/random.h"

namespace fumi::crypto {

struct KeyRing::State {
  struct Entry {
    TenantNumber tenant;
    std::shared_ptr<const TenantKeys> keys;
    Instant until;
  };

  KeyStore& store;
  std::shared_ptr<const RootKey> root;
  std::shared_ptr<const RootKey> previous;
  const Clock& clock;
  KeyRingOptions options;

  std::mutex mutex;
  std::list<Entry> recent{};  // the most recently used first
  std::unordered_map<TenantNumber, std::list<Entry>::iterator> by_tenant{};
  std::uint64_t drops = 0;  // counts forgettings: what was loaded before one isn't kept after it

  std::shared_ptr<const TenantKeys> find(TenantNumber tenant) {
    const auto found = by_tenant.find(tenant);
    if (found == by_tenant.end()) return nullptr;
    if (clock.now() >= found->second->until) {
      recent.erase(found->second);
      by_tenant.erase(found);
      return nullptr;
    }
    recent.splice(recent.begin(), recent, found->second);
    return found->second->keys;
  }

  void keep(TenantNumber tenant, std::shared_ptr<const TenantKeys> keys) {
    if (options.tenants_max == 0) return;
    if (by_tenant.size() >= options.tenants_max) {
      by_tenant.erase(recent.back().tenant);
      recent.pop_back();
    }
    recent.push_front({tenant, std::move(keys), clock.now() + options.age_max});
    by_tenant.emplace(tenant, recent.begin());
  }

  Result<Secret> unwrap(TenantNumber tenant, std::string_view wrapped) const {
    auto key = root->unwrap(tenant, wrapped);
    if (key || key.error().code != Code::unauthenticated || !previous) return key;
    return previous->unwrap(tenant, wrapped);
  }
};

KeyRing::KeyRing(KeyStore& store, std::shared_ptr<const RootKey> root,
                 std::shared_ptr<const RootKey> previous, const Clock& clock,
                 KeyRingOptions options)
    : state_(std::make_unique<State>(store, std::move(root), std::move(previous), clock, options)) {
  FUMI_ASSERT(state_->root != nullptr);
}

KeyRing::~KeyRing() = default;

Status KeyRing::create(TenantNumber tenant) {
  if (!tenant) return fail(Code::invalid, "creating a tenant's key", "no tenant");
  const Secret key(random_bytes(kTenantKeyOctets));
  return state_->store.create(tenant, state_->root->wrap(tenant, key));
}

Result<std::shared_ptr<const TenantKeys>> KeyRing::get(TenantNumber tenant) {
  std::uint64_t drops_before = 0;
  {
    const std::lock_guard lock(state_->mutex);
    if (auto keys = state_->find(tenant)) return keys;
    drops_before = state_->drops;
  }
  if (!tenant) return fail(Code::not_found, "getting a tenant's key", "no tenant");
  FUMI_TRY(const std::string wrapped, state_->store.load(tenant));
  FUMI_TRY(Secret key, state_->unwrap(tenant, wrapped));
  std::shared_ptr<const TenantKeys> keys = std::make_shared<const TenantKeys>(std::move(key));
  const std::lock_guard lock(state_->mutex);
  if (auto other = state_->find(tenant)) return other;  // another thread was faster: share its
  if (state_->drops == drops_before) state_->keep(tenant, keys);
  return keys;
}

Status KeyRing::destroy(TenantNumber tenant) {
  auto destroyed = state_->store.destroy(tenant);
  forget(tenant);
  return destroyed;
}

void KeyRing::forget(TenantNumber tenant) {
  const std::lock_guard lock(state_->mutex);
  ++state_->drops;
  const auto found = state_->by_tenant.find(tenant);
  if (found == state_->by_tenant.end()) return;
  state_->recent.erase(found->second);
  state_->by_tenant.erase(found);
}

}  // namespace fumi::crypto
