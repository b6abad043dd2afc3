// The server side of SMTP (RFC 5321) without I/O: bytes in, steps out.
//
//   loop: step = next(); write output(), if any, and say sent(); act on the step.
//
// A step that asks for an answer must be answered, by accept(), answer() or challenge(), before
// next() is called again; doing otherwise is a bug of the host and asserts. Nothing that a peer
// sends asserts. The engine writes every reply itself, and output() stays empty while the
// replies of a pipelined group are gathered (RFC 2920 §3.2).
//
// Memory: an idle session holds no buffers; a busy one at most kInputOctetsMax of input and about
// kOutputOctets of replies. Deadlines (RFC 5321 §4.5.3.2.7) are the host's: shut_down(421 …). One
// session, one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/line/framing.h"
#include "proto/line/input_buffer.h"
#include "proto/smtp/reply.h"
#include "proto/smtp/server_options.h"
#include "proto/smtp/server_steps.h"

namespace fumi::smtp {

class Server {
 public:
  static constexpr std::size_t kInputOctetsMax = 256 * 1024;
  static constexpr std::size_t kOutputOctets = 16 * 1024;

  // The options are shared by the sessions of a listener; whoever reloads them makes a new object.
  // `tls` is active from the start on ports with implicit TLS (RFC 8314 §3).
  Server(std::shared_ptr<const ServerOptions> options, TlsState tls);

  [[nodiscard]] ServerStep next();

  // Takes input; all of it if fed at Need and not over kInputOctetsMax, else less.
  [[nodiscard]] std::size_t feed(std::string_view octets) { return input_.append(octets); }
  // Or read straight into the engine's buffer.
  [[nodiscard]] std::span<char> prepare(std::size_t octets) { return input_.prepare(octets); }
  void commit(std::size_t octets) { input_.commit(octets); }

  // What is due to be sent now. The view ends with the next call.
  [[nodiscard]] std::string_view output() const;
  void sent(std::size_t octets);

  void accept();                            // with the usual reply
  void answer(Reply reply);                 // any 2xx accepts; 421 closes
  void challenge(std::string_view octets);  // AuthStart and AuthResponse only
  void tls_started();
  // RFC 4954 does not apply to this peer: role relay, known address. Before Greet is answered.
  void trust_peer() { trusted_ = true; }
  // At any time, in the middle of a message too: the reply (usually 421), then Close.
  void shut_down(Reply reply);

  [[nodiscard]] TlsState tls() const { return tls_; }
  [[nodiscard]] std::size_t input_capacity_octets() const { return input_.capacity_octets(); }
  [[nodiscard]] bool is_authenticated() const { return authenticated_; }
  [[nodiscard]] bool is_in_transaction() const { return phase_ >= Phase::mail; }
  // What is offered to this client in the present state.
  [[nodiscard]] Extensions offered() const;
  // Names separated by spaces, in order; empty where AUTH is not offered.
  [[nodiscard]] std::string offered_mechanisms() const;

 private:
  friend struct ServerRules;
  enum class Phase : std::uint8_t { fresh, turned_away, greeted, hello, mail, rcpt, chunks };
  enum class Mode : std::uint8_t { greet, command, auth, text, chunk, tls, closed };
  enum class Awaiting : std::uint8_t {
    nothing,
    greet,
    hello,
    auth,
    mail,
    rcpt,
    data_begin,
    data_end
  };
  using Handled = std::optional<ServerStep>;  // nothing: the engine has replied; go on
  using Handler = Handled(std::string_view argument);

  Handled command(std::string_view line, std::size_t octets);
  Handled overlong(line::Framed status);
  Handled auth_line(const line::Line& line);
  Handler on_ehlo, on_helo, on_mail, on_rcpt, on_data, on_bdat, on_rset, on_noop, on_quit, on_help,
      on_vrfy, on_starttls, on_auth, on_unimplemented;
  Handled on_hello(std::string_view argument, Hello::Protocol protocol);

  Handled read_text();
  Handled read_chunk();
  Handled take_message(std::string_view text);
  Handled end_message();
  Handled end_chunk();
  void begin_message();

  void reply(int code, Enhanced enhanced, std::string_view text);
  Handled refuse(int code, Enhanced enhanced, std::string_view text);  // counts as an error
  Handled close(Close::Cause cause);
  Handled close_with(Close::Cause cause, Enhanced enhanced, std::string_view text);
  [[nodiscard]] std::string_view lacking_permission(std::uint8_t rule_flags) const;
  void conclude(int code, Enhanced enhanced, std::string_view text);
  void greeting_lines();
  Handled auth_failed(int code, Enhanced enhanced, std::string_view text);
  ServerStep await(Awaiting what, ServerStep step);
  ServerStep need();

  std::shared_ptr<const ServerOptions> options_;
  line::InputBuffer input_{kInputOctetsMax};
  line::LineFramer lines_;
  line::DotDecoder dots_;
  line::TextFacts facts_;
  std::string output_;
  std::size_t sent_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t received_ = 0;  // octets of the message, void ones too
  std::optional<Reply> chunk_refusal_;
  std::optional<Reset::Cause> reset_due_;
  std::uint32_t recipients_ = 0;
  std::uint32_t recipient_failures_ = 0;
  std::uint32_t transactions_ = 0;
  std::uint32_t errors_ = 0;
  std::uint32_t chores_ = 0;
  std::uint32_t auth_failures_ = 0;
  Phase phase_ = Phase::fresh;
  Mode mode_ = Mode::greet;
  Awaiting awaiting_ = Awaiting::nothing;
  Close::Cause close_cause_ = Close::Cause::quit;
  TlsState tls_;
  Body body_ = Body::seven_bit;
  bool due_ = false;
  bool too_large_ = false;  // the rest of the message is dropped
  bool esmtp_ = false;
  bool hello_esmtp_ = false;  // as esmtp_, while the host thinks about it
  bool smtputf8_ = false;
  bool trusted_ = false;
  bool authenticated_ = false;
  bool chunk_last_ = false;
  bool chunked_ = false;  // the message comes by BDAT
};

}  // namespace fumi::smtp
