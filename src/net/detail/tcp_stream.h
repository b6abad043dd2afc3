// TcpStream: a Stream on a kernel socket, in clear or with TLS on the same fd.
//
// Each operation tries the call first and waits only when the kernel has nothing (EAGAIN). What can
// end a wait beside the socket (deadline, drain, an event, close) is a flag that is looked at
// before each wait, plus a nudge that cancels the wait: no flag is ever missed, and nudges may be
// spurious.
#pragma once

#include "net/detail/asio.h"
#include "net/detail/io_step.h"
#include "net/detail/tls_layer.h"
#include "net/detail/unique_fd.h"
#include "net/proxy_protocol.h"
#include "net/stream.h"
#include "net/timer.h"

namespace fumi::net::detail {

// The part that timers and events may still hold when the stream has gone.
class TcpCore final : public Wakeable, public std::enable_shared_from_this<TcpCore> {
 public:
  explicit TcpCore(Executor executor) : socket(executor), timer(executor) {}
  void wake() override;
  void set_deadline(SteadyPoint when);
  void drain();
  void close();

  TcpSocket socket;
  SteadyTimer timer;
  SteadyPoint deadline = SteadyPoint::max();
  SteadyPoint timer_at = SteadyPoint::max();  // when the timer that runs comes; max: none runs
  bool waiting = false;
  bool expired = false;
  bool draining = false;
  bool closed = false;

 private:
  void arm();
  void on_timer();
};

class TcpStream final : public Stream {
 public:
  // Takes a connected socket over; null when the kernel refuses (its error is in errno).
  [[nodiscard]] static std::unique_ptr<TcpStream> adopt(Executor executor, UniqueFd fd);
  ~TcpStream() override;

  Task<Result<std::size_t>> read_some(std::span<char> into) override;
  Task<Status> write_all(std::string_view bytes) override;
  Task<Status> write_all(std::string_view first, std::string_view second) override;
  Task<Status> readable() override;
  Task<Result<Wake>> readable_or(AsyncEvent& event) override;
  void set_deadline(Duration from_now) override;
  void clear_deadline() override;
  void drain() override { core_->drain(); }
  Task<Status> shutdown_write() override;
  void close() override;
  Task<Status> start_tls_server(TlsServerContext& context) override;
  Task<Status> start_tls_client(TlsClientContext& context, TlsClientOptions options) override;
  [[nodiscard]] bool is_tls() const override { return tls_ != nullptr; }
  [[nodiscard]] std::optional<TlsInfo> tls_info() const override;
  [[nodiscard]] TlsFailure tls_failure() const override;
  [[nodiscard]] Endpoint peer() const override { return Endpoint::of(peer_, peer_port_); }
  [[nodiscard]] Endpoint local() const override { return Endpoint::of(local_, local_port_); }

  [[nodiscard]] const IpAddress& peer_address() const { return peer_; }
  [[nodiscard]] const std::shared_ptr<TcpCore>& core() const { return core_; }
  // Reads a PROXY header and not one octet more; peer() and local() are the header's from then on.
  Task<Status> take_proxy_header();

 private:
  explicit TcpStream(Executor executor) : core_(std::make_shared<TcpCore>(executor)) {}
  Task<Status> wait(IoStep::Kind what, const char* doing);
  Task<Status> breathe(const char* doing);
  Task<Status> handshake();
  [[nodiscard]] Status usable(const char* doing) const;
  [[nodiscard]] Status ended(const IoStep& step, const char* doing) const;
  [[nodiscard]] IoStep try_read(std::span<char> into);
  [[nodiscard]] IoStep try_write(std::string_view first, std::string_view second);
  [[nodiscard]] IoStep try_peek();
  [[nodiscard]] IoStep plain_step(ssize_t returned);
  [[nodiscard]] int fd() const { return fd_; }

  std::shared_ptr<TcpCore> core_;  // shared with its timer's handler and with events
  std::unique_ptr<TlsLayer> tls_;
  IpAddress peer_;
  IpAddress local_;
  std::uint16_t peer_port_ = 0;
  std::uint16_t local_port_ = 0;
  int fd_ = -1;
  int streak_ = 0;       // operations since the last wait
  bool nudged_ = false;  // the last wait ended for another reason than the socket
};

}  // namespace fumi::net::detail
