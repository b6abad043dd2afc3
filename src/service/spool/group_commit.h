// GroupCommit: many small pieces of work in one transaction.
//
// Deliveries end one by one, hundreds a second, and each has a few rows to write. The first that
// comes waits `gather` for others and commits for all of them; who comes meanwhile is the next
// group. So a delivery costs a share of a commit on both engines, and new mail doesn't queue behind
// the outcomes of old mail.
//
// On the runtime's executor only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"

namespace fumi::service {

class GroupCommit {
 public:
  // Owns what it uses: it may run more than once, and after its caller has been cancelled.
  using Work = std::function<Status(PlatformTx&)>;

  GroupCommit(Platform& platform, Runtime& runtime, Duration gather)
      : platform_(platform), runtime_(runtime), gather_(gather) {}

  // Durable when it returns success. An error is this work's own, or the store's; what fails alone
  // spoils no other's work. cancelled: the runtime stops while another writes this work too.
  Task<Status> run(Work work);

 private:
  struct Entry {
    Work work;
    Status outcome;
    bool done = false;
    bool leads = false;  // it commits the next group
    std::unique_ptr<Wakeup> wakeup;
  };
  using Group = std::vector<std::shared_ptr<Entry>>;

  Task<void> lead();
  Task<void> commit(Group& group);
  Task<Status> follow(std::shared_ptr<Entry> own);

  Platform& platform_;
  Runtime& runtime_;
  Duration gather_;
  std::deque<std::shared_ptr<Entry>> waiting_;
  bool leading_ = false;
};

}  // namespace fumi::service
