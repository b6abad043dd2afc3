#include "proto/smtp/address.h"

#include <arpa/inet.h>

#include <array>

#include "base/ascii.h"
#include "proto/line/utf8.h"

namespace fumi::smtp {
namespace {

enum : std::uint8_t { atext = 1, let_dig = 2, qtext = 4, xchar = 8 };

// One look-up an octet. Octets over 127 are parts of UTF-8 characters (RFC 6531 §3.3).
constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const char octet = char(c);
    if (c > 127) {
      classes[c] = atext | let_dig | qtext;
      continue;
    }
    if (ascii::is_alnum(octet)) classes[c] |= atext | let_dig;
    if (std::string_view("!#$%&'*+-/=?^_`{|}~").find(octet) != std::string_view::npos) {
      classes[c] |= atext;
    }
    if (c >= 32 && c < 127 && octet != '"' && octet != '\\') classes[c] |= qtext;
    if (c >= 33 && c < 127 && octet != '+' && octet != '=') classes[c] |= xchar;
  }
  return classes;
}();

bool is(char c, std::uint8_t wanted) {
  return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

bool take(std::string_view& in, char wanted) {
  if (in.empty() || in.front() != wanted) return false;
  in.remove_prefix(1);
  return true;
}

std::unexpected<PathFault> fault(PathFault why) { return std::unexpected(why); }

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
Parsed<std::string> quoted_string(std::string_view& in) {
  std::string value;
  in.remove_prefix(1);
  for (;;) {
    if (in.empty()) return fault(PathFault::syntax);
    if (take(in, '"')) return value;
    if (take(in, '\\')) {
      if (in.empty() || in.front() < 32 || in.front() > 126) return fault(PathFault::syntax);
    } else if (!is(in.front(), qtext)) {
      return fault(PathFault::syntax);
    }
    value += in.front();
    in.remove_prefix(1);
  }
}

// A-d-l = At-domain *( "," At-domain ), with the ":" behind it.
bool skip_source_route(std::string_view& in) {
  while (take(in, '@')) {
    if (!domain(in)) return false;
    if (take(in, ':')) return true;
    if (!take(in, ',')) return false;
  }
  return false;
}

enum class LocalLimit : std::uint8_t { strict, path_only };

Parsed<Mailbox> mailbox_within(std::string_view& in, LocalLimit limit) {
  auto local = local_part(in);
  if (!local) return fault(local.error());
  if (!take(in, '@')) return fault(PathFault::syntax);
  const auto where = in.starts_with('[') ? address_literal(in) : domain(in);
  if (!where) return fault(where.error());
  if (limit == LocalLimit::strict && local->size() > kLocalOctetsMax) {
    return fault(PathFault::local_too_long);
  }
  return Mailbox{std::move(*local), std::string(*where)};
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"; the "<" is gone already.
Parsed<Mailbox> path(std::string_view& in, LocalLimit limit) {
  const std::size_t octets = in.size() + 1;
  if (in.starts_with('@') && !skip_source_route(in)) return fault(PathFault::syntax);
  auto parsed = mailbox_within(in, limit);
  if (!parsed) return parsed;
  if (!take(in, '>')) return fault(PathFault::syntax);
  if (octets - in.size() > kPathOctetsMax) return fault(PathFault::path_too_long);
  return parsed;
}

bool is_dot_string(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  char before = 0;
  for (const char c : local) {
    if (c == '.' ? before == '.' : !is(c, atext)) return false;
    before = c;
  }
  return true;
}

bool is_ip(int family, std::string_view text) {
  std::array<char, 48> zero_ended{};
  std::array<unsigned char, 16> address{};
  if (text.size() >= zero_ended.size()) return false;
  text.copy(zero_ended.data(), text.size());
  return inet_pton(family, zero_ended.data(), address.data()) == 1;
}

}  // namespace

Parsed<std::string> local_part(std::string_view& in) {
  if (in.starts_with('"')) {
    auto quoted = quoted_string(in);
    if (quoted && quoted->empty()) return fault(PathFault::syntax);
    return quoted;
  }
  std::size_t length = 0;
  while (length < in.size() && (is(in[length], atext) || in[length] == '.'))
    ++length;
  if (length == 0) return fault(PathFault::syntax);
  std::string value(in.substr(0, length));
  in.remove_prefix(length);
  return value;
}

Parsed<std::string_view> domain(std::string_view& in) {
  const std::string_view whole = in;
  for (;;) {
    std::size_t length = 0;
    while (length < in.size() &&
           (is(in[length], let_dig) || in[length] == '-' || in[length] == '_')) {
      ++length;
    }
    if (length == 0 || in[0] == '-' || in[length - 1] == '-') return fault(PathFault::syntax);
    if (length > 63) return fault(PathFault::domain_too_long);
    in.remove_prefix(length);
    if (!take(in, '.')) break;
  }
  const std::string_view name = whole.substr(0, whole.size() - in.size());
  if (name.size() > kDomainOctetsMax) return fault(PathFault::domain_too_long);
  return name;
}

Parsed<std::string_view> address_literal(std::string_view& in) {
  const std::size_t end = in.find(']');
  if (!in.starts_with('[') || end == in.npos) return fault(PathFault::syntax);
  const std::string_view literal = in.substr(0, end + 1);
  const std::string_view inside = literal.substr(1, end - 1);
  const bool good = ascii::istarts_with(inside, "IPv6:") ? is_ip(AF_INET6, inside.substr(5))
                                                         : is_ip(AF_INET, inside);
  if (!good) return fault(PathFault::syntax);
  in.remove_prefix(end + 1);
  return literal;
}

Parsed<Mailbox> mailbox(std::string_view& in) { return mailbox_within(in, LocalLimit::strict); }

Parsed<ReversePath> reverse_path(std::string_view& in) {
  if (!take(in, '<')) return fault(PathFault::syntax);
  if (take(in, '>')) return ReversePath{};
  auto parsed = path(in, LocalLimit::path_only);
  if (!parsed) return fault(parsed.error());
  return ReversePath{std::move(*parsed)};
}

Parsed<ForwardPath> forward_path(std::string_view& in) {
  if (!take(in, '<')) return fault(PathFault::syntax);
  constexpr std::string_view kPostmaster = "postmaster>";
  if (ascii::istarts_with(in, kPostmaster)) {
    in.remove_prefix(kPostmaster.size());
    return ForwardPath{{"postmaster", ""}};
  }
  auto parsed = path(in, LocalLimit::strict);
  if (!parsed) return fault(parsed.error());
  return ForwardPath{std::move(*parsed)};
}

std::string to_text(const Mailbox& mailbox) {
  std::string out;
  out.reserve(mailbox.local.size() + mailbox.domain.size() + 3);
  if (is_dot_string(mailbox.local)) {
    out = mailbox.local;
  } else {
    out = '"';
    for (const char c : mailbox.local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!mailbox.domain.empty()) out.append("@").append(mailbox.domain);
  return out;
}

bool needs_utf8(const Mailbox& mailbox) {
  return !line::is_ascii(mailbox.local) || !line::is_ascii(mailbox.domain);
}

std::string to_text(const ReversePath& path) {
  return path.is_null() ? "<>" : "<" + to_text(path.mailbox) + ">";
}
std::string to_text(const ForwardPath& path) { return "<" + to_text(path.mailbox) + ">"; }

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) return std::nullopt;
  }
  if (!line::is_utf8(text)) return std::nullopt;
  auto parsed = mailbox(text);
  if (!parsed || !text.empty()) return std::nullopt;
  return std::move(*parsed);
}

bool is_domain(std::string_view text) {
  const auto parsed = domain(text);
  return parsed && text.empty();
}

bool is_address_literal(std::string_view text) {
  const auto parsed = address_literal(text);
  return parsed && text.empty();
}

std::string xtext_encode(std::string_view octets) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(octets.size());
  for (const char c : octets) {
    if (is(c, xchar)) {
      out += c;
      continue;
    }
    out += '+';
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto digit = [](char c) { return ascii::is_digit(c) || (c >= 'A' && c <= 'F'); };
  while (!text.empty()) {
    if (is(text[0], xchar)) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3 || text[0] != '+' || !digit(text[1]) || !digit(text[2]))
      return std::nullopt;
    out += *ascii::from_hex(text.substr(1, 2));
    text.remove_prefix(3);
  }
  return out;
}

}  // namespace fumi::smtp
