// PlatformStore: what crosses tenants. Sessions never hold one; the services that route, schedule
// and administer do (DESIGN §3, Isolation).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/ports/attachment_text_store.h"
#include "domain/ports/grant_store.h"
#include "domain/ports/push_store.h"
#include "domain/ports/search_store.h"
#include "domain/ports/vacation_store.h"
#include "domain/queue.h"
#include "domain/tenancy.h"

namespace fumi {

struct DomainOwner {
  TenantId tenant;
  DomainId domain;
  TenantStatus status = TenantStatus::active;
  DomainState state = DomainState::verified;
};

struct Operator {
  OperatorId id;
  std::string name;
  std::string token_hash;  // SHA-256 of the token
  Instant created;
  Role role = Role::operator_;
  std::optional<Instant> expires;
};

// A tenant in which something changed that open sessions must hear of.
struct AccessChange {
  TenantId tenant;
  std::uint64_t version = 0;  // of SettingStore
};

// A recipient that this node has claimed.
struct Claim {
  TenantId tenant;
  QueueId message;
  std::uint32_t recipient = 0;
  std::string domain;  // of the recipient, lower-case
};

class PlatformStore {
 public:
  virtual ~PlatformStore() = default;

  virtual Status create_tenant(const Tenant& tenant) = 0;  // conflict: the name is taken
  virtual Result<std::optional<Tenant>> tenant_by_name(const std::string& name) = 0;
  virtual Result<std::optional<Tenant>> tenant(TenantId id) = 0;
  virtual Result<std::vector<Tenant>> tenants(TenantId after, std::uint32_t limit) = 0;
  virtual Status set_tenant_status(TenantId id, TenantStatus status) = 0;

  virtual Result<std::optional<DomainOwner>> domain_owner(const std::string& domain) = 0;

  // Tenants whose access version is above `since`. Versions are ids: they ascend with time.
  virtual Result<std::vector<AccessChange>> access_changes(std::uint64_t since) = 0;

  virtual Status create_operator(const Operator& person) = 0;
  virtual Result<std::optional<Operator>> operator_by_token(const std::string& token_hash) = 0;
  virtual Result<std::vector<Operator>> operators() = 0;  // ascending by id, without their hashes
  virtual Status remove_operator(OperatorId id) = 0;      // not_found

  // Of any tenant, without its name. Whether it still holds is the caller's question.
  virtual Result<std::optional<AccessToken>> token_by_hash(const std::string& hash) = 0;
  // Forgets tokens that ended before `tokens`, and answers that were given before `answers`.
  virtual Result<std::uint64_t> forget_expired(Instant tokens, Instant answers) = 0;

  // Leases up to `limit` waiting recipients that are due and free, oldest first.
  virtual Result<std::vector<Claim>> claim_due(Instant now, Instant lease_until,
                                               std::uint32_t limit) = 0;
  // Moves the ends of leases that this node still has. Returns those that it hasn't any more:
  // finished, cancelled, or run out and claimed by another node. At most 10,000 a call.
  virtual Result<std::vector<Claim>> renew_leases(const std::vector<Claim>& held,
                                                  Instant lease_until) = 0;
  // The earliest moment at which something becomes due or its lease runs out.
  virtual Result<std::optional<Instant>> next_due() = 0;
  // Gives up every lease of this node: at start, when what was in flight is known to be dead.
  virtual Status release_leases() = 0;
  // Waiting recipients in the whole spool, and the age of the oldest: for metrics.
  virtual Result<std::uint64_t> queue_depth() = 0;

  // Accounts beyond `after` with changes, or text of attached files, that the search index hasn't
  // seen, in order.
  virtual Result<std::vector<SearchBacklog>> search_backlog(const SearchBacklog& after,
                                                            std::uint32_t limit) = 0;

  // Accounts beyond `after` that have push subscriptions, in order.
  virtual Result<std::vector<PushOwner>> push_owners(const PushOwner& after,
                                                     std::uint32_t limit) = 0;
  // Mail that waits to be answered, the oldest accounts' first.
  virtual Result<std::vector<VacationJob>> vacation_jobs(std::uint32_t limit) = 0;
  // Accounts beyond `after` with mail whose attached files nobody works on yet, in order.
  virtual Result<std::vector<AttachmentBacklog>> attachment_backlog(const SearchBacklog& after,
                                                                    Instant now,
                                                                    std::uint32_t limit) = 0;

  // Seals mail records that are older than `before` into chained batches. Returns how many.
  virtual Result<std::uint64_t> seal_records(Instant before) = 0;
};

}  // namespace fumi
