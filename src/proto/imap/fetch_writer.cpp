#include "proto/imap/fetch_writer.h"

#include <algorithm>
#include <array>

#include "proto/imap/section.h"

namespace fumi::imap {

std::string date_time(Instant at) {
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  // By hand: FETCH of a large mailbox writes this a message, and snprintf takes most of its time.
  std::string out;
  out.reserve(28);
  const auto two = [&out](unsigned value, char first) {
    out += value < 10 ? first : static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
  };
  two(static_cast<unsigned>(date.day()), ' ');
  out += '-';
  out += kMonths[static_cast<unsigned>(date.month()) - 1];
  out += '-';
  const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
  two(static_cast<unsigned>(year / 100), '0');
  two(static_cast<unsigned>(year % 100), '0');
  out += ' ';
  two(static_cast<unsigned>(time.hours().count()), '0');
  out += ':';
  two(static_cast<unsigned>(time.minutes().count()), '0');
  out += ':';
  two(static_cast<unsigned>(time.seconds().count()), '0');
  return out += " +0000";
}

FetchWriter::FetchWriter(Writer& writer, SeqNumber number, Uid uid)
    : writer_(writer), number_(number), uid_(uid) {}

FetchWriter& FetchWriter::name(std::string_view item) {
  if (open_) {
    writer_.put(" ");
  } else {
    writer_.put("* ");
    const bool uid_only = writer_.features().uid_only;
    writer_.put_number(uid_only ? uid_.value : number_.value);
    writer_.put(uid_only ? " UIDFETCH (" : " FETCH (");
    open_ = true;
  }
  writer_.put(item);
  writer_.put(" ");
  return *this;
}

void FetchWriter::end() {
  if (open_) writer_.put(")\r\n");
  open_ = false;
}

FetchWriter& FetchWriter::flags(std::span<const std::string> flags) {
  name("FLAGS");
  writer_.put_flag_list(flags);
  return *this;
}

FetchWriter& FetchWriter::flag_list(std::string_view list) {
  name("FLAGS");
  writer_.put(list);
  return *this;
}

FetchWriter& FetchWriter::uid(Uid uid) {
  name("UID");
  writer_.put_number(uid.value);
  return *this;
}

FetchWriter& FetchWriter::internal_date(Instant at) {
  name("INTERNALDATE");
  writer_.put('"' + date_time(at) + '"');
  return *this;
}

FetchWriter& FetchWriter::rfc822_size(std::uint64_t octets) {
  name("RFC822.SIZE");
  writer_.put_number(octets);
  return *this;
}

FetchWriter& FetchWriter::envelope(const mime::Envelope& envelope) {
  name("ENVELOPE");
  put_envelope(writer_, envelope);
  return *this;
}

FetchWriter& FetchWriter::envelope(const mime::EnvelopeView& envelope) {
  name("ENVELOPE");
  put_envelope(writer_, envelope);
  return *this;
}

FetchWriter& FetchWriter::body(const mime::Part& root) {
  name("BODY");
  put_body(writer_, root, Extension::omit);
  return *this;
}

FetchWriter& FetchWriter::body_structure(const mime::Part& root) {
  name("BODYSTRUCTURE");
  put_body(writer_, root, Extension::include);
  return *this;
}

FetchWriter& FetchWriter::modseq(ModSeq modseq) {
  name("MODSEQ");
  writer_.put('(' + std::to_string(modseq.value) + ')');
  return *this;
}

FetchWriter& FetchWriter::email_id(std::string_view id) {
  name("EMAILID");
  writer_.put('(' + std::string(id) + ')');
  return *this;
}

FetchWriter& FetchWriter::thread_id(std::string_view id) {
  name("THREADID");
  writer_.put(id.empty() ? std::string("NIL") : '(' + std::string(id) + ')');
  return *this;
}

FetchWriter& FetchWriter::save_date(std::optional<Instant> at) {
  name("SAVEDATE");
  writer_.put(at ? '"' + date_time(*at) + '"' : std::string("NIL"));
  return *this;
}

FetchWriter& FetchWriter::preview(std::optional<std::string_view> text) {
  name("PREVIEW");
  if (text) {
    writer_.put_string(*text);
  } else {
    writer_.put("NIL");
  }
  return *this;
}

namespace {

std::string item_name(const FetchItem& item) {
  using Kind = FetchItem::Kind;
  switch (item.kind) {
    case Kind::rfc822:
      return "RFC822";
    case Kind::rfc822_header:
      return "RFC822.HEADER";
    case Kind::rfc822_text:
      return "RFC822.TEXT";
    case Kind::binary_size:
      return "BINARY.SIZE" + item.section.wire();
    default:
      break;
  }
  std::string out = (item.kind == Kind::binary ? "BINARY" : "BODY") + item.section.wire();
  if (item.partial) out += '<' + std::to_string(item.partial->offset) + '>';
  return out;
}

Section section_of(const FetchItem& item) {
  using Kind = FetchItem::Kind;
  if (item.kind == Kind::rfc822_header) return {{}, Section::Text::header, {}};
  if (item.kind == Kind::rfc822_text) return {{}, Section::Text::text, {}};
  return item.section;
}

}  // namespace

bool FetchWriter::section(const FetchItem& item, std::string_view raw,
                          const mime::Summary& summary) {
  using Kind = FetchItem::Kind;
  if (item.kind != Kind::binary && item.kind != Kind::binary_size) {
    const SectionData data = extract_section(section_of(item), raw, summary.root);
    name(item_name(item));
    if (data.kind == SectionData::Kind::missing) {
      writer_.put("NIL");
    } else if (data.kind == SectionData::Kind::view) {
      writer_.put_literal(cut(data.view, item.partial));
    } else {
      const std::string_view octets = cut(data.made, item.partial);
      writer_.put('{' + std::to_string(octets.size()) + "}\r\n");
      writer_.put(octets);  // made here: copied, it won't outlive this call
    }
    return true;
  }
  const BinaryData data = extract_binary(item.section, raw, summary.root);
  if (data.kind == BinaryData::Kind::unknown_encoding) return false;
  name(item_name(item));
  if (item.kind == Kind::binary_size) {
    writer_.put_number(data.octets.size());
  } else if (data.kind == BinaryData::Kind::missing) {
    writer_.put("NIL");
  } else {
    const std::string_view octets = cut(data.octets, item.partial);
    // literal8 only where it is needed: NUL can't stand in a literal (RFC 3516 §4.2).
    if (octets.find('\0') != std::string_view::npos) writer_.put("~");
    writer_.put('{' + std::to_string(octets.size()) + "}\r\n");
    writer_.put(octets);
  }
  return true;
}

}  // namespace fumi::imap
