// SQLite on a disk that fills up, fails and loses power.
#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "store/fault/fault_vfs.h"
#include "store/sql/migrations.h"
#include "store/sqlite/sqlite.h"

namespace fumi::sql {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS entry (id BIGINT PRIMARY KEY, text TEXT)";
constexpr Statement kInsert{"INSERT INTO entry (id, text) VALUES ($1, $2)"};
constexpr Statement kIds{"SELECT id, length(text) FROM entry ORDER BY id"};
constexpr Statement kCheck{"PRAGMA integrity_check"};

struct Folder {
  std::string path = "/tmp/fumi-fault-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

enum class Checkpoints { by_their_thread, by_writer };

struct Machine {
  fault::FaultDisk disk;
  fault::FaultVfs vfs;
  std::unique_ptr<Database> database;
  std::atomic<int> fatal = 0;

  std::string fatal_text;
  const std::string root;
  const Checkpoints checkpoints;

  explicit Machine(const std::string& folder, std::uint64_t seed = 1,
                   Checkpoints by = Checkpoints::by_their_thread)
      : disk(folder, seed), vfs(disk, "faulty"), root(folder), checkpoints(by) {
    open();
  }
  ~Machine() { database.reset(); }

  void open() {
    SqliteOptions options;
    options.path = root + "/fumi.db";
    options.vfs = "faulty";
    options.files = &disk;
    options.readers = 1;
    options.mapped_octets = 0;
    const bool threaded = checkpoints == Checkpoints::by_their_thread;
    options.checkpoint_octets = threaded ? 64 << 10 : 1 << 30;
    options.log_octets_max = threaded ? 256 << 10 : 128 << 10;
    options.on_fatal = [this](const Error& error) {
      fatal_text = error.text();
      ++fatal;
    };
    auto opened = open_sqlite(std::move(options));
    REQUIRE(opened.has_value());
    database = std::move(*opened);
    const Status made =
        database->write_blocking([](Session& tx) { return tx.execute_script(kTable); });
    REQUIRE(made.has_value());
  }
  // The process dies and starts again; the machine, and what its kernel remembers, stays.
  void restart() {
    disk.kill_process();
    database.reset();
    open();
  }

  Status insert(std::int64_t id, std::size_t octets = 100) {
    const std::string text(octets, 'x');
    return database->write_blocking([&](Session& tx) { return tx.apply(kInsert, id, text); });
  }

  // The ids, after SQLite's own check of the whole file.
  std::set<std::int64_t> ids() {
    std::set<std::int64_t> out;
    const Status status = database->read_blocking([&](Session& tx) -> Status {
      out.clear();
      FUMI_CHECK(tx.query(kCheck, [](const Row& row) { CHECK(row.string(0) == "ok"); }));
      return tx.query(kIds, [&](const Row& row) { out.insert(row.int64(0)); });
    });
    if (!status) FAIL(status.error().text());
    return out;
  }
};

TEST_CASE("what was acknowledged survives a power cut, torn or clean") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Folder folder;
    std::set<std::int64_t> acknowledged;
    std::int64_t next = 0;
    for (int life = 0; life < 3; ++life) {
      Machine machine(folder.path, seed * 10 + static_cast<std::uint64_t>(life));
      const auto found = machine.ids();
      CHECK(std::ranges::includes(found, acknowledged));
      CHECK(found.size() <= acknowledged.size() + 1);  // at most the one that was in flight
      acknowledged = found;
      // The power goes at the n-th sync, in the middle of whatever the engine does then.
      machine.disk.fail_after(fault::Operation::sync, 20 + seed * 7,
                              fault::FaultDisk::Failing::for_good);
      for (;;) {
        const std::int64_t id = next++;
        if (!machine.insert(id, static_cast<std::size_t>(id % 7) * 900)) break;
        acknowledged.insert(id);
      }
      machine.disk.power_cut(seed % 2 == 0 ? fault::PowerCut::torn : fault::PowerCut::clean);
    }
    Machine machine(folder.path);
    CHECK(std::ranges::includes(machine.ids(), acknowledged));
  }
}

TEST_CASE("a sync that failed stops the acknowledging for good") {
  const Folder folder;
  std::set<std::int64_t> acknowledged;
  {
    Machine machine(folder.path);
    CHECK(machine.insert(1));
    machine.disk.fail_after(fault::Operation::sync, 0, fault::FaultDisk::Failing::once);
    const Status failed = machine.insert(2);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == Code::unavailable);
    CHECK(machine.fatal == 1);
    machine.disk.heal();  // the disk would say yes again: we must not believe it
    const Status after = machine.insert(3);
    REQUIRE_FALSE(after.has_value());
    CHECK(after.error().code == Code::unavailable);
    CHECK(machine.fatal == 1);
    machine.disk.power_cut(fault::PowerCut::clean);
  }
  Machine machine(folder.path);
  CHECK(machine.ids() == std::set<std::int64_t>{1});
}

TEST_CASE("a failed write anywhere loses nothing that was acknowledged") {
  for (std::uint64_t at = 0; at < 60; at += 3) {
    CAPTURE(at);
    const Folder folder;
    std::set<std::int64_t> acknowledged;
    {
      Machine machine(folder.path);
      machine.disk.fail_after(fault::Operation::any, at * 5, fault::FaultDisk::Failing::once);
      for (std::int64_t id = 0; id < 100; ++id) {
        if (machine.insert(id, 500)) acknowledged.insert(id);
      }
      machine.disk.power_cut(fault::PowerCut::torn);
    }
    Machine machine(folder.path);
    CHECK(std::ranges::includes(machine.ids(), acknowledged));
  }
}

TEST_CASE("the next process doesn't build on what a failed sync has dropped") {
  for (const fault::PowerCut how : {fault::PowerCut::clean, fault::PowerCut::torn}) {
    for (const std::size_t octets : {100UZ, 5'000UZ, 40'000UZ}) {
      CAPTURE(octets);
      const Folder folder;
      {
        Machine machine(folder.path);
        CHECK(machine.insert(1));
        machine.disk.fail_after(fault::Operation::sync, 0, fault::FaultDisk::Failing::once);
        CHECK_FALSE(machine.insert(2, octets).has_value());
        machine.restart();  // the kernel still shows the second row, and calls it clean
        CHECK(machine.insert(3));
        machine.disk.power_cut(how);
      }
      Machine machine(folder.path);
      CHECK(std::ranges::includes(machine.ids(), std::set<std::int64_t>{1, 3}));
    }
  }
}

// How a process may end after its disk has failed once.
enum class End { closes, restarts, loses_power };

// A read that holds its snapshot, so that the log can't be moved beyond it, until it is let go.
struct LongRead {
  std::promise<void> let_go;
  std::future<Status> done;

  explicit LongRead(Database& database) {
    std::promise<void> started;
    std::future<void> running = started.get_future();
    done = std::async(std::launch::async, [&database, &started, wait = let_go.get_future()]() {
      return database.read_blocking([&](Session& tx) -> Status {
        Status status = tx.query(kIds, [](const Row&) {});
        started.set_value();
        wait.wait();
        return status;
      });
    });
    running.wait();
  }
  ~LongRead() {
    let_go.set_value();
    (void)done.get().has_value();
  }
};

TEST_CASE("a failed sync anywhere loses nothing, however the process ends and goes on") {
  std::int64_t failures = 0;
  for (std::uint64_t at = 0; at < 90; ++at) {
    CAPTURE(at);
    const End end = at % 3 == 0 ? End::closes : at % 3 == 1 ? End::restarts : End::loses_power;
    const Folder folder;
    std::set<std::int64_t> acknowledged;
    const auto insert = [&](Machine& machine, std::int64_t from, std::int64_t to) {
      for (std::int64_t id = from; id < to; ++id) {
        if (machine.insert(id, 2'500)) acknowledged.insert(id);
      }
    };
    {
      Machine machine(folder.path, at);
      insert(machine, 0, 20);
      machine.disk.fail_after(fault::Operation::sync, at, fault::FaultDisk::Failing::once);
      {
        const LongRead read(*machine.database);
        insert(machine, 20, 60);
      }
      insert(machine, 60, 100);
      failures += machine.fatal;
      machine.disk.heal();
      if (end == End::closes) {
        machine.database.reset();
        machine.open();
      }
      if (end == End::restarts) {
        machine.restart();
        insert(machine, 100, 110);
      }
      machine.disk.power_cut(fault::PowerCut::torn);
    }
    Machine machine(folder.path);
    CHECK(std::ranges::includes(machine.ids(), acknowledged));
  }
  CHECK(failures > 60);
}

// A partial move counts as moved although nobody has synced it: when the sync of the move that
// would have ended it fails, whoever moves again leaves those pages out, and the log must not go.
TEST_CASE("a log whose move has failed is kept when the database closes") {
  int restarts_failed = 0;
  for (std::uint64_t at = 0; at < 24; ++at) {
    CAPTURE(at);
    const Folder folder;
    std::set<std::int64_t> acknowledged;
    {
      Machine machine(folder.path, at, Checkpoints::by_writer);
      std::int64_t id = 0;
      const auto insert = [&](int count) {
        for (int i = 0; i < count; ++i, ++id) {
          if (machine.insert(id, 2'500)) acknowledged.insert(id);
        }
      };
      insert(5);  // less than makes the writer restart the log
      {
        const LongRead read(*machine.database);
        insert(20);
      }
      machine.disk.fail_after(fault::Operation::sync, at, fault::FaultDisk::Failing::once);
      insert(30);
      restarts_failed += machine.fatal_text.contains("restarting the log") ? 1 : 0;
      machine.disk.heal();
      machine.database.reset();
      machine.open();  // makes names durable, a log that was removed among them
      machine.disk.power_cut(fault::PowerCut::clean);
    }
    Machine machine(folder.path);
    CHECK(std::ranges::includes(machine.ids(), acknowledged));
  }
  CHECK(restarts_failed > 1);
}

TEST_CASE("a commit isn't acknowledged if the disk was found broken while it ran") {
  const Folder folder;
  Machine machine(folder.path);
  CHECK(machine.ids().empty());  // the reader has opened its files
  CHECK(machine.insert(1, 30'000));
  const Status status = machine.database->write_blocking(
      [](Session& tx) { return tx.apply(kInsert, 2, "x"); },
      [&]() -> Status {
        machine.disk.fail_after(fault::Operation::read, 0, fault::FaultDisk::Failing::once);
        CHECK_FALSE(machine.database->read_blocking(
            [](Session& tx) { return tx.query(kIds, [](const Row&) {}); }));
        return {};
      });
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == Code::unavailable);
  CHECK(machine.fatal == 1);
}

TEST_CASE("a full disk is storage_full and passes when there is space again") {
  const Folder folder;
  Machine machine(folder.path);
  std::set<std::int64_t> acknowledged;
  machine.disk.set_space(200'000);
  Status status;
  std::int64_t id = 0;
  while ((status = machine.insert(id, 5'000))) {
    acknowledged.insert(id++);
    REQUIRE(id < 10'000);
  }
  CHECK(status.error().code == Code::storage_full);
  CHECK(machine.insert(++id, 5'000).error().code == Code::storage_full);
  CHECK(machine.ids() == acknowledged);
  machine.disk.heal();
  CHECK(machine.insert(++id, 5'000));
  acknowledged.insert(id);
  CHECK(machine.ids() == acknowledged);
  CHECK(machine.fatal == 0);
}

TEST_CASE("a killed process has lost power: only what was acknowledged need be there") {
  for (int round = 0; round < 5; ++round) {
    const Folder folder;
    int pipes[2];
    REQUIRE(::pipe(pipes) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Machine machine(folder.path);
      for (std::int64_t id = 0;; ++id) {
        if (!machine.insert(id, 300)) ::_exit(1);
        if (::write(pipes[1], &id, sizeof id) != sizeof id) ::_exit(1);
      }
    }
    ::close(pipes[1]);
    std::set<std::int64_t> acknowledged;
    std::int64_t id = 0;
    const std::size_t enough = 50 + static_cast<std::size_t>(round) * 211;
    bool killed = false;
    while (::read(pipes[0], &id, sizeof id) == sizeof id) {
      acknowledged.insert(id);
      if (!killed && acknowledged.size() >= enough) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(pipes[0]);
    ::waitpid(child, nullptr, 0);
    CHECK(killed);
    Machine machine(folder.path);
    CHECK(std::ranges::includes(machine.ids(), acknowledged));
  }
}

TEST_CASE("a commit costs one write and one sync of the log") {
  const Folder folder;
  Machine machine(folder.path, 1, Checkpoints::by_writer);
  REQUIRE(machine.insert(1, 100));
  const std::uint64_t before = machine.disk.operations();
  REQUIRE(machine.insert(2, 20'000));  // seven pages and more
  CHECK(machine.disk.operations() - before == 2);
  CHECK(machine.ids() == std::set<std::int64_t>{1, 2});  // another connection sees it
  // More than one piece: the machine's own layer can't write more than 128 KiB at a time.
  REQUIRE(machine.insert(3, 600'000));
  CHECK(machine.ids() == std::set<std::int64_t>{1, 2, 3});
}

TEST_CASE("groups of any size go through the machine's own file layer") {
  const Folder folder;
  SqliteOptions options;
  options.path = folder.path + "/fumi.db";
  const auto opened = open_sqlite(options);
  REQUIRE(opened.has_value());
  Database& database = **opened;
  constexpr Statement kSum{"SELECT sum(length(text)) FROM entry"};
  const Status made =
      database.write_blocking([](Session& tx) { return tx.execute_script(kTable); });
  REQUIRE(made.has_value());
  std::int64_t expected = 0;
  for (const std::int64_t octets : {1, 4'096, 100'000, 131'072, 1'000'000}) {
    const std::string text(static_cast<std::size_t>(octets), 'x');
    const Status put =
        database.write_blocking([&](Session& tx) { return tx.apply(kInsert, octets, text); });
    REQUIRE(put.has_value());
    expected += octets;
    std::int64_t found = 0;
    const Status read = database.read_blocking(
        [&](Session& tx) { return tx.query(kSum, [&](const Row& row) { found = row.int64(0); }); });
    REQUIRE(read.has_value());
    CHECK(found == expected);
  }
}

TEST_CASE("the log is moved into the file and stays bounded") {
  const Folder folder;
  Machine machine(folder.path);
  for (std::int64_t id = 0; id < 2'000; ++id)
    REQUIRE(machine.insert(id, 500));
  const Metrics metrics = machine.database->metrics();
  CHECK(metrics.checkpoints > 2);
  CHECK(metrics.log_bytes <= 512U << 10U);
  CHECK(machine.ids().size() == 2'000);
}

TEST_CASE("a file that isn't a database is corrupt") {
  const Folder folder;
  {
    auto file = posix_files().open(folder.path + "/fumi.db", OpenMode::create);
    REQUIRE(file.has_value());
    REQUIRE((*file)->write_at(0, std::string(8192, 'z')));
  }
  SqliteOptions options;
  options.path = folder.path + "/fumi.db";
  const auto opened = open_sqlite(options);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Code::corrupt);
}

}  // namespace
}  // namespace fumi::sql
