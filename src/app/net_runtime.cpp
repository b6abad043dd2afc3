#include "app/net_runtime.h"

#include <boost/asio/post.hpp>

#include "net/timer.h"

namespace fumi::app {
namespace {

class EventWakeup final : public Wakeup {
 public:
  void notify() override { event_.set(); }
  Task<Status> wait_for(Duration most) override { co_return co_await event_.wait_for(most); }

 private:
  net::AsyncEvent event_;
};

Task<Status> run_on(net::BlockingPool& pool, std::function<void()> work) {
  const std::function<Result<int>()> wrapped = [&work]() -> Result<int> {
    work();
    return 0;
  };
  Result<int> done = co_await pool.run<int>(wrapped);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Status();
}

}  // namespace

void NetRuntime::spawn(const char* name, Task<void> task) {
  scope_.spawn(name, executor_, std::move(task));
}

void NetRuntime::post(std::function<void()> work) { boost::asio::post(executor_, std::move(work)); }

std::unique_ptr<Wakeup> NetRuntime::make_wakeup() { return std::make_unique<EventWakeup>(); }

Task<Status> NetRuntime::sleep_for(Duration time) { co_return co_await net::sleep_for(time); }

Task<Status> NetRuntime::offload(std::function<void()> work) {
  return run_on(pool_, std::move(work));
}

Task<Status> NetRuntime::offload_background(std::function<void()> work) {
  return run_on(background_, std::move(work));
}

}  // namespace fumi::app
