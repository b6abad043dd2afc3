// Status responses and their codes (RFC 9051 §7.1, RFC 5530, 4315, 7162, 8474, 4469).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proto/imap/seq_set.h"
#include "proto/imap/types.h"

namespace fumi::imap {

// What stands between "[" and "]"; empty: none. Made by the functions of `code`.
struct ResponseCode {
  std::string text;
  friend bool operator==(const ResponseCode&, const ResponseCode&) = default;
};

namespace code {

// Codes without arguments, as registered: "ALERT", "TRYCREATE", "OVERQUOTA", "NONEXISTENT" …
enum class Plain : std::uint8_t {
  alert,
  already_exists,
  authentication_failed,
  authorization_failed,
  cannot,
  client_bug,
  closed,
  compression_active,
  contact_admin,
  corruption,
  expired,
  expunge_issued,
  has_children,
  in_use,
  limit,
  no_modseq,
  no_perm,
  nonexistent,
  not_saved,
  over_quota,
  parse,
  privacy_required,
  read_only,
  read_write,
  server_bug,
  too_big,
  try_create,
  uid_not_sticky,
  uid_required,
  unavailable,
  unknown_cte,
  use_attr,
};
[[nodiscard]] std::string_view name(Plain plain);
[[nodiscard]] ResponseCode plain(Plain plain);

[[nodiscard]] ResponseCode bad_charset();  // names what we take
[[nodiscard]] ResponseCode uid_next(Uid uid);
[[nodiscard]] ResponseCode uid_validity(UidValidity validity);
[[nodiscard]] ResponseCode unseen(SeqNumber first);  // RFC 3501 §7.1
[[nodiscard]] ResponseCode append_uid(UidValidity validity, const SeqSet& uids);
[[nodiscard]] ResponseCode copy_uid(UidValidity validity, const SeqSet& from, const SeqSet& to);
[[nodiscard]] ResponseCode highest_modseq(ModSeq modseq);
[[nodiscard]] ResponseCode modified(const SeqSet& set);
[[nodiscard]] ResponseCode bad_url(std::string_view url);  // RFC 4469 §4.1
// RFC 9585 §5: how far the command of this tag is; done < total.
[[nodiscard]] ResponseCode in_progress(std::string_view tag, std::uint64_t done,
                                       std::uint64_t total);
// RFC 9738 §3: the most that a command works on; the lowest UID of those that it did work on.
[[nodiscard]] ResponseCode message_limit(std::uint64_t most, std::optional<Uid> lowest);
[[nodiscard]] ResponseCode mailbox_id(std::string_view id);
[[nodiscard]] ResponseCode capability(std::string_view list);  // "IMAP4rev2 …"

}  // namespace code

// The end of a command. Text is for people: one line of ASCII (anything else is replaced).
struct Reply {
  enum class Status : std::uint8_t { ok, no, bad };
  Status status = Status::ok;
  ResponseCode code;
  std::string text;
};

[[nodiscard]] Reply ok(std::string text, ResponseCode code = {});
[[nodiscard]] Reply no(std::string text, ResponseCode code = {});
[[nodiscard]] Reply no(std::string text, code::Plain plain);
[[nodiscard]] Reply bad(std::string text, ResponseCode code = {});

}  // namespace fumi::imap
