#include "net/detail/tcp_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/post.hpp>

#include "net/detail/sockaddr.h"

namespace fumi::net::detail {
namespace {

// A peer that is always ready would never let the thread's other sessions run: after so many
// operations in a row without a wait, go to the back of the queue.
constexpr int kStreakMax = 64;
constexpr std::size_t kTlsRecordMax = 16 * 1024;  // RFC 8446 §5.1

constexpr const char* kReading = "reading from the peer";
constexpr const char* kWriting = "writing to the peer";
constexpr const char* kIdle = "waiting for the peer";
constexpr const char* kHandshake = "negotiating TLS";

}  // namespace

void TcpCore::wake() {
  if (!waiting) return;
  boost::system::error_code ignored;
  socket.cancel(ignored);
}

void TcpCore::arm() {
  timer_at = deadline;
  timer.expires_at(deadline);
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->on_timer();
  });
}

// The deadline may have moved back since the timer was armed: then it is armed again, once for any
// number of commands in between.
void TcpCore::on_timer() {
  timer_at = SteadyPoint::max();
  if (closed || deadline == SteadyPoint::max()) return;
  if (std::chrono::steady_clock::now() < deadline) {
    arm();
    return;
  }
  expired = true;
  wake();
}

void TcpCore::set_deadline(SteadyPoint when) {
  expired = false;
  deadline = when;
  if (!closed && when < timer_at) arm();
}

void TcpCore::drain() {
  draining = true;
  wake();
}

void TcpCore::close() {
  if (closed) return;
  closed = true;
  timer.cancel();
  boost::system::error_code ignored;
  socket.close(ignored);  // a wait under way ends with operation_aborted
}

std::unique_ptr<TcpStream> TcpStream::adopt(Executor executor, UniqueFd fd) {
  SocketAddress peer;
  SocketAddress local;
  peer.length = sizeof peer.storage;
  local.length = sizeof local.storage;
  if (::getpeername(fd.get(), peer.get(), &peer.length) != 0) return nullptr;
  if (::getsockname(fd.get(), local.get(), &local.length) != 0) return nullptr;
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  std::unique_ptr<TcpStream> stream(new TcpStream(executor));
  const bool v6 = local.storage.ss_family == AF_INET6;
  boost::system::error_code error;
  stream->core_->socket.assign(v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), fd.get(), error);
  if (error) {
    errno = error.value();
    return nullptr;
  }
  stream->fd_ = fd.release();
  stream->core_->socket.native_non_blocking(true, error);
  if (error) return nullptr;
  std::tie(stream->peer_, stream->peer_port_) = from_sockaddr(peer);
  std::tie(stream->local_, stream->local_port_) = from_sockaddr(local);
  return stream;
}

TcpStream::~TcpStream() { close(); }

void TcpStream::close() {
  if (core_->closed) return;
  if (tls_) static_cast<void>(tls_->close_notify());  // one attempt: nobody waits for a goodbye
  core_->close();
}

void TcpStream::set_deadline(Duration from_now) {
  core_->set_deadline(std::chrono::steady_clock::now() + from_now);
}

void TcpStream::clear_deadline() { core_->set_deadline(SteadyPoint::max()); }

Status TcpStream::usable(const char* doing) const {
  if (core_->closed) return fail(Code::cancelled, doing, "closed");
  if (core_->expired) return fail(Code::timeout, doing);
  return {};
}

Status TcpStream::ended(const IoStep& step, const char* doing) const {
  const std::string detail = tls_ ? tls_->problem() : std::strerror(errno);
  const Code code = step.kind == IoStep::Kind::failed ? Code::internal : Code::peer_gone;
  return fail(code, doing, detail);
}

Task<Status> TcpStream::wait(IoStep::Kind what, const char* doing) {
  Status before = usable(doing);
  if (!before) co_return before;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state)) co_return cancelled(doing);
  streak_ = 0;
  const auto type = what == IoStep::Kind::want_write ? TcpSocket::wait_write : TcpSocket::wait_read;
  const std::shared_ptr<TcpCore> core = core_;
  core->waiting = true;
  const auto [error] = co_await core->socket.async_wait(type, kAwait);
  core->waiting = false;
  nudged_ = static_cast<bool>(error);
  if (error && error != asio::error::operation_aborted) {
    co_return fail(Code::peer_gone, doing, error.message());
  }
  Status after = usable(doing);
  if (error && !after) co_return after;
  const auto state_after = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state_after)) co_return cancelled(doing);
  co_return Status();  // or nudged: the caller looks again
}

// Lets others run after a streak; a stop or deadline is noticed here too.
Task<Status> TcpStream::breathe(const char* doing) {
  streak_ = 0;
  co_await yield();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state)) co_return cancelled(doing);
  co_return usable(doing);
}

IoStep TcpStream::plain_step(ssize_t returned) {
  if (returned > 0) return io_done(static_cast<std::size_t>(returned));
  if (returned == 0) return io_step(IoStep::Kind::end);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return io_step(IoStep::Kind::want_read);
  }
  return io_step(IoStep::Kind::gone);
}

IoStep TcpStream::try_read(std::span<char> into) {
  if (tls_) return tls_->read(into.data(), into.size());
  return plain_step(::recv(fd(), into.data(), into.size(), 0));
}

IoStep TcpStream::try_write(std::string_view first, std::string_view second) {
  if (tls_) return tls_->write(first.data(), first.size());
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = second.empty() ? 1 : 2;
  IoStep step = plain_step(::sendmsg(fd(), &message, MSG_NOSIGNAL));
  if (step.kind == IoStep::Kind::want_read) step.kind = IoStep::Kind::want_write;
  return step;
}

IoStep TcpStream::try_peek() {
  if (tls_) return tls_->peek();
  char octet = 0;
  return plain_step(::recv(fd(), &octet, 1, MSG_PEEK));
}

Task<Result<std::size_t>> TcpStream::read_some(std::span<char> into) {
  Status ready = usable(kReading);
  if (ready && ++streak_ > kStreakMax) ready = co_await breathe(kReading);
  while (ready) {
    const IoStep step = try_read(into);
    if (step.kind == IoStep::Kind::done) co_return step.octets;
    if (step.kind == IoStep::Kind::end) co_return 0;
    if (step.kind == IoStep::Kind::gone || step.kind == IoStep::Kind::failed) {
      co_return fail(ended(step, kReading));
    }
    ready = co_await wait(step.kind, kReading);
  }
  co_return fail(std::move(ready));
}

Task<Status> TcpStream::write_all(std::string_view bytes) {
  return write_all(bytes, std::string_view());
}

Task<Status> TcpStream::write_all(std::string_view first, std::string_view second) {
  std::string joined;  // TLS has no gather: what fits one record is put together
  if (tls_ && !first.empty() && !second.empty() && first.size() + second.size() <= kTlsRecordMax) {
    joined.reserve(first.size() + second.size());
    joined.append(first).append(second);
    first = joined;
    second = {};
  }
  Status ready = usable(kWriting);
  while (ready) {
    if (first.empty()) std::swap(first, second);
    if (first.empty()) co_return ready;
    if (++streak_ > kStreakMax) {
      ready = co_await breathe(kWriting);
      continue;
    }
    const IoStep step = try_write(first, second);
    if (step.kind == IoStep::Kind::done) {
      const std::size_t of_first = std::min(step.octets, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(step.octets - of_first);
    } else if (step.kind == IoStep::Kind::want_read || step.kind == IoStep::Kind::want_write) {
      ready = co_await wait(step.kind, kWriting);
    } else {
      co_return ended(step, kWriting);
    }
  }
  co_return ready;
}

Task<Status> TcpStream::readable() {
  Status ready = usable(kIdle);
  while (ready) {
    const IoStep step = try_peek();
    const bool wants =
        step.kind == IoStep::Kind::want_read || step.kind == IoStep::Kind::want_write;
    if (!wants) co_return ready;  // data, the end, or an error that read_some() will tell
    if (core_->draining) co_return fail(Code::cancelled, kIdle, "draining");
    ready = co_await wait(step.kind, kIdle);
    // What the kernel calls readable needs no second look; a TLS record may still be incomplete.
    if (ready && !tls_ && !nudged_) co_return ready;
  }
  co_return ready;
}

Task<Result<Wake>> TcpStream::readable_or(AsyncEvent& event) {
  const Executor executor = co_await asio::this_coro::executor;
  const AsyncEvent::Registration registration(event, executor, core_);
  Status ready = usable(kIdle);
  while (ready) {
    const IoStep step = try_peek();
    const bool wants =
        step.kind == IoStep::Kind::want_read || step.kind == IoStep::Kind::want_write;
    if (!wants) co_return Wake::readable;
    if (event.take()) co_return Wake::event;
    if (core_->draining) co_return fail(Code::cancelled, kIdle, "draining");
    ready = co_await wait(step.kind, kIdle);
  }
  co_return fail(std::move(ready));
}

Task<Status> TcpStream::shutdown_write() {
  constexpr const char* kDoing = "ending the output";
  Status ready = usable(kDoing);
  while (ready && tls_) {
    const IoStep step = tls_->close_notify();
    if (step.kind == IoStep::Kind::done) break;
    if (step.kind != IoStep::Kind::want_read && step.kind != IoStep::Kind::want_write) {
      co_return ended(step, kDoing);
    }
    ready = co_await wait(step.kind, kDoing);
  }
  if (!ready) co_return ready;
  if (::shutdown(fd(), SHUT_WR) != 0) {
    co_return fail(Code::peer_gone, kDoing, std::strerror(errno));
  }
  co_return ready;
}

Task<Status> TcpStream::handshake() {
  Status ready = usable(kHandshake);
  while (ready) {
    const IoStep step = tls_->handshake();
    if (step.kind == IoStep::Kind::done) co_return ready;
    if (step.kind == IoStep::Kind::gone) {
      co_return fail(Code::peer_gone, kHandshake, tls_->problem());
    }
    if (step.kind == IoStep::Kind::failed) {
      const bool refused =
          tls_->failure() != TlsFailure::none && tls_->failure() != TlsFailure::validation_failure;
      co_return fail(refused ? Code::denied : Code::unsupported, kHandshake, tls_->problem());
    }
    ready = co_await wait(step.kind, kHandshake);
  }
  co_return ready;
}

Task<Status> TcpStream::start_tls_server(TlsServerContext& context) {
  Status ready = usable(kHandshake);
  if (!ready) co_return ready;
  if (tls_) co_return fail(Code::conflict, kHandshake, "TLS runs already");
  Result<std::unique_ptr<TlsLayer>> made = TlsLayer::server(context.impl(), fd());
  if (!made) co_return fail(std::move(made));
  tls_ = std::move(*made);
  co_return co_await handshake();
}

Task<Status> TcpStream::start_tls_client(TlsClientContext& context, TlsClientOptions options) {
  Status ready = usable(kHandshake);
  if (!ready) co_return ready;
  if (tls_) co_return fail(Code::conflict, kHandshake, "TLS runs already");
  Result<std::unique_ptr<TlsLayer>> made =
      TlsLayer::client(context.impl(), fd(), std::move(options));
  if (!made) co_return fail(std::move(made));
  tls_ = std::move(*made);
  co_return co_await handshake();
}

std::optional<TlsInfo> TcpStream::tls_info() const {
  if (!tls_ || !tls_->ready()) return std::nullopt;
  return tls_->info();
}

TlsFailure TcpStream::tls_failure() const { return tls_ ? tls_->failure() : TlsFailure::none; }

Task<Status> TcpStream::take_proxy_header() {
  constexpr const char* kDoing = "reading the PROXY header";
  std::string have;
  Status ready = usable(kDoing);
  while (ready) {
    std::string peeked(kProxyV2Max - have.size(), '\0');
    const IoStep step = plain_step(::recv(fd(), peeked.data(), peeked.size(), MSG_PEEK));
    if (step.kind == IoStep::Kind::want_read) {
      ready = co_await wait(step.kind, kDoing);
      continue;
    }
    if (step.kind != IoStep::Kind::done) co_return fail(Code::peer_gone, kDoing);
    peeked.resize(step.octets);
    const ProxyParse parse = parse_proxy_header(have + peeked);
    if (parse.state == ProxyParse::State::bad) co_return fail(Code::invalid, kDoing);
    const bool done = parse.state == ProxyParse::State::done;
    // An unfinished header owns all that was seen of it: take it, or the wait would not wait.
    const std::size_t ours = done ? parse.consumed - have.size() : peeked.size();
    const ssize_t taken = ::recv(fd(), peeked.data(), ours, 0);
    if (taken != static_cast<ssize_t>(ours)) co_return fail(Code::peer_gone, kDoing);
    have.append(peeked, 0, ours);
    if (!done) continue;
    if (parse.header.kind == ProxyHeader::Kind::proxied) {
      peer_ = parse.header.source;
      peer_port_ = parse.header.source_port;
      local_ = parse.header.destination;
      local_port_ = parse.header.destination_port;
    }
    co_return ready;
  }
  co_return ready;
}

}  // namespace fumi::net::detail
