// QueueStore over SQL. claims are the platform's (platform.h).
#pragma once

#include <vector>

#include "domain/ports/queue_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlQueue final : public QueueStore {
 public:
  explicit SqlQueue(Context& context) : context_(context) {}

  Status enqueue(const QueueMessage& message, Instant lease_until) override;
  Result<std::optional<QueueMessage>> message(QueueId id) override;
  Result<std::optional<QueueMessage>> inspect(QueueId id) override;
  Result<std::vector<QueueMessage>> list(const QueueQuery& query) override;
  Status finish_attempt(QueueId id, const std::vector<AttemptOutcome>& outcomes) override;
  Status set_delay_notified(QueueId id) override;
  Status retry_now(QueueId id, Instant now) override;
  Result<QueueMessage> cancel(QueueId id) override;
  Result<QueueMessage> recall(QueueId id, Instant now) override;

 private:
  Status insert_recipient(QueueId id, const QueueRecipient& recipient, Instant lease_until);
  Result<QueueMessage> message_of(const sql::Row& row);
  Result<QueueRecipient> recipient_of(QueueId id, const sql::Row& row);
  Status read_last(QueueId id, std::string_view sealed, QueueRecipient& into);
  Result<std::optional<QueueMessage>> outline(QueueId id, const Error& why);
  Status remove(QueueId id);

  Context& context_;
};

// Leases are a node's: 0 stands for none, so nodes count from 1.
[[nodiscard]] inline std::int64_t lease_owner(const SqlStoreOptions& options) {
  return std::int64_t{options.node} + 1;
}

}  // namespace fumi::store
