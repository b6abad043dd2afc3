// Test code: a host for the wire scripts and the fuzzer, with one account (fake_account.h).
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proto/pop3/engine.h"
#include "proto/pop3/fake_account.h"
#include "proto/pop3/message.h"
#include "proto/sasl/server_exchange.h"

namespace fumi::pop3::fake {

class Session {
 public:
  Session(std::shared_ptr<Account> account, std::shared_ptr<const Options> options, Channel channel)
      : account_(std::move(account)), engine_(std::move(options), channel) {
    engine_.greet();
  }
  ~Session() { leave(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What the server says to these octets.
  std::string talk(std::string_view octets) {
    std::string said;
    for (;;) {
      const std::size_t taken = engine_.feed(octets);
      octets.remove_prefix(taken);
      run(said);
      if (octets.empty() || closed_) return said;
      if (taken == 0) return said + "(the input is full)";
    }
  }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }

 private:
  void run(std::string& said) {
    while (!closed_) {
      Step step = engine_.next();
      said += std::exchange(engine_.output(), {});
      if (std::holds_alternative<NeedInput>(step)) return;
      act(step, said);
    }
  }

  void act(Step& step, std::string& said) {
    if (std::holds_alternative<Disconnect>(step)) {
      closed_ = true;
      leave();
    } else if (std::holds_alternative<StartTls>(step)) {
      engine_.tls_started();
    } else if (auto* login = std::get_if<Login>(&step)) {
      const bool right =
          login->user == account_->name && login->password.reveal() == account_->password;
      right ? enter() : engine_.refuse({ResponseCode::auth, Text::wrong_password});
    } else if (auto* start = std::get_if<AuthStart>(&step)) {
      exchange_.emplace(sasl::ServerConfig{});
      std::optional<std::string_view> initial;
      if (start->initial) initial = start->initial->reveal();
      on_sasl(exchange_->start(*sasl::find_mechanism(start->mechanism), initial));
    } else if (auto* response = std::get_if<AuthResponse>(&step)) {
      on_sasl(exchange_->respond(response->bytes.reveal()));
    } else if (auto* retrieve = std::get_if<Retrieve>(&step)) {
      send(*retrieve, said);
    } else if (auto* update = std::get_if<Update>(&step)) {
      std::erase_if(account_->messages, [&](const auto& message) {
        return std::ranges::find(update->removed, message.first) != update->removed.end();
      });
      engine_.updated();
    }
  }

  void on_sasl(sasl::ServerStep step) {
    if (auto* challenge = std::get_if<sasl::Challenge>(&step)) {
      engine_.challenge(challenge->octets);
    } else if (auto* asked = std::get_if<sasl::NeedPassword>(&step)) {
      const bool right =
          asked->authcid == account_->name && asked->password.reveal() == account_->password;
      on_sasl(exchange_->answer_password(right ? sasl::PasswordVerdict::correct
                                               : sasl::PasswordVerdict::wrong));
    } else if (std::holds_alternative<sasl::Done>(step)) {
      enter();
    } else {
      const auto* failed = std::get_if<sasl::Failed>(&step);
      const bool malformed = failed != nullptr && failed->failure == sasl::Failure::malformed;
      engine_.refuse(malformed ? Refusal{ResponseCode::none, Text::not_base64}
                               : Refusal{ResponseCode::auth, Text::wrong_password});
    }
  }

  void enter() {
    if (account_->in_use) {
      engine_.refuse({ResponseCode::in_use, Text::in_use});
      return;
    }
    account_->in_use = inside_ = true;
    Maildrop maildrop;
    maildrop.id_prefix = "1-";
    for (const auto& [uid, text] : account_->messages)
      maildrop.messages.push_back({uid, text.size()});
    engine_.open(std::move(maildrop));
  }
  void leave() {
    if (std::exchange(inside_, false)) account_->in_use = false;
  }

  void send(const Retrieve& retrieve, std::string& said) {
    for (const auto& [uid, text] : account_->messages) {
      if (uid != retrieve.uid) continue;
      if (!engine_.utf8() && account_->utf8_headers == Utf8Headers::refuse && needs_utf8(text)) {
        engine_.refuse({ResponseCode::utf8, Text::needs_utf8});
        return;
      }
      const std::string_view part = retrieve.lines ? top_of(text, *retrieve.lines) : text;
      engine_.begin_message(part.size());
      MessageEncoder encoder(part);
      while (!encoder.done()) {
        const std::string_view block = encoder.next(engine_.output());
        said += std::exchange(engine_.output(), {});
        said += block;
      }
      engine_.end_message();
      return;
    }
    engine_.refuse({ResponseCode::none, Text::gone});
  }

  std::shared_ptr<Account> account_;  // shared by the sessions of a script
  Engine engine_;
  std::optional<sasl::ServerExchange> exchange_;
  bool inside_ = false;
  bool closed_ = false;
};

}  // namespace fumi::pop3::fake
