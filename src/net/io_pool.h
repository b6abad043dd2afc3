// IoPool: the io threads, one io_context each. A session lives on one of them and never moves.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>

#include "base/result.h"
#include "base/task.h"

namespace fumi::net {

class IoPool {
 public:
  // Ignores SIGPIPE for the process: with OpenSSL on the fd a client that resets would kill it.
  explicit IoPool(std::size_t threads);
  ~IoPool();  // stops and joins
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  void start();
  // Makes the threads return; work that waits is dropped when the pool dies. Stop scopes first.
  void stop();
  void join();

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Executor executor(std::size_t index);
  [[nodiscard]] Executor next();  // round robin; any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Signals as values. Construct it before other threads depend on the default actions.
class SignalSet {
 public:
  SignalSet(Executor executor, std::initializer_list<int> signals);
  ~SignalSet();
  Task<Result<int>> wait();  // the signal's number, or cancelled
  void cancel();             // any thread

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace fumi::net
