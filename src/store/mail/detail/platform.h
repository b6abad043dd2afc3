// PlatformStore over SQL: tenants, operators, and the spool of all tenants.
#pragma once

#include "domain/ports/platform_store.h"
#include "store/sql/session.h"

namespace fumi::store {

class SqlPlatformTx;

class SqlPlatform final : public PlatformStore {
 public:
  explicit SqlPlatform(SqlPlatformTx& tx) : tx_(tx) {}

  Status create_tenant(const Tenant& tenant) override;
  Result<std::optional<Tenant>> tenant_by_name(const std::string& name) override;
  Result<std::optional<Tenant>> tenant(TenantId id) override;
  Result<std::vector<Tenant>> tenants(TenantId after, std::uint32_t limit) override;
  Status set_tenant_status(TenantId id, TenantStatus status) override;
  Result<std::optional<DomainOwner>> domain_owner(const std::string& domain) override;
  Result<std::vector<AccessChange>> access_changes(std::uint64_t since) override;
  Status create_operator(const Operator& person) override;
  Result<std::optional<Operator>> operator_by_token(const std::string& token_hash) override;
  Result<std::vector<Operator>> operators() override;
  Status remove_operator(OperatorId id) override;
  Result<std::optional<AccessToken>> token_by_hash(const std::string& hash) override;
  Result<std::uint64_t> forget_expired(Instant tokens, Instant answers) override;
  Result<std::vector<Claim>> claim_due(Instant now, Instant lease_until,
                                       std::uint32_t limit) override;
  Result<std::optional<Instant>> next_due() override;
  Result<std::vector<Claim>> renew_leases(const std::vector<Claim>& held,
                                          Instant lease_until) override;
  Status release_leases() override;
  Result<std::uint64_t> queue_depth() override;
  Result<std::vector<PushOwner>> push_owners(const PushOwner& after, std::uint32_t limit) override;
  Result<std::vector<VacationJob>> vacation_jobs(std::uint32_t limit) override;
  Result<std::vector<SearchBacklog>> search_backlog(const SearchBacklog& after,
                                                    std::uint32_t limit) override;
  Result<std::vector<AttachmentBacklog>> attachment_backlog(const SearchBacklog& after, Instant now,
                                                            std::uint32_t limit) override;
  Result<std::uint64_t> seal_records(Instant before) override;

 private:
  [[nodiscard]] sql::Session& session() const;

  SqlPlatformTx& tx_;
};

}  // namespace fumi::store
