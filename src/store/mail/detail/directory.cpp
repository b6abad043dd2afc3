#include "store/mail/detail/directory.h"

#include <algorithm>

#include "crypto/tenant_keys.h"
#include "store/mail/detail/mailboxes.h"
#include "store/mail/detail/settings.h"
#include "store/mail/detail/wire.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kInsertDomain{
    "INSERT INTO domains (tenant_id, name, domain_id, created, state, challenge, checked)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING"};
constexpr Statement kDomains{
    "SELECT domain_id, name, created, state, challenge, checked FROM domains"
    " WHERE tenant_id = $1 ORDER BY name"};
constexpr Statement kDomainByName{
    "SELECT domain_id, name, created, state, challenge, checked FROM domains"
    " WHERE tenant_id = $1 AND name = $2"};
constexpr Statement kSetDomainState{
    "UPDATE domains SET state = $3, challenge = $4, checked = $5"
    " WHERE tenant_id = $1 AND domain_id = $2"};
constexpr Statement kDomainName{"SELECT name FROM domains WHERE tenant_id = $1 AND domain_id = $2"};
constexpr Statement kDeleteDomain{"DELETE FROM domains WHERE tenant_id = $1 AND domain_id = $2"};
constexpr Statement kDomainInUse{
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM addresses WHERE tenant_id = $1 AND domain_id = $2)"
    " OR EXISTS (SELECT 1 FROM api_users WHERE tenant_id = $1 AND domain_id = $2)"};
constexpr Statement kDeleteDkim{"DELETE FROM dkim_keys WHERE tenant_id = $1 AND domain_id = $2"};
constexpr Statement kInsertDkim{
    "INSERT INTO dkim_keys (tenant_id, domain_id, dkim_key_id, selector, algorithm, dns_record,"
    " private_key) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"};
constexpr Statement kDkim{
    "SELECT dkim_key_id, selector, algorithm, dns_record, private_key FROM dkim_keys"
    " WHERE tenant_id = $1 AND domain_id = $2 ORDER BY dkim_key_id"};

constexpr Statement kInsertAddress{
    "INSERT INTO addresses (tenant_id, address_key, account_id, is_alias, domain_id, address)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, address_key) DO NOTHING"};
constexpr Statement kInsertAccount{
    "INSERT INTO accounts (tenant_id, account_id, status, quota_octets, used_octets, change,"
    " inbox_id, uid_validity) VALUES ($1, $2, $3, $4, 0, 1, 0, 0)"};
constexpr Statement kInsertProfile{
    "INSERT INTO account_profiles (tenant_id, account_id, domain_id, created, credential_version,"
    " profile, credential, kind) VALUES ($1, $2, $3, $4, 1, $5, $6, $7)"};
constexpr Statement kAccount{
    "SELECT a.account_id, p.domain_id, p.profile, a.status, a.quota_octets, a.used_octets,"
    " a.change, p.credential_version, p.created, p.kind FROM accounts a JOIN account_profiles p"
    " ON p.tenant_id = a.tenant_id AND p.account_id = a.account_id"
    " WHERE a.tenant_id = $1 AND a.account_id = $2"};
constexpr Statement kAccounts{
    "SELECT a.account_id, p.domain_id, p.profile, a.status, a.quota_octets, a.used_octets,"
    " a.change, p.credential_version, p.created, p.kind FROM accounts a JOIN account_profiles p"
    " ON p.tenant_id = a.tenant_id AND p.account_id = a.account_id"
    " WHERE a.tenant_id = $1 AND a.account_id > $2 ORDER BY a.account_id LIMIT $3"};
constexpr Statement kUpdateAccount{
    "UPDATE accounts SET status = $3, quota_octets = $4"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kUpdateProfile{
    "UPDATE account_profiles SET profile = $3 WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kDeleteAccount{
    "UPDATE accounts SET status = 2, change = change + 1"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kFreeAddresses{
    "DELETE FROM addresses WHERE tenant_id = $1 AND account_id = $2"};
// 5: Actor::Kind::admin, how accounts hold grants.
constexpr Statement kDropGrants{
    "DELETE FROM grants WHERE tenant_id = $1 AND holder_kind = 5 AND holder_id = $2"};
constexpr Statement kDropDomainGrants{
    "DELETE FROM grants WHERE tenant_id = $1 AND scope_kind = 2 AND scope_id = $2"};
constexpr Statement kDropSessions{
    "DELETE FROM access_tokens WHERE tenant_id = $1 AND account_id = $2 AND kind = 1"};
constexpr Statement kDropAppPasswords{
    "DELETE FROM app_passwords WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kSetCredential{
    "UPDATE account_profiles SET credential = $3, credential_version = credential_version + 1"
    " WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kCredential{
    "SELECT credential FROM account_profiles WHERE tenant_id = $1 AND account_id = $2"};
constexpr Statement kLives{
    "SELECT 1 FROM accounts WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};

constexpr Statement kRemoveAlias{
    "DELETE FROM addresses WHERE tenant_id = $1 AND address_key = $2 AND account_id = $3"
    " AND is_alias = 1"};
constexpr Statement kAddresses{
    "SELECT address_key, address FROM addresses WHERE tenant_id = $1 AND account_id = $2"
    " ORDER BY is_alias"};
constexpr Statement kLocalRecipient{
    "SELECT d.account_id, a.status, a.quota_octets, a.used_octets FROM addresses d JOIN accounts a"
    " ON a.tenant_id = d.tenant_id AND a.account_id = d.account_id"
    " WHERE d.tenant_id = $1 AND d.address_key = $2"};

constexpr std::uint32_t kPageMax = 1000;

// An address in a table: sealed for the row that its blind index names.
Aad address_aad(const crypto::BlindIndex& key) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8U | key[i];
    low = low << 8U | key[i + 8];
  }
  return Aad(high, low);
}

std::string encode_address(const EmailAddress& address) {
  return WireWriter().text(address.local).text(address.domain).take();
}

MailDomain domain_of(TenantId tenant, const Row& row) {
  return {row.id<DomainId>(0),
          tenant,
          row.string(1),
          row.instant(2),
          static_cast<DomainState>(row.int64(3)),
          row.string(4),
          row.instant(5)};
}

}  // namespace

std::string encode_credential(const Credential& credential) {
  return WireWriter()
      .text(credential.argon2id)
      .text(credential.scram_salt)
      .number(credential.scram_iterations)
      .text(credential.scram_stored_key)
      .text(credential.scram_server_key)
      .take();
}

Result<Credential> decode_credential(std::string_view bytes) {
  WireReader reader(bytes);
  Credential credential;
  credential.argon2id = reader.text();
  credential.scram_salt = reader.text();
  credential.scram_iterations = static_cast<std::uint32_t>(reader.number());
  credential.scram_stored_key = reader.text();
  credential.scram_server_key = reader.text();
  FUMI_CHECK(reader.done("reading a credential"));
  return credential;
}

Status SqlDirectory::create_domain(const MailDomain& domain) {
  const auto name = normalize_domain(domain.name);
  if (!name || !domain.id) return fail(Code::invalid, "creating a domain", "bad name or id");
  const Instant created = domain.created == Instant() ? context_.now() : domain.created;
  FUMI_TRY(const auto rows, context_.execute(kInsertDomain, *name, domain.id, created, domain.state,
                                             domain.challenge, domain.checked));
  if (rows == 0) return fail(Code::conflict, "creating a domain", "the name is taken");
  return {};
}

Result<std::vector<MailDomain>> SqlDirectory::domains() {
  std::vector<MailDomain> found;
  FUMI_CHECK(context_.query(
      kDomains, [&](const Row& row) { found.push_back(domain_of(context_.tenant(), row)); }));
  return found;
}

Result<std::optional<MailDomain>> SqlDirectory::domain_by_name(const std::string& name) {
  return context_.one(
      kDomainByName, [&](const Row& row) { return domain_of(context_.tenant(), row); }, name);
}

Status SqlDirectory::set_domain_state(const MailDomain& domain) {
  FUMI_TRY(const auto rows, context_.execute(kSetDomainState, domain.id, domain.state,
                                             domain.challenge, domain.checked));
  if (rows == 0) return fail(Code::not_found, "changing a domain");
  return {};
}

Status SqlDirectory::delete_domain(DomainId domain) {
  FUMI_TRY(const auto used, context_.one(kDomainInUse, [](const Row&) { return true; }, domain));
  if (used) return fail(Code::conflict, "deleting a domain", "accounts or API users live in it");
  FUMI_TRY(const auto rows, context_.execute(kDeleteDomain, domain));
  if (rows == 0) return fail(Code::not_found, "deleting a domain");
  FUMI_CHECK(context_.run(kDropDomainGrants, domain));
  return context_.run(kDeleteDkim, domain);
}

Status SqlDirectory::add_dkim_key(const DkimKey& key) {
  FUMI_TRY(const auto name,
           context_.one(kDomainName, [](const Row& row) { return row.string(0); }, key.domain));
  if (!name) return fail(Code::not_found, "adding a DKIM key", "no such domain");
  if (!key.id || key.selector.empty()) return fail(Code::invalid, "adding a DKIM key");
  FUMI_TRY(const auto sealed,
           context_.seal(purpose::kDkim, key.private_pem, Aad(key.domain, key.id)));
  FUMI_TRY(const auto rows, context_.execute(kInsertDkim, key.domain, key.id, key.selector,
                                             key.algorithm, key.dns_record, Blob{sealed}));
  if (rows == 0) return fail(Code::conflict, "adding a DKIM key", "the selector is taken");
  return {};
}

Result<std::vector<DkimKey>> SqlDirectory::dkim_keys(DomainId domain) {
  std::vector<DkimKey> keys;
  auto visit = [&](const Row& row) -> Status {
    DkimKey key{row.id<DkimKeyId>(0), domain, row.string(1), row.string(2), {}, row.string(3)};
    FUMI_TRY(key.private_pem, context_.open(purpose::kDkim, row.blob(4), Aad(domain, key.id)));
    keys.push_back(std::move(key));
    return {};
  };
  FUMI_CHECK(context_.query(kDkim, visit, domain));
  return keys;
}

Result<DomainId> SqlDirectory::own_domain(const std::string& name) {
  FUMI_TRY(const auto found, domain_by_name(name));
  if (!found) return fail(Code::not_found, "looking up a domain", "not a domain of this tenant");
  return found->id;
}

Result<crypto::BlindIndex> SqlDirectory::address_key(const EmailAddress& address) {
  return context_.blind(purpose::kAddress, address.lookup_key());
}

Status SqlDirectory::take_address(AccountId account, const EmailAddress& address, DomainId domain,
                                  AddressUse use) {
  if (address.lookup_key() != address.exact_key()) {
    return fail(Code::invalid, "giving an address", "it holds a sub-address (+)");
  }
  FUMI_TRY(const auto key, address_key(address));
  FUMI_TRY(const auto sealed,
           context_.seal(purpose::kAddress, encode_address(address), address_aad(key)));
  FUMI_TRY(const auto rows, context_.execute(kInsertAddress, Blob{crypto::view(key)}, account,
                                             use == AddressUse::alias, domain, Blob{sealed}));
  if (rows == 0) return fail(Code::conflict, "giving an address", "the address is taken");
  return {};
}

Status SqlDirectory::create_account(const Account& account, const Credential& credential) {
  if (!account.id) return fail(Code::invalid, "creating an account", "no id");
  if (account.status == AccountStatus::deleted) return fail(Code::invalid, "creating an account");
  FUMI_TRY(const DomainId domain, own_domain(account.address.domain));
  if (account.domain && account.domain != domain) {
    return fail(Code::invalid, "creating an account", "the address is of another domain");
  }
  FUMI_CHECK(take_address(account.id, account.address, domain, AddressUse::primary));
  const Instant created = account.created == Instant() ? context_.now() : account.created;
  const std::string profile = WireWriter()
                                  .text(account.address.local)
                                  .text(account.address.domain)
                                  .text(account.display_name)
                                  .take();
  FUMI_TRY(const auto sealed, context_.seal(purpose::kProfile, profile, Aad(account.id)));
  FUMI_TRY(const auto secret,
           context_.seal(purpose::kCredential, encode_credential(credential), Aad(account.id)));
  FUMI_CHECK(context_.run(kInsertAccount, account.id, account.status, account.quota_octets));
  FUMI_CHECK(context_.run(kInsertProfile, account.id, domain, created, Blob{sealed}, Blob{secret},
                          account.kind));
  return SqlMailboxes(context_).create_standard(account.id);
}

Result<Account> SqlDirectory::account_of(const Row& row) {
  Account account;
  account.id = row.id<AccountId>(0);
  account.domain = row.id<DomainId>(1);
  FUMI_TRY(const auto profile, context_.open(purpose::kProfile, row.blob(2), Aad(account.id)));
  WireReader reader(profile);
  account.address.local = reader.text();
  account.address.domain = reader.text();
  account.display_name = reader.text();
  FUMI_CHECK(reader.done("reading an account"));
  account.status = static_cast<AccountStatus>(row.int64(3));
  account.quota_octets = static_cast<std::uint64_t>(row.int64(4));
  account.used_octets = static_cast<std::uint64_t>(row.int64(5));
  account.change = row.id<ModSeq>(6);
  account.credential_version = static_cast<std::uint32_t>(row.int64(7));
  account.created = row.instant(8);
  account.kind = static_cast<AccountKind>(row.int64(9));
  return account;
}

Result<std::optional<Account>> SqlDirectory::account(AccountId id) {
  return context_.one(kAccount, [&](const Row& row) { return account_of(row); }, id);
}

Result<std::optional<Account>> SqlDirectory::account_by_address(const EmailAddress& address) {
  FUMI_TRY(const auto recipient, local_recipient(address));
  if (!recipient) return std::nullopt;
  return account(recipient->account);
}

Result<std::vector<Account>> SqlDirectory::accounts(AccountId after, std::uint32_t limit) {
  std::vector<Account> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto next, account_of(row));
    found.push_back(std::move(next));
    return {};
  };
  FUMI_CHECK(context_.query(kAccounts, visit, after, std::min(limit, kPageMax)));
  return found;
}

Status SqlDirectory::require_account(AccountId account) {
  FUMI_TRY(const auto lives, context_.one(kLives, [](const Row&) { return true; }, account));
  if (!lives) return fail(Code::not_found, "looking up an account");
  return {};
}

Status SqlDirectory::update_account(const Account& changed) {
  if (changed.status == AccountStatus::deleted) {
    return fail(Code::invalid, "updating an account", "deletion is a step of its own");
  }
  FUMI_TRY(const auto rows,
           context_.execute(kUpdateAccount, changed.id, changed.status, changed.quota_octets));
  if (rows == 0) return fail(Code::not_found, "updating an account");
  if (changed.status != AccountStatus::active) FUMI_CHECK(raise_access_version(context_));
  FUMI_TRY(const auto stored, account(changed.id));
  if (!stored) return fail(Code::not_found, "updating an account");
  const std::string profile = WireWriter()
                                  .text(stored->address.local)
                                  .text(stored->address.domain)
                                  .text(changed.display_name)
                                  .take();
  FUMI_TRY(const auto sealed, context_.seal(purpose::kProfile, profile, Aad(changed.id)));
  return context_.run(kUpdateProfile, changed.id, Blob{sealed});
}

Status SqlDirectory::delete_account(AccountId id) {
  FUMI_TRY(const auto rows, context_.execute(kDeleteAccount, id));
  if (rows == 0) return fail(Code::not_found, "deleting an account");
  FUMI_CHECK(context_.run(kFreeAddresses, id));
  FUMI_CHECK(context_.run(kDropAppPasswords, id));
  FUMI_CHECK(context_.run(kDropGrants, id));
  FUMI_CHECK(context_.run(kDropSessions, id));
  // No password opens it any more, and caches that know the old one see another version.
  FUMI_TRY(const auto nothing, context_.seal(purpose::kCredential, encode_credential({}), Aad(id)));
  FUMI_CHECK(context_.run(kSetCredential, id, Blob{nothing}));
  FUMI_CHECK(raise_access_version(context_));
  context_.changed(id, MailboxId());
  return {};
}

Status SqlDirectory::set_account_credential(AccountId id, const Credential& credential) {
  FUMI_CHECK(require_account(id));
  FUMI_TRY(const auto sealed,
           context_.seal(purpose::kCredential, encode_credential(credential), Aad(id)));
  FUMI_CHECK(raise_access_version(context_));
  FUMI_CHECK(context_.run(kDropSessions, id));  // what the old password opened
  return context_.run(kSetCredential, id, Blob{sealed});
}

Result<Credential> SqlDirectory::account_credential(AccountId id) {
  FUMI_CHECK(require_account(id));
  auto map = [&](const Row& row) -> Result<Credential> {
    FUMI_TRY(const auto bytes, context_.open(purpose::kCredential, row.blob(0), Aad(id)));
    return decode_credential(bytes);
  };
  FUMI_TRY(auto found, context_.one(kCredential, map, id));
  if (!found) return fail(Code::not_found, "reading a credential");
  return std::move(*found);
}

Status SqlDirectory::add_alias(AccountId account, const EmailAddress& address) {
  FUMI_CHECK(require_account(account));
  FUMI_TRY(const DomainId domain, own_domain(address.domain));
  return take_address(account, address, domain, AddressUse::alias);
}

Status SqlDirectory::remove_alias(AccountId account, const EmailAddress& address) {
  FUMI_TRY(const auto key, address_key(address));
  FUMI_TRY(const auto rows, context_.execute(kRemoveAlias, Blob{crypto::view(key)}, account));
  if (rows == 0) return fail(Code::not_found, "removing an alias");
  return {};
}

Result<std::vector<EmailAddress>> SqlDirectory::addresses(AccountId account) {
  std::vector<EmailAddress> found;
  auto visit = [&](const Row& row) -> Status {
    crypto::BlindIndex key{};
    const auto stored = row.blob(0);
    if (stored.size() != key.size()) return fail(Code::corrupt, "reading an address");
    std::ranges::transform(stored, key.begin(), [](char c) { return std::uint8_t(c); });
    FUMI_TRY(const auto bytes, context_.open(purpose::kAddress, row.blob(1), address_aad(key)));
    WireReader reader(bytes);
    EmailAddress address;
    address.local = reader.text();
    address.domain = reader.text();
    FUMI_CHECK(reader.done("reading an address"));
    found.push_back(std::move(address));
    return {};
  };
  FUMI_CHECK(context_.query(kAddresses, visit, account));
  if (!found.empty()) {
    std::ranges::sort(found.begin() + 1, found.end(), {}, &EmailAddress::exact_key);
  }
  return found;
}

Result<std::optional<LocalRecipient>> SqlDirectory::local_recipient(const EmailAddress& address) {
  FUMI_TRY(const auto key, address_key(address));
  return context_.one(
      kLocalRecipient,
      [&](const Row& row) {
        return LocalRecipient{
            context_.tenant(), row.id<AccountId>(0), static_cast<AccountStatus>(row.int64(1)),
            static_cast<std::uint64_t>(row.int64(2)), static_cast<std::uint64_t>(row.int64(3))};
      },
      Blob{crypto::view(key)});
}

}  // namespace fumi::store
