// The values that IMAP names: numbers that must not be mixed up, states, features.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace fumi::imap {

// RFC 9051 §2.3.1.1. 0 is never a valid UID.
struct Uid {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(Uid, Uid) = default;
};

// RFC 9051 §2.3.1.2: the position of a message in the selected mailbox, from 1.
struct SeqNumber {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(SeqNumber, SeqNumber) = default;
};

struct UidValidity {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(UidValidity, UidValidity) = default;
};

// RFC 7162 §3: 63 bits; 0 where the grammar says mod-sequence-valzer.
struct ModSeq {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(ModSeq, ModSeq) = default;
};

using Date = std::chrono::sys_days;

// RFC 9051 §3.
enum class State : std::uint8_t { not_authenticated, authenticated, selected, logout };

// Whether a command's numbers are sequence numbers or UIDs (RFC 9051 §6.4.9).
enum class By : std::uint8_t { seq, uid };

// What may be told to the client before the command in flight ends (RFC 9051 §7.5.1):
// `no_expunge` during FETCH, STORE and SEARCH, whose numbers must not shift under the client.
enum class Updates : std::uint8_t { none, no_expunge, all };

// What the client has switched on: ENABLE (RFC 5161), or a CONDSTORE enabling command (RFC 7162
// §3.1).
struct Features {
  bool condstore : 1 = false;
  bool qresync : 1 = false;
  bool utf8_accept : 1 = false;
  bool imap4rev2 : 1 = false;
  bool uid_only : 1 = false;  // RFC 9586: no sequence numbers, neither way

  // UTF-8 in quoted strings and mailbox names, instead of modified UTF-7 (RFC 6855 §3, RFC 9051
  // §5.1).
  [[nodiscard]] bool utf8() const { return utf8_accept || imap4rev2; }
  friend bool operator==(const Features&, const Features&) = default;
};

}  // namespace fumi::imap
