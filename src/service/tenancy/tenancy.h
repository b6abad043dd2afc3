// Tenancy: opens contracts and runs domains, accounts and API users. What the admin API calls.
//
// Each act is one transaction that also writes its operation record. `actor` is who asked; whether
// they may is the API's question (grants), asked before.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "crypto/key_ring.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/tenancy/routing.h"

namespace fumi::service {

struct NewAccount {
  std::string address;
  std::string display_name;
  Secret password;  // none for a shared account: nobody logs in to it
  std::uint64_t quota_octets = 0;
  AccountKind kind = AccountKind::person;
};

struct AccountChange {
  std::optional<std::string> display_name;
  std::optional<AccountStatus> status;  // active or disabled
  std::optional<std::uint64_t> quota_octets;
  std::optional<Secret> password;
};

// Whose word a new domain's ownership stands on.
enum class Ownership : std::uint8_t {
  prove,    // the tenant shows it by DNS (DomainCheck); until then the domain is pending
  vouched,  // the operator's word: verified at once
};

// A key is shown once, here.
struct CreatedApiUser {
  ApiUser user;
  Secret key;
};
struct CreatedAppPassword {
  AppPassword password;
  Secret key;
};

class Tenancy {
 public:
  Tenancy(Platform& platform, Store& store, crypto::KeyRing& keys, Routing& routing,
          Runtime& runtime, IdGenerator& ids, const Clock& clock)
      : platform_(platform),
        store_(store),
        keys_(keys),
        routing_(routing),
        runtime_(runtime),
        ids_(ids),
        clock_(clock) {}

  // The same over another view of the store: a rehearsal, a condition.
  [[nodiscard]] Tenancy over(Platform& platform, Store& store) const {
    return {platform, store, keys_, routing_, runtime_, ids_, clock_};
  }

  // `name`: 2 to 40 lower-case letters, digits and hyphens, a letter first.
  Task<Result<Tenant>> create_tenant(Actor actor, std::string name);
  Task<Result<std::vector<Tenant>>> tenants(TenantId after, std::uint32_t limit);
  Task<Result<Tenant>> tenant_by_name(std::string name);  // no_tenant()
  // What is said of a tenant or a domain that nobody has, and to those whom it is not to be told
  // of.
  [[nodiscard]] static std::unexpected<Error> no_tenant(const std::string& name);
  [[nodiscard]] static std::unexpected<Error> no_owner(const std::string& domain);
  Task<Status> set_tenant_status(Actor actor, TenantId tenant, TenantStatus status);

  // Makes DKIM keys (RSA-2048 and Ed25519) with it. conflict: some tenant has the domain. quota:
  // over the tenant's plan, as with accounts and API users below.
  Task<Result<MailDomain>> create_domain(TenantScope scope, std::string name,
                                         Ownership ownership = Ownership::vouched);
  Task<Result<std::vector<MailDomain>>> domains(TenantScope scope);
  Task<Result<std::vector<DkimKey>>> dkim_keys(TenantScope scope, std::string domain);
  Task<Status> delete_domain(TenantScope scope, std::string name);
  // Whose domain this is, for callers that name an address alone. no_owner().
  Task<Result<DomainOwner>> owner_of(std::string address_or_domain);
  Task<Result<TenantId>> tenant_of(std::string address_or_domain);

  Task<Result<Account>> create_account(TenantScope scope, NewAccount account);
  Task<Result<Account>> account(TenantScope scope, std::string address);
  Task<Result<std::vector<Account>>> accounts(TenantScope scope, AccountId after,
                                              std::uint32_t limit);
  Task<Result<Account>> update_account(TenantScope scope, std::string address,
                                       AccountChange change);
  Task<Status> delete_account(TenantScope scope, std::string address);
  Task<Status> add_alias(TenantScope scope, std::string address, std::string alias);
  Task<Status> remove_alias(TenantScope scope, std::string address, std::string alias);
  Task<Result<std::vector<EmailAddress>>> addresses(TenantScope scope, std::string address);

  Task<Result<CreatedAppPassword>> create_app_password(TenantScope scope, std::string address,
                                                       std::string name);
  Task<Result<std::vector<AppPassword>>> app_passwords(TenantScope scope, std::string address);
  Task<Status> remove_app_password(TenantScope scope, std::string address, AppPasswordId id);

  Task<Result<CreatedApiUser>> create_api_user(TenantScope scope, std::string name);
  Task<Result<std::vector<ApiUser>>> api_users(TenantScope scope);
  Task<Status> delete_api_user(TenantScope scope, std::string name);

 private:
  Platform& platform_;
  Store& store_;
  crypto::KeyRing& keys_;
  Routing& routing_;
  Runtime& runtime_;
  IdGenerator& ids_;
  const Clock& clock_;
};

}  // namespace fumi::service
