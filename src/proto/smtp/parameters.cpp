#include "proto/smtp/parameters.h"

#include <charconv>

#include "base/ascii.h"
#include "proto/line/utf8.h"
#include "proto/smtp/address.h"

namespace fumi::smtp {
namespace {

struct Parameter {
  std::string_view key;
  std::optional<std::string_view> value;
};

// Takes esmtp-param = esmtp-keyword ["=" esmtp-value]; CLIENT: more than one space may stand
// before.
std::optional<Parameter> esmtp_param(std::string_view& text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return Parameter{word, std::nullopt};
  return Parameter{word.substr(0, equals), word.substr(equals + 1)};
}

std::unexpected<Reply> unknown(std::string_view key) {
  return std::unexpected(
      Reply{555, {5, 5, 4}, "Unsupported parameter " + ascii::printable(key, 40)});
}
std::unexpected<Reply> malformed(std::string_view key) {
  return std::unexpected(Reply{501, {5, 5, 4}, "Bad parameter " + ascii::printable(key, 40)});
}

// Decoded xtext that is safe to store and to write into a report: printable, without line ends.
std::optional<std::string> text_value(std::optional<std::string_view> value,
                                      std::size_t octets_max) {
  if (!value || value->empty() || value->size() > octets_max) return std::nullopt;
  auto decoded = xtext_decode(*value);
  if (!decoded || ascii::printable(*decoded, octets_max) != *decoded) return std::nullopt;
  return decoded;
}

// Each returns whether the value is good; a repeated parameter is not.
bool take_size(MailParameters& out, std::optional<std::string_view> value) {
  if (out.size || !value || value->empty() || value->size() > 20) return false;  // RFC 1870 §3
  std::uint64_t octets = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), octets);
  if (error == std::errc::result_out_of_range) octets = UINT64_MAX;
  if (error == std::errc::invalid_argument || end != value->data() + value->size()) return false;
  out.size = octets;
  return true;
}

bool take_ret(MailParameters& out, std::optional<std::string_view> value) {
  if (out.ret != Return::unset || !value) return false;
  if (ascii::iequals(*value, "FULL")) out.ret = Return::full;
  if (ascii::iequals(*value, "HDRS")) out.ret = Return::headers;
  return out.ret != Return::unset;
}

bool take_auth(MailParameters& out, std::optional<std::string_view> value) {
  if (out.auth || !value) return false;
  if (*value == "<>") {
    out.auth = "";
    return true;
  }
  out.auth = text_value(value, 500);
  return out.auth && parse_mailbox(*out.auth).has_value();
}

std::optional<int> two_digits(std::string_view text, std::size_t at) {
  if (text.size() < at + 2 || !ascii::is_digit(text[at]) || !ascii::is_digit(text[at + 1]))
    return std::nullopt;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// RFC 4865: 1 to 9 digits.
bool take_hold_for(MailParameters& out, std::optional<std::string_view> value) {
  if (out.hold_for || out.hold_until || !value || value->empty() || value->size() > 9) return false;
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (error != std::errc() || end != value->data() + value->size()) return false;
  out.hold_for = std::chrono::seconds(seconds);
  return true;
}

// RFC 3339 §5.6 date-time: "2026-11-23T01:02:03Z", "…03.5+09:00".
bool take_hold_until(MailParameters& out, std::optional<std::string_view> value) {
  if (out.hold_for || out.hold_until || !value || value->size() < 20) return false;
  const auto century = two_digits(*value, 0);
  const auto year = two_digits(*value, 2);
  const auto month = two_digits(*value, 5);
  const auto day = two_digits(*value, 8);
  const auto hours = two_digits(*value, 11);
  const auto minutes = two_digits(*value, 14);
  const auto seconds = two_digits(*value, 17);
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  for (const std::size_t at : {4U, 7U, 10U, 13U, 16U})
    if ((*value)[at] != kForm[at]) return false;
  if (!century || !year || !month || !day) return false;
  const std::chrono::year_month_day date{std::chrono::year(*century * 100 + *year),
                                         std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(*day))};
  if (!date.ok()) return false;
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return false;
  std::string_view zone = value->substr(19);
  if (zone.starts_with('.')) {
    const std::size_t end = zone.find_first_not_of("0123456789", 1);
    if (end == zone.npos || end == 1) return false;
    zone.remove_prefix(end);
  }
  std::chrono::minutes east{0};
  if (zone != "Z") {
    const auto zone_hours = two_digits(zone, 1);
    const auto zone_minutes = two_digits(zone, 4);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
    if (!zone_hours || !zone_minutes || *zone_hours > 23 || *zone_minutes > 59) return false;
    east = std::chrono::minutes((zone[0] == '-' ? -1 : 1) * (*zone_hours * 60 + *zone_minutes));
  }
  out.hold_until = std::chrono::sys_seconds(std::chrono::sys_days(date)) +
                   std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
                   std::chrono::seconds(*seconds) - east;
  return true;
}

bool take_body(MailParameters& out, std::optional<std::string_view> value) {
  if (!value) return false;
  if (ascii::iequals(*value, "7BIT")) return true;
  out.body = ascii::iequals(*value, "8BITMIME") ? Body::eight_bit_mime : Body::binary_mime;
  return out.body == Body::eight_bit_mime || ascii::iequals(*value, "BINARYMIME");
}

bool take_notify(Notify& out, std::optional<std::string_view> value) {
  if (out.is_set() || !value) return false;
  std::string_view list = *value;
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    if (ascii::iequals(word, "NEVER")) {
      out.never = true;
    } else if (ascii::iequals(word, "SUCCESS")) {
      out.success = true;
    } else if (ascii::iequals(word, "FAILURE")) {
      out.failure = true;
    } else if (ascii::iequals(word, "DELAY")) {
      out.delay = true;
    } else {
      return false;
    }
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
  }
  return !out.never || !(out.success || out.failure || out.delay);
}

// RFC 3461 §4.2: original-recipient-address = addr-type ";" xtext; RFC 6533 §3 adds "utf-8".
bool take_orcpt(RcptParameters& out, std::optional<std::string_view> value) {
  if (!out.orcpt_type.empty() || !value || value->size() > 500) return false;
  const std::size_t semicolon = value->find(';');
  if (semicolon == 0 || semicolon == value->npos || semicolon > 30) return false;
  const std::string_view type = value->substr(0, semicolon);
  for (const char c : type) {
    if (!ascii::is_alnum(c) && c != '-') return false;
  }
  const std::string_view address = value->substr(semicolon + 1);
  if (ascii::iequals(type, "utf-8")) {
    if (address.empty()) return false;
    out.orcpt = address;
  } else {
    auto decoded = text_value(address, 500);
    if (!decoded) return false;
    out.orcpt = std::move(*decoded);
  }
  out.orcpt_type = ascii::to_lower(type);
  return true;
}

std::string_view to_text(Body body) {
  switch (body) {
    case Body::seven_bit:
      return "7BIT";
    case Body::eight_bit_mime:
      return "8BITMIME";
    case Body::binary_mime:
      return "BINARYMIME";
  }
  return "7BIT";
}

}  // namespace

std::expected<MailParameters, Reply> mail_parameters(std::string_view text, Extensions offered) {
  MailParameters out;
  bool body_seen = false;
  while (const auto parameter = esmtp_param(text)) {
    const std::string_view key = parameter->key;
    const auto& value = parameter->value;
    bool good = true;
    if (ascii::iequals(key, "SIZE") && offered.has(Extension::size)) {
      good = take_size(out, value);
    } else if (ascii::iequals(key, "BODY") && offered.has(Extension::eight_bit_mime)) {
      good = !body_seen && take_body(out, value);
      body_seen = true;
      if (good && out.body == Body::binary_mime && !offered.has(Extension::binarymime)) {
        return unknown("BODY=BINARYMIME");
      }
    } else if (ascii::iequals(key, "SMTPUTF8") && offered.has(Extension::smtputf8)) {
      good = !out.smtputf8 && !value;
      out.smtputf8 = true;
    } else if (ascii::iequals(key, "REQUIRETLS") && offered.has(Extension::requiretls)) {
      good = !out.requiretls && !value;
      out.requiretls = true;
    } else if (ascii::iequals(key, "RET") && offered.has(Extension::dsn)) {
      good = take_ret(out, value);
    } else if (ascii::iequals(key, "ENVID") && offered.has(Extension::dsn)) {
      auto id = out.envid.empty() ? text_value(value, 100) : std::nullopt;
      good = id.has_value();
      if (good) out.envid = std::move(*id);
    } else if (ascii::iequals(key, "HOLDFOR") && offered.has(Extension::futurerelease)) {
      good = take_hold_for(out, value);
    } else if (ascii::iequals(key, "HOLDUNTIL") && offered.has(Extension::futurerelease)) {
      good = take_hold_until(out, value);
    } else if (ascii::iequals(key, "AUTH") && offered.has(Extension::auth)) {
      good = take_auth(out, value);
    } else {
      return unknown(key);
    }
    if (!good) return malformed(key);
  }
  return out;
}

std::expected<RcptParameters, Reply> rcpt_parameters(std::string_view text, Extensions offered) {
  RcptParameters out;
  while (const auto parameter = esmtp_param(text)) {
    const std::string_view key = parameter->key;
    bool good = true;
    if (ascii::iequals(key, "NOTIFY") && offered.has(Extension::dsn)) {
      good = take_notify(out.notify, parameter->value);
    } else if (ascii::iequals(key, "ORCPT") && offered.has(Extension::dsn)) {
      good = take_orcpt(out, parameter->value);
    } else {
      return unknown(key);
    }
    if (!good) return malformed(key);
  }
  return out;
}

void append(std::string& out, const MailParameters& parameters, Extensions offered) {
  if (parameters.size && offered.has(Extension::size)) {
    out.append(" SIZE=").append(std::to_string(*parameters.size));
  }
  if (parameters.body != Body::seven_bit && offered.has(Extension::eight_bit_mime)) {
    out.append(" BODY=").append(to_text(parameters.body));
  }
  if (parameters.smtputf8 && offered.has(Extension::smtputf8)) out += " SMTPUTF8";
  if (parameters.requiretls && offered.has(Extension::requiretls)) out += " REQUIRETLS";
  if (offered.has(Extension::dsn)) {
    if (parameters.ret == Return::full) out += " RET=FULL";
    if (parameters.ret == Return::headers) out += " RET=HDRS";
    if (!parameters.envid.empty()) out.append(" ENVID=").append(xtext_encode(parameters.envid));
  }
  if (parameters.auth && offered.has(Extension::auth)) {
    out.append(" AUTH=").append(parameters.auth->empty() ? "<>" : xtext_encode(*parameters.auth));
  }
}

void append(std::string& out, const RcptParameters& parameters, Extensions offered) {
  if (!offered.has(Extension::dsn)) return;
  const Notify& notify = parameters.notify;
  if (notify.never) {
    out += " NOTIFY=NEVER";
  } else if (notify.is_set()) {
    out += " NOTIFY=";
    const std::size_t start = out.size();
    const auto add = [&](bool wanted, std::string_view word) {
      if (wanted) out.append(out.size() > start ? "," : "").append(word);
    };
    add(notify.success, "SUCCESS");
    add(notify.failure, "FAILURE");
    add(notify.delay, "DELAY");
  }
  if (parameters.orcpt_type.empty()) return;
  out.append(" ORCPT=").append(parameters.orcpt_type).append(";");
  out.append(parameters.orcpt_type == "utf-8" ? parameters.orcpt : xtext_encode(parameters.orcpt));
}

}  // namespace fumi::smtp
