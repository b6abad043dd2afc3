// DirectoryStore over SQL: domains, keys, accounts, addresses, API users.
#pragma once

#include <string>
#include <vector>

#include "domain/ports/directory_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlDirectory final : public DirectoryStore {
 public:
  explicit SqlDirectory(Context& context) : context_(context) {}

  Status create_domain(const MailDomain& domain) override;
  Result<std::vector<MailDomain>> domains() override;
  Result<std::optional<MailDomain>> domain_by_name(const std::string& name) override;
  Status set_domain_state(const MailDomain& domain) override;
  Status delete_domain(DomainId domain) override;
  Status add_dkim_key(const DkimKey& key) override;
  Result<std::vector<DkimKey>> dkim_keys(DomainId domain) override;

  Status create_account(const Account& account, const Credential& credential) override;
  Result<std::optional<Account>> account(AccountId id) override;
  Result<std::optional<Account>> account_by_address(const EmailAddress& address) override;
  Result<std::vector<Account>> accounts(AccountId after, std::uint32_t limit) override;
  Status update_account(const Account& account) override;
  Status delete_account(AccountId id) override;
  Status set_account_credential(AccountId id, const Credential& credential) override;
  Result<Credential> account_credential(AccountId id) override;

  Status add_alias(AccountId account, const EmailAddress& address) override;
  Status remove_alias(AccountId account, const EmailAddress& address) override;
  Result<std::vector<EmailAddress>> addresses(AccountId account) override;
  Result<std::optional<LocalRecipient>> local_recipient(const EmailAddress& address) override;

  Status add_app_password(const AppPassword& password) override;
  Result<std::vector<AppPassword>> app_passwords(AccountId account) override;
  Status remove_app_password(AccountId account, AppPasswordId id) override;

  Status create_api_user(const ApiUser& user) override;
  Result<std::optional<ApiUser>> api_user_by_name(const EmailAddress& name) override;
  Result<std::vector<ApiUser>> api_users() override;
  Status update_api_user(const ApiUser& user) override;
  Status delete_api_user(ApiUserId id) override;

 private:
  enum class AddressUse { primary, alias };

  // The tenant's domain of that name; not_found if it isn't the tenant's.
  Result<DomainId> own_domain(const std::string& name);
  Status take_address(AccountId account, const EmailAddress& address, DomainId domain,
                      AddressUse use);
  Result<crypto::BlindIndex> address_key(const EmailAddress& address);
  Result<Account> account_of(const sql::Row& row);
  Result<ApiUser> api_user_of(const sql::Row& row);
  Status require_account(AccountId account);

  Context& context_;
};

[[nodiscard]] std::string encode_credential(const Credential& credential);
[[nodiscard]] Result<Credential> decode_credential(std::string_view bytes);

}  // namespace fumi::store
