#include "store/sqlite/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>

#include "base/file.h"
#include "store/sqlite/detail/checkpointer.h"
#include "store/sqlite/detail/connection.h"
#include "store/sqlite/detail/glances.h"
#include "store/sqlite/detail/log_file.h"
#include "store/sqlite/detail/log_vfs.h"
#include "store/sqlite/detail/readers.h"
#include "store/sqlite/detail/writer.h"

namespace fumi::sql {
namespace {

// Removes the folder of a database in memory.
struct TemporaryFolder {
  std::string path;
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
  [[nodiscard]] Status make() {
    std::error_code missing;
    const bool shm = std::filesystem::is_directory("/dev/shm", missing);
    path = shm ? "/dev/shm/fumi-XXXXXX" : "/tmp/fumi-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) return {};
    path.clear();
    return std::unexpected(file_error(errno, "making a folder for a database in memory"));
  }
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(SqliteOptions options) : options_(std::move(options)) {}
  ~SqliteDatabase() override { close(); }

  [[nodiscard]] Status open();
  [[nodiscard]] Engine engine() const override { return Engine::sqlite; }
  [[nodiscard]] Metrics metrics() const override;
  void close() override;

 protected:
  void submit(Kind kind, Job job) override {
    if (kind == Kind::write) return writer_->push(std::move(job));
    readers_->push(std::move(job));
  }
  std::optional<Status> try_glance(Work& work) override { return glances_->run(work); }

 private:
  [[nodiscard]] Result<std::unique_ptr<SqliteConnection>> connect(Access access,
                                                                  const std::string& vfs);
  [[nodiscard]] std::string pragmas(Access access) const;
  [[nodiscard]] Result<std::vector<std::unique_ptr<SqliteConnection>>> connect_glances();

  SqliteOptions options_;
  TemporaryFolder folder_;
  bool durable_ = true;
  Counters counters_;
  std::unique_ptr<LogVfs> log_vfs_;  // the writer's; null: it uses the plain one
  // Made once in open() and kept after close(), so that late calls are refused and not lost. Closed
  // in this order: readers, glances, checkpointer, writer.
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<SqliteWriter> writer_;
  std::unique_ptr<SqliteReaders> readers_;
  std::unique_ptr<SqliteGlances> glances_;
};

std::string SqliteDatabase::pragmas(Access access) const {
  const auto number = [](std::int64_t value) { return std::to_string(value) + ";"; };
  std::string text = "PRAGMA busy_timeout=5000;PRAGMA temp_store=MEMORY;PRAGMA foreign_keys=OFF;";
  if (access == Access::read) {
    text += "PRAGMA cache_size=-" + number(options_.cache_octets / 8 / 1024);
    text += "PRAGMA mmap_size=" + number(options_.mapped_octets);
    return text + "PRAGMA query_only=ON;";
  }
  text += "PRAGMA page_size=" + number(options_.page_octets);  // before the file is made
  text += "PRAGMA journal_mode=WAL;PRAGMA wal_autocheckpoint=0;";
  text += durable_ ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=OFF;";
  text += "PRAGMA journal_size_limit=" + number(options_.log_octets_max);
  return text + "PRAGMA cache_size=-" + number(options_.cache_octets / 1024);
}

Result<std::unique_ptr<SqliteConnection>> SqliteDatabase::connect(Access access,
                                                                  const std::string& vfs) {
  FUMI_TRY(auto connection, SqliteConnection::open(options_.path, vfs, access));
  FUMI_CHECK(connection->configure(pragmas(access)));
  return connection;
}

// They never wait for a lock. Without a mapping: each commit of the writer makes SQLite take down
// the mappings of those who read next, and to be told so costs all threads of the process.
Result<std::vector<std::unique_ptr<SqliteConnection>>> SqliteDatabase::connect_glances() {
  std::vector<std::unique_ptr<SqliteConnection>> connections;
  for (int i = 0; i < options_.glances; ++i) {
    FUMI_TRY(auto connection, connect(Access::read, options_.vfs));
    FUMI_CHECK(connection->configure("PRAGMA busy_timeout=0;PRAGMA mmap_size=0;"));
    connections.push_back(std::move(connection));
  }
  return connections;
}

// Whether the engine really runs with a write-ahead log: some file systems can't.
Status check_log(SqliteConnection& connection) {
  std::string mode;
  auto keep = [](void* out, int, char** values, char**) {
    *static_cast<std::string*>(out) = values[0];
    return 0;
  };
  sqlite3_exec(connection.handle(), "PRAGMA journal_mode", keep, &mode, nullptr);
  if (mode == "wal") return {};
  return fail(Code::unavailable, "opening the database",
              "the file system can't hold a write-ahead log (journal mode " + mode + ")");
}

Status SqliteDatabase::open() {
  if (options_.path.empty()) {
    FUMI_CHECK(folder_.make());
    options_.path = folder_.path + "/fumi.db";
    durable_ = false;
  }
  if (options_.readers < 1 || options_.readers > 64 || options_.group_max < 1 ||
      options_.glances < 0 || options_.glances > 64) {
    return fail(Code::invalid, "opening the database",
                "1 to 64 readers, 0 to 64 for glances, groups of 1 or more");
  }
  FileSystem& files = options_.files == nullptr ? posix_files() : *options_.files;
  if (durable_) FUMI_CHECK(harden_log(options_.path, options_.vfs, files));
  FUMI_TRY(auto checkpoint, connect(Access::write, options_.vfs));
  FUMI_CHECK(check_log(*checkpoint));
  if (durable_ && LogVfs::can_serve(checkpoint->handle())) log_vfs_ = LogVfs::make(options_.vfs);
  FUMI_TRY(auto write, connect(Access::write, log_vfs_ ? log_vfs_->name() : options_.vfs));
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (int i = 0; i < options_.readers; ++i) {
    FUMI_TRY(auto read, connect(Access::read, options_.vfs));
    readers.push_back(std::move(read));
  }
  FUMI_TRY(auto glances, connect_glances());
  if (durable_) {
    const auto folder = std::filesystem::path(options_.path).parent_path().string();
    FUMI_CHECK(files.sync_directory(folder.empty() ? "." : folder));
  }
  const auto fail_writer = [this](const Error& error) { writer_->fail_for_good(error); };
  checkpointer_ = std::make_unique<Checkpointer>(std::move(checkpoint), options_.checkpoint_octets,
                                                 counters_, fail_writer);
  writer_ = std::make_unique<SqliteWriter>(options_, std::move(write), *checkpointer_, counters_);
  readers_ =
      std::make_unique<SqliteReaders>(options_.reads, std::move(readers), counters_, fail_writer);
  glances_ = std::make_unique<SqliteGlances>(std::move(glances), counters_, fail_writer);
  return {};
}

Metrics SqliteDatabase::metrics() const {
  Metrics out = counters_.snapshot();
  out.writes_waiting = writer_->depth();
  out.reads_waiting = readers_->depth();
  return out;
}

void SqliteDatabase::close() {
  if (readers_ != nullptr) readers_->close();
  if (glances_ != nullptr) glances_->close();
  if (checkpointer_ != nullptr) checkpointer_->close();
  if (writer_ != nullptr) writer_->close();  // last: closing its connection empties the log
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options) {
  auto database = std::make_unique<SqliteDatabase>(std::move(options));
  FUMI_CHECK(database->open());
  return database;
}

}  // namespace fumi::sql
