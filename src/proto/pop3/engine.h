// The POP3 server engine (RFC 1939): bytes in, steps out (steps.h). No sockets, clock, store, logs
// or threads. One engine a connection, used from one thread.
//
//   for (;;) {
//     Step step = engine.next();
//     send and clear output();                 // a step may come with output
//     NeedInput → read, feed();   Disconnect → close;   others → do it and answer
//   }
//
// The maildrop is a snapshot that open() brings: STAT, LIST, UIDL, DELE and RSET need no host.
// One command is in flight at a time; what a client pipelines (RFC 2449 §6.6) waits in the input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/line/framing.h"
#include "proto/line/input_buffer.h"
#include "proto/pop3/options.h"
#include "proto/pop3/reply.h"
#include "proto/pop3/steps.h"

namespace fumi::pop3 {

struct MaildropMessage {
  std::uint32_t uid = 0;
  std::uint64_t octets = 0;
};

// What a session sees, from its login to its end (RFC 1939 §4).
struct Maildrop {
  // With the UID behind it, a message's unique-id (RFC 1939 §7): "1700000000-17". ASCII, at most
  // 60 octets.
  std::string id_prefix;
  std::vector<MaildropMessage> messages;  // ascending by UID; message numbers are places from 1
};

class Engine {
 public:
  // `options` is shared by the sessions that were accepted under it.
  Engine(std::shared_ptr<const Options> options, Channel channel);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void greet();  // writes the greeting; first of all
  // Takes as many octets as there is room for, and says how many. While next() says NeedInput there
  // is room for 4096 at least.
  [[nodiscard]] std::size_t feed(std::string_view bytes);
  [[nodiscard]] Step next();

  // Answers. Each ends its step.
  void challenge(std::string_view bytes);  // AuthStart, AuthResponse: one more response, please
  void open(Maildrop maildrop);            // AuthStart, AuthResponse, Login: welcome
  void updated();                          // Update: all of it is durable
  // Any (answer) step. Limits::failed_logins of them, and a refused Update, end the connection;
  // then nothing was removed (RFC 1939 §6).
  void refuse(Refusal refusal);

  // Retrieve: "+OK", then the host appends the message to output(), encoded by MessageEncoder, and
  // may send and clear output() in between.
  void begin_message(std::uint64_t octets);
  void end_message();

  // The TLS handshake after StartTls is done.
  void tls_started() { channel_ = Channel::tls; }

  [[nodiscard]] std::string& output() { return output_; }
  [[nodiscard]] bool utf8() const { return utf8_; }  // UTF-8 mode (RFC 6856 §2.1)
  // The UIDs from `uid` on that are not marked as deleted, at most `count`: what a client that
  // fetches in turn will ask for.
  [[nodiscard]] std::vector<std::uint32_t> following(std::uint32_t uid, std::size_t count) const;
  [[nodiscard]] std::size_t heap_octets() const;

 private:
  friend struct Commands;
  enum class State : std::uint8_t { authorization, transaction };
  enum class Phase : std::uint8_t {
    ready,          // between commands
    busy,           // the host owes an answer
    message,        // the host sends a message
    listing,        // the lines of LIST or UIDL are being written
    auth_response,  // the client owes a SASL response
    closing
  };
  enum class Listing : std::uint8_t { sizes, ids };
  struct Message {
    std::uint32_t uid = 0;
    bool deleted = false;
    std::uint64_t octets = 0;
  };

  [[nodiscard]] std::optional<Step> on_line(const line::Line& line);
  [[nodiscard]] std::optional<Step> on_auth_line(const line::Line& line);
  [[nodiscard]] std::optional<Step> on_command(std::string_view text);

  void ok(std::string_view text);
  void ok(Text text, std::uint64_t first = 0, std::uint64_t second = 0);
  void err(Refusal refusal, std::uint64_t first = 0);
  void bad(Text text);  // -ERR that counts
  void line(std::string_view text);
  void close(Refusal refusal);
  void end_step(Phase phase = Phase::ready);
  void list_some();
  void list_one(std::uint32_t index, Listing listing);
  void forget_client();
  // The message that a number names, unless it is marked; says -ERR otherwise.
  [[nodiscard]] std::optional<std::uint32_t> message(std::string_view number);
  [[nodiscard]] bool offered(std::string_view mechanism) const;
  [[nodiscard]] bool passwords_allowed() const;
  [[nodiscard]] const Limits& limits() const { return options_->limits; }

  std::shared_ptr<const Options> options_;
  line::InputBuffer input_;
  line::LineFramer framer_;
  std::string output_;
  std::string user_;  // of USER
  std::string id_prefix_;
  std::vector<Message> messages_;
  std::uint32_t left_ = 0;         // messages that are not marked as deleted
  std::uint64_t left_octets_ = 0;  // and their octets
  std::uint32_t next_listed_ = 0;
  std::uint32_t bad_count_ = 0;
  std::uint32_t failed_logins_ = 0;
  State state_ = State::authorization;
  Phase phase_ = Phase::ready;
  Channel channel_;
  Listing listing_ = Listing::sizes;
  Language language_ = Language::english;
  bool utf8_ = false;
  bool updating_ = false;  // the step in flight is Update
};

}  // namespace fumi::pop3
