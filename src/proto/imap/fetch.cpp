#include "proto/imap/fetch.h"

#include <algorithm>

namespace fumi::imap {
namespace {

// A field name as astring: an atom if it is one, else quoted. The parser let printable ASCII only
// in. Brackets may stand in an atom, but clients count them to find the section's end.
void put_field(std::string& out, const std::string& name) {
  const bool atom = std::ranges::all_of(name, [](char c) {
    return std::string_view("(){%*\"\\[]").find(c) == std::string_view::npos;
  });
  if (atom) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string Section::wire() const {
  std::string out = "[";
  for (const std::uint32_t number : part) {
    if (out.size() > 1) out += '.';
    out += std::to_string(number);
  }
  if (text != Text::all && !part.empty()) out += '.';
  switch (text) {
    case Text::all:
      break;
    case Text::header:
      out += "HEADER";
      break;
    case Text::text:
      out += "TEXT";
      break;
    case Text::mime:
      out += "MIME";
      break;
    case Text::header_fields:
    case Text::header_fields_not:
      out += text == Text::header_fields ? "HEADER.FIELDS (" : "HEADER.FIELDS.NOT (";
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) out += ' ';
        put_field(out, fields[i]);
      }
      out += ')';
      break;
  }
  return out += ']';
}

bool sets_seen(const Fetch& fetch) {
  return std::ranges::any_of(fetch.items,
                             [](const FetchItem& i) { return i.seen == FetchItem::Seen::sets; });
}

bool wants(const Fetch& fetch, FetchItem::Kind kind) {
  return std::ranges::any_of(fetch.items, [&](const FetchItem& i) { return i.kind == kind; });
}

bool needs_body(const Fetch& fetch) {
  using Kind = FetchItem::Kind;
  return std::ranges::any_of(fetch.items, [](const FetchItem& i) {
    return i.kind == Kind::body_section || i.kind == Kind::binary || i.kind == Kind::binary_size ||
           i.kind == Kind::rfc822 || i.kind == Kind::rfc822_header || i.kind == Kind::rfc822_text;
  });
}

}  // namespace fumi::imap
