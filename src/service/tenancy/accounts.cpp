// Tenancy's acts on accounts, aliases and application passwords.
#include "crypto/token.h"
#include "service/tenancy/credential.h"
#include "service/tenancy/operation.h"
#include "service/tenancy/owners.h"
#include "service/tenancy/plan.h"
#include "service/tenancy/tenancy.h"

namespace fumi::service {
namespace {

Result<EmailAddress> require_address(const std::string& text) {
  auto address = EmailAddress::parse(text);
  if (!address) return fail(Code::invalid, "reading an address", text + " is no mail address");
  return std::move(*address);
}

Result<Account> require_account(Tx& tx, const std::string& text) {
  FUMI_TRY(const EmailAddress address, require_address(text));
  FUMI_TRY(auto account, tx.directory().account_by_address(address));
  if (!account)
    return fail(Code::not_found, "looking up an account", "there is no account " + text);
  return std::move(*account);
}

constexpr std::size_t kLabelOctetsMax = 200;

// Names that people give to things: shown on screens and written into audit trails.
Status require_label(const std::string& text, const char* doing) {
  if (text.size() > kLabelOctetsMax) return fail(Code::invalid, doing, "the name is too long");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(Code::invalid, doing, "the name must not hold control characters");
    }
  }
  return {};
}

// An address is a person's or a program's: with both, a login could mean either.
Status require_free_of_api_user(Tx& tx, const EmailAddress& address) {
  FUMI_TRY(const auto user, tx.directory().api_user_by_name(address));
  if (user) return fail(Code::conflict, "giving an address", "an API user has that name");
  return {};
}

constexpr const char* kNoPassword = "nobody logs in to a shared account: it has no password";

Status require_person(const Account& account) {
  if (account.kind == AccountKind::person) return {};
  return fail(Code::invalid, "setting a password", kNoPassword);
}

std::string_view name_of(AccountStatus status) {
  switch (status) {
    case AccountStatus::active:
      return "active";
    case AccountStatus::disabled:
      return "disabled";
    case AccountStatus::deleted:
      return "deleted";
  }
  return "unknown";
}

}  // namespace

Task<Result<Account>> Tenancy::create_account(TenantScope scope, NewAccount request) {
  Result<EmailAddress> address = require_address(request.address);
  if (!address) co_return std::unexpected(std::move(address).error());
  Status named = require_label(request.display_name, "creating an account");
  if (!named) co_return std::unexpected(std::move(named).error());
  const bool shared = request.kind == AccountKind::shared;
  if (shared && !request.password.reveal().empty()) {
    co_return fail(Code::invalid, "creating an account", kNoPassword);
  }
  Result<Credential> credential = Credential();
  const std::function<void()> hash = [&] { credential = make_credential(request.password); };
  if (!shared) {
    Status ran = co_await runtime_.offload(hash);
    if (!ran) co_return std::unexpected(std::move(ran).error());
  }
  if (!credential) co_return std::unexpected(std::move(credential).error());
  Account account;
  account.kind = request.kind;
  account.id = ids_.next<AccountId>();
  account.address = *address;
  account.display_name = request.display_name;
  account.quota_octets = request.quota_octets;
  account.created = clock_.now();
  auto work = [&](Tx& tx) -> Result<Account> {
    FUMI_TRY(const auto domain, tx.directory().domain_by_name(address->domain));
    if (!domain) {
      return fail(Code::not_found, "creating an account",
                  "the tenant has no domain " + address->domain + "; create it first");
    }
    FUMI_CHECK(require_free_of_api_user(tx, *address));
    FUMI_CHECK(require_plan(tx, "creating an account",
                            {.accounts = 1, .quota_after = account.quota_octets}));
    account.domain = domain->id;
    FUMI_CHECK(tx.directory().create_account(account, *credential));
    FUMI_CHECK(tx.records().append(operation(scope.actor, clock_.now(), "account.create",
                                             account.address.text(),
                                             {{"kind", shared ? "shared" : "person"}})));
    return require_account(tx, account.address.text());
  };
  Result<Account> done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Result<Account>> Tenancy::account(TenantScope scope, std::string address) {
  auto work = [&](Tx& tx) { return require_account(tx, address); };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<std::vector<Account>>> Tenancy::accounts(TenantScope scope, AccountId after,
                                                     std::uint32_t limit) {
  auto work = [&](Tx& tx) { return tx.directory().accounts(after, limit); };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<Account>> Tenancy::update_account(TenantScope scope, std::string address,
                                              AccountChange change) {
  if (change.display_name) {
    Status named = require_label(*change.display_name, "changing an account");
    if (!named) co_return std::unexpected(std::move(named).error());
  }
  std::optional<Credential> credential;
  if (change.password) {
    Result<Credential> made = fail(Code::internal, "hashing a password");
    const std::function<void()> hash = [&] { made = make_credential(*change.password); };
    Status ran = co_await runtime_.offload(hash);
    if (!ran) co_return std::unexpected(std::move(ran).error());
    if (!made) co_return std::unexpected(std::move(made).error());
    credential = std::move(*made);
  }
  auto work = [&](Tx& tx) -> Result<Account> {
    FUMI_TRY(Account account, require_account(tx, address));
    if (credential) FUMI_CHECK(require_person(account));
    if (change.status == AccountStatus::disabled) FUMI_CHECK(require_other_owner(tx, account.id));
    if (change.display_name) account.display_name = *change.display_name;
    if (change.status) account.status = *change.status;
    if (change.quota_octets) {
      FUMI_CHECK(require_plan(
          tx, "changing an account",
          {.quota_before = account.quota_octets, .quota_after = *change.quota_octets}));
      account.quota_octets = *change.quota_octets;
    }
    FUMI_CHECK(tx.directory().update_account(account));
    if (credential) FUMI_CHECK(tx.directory().set_account_credential(account.id, *credential));
    FUMI_CHECK(tx.records().append(
        operation(scope.actor, clock_.now(), "account.update", account.address.text(),
                  {{"status", std::string(name_of(account.status))},
                   {"quota", std::to_string(account.quota_octets)},
                   {"password", credential ? "changed" : "unchanged"}})));
    return account;
  };
  Result<Account> done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Status> Tenancy::delete_account(TenantScope scope, std::string address) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, address));
    FUMI_CHECK(require_other_owner(tx, account.id));
    FUMI_CHECK(tx.directory().delete_account(account.id));
    return tx.records().append(operation(scope.actor, clock_.now(), "account.delete", address));
  };
  Status done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Status> Tenancy::add_alias(TenantScope scope, std::string address, std::string alias) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, address));
    FUMI_TRY(const EmailAddress other, require_address(alias));
    FUMI_TRY(const auto domain, tx.directory().domain_by_name(other.domain));
    if (!domain) {
      return fail(Code::not_found, "adding an alias", "the tenant has no domain " + other.domain);
    }
    FUMI_CHECK(require_free_of_api_user(tx, other));
    FUMI_CHECK(tx.directory().add_alias(account.id, other));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "alias.add", address, {{"alias", alias}}));
  };
  Status done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Status> Tenancy::remove_alias(TenantScope scope, std::string address, std::string alias) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, address));
    FUMI_TRY(const EmailAddress other, require_address(alias));
    FUMI_CHECK(tx.directory().remove_alias(account.id, other));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "alias.remove", address, {{"alias", alias}}));
  };
  Status done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

Task<Result<std::vector<EmailAddress>>> Tenancy::addresses(TenantScope scope, std::string address) {
  auto work = [&](Tx& tx) -> Result<std::vector<EmailAddress>> {
    FUMI_TRY(const Account account, require_account(tx, address));
    return tx.directory().addresses(account.id);
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<CreatedAppPassword>> Tenancy::create_app_password(TenantScope scope,
                                                              std::string address,
                                                              std::string name) {
  Status named = require_label(name, "creating an application password");
  if (!named) co_return std::unexpected(std::move(named).error());
  crypto::NewToken token = crypto::make_token("app");
  Result<Credential> credential = fail(Code::internal, "hashing a key");
  const std::function<void()> hash = [&] { credential = make_key_credential(token.text); };
  Status ran = co_await runtime_.offload(hash);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  if (!credential) co_return std::unexpected(std::move(credential).error());
  AppPassword password;
  password.id = ids_.next<AppPasswordId>();
  password.name = std::move(name);
  password.credential = std::move(*credential);
  password.created = clock_.now();
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, address));
    FUMI_CHECK(require_person(account));
    password.account = account.id;
    FUMI_CHECK(tx.directory().add_app_password(password));
    return tx.records().append(operation(scope.actor, clock_.now(), "app_password.create", address,
                                         {{"name", password.name}}));
  };
  Status done = co_await store_.write(scope, std::move(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  CreatedAppPassword created{std::move(password), std::move(token.text)};
  co_return created;
}

Task<Result<std::vector<AppPassword>>> Tenancy::app_passwords(TenantScope scope,
                                                              std::string address) {
  auto work = [&](Tx& tx) -> Result<std::vector<AppPassword>> {
    FUMI_TRY(const Account account, require_account(tx, address));
    return tx.directory().app_passwords(account.id);
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> Tenancy::remove_app_password(TenantScope scope, std::string address,
                                          AppPasswordId id) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, address));
    FUMI_CHECK(tx.directory().remove_app_password(account.id, id));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "app_password.remove", address, {{"id", id.text()}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<CreatedApiUser>> Tenancy::create_api_user(TenantScope scope, std::string name) {
  Result<EmailAddress> address = require_address(name);
  if (!address) co_return std::unexpected(std::move(address).error());
  crypto::NewToken token = crypto::make_token("api");
  Result<Credential> credential = fail(Code::internal, "hashing a key");
  const std::function<void()> hash = [&] { credential = make_key_credential(token.text); };
  Status ran = co_await runtime_.offload(hash);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  if (!credential) co_return std::unexpected(std::move(credential).error());
  ApiUser user;
  user.id = ids_.next<ApiUserId>();
  user.tenant = scope.tenant;
  user.name = *address;
  user.credential = std::move(*credential);
  user.created = clock_.now();
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto domain, tx.directory().domain_by_name(address->domain));
    if (!domain) {
      return fail(Code::not_found, "creating an API user",
                  "the tenant has no domain " + address->domain + "; create it first");
    }
    FUMI_TRY(const auto person, tx.directory().local_recipient(*address));
    if (person) {
      return fail(Code::conflict, "creating an API user", "an account has the address " + name);
    }
    FUMI_CHECK(require_plan(tx, "creating an API user", {.api_users = 1}));
    FUMI_CHECK(tx.directory().create_api_user(user));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "api_user.create", address->text()));
  };
  Status done = co_await store_.write(scope, std::move(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  CreatedApiUser created{std::move(user), std::move(token.text)};
  co_return created;
}

Task<Result<std::vector<ApiUser>>> Tenancy::api_users(TenantScope scope) {
  auto work = [](Tx& tx) { return tx.directory().api_users(); };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> Tenancy::delete_api_user(TenantScope scope, std::string name) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const EmailAddress address, require_address(name));
    FUMI_TRY(const auto user, tx.directory().api_user_by_name(address));
    if (!user) {
      return fail(Code::not_found, "deleting an API user", "there is no API user " + name);
    }
    FUMI_CHECK(tx.directory().delete_api_user(user->id));
    return tx.records().append(operation(scope.actor, clock_.now(), "api_user.delete", name));
  };
  co_return co_await store_.write(scope, std::move(work));
}

}  // namespace fumi::service
