// The IMAP server engine: bytes in, steps out (steps.h), responses by writer(). No sockets, clock,
// store, logs or threads. One engine a connection, used from one thread.
//
//   for (;;) {
//     Step step = engine.next();
//     send writer().output().pieces(), then output().clear();   // a step may come with output
//     NeedInput  → read, feed();   Disconnect → close;   a command → write its data, finish(reply)
//   }
//
// One command is in flight at a time: until finish() next() gives NeedInput (APPEND, IDLE and
// AUTHENTICATE have steps of their own meanwhile), and what the client pipelines waits in the
// input.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proto/imap/capability.h"
#include "proto/imap/detail/framing.h"
#include "proto/imap/options.h"
#include "proto/imap/reply.h"
#include "proto/imap/steps.h"
#include "proto/imap/writer.h"

namespace fumi::imap {

namespace detail {
struct Rule;
}

class Engine {
 public:
  // `options` is shared by the sessions that were accepted under it.
  Engine(std::shared_ptr<const Options> options, Channel channel);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void greet();  // writes the greeting; first of all
  void feed(std::string_view bytes);
  [[nodiscard]] Step next();
  // Whether to read more. False: enough unread input waits, let TCP hold the rest.
  [[nodiscard]] bool wants_input() const;

  // Ends the command in flight. OK moves the state as the command table says: LOGIN to
  // authenticated, SELECT to selected … ; NO to SELECT leaves no mailbox selected (RFC 9051
  // §6.3.2).
  void finish(Reply reply);
  // AUTHENTICATE: asks the client for one more response.
  void challenge(std::string_view bytes);
  // AppendBegin: go on; the message follows as AppendChunk. To refuse, finish() instead: the
  // literal is then never asked for, or swallowed.
  void accept_append();
  // Says how far the command in flight is (RFC 9585); nothing if there is none.
  void progress(std::uint64_t done, std::uint64_t total);
  // The TLS handshake after StartTls is done.
  void tls_started() { channel_ = Channel::tls; }
  // Says BYE; the next step is Disconnect (autologout, shutdown: RFC 9051 §5.4, §7.1.5).
  void bye(std::string_view text, const ResponseCode& code = {});

  [[nodiscard]] Writer& writer() { return writer_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Features features() const { return writer_.features(); }
  // NOTIFY SELECTED (RFC 5465 §6.1): what may be told of the mailbox between commands, too.
  void tell_between(Updates updates) { between_ = updates; }
  // What may be told of the mailbox now: unless tell_between() says more, Updates::none between
  // commands, and in the middle of some.
  [[nodiscard]] Updates updates_allowed() const;
  [[nodiscard]] bool is_idling() const { return phase_ == Phase::idling; }
  // The client is at rest: nothing in flight, nothing half read.
  [[nodiscard]] bool is_quiet() const;
  // The verb in flight, for records and metrics; empty if none.
  [[nodiscard]] std::string_view verb() const;

  [[nodiscard]] std::size_t heap_octets() const;

 private:
  enum class Phase : std::uint8_t {
    ready,            // between commands
    busy,             // the host owes an answer
    auth_response,    // the client owes a SASL response
    idling,           // the client owes DONE
    append_decision,  // the host owes accept_append() or a refusal
    append_data,      // a message streams
    append_tail,      // what follows a message: another, or the end
    swallowing,       // an answered command's rest
    closing
  };
  using Event = detail::Framer::Event;

  [[nodiscard]] std::optional<Step> step_event(Event event);
  [[nodiscard]] std::optional<Step> on_line();
  [[nodiscard]] std::optional<Step> on_literal();
  [[nodiscard]] std::optional<Step> on_auth_line();
  [[nodiscard]] std::optional<Step> run_command();
  [[nodiscard]] std::optional<Step> act(Step step);
  [[nodiscard]] std::optional<Step> start_auth(AuthStart& start);
  [[nodiscard]] std::optional<Step> start_tls();
  [[nodiscard]] std::optional<Step> start_compress();
  [[nodiscard]] std::optional<Step> keep_literal();
  [[nodiscard]] bool takes_message() const;
  [[nodiscard]] std::optional<Step> on_append_literal();
  [[nodiscard]] std::optional<Step> run_append(std::string_view arguments);
  [[nodiscard]] std::optional<Step> on_append_tail();
  [[nodiscard]] std::optional<Step> begin_append(AppendBegin begin);
  [[nodiscard]] std::optional<Step> fail_append(Reply reply);
  [[nodiscard]] std::optional<Reply> read_head(std::size_t& arguments_at);
  void count(const Reply& reply);
  void refuse_literal(Reply reply);
  void end_command(const Reply& reply);
  void apply_ok();
  void enable(Enable& step);
  void reset_session();
  [[nodiscard]] const Limits& limits() const { return options_->limits; }

  std::shared_ptr<const Options> options_;
  detail::Framer framer_;
  Writer writer_;
  std::string tag_;
  std::string append_mailbox_;
  const detail::Rule* rule_ = nullptr;
  std::uint32_t append_index_ = 0;
  std::uint32_t bad_count_ = 0;
  Phase phase_ = Phase::ready;
  Updates between_ = Updates::none;
  State state_ = State::not_authenticated;
  Channel channel_ = Channel::clear;
  Disconnect::Reason reason_ = Disconnect::Reason::host;
  AppendBegin::Form append_form_ = AppendBegin::Form::literal;
  bool idle_broken_ = false;
  bool compressed_ = false;
  bool stop_compress_ = false;  // to be said as a step
};

}  // namespace fumi::imap
