#include "service/testing/fake_runtime.h"

#include <doctest/doctest.h>

namespace fumi::service::testing {
namespace {

Task<void> note_after(Runtime& runtime, Duration time, std::vector<std::string>& out,
                      std::string what) {
  const Status slept = co_await runtime.sleep_for(time);
  out.push_back(slept ? what : what + " cancelled");
}

Task<void> note_wakeups(Wakeup& wakeup, std::vector<std::string>& out) {
  for (;;) {
    const Status woken = co_await wakeup.wait_for(std::chrono::seconds(10));
    if (!woken && woken.error().code == Code::cancelled) break;
    out.emplace_back(woken ? "woken" : "timeout");
  }
  out.emplace_back("end");
}

TEST_CASE("virtual time fires waits in order, and only as far as it is advanced") {
  FakeClock clock(from_micros(1'795'000'000'000'000));
  FakeRuntime runtime(clock);
  const Instant start = clock.now();
  std::vector<std::string> out;
  runtime.spawn("b", note_after(runtime, std::chrono::seconds(20), out, "b"));
  runtime.spawn("a", note_after(runtime, std::chrono::seconds(10), out, "a"));
  runtime.spawn("c", note_after(runtime, std::chrono::hours(1), out, "c"));
  runtime.settle();
  CHECK(out.empty());
  runtime.advance(std::chrono::seconds(30));
  CHECK(out == std::vector<std::string>{"a", "b"});
  CHECK(clock.now() - start == std::chrono::seconds(30));
  runtime.stop();
  CHECK(out.back() == "c cancelled");
  CHECK(runtime.tasks() == 0);
}

TEST_CASE("a wakeup is kept until the wait, ends it once, and times out") {
  FakeClock clock(from_micros(1'795'000'000'000'000));
  FakeRuntime runtime(clock);
  std::vector<std::string> out;
  const auto wakeup = runtime.make_wakeup();
  wakeup->notify();
  wakeup->notify();
  runtime.spawn("waiter", note_wakeups(*wakeup, out));
  runtime.settle();
  CHECK(out == std::vector<std::string>{"woken"});
  runtime.advance(std::chrono::seconds(10));
  wakeup->notify();
  runtime.settle();
  CHECK(out == std::vector<std::string>{"woken", "timeout", "woken"});
  runtime.stop();
  CHECK(out.back() == "end");
}

TEST_CASE("after stop nothing starts, and posts from before are run") {
  FakeClock clock(from_micros(1'795'000'000'000'000));
  FakeRuntime runtime(clock);
  std::vector<std::string> out;
  runtime.post([&out] { out.emplace_back("posted"); });
  runtime.settle();
  runtime.stop();
  runtime.spawn("late", note_after(runtime, Duration(0), out, "late"));
  runtime.settle();
  CHECK(out == std::vector<std::string>{"posted"});
}

}  // namespace
}  // namespace fumi::service::testing
