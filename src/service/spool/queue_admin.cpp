#include "service/spool/queue_admin.h"

#include <algorithm>

#include "base/function_ref.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr std::uint32_t kTenantsPerPage = 100;

// Calls `act` for the one tenant, or for all in turn, until it returns false.
Status each_tenant(PlatformTx& tx, std::optional<TenantId> only,
                   FunctionRef<Result<bool>(const Tenant&)> act) {
  if (only) {
    FUMI_TRY(const auto tenant, tx.platform().tenant(*only));
    if (!tenant) return fail(Code::not_found, "looking into the queue", "there is no such tenant");
    FUMI_TRY(const bool more, act(*tenant));
    static_cast<void>(more);
    return {};
  }
  for (TenantId after;;) {
    FUMI_TRY(const auto tenants, tx.platform().tenants(after, kTenantsPerPage));
    for (const Tenant& tenant : tenants) {
      FUMI_TRY(const bool more, act(tenant));
      if (!more) return {};
    }
    if (tenants.size() < kTenantsPerPage) return {};
    after = tenants.back().id;
  }
}

Result<QueuedMessage> locate(PlatformTx& tx, Actor actor, std::optional<TenantId> only,
                             QueueId id) {
  std::optional<QueuedMessage> found;
  auto look = [&](const Tenant& tenant) -> Result<bool> {
    FUMI_TRY(auto message, tx.in({tenant.id, actor}).queue().inspect(id));
    if (!message) return true;
    found = QueuedMessage{tenant.name, std::move(*message)};
    return false;
  };
  FUMI_CHECK(each_tenant(tx, only, look));
  if (!found) {
    return fail(Code::not_found, "looking into the queue",
                "no message " + id.text() + " is in the queue (any more)");
  }
  return std::move(*found);
}

Record cancelled_record(const QueueMessage& message, const QueueRecipient& recipient, Actor actor,
                        Instant now) {
  Record record;
  record.at = now;
  record.kind = RecordKind::cancelled;
  record.message = message.id;
  record.actor = actor;
  record.from = message.reverse_path.text();
  record.to = recipient.address.text();
  record.header_from = message.header_from;
  record.subject = message.subject;
  record.message_id = message.message_id;
  record.api_data = message.api_data;
  record.octets = message.octets;
  record.answer = "taken out of the queue by an operator";
  return record;
}

}  // namespace

Task<Result<std::vector<QueuedMessage>>> QueueAdmin::list(std::optional<TenantId> tenant,
                                                          QueueQuery query) {
  auto work = [&](PlatformTx& tx) -> Result<std::vector<QueuedMessage>> {
    std::vector<QueuedMessage> out;
    auto gather = [&](const Tenant& each) -> Result<bool> {
      FUMI_TRY(auto messages, tx.in({each.id, {}}).queue().list(query));
      for (QueueMessage& message : messages)
        out.push_back({each.name, std::move(message)});
      return true;
    };
    FUMI_CHECK(each_tenant(tx, tenant, gather));
    std::ranges::sort(out, {}, [](const QueuedMessage& each) { return each.message.id; });
    if (out.size() > query.limit) out.resize(query.limit);
    return out;
  };
  co_return co_await platform_.read(std::move(work));
}

Task<Result<QueuedMessage>> QueueAdmin::show(std::optional<TenantId> tenant, QueueId id) {
  auto work = [&](PlatformTx& tx) { return locate(tx, {}, tenant, id); };
  co_return co_await platform_.read(std::move(work));
}

Task<Status> QueueAdmin::retry(Actor actor, std::optional<TenantId> tenant, QueueId id) {
  auto work = [&](PlatformTx& tx) -> Status {
    FUMI_TRY(const QueuedMessage found, locate(tx, actor, tenant, id));
    Tx& scoped = tx.in({found.message.tenant, actor});
    FUMI_CHECK(scoped.queue().retry_now(id, clock_.now()));
    return scoped.records().append(operation(actor, clock_.now(), "queue.retry", id.text()));
  };
  Status done = co_await platform_.write(std::move(work));
  if (done) wake_();
  co_return done;
}

Task<Result<QueuedMessage>> QueueAdmin::cancel(Actor actor, std::optional<TenantId> tenant,
                                               QueueId id) {
  auto work = [&](PlatformTx& tx) -> Result<QueuedMessage> {
    FUMI_TRY(QueuedMessage found, locate(tx, actor, tenant, id));
    Tx& scoped = tx.in({found.message.tenant, actor});
    FUMI_TRY(found.message, scoped.queue().cancel(id));
    const Instant now = clock_.now();
    for (const QueueRecipient& recipient : found.message.recipients) {
      if (recipient.state != RecipientState::waiting) continue;
      FUMI_CHECK(scoped.records().append(cancelled_record(found.message, recipient, actor, now)));
    }
    FUMI_CHECK(scoped.records().append(operation(actor, now, "queue.cancel", id.text())));
    return found;
  };
  co_return co_await platform_.write(std::move(work));
}

}  // namespace fumi::service
