// The identifiers of the product's nouns. Each is a type of its own (STYLE §3).
//
// All but Uid, UidValidity and ModSeq come from IdGenerator: 63 bits that ascend with time, so rows
// cluster by age and an id tells roughly when its thing was made.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/ids.h"
#include "base/time.h"

namespace fumi {

using TenantId = StrongId<struct TenantTag>;
using DomainId = StrongId<struct DomainTag>;
using AccountId = StrongId<struct AccountTag>;
using ApiUserId = StrongId<struct ApiUserTag>;
using AppPasswordId = StrongId<struct AppPasswordTag>;
using OperatorId = StrongId<struct OperatorTag>;
using DkimKeyId = StrongId<struct DkimKeyTag>;
using SettingId = StrongId<struct SettingTag>;  // of ports/setting_store.h
using MailboxId = StrongId<struct MailboxTag>;
using EmailId = StrongId<struct EmailTag>;
using ThreadId = StrongId<struct ThreadTag>;
using UploadId = StrongId<struct UploadTag>;
using ObjectId = StrongId<struct ObjectTag>;  // of ports/object_store.h
using RecordId = StrongId<struct RecordTag>;

// Given to a message when responsibility for it is taken; peers see it in the 250 answer, and
// records, spool and `fumi log` know the message by it, whether it was ever queued or not.
using QueueId = StrongId<struct QueueTag>;

// One per account, raised by every change: IMAP's MODSEQ (RFC 7162) and JMAP's state in one.
using ModSeq = StrongId<struct ModSeqTag>;

// RFC 9051 §2.3.1.1: 32 bits, never 0, strictly ascending within a mailbox.
struct Uid {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(Uid, Uid) = default;
};

struct UidValidity {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(UidValidity, UidValidity) = default;
};

// Makes ids: 41 bits of milliseconds since 2024-01-01, 8 bits of node, 14 bits of sequence. Ascends
// strictly within a process even when the clock steps back. Thread-safe.
class IdGenerator {
 public:
  IdGenerator(const Clock& clock, std::uint8_t node) : clock_(clock), node_(node) {}

  template <class Id>
  [[nodiscard]] Id next() {
    return Id(next_value());
  }
  [[nodiscard]] std::uint64_t next_value();

  // The moment an id was made, to the millisecond.
  [[nodiscard]] static Instant made_at(std::uint64_t id);
  // The smallest id that could have been made at `at` on any node.
  [[nodiscard]] static std::uint64_t first_at(Instant at);

 private:
  const Clock& clock_;
  std::uint8_t node_;
  std::atomic<std::uint64_t> last_{0};  // (milliseconds << 14) | sequence
};

}  // namespace fumi
