#include "server/smtp/inbound.h"

#include "base/ascii.h"
#include "base/log.h"

namespace fumi::server {
namespace {

constexpr std::size_t kDataOctets = 16 * 1024;
// Commands are short, and a buffer of this size costs the allocator next to nothing.
constexpr std::size_t kCommandOctets = 1000;
constexpr Duration kFarewell = std::chrono::seconds(5);

smtp::Reply reply(int code, smtp::Enhanced enhanced, std::string text) {
  return {code, enhanced, std::move(text)};
}

smtp::Reply to_smtp(const service::Refusal& refusal) {
  std::string_view enhanced = refusal.enhanced;
  const std::string spaced = refusal.enhanced + " ";
  enhanced = spaced;
  const smtp::Enhanced code = smtp::take_enhanced(enhanced, refusal.code / 100);
  return {refusal.code, code, refusal.text};
}

// The only place where errors of a login become replies (RFC 4954 §6).
smtp::Reply to_smtp(const Error& error) {
  switch (error.code) {
    case Code::unauthenticated:
      return reply(535, {5, 7, 8}, "Authentication credentials invalid");
    case Code::denied:
      return reply(535, {5, 7, 8}, error.detail);
    case Code::invalid:
      return reply(501, {5, 5, 2}, "Malformed authentication data");
    case Code::unsupported:
      return reply(504, {5, 5, 4}, "Unknown authentication mechanism");
    case Code::rate_limited:
      return reply(421, {4, 7, 0}, error.detail);
    default:
      return reply(454, {4, 7, 0}, "Temporary authentication failure");
  }
}

DsnNotify notify_of(const smtp::Notify& notify) {
  DsnNotify out;
  if (notify.never) out.bits |= DsnNotify::never;
  if (notify.success) out.bits |= DsnNotify::success;
  if (notify.failure) out.bits |= DsnNotify::failure;
  if (notify.delay) out.bits |= DsnNotify::delay;
  return out;
}

EmailAddress address_of(const smtp::Mailbox& mailbox) {
  return {mailbox.local, ascii::to_lower(mailbox.domain)};
}

service::LoginKinds kinds_of(service::Door door) {
  service::LoginKinds kinds;
  if (door == service::Door::relay) kinds.api_users = service::LoginKinds::ApiUsers::smtp;
  return kinds;
}

}  // namespace

namespace {

// FUTURERELEASE announces a moment (RFC 4865), which is each session's own.
std::shared_ptr<const smtp::ServerOptions> engine_options(const InboundHost& host) {
  if (!host.engine->extensions.has(smtp::Extension::futurerelease)) return host.engine;
  auto options = std::make_shared<smtp::ServerOptions>(*host.engine);
  const Instant latest = host.clock.now() + std::chrono::seconds(options->hold_max_s);
  options->hold_until_max = to_rfc3339(std::chrono::floor<std::chrono::seconds>(latest));
  return options;
}

}  // namespace

InboundSession::InboundSession(InboundHost& host, std::unique_ptr<net::Stream> stream,
                               smtp::TlsState tls)
    : host_(host), stream_(std::move(stream)), engine_(engine_options(host), tls) {
  arrival_.door = host.door;
  arrival_.client_ip = stream_->peer().address;
  started_ = host.clock.now();
}

Task<void> InboundSession::run() {
  host_.metrics.connections.add();
  if (engine_.tls() == smtp::TlsState::active) {
    stream_->set_deadline(host_.options.command_timeout);
    const Status shaken = co_await stream_->start_tls_server(host_.tls);
    if (!shaken) co_return;
  }
  for (;;) {
    smtp::ServerStep step = engine_.next();
    if (auto* chunk = std::get_if<smtp::DataChunk>(&step)) {
      if (draft_) draft_->bytes.append(chunk->octets);
      continue;
    }
    const bool sent = co_await flush();
    if (!sent) co_return;
    if (std::holds_alternative<smtp::Close>(step)) break;
    if (std::holds_alternative<smtp::Need>(step)) {
      const bool more = co_await fill();
      if (!more) co_return;
      continue;
    }
    if (std::holds_alternative<smtp::StartTls>(step)) {
      const bool shaken = co_await on_starttls();
      if (!shaken) co_return;
      continue;
    }
    co_await act(step);
  }
  // The last word is said; whether the peer hears the end of it changes nothing.
  [[maybe_unused]] const Status ended = co_await stream_->shutdown_write();
}

Task<bool> InboundSession::flush() {
  const std::string_view output = engine_.output();
  if (output.empty()) co_return true;
  stream_->set_deadline(host_.options.command_timeout);
  const Status sent = co_await stream_->write_all(output);
  if (!sent) co_return false;
  engine_.sent(output.size());
  co_return true;
}

// RFC 5321 §4.5.1: <postmaster> without a domain, and the one of this host.
bool InboundSession::is_postmaster_here(EmailAddress& address) const {
  if (address.domain.empty()) address.domain = host_.engine->hostname;
  return ascii::iequals(address.local, "postmaster") &&
         ascii::iequals(address.domain, host_.engine->hostname);
}

// What goes wrong with the peer becomes a last word where one can still be said.
bool InboundSession::say_farewell(const Error& error) {
  if (error.code == Code::timeout) {
    engine_.shut_down(reply(421, {4, 4, 2}, "Timeout, closing the connection"));
  } else if (ticket_.why() != service::SessionEnd::none) {
    engine_.shut_down(reply(421, {4, 7, 0}, std::string(service::to_string(ticket_.why()))));
  } else if (error.code == Code::cancelled) {
    engine_.shut_down(reply(421, {4, 3, 2}, "Service closing, try again later"));
  } else {
    return false;
  }
  stream_->set_deadline(kFarewell);
  return true;
}

// Waits without holding a buffer. Draining ends that wait, but not the one for the rest of a
// message.
Task<bool> InboundSession::fill() {
  stream_->set_deadline(host_.options.command_timeout);
  if (!draft_) {
    if (ticket_.why() != service::SessionEnd::none)
      co_return say_farewell(Error{Code::cancelled, "waiting for a command", {}});
    const Status ready = co_await stream_->readable();
    if (!ready) co_return say_farewell(ready.error());
  }
  if (host_.clock.now() - started_ > host_.options.session_max) {
    engine_.shut_down(reply(421, {4, 4, 2}, "The connection has lasted too long"));
    co_return true;
  }
  if (too_slow()) {
    engine_.shut_down(reply(421, {4, 4, 2}, "The message comes too slowly"));
    co_return true;
  }
  const std::size_t wanted = draft_ || more_comes_ ? kDataOctets : kCommandOctets;
  const std::span<char> room = engine_.prepare(wanted);
  const Result<std::size_t> got = co_await stream_->read_some(room);
  if (!got) co_return say_farewell(got.error());
  if (*got == 0) co_return false;
  more_comes_ = *got == room.size();
  engine_.commit(*got);
  co_return true;
}

bool InboundSession::too_slow() const {
  const Instant now = host_.clock.now();
  if (!draft_) return false;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now - data_started_).count();
  if (seconds < 60) return false;
  return draft_->bytes.size() < std::uint64_t(seconds) * host_.options.data_octets_per_second_min;
}

Task<bool> InboundSession::on_starttls() {
  stream_->set_deadline(host_.options.command_timeout);
  const Status shaken = co_await stream_->start_tls_server(host_.tls);
  if (!shaken) {
    log::info("smtp", "TLS handshake failed",
              {{"client", arrival_.client_ip}, {"why", shaken.error().detail}});
    co_return false;
  }
  engine_.tls_started();
  // RFC 3207 §4.2: what the client said in clear, who it is included, counts no more.
  login_.reset();
  forget_transaction();
  arrival_.principal.reset();
  arrival_.tenant = trusted_tenant_;
  arrival_.client_name.clear();
  esmtp_ = false;
  co_return true;
}

Task<void> InboundSession::on_greet() {
  if (host_.door == service::Door::relay) {
    trusted_tenant_ = co_await host_.trusted.tenant_of(arrival_.client_ip);
    arrival_.tenant = trusted_tenant_;
    if (arrival_.tenant) engine_.trust_peer();
  }
  engine_.accept();
}

Task<void> InboundSession::act(smtp::ServerStep& step) {
  if (std::holds_alternative<smtp::Greet>(step)) {
    co_await on_greet();
  } else if (auto* hello = std::get_if<smtp::Hello>(&step)) {
    co_await on_hello(*hello);
  } else if (auto* auth = std::get_if<smtp::AuthStart>(&step)) {
    login_ =
        std::make_unique<Login>(host_.login, *stream_, kinds_of(host_.door),
                                std::string(service::to_string(host_.door)), arrival_.client_ip);
    LoginStep next = co_await login_->start(std::move(auth->mechanism), std::move(auth->initial));
    co_await on_auth(std::move(next));
  } else if (auto* response = std::get_if<smtp::AuthResponse>(&step)) {
    LoginStep next = co_await login_->respond(std::move(response->octets));
    co_await on_auth(std::move(next));
  } else if (auto* mail = std::get_if<smtp::MailFrom>(&step)) {
    co_await on_mail(*mail);
  } else if (auto* rcpt = std::get_if<smtp::RcptTo>(&step)) {
    co_await on_rcpt(*rcpt);
  } else if (std::holds_alternative<smtp::DataBegin>(step)) {
    draft_ = host_.intake.begin(arrival_, envelope_, envelope_.sender.declared_octets);
    data_started_ = host_.clock.now();
    engine_.accept();
  } else if (auto* end = std::get_if<smtp::DataEnd>(&step)) {
    co_await on_data_end(*end);
  } else if (std::holds_alternative<smtp::Reset>(step)) {
    forget_transaction();
  }
}

Task<void> InboundSession::on_hello(const smtp::Hello& hello) {
  forget_transaction();
  arrival_.client_name = hello.name;
  esmtp_ = hello.protocol == smtp::Hello::Protocol::esmtp;
  if (const auto tls = stream_->tls_info()) arrival_.tls = tls->version + " " + tls->cipher;
  engine_.accept();
  co_return;
}

Task<void> InboundSession::on_auth(LoginStep step) {
  if (auto* challenge = std::get_if<LoginChallenge>(&step)) {
    engine_.challenge(challenge->octets);
    co_return;
  }
  login_.reset();
  if (auto* failed = std::get_if<LoginFailed>(&step)) {
    engine_.answer(to_smtp(failed->error));
    co_return;
  }
  arrival_.principal = std::get<LoginDone>(step).principal;
  arrival_.tenant = arrival_.principal->tenant;
  ticket_ = host_.login.live.enter(*arrival_.principal, AccessDoor::smtp, arrival_.client_ip,
                                   [stream = stream_.get()] { stream->drain(); });
  engine_.accept();
}

bool InboundSession::take(const std::string& key, std::uint32_t per_minute) {
  if (per_minute == 0) return true;
  const net::Rate rate{double(per_minute) / 60.0, double(per_minute)};
  return host_.rates.try_take(key, rate, host_.clock.now());
}

Task<void> InboundSession::on_mail(const smtp::MailFrom& mail) {
  forget_transaction();
  // RFC 3848: ESMTP, with S for TLS and A for authentication; RFC 6531 §4.3 for UTF8SMTP.
  arrival_.protocol = mail.parameters.smtputf8 ? "UTF8SMTP" : esmtp_ ? "ESMTP" : "SMTP";
  if (esmtp_ && engine_.tls() == smtp::TlsState::active) arrival_.protocol += 'S';
  if (esmtp_ && arrival_.principal) arrival_.protocol += 'A';
  service::Sender& sender = envelope_.sender;
  sender.reverse_path = address_of(mail.path.mailbox);
  sender.declared_octets = mail.parameters.size.value_or(0);
  sender.eight_bit = mail.parameters.body != smtp::Body::seven_bit;
  sender.binary = mail.parameters.body == smtp::Body::binary_mime;
  sender.smtputf8 = mail.parameters.smtputf8;
  sender.require_tls = mail.parameters.requiretls;
  sender.envid = mail.parameters.envid;
  if (mail.parameters.hold_for) sender.hold_until = host_.clock.now() + *mail.parameters.hold_for;
  if (mail.parameters.hold_until) sender.hold_until = *mail.parameters.hold_until;
  if (mail.parameters.ret == smtp::Return::full) sender.dsn_return = DsnReturn::full;
  if (mail.parameters.ret == smtp::Return::headers) sender.dsn_return = DsnReturn::headers;
  if (host_.door == service::Door::mx && !take("ip:" + arrival_.client_ip, host_.options.rate_ip)) {
    engine_.answer(reply(451, {4, 7, 1}, "Too many messages from your address, try again later"));
    co_return;
  }
  const service::Verdict<void> verdict = co_await host_.intake.check_sender(arrival_, sender);
  if (verdict) {
    engine_.accept();
  } else {
    engine_.answer(to_smtp(verdict.error()));
  }
}

Task<void> InboundSession::on_rcpt(const smtp::RcptTo& rcpt) {
  service::Recipient recipient;
  recipient.address = address_of(rcpt.path.mailbox);
  if (is_postmaster_here(recipient.address)) {
    const auto postmaster = EmailAddress::parse(host_.options.postmaster);
    if (postmaster) recipient.address = *postmaster;
  }
  recipient.notify = notify_of(rcpt.parameters.notify);
  if (!rcpt.parameters.orcpt_type.empty()) {
    recipient.orcpt = rcpt.parameters.orcpt_type + ";" + rcpt.parameters.orcpt;
  }
  if (arrival_.tenant) {
    const bool within = take("tenant:" + arrival_.tenant.text(), host_.options.rate_tenant) &&
                        (!arrival_.principal || take("who:" + arrival_.principal->name.exact_key(),
                                                     host_.options.rate_account));
    if (!within) {
      engine_.answer(reply(451, {4, 7, 1}, "Sending too fast, try again in a minute"));
      co_return;
    }
  }
  const service::Verdict<void> verdict =
      co_await host_.intake.check_recipient(arrival_, envelope_, recipient);
  if (!verdict) {
    host_.metrics.refused_recipients.add();
    engine_.answer(to_smtp(verdict.error()));
    co_return;
  }
  envelope_.recipients.push_back(std::move(recipient));
  engine_.accept();
}

Task<void> InboundSession::on_data_end(const smtp::DataEnd& end) {
  envelope_.sender.eight_bit |= end.facts.eight_bit;
  const Instant begun = host_.clock.now();
  const std::uint64_t octets = draft_->bytes.size();
  service::Draft draft = std::move(*draft_);
  service::Envelope envelope = std::move(envelope_);
  forget_transaction();
  const service::Verdict<QueueId> accepted =
      co_await host_.intake.accept(arrival_, std::move(envelope), std::move(draft));
  const Duration took = host_.clock.now() - begun;
  host_.metrics.commit_seconds.observe(std::chrono::duration<double>(took).count());
  if (!accepted) {
    host_.metrics.refused_messages.add();
    engine_.answer(to_smtp(accepted.error()));
    co_return;
  }
  host_.metrics.accepted.add();
  host_.metrics.octets.add(double(octets));
  engine_.answer(reply(250, {2, 0, 0}, "Ok: accepted as " + accepted->text()));
}

void InboundSession::forget_transaction() {
  envelope_ = {};
  draft_.reset();
}

Task<void> serve_smtp(InboundHost& host, std::unique_ptr<net::Stream> stream, smtp::TlsState tls) {
  InboundSession session(host, std::move(stream), tls);
  co_await session.run();
}

}  // namespace fumi::server
