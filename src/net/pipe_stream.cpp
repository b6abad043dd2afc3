#include "net/pipe_stream.h"

#include <array>

#include "net/detail/asio.h"
#include "net/timer.h"

namespace fumi::net {

using namespace detail;  // NOLINT

namespace {

// One end's waiting place; events may hold it when the end has gone.
class PipeCore final : public Wakeable {
 public:
  explicit PipeCore(Executor executor) : timer(executor) {}
  void wake() override { timer.cancel(); }
  SteadyTimer timer;
  SteadyPoint deadline = SteadyPoint::max();
  bool draining = false;
};

struct PipeState {
  struct Side {
    std::shared_ptr<PipeCore> core;
    Endpoint endpoint;
    std::string outgoing;  // written here, not yet read there
    bool output_ended = false;
    bool closed = false;
    bool tls_asked = false;
  };
  void nudge() const {
    for (const Side& side : sides)
      side.core->wake();
  }
  std::array<Side, 2> sides;
  PipeOptions options;
  TlsClientOptions tls_options;
};

class PipeStream final : public Stream {
 public:
  PipeStream(std::shared_ptr<PipeState> state, std::size_t me)
      : state_(std::move(state)), me_(state_->sides[me]), peer_(state_->sides[1 - me]) {}
  ~PipeStream() override { close(); }

  Task<Result<std::size_t>> read_some(std::span<char> into) override;
  Task<Status> write_all(std::string_view bytes) override;
  Task<Status> write_all(std::string_view first, std::string_view second) override;
  Task<Status> readable() override;
  Task<Result<Wake>> readable_or(AsyncEvent& event) override;
  void set_deadline(Duration from_now) override {
    me_.core->deadline = std::chrono::steady_clock::now() + from_now;
  }
  void clear_deadline() override { me_.core->deadline = SteadyPoint::max(); }
  void drain() override {
    me_.core->draining = true;
    me_.core->wake();
  }
  Task<Status> shutdown_write() override;
  void close() override;
  Task<Status> start_tls_server(TlsServerContext& context) override;
  Task<Status> start_tls_client(TlsClientContext& context, TlsClientOptions options) override;
  [[nodiscard]] bool is_tls() const override { return tls_; }
  [[nodiscard]] std::optional<TlsInfo> tls_info() const override;
  [[nodiscard]] TlsFailure tls_failure() const override { return TlsFailure::none; }
  [[nodiscard]] Endpoint peer() const override { return peer_.endpoint; }
  [[nodiscard]] Endpoint local() const override { return me_.endpoint; }

 private:
  Task<Status> wait(const char* doing);
  Task<Status> agree_on_tls();
  [[nodiscard]] Status usable(const char* doing) const;
  [[nodiscard]] bool input_waits() const {
    return !peer_.outgoing.empty() || peer_.output_ended || peer_.closed;
  }

  std::shared_ptr<PipeState> state_;  // shared by the two ends
  PipeState::Side& me_;
  PipeState::Side& peer_;
  bool tls_ = false;
  bool tls_client_ = false;
};

Status PipeStream::usable(const char* doing) const {
  if (me_.closed) return fail(Code::cancelled, doing, "closed");
  if (std::chrono::steady_clock::now() >= me_.core->deadline) return fail(Code::timeout, doing);
  return {};
}

Task<Status> PipeStream::wait(const char* doing) {
  Status before = usable(doing);
  if (!before) co_return before;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state)) co_return cancelled(doing);
  const std::shared_ptr<PipeCore> core = me_.core;
  core->timer.expires_at(core->deadline);
  const auto [error] = co_await core->timer.async_wait(kAwait);
  static_cast<void>(error);
  const auto state_after = co_await asio::this_coro::cancellation_state;
  if (is_cancelled(state_after)) co_return cancelled(doing);
  co_return usable(doing);
}

Task<Result<std::size_t>> PipeStream::read_some(std::span<char> into) {
  Status ready = usable("reading from the peer");
  while (ready) {
    if (input_waits()) {
      const std::size_t some =
          std::min({into.size(), peer_.outgoing.size(), state_->options.chunk_max});
      std::copy_n(peer_.outgoing.begin(), some, into.begin());
      peer_.outgoing.erase(0, some);
      peer_.core->wake();
      co_return some;
    }
    ready = co_await wait("reading from the peer");
  }
  co_return fail(std::move(ready));
}

Task<Status> PipeStream::write_all(std::string_view bytes) {
  return write_all(bytes, std::string_view());
}

Task<Status> PipeStream::write_all(std::string_view first, std::string_view second) {
  constexpr const char* kDoing = "writing to the peer";
  Status ready = usable(kDoing);
  while (ready) {
    if (first.empty()) std::swap(first, second);
    if (first.empty()) co_return ready;
    if (peer_.closed || me_.output_ended) co_return fail(Code::peer_gone, kDoing);
    const std::size_t room = state_->options.capacity - me_.outgoing.size();
    const std::size_t some = std::min(first.size(), room);
    me_.outgoing.append(first.substr(0, some));
    first.remove_prefix(some);
    peer_.core->wake();
    if (some == 0) ready = co_await wait(kDoing);
  }
  co_return ready;
}

Task<Status> PipeStream::readable() {
  Status ready = usable("waiting for the peer");
  while (ready) {
    if (input_waits()) co_return ready;
    if (me_.core->draining) co_return fail(Code::cancelled, "waiting for the peer", "draining");
    ready = co_await wait("waiting for the peer");
  }
  co_return ready;
}

Task<Result<Wake>> PipeStream::readable_or(AsyncEvent& event) {
  const Executor executor = co_await asio::this_coro::executor;
  const AsyncEvent::Registration registration(event, executor, me_.core);
  Status ready = usable("waiting for the peer");
  while (ready) {
    if (input_waits()) co_return Wake::readable;
    if (event.take()) co_return Wake::event;
    if (me_.core->draining) co_return fail(Code::cancelled, "waiting for the peer", "draining");
    ready = co_await wait("waiting for the peer");
  }
  co_return fail(std::move(ready));
}

Task<Status> PipeStream::shutdown_write() {
  Status ready = usable("ending the output");
  me_.output_ended = true;
  state_->nudge();
  co_return ready;
}

void PipeStream::close() {
  me_.closed = true;
  state_->nudge();
}

Task<Status> PipeStream::agree_on_tls() {
  constexpr const char* kDoing = "negotiating TLS";
  if (tls_) co_return fail(Code::conflict, kDoing, "TLS runs already");
  me_.tls_asked = true;
  state_->nudge();
  Status ready = usable(kDoing);
  while (ready && !peer_.tls_asked) {
    if (peer_.closed || peer_.output_ended) co_return fail(Code::peer_gone, kDoing);
    ready = co_await wait(kDoing);
  }
  tls_ = ready.has_value();
  co_return ready;
}

Task<Status> PipeStream::start_tls_server(TlsServerContext& /*context*/) { return agree_on_tls(); }

Task<Status> PipeStream::start_tls_client(TlsClientContext& /*context*/, TlsClientOptions options) {
  tls_client_ = true;
  state_->tls_options = std::move(options);
  return agree_on_tls();
}

std::optional<TlsInfo> PipeStream::tls_info() const {
  if (!tls_) return std::nullopt;
  TlsInfo info;
  info.version = "TLSv1.3";
  info.cipher = "TLS_AES_256_GCM_SHA384";
  info.sni = state_->tls_options.server_name;
  info.exporter = std::string(32, 'E');
  info.server_end_point = std::string(32, 'S');
  if (!tls_client_) return info;
  switch (state_->tls_options.verify) {
    case TlsVerify::opportunistic:
      info.peer = PeerIdentity::unverified;
      break;
    case TlsVerify::pkix:
      info.peer = PeerIdentity::pkix;
      break;
    case TlsVerify::dane:
      info.peer = PeerIdentity::dane;
      break;
  }
  return info;
}

// Counts the operations of `inner` and fails from the chosen one on.
class FailingStream final : public Stream {
 public:
  FailingStream(std::unique_ptr<Stream> inner, std::size_t fail_at, Code code)
      : inner_(std::move(inner)), fail_at_(fail_at), code_(code) {}

  Task<Result<std::size_t>> read_some(std::span<char> into) override {
    Status allowed = count();
    if (!allowed) co_return fail(std::move(allowed));
    co_return co_await inner_->read_some(into);
  }
  Task<Status> write_all(std::string_view bytes) override {
    return write_all(bytes, std::string_view());
  }
  Task<Status> write_all(std::string_view first, std::string_view second) override {
    Status allowed = count();
    if (!allowed) co_return allowed;
    co_return co_await inner_->write_all(first, second);
  }
  Task<Status> readable() override {
    Status allowed = count();
    if (!allowed) co_return allowed;
    co_return co_await inner_->readable();
  }
  Task<Result<Wake>> readable_or(AsyncEvent& event) override {
    Status allowed = count();
    if (!allowed) co_return fail(std::move(allowed));
    co_return co_await inner_->readable_or(event);
  }
  void set_deadline(Duration from_now) override { inner_->set_deadline(from_now); }
  void clear_deadline() override { inner_->clear_deadline(); }
  void drain() override { inner_->drain(); }
  Task<Status> shutdown_write() override {
    Status allowed = count();
    if (!allowed) co_return allowed;
    co_return co_await inner_->shutdown_write();
  }
  void close() override { inner_->close(); }
  Task<Status> start_tls_server(TlsServerContext& context) override {
    Status allowed = count();
    if (!allowed) co_return allowed;
    co_return co_await inner_->start_tls_server(context);
  }
  Task<Status> start_tls_client(TlsClientContext& context, TlsClientOptions options) override {
    Status allowed = count();
    if (!allowed) co_return allowed;
    co_return co_await inner_->start_tls_client(context, std::move(options));
  }
  [[nodiscard]] bool is_tls() const override { return inner_->is_tls(); }
  [[nodiscard]] std::optional<TlsInfo> tls_info() const override { return inner_->tls_info(); }
  [[nodiscard]] TlsFailure tls_failure() const override { return inner_->tls_failure(); }
  [[nodiscard]] Endpoint peer() const override { return inner_->peer(); }
  [[nodiscard]] Endpoint local() const override { return inner_->local(); }

 private:
  [[nodiscard]] Status count() {
    ++operations_;
    if (operations_ < fail_at_) return {};
    if (operations_ == fail_at_) inner_->close();
    return fail(operations_ == fail_at_ ? code_ : Code::peer_gone, "using a failing stream");
  }

  std::unique_ptr<Stream> inner_;
  std::size_t fail_at_;
  std::size_t operations_ = 0;
  Code code_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_pipe(Executor executor,
                                                                      PipeOptions options) {
  const auto state = std::make_shared<PipeState>();
  state->sides[0].endpoint = options.a;
  state->sides[1].endpoint = options.b;
  for (auto& side : state->sides)
    side.core = std::make_shared<PipeCore>(executor);
  state->options = std::move(options);
  return {std::make_unique<PipeStream>(state, 0), std::make_unique<PipeStream>(state, 1)};
}

std::unique_ptr<Stream> make_failing(std::unique_ptr<Stream> inner, std::size_t fail_at,
                                     Code code) {
  return std::make_unique<FailingStream>(std::move(inner), fail_at, code);
}

}  // namespace fumi::net
