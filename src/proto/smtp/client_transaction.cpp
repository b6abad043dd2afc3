// The client engine: one transaction (RFC 5321 §3.3), pipelined where offered (RFC 2920).
#include "base/assert.h"
#include "proto/line/utf8.h"
#include "proto/smtp/client.h"

namespace fumi::smtp {

void Client::begin(Transaction transaction) {
  FUMI_ASSERT(stage_ == Stage::ready && !transaction.recipients.empty());
  transaction_ = std::move(transaction);
  rcpt_replies_.assign(transaction_.recipients.size(), std::nullopt);
  mail_reply_.reset();
  data_reply_.reset();
  chunk_failure_.reset();
  rcpt_sent_ = rcpt_replied_ = accepted_ = 0;
  mail_sent_ = data_sent_ = false;
  line_start_ = true;
  facts_ = {};
  if (auto done = impossible()) {
    steps_.emplace_back(std::move(*done));
    return;
  }
  const Extensions& peer = features_.extensions;
  chunked_ =
      peer.has(Extension::chunking) && (transaction_.parameters.body == Body::binary_mime ||
                                        plan_.chunking == SessionPlan::Chunking::when_offered);
  stage_ = Stage::envelope;
}

// What this server can't be asked for. Nothing is sent then; the host may convert and begin again.
std::optional<TransactionDone> Client::impossible() const {
  const MailParameters& wanted = transaction_.parameters;
  const Extensions& peer = features_.extensions;
  const auto no = [&](Outcome outcome, Reply reply) {
    return TransactionDone{outcome, std::vector(rcpt_replies_.size(), reply), reply};
  };
  const bool binary = wanted.body == Body::binary_mime &&
                      !(peer.has(Extension::binarymime) && peer.has(Extension::chunking) &&
                        peer.has(Extension::eight_bit_mime));
  const bool eight_bit =
      wanted.body == Body::eight_bit_mime && !peer.has(Extension::eight_bit_mime);
  if (binary || eight_bit) {
    return no(Outcome::conversion_needed,
              {554, {5, 6, 3}, "The server does not take 8-bit or binary content"});
  }
  bool utf8 = wanted.smtputf8 || needs_utf8(transaction_.from.mailbox);
  for (const Recipient& recipient : transaction_.recipients) {
    utf8 =
        utf8 || needs_utf8(recipient.path.mailbox) || !line::is_ascii(recipient.parameters.orcpt);
  }
  if (utf8 && !peer.has(Extension::smtputf8)) {
    return no(Outcome::smtputf8_needed, {550, {5, 6, 7}, "The server does not offer SMTPUTF8"});
  }
  if (wanted.requiretls &&
      (plan_.tls_state == TlsState::plain || !peer.has(Extension::requiretls))) {
    return no(Outcome::requiretls_needed,
              {550, {5, 7, 30}, "The server does not offer REQUIRETLS"});
  }
  if (wanted.size && features_.size_max && *wanted.size > *features_.size_max) {
    return no(Outcome::too_large, {552, {5, 3, 4}, "The message is over the server's size limit"});
  }
  return std::nullopt;
}

// Sends as many envelope commands as may be outstanding.
void Client::pump_envelope() {
  const bool pipelining = features_.extensions.has(Extension::pipelining);
  const std::size_t room = pipelining ? plan_.outstanding_max : 1;
  if (dirty_ && !mail_sent_ && expected_.empty()) {
    dirty_ = false;
    send("RSET", Expect::rset);
  }
  if (!mail_sent_ && expected_.size() < room) {
    mail_sent_ = true;
    std::string line = "MAIL FROM:" + to_text(transaction_.from);
    MailParameters parameters = transaction_.parameters;
    for (const Recipient& recipient : transaction_.recipients) {
      parameters.smtputf8 |= needs_utf8(recipient.path.mailbox);
    }
    parameters.smtputf8 |= needs_utf8(transaction_.from.mailbox);
    append(line, parameters, features_.extensions);
    send(line, Expect::mail);
  }
  const bool refused = mail_reply_ && !mail_reply_->is_positive();
  while (mail_sent_ && !refused && rcpt_sent_ < transaction_.recipients.size() &&
         expected_.size() < room) {
    const Recipient& recipient = transaction_.recipients[rcpt_sent_++];
    std::string line = "RCPT TO:" + to_text(recipient.path);
    append(line, recipient.parameters, features_.extensions);
    send(line, Expect::rcpt);
  }
  // RFC 2920 §3.1: DATA may end the group. Once the replies show that it is vain it isn't sent.
  const bool all_sent = rcpt_sent_ == transaction_.recipients.size();
  const bool hope = accepted_ > 0 || rcpt_replied_ < rcpt_sent_;
  const bool certain = mail_reply_ && rcpt_replied_ == rcpt_sent_;
  if (all_sent && !chunked_ && !data_sent_ && !refused && hope && expected_.size() < room &&
      (pipelining || certain)) {
    data_sent_ = true;
    send("DATA", Expect::data);
  }
}

// Decides when the last reply of the envelope is in.
void Client::envelope_replied() {
  const bool mail_good = mail_reply_ && mail_reply_->is_positive();
  const bool all_sent = rcpt_sent_ == transaction_.recipients.size() || (mail_reply_ && !mail_good);
  if (!expected_.empty() || !mail_reply_ || !all_sent || rcpt_replied_ < rcpt_sent_) return;
  const bool any = mail_good && accepted_ > 0;
  if (data_reply_) {
    if (data_reply_->code == 354) {
      if (any) return start_body();
      // RFC 2920 §3.1: a server that took DATA for nobody gets an empty message.
      output_ += ".\r\n";
      stage_ = Stage::final;
      expected_.push_back(Expect::empty_data);
      return;
    }
    if (data_reply_->is_positive() || data_reply_->is_intermediate()) {
      return fail_session(Closed::Cause::protocol_error, *data_reply_);
    }
    dirty_ = mail_good;
    return finish(Outcome::answered, any ? *data_reply_ : *mail_reply_);
  }
  if (any) {
    if (chunked_) start_body();
    return;  // otherwise DATA is still to be sent
  }
  dirty_ = mail_good;
  finish(Outcome::answered, *mail_reply_);
}

void Client::start_body() { stage_ = Stage::body; }

void Client::finish(Outcome outcome, Reply final) {
  TransactionDone done{outcome, {}, final};
  done.recipients.reserve(rcpt_replies_.size());
  for (std::optional<Reply>& own : rcpt_replies_) {
    const bool refused = own && !own->is_positive() && (!mail_reply_ || mail_reply_->is_positive());
    done.recipients.push_back(refused ? std::move(*own) : final);
  }
  stage_ = Stage::ready;
  transaction_ = {};
  rcpt_replies_.clear();
  steps_.emplace_back(std::move(done));
}

// ---- the message ----

void Client::body(std::string_view octets, BodyPart part) {
  FUMI_ASSERT(stage_ == Stage::body);
  const bool binary = transaction_.parameters.body == Body::binary_mime;
  const bool last = part == BodyPart::last;
  facts_.scan(octets);
  const bool bare = facts_.bare_so_far() || (last && facts_.bare_cr());
  if (!binary && bare) return abort_body();
  if (!chunked_) {
    write_text(octets, part);
  } else if (!octets.empty() || last) {
    output_.append("BDAT ")
        .append(std::to_string(octets.size()))
        .append(last ? " LAST\r\n" : "\r\n");
    output_.append(octets);
    expected_.push_back(last ? Expect::final : Expect::chunk);
  }
  if (last) stage_ = Stage::final;
}

// RFC 5321 §4.5.2
void Client::write_text(std::string_view octets, BodyPart part) {
  while (!octets.empty()) {
    if (line_start_ && octets[0] == '.') output_ += '.';
    const std::size_t newline = octets.find('\n');
    // Everything up to a dot that begins a line goes in one piece.
    std::size_t end = newline == octets.npos ? octets.size() : newline + 1;
    while (end < octets.size() && octets[end] != '.') {
      const std::size_t more = octets.find('\n', end);
      end = more == octets.npos ? octets.size() : more + 1;
    }
    output_.append(octets.substr(0, end));
    line_start_ = octets[end - 1] == '\n';
    octets.remove_prefix(end);
  }
  if (part == BodyPart::more) return;
  if (!line_start_) output_ += "\r\n";
  output_ += ".\r\n";
  expected_.push_back(Expect::final);
}

void Client::abort_body() {
  FUMI_ASSERT(stage_ == Stage::body);
  finish(Outcome::bad_body, {554, {5, 6, 0}, "The message could not be sent to its end"});
  fail_session(Closed::Cause::aborted, {});
}

}  // namespace fumi::smtp
