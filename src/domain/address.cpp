#include "domain/address.h"

#include "base/ascii.h"

namespace fumi {
namespace {

constexpr std::size_t kLocalOctetsMax = 64;    // RFC 5321 §4.5.3.1.1
constexpr std::size_t kDomainOctetsMax = 255;  // RFC 5321 §4.5.3.1.2

// atext of RFC 5322 §3.2.3, with the octets that RFC 6532 adds.
bool is_atext(char c) {
  return ascii::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_dot_string(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  char before = 0;
  for (const char c : local) {
    if (c == '.' ? before == '.' : !is_atext(c)) return false;
    before = c;
  }
  return true;
}

std::optional<std::string> unquoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
    if (text[i] == '\\' && ++i >= text.size()) return std::nullopt;
    out += text[i];
  }
  return std::nullopt;
}

}  // namespace

std::string EmailAddress::text() const {
  if (is_null()) return {};
  if (is_dot_string(local)) return local + '@' + domain;
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"@";
  out += domain;
  return out;
}

std::string EmailAddress::lookup_key() const {
  const std::size_t plus = local.find('+');
  const std::string_view base =
      plus == std::string::npos || plus == 0 ? local : std::string_view(local).substr(0, plus);
  return ascii::to_lower(base) + '@' + domain;
}

std::string EmailAddress::exact_key() const { return ascii::to_lower(local) + '@' + domain; }

std::optional<EmailAddress> EmailAddress::parse(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
  }
  EmailAddress address;
  const std::string_view local = text.substr(0, at);
  if (local.empty()) return std::nullopt;
  if (local.front() == '"') {
    auto plain = unquoted(local);
    if (!plain) return std::nullopt;
    address.local = std::move(*plain);
  } else {
    // Japanese carriers gave out addresses such as a..b.@: dots may stand anywhere.
    for (const char c : local) {
      if (c != '.' && !is_atext(c)) return std::nullopt;
    }
    address.local = local;
  }
  auto domain = normalize_domain(text.substr(at + 1));
  if (!domain || address.local.size() > kLocalOctetsMax) return std::nullopt;
  address.domain = std::move(*domain);
  return address;
}

std::optional<std::string> normalize_domain(std::string_view text) {
  if (text.empty() || text.size() > kDomainOctetsMax) return std::nullopt;
  std::string out = ascii::to_lower(text);
  const auto labels = ascii::split(out, '.');
  if (labels.size() < 2) return std::nullopt;
  for (const std::string_view label : labels) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return std::nullopt;
    }
    for (const char c : label) {
      const bool ok =
          ascii::is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
      if (!ok) return std::nullopt;
    }
  }
  return out;
}

}  // namespace fumi
