#include <doctest/doctest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>

#include "net/connector.h"
#include "net/detail/openssl.h"
#include "net/detail/rig.h"
#include "net/detail/sockaddr.h"
#include "net/detail/unique_fd.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using testing::endpoint_of;
using testing::eventually;
using testing::local_listener;
using testing::make_certificate;
using testing::Rig;
using testing::TempFolder;

using StreamPtr = std::unique_ptr<Stream>;
using StreamTask = std::function<Task<void>(StreamPtr)>;

constexpr Duration kPatience = std::chrono::seconds(20);
constexpr Duration kSoon = std::chrono::milliseconds(30);

std::unique_ptr<Listener> listen(Rig& rig, StreamTask session) {
  auto listener = Listener::open(rig.pool, local_listener("test"), std::move(session));
  REQUIRE_MESSAGE(listener.has_value(), listener.error().text());
  return std::move(*listener);
}

Task<StreamPtr> dial(Endpoint to) {
  Result<StreamPtr> stream = co_await connect(std::move(to), ConnectOptions());
  if (!stream) throw std::runtime_error(stream.error().text());
  (*stream)->set_deadline(kPatience);
  co_return std::move(*stream);
}

// Up to `size` octets, or as many as come before the end.
Task<Result<std::string>> read_n(Stream& stream, std::size_t size) {
  std::string out;
  std::array<char, 4096> buffer{};
  while (out.size() < size) {
    const std::span<char> into(buffer.data(), std::min(buffer.size(), size - out.size()));
    Result<std::size_t> some = co_await stream.read_some(into);
    if (!some) co_return fail(std::move(some));
    if (*some == 0) break;
    out.append(buffer.data(), *some);
  }
  co_return out;
}

Task<void> echo_until_end(Stream& stream) {
  std::vector<char> buffer(16 * 1024);
  for (;;) {
    Status ready = co_await stream.readable();
    if (!ready) co_return;
    Result<std::size_t> some = co_await stream.read_some(buffer);
    if (!some || *some == 0) co_return;
    Status sent = co_await stream.write_all(std::string_view(buffer.data(), *some));
    if (!sent) co_return;
  }
}

Task<void> echo_session(StreamPtr stream) {
  stream->set_deadline(kPatience);
  co_await echo_until_end(*stream);
}

Task<void> tls_echo_session(StreamPtr stream, TlsServerContext& context) {
  stream->set_deadline(kPatience);
  Status secured = co_await stream->start_tls_server(context);
  if (secured) co_await echo_until_end(*stream);
}

StreamTask tls_echo(TlsServerContext& context) {
  return [&context](StreamPtr stream) { return tls_echo_session(std::move(stream), context); };
}

// STARTTLS as mail protocols do it: a line in clear, an answer, then TLS.
Task<void> upgrade_session(StreamPtr stream, TlsServerContext& context) {
  stream->set_deadline(kPatience);
  Result<std::string> line = co_await read_n(*stream, 10);
  if (!line || *line != "STARTTLS\r\n") co_return;
  Status sent = co_await stream->write_all("220 go\r\n");
  if (sent) co_await tls_echo_session(std::move(stream), context);
}

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

// Writes and reads at once would deadlock on full buffers only if one side did not read: the echo
// answers chunk by chunk, so one chunk at a time is in flight.
Task<bool> round_trips(Stream& stream) {
  for (const std::size_t size : {1UL, 5UL, 4096UL, 16'384UL, 60'000UL}) {
    const std::string sent = pattern(size);
    Status written = co_await stream.write_all(std::string_view(sent).substr(0, size / 3),
                                               std::string_view(sent).substr(size / 3));
    if (!written) co_return false;
    Result<std::string> back = co_await read_n(stream, size);
    if (!back || *back != sent) co_return false;
  }
  co_return true;
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

struct TlsFixture {
  explicit TlsFixture(const std::vector<std::string>& names = {"mail.test"}, int days = 30) {
    files = make_certificate(folder, "default", names, days);
    config.certificates = {files};
    server = std::move(*TlsServerContext::open(config));
    client = make_client(files.chain_file);
  }
  static std::unique_ptr<TlsClientContext> make_client(const std::string& ca_file) {
    TlsClientConfig client_config;
    client_config.ca_file = ca_file;
    return std::move(*TlsClientContext::open(client_config));
  }
  TempFolder folder;
  TlsCertificateFiles files;
  TlsServerConfig config;
  std::unique_ptr<TlsServerContext> server;
  std::unique_ptr<TlsClientContext> client;
};

TlsClientOptions options_for(const std::string& name, TlsVerify verify) {
  TlsClientOptions options;
  options.server_name = name;
  options.verify = verify;
  return options;
}

struct Attempt {
  Status status;
  TlsFailure failure = TlsFailure::none;
  std::optional<TlsInfo> info;
  bool echoed = false;
};

Task<Attempt> tls_client(Endpoint to, TlsClientContext& context, TlsClientOptions options) {
  Attempt out;
  StreamPtr stream = co_await dial(std::move(to));
  out.status = co_await stream->start_tls_client(context, std::move(options));
  out.failure = stream->tls_failure();
  out.info = stream->tls_info();
  if (out.status) out.echoed = co_await round_trips(*stream);
  co_return out;
}

TEST_CASE("echo over TLS, verified, resumed, with channel bindings") {
  Rig rig;
  const TlsFixture tls;
  const auto listener = listen(rig, tls_echo(*tls.server));
  const TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
  const Attempt first = rig.run(tls_client(endpoint_of(*listener), *tls.client, options));
  REQUIRE_MESSAGE(first.status.has_value(), first.status.error().text());
  CHECK(first.echoed);
  CHECK(first.info->version == "TLSv1.3");
  CHECK(first.info->peer == PeerIdentity::pkix);
  CHECK(first.info->exporter.size() == 32);
  CHECK(first.info->server_end_point.size() == 32);
  CHECK_FALSE(first.info->resumed);
  const Attempt second = rig.run(tls_client(endpoint_of(*listener), *tls.client, options));
  CHECK(second.info->resumed);
  CHECK(second.info->exporter != first.info->exporter);
  CHECK(second.info->server_end_point == first.info->server_end_point);
  CHECK(second.info->peer == PeerIdentity::pkix);
  // A session of one kind of verification is not used for another.
  const TlsClientOptions any = options_for("mail.test", TlsVerify::opportunistic);
  CHECK_FALSE(rig.run(tls_client(endpoint_of(*listener), *tls.client, any)).info->resumed);
  listener->drain_blocking(kSoon, kSoon);
}

TEST_CASE("verification refuses, and says why; opportunistic encrypts and tells") {
  Rig rig;
  const TlsFixture tls;
  const TlsFixture stale({"mail.test"}, -1);
  const auto listener = listen(rig, tls_echo(*tls.server));
  const auto stale_listener = listen(rig, tls_echo(*stale.server));
  const auto attempt = [&](const Listener& at, TlsClientContext& with, TlsClientOptions options) {
    return rig.run(tls_client(endpoint_of(at), with, std::move(options)));
  };
  const Attempt name = attempt(*listener, *tls.client, options_for("other.test", TlsVerify::pkix));
  CHECK(name.status.error().code == Code::denied);
  CHECK(name.failure == TlsFailure::certificate_host_mismatch);
  const Attempt trust =
      attempt(*listener, *stale.client, options_for("mail.test", TlsVerify::pkix));
  CHECK(trust.failure == TlsFailure::certificate_not_trusted);
  const Attempt old =
      attempt(*stale_listener, *stale.client, options_for("mail.test", TlsVerify::pkix));
  CHECK(old.failure == TlsFailure::certificate_expired);
  CHECK(to_string(old.failure) == "certificate-expired");
  const Attempt any =
      attempt(*listener, *tls.client, options_for("other.test", TlsVerify::opportunistic));
  CHECK(any.echoed);
  CHECK(any.info->peer == PeerIdentity::unverified);
  CHECK_FALSE(any.info->peer_problem.empty());
  const Attempt nameless = attempt(*listener, *tls.client, options_for("", TlsVerify::pkix));
  CHECK(nameless.status.error().code == Code::invalid);
  TlsClientOptions several = options_for("other.test", TlsVerify::pkix);
  several.more_names = {"mail.test"};
  CHECK(attempt(*listener, *tls.client, std::move(several)).echoed);
  listener->drain_blocking(kSoon, kSoon);
  stale_listener->drain_blocking(kSoon, kSoon);
}

TEST_CASE("DANE: the right key, a wrong one, no usable record") {
  Rig rig;
  const TlsFixture tls;
  const TempFolder elsewhere;
  const auto other = TlsFixture::make_client(
      make_certificate(elsewhere, "other", {"other.test"}).chain_file);  // trusts nobody here
  const auto listener = listen(rig, tls_echo(*tls.server));
  const auto attempt = [&](std::vector<TlsaRecord> records) {
    TlsClientOptions options = options_for("mx.elsewhere.test", TlsVerify::dane);
    options.tlsa = std::move(records);
    return rig.run(tls_client(endpoint_of(*listener), *other, std::move(options)));
  };
  const std::string key = *tlsa_311(tls.files.chain_file);
  const TlsaRecord pkix_usage{1, 1, 1, key};
  const TlsaRecord wrong{3, 1, 1, std::string(32, 'x')};
  const TlsaRecord right{3, 1, 1, key};
  const TlsaRecord malformed{3, 1, 1, "short"};
  const Attempt good = attempt({pkix_usage, malformed, wrong, right});
  CHECK(good.echoed);  // no name check with DANE-EE
  CHECK(good.info->peer == PeerIdentity::dane);
  CHECK(attempt({wrong}).failure == TlsFailure::dane_mismatch);
  CHECK(attempt({wrong}).status.error().code == Code::denied);
  CHECK(attempt({pkix_usage, malformed}).failure == TlsFailure::tlsa_invalid);
  listener->drain_blocking(kSoon, kSoon);
}

TEST_CASE("SNI chooses the certificate, ALPN the protocol") {
  Rig rig;
  TlsFixture tls;
  const auto second = make_certificate(tls.folder, "second", {"second.test", "*.wild.test"});
  tls.config.certificates.push_back(second);
  tls.config.alpn = {"imap", "http/1.1"};
  REQUIRE(tls.server->reload(tls.config).has_value());
  const auto for_second = TlsFixture::make_client(second.chain_file);
  const auto listener = listen(rig, tls_echo(*tls.server));
  const auto attempt = [&](TlsClientContext& with, TlsClientOptions options) {
    return rig.run(tls_client(endpoint_of(*listener), with, std::move(options)));
  };
  CHECK(attempt(*for_second, options_for("SECOND.test", TlsVerify::pkix)).echoed);
  CHECK(attempt(*for_second, options_for("a.wild.test", TlsVerify::pkix)).echoed);
  CHECK_FALSE(attempt(*for_second, options_for("a.b.wild.test", TlsVerify::pkix)).echoed);
  CHECK(attempt(*tls.client, options_for("mail.test", TlsVerify::pkix)).echoed);
  TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
  options.alpn = {"h2", "http/1.1"};
  CHECK(attempt(*tls.client, options).info->alpn == "http/1.1");
  options.alpn = {"h2"};
  CHECK(attempt(*tls.client, options).status.error().code == Code::unsupported);
  listener->drain_blocking(kSoon, kSoon);
}

Task<bool> upgrading_client(Endpoint to, TlsClientContext& context, std::string first) {
  StreamPtr stream = co_await dial(std::move(to));
  Status sent = co_await stream->write_all(first);
  Result<std::string> answer = co_await read_n(*stream, 8);
  if (!sent || !answer || *answer != "220 go\r\n") co_return false;
  TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
  Status secured = co_await stream->start_tls_client(context, std::move(options));
  if (!secured) co_return false;
  co_return co_await round_trips(*stream);
}

TEST_CASE("STARTTLS in place; commands smuggled behind it break the handshake") {
  Rig rig;
  const TlsFixture tls;
  const auto listener = listen(
      rig, [&](StreamPtr stream) { return upgrade_session(std::move(stream), *tls.server); });
  const Endpoint at = endpoint_of(*listener);
  CHECK(rig.run(upgrading_client(at, *tls.client, "STARTTLS\r\n")));
  CHECK_FALSE(rig.run(upgrading_client(at, *tls.client, "STARTTLS\r\nMAIL FROM:<x>\r\n")));
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

Task<void> stalled_handshake(Endpoint to, TlsClientContext& context) {
  StreamPtr stream = co_await dial(std::move(to));
  stream->set_deadline(kSoon);
  TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
  Status secured = co_await stream->start_tls_client(context, std::move(options));
  CHECK(secured.error().code == Code::timeout);
  CHECK_FALSE(stream->tls_info().has_value());
}

TEST_CASE("a handshake that stalls ends at the deadline") {
  Rig rig;
  const TlsFixture tls;
  const auto listener = listen(rig, say_nothing);
  rig.run(stalled_handshake(endpoint_of(*listener), *tls.client));
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

TEST_CASE("certificates are replaced while handshakes run") {
  Rig rig;
  const TlsFixture tls;
  const auto listener = listen(rig, tls_echo(*tls.server));
  std::vector<std::future<Attempt>> attempts;
  for (int i = 0; i < 60; ++i) {
    Task<Attempt> task = tls_client(endpoint_of(*listener), *tls.client,
                                    options_for("mail.test", TlsVerify::opportunistic));
    attempts.push_back(
        boost::asio::co_spawn(rig.pool.next(), std::move(task), boost::asio::use_future));
    if (i % 5 == 0) {
      make_certificate(tls.folder, "default", {"mail.test"});
      CHECK(tls.server->reload().has_value());
    }
  }
  for (auto& attempt : attempts)
    CHECK(attempt.get().echoed);
  // What can't be read is refused, and what was loaded stays.
  std::filesystem::remove(tls.files.key_file);
  CHECK(tls.server->reload().error().code == Code::invalid);
  const auto fresh = TlsFixture::make_client(tls.files.chain_file);
  const TlsClientOptions options = options_for("mail.test", TlsVerify::pkix);
  CHECK(rig.run(tls_client(endpoint_of(*listener), *fresh, options)).echoed);
  listener->drain_blocking(kSoon, kSoon);
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
