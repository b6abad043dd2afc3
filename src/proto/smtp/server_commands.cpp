// The commands of the server engine: which may come when, and what each means.
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "proto/line/utf8.h"
#include "proto/sasl/base64.h"
#include "proto/smtp/server.h"

namespace fumi::smtp {
namespace {

// The first four letters, upper case, as a number: one comparison finds a verb.
constexpr std::uint32_t verb_key(std::string_view verb) {
  std::uint32_t key = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    key = key << 8U | (i < verb.size() ? static_cast<unsigned char>(ascii::upper(verb[i])) : 0U);
  }
  return key;
}

enum Flag : std::uint8_t {
  none = 0,
  before_tls = 1,    // RFC 3207 §4: also where TLS is required and not there yet
  before_auth = 2,   // also where AUTH is required and not done yet (RFC 6409 §4.3)
  turned_away = 4,   // RFC 5321 §3.1: also after a 554 greeting
  ends_group = 8,    // RFC 2920 §3.1: replies are sent at once
  no_argument = 16,  // RFC 5321 §4.1.1: anything behind the verb is 501
  chore = 32,        // moves no mail; limited by chores_max
};

constexpr std::string_view kBadArgument = "Syntax error in argument";

// RFC 5321 §4.1.1: verb and argument are separated by space; trailing space is tolerated.
std::string_view without_trailing_space(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if ((c >= 0 && c < 32) || c == 127) return true;
  }
  return false;
}

Reply path_reply(PathFault fault, Enhanced syntax) {
  switch (fault) {
    case PathFault::syntax:
      return {501, syntax, "Syntax error in address"};
    case PathFault::local_too_long:
      return {501, syntax, "Local part too long"};
    case PathFault::domain_too_long:
      return {501, syntax, "Domain too long"};
    case PathFault::path_too_long:
      return {501, syntax, "Path too long"};
  }
  return {501, syntax, "Syntax error in address"};
}

// "FROM:" or "TO:"; CLIENT: many put a space behind the colon.
bool take_keyword(std::string_view& argument, std::string_view keyword) {
  if (!ascii::istarts_with(argument, keyword)) return false;
  argument.remove_prefix(keyword.size());
  while (argument.starts_with(' '))
    argument.remove_prefix(1);
  return true;
}

}  // namespace

namespace {
constexpr std::uint8_t after(auto... phases) {
  return std::uint8_t((0U | ... | (1U << unsigned(phases))));
}
}  // namespace

// RFC 5321 §4.1.4 order · RFC 3207 §4 before TLS · RFC 2920 §3.1 must end a pipelined group
struct ServerRules {
  using Phase = Server::Phase;
  struct Rule {
    std::string_view verb;
    std::uint8_t after;  // a set of phases
    std::uint8_t flags;
    Server::Handled (Server::*handler)(std::string_view);
  };

  static constexpr std::uint8_t any_phase =
      after(Phase::greeted, Phase::hello, Phase::mail, Phase::rcpt, Phase::chunks);

  static constexpr std::array kRules{
      // verb       legal after                     flags handler
      Rule{"MAIL", after(Phase::hello), none, &Server::on_mail},
      Rule{"RCPT", after(Phase::mail, Phase::rcpt), none, &Server::on_rcpt},
      Rule{"DATA", after(Phase::mail, Phase::rcpt), ends_group | no_argument, &Server::on_data},
      // RFC 3030 §2: the octets follow whatever we think of the command; its handler checks the
      // order.
      Rule{"BDAT", any_phase, before_tls | before_auth | turned_away, &Server::on_bdat},
      Rule{"EHLO", any_phase, before_tls | before_auth | ends_group | chore, &Server::on_ehlo},
      Rule{"HELO", any_phase, before_auth | ends_group | chore, &Server::on_helo},
      Rule{"RSET", any_phase, before_auth | no_argument | chore, &Server::on_rset},
      Rule{"QUIT", any_phase, before_tls | before_auth | turned_away | ends_group | no_argument,
           &Server::on_quit},
      Rule{"NOOP", any_phase, before_tls | before_auth | ends_group | chore, &Server::on_noop},
      Rule{"STARTTLS", after(Phase::hello), before_tls | before_auth | ends_group | no_argument,
           &Server::on_starttls},
      Rule{"AUTH", after(Phase::hello), before_auth | ends_group, &Server::on_auth},
      Rule{"HELP", any_phase, before_auth | chore, &Server::on_help},
      Rule{"VRFY", any_phase, before_auth | ends_group | chore, &Server::on_vrfy},
      Rule{"EXPN", any_phase, before_auth | ends_group, &Server::on_unimplemented},
      // RFC 5321 Appendix F: obsolete, known by name only.
      Rule{"TURN", any_phase, before_auth | ends_group, &Server::on_unimplemented},
      Rule{"ETRN", any_phase, before_auth | ends_group, &Server::on_unimplemented},
      Rule{"SEND", any_phase, before_auth, &Server::on_unimplemented},
      Rule{"SOML", any_phase, before_auth, &Server::on_unimplemented},
      Rule{"SAML", any_phase, before_auth, &Server::on_unimplemented},
  };

  static const Rule* find(std::string_view verb) {
    static constexpr auto kKeys = [] {
      std::array<std::uint32_t, kRules.size()> keys{};
      for (std::size_t i = 0; i < keys.size(); ++i)
        keys[i] = verb_key(kRules[i].verb);
      return keys;
    }();
    const std::uint32_t key = verb_key(verb);
    for (std::size_t i = 0; i < kRules.size(); ++i) {
      if (kKeys[i] != key || kRules[i].verb.size() != verb.size()) continue;
      return verb.size() == 4 || ascii::iequals(verb, kRules[i].verb) ? &kRules[i] : nullptr;
    }
    return nullptr;
  }

  static std::string_view order_error(const Rule& rule, Phase phase) {
    if (phase == Phase::greeted) return "Send EHLO first";
    if (rule.verb == "MAIL") return "A transaction is open already";
    if (rule.verb == "RCPT" && phase == Phase::hello) return "Send MAIL first";
    if (rule.verb == "DATA" && phase == Phase::hello) return "Send MAIL and RCPT first";
    if (rule.verb == "DATA") return "BDAT and DATA cannot be mixed";
    if (rule.verb == "AUTH") return "AUTH is not allowed in a transaction";
    return "Command out of order";
  }
};

std::string_view Server::lacking_permission(std::uint8_t rule_flags) const {
  const bool plain = options_->tls == TlsPolicy::required && tls_ == TlsState::plain;
  if (plain && (rule_flags & before_tls) == 0) return "Send STARTTLS first";
  const bool needs_auth =
      options_->role == Role::submission || (options_->role == Role::relay && !trusted_);
  const bool unknown = needs_auth && !authenticated_ && phase_ == Phase::hello;
  if (unknown && (rule_flags & before_auth) == 0) return "Authentication required";
  return {};
}

Server::Handled Server::command(std::string_view line, std::size_t octets) {
  line = without_trailing_space(line);
  const std::string_view verb = line.substr(0, line.find(' '));
  std::string_view argument = line.substr(verb.size());
  while (argument.starts_with(' '))
    argument.remove_prefix(1);
  const ServerRules::Rule* rule = ServerRules::find(verb);
  if (octets > options_->command_octets_max && (rule == nullptr || rule->verb != "AUTH")) {
    return refuse(500, {5, 5, 2}, "Line too long");
  }
  if (phase_ == Phase::turned_away && (rule == nullptr || (rule->flags & turned_away) == 0)) {
    return refuse(503, {5, 5, 1}, "This session is refused; send QUIT");
  }
  if (rule == nullptr) return refuse(500, {5, 5, 1}, "Command not recognized");
  if ((rule->flags & ends_group) != 0) due_ = true;
  if (has_control(line) || (!line::is_ascii(line) && !line::is_utf8(line))) {
    if (rule->handler == &Server::on_bdat) {
      return close_with(Close::Cause::lost_framing, {4, 5, 2}, "Malformed BDAT");
    }
    return refuse(500, {5, 5, 2}, "Control character or malformed UTF-8 in command");
  }
  if (const auto lacking = lacking_permission(rule->flags); !lacking.empty()) {
    return refuse(530, {5, 7, 0}, lacking);
  }
  if (rule->handler != &Server::on_bdat && phase_ != Phase::turned_away &&
      (rule->after & after(phase_)) == 0) {
    return refuse(503, {5, 5, 1}, ServerRules::order_error(*rule, phase_));
  }
  if ((rule->flags & no_argument) != 0 && !argument.empty()) {
    return refuse(501, {5, 5, 4}, "No argument is allowed");
  }
  if ((rule->flags & chore) != 0 && ++chores_ > options_->chores_max) {
    return close_with(Close::Cause::too_many_errors, {4, 7, 0}, "Too many commands without mail");
  }
  return (this->*rule->handler)(argument);
}

// RFC 5321 §4.1.1.1
Server::Handled Server::on_hello(std::string_view argument, Hello::Protocol protocol) {
  if (argument.empty()) return refuse(501, {5, 5, 4}, "A host name is required");
  if (argument.size() > kDomainOctetsMax + 2) return refuse(501, {5, 5, 4}, "Host name too long");
  if (!line::is_ascii(argument) && protocol == Hello::Protocol::smtp) {
    return refuse(501, {5, 5, 4}, kBadArgument);
  }
  // RFC 5321 §4.1.4: as if RSET had been sent. A name that is no domain must not be a reason of
  // ours to refuse mail; the host learns the form.
  if (phase_ > Phase::hello) phase_ = Phase::hello;
  hello_esmtp_ = protocol == Hello::Protocol::esmtp;
  const NameForm form = is_domain(argument)            ? NameForm::domain
                        : is_address_literal(argument) ? NameForm::literal
                                                       : NameForm::other;
  return await(Awaiting::hello, Hello{std::string(argument), protocol, form});
}
Server::Handled Server::on_ehlo(std::string_view argument) {
  return on_hello(argument, Hello::Protocol::esmtp);
}
Server::Handled Server::on_helo(std::string_view argument) {
  return on_hello(argument, Hello::Protocol::smtp);
}

void Server::greeting_lines() {
  output_.append("250").append(esmtp_ ? "-" : " ").append(options_->hostname).append("\r\n");
  if (!esmtp_) return;
  const Extensions set = offered();
  const auto line = [&](Extension extension, std::string_view text) {
    if (set.has(extension)) output_.append("250-").append(text).append("\r\n");
  };
  line(Extension::pipelining, "PIPELINING");
  if (set.has(Extension::size)) {
    output_.append("250-SIZE ").append(std::to_string(options_->size_max)).append("\r\n");
  }
  line(Extension::eight_bit_mime, "8BITMIME");
  line(Extension::smtputf8, "SMTPUTF8");
  line(Extension::chunking, "CHUNKING");
  line(Extension::binarymime, "BINARYMIME");
  line(Extension::enhanced_status, "ENHANCEDSTATUSCODES");
  line(Extension::dsn, "DSN");
  line(Extension::starttls, "STARTTLS");
  if (set.has(Extension::auth)) {
    output_.append("250-AUTH ").append(offered_mechanisms()).append("\r\n");
  }
  if (set.has(Extension::limits)) {
    output_.append("250-LIMITS MAILMAX=").append(std::to_string(options_->transactions_max));
    output_.append(" RCPTMAX=").append(std::to_string(options_->recipients_max)).append("\r\n");
  }
  line(Extension::requiretls, "REQUIRETLS");
  if (set.has(Extension::futurerelease)) {
    output_.append("250-FUTURERELEASE ").append(std::to_string(options_->hold_max_s));
    output_.append(" ").append(options_->hold_until_max).append("\r\n");
  }
  output_.append("250 HELP\r\n");
}

// RFC 5321 §4.1.1.2
Server::Handled Server::on_mail(std::string_view argument) {
  if (!take_keyword(argument, "FROM:"))
    return refuse(501, {5, 5, 4}, "Expected MAIL FROM:<address>");
  auto path = reverse_path(argument);
  if (!path || (!argument.empty() && argument[0] != ' ')) {
    const Reply bad = path_reply(path ? PathFault::syntax : path.error(), {5, 1, 7});
    return refuse(bad.code, bad.enhanced, bad.text);
  }
  // RFC 5321 §4.1.4: extensions only after EHLO.
  auto parameters = mail_parameters(argument, esmtp_ ? offered() : Extensions{});
  if (!parameters) {
    const Reply& bad = parameters.error();
    return refuse(bad.code, bad.enhanced, bad.text);
  }
  smtputf8_ = parameters->smtputf8;
  if (!smtputf8_ && needs_utf8(path->mailbox)) {
    return refuse(553, {5, 6, 7}, "Non-ASCII address without SMTPUTF8");  // RFC 6531 §3.5
  }
  if (transactions_ >= options_->transactions_max) {
    reply(452, {4, 5, 3}, "Too many transactions in this session");  // RFC 9422 §4.1
    return std::nullopt;
  }
  if (parameters->size && *parameters->size > options_->size_max) {
    reply(552, {5, 3, 4}, "Message size exceeds the limit");  // RFC 1870 §6.1
    return std::nullopt;
  }
  // RFC 4954 §5: AUTH= from a client that we do not know is not worth anything.
  if (!authenticated_) parameters->auth.reset();
  body_ = parameters->body;
  return await(Awaiting::mail, MailFrom{std::move(*path), std::move(*parameters)});
}

// RFC 5321 §4.1.1.3
Server::Handled Server::on_rcpt(std::string_view argument) {
  if (!take_keyword(argument, "TO:")) return refuse(501, {5, 5, 4}, "Expected RCPT TO:<address>");
  auto path = forward_path(argument);
  if (!path || (!argument.empty() && argument[0] != ' ')) {
    const Reply bad = path_reply(path ? PathFault::syntax : path.error(), {5, 1, 3});
    return refuse(bad.code, bad.enhanced, bad.text);
  }
  auto parameters = rcpt_parameters(argument, esmtp_ ? offered() : Extensions{});
  if (!parameters) {
    const Reply& bad = parameters.error();
    return refuse(bad.code, bad.enhanced, bad.text);
  }
  if (!smtputf8_ && (needs_utf8(path->mailbox) || !line::is_ascii(parameters->orcpt))) {
    return refuse(553, {5, 6, 7}, "Non-ASCII address without SMTPUTF8");
  }
  if (recipients_ >= options_->recipients_max) {  // RFC 5321 §4.5.3.1.10
    if (++recipient_failures_ > options_->recipient_failures_max) {
      return close_with(Close::Cause::too_many_errors, {4, 7, 0}, "Too many recipients");
    }
    reply(452, {4, 5, 3}, "Too many recipients");
    return std::nullopt;
  }
  return await(Awaiting::rcpt, RcptTo{std::move(*path), std::move(*parameters)});
}

// RFC 5321 §4.1.1.5
Server::Handled Server::on_rset(std::string_view /*argument*/) {
  const bool open = is_in_transaction();
  if (open) phase_ = Phase::hello;
  reply(250, {2, 0, 0}, "Reset");
  if (!open) return std::nullopt;
  return Reset{Reset::Cause::rset};
}

Server::Handled Server::on_noop(std::string_view /*argument*/) {
  reply(250, {2, 0, 0}, "Ok");
  return std::nullopt;
}

// RFC 5321 §4.1.1.10
Server::Handled Server::on_quit(std::string_view /*argument*/) {
  reply(221, {2, 0, 0}, options_->hostname + " closing connection");
  return close(Close::Cause::quit);
}

Server::Handled Server::on_help(std::string_view /*argument*/) {
  reply(214, {2, 0, 0},
        "Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT STARTTLS AUTH VRFY HELP");
  return std::nullopt;
}

// RFC 5321 §7.3: who exists is nobody's business here.
Server::Handled Server::on_vrfy(std::string_view argument) {
  if (argument.empty()) return refuse(501, {5, 5, 4}, "An address is required");
  reply(252, {2, 5, 0}, "Cannot verify, but will take the message and try");
  return std::nullopt;
}

Server::Handled Server::on_unimplemented(std::string_view /*argument*/) {
  return refuse(502, {5, 5, 1}, "Command not implemented");
}

// RFC 3207 §4
Server::Handled Server::on_starttls(std::string_view /*argument*/) {
  if (tls_ == TlsState::active) return refuse(503, {5, 5, 1}, "TLS is active already");
  if (!offered().has(Extension::starttls)) return refuse(502, {5, 5, 1}, "STARTTLS is not offered");
  reply(220, {2, 0, 0}, "Ready to start TLS");
  // Nothing said in the clear may be obeyed or believed later (RFC 3207 §4.2, §6).
  input_.clear();
  lines_.reset();
  phase_ = Phase::greeted;
  authenticated_ = false;
  esmtp_ = false;
  mode_ = Mode::tls;
  return StartTls{};
}

// RFC 4954 §4
Server::Handled Server::on_auth(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find(' '));
  std::string_view initial = argument.substr(name.size());
  while (initial.starts_with(' '))
    initial.remove_prefix(1);
  struct Wipe {
    line::InputBuffer& input;
    std::string_view secret;
    ~Wipe() { input.wipe(secret); }
  } const wipe{input_, initial};
  if (authenticated_) return refuse(503, {5, 5, 1}, "Already authenticated");
  if (!offered().has(Extension::auth)) {
    const bool after_tls = tls_ == TlsState::plain && !options_->mechanisms.empty();
    if (after_tls) return refuse(538, {5, 7, 11}, "Encryption required for authentication");
    return refuse(502, {5, 5, 1}, "AUTH is not offered");
  }
  if (!esmtp_) return refuse(503, {5, 5, 1}, "Send EHLO first");
  if (name.empty()) return refuse(501, {5, 5, 4}, "A mechanism is required");
  const std::string names = offered_mechanisms();
  bool known = false;
  for (const std::string_view each : ascii::split(names, ' '))
    known |= ascii::iequals(each, name);
  if (!known) return refuse(504, {5, 5, 4}, "Unrecognized authentication mechanism");
  AuthStart start{ascii::to_upper(name), std::nullopt};
  if (initial == "=") {
    start.initial.emplace();
  } else if (!initial.empty()) {
    auto decoded = sasl::base64_decode(initial);
    if (!decoded) return refuse(501, {5, 5, 2}, "Cannot decode base64");
    start.initial.emplace(std::move(*decoded));
  }
  return await(Awaiting::auth, std::move(start));
}

Server::Handled Server::auth_line(const line::Line& line) {
  due_ = true;
  struct Wipe {
    line::InputBuffer& input;
    std::string_view secret;
    ~Wipe() { input.wipe(secret); }
  } const wipe{input_, line.text};
  mode_ = Mode::command;
  if (line.status == line::Framed::too_long) {
    return auth_failed(500, {5, 5, 6}, "Authentication exchange line is too long");
  }
  if (line.text == "*") return auth_failed(501, {5, 7, 0}, "Authentication cancelled");
  auto decoded = sasl::base64_decode(line.text);
  if (!decoded) return auth_failed(501, {5, 5, 2}, "Cannot decode base64");
  return await(Awaiting::auth, AuthResponse{Secret(std::move(*decoded))});
}

}  // namespace fumi::smtp
