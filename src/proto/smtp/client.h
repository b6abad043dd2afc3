// The client side of SMTP without I/O: one connection, any number of transactions.
//
//   loop: step = next(); write output() and say sent(); act on the step.
//
// Greeting, EHLO (or HELO), STARTTLS and AUTH go by the plan; then each Ready takes a transaction:
//   begin() ──▶ NeedInput… NeedBody… ──▶ TransactionDone ──▶ Ready or Closed
// Commands are pipelined where offered (RFC 2920). If a message was begun and can't be finished,
// the connection ends without an end of data, so that nothing cut short is ever delivered.
//
// Calls out of turn are bugs of the host and assert; nothing that a server sends does. Replies over
// ReplyParser's limits, and lines over 4096 octets, end the session. One session, one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "proto/line/framing.h"
#include "proto/line/input_buffer.h"
#include "proto/smtp/client_steps.h"

namespace fumi::smtp {

enum class BodyPart : std::uint8_t { more, last };

class Client {
 public:
  static constexpr std::size_t kInputOctetsMax = 64 * 1024;
  static constexpr std::size_t kLineOctetsMax = 4096;

  explicit Client(SessionPlan plan);

  [[nodiscard]] ClientStep next();

  [[nodiscard]] std::size_t feed(std::string_view octets) { return input_.append(octets); }
  [[nodiscard]] std::string_view output() const { return std::string_view(output_).substr(sent_); }
  void sent(std::size_t octets);

  void tls_started(sasl::ChannelBindings bindings);
  void peer_closed();  // the connection ended; next() says what that means

  void begin(Transaction transaction);  // at Ready
  void quit();                          // at Ready
  // At NeedBody: CRLF lines (anything for BINARYMIME); a missing last CRLF is added for DATA. One
  // call makes one BDAT chunk, so give large parts.
  void body(std::string_view octets, BodyPart part);
  void abort_body();  // at NeedBody: the rest of the message can't be read

  [[nodiscard]] const PeerFeatures& features() const { return features_; }
  [[nodiscard]] TlsState tls() const { return plan_.tls_state; }

 private:
  enum class Stage : std::uint8_t {
    greeting,
    hello,
    starttls,
    tls,
    auth,
    ready,
    envelope,
    body,
    final,
    quitting,
    closed
  };
  enum class Expect : std::uint8_t {
    greeting,
    ehlo,
    helo,
    starttls,
    auth,
    rset,
    mail,
    rcpt,
    data,
    empty_data,
    chunk,
    final,
    quit
  };

  void send(std::string_view line, Expect expect);
  void on_reply(const Reply& reply);
  void unasked(const Reply& reply);
  void on_ehlo(const Reply& reply);
  void on_auth(const Reply& reply);
  void after_hello();
  void start_auth();
  void read_features(std::string_view lines);
  void read_feature(std::string_view line);

  [[nodiscard]] std::optional<TransactionDone> impossible() const;
  void pump_envelope();
  void envelope_replied();
  void start_body();
  void write_text(std::string_view octets, BodyPart part);
  void finish(Outcome outcome, Reply final);
  void fail_session(Closed::Cause cause, Reply reply);
  [[nodiscard]] NeedInput::Wait waiting() const;

  SessionPlan plan_;
  PeerFeatures features_;
  sasl::ChannelBindings bindings_;
  std::optional<sasl::ClientExchange> exchange_;
  Secret deferred_initial_;
  line::InputBuffer input_{kInputOctetsMax};
  line::LineFramer lines_;
  ReplyParser parser_;
  std::string output_;
  std::size_t sent_ = 0;
  std::deque<Expect> expected_;
  std::deque<ClientStep> steps_;  // to be given before anything else is read
  Stage stage_ = Stage::greeting;

  Transaction transaction_;
  std::vector<std::optional<Reply>> rcpt_replies_;
  std::optional<Reply> mail_reply_;
  std::optional<Reply> data_reply_;
  std::size_t rcpt_sent_ = 0;
  std::size_t rcpt_replied_ = 0;
  std::size_t accepted_ = 0;
  bool mail_sent_ = false;
  bool data_sent_ = false;
  bool chunked_ = false;
  bool dirty_ = false;  // the server may hold a half transaction: RSET before the next
  bool line_start_ = true;
  line::TextFacts facts_;
  std::optional<Reply> chunk_failure_;
};

}  // namespace fumi::smtp
