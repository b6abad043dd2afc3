// Composing a message (RFC 5322, RFC 2045-2049, RFC 2231): multipart/mixed around multipart/related
// around multipart/alternative, as much of it as the content asks for.
//
// Nothing here reads a clock or makes randomness: date, message-id and boundary bytes are
// arguments. The result has CRLF line ends and lines of at most 998 octets. Pure functions, any
// thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "codec/date.h"
#include "mime/header_writer.h"

namespace fumi::mime {

enum class Placement { attachment, inline_ };

struct Attachment {
  std::string file_name;                          // UTF-8, may be empty
  std::string type = "application/octet-stream";  // "type/subtype", no parameters, no multipart
  std::string bytes;
  Placement placement = Placement::attachment;
  std::string content_id;  // without brackets; inline parts with one go into multipart/related
};

struct Draft {
  std::vector<Mailbox> from;  // at least one
  std::optional<Mailbox> sender;
  std::vector<Mailbox> to, cc, reply_to;  // Bcc belongs into the envelope only
  std::string subject;
  Instant date{};
  std::chrono::minutes zone = codec::kJapan;
  std::string message_id;               // with angle brackets; empty: no field
  std::string in_reply_to;              // with angle brackets
  std::vector<std::string> references;  // with angle brackets
  std::vector<RawField> extra;      // UTF-8, unstructured; none of the fields above, no MIME fields
  std::optional<std::string> text;  // UTF-8, LF or CRLF
  std::optional<std::string> html;
  std::vector<Attachment> attachments;
  TextCharset charset = TextCharset::utf8;
  std::string boundary_seed;  // at least 16 random octets where the message has more than one part
};

inline constexpr std::size_t kAttachmentsMax = 1000;

// Code::invalid names the field that can't be written (injection, bad address, not UTF-8, a seed
// that is too short); Code::too_large beyond kAttachmentsMax. UTF-8 text goes as 7bit where it is
// ASCII in lines of at most 998 octets, else base64 or quoted-printable, whichever is shorter.
// ISO-2022-JP text goes as 7bit; a text that it can't hold goes as UTF-8, so that nothing is lost.
[[nodiscard]] Result<std::string> write_message(const Draft& draft);

// CR, LF and CRLF to CRLF.
[[nodiscard]] std::string to_crlf(std::string_view text);

}  // namespace fumi::mime
