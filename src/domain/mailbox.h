// Mailboxes and the messages in them.
//
// An *email* is one immutable message of an account (JMAP Email, IMAP EMAILID); an *entry* is its
// place in one mailbox: UID, flags, MODSEQ. A copy shares the email and has an entry of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/blob_ref.h"
#include "domain/ids.h"

namespace fumi {

enum class MailboxRole : std::uint8_t { none, inbox, drafts, sent, trash, junk, archive };

struct Mailbox {
  MailboxId id;
  AccountId owner;   // whose it is
  std::string name;  // full path in UTF-8, "/" between levels; the inbox is "INBOX"
  MailboxRole role = MailboxRole::none;
  bool subscribed = true;
  UidValidity uid_validity;
  Uid uid_next;   // next UID to be given
  ModSeq modseq;  // highest change in this mailbox (RFC 7162 HIGHESTMODSEQ)
  std::uint32_t total = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;  // entries with \Deleted
  std::uint64_t octets = 0;
  std::uint32_t sort_order = 0;  // RFC 8621 §2 sortOrder
};

// System flags of RFC 9051 §2.3.2 as bits; keywords are text.
struct Flags {
  static constexpr std::uint32_t seen = 1;
  static constexpr std::uint32_t answered = 2;
  static constexpr std::uint32_t flagged = 4;
  static constexpr std::uint32_t deleted = 8;
  static constexpr std::uint32_t draft = 16;

  std::uint32_t bits = 0;
  std::vector<std::string> keywords;  // sorted, unique without regard to ASCII case; also labels

  [[nodiscard]] bool has(std::uint32_t bit) const { return (bits & bit) != 0; }
  bool operator==(const Flags&) const = default;
};

enum class FlagsOperation : std::uint8_t { replace, add, remove };

[[nodiscard]] Flags apply(Flags current, FlagsOperation operation, const Flags& change);
// "a b c" <-> keywords, the stored form.
[[nodiscard]] std::string keywords_text(const std::vector<std::string>& keywords);
[[nodiscard]] std::vector<std::string> keywords_of(std::string_view text);

struct Entry {
  Uid uid;
  EmailId email;
  Flags flags;
  ModSeq modseq;
  std::uint64_t octets = 0;
  Instant received;  // INTERNALDATE
  // When it came into this mailbox (RFC 8514); nullopt: before that was kept.
  std::optional<Instant> saved;
};

struct Email {
  EmailId id;
  ThreadId thread;
  BlobRef blob;
  std::string summary;  // mime::encode() form
  Instant received;
  std::uint64_t octets = 0;
};

// A message to be put into mailboxes; parsed and stored as a blob already.
struct EmailContent {
  BlobRef blob;
  std::string summary;                  // mime::encode() form
  std::string message_id;               // for threading; may be empty
  std::vector<std::string> references;  // msg-ids
  std::uint64_t octets = 0;
  Instant received;
};

struct Appended {
  MailboxId mailbox;
  UidValidity uid_validity;
  Uid uid;
  ModSeq modseq;
  EmailId email;
};

}  // namespace fumi
