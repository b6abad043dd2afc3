#include "proto/smtp/server.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "proto/sasl/base64.h"

namespace fumi::smtp {

Server::Server(std::shared_ptr<const ServerOptions> options, TlsState tls)
    : options_(std::move(options)), tls_(tls) {
  FUMI_ASSERT(options_->recipients_max >= 100 && options_->size_max > 0 &&
              options_->command_octets_max >= 512 &&
              options_->auth_octets_max <= line::LineFramer::kEndlessOctets);
}

Extensions Server::offered() const {
  Extensions offered = options_->extensions;
  offered.remove(Extension::starttls);
  offered.remove(Extension::auth);
  if (!offered.has(Extension::chunking)) offered.remove(Extension::binarymime);
  if (tls_ == TlsState::plain) offered.remove(Extension::requiretls);
  if (tls_ == TlsState::plain && options_->tls != TlsPolicy::absent)
    offered.add(Extension::starttls);
  const bool clear = tls_ == TlsState::plain && options_->clear_auth == ClearAuth::forbidden;
  const bool any = !options_->mechanisms.empty() ||
                   (tls_ == TlsState::active && !options_->mechanisms_tls.empty());
  if (any && !clear) offered.add(Extension::auth);
  return offered;
}

std::string Server::offered_mechanisms() const {
  if (!offered().has(Extension::auth)) return {};
  if (tls_ == TlsState::plain || options_->mechanisms_tls.empty()) return options_->mechanisms;
  if (options_->mechanisms.empty()) return options_->mechanisms_tls;
  return options_->mechanisms_tls + " " + options_->mechanisms;
}

// ---- output ----

std::string_view Server::output() const {
  if (!due_ && output_.size() - sent_ < kOutputOctets) return {};
  return std::string_view(output_).substr(sent_);
}

void Server::sent(std::size_t octets) {
  FUMI_ASSERT(octets <= output_.size() - sent_);
  sent_ += octets;
  if (sent_ < output_.size()) return;
  sent_ = 0;
  due_ = false;
  if (output_.capacity() > 1024) {
    output_ = {};
  } else {
    output_.clear();
  }
}

// RFC 2034 §4: enhanced codes stand in 2xx, 4xx and 5xx replies, but not in the greeting and
// EHLO's.
void Server::reply(int code, Enhanced enhanced, std::string_view text) {
  append_reply(output_, code, enhanced, text);
}

Server::Handled Server::close(Close::Cause cause) {
  mode_ = Mode::closed;
  close_cause_ = cause;
  phase_ = Phase::turned_away;
  due_ = true;
  input_.clear();
  return Close{cause};
}

Server::Handled Server::close_with(Close::Cause cause, Enhanced enhanced, std::string_view text) {
  reply(421, enhanced, text);
  return close(cause);
}

Server::Handled Server::refuse(int code, Enhanced enhanced, std::string_view text) {
  if (++errors_ > options_->errors_max) {
    return close_with(Close::Cause::too_many_errors, {4, 7, 0}, "Too many errors");
  }
  reply(code, enhanced, text);
  return std::nullopt;
}

void Server::shut_down(Reply reply) {
  awaiting_ = Awaiting::nothing;
  append_reply(output_, reply.code, reply.enhanced, reply.text);
  (void)close(Close::Cause::refused);
}

// ---- the loop ----

ServerStep Server::await(Awaiting what, ServerStep step) {
  awaiting_ = what;
  return step;
}

ServerStep Server::need() {
  due_ = sent_ < output_.size();
  return Need{};
}

ServerStep Server::next() {
  FUMI_ASSERT(awaiting_ == Awaiting::nothing && mode_ != Mode::tls);
  for (;;) {
    if (reset_due_) {
      const Reset reset{*reset_due_};
      reset_due_.reset();
      return reset;
    }
    Handled step;
    switch (mode_) {
      case Mode::greet:
        return await(Awaiting::greet, Greet{});
      case Mode::closed:
        return Close{close_cause_};
      case Mode::tls:
        break;
      case Mode::text:
      case Mode::chunk: {
        if (received_ > options_->size_max + options_->size_slack) {
          return *close_with(Close::Cause::too_much_data, {4, 3, 4}, "Message far over the limit");
        }
        if (input_.empty() && (mode_ == Mode::text || chunk_left_ > 0)) return need();
        const std::size_t before = input_.size();
        const Mode mode = mode_;
        step = mode == Mode::text ? read_text() : read_chunk();
        if (step) return std::move(*step);
        if (mode_ != mode || input_.size() != before) continue;
        return need();  // a dot at the start of a line: what follows decides
      }
      case Mode::command:
      case Mode::auth: {
        const bool auth = mode_ == Mode::auth || offered().has(Extension::auth);
        const std::size_t most =
            auth ? std::max(options_->auth_octets_max, options_->command_octets_max)
                 : options_->command_octets_max;
        const line::Line line = lines_.next(input_, most);
        if (line.status == line::Framed::more) break;
        if (mode_ == Mode::auth && line.status != line::Framed::endless) {
          step = auth_line(line);
        } else if (line.status != line::Framed::done) {
          step = overlong(line.status);
        } else if (line.bare || line.nul) {
          step = refuse(500, {5, 5, 2}, "Stray CR, LF or NUL in command");
        } else {
          step = command(line.text, line.octets);
        }
        if (step) return std::move(*step);
        continue;
      }
    }
    input_.release_if_empty();
    return need();
  }
}

Server::Handled Server::overlong(line::Framed status) {
  if (status == line::Framed::endless) {
    return close_with(Close::Cause::too_much_data, {4, 5, 2}, "Line without end");
  }
  return refuse(500, {5, 5, 2}, "Line too long");
}

// ---- answers ----

void Server::accept() {
  switch (awaiting_) {
    case Awaiting::greet:
      return conclude(220, {}, options_->hostname + " ESMTP " + options_->software);
    case Awaiting::hello:
      return conclude(250, {}, {});
    case Awaiting::auth:
      return conclude(235, {2, 7, 0}, "Authentication succeeded");
    case Awaiting::mail:
      return conclude(250, {2, 1, 0}, "Sender ok");
    case Awaiting::rcpt:
      return conclude(250, {2, 1, 5}, "Recipient ok");
    case Awaiting::data_begin:
      return conclude(250, {}, {});
    case Awaiting::data_end:
      return conclude(250, {2, 0, 0}, "Message accepted");
    case Awaiting::nothing:
      break;
  }
  FUMI_ASSERT(!"accept() without a step to answer");
}

void Server::answer(Reply reply) {
  FUMI_ASSERT(awaiting_ != Awaiting::nothing);
  FUMI_ASSERT(reply.is_positive() || reply.is_temporary() || reply.is_permanent());
  conclude(reply.code, reply.enhanced, reply.text);
}

void Server::conclude(int code, Enhanced enhanced, std::string_view text) {
  const Awaiting asked = std::exchange(awaiting_, Awaiting::nothing);
  const bool good = code / 100 == 2;
  if (code == 421) {
    reply(code, enhanced, text);
    (void)close(Close::Cause::refused);
    return;
  }
  switch (asked) {
    case Awaiting::greet:
      mode_ = Mode::command;
      phase_ = good ? Phase::greeted : Phase::turned_away;
      due_ = true;
      break;
    case Awaiting::hello:
      due_ = true;
      if (good) {
        phase_ = Phase::hello;
        esmtp_ = hello_esmtp_;
        return greeting_lines();
      }
      break;
    case Awaiting::auth:
      mode_ = Mode::command;
      due_ = true;
      authenticated_ = good;
      if (good) break;
      (void)auth_failed(code, enhanced, text);
      return;
    case Awaiting::mail:
      if (good) phase_ = Phase::mail, recipients_ = 0, chores_ = 0, ++transactions_;
      break;
    case Awaiting::rcpt:
      if (good) {
        phase_ = Phase::rcpt, ++recipients_;
      } else if (++recipient_failures_ > options_->recipient_failures_max) {
        (void)close_with(Close::Cause::too_many_errors, {4, 7, 0}, "Too many unknown recipients");
        return;
      }
      break;
    case Awaiting::data_begin:
      if (good) return begin_message();
      if (chunked_) {
        // RFC 3030 §2: the octets of a refused chunk come all the same.
        chunk_refusal_ = Reply{code, enhanced, std::string(text)};
        phase_ = Phase::hello;
        mode_ = Mode::chunk;
        return;
      }
      phase_ = Phase::hello;
      break;
    case Awaiting::data_end:
      phase_ = Phase::hello;
      break;
    case Awaiting::nothing:
      break;
  }
  reply(code, enhanced, text);
}

Server::Handled Server::auth_failed(int code, Enhanced enhanced, std::string_view text) {
  if (++auth_failures_ > options_->auth_failures_max) {
    return close_with(Close::Cause::too_many_errors, {4, 7, 0}, "Too many failed authentications");
  }
  reply(code, enhanced, text);
  return std::nullopt;
}

void Server::challenge(std::string_view octets) {
  FUMI_ASSERT(awaiting_ == Awaiting::auth);
  awaiting_ = Awaiting::nothing;
  mode_ = Mode::auth;
  due_ = true;
  output_.append("334 ").append(sasl::base64_encode(octets)).append("\r\n");
}

void Server::tls_started() {
  FUMI_ASSERT(mode_ == Mode::tls);
  input_.clear();
  lines_.reset();
  tls_ = TlsState::active;
  mode_ = Mode::command;
}

}  // namespace fumi::smtp
