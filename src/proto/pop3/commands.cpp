#include "proto/pop3/commands.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "proto/sasl/base64.h"
#include "proto/sasl/mechanism.h"

namespace fumi::pop3 {

// RFC 1939 §9, RFC 2449 §5 (CAPA), RFC 2595 §4 (STLS), RFC 5034 §4 (AUTH), RFC 6856 §2, §3 (UTF8,
// LANG). Not here: APOP, whose digest needs passwords stored in clear; LAST, which RFC 1939 no
// longer has.
constexpr Commands::Rule Commands::kRules[] = {
    // verb   legal in                arguments                handler
    {"CAPA", States::both, Arguments::none, &Commands::capa},
    {"USER", States::authorization, Arguments::anything, &Commands::user},
    {"PASS", States::authorization, Arguments::anything, &Commands::pass},
    {"AUTH", States::authorization, Arguments::anything, &Commands::auth},
    {"STLS", States::authorization, Arguments::none, &Commands::stls},
    {"UTF8", States::authorization, Arguments::none, &Commands::utf8},
    {"LANG", States::both, Arguments::optional_one, &Commands::lang},
    {"QUIT", States::both, Arguments::none, &Commands::quit},
    {"STAT", States::transaction, Arguments::none, &Commands::stat},
    {"LIST", States::transaction, Arguments::optional_one, &Commands::list},
    {"UIDL", States::transaction, Arguments::optional_one, &Commands::uidl},
    {"RETR", States::transaction, Arguments::one, &Commands::retr},
    {"TOP", States::transaction, Arguments::two, &Commands::top},
    {"DELE", States::transaction, Arguments::one, &Commands::dele},
    {"NOOP", States::transaction, Arguments::none, &Commands::noop},
    {"RSET", States::transaction, Arguments::none, &Commands::rset},
};

const Commands::Rule* Commands::find(std::string_view verb) {
  for (const Rule& rule : kRules) {
    if (ascii::iequals(rule.verb, verb)) return &rule;
  }
  return nullptr;
}

bool Commands::legal(const Rule& rule, const Engine& engine) {
  if (rule.states == States::both) return true;
  return (rule.states == States::transaction) == (engine.state_ == Engine::State::transaction);
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  if (text.empty() || text.size() > 10 || !std::ranges::all_of(text, ascii::is_digit)) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// RFC 2449 §6. Those that login changes say so there: EXPIRE and LOGIN-DELAY may, ours do not.
Commands::Out Commands::capa(Engine& e, std::string_view, std::string_view) {
  const Options& options = *e.options_;
  e.ok(Text::capabilities);
  e.line("TOP");
  e.line("UIDL");
  e.line("RESP-CODES");
  e.line("AUTH-RESP-CODE");  // RFC 3206 §6
  e.line("PIPELINING");
  if (e.passwords_allowed()) e.line("USER");
  std::string names;
  for (const std::string& name : options.mechanisms) {
    if (e.offered(name)) names += ' ' + name;
  }
  if (!names.empty()) e.line("SASL" + names);
  // RFC 2595 §4: in AUTHORIZATION only, and not under TLS.
  const bool stls = options.tls == TlsOffer::stls && e.channel_ == Channel::clear;
  if (stls && e.state_ == Engine::State::authorization) e.line("STLS");
  e.line(options.expire_days ? "EXPIRE " + std::to_string(*options.expire_days) : "EXPIRE NEVER");
  if (options.login_delay_s > 0) e.line("LOGIN-DELAY " + std::to_string(options.login_delay_s));
  e.line("UTF8");
  e.line("LANG");
  e.line("IMPLEMENTATION Fumi");
  e.line(".");
  return std::nullopt;
}

// RFC 1939 §7 USER. The answer is the same whoever exists.
Commands::Out Commands::user(Engine& e, std::string_view name, std::string_view) {
  if (!e.passwords_allowed()) {
    e.err({ResponseCode::none, Text::tls_first});
  } else if (!sasl::is_prepared(name)) {
    e.bad(Text::syntax);
  } else {
    e.user_ = name;
    e.ok(Text::send_password);
  }
  return std::nullopt;
}

// RFC 1939 §7 PASS: what follows is one argument, spaces included.
Commands::Out Commands::pass(Engine& e, std::string_view password, std::string_view) {
  if (!e.passwords_allowed()) {
    e.err({ResponseCode::none, Text::tls_first});
    return std::nullopt;
  }
  if (e.user_.empty()) {
    e.bad(Text::user_first);
    return std::nullopt;
  }
  std::string user = std::exchange(e.user_, {});  // a second PASS needs a second USER
  if (!sasl::is_prepared(password)) {
    e.bad(Text::syntax);
    return std::nullopt;
  }
  e.phase_ = Engine::Phase::busy;
  return Login{std::move(user), Secret(std::string(password))};
}

// RFC 5034 §4: "AUTH" SP mechanism [SP initial-response], where "=" is an empty one.
Commands::Out Commands::auth(Engine& e, std::string_view mechanism, std::string_view initial) {
  if (mechanism.empty()) {  // CLIENT: older Outlook asks so for the mechanisms
    e.ok(Text::mechanisms);
    for (const std::string& name : e.options_->mechanisms) {
      if (e.offered(name)) e.line(name);
    }
    e.line(".");
    return std::nullopt;
  }
  const auto known = std::ranges::find_if(
      e.options_->mechanisms,
      [mechanism](const std::string& name) { return ascii::iequals(name, mechanism); });
  if (known == e.options_->mechanisms.end()) {
    e.bad(Text::unknown_mechanism);
    return std::nullopt;
  }
  if (!e.offered(*known)) {
    e.err({ResponseCode::none, Text::tls_first});
    return std::nullopt;
  }
  std::optional<Secret> bytes;
  if (!initial.empty()) {
    auto decoded = initial == "=" ? std::string() : sasl::base64_decode(initial);
    if (!decoded) {
      e.bad(Text::not_base64);
      return std::nullopt;
    }
    bytes = Secret(std::move(*decoded));
  }
  e.phase_ = Engine::Phase::busy;
  return AuthStart{*known, std::move(bytes)};
}

// RFC 2595 §4. What was pipelined behind it in clear is thrown away, and nothing that was said
// before counts.
Commands::Out Commands::stls(Engine& e, std::string_view, std::string_view) {
  if (e.channel_ == Channel::tls || e.options_->tls == TlsOffer::none) {
    e.bad(Text::no_tls);
    return std::nullopt;
  }
  if (e.utf8_) {  // RFC 6856 §2.1
    e.bad(Text::tls_after_utf8);
    return std::nullopt;
  }
  e.ok(Text::begin_tls);
  e.forget_client();
  return StartTls{};
}

Commands::Out Commands::utf8(Engine& e, std::string_view, std::string_view) {
  e.utf8_ = true;
  e.ok(Text::utf8_on);
  return std::nullopt;
}

// RFC 6856 §3.2. "ja-JP" is served by "ja" (by lookup); "*" is English.
Commands::Out Commands::lang(Engine& e, std::string_view range, std::string_view) {
  if (range.empty()) {
    e.ok(Text::languages);
    for (const LanguageName& one : languages()) {
      e.line(std::string(one.tag) + ' ' + std::string(one.name));
    }
    e.line(".");
    return std::nullopt;
  }
  if (range == "*") range = languages().front().tag;
  for (const LanguageName& one : languages()) {
    const bool longer = ascii::istarts_with(range, std::string(one.tag) + '-');
    if (!longer && !ascii::iequals(range, one.tag)) continue;
    e.language_ = one.language;
    e.ok(std::string(one.tag) + ' ' + render(one.language, Text::language_set));
    return std::nullopt;
  }
  e.err({ResponseCode::none, Text::unknown_language});
  return std::nullopt;
}

// RFC 1939 §6: from TRANSACTION it goes through UPDATE.
Commands::Out Commands::quit(Engine& e, std::string_view, std::string_view) {
  if (e.state_ == Engine::State::authorization) {
    e.ok(Text::bye);
    e.end_step(Engine::Phase::closing);
    return std::nullopt;
  }
  Update update;
  for (const Engine::Message& message : e.messages_) {
    if (message.deleted) update.removed.push_back(message.uid);
  }
  e.updating_ = true;
  e.phase_ = Engine::Phase::busy;
  return update;
}

Commands::Out Commands::stat(Engine& e, std::string_view, std::string_view) {
  e.ok(std::to_string(e.left_) + ' ' + std::to_string(e.left_octets_));
  return std::nullopt;
}

Commands::Out Commands::listing(Engine& e, std::string_view number, Engine::Listing what) {
  if (number.empty()) {
    e.ok(Text::maildrop, e.left_, e.left_octets_);
    e.listing_ = what;
    e.next_listed_ = 0;
    e.phase_ = Engine::Phase::listing;
  } else if (const auto index = e.message(number)) {
    e.output_ += "+OK ";
    e.list_one(*index, what);
  }
  return std::nullopt;
}

Commands::Out Commands::list(Engine& e, std::string_view number, std::string_view) {
  return listing(e, number, Engine::Listing::sizes);
}

Commands::Out Commands::uidl(Engine& e, std::string_view number, std::string_view) {
  return listing(e, number, Engine::Listing::ids);
}

Commands::Out Commands::retr(Engine& e, std::string_view number, std::string_view) {
  const auto index = e.message(number);
  if (!index) return std::nullopt;
  e.phase_ = Engine::Phase::busy;
  return Retrieve{e.messages_[*index].uid, std::nullopt};
}

Commands::Out Commands::top(Engine& e, std::string_view number, std::string_view lines) {
  const auto count = number_of(lines);
  if (!count) {
    e.bad(Text::syntax);
    return std::nullopt;
  }
  const auto index = e.message(number);
  if (!index) return std::nullopt;
  e.phase_ = Engine::Phase::busy;
  return Retrieve{e.messages_[*index].uid, count};
}

Commands::Out Commands::dele(Engine& e, std::string_view number, std::string_view) {
  const auto index = e.message(number);
  if (!index) return std::nullopt;
  Engine::Message& message = e.messages_[*index];
  message.deleted = true;
  --e.left_;
  e.left_octets_ -= message.octets;
  e.ok(Text::deleted, *index + 1);
  return std::nullopt;
}

Commands::Out Commands::noop(Engine& e, std::string_view, std::string_view) {
  e.ok(Text::noop);
  return std::nullopt;
}

Commands::Out Commands::rset(Engine& e, std::string_view, std::string_view) {
  for (Engine::Message& message : e.messages_) {
    if (!std::exchange(message.deleted, false)) continue;
    ++e.left_;
    e.left_octets_ += message.octets;
  }
  e.ok(Text::undeleted);
  return std::nullopt;
}

}  // namespace fumi::pop3
