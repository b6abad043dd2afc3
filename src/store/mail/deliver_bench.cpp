// How fast small messages are delivered: each one write with a deliver() and two records, as many
// at a time as sessions wait together.
//
//   bench_store-mail FILE [messages] [sessions] [accounts]     FILE: of SQLite, made anew;
//                                                              or a PostgreSQL connection string
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "store/mail/testing/world.h"
#include "store/postgres/postgres.h"

namespace fumi::store::testing {
namespace {

struct Load {
  World& world;
  TenantScope scope;
  std::vector<AccountId> accounts;
  int messages = 0;
  int started = 0;
  int failed = 0;
};

Status deliver(Load& load, Tx& tx, int number) {
  const std::string id = "<" + std::to_string(number) + ".bench@sender.example>";
  EmailContent mail = content(id, 3000);
  mail.summary.assign(350, 's');
  FUMI_TRY([[maybe_unused]] const Appended put,
           tx.mailboxes().deliver(load.accounts[std::size_t(number) % load.accounts.size()], mail));
  Record record;
  record.kind = RecordKind::accepted;
  record.message = QueueId(std::uint64_t(number) + 1);
  record.from = "someone@sender.example";
  record.to = "user@acme.example";
  record.header_from = "Someone <someone@sender.example>";
  record.subject = "A subject of ordinary length, more or less";
  record.message_id = id;
  record.answer = "250 2.0.0 Ok";
  record.protocol = "smtp";
  record.client_ip = "192.0.2.1";
  record.octets = 3000;
  FUMI_CHECK(tx.records().append(record));
  record.kind = RecordKind::delivered;
  record.host = "mailbox";
  return tx.records().append(std::move(record));
}

Task<void> session(Load& load) {
  while (load.started < load.messages) {
    const int number = load.started++;
    auto work = [&load, number](Tx& tx) -> Status { return deliver(load, tx, number); };
    Status status = co_await static_cast<Store&>(load.world.store()).write(load.scope, work);
    if (!status) {
      ++load.failed;
      std::fprintf(stderr, "%s\n", status.error().text().c_str());
    }
  }
}

int run(int argc, char** argv) {
  if (argc < 2) return 2;
  const int messages = argc > 2 ? std::atoi(argv[2]) : 50'000;
  const int sessions = argc > 3 ? std::atoi(argv[3]) : 50;
  const int accounts = argc > 4 ? std::atoi(argv[4]) : 1'000;
  std::shared_ptr<sql::Database> database;
  if (std::strchr(argv[1], '=') != nullptr) {
    sql::PostgresOptions options;
    options.connection = argv[1];
    database = std::move(sql::open_postgres(options).value());
  } else {
    for (const char* tail : {"", "-wal", "-shm"})
      std::remove((std::string(argv[1]) + tail).c_str());
    sql::SqliteOptions options;
    options.path = argv[1];
    database = std::move(sql::open_sqlite(options).value());
  }
  World world(database, {});
  Load load{world, world.tenant("bench"), {}, messages};
  for (int i = 0; i < accounts; ++i)
    load.accounts.push_back(world.account(load.scope, "u" + std::to_string(i) + "@acme.example"));

  const sql::Metrics before = database->metrics();
  const auto start = std::chrono::steady_clock::now();
  boost::asio::io_context io;
  for (int i = 0; i < sessions; ++i)
    boost::asio::co_spawn(io.get_executor(), session(load), boost::asio::detached);
  io.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const sql::Metrics after = database->metrics();
  const double groups = double(after.groups - before.groups);
  std::printf(
      "%d messages, %d sessions, %d accounts: %.0f/s, %.1f us each, %.1f a commit, "
      "%.1f us of it in commits; %d failed\n",
      messages, sessions, accounts, messages / took.count(), took.count() * 1e6 / messages,
      messages / groups, double(after.commit_us - before.commit_us) / messages, load.failed);
  return load.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace fumi::store::testing

int main(int argc, char** argv) { return fumi::store::testing::run(argc, argv); }
