// NetRuntime: the services' Runtime port, on one io thread and the blocking pool.
#pragma once

#include "domain/ports/runtime.h"
#include "net/blocking_pool.h"
#include "net/task_scope.h"

namespace fumi::app {

class NetRuntime final : public Runtime {
 public:
  NetRuntime(Executor executor, net::BlockingPool& pool) : executor_(executor), pool_(pool) {}

  void spawn(const char* name, Task<void> task) override;
  void post(std::function<void()> work) override;
  [[nodiscard]] std::unique_ptr<Wakeup> make_wakeup() override;
  Task<Status> sleep_for(Duration time) override;
  Task<Status> offload(std::function<void()> work) override;

  [[nodiscard]] net::TaskScope& scope() { return scope_; }

 private:
  Executor executor_;
  net::BlockingPool& pool_;
  net::TaskScope scope_;
};

}  // namespace fumi::app
