// Peer: the other end of a session in tests, on a pipe. It says and hears; the session runs in the
// same loop. And what every session of a test shares: a world, a login host, TLS contexts.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "net/pipe_stream.h"
#include "net/tls.h"
#include "server/auth/login.h"
#include "service/testing/service_world.h"

namespace fumi::server::testing {

class Peer {
 public:
  Peer(service::testing::FakeRuntime& runtime, std::unique_ptr<net::Stream> stream)
      : runtime_(runtime), stream_(std::move(stream)) {}

  void say(const std::string& text) { runtime_.call(write(*stream_, text)); }
  // Reads until `enough` says so of all that was heard since the last call, or the end.
  std::string hear(const std::function<bool(const std::string&)>& enough) {
    const Duration patience = std::chrono::seconds(30);
    stream_->set_deadline(patience);
    runtime_.call(read(*this, enough));
    return std::exchange(heard_, {});
  }
  // Until `count` SMTP replies have ended ("250 …", not "250-…").
  std::string replies(std::size_t count = 1) {
    return hear([count](const std::string& text) {
      std::size_t found = 0;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find("\r\n", at);
        if (end == std::string::npos) break;
        if (end - at < 4 || text[at + 3] != '-') ++found;
        at = end + 2;
      }
      return found >= count;
    });
  }
  std::string talk(const std::string& line) {
    say(line + "\r\n");
    return replies();
  }
  // Until a line that begins so has ended; with it.
  std::string until(const std::string& beginning) {
    return hear([&beginning](const std::string& text) {
      std::size_t at = text.starts_with(beginning) ? 0 : text.find("\r\n" + beginning);
      return at != std::string::npos && text.find("\r\n", at + 2) != std::string::npos;
    });
  }
  // Everything up to the end of the connection.
  std::string rest() {
    return hear([](const std::string&) { return false; });
  }
  void shake_hands(net::TlsClientContext& context) {
    net::TlsClientOptions options;
    auto shake = [](net::Stream& stream, net::TlsClientContext& with,
                    net::TlsClientOptions how) -> Task<Status> {
      co_return co_await stream.start_tls_client(with, std::move(how));
    };
    REQUIRE(runtime_.call(shake(*stream_, context, std::move(options))).has_value());
  }
  // Puts a layer around the stream, or takes one off.
  void wrap(const std::function<std::unique_ptr<net::Stream>(std::unique_ptr<net::Stream>)>& by) {
    stream_ = by(std::move(stream_));
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] net::Stream& stream() { return *stream_; }
  void hang_up() { stream_->close(); }

 private:
  static Task<void> write(net::Stream& stream, std::string text) {
    [[maybe_unused]] const Status said = co_await stream.write_all(text);
  }
  static Task<void> read(Peer& peer, const std::function<bool(const std::string&)>& enough) {
    std::array<char, 4096> buffer;
    while (!enough(peer.heard_)) {
      const Result<std::size_t> got = co_await peer.stream_->read_some(buffer);
      peer.ended_ = !got || *got == 0;
      if (peer.ended_) break;
      peer.heard_.append(buffer.data(), *got);
    }
  }

  service::testing::FakeRuntime& runtime_;
  std::unique_ptr<net::Stream> stream_;
  std::string heard_;
  bool ended_ = false;
};

struct TlsContexts {
  TlsContexts() {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() /
        ("fumi-session-test-" + std::to_string(std::uintptr_t(this)));
    std::filesystem::create_directories(folder);
    const net::TlsCertificateFiles files{folder / "chain.pem", folder / "key.pem"};
    REQUIRE(net::write_self_signed(files, {"mx.fumi.example"}, 1).has_value());
    net::TlsServerConfig config;
    config.certificates.push_back(files);
    auto opened = net::TlsServerContext::open(std::move(config));
    REQUIRE(opened.has_value());
    server = std::move(*opened);
    auto outgoing = net::TlsClientContext::open({});
    REQUIRE(outgoing.has_value());
    client = std::move(*outgoing);
    std::filesystem::remove_all(folder);
  }
  std::unique_ptr<net::TlsServerContext> server;
  std::unique_ptr<net::TlsClientContext> client;
};

// A tenant with two people whose passwords are known.
struct SessionWorld {
  explicit SessionWorld(service::testing::ServiceOptions options = {}) : w(std::move(options)) {
    acme = w.tenant("acme.example");
    hanako = person("hanako@acme.example");
    taro = person("taro@acme.example");
  }
  AccountId person(const std::string& address, std::uint64_t quota = 0) {
    service::NewAccount account{address, "", Secret(kPassword), quota};
    auto made = w.call(w->tenancy.create_account(acme, std::move(account)));
    REQUIRE(made.has_value());
    return made->id;
  }
  static constexpr const char* kPassword = "correct horse battery";

  service::testing::ServiceWorld w;
  TlsContexts tls;
  LoginHost login{w->access, w->live, Secret(std::string(32, 'k')), LoginHost::Plus::offer};
  TenantScope acme;
  AccountId hanako, taro;
};

}  // namespace fumi::server::testing
