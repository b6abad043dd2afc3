// VacationResponder: works on the jobs that deliveries to absent people left (vacation_store.h).
//
// It looks for jobs every `interval`. Each ends in one transaction: the reply, if there is to be
// one, goes into the spool in it, and the sender is noted. A failure of ours leaves the job for the
// next round; a mail that can't be read is logged and left unanswered. Several nodes may work on
// one job: the first to end it sends. Runs on the runtime's executor.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/intake/signer.h"
#include "service/spool/spool.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct VacationOptions {
  Duration interval = std::chrono::seconds(5);
  Duration reply_interval = std::chrono::days(7);
  std::uint32_t senders_max = 1'000;
  std::string hostname;  // in Message-IDs
};

void describe(config::Schema<VacationOptions>& s);

class VacationResponder {
 public:
  VacationResponder(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime,
                    Signer& signer, Spool& spool, IdGenerator& ids, const Clock& clock,
                    VacationOptions options);

  void start();
  // Everything that waits now; the number of replies. For start() and tests.
  Task<Result<std::uint64_t>> answer_all();

  // For metrics.
  [[nodiscard]] std::uint64_t replies() const { return replies_.load(); }

 private:
  struct Mail;
  struct Reply;
  Task<void> run();
  Task<Result<bool>> answer(VacationJob job);
  Task<Result<std::optional<Mail>>> read(const VacationJob& job);
  Task<Result<Reply>> compose(const VacationJob& job, const Mail& mail);
  Task<Status> end(VacationJob job);
  Task<Result<bool>> send(VacationJob job, Reply reply);

  Platform& platform_;
  Store& store_;
  BlobStore& blobs_;
  Runtime& runtime_;
  Signer& signer_;
  Spool& spool_;
  IdGenerator& ids_;
  const Clock& clock_;
  VacationOptions options_;
  std::atomic<std::uint64_t> replies_{0};
};

}  // namespace fumi::service
