// LIST and STATUS: what is asked and what is answered (RFC 9051 §6.3.9, RFC 5258, 5819, 6154,
// 8440).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/imap/types.h"

namespace fumi::imap {

enum class StatusItem : std::uint16_t {
  messages = 1,
  uid_next = 2,
  uid_validity = 4,
  unseen = 8,
  deleted = 16,
  size = 32,              // RFC 8438
  recent = 64,            // RFC 3501 §6.3.10
  highest_modseq = 128,   // RFC 7162 §3.1.7
  mailbox_id = 256,       // RFC 8474 §4.3
  append_limit = 512,     // RFC 7889 §3
  deleted_storage = 1024  // RFC 9208 §4.1.4
};

struct StatusItems {
  std::uint16_t bits = 0;
  [[nodiscard]] bool has(StatusItem item) const {
    return (bits & static_cast<unsigned>(item)) != 0;
  }
  void add(StatusItem item) {
    bits = static_cast<std::uint16_t>(bits | static_cast<unsigned>(item));
  }
  friend bool operator==(StatusItems, StatusItems) = default;
};

// The answer; what was not asked for need not be filled in.
struct StatusData {
  std::uint32_t messages = 0, unseen = 0, deleted = 0, recent = 0;
  Uid uid_next;
  UidValidity uid_validity;
  std::uint64_t size = 0, deleted_storage = 0;
  ModSeq highest_modseq;
  std::string mailbox_id;
  std::optional<std::uint64_t> append_limit;  // nullopt: NIL
};

struct ListSelect {
  bool subscribed : 1 = false;
  bool remote : 1 = false;
  bool recursive_match : 1 = false;
  bool special_use : 1 = false;
};

struct ListReturn {
  bool subscribed : 1 = false;
  bool children : 1 = false;
  bool special_use : 1 = false;
  bool my_rights : 1 = false;         // a MYRIGHTS response behind each name (RFC 8440)
  std::vector<std::string> metadata;  // LIST-METADATA: these annotations of each name (RFC 9590)
  std::optional<StatusItems> status;  // LIST-STATUS: a STATUS response behind each selectable name
};

// Patterns are UTF-8 with the reference already in front of them: list_matches(pattern, name).
struct List {
  std::vector<std::string> patterns;
  ListSelect select;
  ListReturn wanted;
};
struct Lsub {
  std::string pattern;
};

// One LIST or LSUB response.
struct ListEntry {
  std::vector<std::string> attributes;  // "\\HasChildren", "\\Sent"
  std::string name;                     // UTF-8
  bool child_subscribed = false;        // CHILDINFO ("SUBSCRIBED") (RFC 5258 §3.5)
  std::string old_name;                 // OLDNAME (RFC 9051 §6.3.9.7); empty: none
};

}  // namespace fumi::imap
