#include "net/connector.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/detail/sockaddr.h"
#include "net/detail/tcp_stream.h"

namespace fumi::net {

using namespace detail;  // NOLINT

namespace {

constexpr const char* kDoing = "connecting";

Result<UniqueFd> open_socket(const IpAddress& to, const ConnectOptions& options) {
  const int family = to.is_v6() ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(Code::unavailable, kDoing, std::strerror(errno));
  if (options.source) {
    if (options.source->is_v6() != to.is_v6()) {
      return fail(Code::invalid, kDoing, "the source is of another family");
    }
    // Lets the kernel choose the port at connect(), by the whole four-tuple.
    const int one = 1;
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const SocketAddress source = to_sockaddr(*options.source, 0);
    if (::bind(fd.get(), source.get(), source.length) != 0) {
      return fail(Code::invalid, kDoing,
                  "source " + options.source->text() + ": " + std::strerror(errno));
    }
  }
  return fd;
}

// Ends the wait of the connecting coroutine; both live on one thread.
struct Pending {
  explicit Pending(Executor executor) : socket(executor), timer(executor) {}
  TcpSocket socket;
  SteadyTimer timer;
  bool expired = false;
};

void start_timer(const std::shared_ptr<Pending>& pending, Duration timeout) {
  pending->timer.expires_after(timeout);
  pending->timer.async_wait([pending](const boost::system::error_code& error) {
    if (error) return;
    pending->expired = true;
    boost::system::error_code ignored;
    pending->socket.cancel(ignored);
  });
}

// Until the kernel has decided about a connect() under way; gives the fd back.
Task<Result<UniqueFd>> finish(UniqueFd fd, IpAddress to, Duration timeout) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto pending = std::make_shared<Pending>(executor);
  boost::system::error_code failed;
  pending->socket.assign(to.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), fd.get(), failed);
  if (failed) co_return fail(Code::unavailable, kDoing, failed.message());
  static_cast<void>(fd.release());
  start_timer(pending, timeout);
  const auto [error] = co_await pending->socket.async_wait(TcpSocket::wait_write, kAwait);
  pending->timer.cancel();
  int problem = 0;
  socklen_t length = sizeof problem;
  ::getsockopt(pending->socket.native_handle(), SOL_SOCKET, SO_ERROR, &problem, &length);
  if (!error && problem == 0) {
    UniqueFd connected(pending->socket.release(failed));
    if (failed) co_return fail(Code::unavailable, kDoing, failed.message());
    co_return connected;
  }
  if (pending->expired) co_return fail(Code::timeout, kDoing);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state)) co_return cancelled(kDoing);
  co_return fail(Code::unavailable, kDoing, std::strerror(problem));
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to, ConnectOptions options) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state)) co_return cancelled(kDoing);
  const auto address = IpAddress::parse(to.address);
  if (!address || to.port == 0)
    co_return fail(Code::invalid, kDoing, "not an address: " + to.text());
  Result<UniqueFd> opened = open_socket(*address, options);
  if (!opened) co_return fail(std::move(opened));
  UniqueFd fd = std::move(*opened);
  const SocketAddress target = to_sockaddr(*address, to.port);
  if (::connect(fd.get(), target.get(), target.length) != 0) {
    if (errno != EINPROGRESS) co_return fail(Code::unavailable, kDoing, std::strerror(errno));
    Result<UniqueFd> finished = co_await finish(std::move(fd), *address, options.timeout);
    if (!finished) co_return fail(std::move(finished));
    fd = std::move(*finished);
  }
  std::unique_ptr<Stream> stream = TcpStream::adopt(executor, std::move(fd));
  if (!stream) co_return fail(Code::unavailable, kDoing, std::strerror(errno));
  co_return stream;
}

}  // namespace fumi::net
