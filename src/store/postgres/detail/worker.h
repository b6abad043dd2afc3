// PostgresWorker: a thread with a connection that serves a queue. See store/postgres/postgres.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "store/postgres/detail/connection.h"
#include "store/postgres/postgres.h"
#include "store/sql/job.h"

namespace fumi::sql {

// Tells waiting workers that the database is being closed.
struct Closing {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;

  void close();
  [[nodiscard]] bool is_closed();
  [[nodiscard]] bool wait(Duration length);  // true if it closed meanwhile
};

class PostgresWorker {
 public:
  // Takes jobs from `queue` until it is closed and empty. `first` may be null: connects on demand.
  PostgresWorker(const PostgresOptions& options, Access access, JobQueue& queue, Counters& counters,
                 Closing& closing, std::unique_ptr<PostgresConnection> first);
  void join();

 private:
  struct Running {
    Job job;
    std::optional<Status> outcome;
    int runs = 0;           // ended by a serialisation failure
    int losses = 0;         // ended by a lost connection
    bool ran_well = false;  // in the transaction at work
    Error last = {};        // why it has to run again
  };
  using Group = std::vector<Running*>;

  void loop();
  void serve(std::vector<Job> jobs);
  void serve_alone(Running& running);
  void try_group(const Group& group);
  [[nodiscard]] bool run_closures(const Group& group);
  [[nodiscard]] bool run_barriers(const Group& group);
  void run_one(Running& running);
  void commit(const Group& group);
  [[nodiscard]] bool ensure_connected();
  void undo();
  void finish(std::vector<Running>& all);

  const PostgresOptions& options_;
  const Access access_;
  JobQueue& queue_;
  Counters& counters_;
  Closing& closing_;
  std::unique_ptr<PostgresConnection> connection_;
  SteadyTime give_up_at_ = {};  // for the jobs at work, if the server can't be reached
  Error last_error_;            // of connecting
  std::minstd_rand random_;     // jitter only
  bool connected_before_ = false;
  std::thread thread_;
};

}  // namespace fumi::sql
