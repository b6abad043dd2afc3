// Rights on mailboxes (RFC 4314 §2.1): who may do what with a mailbox that isn't their own. The
// owner has all rights always; everybody else has what the mailbox's ACL grants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"

namespace fumi {

struct Rights {
  static constexpr std::uint32_t lookup = 1;          // l: the mailbox is there for them
  static constexpr std::uint32_t read = 2;            // r: SELECT, STATUS, FETCH
  static constexpr std::uint32_t seen = 4;            // s: \Seen
  static constexpr std::uint32_t write = 8;           // w: other flags and keywords
  static constexpr std::uint32_t insert = 16;         // i: APPEND, COPY into it
  static constexpr std::uint32_t post = 32;           // p: kept, enforced nowhere
  static constexpr std::uint32_t create = 64;         // k: mailboxes below it
  static constexpr std::uint32_t remove = 128;        // x: DELETE and RENAME of the mailbox
  static constexpr std::uint32_t mark_deleted = 256;  // t: \Deleted
  static constexpr std::uint32_t expunge = 512;       // e
  static constexpr std::uint32_t administer = 1024;   // a: read and change the ACL
  static constexpr std::uint32_t everything = 2047;

  std::uint32_t bits = 0;

  [[nodiscard]] static constexpr Rights all() { return {everything}; }
  [[nodiscard]] constexpr bool has(std::uint32_t needed) const { return (bits & needed) == needed; }
  [[nodiscard]] constexpr bool has_any(std::uint32_t some) const { return (bits & some) != 0; }

  // "lrswipkxtea", of these the ones that are set.
  [[nodiscard]] std::string text() const;
  // With the virtual rights that RFC 4314 §2.1.1 asks for behind them: c (k), d (any of x, t, e).
  [[nodiscard]] std::string text_with_virtual() const;
  // Letters in any order, repeated or not; c stands for k, d for xte. nullopt: another letter.
  [[nodiscard]] static std::optional<Rights> parse(std::string_view text);

  friend constexpr bool operator==(Rights, Rights) = default;
};

// One line of an ACL. What is denied is denied also where "anyone" is granted it.
struct AclEntry {
  AccountId account;  // 0: anyone, which is every account of the tenant
  Rights granted;
  Rights denied;
  [[nodiscard]] bool is_empty() const { return granted.bits == 0 && denied.bits == 0; }
  bool operator==(const AclEntry&) const = default;
};

}  // namespace fumi
