// Records: the one event stream that everything a user sees about a message's fate is read from
// (DESIGN §1). Written in the transaction of the step that they tell of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "domain/ids.h"
#include "domain/scope.h"

namespace fumi {

// Numbers are stored; never reuse one.
enum class RecordKind : std::uint8_t {
  accepted = 1,   // responsibility taken (one per message)
  queued = 2,     // spooled for a recipient
  delivered = 3,  // in a mailbox, or taken by the remote host
  deferred = 4,   // temporary failure, will be tried again
  bounced = 5,    // given up; a DSN was sent where RFC 3461 asks for one
  rejected = 6,   // refused before responsibility was taken
  cancelled = 7,  // taken out of the spool by an administrator
  login = 20,
  login_failed = 21,
  operation = 30,  // an administrator's or operator's act
};

// Which stream a kind belongs to: operation and login records are hash-chained one by one, mail
// records are sealed in chained batches (DESIGN §3).
enum class RecordStream : std::uint8_t { mail = 1, login = 2, operation = 3 };

[[nodiscard]] RecordStream stream_of(RecordKind kind);
[[nodiscard]] std::string_view to_string(RecordKind kind);
[[nodiscard]] std::optional<RecordKind> record_kind(std::string_view text);

struct Record {
  RecordId id;  // given by the store
  TenantId tenant;
  Instant at;
  RecordKind kind = RecordKind::accepted;
  QueueId message;  // mail records only
  Actor actor;
  std::string from;  // reverse-path, or the login name, or empty
  std::string to;    // recipient, or the object of an operation
  std::string header_from;
  std::string subject;
  std::string message_id;
  std::string answer;     // SMTP answer or reason
  std::string protocol;   // "smtp", "submission", "relay", "api", "imap", …
  std::string client_ip;  // who gave it to us
  std::string host;       // who took it: remote host [ip], or "mailbox"
  std::string api_data;
  std::string detail;  // kind-specific JSON object: operation's before/after, attempts …
  std::uint64_t octets = 0;
};

struct RecordQuery {
  std::optional<QueueId> message;
  std::optional<std::string> from;  // exact address
  std::optional<std::string> to;    // exact address
  std::vector<RecordKind> kinds;    // empty: all
  std::optional<RecordStream> stream;
  Instant since;                  // inclusive
  std::optional<Instant> until;   // exclusive
  std::optional<RecordId> after;  // only records with a larger id: paging and following
  std::uint32_t limit = 100;      // 1 … 1000
  enum class Order : std::uint8_t { oldest_first, newest_first } order = Order::oldest_first;
};

}  // namespace fumi
