// Spool: holds what is not done, and hands it to the carrier when it is due.
//
// The durable spool is the store's (QueueStore); this is the scheduler over it. A message that was
// just accepted goes to the carrier at once with its body still in memory; what waits for a retry
// is claimed from the store when due, and its body is read when it is needed. Everything runs on
// the runtime's executor but admit(), which any thread may call.
//
// Leases: what this node works on is leased for lease_time, and leased on while it waits here for
// its turn. After a crash the same node frees its leases at start; other nodes wait for them to run
// out. A lease that could not be renewed in time (a store that was away) may be another node's by
// now: such a recipient isn't tried here any more, see drop_lost().
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
#include "service/spool/group_commit.h"
#include "service/spool/options.h"
#include "service/spool/retry.h"

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

  // For an attempt that begins: takes the recipients out of the job whose lease this node has lost
  // or let run out, and forgets them. Whoever holds the lease has them; a job may become empty.
  void drop_lost(Job& job);

  // Waits for room where other attempts' bodies fill body_octets_max; rate_limited: for too long.
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
    std::atomic<std::uint64_t> read_octets{0};  // of bodies that body() has read
    std::unique_ptr<Wakeup> wakeup;
  };
  struct Decision;
  // A recipient that this node has leased.
  struct Held {
    std::uint32_t number = 0;
    std::uint64_t ticket = 0;  // tells this holding from an earlier one
    Instant until;
    bool lost = false;
  };
  struct Flight {
    TenantId tenant;
    std::vector<Held> held;
  };

  std::shared_ptr<SpooledMessage> hold(QueueMessage facts, std::shared_ptr<const std::string> body);
  Task<void> schedule();
  Task<Result<std::size_t>> claim();
  Task<void> load(TenantId tenant, QueueId id, std::vector<std::uint32_t> numbers);
  Task<void> defer_unreadable(TenantId tenant, QueueId id, std::vector<std::uint32_t> numbers,
                              std::string why);
  Task<void> keep_leases();
  Task<Status> renew_leases();
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
  GroupCommit commits_;
  std::shared_ptr<Load> load_;
  Carrier* carrier_ = nullptr;
  std::atomic<bool> started_{false};
  std::unordered_map<QueueId, Flight> in_flight_;  // on the executor only, like what follows
  std::uint64_t next_ticket_ = 1;
};

}  // namespace fumi::service
