// Spool: holds what is not done, and hands it to the carrier when it is due.
//
// The durable spool is the store's (QueueStore); this is the scheduler over it. A message that was
// just accepted goes to the carrier at once with its body still in memory; what waits for a retry
// is claimed from the store when due, and its body is read when it is needed. Everything runs on
// the runtime's executor but admit(), which any thread may call.
//
// Leases: what this node works on is leased for lease_time. After a crash the same node frees its
// leases at start; other nodes wait for them to run out. A recipient that this node still works on
// when its lease runs out (a slow site, a store that was away) is leased again, not tried twice.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/spool/bounce.h"
#include "service/spool/retry.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct SpooledMessage {
  QueueMessage facts;
  std::shared_ptr<const std::string> body;  // null: not in memory, Spool::body() reads it
  std::weak_ptr<const std::string> loaded;  // what body() read, while somebody holds it
};

// Recipients of one message that are due together.
struct Job {
  std::shared_ptr<SpooledMessage> message;
  std::vector<std::uint32_t> recipients;  // numbers
};

// Takes jobs to their destinations and reports each by Spool::finish(). Implemented by Delivery.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void carry(Job job) = 0;  // on the runtime's executor
};

struct SpoolOptions {
  std::vector<std::string> retry_waits;            // durations, see RetrySchedule::parse
  Duration lifetime = std::chrono::hours(24 * 5);  // RFC 5321 §4.5.4.1: at least 4-5 days
  Duration delay_notice_after = std::chrono::hours(4);
  Duration lease_time = std::chrono::minutes(30);
  Duration poll_interval = std::chrono::seconds(15);  // how long another node's work may wait
  std::size_t messages_max = 20'000;                  // in memory at a time
  std::uint64_t body_octets_max = 256ULL << 20U;      // of bodies kept in memory
  std::string hostname;                               // Reporting-MTA of DSNs
};

void describe(config::Schema<SpoolOptions>& s);

class Spool {
 public:
  Spool(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime, Routing& routing,
        IdGenerator& ids, const Clock& clock, SpoolOptions options, RetrySchedule retry);
  ~Spool();

  // The number of messages that are in memory: waiting for their turn, or on their way.
  [[nodiscard]] std::size_t messages() const { return load_->messages.load(); }

  // Frees what this node held before a restart and starts scheduling.
  Task<Status> start(Carrier& carrier);

  // Whether a new message may go straight to the carrier; if not (no room, or start() has not freed
  // the old leases yet), enqueue it free of lease and it is claimed in its time. Any thread.
  [[nodiscard]] bool has_room() const;
  // The lease that goes with has_room(), for QueueStore::enqueue.
  [[nodiscard]] Instant lease_until(Instant now) const;
  // After the commit of a message that was enqueued with a lease. Any thread.
  void admit(QueueMessage message, std::shared_ptr<const std::string> body);
  // Looks for due work now: after retry_now(), or an enqueue without lease. Any thread.
  void wake();

  Task<Result<std::shared_ptr<const std::string>>> body(std::shared_ptr<SpooledMessage> message);

  // How an attempt ended, as the peers answered; decides between retry and bounce, writes records
  // and DSNs in the same transaction. Keeps trying while the store is away: what was delivered must
  // not be forgotten.
  Task<void> finish(Job job, std::vector<AttemptOutcome> outcomes);

  // The same for final delivery here: `deliver` runs first in the same transaction, so that the
  // mailbox and the spool never disagree. One try; on an error nothing is written and the job is
  // still the caller's to finish. not_found: deliver's own, or the message has left the spool.
  using Deliver = std::function<Status(PlatformTx&)>;
  Task<Status> finish_here(Job job, std::vector<AttemptOutcome> outcomes, Deliver deliver);

  [[nodiscard]] const SpoolOptions& options() const { return options_; }

 private:
  // What is in memory; shared with each message, which may outlive the spool in a dying executor.
  struct Load {
    std::atomic<std::size_t> messages{0};
    std::atomic<std::uint64_t> body_octets{0};
    std::unique_ptr<Wakeup> wakeup;
  };
  struct Decision;

  std::shared_ptr<SpooledMessage> hold(QueueMessage facts, std::shared_ptr<const std::string> body);
  Task<void> schedule();
  Task<Result<std::size_t>> claim();
  void take_off(Job& job);  // drops recipients that are in flight already
  void land(const Job& job);
  Decision decide(const QueueMessage& message, std::vector<AttemptOutcome>& outcomes,
                  NoticeKind success) const;
  Task<Result<std::vector<Notice>>> write_notices(const Job& job, Decision& decision);
  Task<Status> commit(const Job& job, std::vector<AttemptOutcome>& outcomes,
                      const Deliver& deliver);
  Status write(Tx& tx, const QueueMessage& message, const std::vector<AttemptOutcome>& outcomes,
               const std::vector<Notice>& notices, Instant now) const;

  Platform& platform_;
  Store& store_;
  BlobStore& blobs_;
  Runtime& runtime_;
  const Clock& clock_;
  SpoolOptions options_;
  RetrySchedule retry_;
  Bouncer bouncer_;
  std::shared_ptr<Load> load_;
  Carrier* carrier_ = nullptr;
  std::atomic<bool> started_{false};
  std::unordered_map<QueueId, std::vector<std::uint32_t>> in_flight_;  // on the executor only
};

}  // namespace fumi::service
