#include "store/sql/database.h"

#include <future>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "store/sql/job.h"

namespace fumi::sql {

// Handing the job over is the last thing that happens here: another thread may resume the coroutine
// before this call has returned.
Task<Status> Database::enqueue(Kind kind, Work work, Barrier before_commit) {
  auto initiate = [this, kind, &work, &before_commit](auto handler) {
    const Executor executor = boost::asio::get_associated_executor(handler);
    Job job;
    job.work = std::move(work);
    job.before_commit = std::move(before_commit);
    job.reply.executor =
        boost::asio::require(executor, boost::asio::execution::outstanding_work.tracked);
    job.reply.handler = std::move(handler);
    submit(kind, std::move(job));
  };
  const boost::asio::use_awaitable_t<Executor> token;
  Status status =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&,
                                           void(Status)>(std::move(initiate), token);
  co_return status;
}

Status Database::enqueue_blocking(Kind kind, Work work, Barrier before_commit) {
  std::promise<Status> promise;
  std::future<Status> future = promise.get_future();
  Job job;
  job.work = std::move(work);
  job.before_commit = std::move(before_commit);
  job.reply.handler = [promise = std::move(promise)](Status status) mutable {
    promise.set_value(std::move(status));
  };
  submit(kind, std::move(job));
  return future.get();
}

Task<Status> Database::write(Work work) { return enqueue(Kind::write, std::move(work), Barrier()); }

Task<Status> Database::write(Work work, Barrier before_commit) {
  return enqueue(Kind::write, std::move(work), std::move(before_commit));
}

Task<Status> Database::read(Work work) { return enqueue(Kind::read, std::move(work), Barrier()); }

Task<Status> Database::glance(Work work) {
  std::optional<Status> done = try_glance(work);
  if (done) co_return std::move(*done);
  co_return co_await enqueue(Kind::read, std::move(work), Barrier());
}

Status Database::write_blocking(Work work) {
  return enqueue_blocking(Kind::write, std::move(work), Barrier());
}

Status Database::write_blocking(Work work, Barrier before_commit) {
  return enqueue_blocking(Kind::write, std::move(work), std::move(before_commit));
}

Status Database::read_blocking(Work work) {
  return enqueue_blocking(Kind::read, std::move(work), Barrier());
}

}  // namespace fumi::sql
