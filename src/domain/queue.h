// The spool's values: a message that is not done, and each of its recipients.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/address.h"
#include "domain/blob_ref.h"
#include "domain/ids.h"

namespace fumi {

// RFC 3461 §4.1, §4.3.
enum class DsnReturn : std::uint8_t { unspecified, full, headers };

struct DsnNotify {
  static constexpr std::uint8_t unspecified = 0;
  static constexpr std::uint8_t never = 1;
  static constexpr std::uint8_t success = 2;
  static constexpr std::uint8_t failure = 4;
  static constexpr std::uint8_t delay = 8;
  std::uint8_t bits = unspecified;
};

enum class RecipientState : std::uint8_t { waiting, delivered, bounced, cancelled };

struct QueueRecipient {
  std::uint32_t number = 0;  // 0, 1, 2 … within the message
  EmailAddress address;
  DsnNotify notify;
  std::string orcpt;  // RFC 3461 §4.2, decoded "addr-type;address"; empty if not given
  RecipientState state = RecipientState::waiting;
  std::uint32_t attempts = 0;
  Instant due;  // next attempt
  Instant last_attempt;
  std::string last_answer;  // "450 4.2.1 ..." as the peer gave it, or our own words
  std::string last_host;    // peer of the last attempt
};

struct QueueMessage {
  QueueId id;
  TenantId tenant;
  EmailAddress reverse_path;
  BlobRef blob;  // as it will be sent: trace fields and signatures included
  std::uint64_t octets = 0;
  Instant created;
  Instant expires;  // after this moment a temporary failure becomes a bounce
  DsnReturn dsn_return = DsnReturn::unspecified;
  std::string envid;       // RFC 3461 §4.4, decoded
  bool eight_bit = false;  // BODY=8BITMIME was declared or the content needs it
  bool binary = false;     // BODY=BINARYMIME
  bool smtputf8 = false;
  bool require_tls = false;  // RFC 8689
  bool delay_notified = false;
  // Copied into the records of each later step, so that a log line stands alone.
  std::string message_id;
  std::string header_from;
  std::string subject;
  std::string api_data;
  std::vector<QueueRecipient> recipients;
};

// How one attempt ended for one recipient.
struct AttemptOutcome {
  std::uint32_t recipient = 0;
  RecipientState state = RecipientState::waiting;  // waiting: deferred until `due`
  Instant due;
  std::string answer;
  std::string host;
  // The next host promised to send the notices that the sender asked for (RFC 3461 §5.2.2), so that
  // none is due from us.
  bool dsn_passed_on = false;
};

}  // namespace fumi
