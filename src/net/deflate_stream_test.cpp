#include "net/deflate_stream.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <array>

#include "net/detail/deflate.h"
#include "net/detail/rig.h"
#include "net/pipe_stream.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using StreamPtr = std::unique_ptr<Stream>;
using testing::Rig;

constexpr Duration kPatience = std::chrono::seconds(20);

// Text that repeats itself, and text that doesn't.
std::string sample(std::size_t size) {
  std::string out;
  std::uint64_t state = 88172645463325252ULL;
  while (out.size() < size) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    out += (state & 1U) != 0 ? "* 12 FETCH (FLAGS (\\Seen) UID " : std::to_string(state);
  }
  out.resize(size);
  return out;
}

std::pair<StreamPtr, StreamPtr> deflated(Rig& rig, std::size_t chunk, Duration linger) {
  PipeOptions pipe;
  pipe.chunk_max = chunk;
  auto [a, b] = make_pipe(rig.pool.executor(0), pipe);
  a->set_deadline(kPatience);
  DeflateOptions options;
  options.linger = linger;
  auto ours = make_deflate(std::move(a), options);
  auto theirs = make_deflate(std::move(b), options);
  ours->set_deadline(kPatience);
  theirs->set_deadline(kPatience);
  return {std::move(ours), std::move(theirs)};
}

Task<std::string> read_n(Stream& stream, std::size_t size) {
  std::string out;
  std::array<char, 700> buffer{};
  while (out.size() < size) {
    const Status ready = co_await stream.readable();
    if (!ready) co_return "error: " + ready.error().text();
    const std::span<char> into(buffer.data(), std::min(buffer.size(), size - out.size()));
    const Result<std::size_t> some = co_await stream.read_some(into);
    if (!some) co_return "error: " + some.error().text();
    if (*some == 0) break;
    out.append(buffer.data(), *some);
  }
  co_return out;
}

Task<bool> talk(Stream& one, Stream& other) {
  for (const std::size_t size : {1UL, 40UL, 5'000UL, 30'000UL}) {
    const std::string text = sample(size);
    const std::string_view first = std::string_view(text).substr(0, size / 3);
    const std::string_view second = std::string_view(text).substr(size / 3);
    const Status sent = co_await one.write_all(first, second);
    if (!sent) co_return false;
    const std::string heard = co_await read_n(other, size);
    if (heard != text) co_return false;
    const Status answered = co_await other.write_all(text);
    if (!answered) co_return false;
    const std::string back = co_await read_n(one, size);
    if (back != text) co_return false;
  }
  co_return true;
}

TEST_CASE("what is said arrives, in any chunking, with and without rests in between") {
  Rig rig(1);
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{13}, SIZE_MAX}) {
    for (const Duration linger : {Duration(0), Duration(kPatience)}) {
      auto [a, b] = deflated(rig, chunk, linger);
      CHECK(rig.run(talk(*a, *b)));
    }
  }
}

Task<Code> after(Stream& plain, Stream& deflating, std::string octets) {
  const Status sent = co_await plain.write_all(octets);
  if (!sent) co_return sent.error().code;
  const Status ended = co_await plain.shutdown_write();
  if (!ended) co_return ended.error().code;
  std::array<char, 64> buffer{};
  for (;;) {
    const Result<std::size_t> some = co_await deflating.read_some(buffer);
    if (!some) co_return some.error().code;
    if (*some == 0) co_return Code::cancelled;  // stands for a clean end here
  }
}

TEST_CASE("octets that are no DEFLATE stream are an error, and the end is the end") {
  Rig rig(1);
  struct Case {
    std::string octets;
    Code code;
  };
  for (const Case& c : {Case{"a1 NOOP\r\n", Code::invalid}, Case{"", Code::cancelled},
                        Case{std::string("\x00\x00\x00\xff\xff", 5), Code::cancelled},
                        Case{std::string("\x03\x00", 2) + "more", Code::cancelled}}) {
    auto [plain, inner] = make_pipe(rig.pool.executor(0), {});
    plain->set_deadline(kPatience);
    auto deflating = make_deflate(std::move(inner), {});
    deflating->set_deadline(kPatience);
    CHECK(rig.run(after(*plain, *deflating, c.octets)) == c.code);
  }
}

TEST_CASE("a bomb gives no more than it is asked for") {
  detail::Deflater deflater(9);
  const std::string zeros(64U << 20U, '\0');
  REQUIRE(deflater.give(zeros, detail::Deflater::Flush::sync).has_value());
  std::string bomb;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = deflater.take(buffer))
    bomb.append(buffer.data(), size);
  CHECK(bomb.size() < 100'000);
  detail::Inflater inflater;
  std::string_view rest = bomb;
  const std::size_t before = ::mallinfo2().uordblks;
  std::size_t total = 0;
  for (;;) {
    const Result<std::size_t> got = inflater.take(rest, buffer);
    REQUIRE(got.has_value());
    if (*got == 0) break;
    CHECK(*got <= buffer.size());
    total += *got;
    if (::mallinfo2().uordblks > before + 100'000) FAIL("it piles up");
  }
  CHECK(total == zeros.size());
}

Task<bool> quiet(Stream& one, Stream& other, std::size_t& held) {
  const Status sent = co_await one.write_all("a1 NOOP\r\n");
  const std::string heard = co_await read_n(other, 9);
  other.set_deadline(std::chrono::milliseconds(20));
  const Status waited = co_await other.readable();
  one.set_deadline(std::chrono::milliseconds(20));
  const Status mine = co_await one.readable();
  held = ::mallinfo2().uordblks;
  other.set_deadline(kPatience);
  one.set_deadline(kPatience);
  const Status again = co_await one.write_all("a2 NOOP\r\n");
  const std::string more = co_await read_n(other, 9);
  co_return sent&& again&& heard == "a1 NOOP\r\n" && more == "a2 NOOP\r\n" &&
      waited.error().code == Code::timeout&& mine.error().code == Code::timeout;
}

TEST_CASE("a quiet connection holds next to nothing, and goes on where it was") {
  Rig rig(1);
  auto [a, b] = deflated(rig, SIZE_MAX, Duration(std::chrono::milliseconds(2)));
  const std::size_t before = ::mallinfo2().uordblks;
  std::size_t held = 0;
  CHECK(rig.run(quiet(*a, *b, held)));
  CHECK(held < before + 16'000);  // both ends; 620 KB while they talk
}

Task<Wake> woken(Stream& stream, AsyncEvent& event, Stream& other) {
  event.set();
  const Result<Wake> first = co_await stream.readable_or(event);
  if (!first || *first != Wake::event) co_return Wake::readable;
  // A flush without data wakes nobody.
  const Status flushed = co_await other.write_all(std::string("\x00\x00\x00\xff\xff", 5));
  event.set();
  const Result<Wake> second = co_await stream.readable_or(event);
  co_return flushed&& second ? *second : Wake::readable;
}

TEST_CASE("events wake a wait, octets that say nothing do not end it") {
  Rig rig(1);
  auto [plain, inner] = make_pipe(rig.pool.executor(0), {});
  plain->set_deadline(kPatience);
  auto stream = make_deflate(std::move(inner), {});
  stream->set_deadline(kPatience);
  AsyncEvent event;
  CHECK(rig.run(woken(*stream, event, *plain)) == Wake::event);
  CHECK_FALSE(stream->is_tls());
  stream->drain();
  Stream& draining = *stream;
  auto wait = [](Stream& s) -> Task<Status> {
    const Status ready = co_await s.readable();
    co_return ready;
  };
  CHECK(rig.run(wait(draining)).error().code == Code::cancelled);
}

}  // namespace
}  // namespace fumi::net
