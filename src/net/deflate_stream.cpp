#include "net/deflate_stream.h"

#include <algorithm>
#include <string>

#include "net/detail/deflate.h"
#include "net/timer.h"

namespace fumi::net {
namespace {

using detail::Deflater;
using detail::Inflater;

constexpr std::size_t kReadOctets = 4096;
constexpr std::size_t kWriteOctets = 16 * 1024;
constexpr std::size_t kPeekOctets = 512;

class DeflateStream final : public Stream {
 public:
  DeflateStream(std::unique_ptr<Stream> inner, DeflateOptions options)
      : inner_(std::move(inner)), options_(options), out_(options.level) {}

  Task<Result<std::size_t>> read_some(std::span<char> into) override;
  Task<Status> write_all(std::string_view bytes) override;
  Task<Status> write_all(std::string_view first, std::string_view second) override;
  Task<Status> readable() override;
  Task<Result<Wake>> readable_or(AsyncEvent& event) override;
  void set_deadline(Duration from_now) override {
    deadline_ = std::chrono::steady_clock::now() + from_now;
    inner_->set_deadline(from_now);
  }
  void clear_deadline() override {
    deadline_ = SteadyPoint::max();
    inner_->clear_deadline();
  }
  void drain() override { inner_->drain(); }
  Task<Status> shutdown_write() override { return inner_->shutdown_write(); }
  void close() override { inner_->close(); }
  Task<Status> start_tls_server(TlsServerContext& /*context*/) override { return no_tls(); }
  Task<Status> start_tls_client(TlsClientContext& /*context*/,
                                TlsClientOptions /*options*/) override {
    return no_tls();
  }
  [[nodiscard]] bool is_tls() const override { return inner_->is_tls(); }
  [[nodiscard]] std::optional<TlsInfo> tls_info() const override { return inner_->tls_info(); }
  [[nodiscard]] TlsFailure tls_failure() const override { return inner_->tls_failure(); }
  [[nodiscard]] Endpoint peer() const override { return inner_->peer(); }
  [[nodiscard]] Endpoint local() const override { return inner_->local(); }
  [[nodiscard]] std::unique_ptr<Stream> release() { return std::move(inner_); }

 private:
  static Task<Status> no_tls() {
    co_return fail(Code::unsupported, "starting TLS", "the stream is compressed");
  }
  [[nodiscard]] Result<std::size_t> inflate(std::span<char> into);
  [[nodiscard]] Result<bool> peek();
  Task<Status> fetch();
  Task<Status> send(std::string_view bytes, Deflater::Flush flush);
  Task<Result<Wake>> wait(AsyncEvent* event);
  Task<Result<Wake>> wait_inner(AsyncEvent* event);
  Task<Result<Wake>> readable_with(AsyncEvent* event);
  void arm();
  void rest();
  [[nodiscard]] bool has_ended() const { return ended_ || in_.has_ended(); }

  std::unique_ptr<Stream> inner_;
  DeflateOptions options_;
  SteadyPoint deadline_ = SteadyPoint::max();
  Deflater out_;
  Inflater in_;
  std::string input_;   // compressed, from input_at_ on
  std::string peeked_;  // inflated by readable(), not read yet
  std::size_t input_at_ = 0;
  bool ended_ = false;
};

Result<std::size_t> DeflateStream::inflate(std::span<char> into) {
  std::string_view rest = std::string_view(input_).substr(input_at_);
  Result<std::size_t> got = in_.take(rest, into);
  input_at_ = input_.size() - rest.size();
  return got;
}

// More compressed octets, once those before are used up.
Task<Status> DeflateStream::fetch() {
  input_.resize(kReadOctets);
  input_at_ = 0;
  const std::span<char> into(input_.data(), input_.size());
  const Result<std::size_t> got = co_await inner_->read_some(into);
  input_.resize(got ? *got : 0);
  if (!got) co_return std::unexpected(got.error());
  ended_ = *got == 0;
  co_return Status();
}

Task<Result<std::size_t>> DeflateStream::read_some(std::span<char> into) {
  if (!peeked_.empty()) {
    const std::size_t some = std::min(into.size(), peeked_.size());
    std::copy_n(peeked_.begin(), some, into.begin());
    peeked_.erase(0, some);
    if (peeked_.empty()) peeked_ = std::string();
    co_return some;
  }
  for (;;) {
    Result<std::size_t> got = inflate(into);
    if (!got || *got > 0 || has_ended()) co_return got;
    const Status more = co_await fetch();
    if (!more) co_return std::unexpected(more.error());
  }
}

Task<Status> DeflateStream::send(std::string_view bytes, Deflater::Flush flush) {
  const Status given = out_.give(bytes, flush);
  if (!given) co_return given;
  std::string buffer(kWriteOctets, '\0');
  for (;;) {
    const std::size_t size = out_.take(std::span<char>(buffer.data(), buffer.size()));
    if (size == 0) co_return Status();
    const Status sent = co_await inner_->write_all(std::string_view(buffer).substr(0, size));
    if (!sent) co_return sent;
  }
}

Task<Status> DeflateStream::write_all(std::string_view bytes) {
  co_return co_await send(bytes, Deflater::Flush::sync);
}

Task<Status> DeflateStream::write_all(std::string_view first, std::string_view second) {
  const auto flush = second.empty() ? Deflater::Flush::sync : Deflater::Flush::no;
  const Status sent = co_await send(first, flush);
  if (!sent) co_return sent;
  co_return co_await send(second, Deflater::Flush::sync);
}

// Whether read_some() has something to say.
Result<bool> DeflateStream::peek() {
  if (!peeked_.empty() || has_ended()) return true;
  std::string buffer(kPeekOctets, '\0');
  FUMI_TRY(const std::size_t size, inflate(std::span<char>(buffer.data(), buffer.size())));
  buffer.resize(size);
  peeked_ = std::move(buffer);
  return size > 0 || has_ended();
}

void DeflateStream::arm() {
  if (deadline_ == SteadyPoint::max()) {
    inner_->clear_deadline();
  } else {
    inner_->set_deadline(
        std::chrono::duration_cast<Duration>(deadline_ - std::chrono::steady_clock::now()));
  }
}

void DeflateStream::rest() {
  out_.rest();
  in_.rest();
  input_ = std::string();
  input_at_ = 0;
}

Task<Result<Wake>> DeflateStream::wait_inner(AsyncEvent* event) {
  if (event != nullptr) co_return co_await inner_->readable_or(*event);
  const Status ready = co_await inner_->readable();
  if (!ready) co_return std::unexpected(ready.error());
  co_return Wake::readable;
}

// Waits for octets, at first with the state at hand, then without it.
Task<Result<Wake>> DeflateStream::wait(AsyncEvent* event) {
  const bool holds = out_.is_active() || in_.is_active();
  if (holds && deadline_ - std::chrono::steady_clock::now() > options_.linger) {
    inner_->set_deadline(options_.linger);
    Result<Wake> woken = co_await wait_inner(event);
    arm();
    if (woken || woken.error().code != Code::timeout) co_return woken;
  }
  rest();
  co_return co_await wait_inner(event);
}

Task<Result<Wake>> DeflateStream::readable_with(AsyncEvent* event) {
  for (;;) {
    const Result<bool> ready = peek();
    if (!ready) co_return std::unexpected(ready.error());
    if (*ready) co_return Wake::readable;
    Result<Wake> woken = co_await wait(event);
    if (!woken || *woken == Wake::event) co_return woken;
    const Status more = co_await fetch();
    if (!more) co_return std::unexpected(more.error());
  }
}

Task<Status> DeflateStream::readable() {
  const Result<Wake> ready = co_await readable_with(nullptr);
  if (!ready) co_return std::unexpected(ready.error());
  co_return Status();
}

Task<Result<Wake>> DeflateStream::readable_or(AsyncEvent& event) {
  co_return co_await readable_with(&event);
}

}  // namespace

std::unique_ptr<Stream> make_deflate(std::unique_ptr<Stream> inner, DeflateOptions options) {
  return std::make_unique<DeflateStream>(std::move(inner), options);
}

std::unique_ptr<Stream> end_deflate(std::unique_ptr<Stream> stream) {
  auto* deflating = dynamic_cast<DeflateStream*>(stream.get());
  return deflating == nullptr ? std::move(stream) : deflating->release();
}

}  // namespace fumi::net
