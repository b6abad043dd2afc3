// QueueStore: the durable spool of a tenant. One method is one step of a transaction.
//
// A waiting recipient is leased to the node that works on it; a lease that ran out may be claimed
// by any node (platform_store.h). So a crash repeats at most what was in flight.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/queue.h"

namespace fumi {

struct QueueQuery {
  std::optional<std::string> recipient_domain;
  QueueId after;
  std::uint32_t limit = 100;
};

class QueueStore {
 public:
  virtual ~QueueStore() = default;

  // Spools the message with its recipients, leased to this node until `lease_until`.
  virtual Status enqueue(const QueueMessage& message, Instant lease_until) = 0;
  // With all recipients, done ones included; nullopt: not in the spool (any more).
  virtual Result<std::optional<QueueMessage>> message(QueueId id) = 0;
  // For operators: as message(), list() and cancel() give it. A message that the store can't read
  // any more (corrupt) comes with what stands beside it: recipients have a domain and no local
  // part, and their last_answer says what is wrong. Never to be sent.
  virtual Result<std::optional<QueueMessage>> inspect(QueueId id) = 0;
  virtual Result<std::vector<QueueMessage>> list(const QueueQuery& query) = 0;
  // Writes how attempts ended and gives up the leases. When no recipient waits any more the message
  // leaves the spool. not_found: it has left already (cancelled meanwhile).
  virtual Status finish_attempt(QueueId id, const std::vector<AttemptOutcome>& outcomes) = 0;
  virtual Status set_delay_notified(QueueId id) = 0;
  // Makes waiting recipients due now. not_found.
  virtual Status retry_now(QueueId id, Instant now) = 0;
  // Takes the message out of the spool and returns what it was, for the record. not_found.
  virtual Result<QueueMessage> cancel(QueueId id) = 0;
  // The same for the sender, who may only where nobody has been sent it and no node holds it to
  // send it: conflict. Of two, this and a claim, one comes first.
  virtual Result<QueueMessage> recall(QueueId id, Instant now) = 0;
};

}  // namespace fumi
