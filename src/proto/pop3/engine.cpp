#include "proto/pop3/engine.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "proto/pop3/commands.h"
#include "proto/sasl/base64.h"

namespace fumi::pop3 {

namespace {

// A peer may send so much behind a partial line of the longest kind.
constexpr std::size_t kRoomOctets = 4096;

// CLIENT: some put blanks behind a command.
std::string_view without_trailing_blanks(std::string_view text) {
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

struct Words {
  std::string_view first, second;
  std::size_t count = 0;  // 3: more than two
};

// RFC 1939 §3: arguments are separated by a single space.
Words words_of(std::string_view text) {
  Words words;
  if (text.empty()) return words;
  const std::size_t blank = text.find(' ');
  words.first = text.substr(0, blank);
  words.count = 1;
  if (blank == std::string_view::npos) return words;
  words.second = text.substr(blank + 1);
  const bool more = words.first.empty() || words.second.empty() ||
                    words.second.find(' ') != std::string_view::npos;
  words.count = more ? 3 : 2;
  return words;
}

bool fits(Commands::Arguments wanted, std::size_t count) {
  switch (wanted) {
    case Commands::Arguments::none:
      return count == 0;
    case Commands::Arguments::optional_one:
      return count <= 1;
    case Commands::Arguments::one:
      return count == 1;
    case Commands::Arguments::two:
      return count == 2;
    case Commands::Arguments::anything:
      return true;
  }
  return false;
}

}  // namespace

Engine::Engine(std::shared_ptr<const Options> options, Channel channel)
    : options_(std::move(options)),
      input_(std::max({limits().input_octets, limits().line_octets + kRoomOctets,
                       limits().auth_octets + kRoomOctets})),
      channel_(channel) {}

void Engine::greet() { ok(options_->greeting); }

std::size_t Engine::feed(std::string_view bytes) {
  return phase_ == Phase::closing ? bytes.size() : input_.append(bytes);
}

std::size_t Engine::heap_octets() const {
  return input_.capacity_octets() + output_.capacity() + user_.capacity() +
         messages_.capacity() * sizeof(Message);
}

std::vector<std::uint32_t> Engine::following(std::uint32_t uid, std::size_t count) const {
  std::vector<std::uint32_t> uids;
  auto at = std::ranges::lower_bound(messages_, uid, {}, &Message::uid);
  for (; at != messages_.end() && uids.size() < count; ++at) {
    if (!at->deleted) uids.push_back(at->uid);
  }
  return uids;
}

Step Engine::next() {
  for (;;) {
    if (phase_ == Phase::closing) return Disconnect{};
    if (phase_ == Phase::busy || phase_ == Phase::message) return NeedInput{};
    if (output_.size() >= limits().output_octets) return Flush{};
    if (phase_ == Phase::listing) {
      list_some();
      continue;
    }
    const bool auth = phase_ == Phase::auth_response;
    const line::Line line =
        framer_.next(input_, auth ? limits().auth_octets : limits().line_octets);
    if (line.status == line::Framed::more) {
      input_.release_if_empty();
      return NeedInput{};
    }
    if (line.status == line::Framed::endless) {
      close({ResponseCode::none, Text::line_too_long});
      continue;
    }
    auto step = auth ? on_auth_line(line) : on_line(line);
    if (step) return std::move(*step);
  }
}

std::optional<Step> Engine::on_line(const line::Line& line) {
  if (line.status == line::Framed::too_long) {
    bad(Text::line_too_long);
    return std::nullopt;
  }
  if (line.bare || line.nul) {
    bad(Text::syntax);
    return std::nullopt;
  }
  auto step = on_command(line.text);
  input_.wipe(line.text);  // it may have held a password
  return step;
}

std::optional<Step> Engine::on_command(std::string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const Commands::Rule* rule = Commands::find(text.substr(0, blank));
  if (rule == nullptr) {
    bad(Text::unknown_command);
    return std::nullopt;
  }
  if (!Commands::legal(*rule, *this)) {
    bad(Text::wrong_state);
    return std::nullopt;
  }
  std::string_view rest = text.substr(std::min(text.size(), blank + 1));
  if (rule->verb == "USER" || rule->verb == "PASS") return rule->run(*this, rest, {});
  const Words words = words_of(without_trailing_blanks(rest));
  if (!fits(rule->arguments, words.count) || words.count > 2) {
    bad(Text::syntax);
    return std::nullopt;
  }
  return rule->run(*this, words.first, words.second);
}

// RFC 5034 §4: a response in base64, or "*" to give up.
std::optional<Step> Engine::on_auth_line(const line::Line& line) {
  phase_ = Phase::ready;
  if (line.status == line::Framed::too_long) {
    bad(Text::line_too_long);
    return AuthCancelled{};
  }
  if (line.text == "*") {
    err({ResponseCode::none, Text::cancelled});
    return AuthCancelled{};
  }
  auto bytes = sasl::base64_decode(line.text);
  input_.wipe(line.text);
  if (!bytes) {
    bad(Text::not_base64);
    return AuthCancelled{};
  }
  phase_ = Phase::busy;
  return AuthResponse{Secret(std::move(*bytes))};
}

void Engine::challenge(std::string_view bytes) {
  line("+ " + sasl::base64_encode(bytes));
  end_step(Phase::auth_response);
}

void Engine::open(Maildrop maildrop) {
  id_prefix_ = std::move(maildrop.id_prefix);
  messages_.clear();
  messages_.reserve(maildrop.messages.size());
  left_ = static_cast<std::uint32_t>(maildrop.messages.size());
  left_octets_ = 0;
  for (const MaildropMessage& message : maildrop.messages) {
    messages_.push_back({message.uid, false, message.octets});
    left_octets_ += message.octets;
  }
  state_ = State::transaction;
  user_ = std::string();
  ok(Text::maildrop, left_, left_octets_);
  end_step();
}

void Engine::updated() {
  ok(Text::bye);
  end_step(Phase::closing);
}

void Engine::refuse(Refusal refusal) {
  const bool last = updating_;
  err(refusal);
  end_step(last ? Phase::closing : Phase::ready);
  if (state_ == State::authorization && ++failed_logins_ >= limits().failed_logins) {
    phase_ = Phase::closing;
  }
}

void Engine::begin_message(std::uint64_t octets) {
  ok(Text::octets, octets);
  phase_ = Phase::message;
}

void Engine::end_message() { end_step(); }

void Engine::end_step(Phase phase) {
  updating_ = false;
  phase_ = phase;
}

void Engine::line(std::string_view text) {
  output_ += text;
  output_ += "\r\n";
}

void Engine::ok(std::string_view text) {
  bad_count_ = 0;
  output_ += "+OK ";
  line(text);
}

void Engine::ok(Text text, std::uint64_t first, std::uint64_t second) {
  ok(render(language_, text, first, second));
}

void Engine::err(Refusal refusal, std::uint64_t first) {
  output_ += "-ERR ";
  output_ += to_string(refusal.code);
  line(render(language_, refusal.text, first));
}

// Too many in a row: a peer that speaks something else.
void Engine::bad(Text text) {
  if (++bad_count_ > limits().bad_commands) {
    close({ResponseCode::none, Text::too_many_errors});
  } else {
    err({ResponseCode::none, text});
  }
}

void Engine::close(Refusal refusal) {
  err(refusal);
  phase_ = Phase::closing;
}

void Engine::list_one(std::uint32_t index, Listing listing) {
  const Message& message = messages_[index];
  output_ += std::to_string(index + 1);
  output_ += ' ';
  if (listing == Listing::ids) {
    output_ += id_prefix_;
    line(std::to_string(message.uid));
  } else {
    line(std::to_string(message.octets));
  }
}

// Writes lines until the output is full or the listing ends.
void Engine::list_some() {
  for (; next_listed_ < messages_.size(); ++next_listed_) {
    if (output_.size() >= limits().output_octets) return;
    if (!messages_[next_listed_].deleted) list_one(next_listed_, listing_);
  }
  line(".");
  phase_ = Phase::ready;
}

// RFC 2595 §4: after TLS the session begins anew.
void Engine::forget_client() {
  input_.clear();
  framer_.reset();
  user_ = std::string();
  language_ = Language::english;
  utf8_ = false;
}

std::optional<std::uint32_t> Engine::message(std::string_view number) {
  const auto value = number_of(number);
  if (!value) {
    bad(Text::syntax);
  } else if (*value == 0 || *value > messages_.size()) {
    err({ResponseCode::none, Text::no_such_message});
  } else if (messages_[*value - 1].deleted) {
    err({ResponseCode::none, Text::deleted_already}, *value);
  } else {
    return static_cast<std::uint32_t>(*value - 1);
  }
  return std::nullopt;
}

bool Engine::passwords_allowed() const {
  return channel_ == Channel::tls || options_->plaintext == Plaintext::allow;
}

bool Engine::offered(std::string_view mechanism) const {
  if (mechanism.ends_with("-PLUS")) return channel_ == Channel::tls;  // there is a channel to bind
  const auto& open = options_->mechanisms_plaintext;
  return passwords_allowed() || std::ranges::find(open, mechanism) == open.end();
}

}  // namespace fumi::pop3
