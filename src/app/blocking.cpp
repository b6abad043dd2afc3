#include "app/blocking.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "net/task_scope.h"

namespace fumi::app {

void run_to_end(Task<void> task) {
  // Not a local: a thread that has posted the last result still holds the executor for a moment.
  static thread_local boost::asio::io_context context(1);
  context.restart();
  // The coroutine may wait for other threads that post to this context: it runs until then.
  const auto work = boost::asio::make_work_guard(context);
  net::TaskScope scope;
  scope.spawn("command", context.get_executor(), std::move(task));
  while (scope.size() > 0)
    context.run_one();
}

}  // namespace fumi::app
