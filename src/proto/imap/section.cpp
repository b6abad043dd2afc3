#include "proto/imap/section.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/body.h"

namespace fumi::imap {
namespace {

// Offsets come from what was stored; a blob that does not fit them must not be read beyond its end.
std::string_view slice(std::string_view raw, std::uint64_t begin, std::uint64_t end) {
  end = std::min<std::uint64_t>(end, raw.size());
  begin = std::min(begin, end);
  return raw.substr(begin, end - begin);
}

bool is_known_encoding(std::string_view encoding) {
  static constexpr std::array<std::string_view, 6> kKnown{"",       "7bit",   "8bit",
                                                          "binary", "base64", "quoted-printable"};
  return std::ranges::any_of(
      kKnown, [&](std::string_view known) { return ascii::iequals(known, encoding); });
}

SectionData view_of(std::string_view octets) { return {SectionData::Kind::view, octets, {}}; }

SectionData header_of(const Section& section, std::string_view header) {
  if (section.text == Section::Text::header) return view_of(header);
  const Pick pick = section.text == Section::Text::header_fields ? Pick::named : Pick::others;
  return {SectionData::Kind::made, {}, pick_fields(header, section.fields, pick)};
}

}  // namespace

std::string pick_fields(std::string_view header, const std::vector<std::string>& names, Pick pick) {
  std::string out;
  bool taking = false;
  while (!header.empty()) {
    const std::size_t lf = header.find('\n');
    const std::string_view line = header.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    header.remove_prefix(line.size());
    if (line == "\r\n" || line == "\n") break;
    if (line.front() != ' ' && line.front() != '\t') {  // else it continues the field before
      const std::string_view name = ascii::trim(line.substr(0, line.find(':')));
      const bool named = std::ranges::any_of(
          names, [&](const std::string& wanted) { return ascii::iequals(wanted, name); });
      taking = named == (pick == Pick::named);
    }
    if (taking) out.append(line);
  }
  if (!out.empty() && out.back() != '\n') out += "\r\n";
  return out += "\r\n";
}

SectionData extract_section(const Section& section, std::string_view raw, const mime::Part& root) {
  using Text = Section::Text;
  const mime::Part* part = mime::find_part(root, section.part);
  if (part == nullptr) return {};
  if (section.part.empty()) {
    if (section.text == Text::all) return view_of(raw);
    if (section.text == Text::text) return view_of(slice(raw, root.body_begin, raw.size()));
    return header_of(section, slice(raw, root.header_begin, root.body_begin));
  }
  switch (section.text) {
    case Text::all:
      return view_of(slice(raw, part->body_begin, part->body_end));
    case Text::mime:
      return view_of(slice(raw, part->header_begin, part->body_begin));
    default:
      break;
  }
  // HEADER and TEXT are of the message that a part holds, and of nothing else.
  if (!part->is_message() || part->children.empty()) return {};
  const mime::Part& inner = part->children.front();
  if (section.text == Text::text) return view_of(slice(raw, inner.body_begin, part->body_end));
  return header_of(section, slice(raw, inner.header_begin, inner.body_begin));
}

BinaryData extract_binary(const Section& section, std::string_view raw, const mime::Part& root) {
  const mime::Part* part = mime::find_part(root, section.part);
  if (part == nullptr) return {};
  if (section.part.empty()) return {BinaryData::Kind::decoded, std::string(raw)};
  const std::string_view body = slice(raw, part->body_begin, part->body_end);
  if (part->is_multipart()) return {BinaryData::Kind::decoded, std::string(body)};
  if (!is_known_encoding(part->encoding)) return {BinaryData::Kind::unknown_encoding, {}};
  return {BinaryData::Kind::decoded, mime::decode_transfer(body, part->encoding)};
}

std::string_view cut(std::string_view octets, const std::optional<Partial>& partial) {
  if (!partial) return octets;
  if (partial->offset >= octets.size()) return {};
  return octets.substr(partial->offset, partial->octets);
}

}  // namespace fumi::imap
