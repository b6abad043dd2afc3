// What IMAP tells an auditor of all mailboxes, and what may never change about it.
#pragma once

#include <map>

#include "tests/sim/imap_client.h"

namespace fumi::sim {

struct AuditedMessage {
  Words flags;
  std::uint64_t modseq = 0;
  std::string email, thread;  // JMAP's ids
};

struct AuditedBox {
  std::string id, name;
  std::uint32_t validity = 0, uid_next = 0;
  std::uint64_t highest = 0;
  std::map<std::uint32_t, AuditedMessage> messages;

  [[nodiscard]] Belief belief() const;  // what a client knows that has read all of it
};

using Audit = std::map<std::string, AuditedBox>;  // by MAILBOXID

// STATUS (RFC 9051 §6.3.11) and FETCH, which must agree.
[[nodiscard]] AuditedBox audit_box(ImapClient& imap, const std::string& name);
[[nodiscard]] Audit audit(ImapClient& imap);
// All of it in one line, for comparisons.
[[nodiscard]] std::string text_of(const Audit& audit);

// Of everything that has been since the beginning: what may never be given twice or go back.
class History {
 public:
  void check(const Audit& audit);

 private:
  struct Box {
    std::uint32_t uid_next = 0;
    std::uint64_t highest = 0;
    std::map<std::uint32_t, AuditedMessage> messages;  // all that ever were, as last seen
  };
  static void check(const AuditedBox& box, Box& before);

  std::map<std::pair<std::string, std::uint32_t>, Box> boxes_;            // MAILBOXID, UIDVALIDITY
  std::map<std::pair<std::string, std::uint32_t>, std::string> by_name_;  // name, UIDVALIDITY
};

}  // namespace fumi::sim
