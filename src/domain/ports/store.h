// Store: transactions over the ports. Domain code runs as a plain synchronous closure on the
// store's own threads, and the coroutine awaits it (DESIGN §3).
//   auto work = [&](Tx& tx) { return tx.mailboxes().append(account, mailbox, content, flags); };
//   Result<Appended> done = co_await store.write(scope, std::move(work));
//
// A closure may run more than once (serialisation retries), has no effect but through `tx` and its
// captures, which it sets afresh, and waits for nothing. When write() returns success the
// transaction is durable. An error from the closure rolls it back and is returned.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/tx.h"

namespace fumi {

using Barrier = std::move_only_function<Status()>;

class Store {
 public:
  virtual ~Store() = default;

  // `work`: Result<T>(Tx&) or Status(Tx&). Referenced objects must live until the Task completes.
  template <class Work>
  auto write(TenantScope scope, Work work) -> Task<std::invoke_result_t<Work&, Tx&>> {
    return run<Work>(Access::write, scope, std::move(work), Barrier());
  }
  template <class Work>  // commits only after `barrier` has succeeded (PendingBlob::wait_durable)
  auto write_after(Barrier barrier, TenantScope scope, Work work)
      -> Task<std::invoke_result_t<Work&, Tx&>> {
    return run<Work>(Access::write, scope, std::move(work), std::move(barrier));
  }
  template <class Work>  // a snapshot; the closure must not write
  auto read(TenantScope scope, Work work) -> Task<std::invoke_result_t<Work&, Tx&>> {
    return run<Work>(Access::read, scope, std::move(work), Barrier());
  }
  // As read(), for a few look-ups by key, some fifty rows at most: a store whose rows lie in this
  // process may run them on the caller's thread, which costs less than passing them on.
  template <class Work>
  auto glance(TenantScope scope, Work work) -> Task<std::invoke_result_t<Work&, Tx&>> {
    return run<Work>(Access::glance, scope, std::move(work), Barrier());
  }

 protected:
  enum class Access { read, write, glance };
  // The closure's own Status decides commit or rollback.
  virtual Task<Status> run_erased(Access access, TenantScope scope,
                                  std::move_only_function<Status(Tx&)> work, Barrier barrier) = 0;

 private:
  template <class Work>
  auto run(Access access, TenantScope scope, Work work, Barrier barrier)
      -> Task<std::invoke_result_t<Work&, Tx&>> {
    using R = std::invoke_result_t<Work&, Tx&>;
    std::optional<R> result;
    std::move_only_function<Status(Tx&)> erased = [&result, &work](Tx& tx) -> Status {
      result.emplace(work(tx));
      if (!*result) return std::unexpected(result->error());
      return {};
    };
    Status status = co_await run_erased(access, scope, std::move(erased), std::move(barrier));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return std::move(*result);
  }
};

// The same across tenants; only services that route, schedule and administer hold one.
class Platform {
 public:
  virtual ~Platform() = default;

  template <class Work>
  auto write(Work work) -> Task<std::invoke_result_t<Work&, PlatformTx&>> {
    return run<Work>(Access::write, std::move(work));
  }
  template <class Work>
  auto read(Work work) -> Task<std::invoke_result_t<Work&, PlatformTx&>> {
    return run<Work>(Access::read, std::move(work));
  }
  template <class Work>  // as Store::glance()
  auto glance(Work work) -> Task<std::invoke_result_t<Work&, PlatformTx&>> {
    return run<Work>(Access::glance, std::move(work));
  }

 protected:
  enum class Access { read, write, glance };
  virtual Task<Status> run_erased(Access access,
                                  std::move_only_function<Status(PlatformTx&)> work) = 0;

 private:
  template <class Work>
  auto run(Access access, Work work) -> Task<std::invoke_result_t<Work&, PlatformTx&>> {
    using R = std::invoke_result_t<Work&, PlatformTx&>;
    std::optional<R> result;
    std::move_only_function<Status(PlatformTx&)> erased = [&result,
                                                           &work](PlatformTx& tx) -> Status {
      result.emplace(work(tx));
      if (!*result) return std::unexpected(result->error());
      return {};
    };
    Status status = co_await run_erased(access, std::move(erased));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return std::move(*result);
  }
};

}  // namespace fumi
