#include "service/intake/signer.h"

#include "mailauth/dkim_sign.h"

namespace fumi::service {
namespace {

constexpr std::size_t kDomainsMax = 10'000;

Result<std::vector<DkimKey>> read_keys(Tx& tx, const std::string& domain) {
  FUMI_TRY(const auto found, tx.directory().domain_by_name(domain));
  if (!found) return std::vector<DkimKey>();
  return tx.directory().dkim_keys(found->id);
}

}  // namespace

struct Signer::Keys {
  std::vector<mailauth::DkimSigner> signers;
};

Signer::Signer(Store& store, Runtime& runtime, const Clock& clock)
    : store_(store), runtime_(runtime), clock_(clock) {}

Signer::~Signer() = default;

Task<Result<std::shared_ptr<const Signer::Keys>>> Signer::keys(TenantScope scope,
                                                               std::string domain) {
  const std::string name = scope.tenant.text() + "/" + domain;
  const Instant now = clock_.now();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(name);
    if (found != cache_.end() && now - found->second.read_at < kAgeMax)
      co_return found->second.keys;
  }
  auto work = [&domain](Tx& tx) { return read_keys(tx, domain); };
  Result<std::vector<DkimKey>> rows = co_await store_.read(scope, std::move(work));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  auto keys = std::make_shared<Keys>();
  for (const DkimKey& row : *rows) {
    const auto algorithm = row.algorithm == to_string(mailauth::DkimAlgorithm::rsa_sha256)
                               ? mailauth::DkimAlgorithm::rsa_sha256
                               : mailauth::DkimAlgorithm::ed25519_sha256;
    auto signer = mailauth::DkimSigner::open(domain, row.selector, algorithm, row.private_pem);
    if (!signer) co_return std::unexpected(std::move(signer).error());
    keys->signers.push_back(std::move(*signer));
  }
  const std::shared_ptr<const Keys> shared = std::move(keys);
  const std::scoped_lock lock(mutex_);
  if (cache_.size() >= kDomainsMax) cache_.clear();
  cache_[name] = {shared, now};
  co_return shared;
}

Task<Result<std::string>> Signer::sign(TenantScope scope, std::string domain,
                                       std::string_view message) {
  Result<std::shared_ptr<const Keys>> keys = co_await this->keys(scope, std::move(domain));
  if (!keys) co_return std::unexpected(std::move(keys).error());
  if ((*keys)->signers.empty()) co_return std::string();
  Result<std::string> fields = fail(Code::internal, "signing");
  const std::function<void()> work = [&] {
    fields = mailauth::sign_dkim(message, (*keys)->signers, clock_.now());
  };
  Status ran = co_await runtime_.offload(work);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  co_return fields;
}

Task<Result<bool>> Signer::has_key(TenantScope scope, std::string domain) {
  Result<std::shared_ptr<const Keys>> keys = co_await this->keys(scope, std::move(domain));
  if (!keys) co_return std::unexpected(std::move(keys).error());
  co_return !(*keys)->signers.empty();
}

}  // namespace fumi::service
