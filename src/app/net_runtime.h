// NetRuntime: the services' Runtime port, on one io thread and two blocking pools.
#pragma once

#include "domain/ports/runtime.h"
#include "net/blocking_pool.h"
#include "net/task_scope.h"

namespace fumi::app {

class NetRuntime final : public Runtime {
 public:
  NetRuntime(Executor executor, net::BlockingPool& pool, net::BlockingPool& background)
      : executor_(executor), pool_(pool), background_(background) {}

  void spawn(const char* name, Task<void> task) override;
  void post(std::function<void()> work) override;
  [[nodiscard]] std::unique_ptr<Wakeup> make_wakeup() override;
  Task<Status> sleep_for(Duration time) override;
  Task<Status> offload(std::function<void()> work) override;
  Task<Status> offload_background(std::function<void()> work) override;

  [[nodiscard]] net::TaskScope& scope() { return scope_; }

 private:
  Executor executor_;
  net::BlockingPool& pool_;
  net::BlockingPool& background_;
  net::TaskScope scope_;
};

}  // namespace fumi::app
