// FETCH's items, macros and modifiers (RFC 9051 §6.4.5, RFC 7162 §3.1.4, RFC 8970, 8474, 8514).
#include <algorithm>
#include <array>

#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

using Kind = FetchItem::Kind;

struct Name {
  std::string_view word;
  Kind kind;
  FetchItem::Seen seen;
};
constexpr std::array kPlainItems{
    Name{"FLAGS", Kind::flags, FetchItem::Seen::peek},
    Name{"UID", Kind::uid, FetchItem::Seen::peek},
    Name{"INTERNALDATE", Kind::internal_date, FetchItem::Seen::peek},
    Name{"RFC822.SIZE", Kind::rfc822_size, FetchItem::Seen::peek},
    Name{"ENVELOPE", Kind::envelope, FetchItem::Seen::peek},
    Name{"BODYSTRUCTURE", Kind::body_structure, FetchItem::Seen::peek},
    Name{"RFC822", Kind::rfc822, FetchItem::Seen::sets},
    Name{"RFC822.HEADER", Kind::rfc822_header, FetchItem::Seen::peek},
    Name{"RFC822.TEXT", Kind::rfc822_text, FetchItem::Seen::sets},
    Name{"MODSEQ", Kind::modseq, FetchItem::Seen::peek},
    Name{"EMAILID", Kind::email_id, FetchItem::Seen::peek},
    Name{"THREADID", Kind::thread_id, FetchItem::Seen::peek},
    Name{"SAVEDATE", Kind::save_date, FetchItem::Seen::peek},
};

// section-part = nz-number *("." nz-number); a "." before a word is left
bool section_part(Parser& p, std::vector<std::uint32_t>& out) {
  for (;;) {
    if (out.size() == p.limits().section_parts) {
      (void)p.fail("section is too deep");
      return false;
    }
    const auto number = p.nz_number();
    if (!number) return false;
    out.push_back(*number);
    const std::size_t before = p.position();
    if (!p.take('.')) return true;
    if (!p.next_is_digit()) {
      p.rewind(before);
      return true;
    }
  }
}

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
bool header_list(Parser& p, std::vector<std::string>& out) {
  if (!p.sp() || !p.expect('(')) return false;
  do {
    if (out.size() == p.limits().header_fields) {
      (void)p.fail("too many header fields");
      return false;
    }
    auto name = p.header_fld_name();
    if (!name) return false;
    out.push_back(std::move(*name));
  } while (p.take(' '));
  return p.expect(')');
}

// section-text = section-msgtext / "MIME"
bool section_text(Parser& p, Section& out) {
  const std::string word = p.keyword();
  if (word == "HEADER") {
    out.text = Section::Text::header;
  } else if (word == "TEXT") {
    out.text = Section::Text::text;
  } else if (word == "MIME" && !out.part.empty()) {
    out.text = Section::Text::mime;
  } else if (word == "HEADER.FIELDS" || word == "HEADER.FIELDS.NOT") {
    out.text =
        word == "HEADER.FIELDS" ? Section::Text::header_fields : Section::Text::header_fields_not;
    return header_list(p, out.fields);
  } else {
    (void)p.fail("unknown section");
    return false;
  }
  return true;
}

// partial = "<" number64 "." nz-number64 ">"
bool partial(Parser& p, std::optional<Partial>& out) {
  if (!p.take('<')) return true;
  const auto offset = p.number64();
  if (!offset || !p.expect('.')) return false;
  const auto octets = p.number64();
  if (!octets || !p.expect('>')) return false;
  if (*octets == 0) {
    (void)p.fail("a partial fetch of nothing");
    return false;
  }
  out = Partial{*offset, *octets};
  return true;
}

// "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
bool binary_att(Parser& p, const std::string& word, FetchItem& item) {
  item.kind = word == "BINARY.SIZE" ? Kind::binary_size : Kind::binary;
  if (word == "BINARY") item.seen = FetchItem::Seen::sets;
  auto where = section(p);
  if (!where) return false;
  if (where->text != Section::Text::all) {
    (void)p.fail("BINARY takes part numbers only");
    return false;
  }
  item.section = std::move(*where);
  return item.kind == Kind::binary_size || partial(p, item.partial);
}

// "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]
bool preview_att(Parser& p, FetchItem& item) {
  item.kind = Kind::preview;
  const std::size_t before = p.position();
  if (!p.take(" (")) return true;
  if (p.keyword() != "LAZY" || !p.take(')')) {
    p.rewind(before);
    (void)p.fail("unknown PREVIEW modifier");
    return false;
  }
  item.kind = Kind::preview_lazy;
  return true;
}

std::optional<FetchItem> fetch_att(Parser& p) {
  FetchItem item;
  const std::string word = p.keyword();
  for (const Name& name : kPlainItems) {
    if (word != name.word) continue;
    item.kind = name.kind;
    item.seen = name.seen;
    if (item.kind == Kind::modseq) p.enable_condstore();
    return item;
  }
  if (word == "BODY" && !p.next_is('[')) {
    item.kind = Kind::body;
    return item;
  }
  if (word == "BODY" || word == "BODY.PEEK") {
    item.kind = Kind::body_section;
    if (word == "BODY") item.seen = FetchItem::Seen::sets;
    auto where = section(p);
    if (!where || !partial(p, item.partial)) return std::nullopt;
    item.section = std::move(*where);
    return item;
  }
  if (word == "BINARY" || word == "BINARY.PEEK" || word == "BINARY.SIZE") {
    return binary_att(p, word, item) ? std::optional(std::move(item)) : std::nullopt;
  }
  if (word == "PREVIEW") return preview_att(p, item) ? std::optional(item) : std::nullopt;
  return p.fail("unknown FETCH item");
}

bool add_item(Parser& p, std::vector<FetchItem>& items, FetchItem item) {
  if (std::ranges::find(items, item) != items.end()) return true;  // said twice, answered once
  if (items.size() == p.limits().fetch_items) {
    (void)p.fail("too many FETCH items");
    return false;
  }
  items.push_back(std::move(item));
  return true;
}

// "ALL" / "FULL" / "FAST": only alone, not in a list
bool macro(Parser& p, std::vector<FetchItem>& items) {
  const std::size_t before = p.position();
  const std::string word = p.keyword();
  const int extra = word == "FAST" ? 0 : word == "ALL" ? 1 : word == "FULL" ? 2 : -1;
  if (extra < 0) {
    p.rewind(before);
    return false;
  }
  for (const Kind kind : {Kind::flags, Kind::internal_date, Kind::rfc822_size}) {
    items.push_back({kind, FetchItem::Seen::peek, {}, {}});
  }
  if (extra > 0) items.push_back({Kind::envelope, FetchItem::Seen::peek, {}, {}});
  if (extra > 1) items.push_back({Kind::body, FetchItem::Seen::peek, {}, {}});
  return true;
}

bool fetch_items(Parser& p, std::vector<FetchItem>& items) {
  if (macro(p, items)) return true;
  const bool several = p.take('(');
  do {
    auto item = fetch_att(p);
    if (!item || !add_item(p, items, std::move(*item))) return false;
  } while (several && p.take(' '));
  return !several || p.expect(')');
}

// fetch-modifiers = "(" fetch-modifier *(SP fetch-modifier) ")"  RFC 4466 §2.4
bool fetch_modifiers(Parser& p, Fetch& out) {
  if (!p.expect('(')) return false;
  do {
    const std::string word = p.keyword();
    if (word == "CHANGEDSINCE" && !out.changed_since) {
      if (!p.sp()) return false;
      out.changed_since = p.mod_sequence_value();
      if (!out.changed_since) return false;
      p.enable_condstore();
    } else if (word == "PARTIAL" && !out.partial && out.by == By::uid) {
      if (!p.sp()) return false;
      out.partial = partial_range(p);
      if (!out.partial) return false;
    } else if (word == "VANISHED") {
      out.vanished = true;
    } else {
      (void)p.fail("unknown FETCH modifier");
      return false;
    }
  } while (p.take(' '));
  if (!p.expect(')')) return false;
  if (out.vanished && (!p.features().qresync || out.by != By::uid || !out.changed_since)) {
    (void)p.fail("VANISHED needs QRESYNC, UID FETCH and CHANGEDSINCE");  // RFC 7162 §3.2.6
    return false;
  }
  return true;
}

// fetch = "FETCH" SP sequence-set SP items [SP fetch-modifiers]
Parsed fetch(Parser& p, By by) {
  Fetch out;
  out.by = by;
  if (!p.sp()) return std::nullopt;
  auto set = p.sequence_set();
  if (!set || !p.sp()) return std::nullopt;
  out.set = std::move(*set);
  if (!fetch_items(p, out.items)) return std::nullopt;
  if (p.take(' ') && !fetch_modifiers(p, out)) return std::nullopt;
  if (!p.end()) return std::nullopt;
  // RFC 9051 §6.4.9; a UIDFETCH response has it in front (RFC 9586 §3).
  if (by == By::uid && !p.features().uid_only && !wants(out, Kind::uid)) {
    out.items.insert(out.items.begin(), FetchItem{Kind::uid, FetchItem::Seen::peek, {}, {}});
  }
  if (out.changed_since && !wants(out, Kind::modseq)) {  // RFC 7162 §3.1.4.1
    out.items.push_back({Kind::modseq, FetchItem::Seen::peek, {}, {}});
  }
  return out;
}

}  // namespace

// section = "[" [section-spec] "]"; section-spec = section-msgtext / (section-part ["."
// section-text])
std::optional<Section> section(Parser& p) {
  Section out;
  if (!p.expect('[')) return std::nullopt;
  if (p.take(']')) return out;
  if (p.next_is_digit()) {
    if (!section_part(p, out.part)) return std::nullopt;
    if (p.take('.') && !section_text(p, out)) return std::nullopt;
  } else if (!section_text(p, out)) {
    return std::nullopt;
  }
  if (!p.expect(']')) return std::nullopt;
  return out;
}

// "(" fetch-att *(SP fetch-att) ")" (RFC 5465 §8); without \Seen (§5.2)
bool fetch_att_list(Parser& p, std::vector<FetchItem>& out) {
  if (!p.expect('(')) return false;
  do {
    auto item = fetch_att(p);
    if (!item) return false;
    item->seen = FetchItem::Seen::peek;
    if (!add_item(p, out, std::move(*item))) return false;
  } while (p.take(' '));
  return p.expect(')');
}

Parsed parse_fetch(Parser& p) { return fetch(p, By::seq); }
Parsed parse_uid_fetch(Parser& p) { return fetch(p, By::uid); }

}  // namespace fumi::imap::detail
