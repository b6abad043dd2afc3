#include "crypto/tenant_keys.h"

#include <cstring>

#include "base/assert.h"
#include "crypto/root_key.h"

namespace fumi::crypto {

struct TenantKeys::Derived {
  Derived(std::string_view name, std::string_view tenant_key, const Derived* after)
      : purpose(name),
        aead(derive("fumi/seal/", name, tenant_key).reveal()),
        index(derive("fumi/index/", name, tenant_key)),
        next(after) {}

  static Secret derive(std::string_view kind, std::string_view name, std::string_view tenant_key) {
    return Secret(hkdf_sha256(tenant_key, {}, std::string(kind).append(name), 32));
  }

  std::string purpose;
  AeadKey aead;
  Secret index;
  const Derived* next;
};

TenantKeys::TenantKeys(Secret tenant_key) : key_(std::move(tenant_key)) {
  FUMI_ASSERT(key_.reveal().size() == kTenantKeyOctets);
}

TenantKeys::~TenantKeys() {
  const Derived* at = first_.load();
  while (at != nullptr) {
    const Derived* const next = at->next;
    delete at;
    at = next;
  }
}

const TenantKeys::Derived& TenantKeys::derived(std::string_view purpose) const {
  for (const Derived* at = first_.load(std::memory_order_acquire); at != nullptr; at = at->next) {
    if (at->purpose == purpose) return *at;
  }
  const std::lock_guard lock(adding_);
  std::size_t count = 0;
  for (const Derived* at = first_.load(std::memory_order_acquire); at != nullptr; at = at->next) {
    if (at->purpose == purpose) return *at;
    ++count;
  }
  FUMI_ASSERT(count < kPurposesMax);
  const auto* const added = new Derived(purpose, key_.reveal(), first_.load());
  first_.store(added, std::memory_order_release);
  return *added;
}

std::string TenantKeys::seal(std::string_view purpose, std::string_view plaintext,
                             std::string_view aad) const {
  return derived(purpose).aead.seal(plaintext, aad);
}

void TenantKeys::seal_to(std::string& out, std::string_view purpose, std::string_view plaintext,
                         std::string_view aad) const {
  derived(purpose).aead.seal_to(out, plaintext, aad);
}

Result<std::string> TenantKeys::open(std::string_view purpose, std::string_view sealed,
                                     std::string_view aad) const {
  return derived(purpose).aead.open(sealed, aad);
}

BlindIndex TenantKeys::blind_index(std::string_view purpose, std::string_view normalized) const {
  const Digest256 full = hmac_sha256(derived(purpose).index.reveal(), normalized);
  BlindIndex out;
  std::memcpy(out.data(), full.data(), out.size());
  return out;
}

Digest256 TenantKeys::blob_hash(std::string_view plaintext) const {
  return hmac_sha256(derived(kPurposeBlob).index.reveal(), plaintext);
}

}  // namespace fumi::crypto
