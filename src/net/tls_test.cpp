#include <doctest/doctest.h>

#include <filesystem>
#include <future>

#include "net/detail/stream_rig.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using testing::Attempt;
using testing::dial;
using testing::endpoint_of;
using testing::kPatience;
using testing::kSoon;
using testing::listen;
using testing::make_certificate;
using testing::options_for;
using testing::read_n;
using testing::Rig;
using testing::round_trips;
using testing::StreamPtr;
using testing::TempFolder;
using testing::tls_client;
using testing::tls_echo;
using testing::tls_echo_session;
using testing::TlsFixture;

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

// STARTTLS as mail protocols do it: a line in clear, an answer, then TLS.
Task<void> upgrade_session(StreamPtr stream, TlsServerContext& context) {
  stream->set_deadline(kPatience);
  Result<std::string> line = co_await read_n(*stream, 10);
  if (!line || *line != "STARTTLS\r\n") co_return;
  Status sent = co_await stream->write_all("220 go\r\n");
  if (sent) co_await tls_echo_session(std::move(stream), context);
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

Task<void> say_nothing(StreamPtr stream) {
  Status slept = co_await sleep_for(kPatience);
  CHECK_FALSE(slept.has_value());
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

}  // namespace
}  // namespace fumi::net
