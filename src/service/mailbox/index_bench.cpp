// What a large mailbox costs whoever has it open: opening, one flag change, one arrival, a wake-up,
// and memory a session.
//
//   bench_service-mailbox FILE [messages]     FILE: an SQLite database, made anew
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "service/mailbox/mailboxes.h"
#include "store/mail/testing/world.h"
#include "store/memory/memory_blob_store.h"

namespace fumi::service {
namespace {

using store::testing::await;

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

class Bench {
 public:
  Bench(const char* file, std::uint32_t messages)
      : world_(database(file), {}),
        scope_(world_.tenant("bench")),
        who_{scope_, world_.account(scope_, "u@acme.example")},
        mailboxes_(world_.store(), blobs_, world_.bus(), world_.clock()),
        messages_(messages) {}

  void run() {
    fill();
    auto start = std::chrono::steady_clock::now();
    WatchedMailbox watched = must(await(mailboxes_.watch(who_, std::string("INBOX"))));
    std::printf("%u messages, %.1f octets each in memory\n", watched.now->size(),
                double(watched.now->heap_octets()) / watched.now->size());
    std::printf("first opening (reads every row): %.1f ms\n", ms_since(start));
    report("opening again",
           [&] { watched = must(await(mailboxes_.watch(who_, watched.mailbox.id))); });
    report("nothing new, not asking the store", [&] { refresh(watched); }, false);
    std::uint32_t turn = 0;
    report("one flag change, told to one session", [&] {
      StoreFlags change;
      change.uids = {Uid{++turn * 997 % messages_ + 1}};
      change.operation = turn % 2 == 0 ? FlagsOperation::remove : FlagsOperation::add;
      change.flags.bits = Flags::flagged;
      static_cast<void>(must(await(mailboxes_.store_flags(who_, watched.mailbox.id, change))));
      follow(watched);
    });
    report("  of it: the commit alone", [&] {
      StoreFlags change;
      change.uids = {Uid{++turn * 997 % messages_ + 1}};
      change.flags.bits = turn % 2 == 0 ? Flags::draft : Flags::answered;
      static_cast<void>(must(await(mailboxes_.store_flags(who_, watched.mailbox.id, change))));
    });
    follow(watched);
    report("one arrival, told to one session", [&] {
      deliver(1);
      follow(watched);
    });
    sessions(watched);
    whole();
  }

 private:
  // What one command does to every message: flags one way and back, copies, moves, expunges.
  void whole() {
    const WatchedMailbox inbox = must(await(mailboxes_.watch(who_, std::string("INBOX"))));
    StoreFlags change;
    for (const IndexRow& row : inbox.now->changed_since(ModSeq()))
      change.uids.push_back(Uid{row.uid});
    const ModSeq now = inbox.now->modseq();
    std::printf("of all %zu messages:\n", change.uids.size());
    using enum FlagsOperation;
    store("+FLAGS (\\Seen)", change, add, {Flags::seen, {}});
    store("+FLAGS (\\Seen) again", change, add, {Flags::seen, {}});
    store("-FLAGS (\\Seen)", change, remove, {Flags::seen, {}});
    store("FLAGS (\\Flagged)", change, replace, {Flags::flagged, {}});
    store("+FLAGS ($Work)", change, add, {0, {"$Work"}});
    store("-FLAGS ($Work)", change, remove, {0, {"$Work"}});
    store("(UNCHANGEDSINCE) +FLAGS (\\Seen), none may", change, add, {Flags::seen, {}}, now);
    first_opening("opening without an index");
    const auto transfer = [&](const char* what, auto method, MailboxId from, const char* to) {
      const auto start = std::chrono::steady_clock::now();
      const auto moved = must(await((mailboxes_.*method)(who_, from, change.uids, to)));
      std::printf("  %s: %.1f ms\n", what, ms_since(start));
      change.uids = moved.destination;
    };
    transfer("COPY", &Mailboxes::copy, inbox.mailbox.id, "Archive");
    const Mailbox archive = must(await(mailboxes_.find(who_, "Archive")));
    transfer("MOVE", &Mailboxes::move, archive.id, "Trash");
    const Mailbox trash = must(await(mailboxes_.find(who_, "Trash")));
    change.operation = add;
    change.flags = {Flags::deleted, {}};
    static_cast<void>(must(await(mailboxes_.store_flags(who_, trash.id, change))));
    const auto start = std::chrono::steady_clock::now();
    const auto gone = must(await(mailboxes_.expunge(who_, trash.id, std::nullopt)));
    std::printf("  EXPUNGE of %zu: %.1f ms\n", gone.size(), ms_since(start));
  }
  void store(const char* what, StoreFlags change, FlagsOperation operation, Flags flags,
             std::optional<ModSeq> unchanged_since = std::nullopt) {
    change.operation = operation;
    change.flags = std::move(flags);
    change.unchanged_since = unchanged_since;
    const auto start = std::chrono::steady_clock::now();
    const StoredFlags stored = must(await(mailboxes_.store_flags(who_, inbox_id(), change)));
    std::printf("  STORE %s: %.1f ms, %zu changed\n", what, ms_since(start), stored.changed.size());
  }
  MailboxId inbox_id() { return must(await(mailboxes_.find(who_, "INBOX"))).id; }
  void first_opening(const char* what) {
    Mailboxes fresh(world_.store(), blobs_, world_.bus(), world_.clock());
    const auto start = std::chrono::steady_clock::now();
    const WatchedMailbox watched = must(await(fresh.watch(who_, std::string("INBOX"))));
    std::printf("  %s: %.1f ms\n", what, ms_since(start));
  }
  static std::shared_ptr<sql::Database> database(const char* file) {
    for (const char* tail : {"", "-wal", "-shm"})
      std::remove((std::string(file) + tail).c_str());
    sql::SqliteOptions options;
    options.path = file;
    return must(sql::open_sqlite(options));
  }
  void deliver(std::uint32_t count) {
    auto work = [&](Tx& tx) -> Status {
      for (std::uint32_t i = 0; i < count; ++i) {
        auto mail = store::testing::content("", 3'000);
        FUMI_TRY([[maybe_unused]] const Appended put, tx.mailboxes().deliver(who_.account, mail));
      }
      return {};
    };
    if (!world_.write(scope_, work)) std::exit(1);
  }
  void fill() {
    for (std::uint32_t left = messages_; left > 0;) {
      const std::uint32_t count = std::min(left, 2'000U);
      deliver(count);
      left -= count;
    }
  }
  Mailboxes::Snapshot refresh(const WatchedMailbox& watched) {
    return must(await(mailboxes_.refresh(who_, watched.index, Mailboxes::Freshness::told)));
  }
  // What a session does when it is woken.
  void follow(WatchedMailbox& watched) {
    const auto fresh = refresh(watched);
    told_ += MailboxSnapshot::difference(*watched.now, *fresh).changed.size();
    watched.now = fresh;
  }
  template <class F>
  void report(const char* what, F step, bool few = true) {  // lint: bool-ok a local helper
    std::vector<double> took;
    for (int i = 0; i < (few ? 200 : 2'000); ++i) {
      const auto start = std::chrono::steady_clock::now();
      step();
      took.push_back(ms_since(start) * 1'000);
    }
    std::ranges::sort(took);
    std::printf("%s: %.1f us (median), %.1f us (p99)\n", what, took[took.size() / 2],
                took[took.size() * 99 / 100]);
  }
  // A thousand sessions follow one change; afterwards all hold the same snapshot.
  void sessions(const WatchedMailbox& watched) {
    std::vector<WatchedMailbox> all(1'000, watched);
    deliver(1);
    const auto start = std::chrono::steady_clock::now();
    for (WatchedMailbox& one : all)
      follow(one);
    std::printf("1,000 sessions woken by one arrival: %.1f us each, index %zu octets in all\n",
                ms_since(start), mailboxes_.indexes().octets());
  }

  store::testing::World world_;
  store::MemoryBlobStore blobs_;
  TenantScope scope_;
  MailAccount who_;
  Mailboxes mailboxes_;
  std::uint32_t messages_;
  std::size_t told_ = 0;
};

}  // namespace
}  // namespace fumi::service

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  fumi::service::Bench bench(argv[1], argc > 2 ? std::uint32_t(std::atoi(argv[2])) : 1'000'000);
  bench.run();
  return 0;
}
