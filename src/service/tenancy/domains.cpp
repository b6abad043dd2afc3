// Tenancy's acts on domains.
#include "mailauth/dkim_sign.h"
#include "service/tenancy/domain_check.h"
#include "service/tenancy/operation.h"
#include "service/tenancy/plan.h"
#include "service/tenancy/tenancy.h"

namespace fumi::service {
namespace {

// Selectors tell algorithm and date, so that a later rotation has names of its own.
Status make_dkim_keys(const MailDomain& domain, IdGenerator& ids, std::vector<DkimKey>& keys) {
  using mailauth::DkimAlgorithm;
  const std::string date = to_rfc3339(domain.created).substr(0, 10);
  std::string compact;
  for (const char c : date) {
    if (c != '-') compact += c;
  }
  for (const DkimAlgorithm algorithm : {DkimAlgorithm::rsa_sha256, DkimAlgorithm::ed25519_sha256}) {
    FUMI_TRY(mailauth::DkimKeyPair pair, mailauth::make_dkim_key(algorithm));
    DkimKey key;
    key.id = ids.next<DkimKeyId>();
    key.domain = domain.id;
    key.selector = (algorithm == DkimAlgorithm::rsa_sha256 ? "rsa" : "ed") + compact;
    key.algorithm = mailauth::to_string(algorithm);
    key.private_pem = std::move(pair.private_pem);
    key.dns_record = std::move(pair.dns_record);
    keys.push_back(std::move(key));
  }
  return {};
}

}  // namespace

Task<Result<MailDomain>> Tenancy::create_domain(TenantScope scope, std::string name,
                                                Ownership ownership) {
  const auto normal = normalize_domain(name);
  if (!normal) {
    co_return fail(Code::invalid, "creating a domain", name + " is no domain name");
  }
  MailDomain domain{ids_.next<DomainId>(), scope.tenant, *normal, clock_.now()};
  if (ownership == Ownership::prove) {
    domain.state = DomainState::pending;
    domain.challenge = make_challenge();
  } else {
    domain.checked = domain.created;
  }
  std::vector<DkimKey> keys;
  Status made;
  const std::function<void()> make_keys = [&] { made = make_dkim_keys(domain, ids_, keys); };
  Status ran = co_await runtime_.offload(make_keys);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  if (!made) co_return std::unexpected(std::move(made).error());
  auto work = [&](Tx& tx) -> Status {
    FUMI_CHECK(require_plan(tx, "creating a domain", {.domains = 1}));
    FUMI_CHECK(tx.directory().create_domain(domain));
    for (const DkimKey& key : keys)
      FUMI_CHECK(tx.directory().add_dkim_key(key));
    return tx.records().append(operation(scope.actor, clock_.now(), "domain.create", domain.name,
                                         {{"state", to_string(domain.state)}}));
  };
  Status done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return domain;
}

Task<Result<std::vector<MailDomain>>> Tenancy::domains(TenantScope scope) {
  auto work = [](Tx& tx) { return tx.directory().domains(); };
  co_return co_await store_.read(scope, std::move(work));
}

namespace {

Result<MailDomain> require_domain(Tx& tx, const std::string& name) {
  const auto normal = normalize_domain(name);
  if (!normal) return fail(Code::invalid, "looking up a domain", "that is no domain name");
  FUMI_TRY(auto domain, tx.directory().domain_by_name(*normal));
  if (!domain) return fail(Code::not_found, "looking up a domain", "there is no domain " + name);
  return std::move(*domain);
}

}  // namespace

Task<Result<std::vector<DkimKey>>> Tenancy::dkim_keys(TenantScope scope, std::string domain) {
  auto work = [&](Tx& tx) -> Result<std::vector<DkimKey>> {
    FUMI_TRY(const MailDomain found, require_domain(tx, domain));
    return tx.directory().dkim_keys(found.id);
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> Tenancy::delete_domain(TenantScope scope, std::string name) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const MailDomain found, require_domain(tx, name));
    FUMI_CHECK(tx.directory().delete_domain(found.id));
    return tx.records().append(operation(scope.actor, clock_.now(), "domain.delete", found.name));
  };
  Status done = co_await store_.write(scope, std::move(work));
  routing_.forget_all();
  co_return done;
}

}  // namespace fumi::service
