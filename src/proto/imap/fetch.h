// FETCH's arguments: data items and body sections (RFC 9051 §6.4.5), as the parser gives them to
// the host and the writer echoes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/imap/search.h"
#include "proto/imap/seq_set.h"
#include "proto/imap/types.h"

namespace fumi::imap {

// partial: "<" offset "." octets ">"
struct Partial {
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
  friend bool operator==(const Partial&, const Partial&) = default;
};

// section = "[" [section-spec] "]"
struct Section {
  enum class Text : std::uint8_t { all, header, header_fields, header_fields_not, text, mime };
  std::vector<std::uint32_t> part;  // empty: the whole message
  Text text = Text::all;
  std::vector<std::string> fields;  // of header_fields and header_fields_not, as written

  [[nodiscard]] std::string wire() const;  // "[1.HEADER.FIELDS (FROM TO)]"
  friend bool operator==(const Section&, const Section&) = default;
};

struct FetchItem {
  enum class Kind : std::uint8_t {
    flags,
    uid,
    internal_date,
    rfc822_size,
    envelope,
    body,
    body_structure,
    body_section,  // BODY[…], BODY.PEEK[…]
    binary,
    binary_size,  // RFC 9051 §6.4.5; section.text is `all`
    rfc822,
    rfc822_header,
    rfc822_text,  // RFC 3501 §6.4.5
    modseq,       // RFC 7162 §3.1.5
    email_id,
    thread_id,  // RFC 8474 §5
    save_date,  // RFC 8514 §4.2
    preview,
    preview_lazy,  // RFC 8970 §3
  };
  enum class Seen : std::uint8_t { peek, sets };

  Kind kind = Kind::flags;
  Seen seen = Seen::peek;  // `sets`: fetching it sets \Seen
  Section section;
  std::optional<Partial> partial;
  friend bool operator==(const FetchItem&, const FetchItem&) = default;
};

struct Fetch {
  By by = By::seq;
  SeqSet set;
  std::vector<FetchItem>
      items;  // UID FETCH: `uid` is among them (UIDONLY apart); CHANGEDSINCE: `modseq` too
  std::optional<ModSeq> changed_since;  // RFC 7162 §3.1.4.1
  std::optional<PartialRange> partial;  // UID FETCH: only these of the set (RFC 9394 §3.3)
  bool vanished = false;  // RFC 7162 §3.2.6; needs QRESYNC, UID FETCH and changed_since
};

[[nodiscard]] bool sets_seen(const Fetch& fetch);
[[nodiscard]] bool wants(const Fetch& fetch, FetchItem::Kind kind);
// Whether an item needs the message's bytes, not only what the store keeps beside them.
[[nodiscard]] bool needs_body(const Fetch& fetch);

}  // namespace fumi::imap
