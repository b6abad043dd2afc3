#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net/connector.h"
#include "net/detail/rig.h"
#include "net/detail/sockaddr.h"
#include "net/detail/unique_fd.h"
#include "net/pipe_stream.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using detail::UniqueFd;
using testing::eventually;
using testing::local_listener;
using testing::Rig;
using StreamPtr = std::unique_ptr<Stream>;

constexpr Duration kPatience = std::chrono::seconds(20);

UniqueFd dial(const Listener& listener) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = detail::to_sockaddr(*IpAddress::parse("127.0.0.1"), listener.port());
  if (::connect(fd.get(), to.get(), to.length) != 0) fd.reset();
  return fd;
}

// Reads until the end or a second without a byte.
std::string receive(const UniqueFd& fd) {
  std::string out;
  char buffer[512];
  pollfd wait{fd.get(), POLLIN, 0};
  while (::poll(&wait, 1, 1000) == 1) {
    const ssize_t some = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (some <= 0) break;
    out.append(buffer, static_cast<std::size_t>(some));
  }
  return out;
}

// Greets with the peer's address; one byte from the peer ends it.
Task<void> greet(StreamPtr stream) {
  stream->set_deadline(kPatience);
  const std::string text = stream->peer().text() + "\r\n";
  Status sent = co_await stream->write_all(text);
  if (!sent) co_return;
  Status ready = co_await stream->readable();
  if (ready || ready.error().code != Code::cancelled) co_return;
  co_await allow_farewell();
  Status bye = co_await stream->write_all("bye\r\n");
  static_cast<void>(bye);
}

std::unique_ptr<Listener> listen(Rig& rig, ListenerConfig config, Listener::Handler handler) {
  auto listener = Listener::open(rig.pool, std::move(config), std::move(handler));
  REQUIRE_MESSAGE(listener.has_value(), listener.error().text());
  return std::move(*listener);
}

TEST_CASE("connections over the limit wait, and are served when others leave") {
  Rig rig;
  ListenerConfig config = local_listener("few");
  config.connections_max = 2;
  const auto listener = listen(rig, std::move(config), greet);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(dial(*listener));
  CHECK(eventually([&] { return listener->stats().pauses >= 1; }));
  CHECK(listener->stats().connections == 2);
  CHECK(listener->stats().accepted == 2);
  clients[0].reset();
  clients[1].reset();
  CHECK(eventually([&] { return listener->stats().accepted == 4; }));
  CHECK_FALSE(receive(clients[3]).empty());
  listener->drain_blocking(kPatience, kPatience);
}

TEST_CASE("one address gets its share, and is told") {
  Rig rig;
  ListenerConfig config = local_listener("shares");
  config.connections_per_ip_max = 2;
  config.refusal = "421 too many\r\n";
  const auto listener = listen(rig, std::move(config), greet);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(dial(*listener));
    CHECK(eventually([&] {
      const auto stats = listener->stats();
      return stats.accepted == static_cast<std::uint64_t>(i) + 1;
    }));
  }
  CHECK(receive(clients[2]) == "421 too many\r\n");
  CHECK(listener->stats().refused_per_ip == 1);
  clients[0].reset();
  CHECK(eventually([&] { return listener->stats().connections == 1; }));
  const UniqueFd again = dial(*listener);
  CHECK(eventually([&] { return listener->stats().connections == 2; }));
  listener->drain_blocking(kPatience, kPatience);
}

TEST_CASE("the PROXY header gives the peer; without one there is no session") {
  Rig rig;
  ListenerConfig config = local_listener("proxied");
  config.proxy = ProxyProtocol::required;
  config.proxies = {*IpNetwork::parse("127.0.0.0/8")};
  config.connections_per_ip_max = 1;
  config.refusal = "421 no\r\n";
  const auto listener = listen(rig, std::move(config), greet);
  const auto send = [](const UniqueFd& fd, std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  };
  const UniqueFd good = dial(*listener);
  send(good, "PROXY TCP4 192.0.2.7 192.0");
  CHECK(eventually([&] { return listener->stats().accepted == 1; }));
  send(good, ".2.8 4000 25\r\n");
  CHECK(receive(good) == "192.0.2.7:4000\r\n");
  const UniqueFd same_peer = dial(*listener);
  send(same_peer, "PROXY TCP4 192.0.2.7 192.0.2.8 4001 25\r\n");
  CHECK(receive(same_peer) == "421 no\r\n");
  const UniqueFd other_peer = dial(*listener);
  send(other_peer, "PROXY TCP4 192.0.2.9 192.0.2.8 4001 25\r\n");
  CHECK(receive(other_peer) == "192.0.2.9:4001\r\n");
  const UniqueFd bad = dial(*listener);
  send(bad, "EHLO x\r\n");
  CHECK(receive(bad).empty());
  CHECK(listener->stats().refused_proxy == 1);
  listener->drain_blocking(kPatience, kPatience);

  ListenerConfig distrustful = local_listener("distrustful");
  distrustful.proxy = ProxyProtocol::required;
  distrustful.proxies = {*IpNetwork::parse("192.0.2.0/24")};
  const auto second = listen(rig, std::move(distrustful), greet);
  const UniqueFd stranger = dial(*second);
  CHECK(eventually([&] { return second->stats().refused_proxy == 1; }));
  second->drain_blocking(kPatience, kPatience);
}

TEST_CASE("drain: idle sessions say goodbye, the port closes") {
  Rig rig;
  const auto listener = listen(rig, local_listener("draining"), greet);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(dial(*listener));
  CHECK(eventually([&] { return listener->stats().connections == 20; }));
  listener->drain_blocking(kPatience, kPatience);
  CHECK(listener->stats().connections == 0);
  for (const UniqueFd& client : clients)
    CHECK(receive(client).ends_with("bye\r\n"));
  CHECK(dial(*listener).get() < 0);
}

Task<void> stubborn(StreamPtr stream, std::atomic<int>& stops) {
  for (int i = 0; i < 2; ++i) {
    Status slept = co_await sleep_for(std::chrono::hours(1));
    if (slept) co_return;
    ++stops;
    co_await allow_farewell();
  }
}

TEST_CASE("drain: a busy session is stopped, and stopped again after its farewell") {
  Rig rig;
  std::atomic<int> stops = 0;
  const auto listener = listen(rig, local_listener("stubborn"), [&](StreamPtr stream) {
    return stubborn(std::move(stream), stops);
  });
  const UniqueFd client = dial(*listener);
  CHECK(eventually([&] { return listener->stats().connections == 1; }));
  listener->drain_blocking(std::chrono::milliseconds(5), std::chrono::milliseconds(5));
  CHECK(stops == 2);
}

Task<void> throwing(StreamPtr stream) {
  stream->close();
  throw std::runtime_error("on purpose");
  co_return;
}

TEST_CASE("a session that throws gives its seat back") {
  Rig rig;
  ListenerConfig config = local_listener("throwing");
  config.connections_max = 1;
  const auto listener = listen(rig, std::move(config), throwing);
  for (int i = 0; i < 5; ++i)
    CHECK(receive(dial(*listener)).empty());
  CHECK(eventually([&] { return listener->stats().connections == 0; }));
  CHECK(listener->stats().accepted == 5);
  listener->drain_blocking(kPatience, kPatience);
}

TEST_CASE("without file descriptors accepting pauses and comes back") {
  Rig rig;
  const auto listener = listen(rig, local_listener("starved"), greet);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(client.get());  // nothing above what is open already
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto to = detail::to_sockaddr(*IpAddress::parse("127.0.0.1"), listener->port());
  const int connected = ::connect(client.get(), to.get(), to.length);
  const bool paused = eventually([&] { return listener->stats().pauses > 0; });
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(connected == 0);
  CHECK(paused);
  CHECK_FALSE(receive(client).empty());
  listener->drain_blocking(kPatience, kPatience);
}

TEST_CASE("a port that is taken, an address that is none") {
  Rig rig;
  const auto listener = listen(rig, local_listener("first"), greet);
  ListenerConfig config = local_listener("second");
  config.port = listener->port();
  CHECK(Listener::open(rig.pool, config, greet).error().code == Code::unavailable);
  config.address = "localhost";
  CHECK(Listener::open(rig.pool, config, greet).error().code == Code::invalid);
  listener->drain_blocking(kPatience, kPatience);
}

// ---- streams in memory

Task<std::string> read_all(Stream& stream) {
  std::string out;
  std::array<char, 64> buffer{};
  for (;;) {
    Result<std::size_t> some = co_await stream.read_some(buffer);
    if (!some) co_return "error " + some.error().text();
    if (*some == 0) co_return out;
    out.append(buffer.data(), *some);
  }
}

Task<void> write_and_end(StreamPtr stream, std::string text) {
  Status sent = co_await stream->write_all("<", text);
  CHECK(sent.has_value());
  Status ended = co_await stream->shutdown_write();
  CHECK(ended.has_value());
  Status peer_closed = co_await stream->readable();
  CHECK(peer_closed.has_value());
}

Task<void> pipe_talk(TaskScope& scope, PipeOptions options) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  auto [a, b] = make_pipe(executor, options);
  CHECK(a->peer() == b->local());
  Task<void> writer = write_and_end(std::move(b), std::string(500, 'x'));
  scope.spawn("writer", executor, std::move(writer));
  const std::string got = co_await read_all(*a);
  CHECK(got == '<' + std::string(500, 'x'));
  a->close();
  co_await scope.join();
}

TEST_CASE("a pipe carries bytes through any capacity and chunking") {
  Rig rig(1);
  for (const std::size_t capacity : {1UL, 7UL, 65'536UL}) {
    for (const std::size_t chunk : {1UL, 3UL, SIZE_MAX}) {
      TaskScope scope;
      PipeOptions options;
      options.capacity = capacity;
      options.chunk_max = chunk;
      rig.run(pipe_talk(scope, options));
    }
  }
}

Task<void> pipe_limits() {
  const Executor executor = co_await boost::asio::this_coro::executor;
  PipeOptions options;
  auto [a, b] = make_pipe(executor, options);
  a->set_deadline(std::chrono::milliseconds(5));
  Status late = co_await a->readable();
  CHECK(late.error().code == Code::timeout);
  a->clear_deadline();
  AsyncEvent event;
  event.set();
  Result<Wake> wake = co_await a->readable_or(event);
  CHECK(wake == Wake::event);
  a->drain();
  Status drained = co_await a->readable();
  CHECK(drained.error().code == Code::cancelled);
  b->close();
  Status gone = co_await a->write_all("x");
  CHECK(gone.error().code == Code::peer_gone);
  Status closed = co_await b->write_all("x");
  CHECK(closed.error().code == Code::cancelled);
}

TEST_CASE("a pipe has deadlines, events, drain and ends") {
  Rig rig(1);
  rig.run(pipe_limits());
}

Task<void> failing_at(std::size_t at, int& failures) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  PipeOptions options;
  auto [a, b] = make_pipe(executor, options);
  StreamPtr stream = make_failing(std::move(a), at, Code::timeout);
  std::array<char, 8> buffer{};
  Status sent = co_await stream->write_all("x");
  Status answered = co_await b->write_all("y");
  Status ready = co_await stream->readable();
  Result<std::size_t> some = co_await stream->read_some(buffer);
  static_cast<void>(answered);
  if (!sent) ++failures;
  if (!ready) ++failures;
  if (!some) ++failures;
  if (at <= 3) CHECK(some.error().code == (at == 3 ? Code::timeout : Code::peer_gone));
}

TEST_CASE("a failing stream fails at the chosen operation and after it") {
  Rig rig(1);
  for (std::size_t at = 1; at <= 4; ++at) {
    int failures = 0;
    rig.run(failing_at(at, failures));
    CHECK(failures == static_cast<int>(4 - at));
  }
}

}  // namespace
}  // namespace fumi::net
