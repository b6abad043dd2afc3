#include <doctest/doctest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/detail/openssl.h"
#include "net/detail/sockaddr.h"
#include "net/detail/stream_rig.h"
#include "net/detail/unique_fd.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using testing::dial;
using testing::echo_until_end;
using testing::endpoint_of;
using testing::eventually;
using testing::kPatience;
using testing::kSoon;
using testing::listen;
using testing::options_for;
using testing::read_n;
using testing::Rig;
using testing::round_trips;
using testing::StreamPtr;
using testing::TlsFixture;

Task<void> echo_session(StreamPtr stream) {
  stream->set_deadline(kPatience);
  co_await echo_until_end(*stream);
}

Task<bool> plain_client(Endpoint to) {
  StreamPtr stream = co_await dial(to);
  CHECK(stream->peer() == to);
  CHECK_FALSE(stream->tls_info().has_value());
  co_return co_await round_trips(*stream);
}

TEST_CASE("echo in clear, and the addresses of both ends") {
  Rig rig;
  const auto listener = listen(rig, echo_session);
  CHECK(rig.run(plain_client(endpoint_of(*listener))));
  CHECK(eventually([&] { return listener->stats().connections == 0; }));
  listener->drain_blocking(kSoon, kSoon);
}

Task<std::string> half_close_client(Endpoint to, TlsClientContext* context) {
  StreamPtr stream = co_await dial(std::move(to));
  if (context != nullptr) {
    TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
    Status secured = co_await stream->start_tls_client(*context, std::move(options));
    CHECK(secured.has_value());
  }
  Status sent = co_await stream->write_all("request");
  Status ended = co_await stream->shutdown_write();
  CHECK(sent.has_value());
  CHECK(ended.has_value());
  Result<std::string> answer = co_await read_n(*stream, 1000);
  co_return answer.value_or("failed");
}

Task<void> answer_after_end(StreamPtr stream, TlsServerContext* context) {
  stream->set_deadline(kPatience);
  if (context != nullptr) {
    Status secured = co_await stream->start_tls_server(*context);
    CHECK(secured.has_value());
  }
  Result<std::string> all = co_await read_n(*stream, 1000);
  Status sent = co_await stream->write_all("got ", *all);
  CHECK(sent.has_value());
}

TEST_CASE("half-close: the answer still comes after the request has ended") {
  Rig rig;
  const TlsFixture tls;
  TlsServerContext* context = nullptr;
  const auto session = [&](StreamPtr stream) {
    return answer_after_end(std::move(stream), context);
  };
  const auto listener = listen(rig, session);
  CHECK(rig.run(half_close_client(endpoint_of(*listener), nullptr)) == "got request");
  context = tls.server.get();
  CHECK(rig.run(half_close_client(endpoint_of(*listener), tls.client.get())) == "got request");
  listener->drain_blocking(kSoon, kSoon);
}

Task<void> write_forever(StreamPtr stream, TlsServerContext* context, std::atomic<int>& outcome) {
  stream->set_deadline(kPatience);
  if (context != nullptr) {
    Status secured = co_await stream->start_tls_server(*context);
    if (!secured) co_return;
  }
  const std::string block(64 * 1024, 'x');
  for (;;) {
    Status sent = co_await stream->write_all(block);
    if (sent) continue;
    outcome = static_cast<int>(sent.error().code);
    co_return;
  }
}

Task<void> reset_client(Endpoint to, TlsClientContext* context) {
  StreamPtr stream = co_await dial(std::move(to));
  if (context != nullptr) {
    TlsClientOptions options = options_for("mail.test", TlsVerify::opportunistic);
    Status secured = co_await stream->start_tls_client(*context, std::move(options));
    CHECK(secured.has_value());
  }
  Result<std::string> some = co_await read_n(*stream, 100'000);
  CHECK(some.has_value());
  stream->close();  // with octets unread: the kernel sends a reset
}

TEST_CASE("a peer that resets while we write is peer_gone, not SIGPIPE") {
  Rig rig;
  const TlsFixture tls;
  for (const bool secure : {false, true}) {
    std::atomic<int> outcome = -1;
    TlsServerContext* server = secure ? tls.server.get() : nullptr;
    const auto listener = listen(
        rig, [&](StreamPtr stream) { return write_forever(std::move(stream), server, outcome); });
    rig.run(reset_client(endpoint_of(*listener), secure ? tls.client.get() : nullptr));
    CHECK(eventually([&] { return outcome != -1; }));
    CHECK(outcome == static_cast<int>(Code::peer_gone));
    listener->drain_blocking(kSoon, kSoon);
  }
}

Task<void> deadline_client(Endpoint to) {
  StreamPtr stream = co_await dial(std::move(to));
  std::array<char, 10> buffer{};
  stream->set_deadline(kSoon);
  Result<std::size_t> some = co_await stream->read_some(buffer);
  CHECK(some.error().code == Code::timeout);
  Status still = co_await stream->readable();
  CHECK(still.error().code == Code::timeout);  // until it is set again
  stream->set_deadline(kPatience);
  stream->set_deadline(kSoon);  // forward again
  Status idle = co_await stream->readable();
  CHECK(idle.error().code == Code::timeout);
  const std::string much(64 << 20U, 'x');  // nobody reads: a write waits too
  stream->set_deadline(kSoon);
  Status sent = co_await stream->write_all(much);
  CHECK(sent.error().code == Code::timeout);
  stream->clear_deadline();
  stream->close();
  Status closed = co_await stream->readable();
  CHECK(closed.error().code == Code::cancelled);
}

Task<void> say_nothing(StreamPtr stream) {
  Status slept = co_await sleep_for(kPatience);
  CHECK_FALSE(slept.has_value());
}

TEST_CASE("deadlines end reads, writes and idle waits") {
  Rig rig;
  const auto listener = listen(rig, say_nothing);
  rig.run(deadline_client(endpoint_of(*listener)));
  listener->drain_blocking(Duration::zero(), kPatience);
}

// IMAP IDLE in small: an event and the peer wake the same wait.
Task<void> idle_session(StreamPtr stream, AsyncEvent& event) {
  stream->set_deadline(kPatience);
  for (;;) {
    Result<Wake> wake = co_await stream->readable_or(event);
    if (!wake) co_return;
    if (*wake == Wake::event) {
      Status told = co_await stream->write_all("* 1 EXISTS\r\n");
      CHECK(told.has_value());
      continue;
    }
    Result<std::string> done = co_await read_n(*stream, 6);
    Status answered = co_await stream->write_all("a OK\r\n");
    CHECK(answered.has_value());
    if (!done || done->empty()) co_return;
  }
}

Task<void> idle_client(Endpoint to, AsyncEvent& event, TlsClientContext* context) {
  StreamPtr stream = co_await dial(std::move(to));
  if (context != nullptr) {
    TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
    Status secured = co_await stream->start_tls_client(*context, std::move(options));
    CHECK(secured.has_value());
  }
  for (int i = 0; i < 20; ++i) {
    event.set();
    Result<std::string> told = co_await read_n(*stream, 12);
    CHECK(told == "* 1 EXISTS\r\n");
  }
  Status sent = co_await stream->write_all("DONE\r\n");
  Result<std::string> answer = co_await read_n(*stream, 6);
  CHECK(sent.has_value());
  CHECK(answer == "a OK\r\n");
}

Task<void> secure_idle_session(StreamPtr stream, AsyncEvent& event, TlsServerContext& context) {
  stream->set_deadline(kPatience);
  Status secured = co_await stream->start_tls_server(context);
  CHECK(secured.has_value());
  co_await idle_session(std::move(stream), event);
}

TEST_CASE("events and input wake the same idle wait") {
  Rig rig;
  const TlsFixture tls;
  AsyncEvent event;
  const auto plain =
      listen(rig, [&](StreamPtr stream) { return idle_session(std::move(stream), event); });
  rig.run(idle_client(endpoint_of(*plain), event, nullptr));
  plain->drain_blocking(kSoon, kSoon);
  const auto secure = listen(rig, [&](StreamPtr stream) {
    return secure_idle_session(std::move(stream), event, *tls.server);
  });
  rig.run(idle_client(endpoint_of(*secure), event, tls.client.get()));
  secure->drain_blocking(kSoon, kSoon);
}

Task<Result<StreamPtr>> try_connect(Endpoint to, ConnectOptions options) {
  co_return co_await connect(std::move(to), options);
}

TEST_CASE("connecting: refused, wrong, from a source address") {
  Rig rig;
  const auto listener = listen(rig, echo_session);
  const Endpoint at = endpoint_of(*listener);
  ConnectOptions options;
  options.source = *IpAddress::parse("127.0.0.2");
  const auto connected = rig.run(try_connect(at, options));
  REQUIRE(connected.has_value());
  CHECK((*connected)->local().address == "127.0.0.2");
  options.source = *IpAddress::parse("::1");
  CHECK(rig.run(try_connect(at, options)).error().code == Code::invalid);
  options.source = *IpAddress::parse("192.0.2.1");
  CHECK(rig.run(try_connect(at, options)).error().code == Code::invalid);
  options.source.reset();
  Endpoint bad = at;
  bad.address = "localhost";
  CHECK(rig.run(try_connect(bad, options)).error().code == Code::invalid);
  listener->drain_blocking(Duration::zero(), kPatience);
  CHECK(rig.run(try_connect(at, options)).error().code == Code::unavailable);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FUMI_SANITIZED 1
#endif
#endif

// ---- what an idle connection costs; sanitizers would count their own

#ifndef FUMI_SANITIZED
Task<void> idle_memory_session(StreamPtr stream, TlsServerContext* context) {
  stream->set_deadline(std::chrono::minutes(5));
  if (context != nullptr) {
    Status secured = co_await stream->start_tls_server(*context);
    if (!secured) co_return;
  }
  Status ready = co_await stream->readable();
  static_cast<void>(ready);
}

// Handshakes on a blocking socket and forgets the TLS state: only the server's is left to measure.
detail::UniqueFd raw_client(std::uint16_t port, SSL_CTX* context) {
  detail::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = detail::to_sockaddr(*IpAddress::parse("127.0.0.1"), port);
  REQUIRE(::connect(fd.get(), to.get(), to.length) == 0);
  if (context != nullptr) {
    const detail::SslPtr ssl(SSL_new(context));
    SSL_set_fd(ssl.get(), fd.get());
    REQUIRE(SSL_connect(ssl.get()) == 1);
    SSL_set_quiet_shutdown(ssl.get(), 1);
  }
  return fd;
}

std::size_t cost_per_connection(Rig& rig, TlsServerContext* server) {
  constexpr std::size_t kConnections = 500;
  const auto listener = listen(
      rig, [server](StreamPtr stream) { return idle_memory_session(std::move(stream), server); });
  const detail::SslCtxPtr context(server == nullptr ? nullptr : SSL_CTX_new(TLS_client_method()));
  std::vector<detail::UniqueFd> clients;
  clients.reserve(kConnections + 50);
  for (int i = 0; i < 50; ++i)
    clients.push_back(raw_client(listener->port(), context.get()));
  REQUIRE(eventually([&] { return listener->stats().connections == 50; }));
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.push_back(raw_client(listener->port(), context.get()));
  }
  REQUIRE(eventually([&] { return listener->stats().connections == kConnections + 50; }));
  const std::size_t after = ::mallinfo2().uordblks;
  clients.clear();
  listener->drain_blocking(Duration::zero(), kPatience);
  return (after - before) / kConnections;
}

TEST_CASE("an idle connection is small") {
  Rig rig(1);
  const TlsFixture tls;
  const std::size_t plain = cost_per_connection(rig, nullptr);
  const std::size_t secure = cost_per_connection(rig, tls.server.get());
  MESSAGE("octets an idle connection: " << plain << " plain, " << secure << " TLS");
  CHECK(plain <= 6 * 1024);
  CHECK(secure <= 20 * 1024);
}
#endif

}  // namespace
}  // namespace fumi::net
