#include "proto/imap/engine.h"

#include <utility>

#include "base/ascii.h"
#include "codec/base64.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap {

using detail::Framer;
using detail::LiteralHeader;
using detail::Parser;

Engine::Engine(std::shared_ptr<const Options> options, Channel channel)
    : options_(std::move(options)), writer_(options_->limits), channel_(channel) {}

void Engine::greet() {
  writer_.status_ok(options_->greeting,
                    code::capability(capabilities(state_, channel_, *options_)));
}

void Engine::feed(std::string_view bytes) {
  if (phase_ != Phase::closing) framer_.feed(bytes);
}

bool Engine::wants_input() const {
  return phase_ != Phase::closing && framer_.pending() < limits().input_octets;
}

bool Engine::is_quiet() const {
  return phase_ == Phase::ready && framer_.pending() == 0 && framer_.frame().empty();
}

std::string_view Engine::verb() const {
  return rule_ == nullptr ? std::string_view() : rule_->verb;
}

Updates Engine::updates_allowed() const {
  if (is_quiet() && state_ == State::selected) return between_;
  if (phase_ != Phase::busy && phase_ != Phase::idling) return Updates::none;
  return rule_ == nullptr || state_ != State::selected ? Updates::none : rule_->updates;
}

std::size_t Engine::heap_octets() const {
  return framer_.heap_octets() + writer_.output().heap_octets() + tag_.capacity() +
         append_mailbox_.capacity();
}

Step Engine::next() {
  for (;;) {
    if (std::exchange(stop_compress_, false)) return StopCompress{};
    if (phase_ == Phase::closing) return Disconnect{reason_};
    if (phase_ == Phase::busy || phase_ == Phase::append_decision) return NeedInput{};
    const bool raw = phase_ == Phase::auth_response || phase_ == Phase::idling;
    const bool preauth = state_ == State::not_authenticated;
    const std::size_t line_max = phase_ == Phase::auth_response ? limits().auth_octets
                                 : preauth                      ? limits().line_octets_preauth
                                                                : limits().line_octets;
    const Event event =
        framer_.poll(raw ? Framer::Mode::raw_line : Framer::Mode::command, line_max);
    if (event == Event::need_input) return NeedInput{};
    if (auto step = step_event(event)) return std::move(*step);
  }
}

std::optional<Step> Engine::step_event(Event event) {
  switch (event) {
    case Event::line:
      return on_line();
    case Event::literal:
      return on_literal();
    case Event::chunk:
      return AppendChunk{framer_.octets()};
    case Event::stream_end:
      phase_ = Phase::append_tail;
      return AppendEnd{};
    case Event::too_long: {
      if (phase_ == Phase::append_tail) return fail_append(bad("Line is too long"));
      if (phase_ == Phase::auth_response) {
        end_command(bad("Response is too long"));
        return AuthCancelled{};
      }
      if (phase_ == Phase::idling) {
        idle_broken_ = true;
        phase_ = Phase::busy;
        return IdleDone{};
      }
      std::size_t arguments_at = 0;
      const auto refusal = read_head(arguments_at);
      end_command(refusal.value_or(bad("Line is too long", code::plain(code::Plain::too_big))));
      return std::nullopt;
    }
    case Event::skipped:
      framer_.next_command();  // it was answered when it was refused
      phase_ = Phase::ready;
      return std::nullopt;
    case Event::need_input:
      break;
  }
  return std::nullopt;
}

// Reads "tag SP verb" off the frame into tag_ and rule_, and sees whether the verb is legal now.
std::optional<Reply> Engine::read_head(std::size_t& arguments_at) {
  Parser p(framer_.frame(), features(), limits());
  rule_ = nullptr;
  tag_ = "*";  // RFC 9051 §7.1.3: what names no command gets an untagged BAD
  const auto tag = p.tag();
  if (!tag || !p.take(' ')) return bad("Expected a tag and a command");
  tag_ = std::string(*tag);
  std::string verb = p.keyword();
  if (verb == "UID") verb += p.take(' ') ? ' ' + p.keyword() : std::string();
  const detail::Rule* rule = detail::find_rule(verb);
  if (rule == nullptr) return bad("Unknown command");
  if ((rule->states & (1U << static_cast<unsigned>(state_))) == 0) {
    return bad("Not in this state: " + std::string(rule->verb));
  }
  if (features().uid_only && detail::names_by_number(*rule)) {
    return bad("UIDONLY is enabled: use UID " + std::string(rule->verb),
               code::plain(code::Plain::uid_required));
  }
  rule_ = rule;
  arguments_at = p.position();
  return std::nullopt;
}

// APPEND, REPLACE, UID REPLACE: their literal is streamed.
bool Engine::takes_message() const {
  return rule_ != nullptr && (rule_->verb == "APPEND" || rule_->verb.ends_with("REPLACE"));
}

std::optional<Step> Engine::on_line() {
  switch (phase_) {
    case Phase::auth_response:
      return on_auth_line();
    case Phase::idling:
      idle_broken_ = !ascii::iequals(framer_.frame(), "DONE");  // RFC 9051 §6.3.13
      framer_.next_command();
      phase_ = Phase::busy;
      return IdleDone{};
    case Phase::append_tail:
      return on_append_tail();
    default:
      return run_command();
  }
}

std::optional<Step> Engine::on_literal() {
  if (phase_ == Phase::append_tail) return on_append_tail();
  // A command's first literal: see early whether it may be a command at all, so that nothing is
  // read for one that is refused anyway.
  if (framer_.frame().find("\r\n") == std::string_view::npos) {
    std::size_t arguments_at = 0;
    if (auto refusal = read_head(arguments_at)) {
      refuse_literal(std::move(*refusal));
      return std::nullopt;
    }
  }
  if (takes_message()) return on_append_literal();
  return keep_literal();
}

// Takes the literal into the command's text, or refuses both.
std::optional<Step> Engine::keep_literal() {
  const LiteralHeader header = framer_.literal();
  const std::uint64_t most = state_ == State::not_authenticated ? limits().literal_octets_preauth
                                                                : limits().literal_octets;
  const std::uint64_t held = framer_.frame().size();
  const std::uint64_t room = most + limits().line_octets;  // the frame counts the lines as well
  const bool over_minus = options_->literals == LiteralCapability::minus &&
                          header.sync == LiteralHeader::Sync::non_sync && header.octets > 4096;
  if (header.octets > most || held + header.octets > room || over_minus) {
    refuse_literal(bad("Literal is too big", code::plain(code::Plain::too_big)));
    return std::nullopt;
  }
  if (header.sync == LiteralHeader::Sync::waits) writer_.continuation("OK");
  framer_.keep();
  return std::nullopt;
}

// Answers the command without its literal: a synchronising one ends here, as the client waits;
// another one is swallowed, unless that would cost too much (RFC 7888 §4).
void Engine::refuse_literal(Reply reply) {
  const LiteralHeader header = framer_.literal();
  if (header.sync == LiteralHeader::Sync::waits) {
    framer_.drop();
    end_command(reply);
    return;
  }
  const std::uint64_t discard_max =
      state_ == State::not_authenticated ? limits().literal_octets : limits().discard_octets;
  if (header.octets > discard_max) {
    reason_ = Disconnect::Reason::abuse;
    bye("Literal is too big", code::plain(code::Plain::too_big));
    return;
  }
  end_command(reply);
  if (phase_ == Phase::closing) return;
  framer_.skip(header);
  phase_ = Phase::swallowing;
}

std::optional<Step> Engine::run_command() {
  std::size_t arguments_at = 0;
  if (const auto refusal = read_head(arguments_at)) {
    end_command(*refusal);
    return std::nullopt;
  }
  const std::string_view rest = framer_.frame().substr(arguments_at);
  const std::string_view verb = rule_->verb;
  if (rule_->parse != nullptr) {
    Parser p(rest, features(), limits());
    auto step = rule_->parse(p);
    if (!step) {
      end_command(p.reply());
      return std::nullopt;
    }
    writer_.set_features(p.features());
    framer_.next_command();
    phase_ = Phase::busy;
    return act(std::move(*step));
  }
  if (takes_message()) return run_append(rest);
  if (!rest.empty()) {
    end_command(bad("No arguments are taken"));
    return std::nullopt;
  }
  if (verb == "STARTTLS") return start_tls();
  if (verb == "LOGOUT") {
    writer_.bye("Logging out");
    end_command(ok("Logged out"));
    state_ = State::logout;
    reason_ = Disconnect::Reason::logout;
    phase_ = Phase::closing;
    return std::nullopt;
  }
  if (verb == "GETJMAPACCESS") {
    if (!options_->jmap_url.empty()) writer_.jmap_access(options_->jmap_url);
    end_command(options_->jmap_url.empty() ? bad("No JMAP server is known") : ok("That is it"));
    return std::nullopt;
  }
  writer_.capability(capabilities(state_, channel_, *options_));
  end_command(ok("Capability completed"));
  return std::nullopt;
}

// What the engine does of a command before, or instead of, the host.
std::optional<Step> Engine::act(Step step) {
  if (auto* login = std::get_if<Login>(&step)) {
    if (!passwords_allowed(channel_, *options_)) {
      end_command(no("Start TLS first", code::Plain::privacy_required));
      return std::nullopt;
    }
    return std::move(*login);
  }
  if (auto* start = std::get_if<AuthStart>(&step)) return start_auth(*start);
  if (std::holds_alternative<StartCompress>(step)) return start_compress();
  if (auto* newly = std::get_if<Enable>(&step)) enable(*newly);
  if (std::holds_alternative<Idle>(step)) {
    writer_.continuation("idling");
    phase_ = Phase::idling;
  }
  if (auto* multi = std::get_if<MultiSearch>(&step);
      multi != nullptr && multi->reads_selected() && state_ != State::selected) {
    end_command(bad("No mailbox is selected"));  // RFC 7377 §2.2
    return std::nullopt;
  }
  if (std::holds_alternative<Select>(step) && state_ == State::selected) {
    writer_.status_ok("Previous mailbox is closed", code::plain(code::Plain::closed));
  }
  if (auto* list = std::get_if<List>(&step);
      list != nullptr && list->patterns.size() == 1 && list->patterns.front().empty()) {
    writer_.list({{"\\Noselect"}, "", false, {}});  // RFC 9051 §6.3.9: asks for the separator
    end_command(ok("List completed"));
    return std::nullopt;
  }
  const bool is_search = std::holds_alternative<Search>(step) ||
                         std::holds_alternative<Sort>(step) ||
                         std::holds_alternative<MultiSearch>(step);
  writer_.set_tag(is_search ? std::string_view(tag_) : "");
  return step;
}

void Engine::enable(Enable& step) {
  Features all = features();
  Features& newly = step.newly;
  // RFC 5161 §3.2: only what is new is named.
  newly.condstore = newly.condstore && !all.condstore;
  newly.qresync = newly.qresync && !all.qresync;
  newly.utf8_accept = newly.utf8_accept && !all.utf8_accept;
  newly.imap4rev2 = newly.imap4rev2 && !all.imap4rev2;
  newly.uid_only = newly.uid_only && !all.uid_only;
  all.condstore = all.condstore || newly.condstore;
  all.qresync = all.qresync || newly.qresync;
  all.utf8_accept = all.utf8_accept || newly.utf8_accept;
  all.imap4rev2 = all.imap4rev2 || newly.imap4rev2;
  all.uid_only = all.uid_only || newly.uid_only;
  writer_.set_features(all);
  writer_.enabled(newly);
}

std::optional<Step> Engine::start_tls() {
  if (channel_ == Channel::tls || options_->tls == TlsOffer::none) {
    end_command(bad("TLS is not on offer"));
    return std::nullopt;
  }
  end_command(ok("Begin TLS"));
  framer_.discard_input();  // RFC 9051 §6.2.1: nothing in clear may count as said under TLS
  return StartTls{};
}

std::optional<Step> Engine::start_compress() {
  if (compressed_) {
    end_command(bad("DEFLATE is active", code::plain(code::Plain::compression_active)));
    return std::nullopt;
  }
  end_command(ok("DEFLATE active"));
  framer_.discard_input();  // RFC 4978 §3: a client sends nothing before it has seen the OK
  compressed_ = true;
  return StartCompress{};
}

std::optional<Step> Engine::start_auth(AuthStart& start) {
  if (!mechanism_known(start.mechanism, *options_)) {
    end_command(no("Mechanism is not supported"));
    return std::nullopt;
  }
  if (!mechanism_allowed(start.mechanism, channel_, *options_)) {
    end_command(no("Start TLS first", code::Plain::privacy_required));
    return std::nullopt;
  }
  return std::move(start);
}

void Engine::progress(std::uint64_t done, std::uint64_t total) {
  if (phase_ != Phase::busy || rule_ == nullptr || done >= total) return;
  writer_.status_ok("Still at work", code::in_progress(tag_, done, total));
}

void Engine::challenge(std::string_view bytes) {
  writer_.continuation(codec::base64_encode(bytes));
  phase_ = Phase::auth_response;
}

std::optional<Step> Engine::on_auth_line() {
  const std::string line(framer_.frame());
  framer_.next_command();
  if (line == "*") {
    end_command(bad("Authentication cancelled"));
    return AuthCancelled{};
  }
  auto bytes = codec::base64_decode(line);
  if (!bytes) {
    end_command(bad("Response is not base64"));
    return AuthCancelled{};
  }
  phase_ = Phase::busy;
  return AuthResponse{Secret(std::move(*bytes))};
}

void Engine::finish(Reply reply) {
  if (phase_ == Phase::closing) return;
  if (phase_ == Phase::append_decision) {
    refuse_literal(std::move(reply));
    return;
  }
  if (std::exchange(idle_broken_, false)) reply = bad("Expected DONE");
  const bool selecting = rule_ != nullptr && rule_->on_ok == detail::OnOk::selected;
  if (reply.status == Reply::Status::ok) {
    const State before = state_;
    apply_ok();
    // RFC 9051 §6.2.2, §6.2.3: spares the client a CAPABILITY after login.
    if (before == State::not_authenticated && state_ == State::authenticated &&
        reply.code.text.empty()) {
      reply.code = code::capability(capabilities(state_, channel_, *options_));
    }
  } else if (selecting && state_ == State::selected) {
    state_ = State::authenticated;
  }
  end_command(reply);
}

void Engine::apply_ok() {
  if (rule_ == nullptr) return;
  switch (rule_->on_ok) {
    case detail::OnOk::stay:
      return;
    case detail::OnOk::authenticated:
    case detail::OnOk::leave_mailbox:
      state_ = State::authenticated;
      return;
    case detail::OnOk::selected:
      state_ = State::selected;
      return;
    case detail::OnOk::not_authenticated:  // RFC 8437 §2: everything but TLS starts anew
      reset_session();
      return;
  }
}

void Engine::reset_session() {
  state_ = State::not_authenticated;
  writer_.set_features({});
  between_ = Updates::none;
  stop_compress_ = std::exchange(compressed_, false);
}

void Engine::end_command(const Reply& reply) {
  writer_.tagged(tag_, reply);
  framer_.next_command();
  writer_.set_tag("");
  tag_ = std::string();
  append_mailbox_ = std::string();
  append_index_ = 0;
  rule_ = nullptr;
  phase_ = Phase::ready;
  count(reply);
}

// Too many BADs in a row: a peer that speaks something else.
void Engine::count(const Reply& reply) {
  if (reply.status != Reply::Status::bad) {
    bad_count_ = 0;
  } else if (++bad_count_ > limits().bad_commands) {
    reason_ = Disconnect::Reason::abuse;
    bye("Too many bad commands");
  }
}

void Engine::bye(std::string_view text, const ResponseCode& code) {
  if (phase_ == Phase::closing) return;
  writer_.bye(text, code);
  state_ = State::logout;
  phase_ = Phase::closing;
}

}  // namespace fumi::imap
