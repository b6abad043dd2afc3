// APPEND and REPLACE (RFC 8508) (RFC 9051 §6.3.12, RFC 3502 MULTIAPPEND, RFC 3516 literal8, RFC
// 6855 §4 UTF8): messages go to the host while they are read, so that none is ever held here.
#include "proto/imap/detail/commands.h"
#include "proto/imap/engine.h"
#include "proto/imap/message_limit.h"

namespace fumi::imap {

using detail::LiteralHeader;
using detail::Parser;

// The first line of an APPEND ended in a literal: the mailbox's name, or the first message.
std::optional<Step> Engine::on_append_literal() {
  const LiteralHeader header = framer_.literal();
  const std::string_view frame = framer_.frame().substr(0, header.at);
  Parser p(frame, features(), limits());
  const auto tag = p.tag();
  if (!tag || !p.take(' ')) return std::nullopt;  // can't be: on_literal() has read it
  if (p.keyword() == "UID" && p.take(' ')) (void)p.keyword();
  std::optional<AppendBegin::Replaces> replaces;
  if (rule_->verb != "APPEND") {
    replaces = detail::parse_replaced(p, rule_->verb == "REPLACE" ? By::seq : By::uid);
    if (!replaces) {
      refuse_literal(p.reply());
      return std::nullopt;
    }
  }
  auto head = detail::parse_append_mailbox(p);
  if (!head) {
    refuse_literal(p.reply());
    return std::nullopt;
  }
  if (head->ends == detail::AppendHead::Ends::at_name) {
    if (header.octets > limits().mailbox_octets * 4 ||
        header.form == LiteralHeader::Form::literal8) {
      refuse_literal(no("Mailbox name is too long", code::Plain::limit));
      return std::nullopt;
    }
    if (header.sync == LiteralHeader::Sync::waits) writer_.continuation("OK");
    framer_.keep();
    return std::nullopt;
  }
  // RFC 4469: such a command is read whole, as any other.
  Parser ahead(p);
  AppendBegin ignored;
  if (!replaces && detail::at_catenate(ahead, ignored)) return keep_literal();
  append_mailbox_ = head->begin.mailbox;
  head->begin.replaces = replaces;
  append_index_ = 0;
  if (!detail::parse_append_message(p, head->begin)) {
    refuse_literal(p.reply());
    return std::nullopt;
  }
  return begin_append(std::move(head->begin));
}

// The command has ended without a message to stream: CATENATE, or nothing.
std::optional<Step> Engine::run_append(std::string_view arguments) {
  if (rule_->verb != "APPEND") {
    end_command(bad(std::string(rule_->verb) + " takes a message as a literal"));
    return std::nullopt;
  }
  Parser p(arguments, features(), limits());
  auto step = detail::parse_catenate(p);
  if (!step) {
    end_command(p.reply());
    return std::nullopt;
  }
  framer_.next_command();
  phase_ = Phase::busy;
  return step;
}

std::optional<Step> Engine::begin_append(AppendBegin begin) {
  const LiteralHeader header = framer_.literal();
  const bool eight = header.form == LiteralHeader::Form::literal8;
  const bool utf8 = begin.form == AppendBegin::Form::utf8;
  if (utf8 && (!eight || !features().utf8())) {
    return fail_append(bad("UTF8 needs a literal8, and UTF-8 enabled"));
  }
  if (!utf8 && eight) begin.form = AppendBegin::Form::literal8;
  if (header.octets == 0) {  // RFC 3502 §6.3.11
    return fail_append(no("A message without octets"));
  }
  const bool minus = options_->literals == LiteralCapability::minus;
  if (header.octets > limits().append_octets ||
      (minus && header.sync == LiteralHeader::Sync::non_sync && header.octets > 4096)) {
    const Reply::Status status =
        header.octets > limits().append_octets ? Reply::Status::no : Reply::Status::bad;
    return fail_append({status, code::plain(code::Plain::too_big), "Message is too big"});
  }
  const std::size_t saves = saved_messages_max(limits());
  if (saves != 0 && append_index_ >= saves) {
    return fail_append(no("Too many messages", code::message_limit(saves, std::nullopt)));
  }
  if (append_index_ >= limits().append_messages) {
    return fail_append(no("Too many messages", code::Plain::limit));
  }
  begin.octets = header.octets;
  begin.index = append_index_;
  append_form_ = begin.form;
  phase_ = Phase::append_decision;
  return begin;
}

void Engine::accept_append() {
  if (phase_ != Phase::append_decision) return;
  if (framer_.literal().sync == LiteralHeader::Sync::waits) writer_.continuation("OK");
  framer_.stream();
  framer_.reset_frame_text();
  ++append_index_;
  phase_ = Phase::append_data;
}

// The text behind a message: "" ends the command, " …{n}" is the next one.
std::optional<Step> Engine::on_append_tail() {
  const bool at_literal = framer_.at_literal();
  const std::string_view frame =
      at_literal ? framer_.frame().substr(0, framer_.literal().at) : framer_.frame();
  Parser p(frame, features(), limits());
  if (append_form_ == AppendBegin::Form::utf8 && !p.expect(')')) return fail_append(p.reply());
  if (!at_literal) {
    if (!p.end()) return fail_append(p.reply());
    phase_ = Phase::busy;
    return AppendFinish{};
  }
  if (rule_->verb != "APPEND") return fail_append(bad("REPLACE takes one message"));
  AppendBegin begin;
  begin.mailbox = append_mailbox_;
  if (!detail::parse_append_message(p, begin)) return fail_append(p.reply());
  return begin_append(std::move(begin));
}

// Refuses all messages of the command; the host is told if it has begun with any.
std::optional<Step> Engine::fail_append(Reply reply) {
  const bool begun = append_index_ > 0;
  if (framer_.at_literal()) {
    refuse_literal(std::move(reply));
    append_index_ = 0;
  } else {
    end_command(reply);
  }
  return begun ? std::optional<Step>(AppendAbort{}) : std::nullopt;
}

}  // namespace fumi::imap
