#include "server/smtp/outbound.h"

#include "base/ascii.h"
#include "proto/smtp/client.h"

namespace fumi::server {
namespace {

constexpr std::size_t kReadOctets = 4096;
constexpr std::size_t kBodyPart = 64 * 1024;
using SteadyClock = std::chrono::steady_clock;

constexpr Duration kQuitTimeout = std::chrono::seconds(5);
constexpr Duration kSessionStartMax = std::chrono::minutes(5);  // greeting, EHLO, TLS
constexpr Duration kTransactionMax = std::chrono::minutes(20);  // below the spool's lease time

OutboundReply reply_of(const smtp::Reply& reply) {
  return {reply.code, ascii::printable(smtp::to_text(reply), 1000)};
}

smtp::Mailbox mailbox_of(const EmailAddress& address) { return {address.local, address.domain}; }

smtp::RcptParameters parameters_of(const QueueRecipient& recipient) {
  smtp::RcptParameters out;
  out.notify.never = (recipient.notify.bits & DsnNotify::never) != 0;
  out.notify.success = (recipient.notify.bits & DsnNotify::success) != 0;
  out.notify.failure = (recipient.notify.bits & DsnNotify::failure) != 0;
  out.notify.delay = (recipient.notify.bits & DsnNotify::delay) != 0;
  const std::size_t semicolon = recipient.orcpt.find(';');
  if (semicolon != std::string::npos) {
    out.orcpt_type = recipient.orcpt.substr(0, semicolon);
    out.orcpt = recipient.orcpt.substr(semicolon + 1);
  }
  return out;
}

smtp::Transaction transaction_of(const OutboundTransaction& from) {
  smtp::Transaction out;
  const QueueMessage& message = *from.message;
  out.from.mailbox = mailbox_of(message.reverse_path);
  out.parameters.size = from.body.size();
  if (message.binary) {
    out.parameters.body = smtp::Body::binary_mime;
  } else if (message.eight_bit) {
    out.parameters.body = smtp::Body::eight_bit_mime;
  }
  out.parameters.smtputf8 = message.smtputf8;
  out.parameters.requiretls = message.require_tls;
  out.parameters.envid = message.envid;
  if (message.dsn_return == DsnReturn::full) out.parameters.ret = smtp::Return::full;
  if (message.dsn_return == DsnReturn::headers) out.parameters.ret = smtp::Return::headers;
  for (const QueueRecipient* recipient : from.recipients) {
    out.recipients.push_back({{mailbox_of(recipient->address)}, parameters_of(*recipient)});
  }
  return out;
}

class SmtpConnection final : public OutboundConnection {
 public:
  SmtpConnection(std::unique_ptr<net::Stream> stream, smtp::SessionPlan plan, OutboundHost host,
                 net::TlsClientContext& tls, SmtpOptions options)
      : stream_(std::move(stream)),
        engine_(std::move(plan)),
        host_(std::move(host)),
        tls_context_(tls),
        options_(std::move(options)) {}

  [[nodiscard]] std::string peer() const override {
    const std::string port = ":" + std::to_string(host_.port);
    if (host_.name.starts_with('[')) return host_.name + port;  // a literal is its own address
    return host_.name + " [" + host_.address + "]" + port;
  }
  [[nodiscard]] bool tls() const override { return engine_.tls() == smtp::TlsState::active; }

  // Greeting to Ready. `verify`: how the handshake judges the certificate.
  Task<Status> open(net::TlsVerify verify);
  Task<OutboundResult> send(OutboundTransaction transaction) override;
  Task<void> quit() override;
  [[nodiscard]] bool handshake_failed() const { return handshake_failed_; }

 private:
  Task<bool> flush();
  Task<void> fill(smtp::NeedInput::Wait wait);
  Task<bool> shake_hands(net::TlsVerify verify);
  void take(const smtp::TransactionDone& done, OutboundResult& result) const;
  [[nodiscard]] Duration deadline(smtp::NeedInput::Wait wait) const;
  [[nodiscard]] Duration time_left(Duration most) const;

  std::unique_ptr<net::Stream> stream_;
  smtp::Client engine_;
  OutboundHost host_;
  net::TlsClientContext& tls_context_;
  SmtpOptions options_;
  std::string failure_;
  SteadyClock::time_point give_up_at_;
  bool handshake_failed_ = false;
  bool hung_up_ = false;  // nothing more can be written
  bool ready_ = false;
};

// RFC 5321 §4.5.3.2: the answer to the end of the data may take longest.
Duration SmtpConnection::deadline(smtp::NeedInput::Wait wait) const {
  return wait == smtp::NeedInput::Wait::data_end ? 2 * options_.answer_timeout
                                                 : options_.answer_timeout;
}

// False: nothing more can be said. What the peer had to say before it hung up may still lie in its
// last segment: then the caller, if it waits for input, should read it.
Task<bool> SmtpConnection::flush() {
  const std::string_view output = engine_.output();
  if (output.empty()) co_return true;
  if (hung_up_) co_return false;
  stream_->set_deadline(time_left(options_.answer_timeout));
  const Status sent = co_await stream_->write_all(output);
  if (!sent) {
    failure_ = sent.error().code == Code::timeout ? "the host takes no data" : sent.error().detail;
    hung_up_ = sent.error().code == Code::peer_gone;
    co_return false;
  }
  engine_.sent(output.size());
  co_return true;
}

// A peer that drips its answers must not hold a message beyond its lease.
Duration SmtpConnection::time_left(Duration most) const {
  const auto left = std::chrono::duration_cast<Duration>(give_up_at_ - SteadyClock::now());
  return std::clamp(left, Duration(1), most);
}

Task<void> SmtpConnection::fill(smtp::NeedInput::Wait wait) {
  stream_->set_deadline(time_left(deadline(wait)));
  const Status ready = co_await stream_->readable();
  if (!ready) {
    failure_ = ready.error().code == Code::timeout ? "no answer in time" : ready.error().detail;
    engine_.peer_closed();
    co_return;
  }
  std::array<char, kReadOctets> buffer;
  const Result<std::size_t> got = co_await stream_->read_some(buffer);
  if (!got || *got == 0) {
    failure_ = got ? "connection closed" : got.error().detail;
    engine_.peer_closed();
    co_return;
  }
  static_cast<void>(engine_.feed(std::string_view(buffer.data(), *got)));
}

Task<bool> SmtpConnection::shake_hands(net::TlsVerify verify) {
  net::TlsClientOptions options;
  options.server_name = host_.name.starts_with('[') ? std::string() : host_.name;
  options.verify = verify;
  stream_->set_deadline(options_.connect_timeout);
  const Status shaken = co_await stream_->start_tls_client(tls_context_, std::move(options));
  if (!shaken) {
    failure_ = "TLS: " + shaken.error().detail;
    handshake_failed_ = true;
    co_return false;
  }
  engine_.tls_started({});
  co_return true;
}

Task<Status> SmtpConnection::open(net::TlsVerify verify) {
  give_up_at_ = SteadyClock::now() + kSessionStartMax;
  for (;;) {
    smtp::ClientStep step = engine_.next();
    const bool sent = co_await flush();
    if (!sent && !hung_up_) co_return fail(Code::unavailable, "greeting", failure_);
    if (const auto* need = std::get_if<smtp::NeedInput>(&step)) {
      co_await fill(need->wait);
    } else if (std::holds_alternative<smtp::BeginTls>(step)) {
      const bool shaken = co_await shake_hands(verify);
      if (!shaken) co_return fail(Code::unavailable, "starting TLS", failure_);
    } else if (std::holds_alternative<smtp::Ready>(step)) {
      ready_ = true;
      co_return Status();
    } else if (const auto* closed = std::get_if<smtp::Closed>(&step)) {
      std::string why = closed->reply.code != 0 ? smtp::to_text(closed->reply) : failure_;
      if (closed->cause == smtp::Closed::Cause::tls_unavailable) why = "the host offers no TLS";
      if (why.empty()) why = "the host does not speak SMTP";
      const bool refused = closed->cause == smtp::Closed::Cause::refused;
      co_return fail(refused ? Code::denied : Code::unavailable, "greeting", ascii::printable(why));
    }
  }
}

// What the server answered, or that it did not: refusals that came before the loss stand.
void SmtpConnection::take(const smtp::TransactionDone& done, OutboundResult& result) const {
  const bool lost = done.outcome == smtp::Outcome::connection_lost;
  for (const smtp::Reply& reply : done.recipients) {
    const bool unanswered = lost && reply == done.final;
    result.recipients.push_back(unanswered ? OutboundReply{0, "Connection lost: " + failure_}
                                           : reply_of(reply));
  }
}

Task<OutboundResult> SmtpConnection::send(OutboundTransaction transaction) {
  OutboundResult result;
  const std::size_t count = transaction.recipients.size();
  result.passes_dsn_on = engine_.features().extensions.has(smtp::Extension::dsn);
  give_up_at_ = SteadyClock::now() + kTransactionMax;
  engine_.begin(transaction_of(transaction));
  std::string_view left = transaction.body;
  for (;;) {
    smtp::ClientStep step = engine_.next();
    if (const auto* done = std::get_if<smtp::TransactionDone>(&step)) {
      take(*done, result);
      continue;
    }
    if (std::holds_alternative<smtp::Closed>(step)) {
      ready_ = false;
      break;
    }
    const bool sent = co_await flush();
    const auto* need = std::get_if<smtp::NeedInput>(&step);
    if (!sent && !hung_up_) {
      engine_.peer_closed();
    } else if (!sent) {
      co_await fill(smtp::NeedInput::Wait::command);  // its last words, or the end
    } else if (need != nullptr) {
      co_await fill(need->wait);
    } else if (std::holds_alternative<smtp::NeedBody>(step)) {
      const std::string_view part = left.substr(0, kBodyPart);
      left.remove_prefix(part.size());
      engine_.body(part, left.empty() ? smtp::BodyPart::last : smtp::BodyPart::more);
    } else if (std::holds_alternative<smtp::Ready>(step)) {
      result.connection_usable = true;
      break;
    }
  }
  result.recipients.resize(count, OutboundReply{0, "Connection lost: " + failure_});
  co_return result;
}

Task<void> SmtpConnection::quit() {
  if (!ready_) co_return;
  engine_.quit();
  smtp::ClientStep step = engine_.next();
  const std::string_view output = engine_.output();
  stream_->set_deadline(kQuitTimeout);
  // The answer to QUIT tells nothing that we would act on.
  [[maybe_unused]] const Status said = co_await stream_->write_all(output);
  stream_->close();
}

}  // namespace

Task<Result<std::unique_ptr<OutboundConnection>>> SmtpOutbound::attempt(OutboundHost host,
                                                                        OutboundTls tls) {
  const auto ip = IpAddress::parse(host.address);
  if (!ip) co_return fail(Code::invalid, "connecting", host.address + " is no IP address");
  net::ConnectOptions connect;
  connect.timeout = options_.connect_timeout;
  auto stream = co_await connector_(Endpoint::of(*ip, host.port), connect);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  smtp::SessionPlan plan;
  plan.hello_name = hello_name_;
  switch (tls) {
    case OutboundTls::never:
      plan.tls = smtp::SessionPlan::Tls::never;
      break;
    case OutboundTls::required:
      plan.tls = smtp::SessionPlan::Tls::required;
      break;
    case OutboundTls::opportunistic:
      plan.tls = smtp::SessionPlan::Tls::opportunistic;
      break;
  }
  auto connection = std::make_unique<SmtpConnection>(std::move(*stream), std::move(plan),
                                                     std::move(host), tls_, options_);
  const net::TlsVerify verify =
      tls == OutboundTls::required ? net::TlsVerify::pkix : net::TlsVerify::opportunistic;
  Status opened = co_await connection->open(verify);
  if (!opened) {
    Error error = std::move(opened).error();
    if (connection->handshake_failed()) error.code = Code::unsupported;
    co_return std::unexpected(std::move(error));
  }
  std::unique_ptr<OutboundConnection> ready = std::move(connection);
  co_return ready;
}

Task<Result<std::unique_ptr<OutboundConnection>>> SmtpOutbound::connect(OutboundHost host,
                                                                        OutboundTls tls) {
  auto connection = co_await attempt(host, tls);
  const bool again = !connection && connection.error().code == Code::unsupported &&
                     tls == OutboundTls::opportunistic;
  if (!again) co_return connection;
  co_return co_await attempt(std::move(host), OutboundTls::never);
}

}  // namespace fumi::server
