// Who is answered while somebody is away, and with what. Pure functions, any thread.
//
// The rules are RFC 3834 §2 and §3 and RFC 5230 §4: a person who wrote to this person is answered;
// lists, machines, notifications and oneself are not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/address.h"
#include "mime/structure.h"
#include "service/vacation/absence.h"

namespace fumi::service {

// Why there is no reply, or `reply`.
enum class Decision : std::uint8_t {
  reply,
  not_away,       // off, or outside its dates
  null_sender,    // no or null Return-Path (RFC 5230 §4.6: bounces, reports, other replies)
  own_sender,     // mail to oneself
  robot_sender,   // MAILER-DAEMON, owner-…, …-request, no-reply
  automatic,      // Auto-Submitted, X-Auto-Response-Suppress, a report
  list,           // List-…, Precedence
  not_addressed,  // no address of ours in To, Cc, Bcc or their Resent forms (RFC 5230 §4.5)
};
[[nodiscard]] std::string_view to_string(Decision decision);

struct Incoming {
  std::string_view header;  // of the message, its trace fields included
  Instant received;
};

struct Judgement {
  Decision decision = Decision::not_away;
  EmailAddress sender;  // whom to answer
  EmailAddress own;     // the address of ours that the mail was sent to
};

// `own`: all addresses of the account.
[[nodiscard]] Judgement decide(const Incoming& incoming, const Absence& absence,
                               const std::vector<EmailAddress>& own);

struct ReplyFacts {
  EmailAddress from;
  std::string from_name;
  EmailAddress to;
  Instant date;
  std::string message_id;
  std::string boundary_seed;  // 16 random octets
};

// The whole message (RFC 3834 §3.1): Auto-Submitted, In-Reply-To, References; the absence's subject
// or "Auto: " and the mail's own. An absence without texts gets one in Japanese and English.
[[nodiscard]] Result<std::string> write_reply(const mime::Summary& original, const Absence& absence,
                                              const ReplyFacts& facts);

}  // namespace fumi::service
