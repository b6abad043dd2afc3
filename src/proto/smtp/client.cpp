// The client engine: session set-up. client_transaction.cpp has what happens after Ready.
#include "proto/smtp/client.h"

#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "proto/sasl/base64.h"

namespace fumi::smtp {
namespace {

// RFC 4954 §4: an initial response that does not fit a command line of 512 octets must wait for the
// server's empty challenge.
constexpr std::size_t kInitialOctetsMax = 470;

template <class T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Client::Client(SessionPlan plan) : plan_(std::move(plan)) {
  FUMI_ASSERT(plan_.outstanding_max > 0);
  bindings_ = plan_.bindings;
  expected_.push_back(Expect::greeting);
}

void Client::send(std::string_view line, Expect expect) {
  output_.append(line).append("\r\n");
  expected_.push_back(expect);
}

void Client::sent(std::size_t octets) {
  FUMI_ASSERT(octets <= output_.size() - sent_);
  sent_ += octets;
  if (sent_ < output_.size()) return;
  sent_ = 0;
  output_.clear();
  if (output_.capacity() > 4096 && stage_ != Stage::body) output_.shrink_to_fit();
}

ClientStep Client::next() {
  for (;;) {
    if (!steps_.empty()) {
      ClientStep step = std::move(steps_.front());
      steps_.pop_front();
      return step;
    }
    FUMI_ASSERT(stage_ != Stage::tls);
    if (stage_ == Stage::closed) return Closed{Closed::Cause::quit, {}};
    const line::Line line = lines_.next(input_, kLineOctetsMax);
    if (line.status == line::Framed::done) {
      const ReplyParser::Progress progress = parser_.line(line.text);
      if (progress == ReplyParser::Progress::more) continue;
      if (progress == ReplyParser::Progress::broken) {
        fail_session(Closed::Cause::protocol_error, {});
        continue;
      }
      if (expected_.empty()) {
        unasked(parser_.reply());
        continue;
      }
      on_reply(parser_.reply());
      continue;
    }
    if (line.status != line::Framed::more) {
      fail_session(Closed::Cause::protocol_error, {});
      continue;
    }
    if (stage_ == Stage::ready) {
      input_.release_if_empty();
      return Ready{};
    }
    if (stage_ == Stage::body) return NeedBody{};
    if (stage_ == Stage::envelope) pump_envelope();
    if (!steps_.empty() || stage_ == Stage::body || stage_ == Stage::ready) continue;
    input_.release_if_empty();
    return NeedInput{waiting()};
  }
}

NeedInput::Wait Client::waiting() const {
  if (expected_.empty()) return NeedInput::Wait::command;
  switch (expected_.front()) {
    case Expect::greeting:
      return NeedInput::Wait::greeting;
    case Expect::mail:
      return NeedInput::Wait::mail;
    case Expect::rcpt:
      return NeedInput::Wait::rcpt;
    case Expect::data:
      return NeedInput::Wait::data_start;
    case Expect::chunk:
    case Expect::empty_data:
    case Expect::final:
      return NeedInput::Wait::data_end;
    default:
      return NeedInput::Wait::command;
  }
}

// A reply to nothing. Servers do so for two reasons: they leave (421), or they have had enough of a
// message that is still being sent.
void Client::unasked(const Reply& reply) {
  if (reply.code == 421) return fail_session(Closed::Cause::peer_closing, reply);
  const bool refusal = reply.is_temporary() || reply.is_permanent();
  if (stage_ != Stage::body || !refusal) return fail_session(Closed::Cause::protocol_error, reply);
  finish(Outcome::answered, reply);
  fail_session(Closed::Cause::aborted, reply);
}

// The connection is of no more use. A transaction that was open gets its outcome first.
void Client::fail_session(Closed::Cause cause, Reply reply) {
  if (stage_ == Stage::closed) return;
  const bool open = stage_ == Stage::envelope || stage_ == Stage::body || stage_ == Stage::final;
  if (open) {
    const bool said = cause == Closed::Cause::peer_closing;
    finish(said ? Outcome::answered : Outcome::connection_lost,
           said ? reply : Reply{451, {4, 4, 2}, "Connection lost before the answer"});
  }
  stage_ = Stage::closed;
  expected_.clear();
  input_.clear();
  steps_.emplace_back(Closed{cause, std::move(reply)});
}

void Client::peer_closed() {
  if (stage_ == Stage::quitting) return fail_session(Closed::Cause::quit, {});
  fail_session(Closed::Cause::connection_lost, {});
}

void Client::quit() {
  FUMI_ASSERT(stage_ == Stage::ready || stage_ == Stage::closed);
  if (stage_ == Stage::closed) return;
  stage_ = Stage::quitting;
  send("QUIT", Expect::quit);
}

void Client::on_reply(const Reply& reply) {
  const Expect expect = expected_.front();
  expected_.pop_front();
  if (reply.code == 421 && expect != Expect::quit) {
    // While the set-up stands still this is a refusal like any other.
    if (expect == Expect::greeting) return fail_session(Closed::Cause::refused, reply);
    return fail_session(Closed::Cause::peer_closing, reply);
  }
  switch (expect) {
    case Expect::greeting:
      if (!reply.is_positive()) return fail_session(Closed::Cause::refused, reply);
      stage_ = Stage::hello;
      return send("EHLO " + plan_.hello_name, Expect::ehlo);
    case Expect::ehlo:
      return on_ehlo(reply);
    case Expect::helo:
      if (!reply.is_positive()) return fail_session(Closed::Cause::refused, reply);
      features_ = {};
      features_.protocol = PeerFeatures::Protocol::smtp;
      return after_hello();
    case Expect::starttls:
      if (reply.is_positive()) {
        // RFC 3207 §6: what stands behind the 220 was not said by whom we are about to talk to.
        input_.clear();
        lines_.reset();
        stage_ = Stage::tls;
        steps_.emplace_back(BeginTls{});
        return;
      }
      if (plan_.tls == SessionPlan::Tls::required) {
        return fail_session(Closed::Cause::tls_unavailable, reply);
      }
      return start_auth();
    case Expect::auth:
      return on_auth(reply);
    case Expect::rset:
      return;
    case Expect::quit:
      return fail_session(Closed::Cause::quit, reply);
    case Expect::mail:
      mail_reply_ = reply;
      return envelope_replied();
    case Expect::rcpt:
      if (reply.is_positive()) ++accepted_;
      rcpt_replies_[rcpt_replied_++] = reply;
      return envelope_replied();
    case Expect::data:
      data_reply_ = reply;
      return envelope_replied();
    case Expect::chunk:
      // RFC 3030 §2: after a failed chunk the transaction is dead; nothing more is sent of it.
      if (!reply.is_positive() && !chunk_failure_) chunk_failure_ = reply;
      if (!chunk_failure_) return;
      stage_ = Stage::final;
      dirty_ = true;
      if (expected_.empty()) finish(Outcome::answered, *chunk_failure_);
      return;
    case Expect::empty_data:
      // No recipient was accepted; whatever this says, nothing was delivered.
      dirty_ = false;
      return finish(Outcome::answered, *mail_reply_);
    case Expect::final:
      dirty_ = !reply.is_positive();
      return finish(Outcome::answered, chunk_failure_ ? *chunk_failure_ : reply);
  }
}

void Client::on_ehlo(const Reply& reply) {
  if (!reply.is_positive()) {
    // RFC 5321 §3.2: servers that don't know EHLO get HELO, unless we need what only EHLO has.
    const bool fallback = reply.is_permanent() && plan_.tls != SessionPlan::Tls::required &&
                          !plan_.credentials && plan_.tls_state == TlsState::plain;
    if (fallback) return send("HELO " + plan_.hello_name, Expect::helo);
    return fail_session(Closed::Cause::refused, reply);
  }
  features_ = {};
  read_features(reply.text);
  after_hello();
}

// RFC 5321 §4.1.1.1: the first line is the greeting; each further line is one keyword.
void Client::read_features(std::string_view lines) {
  for (std::size_t end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
    lines.remove_prefix(end + 1);
    read_feature(ascii::trim(lines.substr(0, lines.find('\n'))));
  }
}

void Client::read_feature(std::string_view line) {
  struct Name {
    std::string_view keyword;
    Extension extension;
  };
  static constexpr Name kNames[] = {
      {"PIPELINING", Extension::pipelining},
      {"SIZE", Extension::size},
      {"8BITMIME", Extension::eight_bit_mime},
      {"SMTPUTF8", Extension::smtputf8},
      {"CHUNKING", Extension::chunking},
      {"BINARYMIME", Extension::binarymime},
      {"ENHANCEDSTATUSCODES", Extension::enhanced_status},
      {"DSN", Extension::dsn},
      {"STARTTLS", Extension::starttls},
      {"AUTH", Extension::auth},
      {"LIMITS", Extension::limits},
      {"REQUIRETLS", Extension::requiretls},
  };
  // CLIENT: old servers write "AUTH=LOGIN PLAIN".
  const std::string_view keyword = line.substr(0, line.find_first_of(" ="));
  const std::string_view rest = line.substr(std::min(line.size(), keyword.size() + 1));
  for (const Name& name : kNames) {
    if (ascii::iequals(keyword, name.keyword)) features_.extensions.add(name.extension);
  }
  if (ascii::iequals(keyword, "SIZE")) {
    const auto octets = number<std::uint64_t>(rest);
    if (octets && *octets > 0) features_.size_max = octets;  // 0: no fixed limit
  } else if (ascii::iequals(keyword, "AUTH")) {
    features_.mechanisms.append(features_.mechanisms.empty() ? "" : " ").append(rest);
  } else if (ascii::iequals(keyword, "LIMITS")) {
    for (const std::string_view limit : ascii::split(rest, ' ')) {
      const std::size_t equals = limit.find('=');
      if (equals == limit.npos) continue;
      const auto value = number<std::uint32_t>(limit.substr(equals + 1));
      if (ascii::iequals(limit.substr(0, equals), "MAILMAX")) features_.transactions_max = value;
      if (ascii::iequals(limit.substr(0, equals), "RCPTMAX")) features_.recipients_max = value;
    }
  }
}

void Client::after_hello() {
  if (plan_.tls_state == TlsState::plain && plan_.tls != SessionPlan::Tls::never) {
    if (features_.extensions.has(Extension::starttls)) {
      stage_ = Stage::starttls;
      return send("STARTTLS", Expect::starttls);
    }
    if (plan_.tls == SessionPlan::Tls::required) {
      return fail_session(Closed::Cause::tls_unavailable, {});
    }
  }
  start_auth();
}

void Client::tls_started(sasl::ChannelBindings bindings) {
  FUMI_ASSERT(stage_ == Stage::tls);
  plan_.tls_state = TlsState::active;
  bindings_ = std::move(bindings);
  features_ = {};
  stage_ = Stage::hello;
  send("EHLO " + plan_.hello_name, Expect::ehlo);
}

void Client::start_auth() {
  stage_ = Stage::ready;
  if (!plan_.credentials) return;
  const auto clear =
      plan_.tls_state == TlsState::active ? sasl::ClearPasswords::allowed : plan_.clear_passwords;
  const auto mechanism = sasl::choose_mechanism(features_.mechanisms, bindings_, clear);
  if (!mechanism) return fail_session(Closed::Cause::auth_failed, {});
  stage_ = Stage::auth;
  exchange_.emplace(*mechanism, *plan_.credentials, bindings_, plan_.nonce);
  std::string command = "AUTH " + std::string(sasl::to_string(*mechanism));
  auto initial = exchange_->initial();
  if (initial) {
    const std::string encoded = initial->empty() ? "=" : sasl::base64_encode(*initial);
    if (encoded.size() <= kInitialOctetsMax) {
      command.append(" ").append(encoded);
    } else {
      deferred_initial_ = Secret(std::move(*initial));
    }
  }
  send(command, Expect::auth);
}

// RFC 4954 §4
void Client::on_auth(const Reply& reply) {
  if (reply.is_positive()) {
    const Status complete = exchange_->ensure_complete();
    exchange_.reset();
    // A server that can't prove itself is not the one that the password is for.
    if (!complete) return fail_session(Closed::Cause::auth_failed, reply);
    stage_ = Stage::ready;
    return;
  }
  if (reply.code != 334) return fail_session(Closed::Cause::auth_failed, reply);
  if (!deferred_initial_.empty()) {
    const Secret initial = std::exchange(deferred_initial_, Secret());
    return send(sasl::base64_encode(initial.reveal()), Expect::auth);
  }
  const auto challenge = sasl::base64_decode(ascii::trim(reply.text));
  if (challenge) {
    const auto response = exchange_->respond(*challenge);
    if (response) return send(sasl::base64_encode(*response), Expect::auth);
  }
  send("*", Expect::auth);
}

}  // namespace fumi::smtp
