// What the tests of streams share: sessions that echo, clients that check the echo, certificates.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/connector.h"
#include "net/detail/rig.h"

namespace fumi::net::testing {

using StreamPtr = std::unique_ptr<Stream>;
using StreamTask = std::function<Task<void>(StreamPtr)>;

constexpr Duration kPatience = std::chrono::seconds(20);
constexpr Duration kSoon = std::chrono::milliseconds(30);

inline std::unique_ptr<Listener> listen(Rig& rig, StreamTask session) {
  auto listener = Listener::open(rig.pool, local_listener("test"), std::move(session));
  REQUIRE_MESSAGE(listener.has_value(), listener.error().text());
  return std::move(*listener);
}

inline Task<StreamPtr> dial(Endpoint to) {
  Result<StreamPtr> stream = co_await connect(std::move(to), ConnectOptions());
  if (!stream) throw std::runtime_error(stream.error().text());
  (*stream)->set_deadline(kPatience);
  co_return std::move(*stream);
}

// Up to `size` octets, or as many as come before the end.
inline Task<Result<std::string>> read_n(Stream& stream, std::size_t size) {
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

inline Task<void> echo_until_end(Stream& stream) {
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

inline Task<void> tls_echo_session(StreamPtr stream, TlsServerContext& context) {
  stream->set_deadline(kPatience);
  Status secured = co_await stream->start_tls_server(context);
  if (secured) co_await echo_until_end(*stream);
}

inline StreamTask tls_echo(TlsServerContext& context) {
  return [&context](StreamPtr stream) { return tls_echo_session(std::move(stream), context); };
}

inline std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

// Writes and reads at once would deadlock on full buffers only if one side did not read: the echo
// answers chunk by chunk, so one chunk at a time is in flight.
inline Task<bool> round_trips(Stream& stream) {
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

inline TlsClientOptions options_for(const std::string& name, TlsVerify verify) {
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

inline Task<Attempt> tls_client(Endpoint to, TlsClientContext& context, TlsClientOptions options) {
  Attempt out;
  StreamPtr stream = co_await dial(std::move(to));
  out.status = co_await stream->start_tls_client(context, std::move(options));
  out.failure = stream->tls_failure();
  out.info = stream->tls_info();
  if (out.status) out.echoed = co_await round_trips(*stream);
  co_return out;
}

}  // namespace fumi::net::testing
