// DirectoryStore: a tenant's domains, accounts and API users. One method is one step of a
// transaction; all are scoped to the transaction's tenant. Addresses are found by blind index.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/tenancy.h"

namespace fumi {

class DirectoryStore {
 public:
  virtual ~DirectoryStore() = default;

  // conflict: some tenant has that domain already.
  virtual Status create_domain(const MailDomain& domain) = 0;
  virtual Result<std::vector<MailDomain>> domains() = 0;
  virtual Result<std::optional<MailDomain>> domain_by_name(const std::string& name) = 0;
  // Writes state, challenge and time of the check. not_found.
  virtual Status set_domain_state(const MailDomain& domain) = 0;
  // not_found; conflict: accounts or API users still live in it.
  virtual Status delete_domain(DomainId domain) = 0;

  virtual Status add_dkim_key(const DkimKey& key) = 0;
  virtual Result<std::vector<DkimKey>> dkim_keys(DomainId domain) = 0;

  // Creates the account, its address and its standard mailboxes (INBOX, Drafts, Sent, Trash, Junk,
  // Archive). conflict: the address is taken.
  virtual Status create_account(const Account& account, const Credential& credential) = 0;
  virtual Result<std::optional<Account>> account(AccountId id) = 0;
  virtual Result<std::optional<Account>> account_by_address(const EmailAddress& address) = 0;
  // Ascending by id, those after `after`; at most `limit`.
  virtual Result<std::vector<Account>> accounts(AccountId after, std::uint32_t limit) = 0;
  // Writes display name, status and quota.
  virtual Status update_account(const Account& account) = 0;
  // Frees the addresses and marks the account deleted; mail goes with the account's purge.
  virtual Status delete_account(AccountId id) = 0;
  virtual Status set_account_credential(AccountId id, const Credential& credential) = 0;
  virtual Result<Credential> account_credential(AccountId id) = 0;

  virtual Status add_alias(AccountId account, const EmailAddress& address) = 0;
  virtual Status remove_alias(AccountId account, const EmailAddress& address) = 0;
  // The primary address first, then the aliases.
  virtual Result<std::vector<EmailAddress>> addresses(AccountId account) = 0;
  // By address without its sub-address.
  virtual Result<std::optional<LocalRecipient>> local_recipient(const EmailAddress& address) = 0;

  virtual Status add_app_password(const AppPassword& password) = 0;
  virtual Result<std::vector<AppPassword>> app_passwords(AccountId account) = 0;
  virtual Status remove_app_password(AccountId account, AppPasswordId id) = 0;

  virtual Status create_api_user(const ApiUser& user) = 0;
  virtual Result<std::optional<ApiUser>> api_user_by_name(const EmailAddress& name) = 0;
  virtual Result<std::vector<ApiUser>> api_users() = 0;
  virtual Status update_api_user(const ApiUser& user) = 0;  // access, status, credential
  virtual Status delete_api_user(ApiUserId id) = 0;
};

}  // namespace fumi
