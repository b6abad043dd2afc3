// The steps of APPEND, by which a message of any size goes to the host while it is read. Marks as
// in steps.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "proto/imap/types.h"

namespace fumi::imap {

// APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 6855 §4): for each message AppendBegin, AppendChunk*,
// AppendEnd; then AppendFinish, in which all become visible together, or AppendAbort.
// REPLACE (RFC 8508 §3) is an APPEND of one message that removes another: the same steps, with
// `replaces` set. What AppendFinish answers then is an untagged OK with APPENDUID and the EXPUNGE,
// before the tagged OK.
struct AppendBegin {  // (Engine::accept_append(), or finish() with a refusal)
  std::string mailbox;
  std::vector<std::string> flags;
  std::optional<Instant> date;
  std::uint64_t octets = 0;
  enum class Form : std::uint8_t { literal, literal8, utf8 } form = Form::literal;
  std::size_t index = 0;  // of the messages of one command
  struct Replaces {
    By by = By::seq;
    std::uint32_t number = 0;  // SeqSet::kStar: the last one
  };
  std::optional<Replaces> replaces;
};
struct AppendChunk {
  std::string_view octets;
};  // (note) valid until the next call of feed() or next()
struct AppendEnd {};     // (note)
struct AppendFinish {};  // (answer)
struct AppendAbort {};   // (note) answered already: forget all messages

// APPEND with CATENATE (RFC 4469 §3): one message of parts. It is not streamed: its texts together
// have at most Limits::literal_octets.
struct Catenate {  // (answer)
  struct Part {
    enum class Kind : std::uint8_t { text, url } kind = Kind::text;
    std::string text;  // octets, or a URL as it was written: MessageUrl::parse()
  };
  std::string mailbox;
  std::vector<std::string> flags;
  std::optional<Instant> date;
  std::vector<Part> parts;
};

}  // namespace fumi::imap
