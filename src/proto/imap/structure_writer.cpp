// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2).
#include "base/ascii.h"
#include "proto/imap/fetch_writer.h"

namespace fumi::imap {
namespace {

constexpr std::size_t kDepthMax = 100;  // far above the parser's own limit

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
template <class Address>
void put_address(Writer& w, const Address& address) {
  using Kind = mime::Address::Kind;
  if (address.kind == Kind::group_start) {
    w.put("(NIL NIL ");
    w.put_string(address.local);
    w.put(" NIL)");
    return;
  }
  if (address.kind == Kind::group_end) {
    w.put("(NIL NIL NIL NIL)");
    return;
  }
  w.put("(");
  w.put_nstring(address.name);
  w.put(" NIL ");
  // Never NIL: that would make a group of a mailbox without local-part or domain.
  w.put_string(address.local);
  w.put(" ");
  w.put_string(address.domain);
  w.put(")");
}

template <class Address>
void put_addresses(Writer& w, const std::vector<Address>& list) {
  if (list.empty()) {
    w.put("NIL ");
    return;
  }
  w.put("(");
  for (const Address& address : list)
    put_address(w, address);
  w.put(") ");
}

void put_upper(Writer& w, std::string_view text) { w.put_string(ascii::to_upper(text)); }

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// RFC 2231 §4: what a client without UTF-8 can read: name*, "UTF-8''%E6%96%87"
std::string percent_encoded(std::string_view utf8) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "UTF-8''";
  for (const char c : utf8) {
    const auto octet = static_cast<unsigned char>(c);
    if (ascii::is_alnum(c) || c == '.' || c == '-' || c == '_') {
      out += c;
    } else {
      out += '%';
      out += kDigits[octet >> 4U];
      out += kDigits[octet & 15U];
    }
  }
  return out;
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
void put_parameters(Writer& w, const std::vector<mime::Parameter>& parameters) {
  if (parameters.empty()) {
    w.put("NIL");
    return;
  }
  char lead = '(';
  for (const auto& [name, value] : parameters) {
    w.put(std::string_view(&lead, 1));
    lead = ' ';
    if (is_ascii(value) || w.features().utf8()) {
      w.put_string(name);
      w.put(" ");
      w.put_string(value);
    } else {
      w.put_string(name + '*');
      w.put(" ");
      w.put_string(percent_encoded(value));
    }
  }
  w.put(")");
}

// body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
void put_body_fields(Writer& w, const mime::Part& part) {
  put_parameters(w, part.parameters);
  w.put(" ");
  w.put_nstring(part.id);
  w.put(" ");
  w.put_nstring(part.description);
  w.put(" ");
  put_upper(w, part.encoding.empty() ? "7bit" : part.encoding);
  w.put(" ");
  w.put_number(part.body_end - part.body_begin);
}

// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
void put_extension_tail(Writer& w, const mime::Part& part) {
  if (part.disposition.empty()) {
    w.put(" NIL ");
  } else {
    w.put(" (");
    put_upper(w, part.disposition);
    w.put(" ");
    put_parameters(w, part.disposition_parameters);
    w.put(") ");
  }
  if (part.language.empty()) {
    w.put("NIL");
  } else {
    char lead = '(';
    for (const std::string& language : part.language) {
      w.put(std::string_view(&lead, 1));
      lead = ' ';
      w.put_string(language);
    }
    w.put(")");
  }
  w.put(" ");
  w.put_nstring(part.location);
}

void put_body_at(Writer& w, const mime::Part& part, Extension extension, std::size_t depth);

// A body where the grammar asks for one and the message has none.
void put_empty_body(Writer& w, Extension extension) {
  w.put(R"(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)");
  if (extension == Extension::include) w.put(" NIL NIL NIL NIL");
  w.put(")");
}

// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
void put_multipart(Writer& w, const mime::Part& part, Extension extension, std::size_t depth) {
  w.put("(");
  if (part.children.empty() || depth == kDepthMax) {
    put_empty_body(w, extension);
  } else {
    for (const mime::Part& child : part.children)
      put_body_at(w, child, extension, depth + 1);
  }
  w.put(" ");
  put_upper(w, part.subtype);
  if (extension == Extension::include) {
    w.put(" ");
    put_parameters(w, part.parameters);
    put_extension_tail(w, part);
  }
  w.put(")");
}

// media-message: message/global only for clients of UTF-8 (RFC 9051 §9); for others it is basic.
bool is_message_type(const Writer& w, const mime::Part& part) {
  return part.type == "message" &&
         (part.subtype == "rfc822" || (part.subtype == "global" && w.features().utf8()));
}

void put_body_at(Writer& w, const mime::Part& part, Extension extension, std::size_t depth) {
  if (part.is_multipart()) {
    put_multipart(w, part, extension, depth);
    return;
  }
  w.put("(");
  put_upper(w, part.type);
  w.put(" ");
  put_upper(w, part.subtype);
  w.put(" ");
  put_body_fields(w, part);
  if (is_message_type(w, part)) {
    w.put(" ");
    static const mime::Envelope kNone;
    put_envelope(w, part.envelope ? *part.envelope : kNone);
    w.put(" ");
    if (part.children.empty() || depth == kDepthMax) {
      put_empty_body(w, extension);
    } else {
      put_body_at(w, part.children.front(), extension, depth + 1);
    }
  }
  if (part.type == "text" || is_message_type(w, part)) {
    w.put(" ");
    w.put_number(part.lines);
  }
  if (extension == Extension::include) {
    w.put(" ");
    w.put_nstring(part.md5);
    put_extension_tail(w, part);
  }
  w.put(")");
}

}  // namespace

namespace {

template <class Envelope>
void put_any_envelope(Writer& w, const Envelope& e) {
  w.put("(");
  w.put_nstring(e.date);
  w.put(" ");
  w.put_nstring(e.subject);
  w.put(" ");
  put_addresses(w, e.from);
  put_addresses(w, e.sender.empty() ? e.from : e.sender);  // RFC 9051 §7.5.2: defaults
  put_addresses(w, e.reply_to.empty() ? e.from : e.reply_to);
  put_addresses(w, e.to);
  put_addresses(w, e.cc);
  put_addresses(w, e.bcc);
  w.put_nstring(e.in_reply_to);
  w.put(" ");
  w.put_nstring(e.message_id);
  w.put(")");
}

}  // namespace

void put_envelope(Writer& w, const mime::Envelope& e) { put_any_envelope(w, e); }

void put_envelope(Writer& w, const mime::EnvelopeView& e) { put_any_envelope(w, e); }

void put_body(Writer& w, const mime::Part& part, Extension extension) {
  put_body_at(w, part, extension, 0);
}

}  // namespace fumi::imap
