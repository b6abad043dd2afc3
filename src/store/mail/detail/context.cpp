#include "store/mail/detail/context.h"

#include <algorithm>

#include "crypto/tenant_keys.h"

namespace fumi::store {

Result<const crypto::TenantKeys*> Context::keys() {
  if (keys_ == nullptr) {
    FUMI_TRY(keys_, shared_.parts.keys.get(crypto::TenantNumber(tenant().value())));
  }
  return keys_.get();
}

Result<std::string> Context::seal(std::string_view purpose, std::string_view plain,
                                  const Aad& aad) {
  FUMI_TRY(const auto* const tenant_keys, keys());
  return tenant_keys->seal(purpose, plain, aad.view());
}

Result<std::string> Context::open(std::string_view purpose, std::string_view sealed,
                                  const Aad& aad) {
  FUMI_TRY(const auto* const tenant_keys, keys());
  return tenant_keys->open(purpose, sealed, aad.view());
}

Result<crypto::BlindIndex> Context::blind(std::string_view purpose, std::string_view text) {
  FUMI_TRY(const auto* const tenant_keys, keys());
  return tenant_keys->blind_index(purpose, text);
}

Result<std::int64_t> Context::blind63(std::string_view purpose, std::string_view text) {
  FUMI_TRY(const auto index, blind(purpose, text));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8U | index[i];
  value >>= 1U;
  return value == 0 ? 1 : static_cast<std::int64_t>(value);
}

void Context::changed(AccountId account, MailboxId mailbox) {
  std::vector<Change>& changes = effects_.changes;
  const bool known = std::ranges::any_of(changes, [&](const Change& change) {
    return change.account == account && change.mailbox == mailbox && change.tenant == tenant();
  });
  if (!known) changes.push_back({tenant(), account, mailbox});
}

}  // namespace fumi::store
