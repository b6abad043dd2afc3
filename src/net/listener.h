// Listener: accepts connections and starts a session coroutine for each, on an io thread.
//
// One acceptor a listener, handing sockets to the io thread that has the fewest sessions of this
// listener (README: why not SO_REUSEPORT). When a limit is reached or fds run out, accepting
// pauses; the kernel's backlog and then SYN retries hold peers off, nothing spins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/io_pool.h"
#include "net/stream.h"

namespace fumi::net {

enum class ProxyProtocol { off, required };

struct ListenerConfig {
  std::string name;                   // for logs and metrics: "submission"
  std::string address = "127.0.0.1";  // "::" listens on both families
  std::uint16_t port = 0;             // 0: any free one, see Listener::port()
  int backlog = 1024;
  std::size_t connections_max = 10'000;
  std::size_t connections_per_ip_max = 100;  // IPv6 by /64; over it a connection is closed at once
  ProxyProtocol proxy = ProxyProtocol::off;
  std::vector<IpNetwork> proxies;  // who may send PROXY headers; all others are closed
  Duration proxy_header_timeout = std::chrono::seconds(5);
  std::string refusal;  // sent to a peer over its per-IP limit: "421 too many connections\r\n"
};

struct ListenerStats {
  std::uint64_t accepted = 0;
  std::uint64_t refused_per_ip = 0;
  std::uint64_t refused_proxy = 0;
  std::uint64_t pauses = 0;     // times accepting paused at connections_max or without fds
  std::size_t connections = 0;  // now
};

class Listener {
 public:
  // Builds the session; called on the session's thread. It returns the Task of a named coroutine
  // and must be callable from several threads. The Stream arrives without a deadline.
  using Handler = std::function<Task<void>(std::unique_ptr<Stream>)>;

  // Binds and listens; the pool and what the handler refers to must outlive the listener.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(IoPool& pool, ListenerConfig config,
                                                              Handler handler);
  ~Listener();  // sessions must have ended: drain() or stop_blocking() first
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ListenerStats stats() const;

  // Stops accepting and closes the port, drains the streams (idle sessions end now), waits up to
  // `patience` for the others, then stops them and waits for `farewell` more before a second stop.
  Task<void> drain(Duration patience, Duration farewell);
  // The same for a thread outside the pool; the pool must be running.
  void drain_blocking(Duration patience, Duration farewell);

 private:
  struct Impl;
  explicit Listener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the accept loop and its sessions
};

}  // namespace fumi::net
