#include "store/postgres/postgres.h"

#include "store/postgres/detail/worker.h"

namespace fumi::sql {
namespace {

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(PostgresOptions options)
      : options_(std::move(options)),
        writes_(options_.writes, counters_),
        reads_(options_.reads, counters_) {}
  ~PostgresDatabase() override { close(); }

  // `first` serves the first writer; the others connect when there is work for them.
  void start(std::unique_ptr<PostgresConnection> first) {
    for (int i = 0; i < options_.writers; ++i) {
      workers_.push_back(std::make_unique<PostgresWorker>(options_, Access::write, writes_,
                                                          counters_, closing_, std::move(first)));
    }
    for (int i = 0; i < options_.readers; ++i) {
      workers_.push_back(std::make_unique<PostgresWorker>(options_, Access::read, reads_, counters_,
                                                          closing_, nullptr));
    }
  }

  [[nodiscard]] Engine engine() const override { return Engine::postgres; }

  [[nodiscard]] Metrics metrics() const override {
    Metrics out = counters_.snapshot();
    out.writes_waiting = writes_.depth();
    out.reads_waiting = reads_.depth();
    return out;
  }

  void close() override {
    writes_.close();
    reads_.close();
    closing_.close();
    for (auto& worker : workers_)
      worker->join();
  }

 protected:
  void submit(Kind kind, Job job) override {
    (kind == Kind::write ? writes_ : reads_).push(std::move(job));
  }

 private:
  const PostgresOptions options_;
  Counters counters_;
  Closing closing_;
  JobQueue writes_;
  JobQueue reads_;
  std::vector<std::unique_ptr<PostgresWorker>> workers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options) {
  const bool sane = options.writers >= 1 && options.writers <= 256 && options.readers >= 1 &&
                    options.readers <= 256 && options.group_max >= 1 && options.group_max <= 32 &&
                    options.retries_max >= 0;
  if (!sane) return fail(Code::invalid, "opening PostgreSQL", "an option is out of range");
  FUMI_TRY(auto first, PostgresConnection::open(options, Access::write));
  auto database = std::make_unique<PostgresDatabase>(std::move(options));
  database->start(std::move(first));
  return database;
}

}  // namespace fumi::sql
