// What a message is made of: its envelope (RFC 3501 §7.4.2 sense) and its tree of parts, as offsets
// into the raw bytes. The raw bytes stay authoritative; nothing here is decoded or re-encoded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fumi::mime {

struct Parameter {
  std::string name;   // lower-case
  std::string value;  // unquoted; RFC 2231 continuations joined and percent-decoded to UTF-8
  bool operator==(const Parameter&) const = default;
};

// One address of an address list (RFC 5322 §3.4). A group start has an empty domain and the group's
// name in `local`; a group end has all members empty (as IMAP's ENVELOPE shows groups).
struct Address {
  std::string name;    // display name as written, unquoted but with encoded-words still in place
  std::string local;   // local-part, unquoted
  std::string domain;  // empty: group marker
  enum class Kind : std::uint8_t { mailbox, group_start, group_end } kind = Kind::mailbox;
  bool operator==(const Address&) const = default;
};

struct Envelope {
  std::string date;     // field body, unfolded, as written
  std::string subject;  // field body, unfolded, encoded-words still in place
  std::vector<Address> from, sender, reply_to, to, cc, bcc;
  std::string in_reply_to;  // field body, unfolded
  std::string message_id;   // with angle brackets; empty if there is none
  bool operator==(const Envelope&) const = default;
};

// A node of the part tree. Offsets count from the start of the raw message.
//   [header_begin, body_begin)  header with the empty line that ends it
//   [body_begin, body_end)      body, transfer encoding still applied
struct Part {
  std::string type = "text";      // lower-case
  std::string subtype = "plain";  // lower-case
  std::vector<Parameter> parameters;
  std::string id;                 // Content-ID, as written
  std::string description;        // Content-Description, as written
  std::string encoding = "7bit";  // Content-Transfer-Encoding, lower-case
  std::string md5;                // Content-MD5
  std::string disposition;        // lower-case; empty if there is none
  std::vector<Parameter> disposition_parameters;
  std::vector<std::string> language;
  std::string location;

  std::uint64_t header_begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t body_end = 0;
  std::uint32_t lines = 0;  // lines of the body, counted in LF

  std::vector<Part> children;          // of a multipart; for message/rfc822 exactly one: its root
  std::unique_ptr<Envelope> envelope;  // message/rfc822 and message/global only

  [[nodiscard]] bool is_multipart() const { return type == "multipart"; }
  [[nodiscard]] bool is_message() const {
    return type == "message" && (subtype == "rfc822" || subtype == "global");
  }
};

// What the store keeps beside the blob, so that lists, ENVELOPE and BODYSTRUCTURE need no body.
struct Summary {
  Envelope envelope;
  Part root;
  std::vector<std::string> references;  // msg-ids of References, then In-Reply-To; no duplicates
  std::uint64_t size = 0;               // octets of the raw message
  bool has_attachment = false;
  std::optional<std::string> preview;  // preview.h; parse() makes none
};

// Limits of parse(). What lies beyond a limit is kept as opaque body of the part that holds it.
struct ParseLimits {
  std::uint32_t depth_max = 20;
  std::uint32_t parts_max = 1000;
  std::uint64_t header_octets_max = 1'048'576;  // of one header block
};

// Parses a whole message. Never fails: anything is some message (RFC 5322 gives no other way to
// treat what arrives); broken structure falls back to text/plain or to an opaque part.
[[nodiscard]] Summary parse(std::string_view raw, const ParseLimits& limits = {});

// The compact binary form in which a summary is stored; versioned. decode() refuses what it does
// not know (nullopt), so that a summary can be rebuilt from the blob.
[[nodiscard]] std::string encode(const Summary& summary);
// With this preview instead of the summary's own.
[[nodiscard]] std::string encode(const Summary& summary, std::optional<std::string_view> preview);
[[nodiscard]] std::optional<Summary> decode(std::string_view bytes);

// An envelope as views into its stored form, for those who write many of them.
struct AddressView {
  Address::Kind kind = Address::Kind::mailbox;
  std::string_view name, local, domain;
};
struct EnvelopeView {
  std::string_view date, subject;
  std::vector<AddressView> from, sender, reply_to, to, cc, bcc;
  std::string_view in_reply_to, message_id;
};
// The envelope alone, without copies: views into `bytes`, what stands behind it is not looked at;
// `into` keeps its room from call to call. False: as decode() refuses; then `into` is empty.
[[nodiscard]] bool read_envelope(std::string_view bytes, EnvelopeView& into);

// The part that an IMAP section number names ({} = the root; {2,1} = BODY[2.1]), or nullptr.
// RFC 9051 §6.4.5: a message that is not multipart has one part, {1}, which is the root itself.
[[nodiscard]] const Part* find_part(const Part& root, const std::vector<std::uint32_t>& section);

}  // namespace fumi::mime
