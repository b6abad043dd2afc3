#include "server/pop3/maildrop_locks.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace fumi::server {
namespace {

using Denied = MaildropLocks::Denied;
constexpr Duration kNone{0};

TEST_CASE("one at a time, until the hold dies; moves keep it") {
  MaildropLocks locks;
  const Instant now = from_micros(1'000'000);
  auto first = locks.hold(AccountId(1), now, kNone);
  REQUIRE(first.has_value());
  CHECK(locks.hold(AccountId(1), now, kNone).error() == Denied::in_use);
  CHECK(locks.hold(AccountId(2), now, kNone).has_value());
  {
    const MaildropLocks::Hold moved = std::move(*first);
    CHECK(locks.hold(AccountId(1), now, kNone).error() == Denied::in_use);
  }
  CHECK(locks.hold(AccountId(1), now, kNone).has_value());
}

TEST_CASE("the delay counts from login to login, also after the session ended") {
  MaildropLocks locks;
  const Duration delay = std::chrono::seconds(60);
  const Instant start = from_micros(0);
  REQUIRE(locks.hold(AccountId(1), start, delay).has_value());
  CHECK(locks.hold(AccountId(1), start + std::chrono::seconds(59), delay).error() ==
        Denied::too_soon);
  CHECK(locks.hold(AccountId(1), start + delay, delay).has_value());
}

TEST_CASE("a clock that was set back locks nobody out") {
  MaildropLocks locks;
  REQUIRE(locks.hold(AccountId(1), from_micros(9'000'000'000), kNone).has_value());
  CHECK(locks.hold(AccountId(1), from_micros(1'000'000), kNone).has_value());
  const Duration delay = std::chrono::seconds(60);
  REQUIRE(locks.hold(AccountId(2), from_micros(9'000'000'000), delay).has_value());
  CHECK(locks.hold(AccountId(2), from_micros(1'000'000), delay).has_value());
}

TEST_CASE("accounts that are done are forgotten") {
  MaildropLocks locks;
  const Duration delay = std::chrono::seconds(1);
  Instant now = from_micros(0);
  const auto kept = locks.hold(AccountId(1), now, delay);
  for (std::uint64_t i = 2; i < 50'000; ++i) {
    now += std::chrono::milliseconds(10);
    REQUIRE(locks.hold(AccountId(i), now, delay).has_value());
  }
  CHECK(locks.size() < 2'100);
  CHECK(locks.hold(AccountId(1), now, delay).error() == Denied::in_use);
}

TEST_CASE("many threads: never two holders") {
  MaildropLocks locks;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> held = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5'000; ++n) {
        const auto hold = locks.hold(AccountId(7), from_micros(0), kNone);
        if (!hold) continue;
        const int now = ++inside;
        if (now > most) most = now;
        ++held;
        --inside;
      }
    });
  }
  threads.clear();
  CHECK(most == 1);
  CHECK(held > 0);
}

}  // namespace
}  // namespace fumi::server
