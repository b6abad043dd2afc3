#include "net/listener.h"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "base/assert.h"
#include "base/log.h"
#include "net/detail/sockaddr.h"
#include "net/detail/tcp_stream.h"
#include "net/task_scope.h"

namespace fumi::net {

using namespace detail;  // NOLINT

namespace {

constexpr int kAcceptBatch = 64;  // then the thread's sessions get a turn
constexpr Duration kNoFdsPause = std::chrono::milliseconds(100);
constexpr Duration kRefusalPatience = std::chrono::seconds(1);

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  // Of one io thread; `draining` and `streams` are touched there only.
  struct Lane {
    explicit Lane(Executor executor_of) : executor(executor_of) {}
    Executor executor;
    std::atomic<std::size_t> sessions{0};
    bool draining = false;
    std::unordered_map<TcpCore*, std::weak_ptr<TcpCore>> streams;
  };
  enum class Accepted { one, none_waits, no_fds };

  // One connection's place in the total, from accept to the end of its session.
  class Seat {
   public:
    Seat(Impl& owner, Lane& lane) : owner_(&owner), lane_(&lane) {
      owner_->connections.fetch_add(1);
      lane_->sessions.fetch_add(1);
    }
    Seat(Seat&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), lane_(other.lane_) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (owner_ == nullptr) return;
      lane_->sessions.fetch_sub(1);
      owner_->connections.fetch_sub(1);
      owner_->room.set();
      owner_->ended.set();
    }
    [[nodiscard]] Lane& lane() const { return *lane_; }

   private:
    Impl* owner_;
    Lane* lane_;
  };
  // Its place among those of its address.
  class IpSeat {
   public:
    IpSeat() = default;
    IpSeat(Impl& owner, const IpAddress& key) : owner_(&owner), key_(key) {}
    IpSeat(IpSeat&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), key_(other.key_) {}
    IpSeat& operator=(IpSeat&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~IpSeat() {
      if (owner_ != nullptr) owner_->leave(key_);
    }

   private:
    Impl* owner_ = nullptr;
    IpAddress key_;
  };
  class Enlisted {
   public:
    Enlisted(Lane& lane, const std::shared_ptr<TcpCore>& core) : lane_(lane), key_(core.get()) {
      lane_.streams.emplace(key_, core);
      if (lane_.draining) core->drain();
    }
    Enlisted(const Enlisted&) = delete;
    Enlisted& operator=(const Enlisted&) = delete;
    ~Enlisted() { lane_.streams.erase(key_); }

   private:
    Lane& lane_;
    TcpCore* key_;
  };

  Impl(IoPool& pool, ListenerConfig config_of, Handler handler_of);
  Status bind();
  [[nodiscard]] bool admit(const IpAddress& peer, IpSeat& seat);
  void leave(const IpAddress& key);
  [[nodiscard]] bool trusts(const IpAddress& proxy) const;
  [[nodiscard]] Lane& least_busy();
  Accepted accept_one();
  Task<void> accept_loop();
  Task<void> pause_at_limit(const char* why);
  Task<bool> greet_proxy(TcpStream& stream, IpSeat& seat);
  static Task<void> serve(std::shared_ptr<Impl> self, UniqueFd fd, Seat seat, IpSeat ip_seat);
  Task<void> wait_empty(SteadyPoint until);
  void drain_lanes();

  ListenerConfig config;
  Handler handler;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::size_t turn = 0;  // accept loop only
  Acceptor acceptor;
  std::uint16_t port = 0;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused_per_ip{0};
  std::atomic<std::uint64_t> refused_proxy{0};
  std::atomic<std::uint64_t> pauses{0};
  std::mutex per_ip_mutex;
  std::unordered_map<IpAddress, std::size_t> per_ip;  // no more entries than connections
  AsyncEvent room;
  AsyncEvent ended;
  TaskScope accepting;
  TaskScope sessions;
};

Listener::Impl::Impl(IoPool& pool, ListenerConfig config_of, Handler handler_of)
    : config(std::move(config_of)), handler(std::move(handler_of)), acceptor(pool.next()) {
  for (std::size_t i = 0; i < pool.size(); ++i) {
    lanes.push_back(std::make_unique<Lane>(pool.executor(i)));
  }
}

Status Listener::Impl::bind() {
  const std::string doing = "listening for " + config.name;
  const auto address = IpAddress::parse(config.address);
  if (!address) return fail(Code::invalid, doing, "not an address: " + config.address);
  const int family = address->is_v6() ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto failed = [&] {
    const std::string where = Endpoint::of(*address, config.port).text();
    return fail(Code::unavailable, doing, where + ": " + std::strerror(errno));
  };
  if (fd.get() < 0) return failed();
  const int one = 1;
  const int zero = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (address->is_v6()) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  SocketAddress at = to_sockaddr(*address, config.port);
  if (::bind(fd.get(), at.get(), at.length) != 0) return failed();
  if (::listen(fd.get(), config.backlog) != 0) return failed();
  at.length = sizeof at.storage;
  if (::getsockname(fd.get(), at.get(), &at.length) != 0) return failed();
  port = from_sockaddr(at).second;
  boost::system::error_code error;
  acceptor.assign(address->is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), fd.get(), error);
  if (error) return fail(Code::unavailable, doing, error.message());
  static_cast<void>(fd.release());
  return {};
}

bool Listener::Impl::admit(const IpAddress& peer, IpSeat& seat) {
  const IpAddress key = peer.limit_key();
  {
    const std::lock_guard lock(per_ip_mutex);
    std::size_t& count = per_ip[key];
    if (count < config.connections_per_ip_max) {
      ++count;
      seat = IpSeat(*this, key);
      return true;
    }
    if (count == 0) per_ip.erase(key);
  }
  refused_per_ip.fetch_add(1);
  return false;
}

void Listener::Impl::leave(const IpAddress& key) {
  const std::lock_guard lock(per_ip_mutex);
  const auto found = per_ip.find(key);
  if (--found->second == 0) per_ip.erase(found);
}

bool Listener::Impl::trusts(const IpAddress& proxy) const {
  return std::any_of(config.proxies.begin(), config.proxies.end(),
                     [&](const IpNetwork& network) { return network.contains(proxy); });
}

Listener::Impl::Lane& Listener::Impl::least_busy() {
  Lane* best = nullptr;
  ++turn;  // ties go round
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane& lane = *lanes[(turn + i) % lanes.size()];
    if (best == nullptr || lane.sessions.load() < best->sessions.load()) best = &lane;
  }
  return *best;
}

Listener::Impl::Accepted Listener::Impl::accept_one() {
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  UniqueFd fd(
      ::accept4(acceptor.native_handle(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepted::none_waits;
    const bool starved = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return starved ? Accepted::no_fds : Accepted::one;  // else that connection died in the queue
  }
  accepted.fetch_add(1);
  IpSeat ip_seat;
  const bool direct = config.proxy == ProxyProtocol::off;
  if (direct && !admit(from_sockaddr(peer).first, ip_seat)) {
    const std::string& text = config.refusal;
    static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    return Accepted::one;
  }
  Seat seat(*this, least_busy());
  const Executor executor = seat.lane().executor;
  Task<void> session =
      serve(shared_from_this(), std::move(fd), std::move(seat), std::move(ip_seat));
  static_cast<void>(sessions.spawn("session", executor, std::move(session)));
  return Accepted::one;
}

Task<void> Listener::Impl::pause_at_limit(const char* why) {
  pauses.fetch_add(1);
  log::warning("net", "accepting pauses", {{"listener", config.name}, {"why", why}});
  Status ready = co_await room.wait_for(kNoFdsPause);
  static_cast<void>(ready);
}

Task<void> Listener::Impl::accept_loop() {
  int streak = 0;
  for (;;) {
    const bool stop = co_await stop_requested();
    if (stop) break;
    if (connections.load() >= config.connections_max) {
      pauses.fetch_add(1);
      while (connections.load() >= config.connections_max) {
        Status ready = co_await room.wait();
        if (!ready) break;
      }
      continue;
    }
    const Accepted outcome = accept_one();
    if (outcome == Accepted::no_fds) co_await pause_at_limit("no file descriptor is left");
    if (outcome == Accepted::one && ++streak >= kAcceptBatch) {
      streak = 0;
      co_await yield();
    }
    if (outcome != Accepted::none_waits) continue;
    streak = 0;
    const auto [error] = co_await acceptor.async_wait(Acceptor::wait_read, kAwait);
    static_cast<void>(error);  // stop is looked at above; others show in accept4()
  }
  boost::system::error_code ignored;
  acceptor.close(ignored);
}

Task<bool> Listener::Impl::greet_proxy(TcpStream& stream, IpSeat& seat) {
  if (!trusts(stream.peer_address())) {
    refused_proxy.fetch_add(1);
    co_return false;
  }
  stream.set_deadline(config.proxy_header_timeout);
  Status taken = co_await stream.take_proxy_header();
  if (!taken) {
    refused_proxy.fetch_add(1);
    co_return false;
  }
  const bool admitted = admit(stream.peer_address(), seat);
  if (!admitted && !config.refusal.empty()) {
    stream.set_deadline(kRefusalPatience);
    Status sent = co_await stream.write_all(config.refusal);
    static_cast<void>(sent);
  }
  stream.clear_deadline();
  co_return admitted;
}

Task<void> Listener::Impl::serve(std::shared_ptr<Impl> self, UniqueFd fd, Seat seat,
                                 IpSeat ip_seat) {
  std::unique_ptr<TcpStream> stream = TcpStream::adopt(seat.lane().executor, std::move(fd));
  if (!stream) co_return;  // gone already
  if (self->config.proxy == ProxyProtocol::required) {
    const bool welcome = co_await self->greet_proxy(*stream, ip_seat);
    if (!welcome) co_return;
  }
  const Enlisted enlisted(seat.lane(), stream->core());
  Task<void> session = self->handler(std::move(stream));
  co_await std::move(session);
}

// Counted by seats, which are given back a moment before the tasks have gone: join() the scope too.
Task<void> Listener::Impl::wait_empty(SteadyPoint until) {
  while (connections.load() > 0) {
    Status changed = co_await ended.wait_until(until);
    if (!changed) co_return;  // time is up, or whoever drains is asked to stop: go on harder
  }
}

void Listener::Impl::drain_lanes() {
  for (const auto& lane : lanes) {
    asio::post(lane->executor, [self = shared_from_this(), at = lane.get()] {
      at->draining = true;
      for (const auto& [key, weak] : at->streams) {
        if (const auto core = weak.lock()) core->drain();
      }
    });
  }
}

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Listener>> Listener::open(IoPool& pool, ListenerConfig config,
                                                 Handler handler) {
  const auto impl = std::make_shared<Impl>(pool, std::move(config), std::move(handler));
  FUMI_CHECK(impl->bind());
  Task<void> loop = impl->accept_loop();
  impl->accepting.spawn("accept", impl->acceptor.get_executor(), std::move(loop));
  return std::unique_ptr<Listener>(new Listener(impl));
}

Listener::~Listener() { FUMI_ASSERT(impl_->accepting.size() == 0 && impl_->sessions.size() == 0); }

std::uint16_t Listener::port() const { return impl_->port; }

ListenerStats Listener::stats() const {
  ListenerStats out;
  out.accepted = impl_->accepted.load();
  out.refused_per_ip = impl_->refused_per_ip.load();
  out.refused_proxy = impl_->refused_proxy.load();
  out.pauses = impl_->pauses.load();
  out.connections = impl_->connections.load();
  return out;
}

Task<void> Listener::drain(Duration patience, Duration farewell) {
  const auto impl = impl_;
  impl->accepting.request_stop();
  co_await impl->accepting.join();
  impl->drain_lanes();
  co_await impl->wait_empty(std::chrono::steady_clock::now() + patience);
  impl->sessions.request_stop();
  co_await impl->wait_empty(std::chrono::steady_clock::now() + farewell);
  impl->sessions.request_stop();
  co_await impl->sessions.join();
}

void Listener::drain_blocking(Duration patience, Duration farewell) {
  TaskScope scope;
  Task<void> draining = drain(patience, farewell);
  scope.spawn("drain", impl_->lanes.front()->executor, std::move(draining));
  while (!scope.join_blocking(60'000)) {
    log::warning("net", "sessions don't end",
                 {{"listener", impl_->config.name}, {"sessions", impl_->sessions.size()}});
  }
}

}  // namespace fumi::net
