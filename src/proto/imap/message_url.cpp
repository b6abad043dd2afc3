#include "proto/imap/message_url.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "proto/imap/detail/commands.h"
#include "proto/imap/mailbox_name.h"

namespace fumi::imap {
namespace {

constexpr std::size_t kUrlOctetsMax = 8'192;

int hex(char c) {
  if (ascii::is_digit(c)) return c - '0';
  const char low = ascii::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// pct-encoded (RFC 3986 §2.1); what is not encoded must be a character that a path may have.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '%') {
      if (c <= ' ' || c > '~' ||
          std::string_view("\"<>\\^`{|}#?").find(c) != std::string_view::npos) {
        return std::nullopt;
      }
      out += c;
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex(text[i + 1]);
    const int low = hex(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// nz-number / number, all of the text
std::optional<std::uint64_t> number(std::string_view text, std::uint64_t least,
                                    std::uint64_t most) {
  if (text.empty() || text.size() > 19 || !std::ranges::all_of(text, ascii::is_digit)) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text)
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value < least || value > most ? std::nullopt : std::optional(value);
}

constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMost63 = std::numeric_limits<std::int64_t>::max();

std::size_t find(std::string_view text, std::string_view part) {
  const auto found = std::ranges::search(
      text, part, [](char a, char b) { return ascii::upper(a) == ascii::upper(b); });
  return found.empty() ? std::string_view::npos
                       : static_cast<std::size_t>(found.begin() - text.begin());
}

// Takes what stands behind `mark` off the end of `text`.
std::optional<std::string_view> cut_off(std::string_view& text, std::string_view mark) {
  const std::size_t at = find(text, mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view behind = text.substr(at + mark.size());
  text = text.substr(0, at);
  return behind;
}

// partial-range = number ["." nz-number]
bool partial_part(std::string_view text, MessageUrl& out) {
  const std::size_t dot = text.find('.');
  const auto offset = number(text.substr(0, dot), 0, kMost63);
  std::optional<std::uint64_t> octets = kMost63;
  if (dot != std::string_view::npos) octets = number(text.substr(dot + 1), 1, kMost63);
  if (!offset || !octets) return false;
  out.partial = Partial{*offset, *octets};
  return true;
}

// enc-section
bool section_part(std::string_view text, MessageUrl& out) {
  const auto spec = decoded(text);
  if (!spec || spec->empty()) return false;
  const std::string framed = '[' + *spec + ']';
  const Limits limits;
  detail::Parser p(framed, {}, limits);
  auto found = detail::section(p);
  if (!found || !p.end()) return false;
  out.section = std::move(*found);
  return true;
}

// imailbox-ref = enc-mailbox [";UIDVALIDITY=" nz-number]
bool mailbox_ref(std::string_view text, MessageUrl& out) {
  if (const auto validity = cut_off(text, ";UIDVALIDITY=")) {
    const auto value = number(*validity, 1, kMost32);
    if (!value) return false;
    out.uid_validity = UidValidity{static_cast<std::uint32_t>(*value)};
  }
  if (text.starts_with('/')) text.remove_prefix(1);
  auto name = decoded(text);
  if (!name || !is_mailbox_name(*name)) return false;
  out.mailbox = canonical_mailbox(std::move(*name));
  return true;
}

}  // namespace

std::optional<MessageUrl> MessageUrl::parse(std::string_view url) {
  if (url.size() > kUrlOctetsMax || url.starts_with("//") || find(url, "://") != url.npos) {
    return std::nullopt;
  }
  MessageUrl out;
  std::string_view rest = url;
  const auto partial = cut_off(rest, "/;PARTIAL=");
  const auto section_text = cut_off(rest, "/;SECTION=");
  // ";UID=" alone means the selected mailbox (RFC 5092 §7).
  const bool selected = ascii::istarts_with(rest, ";UID=");
  const auto uid = cut_off(rest, selected ? ";UID=" : "/;UID=");
  if (!uid) return std::nullopt;
  const auto value = number(*uid, 1, kMost32);
  if (!value) return std::nullopt;
  out.uid = Uid{static_cast<std::uint32_t>(*value)};
  if (!selected && !mailbox_ref(rest, out)) return std::nullopt;
  if (section_text && !section_part(*section_text, out)) return std::nullopt;
  if (partial && !partial_part(*partial, out)) return std::nullopt;
  return out;
}

}  // namespace fumi::imap
