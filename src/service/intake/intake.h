// Intake: takes responsibility for a message. Who sends, may they, to whom, and is it durable?
//
// accept() returns success only when everything that it promises has survived a power cut: entries
// in mailboxes, rows in the spool, records. A message whose recipients are all local goes to the
// inboxes in one commit, with no spool in between. A failure of ours is a 4yz, never a loss.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/access/access.h"
#include "service/intake/arrival.h"
#include "service/intake/signer.h"
#include "service/spool/spool.h"

namespace fumi::service {

struct IntakeOptions {
  std::string hostname;                             // in Received
  std::uint32_t received_max = 100;                 // RFC 5321 §6.3: loop detection, at least 100
  std::uint32_t rejects_recorded_per_minute = 600;  // of rejected records; more are only counted
  Duration hold_max = std::chrono::hours(24 * 30);  // of Sender::hold_until; zero: nothing is held
};

// A message that is being received: the session appends DATA to `bytes`, which begins with the
// trace fields, so that nothing is copied later.
struct Draft {
  QueueId id;
  std::string bytes;
  std::size_t return_path_octets = 0;  // of the Return-Path field that begins it
  std::size_t trace_octets = 0;        // of all that stands before the message itself
};

class Intake {
 public:
  Intake(Platform& platform, Store& store, BlobStore& blobs, Access& access, Routing& routing,
         Spool& spool, Bouncer& bouncer, Signer& signer, IdGenerator& ids, const Clock& clock,
         IntakeOptions options);

  Task<Verdict<void>> check_sender(const Arrival& arrival, const Sender& sender);
  // Fills in the recipient's route. Recipients of ours are checked for existence and room here,
  // before DATA, so that a bounce is the exception.
  Task<Verdict<void>> check_recipient(const Arrival& arrival, const Envelope& so_far,
                                      Recipient& recipient);

  // `expected_octets`: room to reserve (the declared SIZE, or 0).
  [[nodiscard]] Draft begin(const Arrival& arrival, const Envelope& envelope,
                            std::uint64_t expected_octets);
  Task<Verdict<QueueId>> accept(const Arrival& arrival, Envelope envelope, Draft draft);

  [[nodiscard]] Duration hold_max() const { return options_.hold_max; }

 private:
  struct Facts;
  struct Group;
  struct Plan;
  Task<Verdict<void>> check_facts(const Arrival& arrival, const Facts& facts);
  static void sort(Plan& plan);
  Task<Verdict<QueueId>> commit(Plan& plan);
  Task<Status> store(Plan& plan);
  Task<Result<BlobRef>> keep(Group& group, const Plan& plan, std::string_view bytes);
  [[nodiscard]] QueueMessage queue_facts(const Group& group, const Plan& plan) const;
  Task<Status> prepare(Group& group, const Plan& plan);
  Task<Status> prepare_queued(Group& group, const Plan& plan);
  Task<Status> prepare_notices(Group& group, const Plan& plan);
  Status pace(Tx& tx, Group& group, const Plan& plan) const;
  Status write(Tx& tx, Group& group, const Plan& plan);
  Task<void> record_rejection(const Arrival& arrival, TenantId tenant, std::string from,
                              std::string to, const Refusal& refusal);

  Platform& platform_;
  Store& store_;
  BlobStore& blobs_;
  Access& access_;
  Routing& routing_;
  Spool& spool_;
  Bouncer& bouncer_;
  Signer& signer_;
  IdGenerator& ids_;
  const Clock& clock_;
  IntakeOptions options_;
  std::atomic<std::int64_t> rejects_minute_{0};
  std::atomic<std::uint32_t> rejects_in_minute_{0};
};

// A failure of ours in SMTP's terms: always temporary.
[[nodiscard]] Refusal refusal_of(const Error& error);

}  // namespace fumi::service
