#include "api/jmap/header_forms.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "base/ascii.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "mime/address.h"
#include "mime/header.h"
#include "proto/jmap/request.h"

namespace fumi::jmap {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 11> kAddressFields{
    "from",        "sender",        "reply-to",  "to",        "cc",        "bcc",
    "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-bcc"};
constexpr std::array<std::string_view, 4> kIdFields{"message-id", "in-reply-to", "references",
                                                    "resent-message-id"};
constexpr std::array<std::string_view, 2> kDateFields{"date", "resent-date"};
constexpr std::array<std::string_view, 6> kUrlFields{
    "list-help", "list-unsubscribe", "list-subscribe", "list-post", "list-owner", "list-archive"};
constexpr std::array<std::string_view, 2> kTrace{"return-path", "received"};

bool among(Names names, std::string_view name) {
  return std::ranges::any_of(names,
                             [&](std::string_view each) { return ascii::iequals(each, name); });
}

// RFC 8621 §4.1.2: fields of RFC 5322 and RFC 2369 have the forms of their syntax; any other field
// may be read in each.
bool fits(std::string_view name, HeaderForm form) {
  if (form == HeaderForm::raw) return true;
  if (among(kAddressFields, name))
    return form == HeaderForm::addresses || form == HeaderForm::grouped_addresses;
  if (among(kIdFields, name)) return form == HeaderForm::message_ids;
  if (among(kDateFields, name)) return form == HeaderForm::date;
  if (among(kUrlFields, name)) return form == HeaderForm::urls;
  if (ascii::iequals(name, "Subject") || ascii::iequals(name, "Comments") ||
      ascii::iequals(name, "Keywords")) {
    return form == HeaderForm::text;
  }
  return !among(kTrace, name);
}

Json address_json(const mime::Address& address) {
  std::string email =
      address.domain.empty() ? address.local : mime::write_addr_spec(address.local, address.domain);
  const std::string name = mime::decode_unstructured(address.name);
  return JsonObject{{"name", name.empty() ? Json() : Json(name)}, {"email", std::move(email)}};
}

Json groups_json(const std::vector<mime::Address>& list) {
  JsonArray groups;
  const auto open = [&](Json name) {
    groups.emplace_back(JsonObject{{"name", std::move(name)}, {"addresses", JsonArray{}}});
  };
  bool loose = false;  // addresses outside of any group are gathered
  bool inside = false;
  for (const mime::Address& address : list) {
    if (address.kind == mime::Address::Kind::group_start) {
      open(mime::decode_unstructured(address.local));
      inside = true;
      loose = false;
    } else if (address.kind == mime::Address::Kind::group_end) {
      inside = false;
      loose = false;
    } else {
      if (!inside && !loose) open(nullptr);
      loose = !inside;
      groups.back().find("addresses")->array()->push_back(address_json(address));
    }
  }
  return groups;
}

Json urls_json(std::string_view body) {
  JsonArray urls;
  const std::string text = mime::unfold(body);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const std::size_t end = text.find('>', at);
    if (end == std::string::npos) break;
    std::string url = text.substr(at + 1, end - at - 1);
    std::erase_if(url, [](char c) { return ascii::is_space(c); });
    urls.emplace_back(std::move(url));
  }
  return urls.empty() ? Json() : Json(std::move(urls));
}

}  // namespace

MethodResult<HeaderProperty> parse_header_property(std::string_view property) {
  const auto fields = ascii::split(property, ':');
  HeaderProperty out;
  const auto wrong = [&] {
    return invalid_arguments("there is no property " + ascii::printable(property));
  };
  if (fields.size() < 2 || fields.size() > 4 || fields[0] != "header" || fields[1].empty())
    return wrong();
  if (!std::ranges::all_of(fields[1], [](char c) { return c > ' ' && c < '\x7f'; })) return wrong();
  out.name = std::string(fields[1]);
  constexpr std::array kForms{
      std::pair{std::string_view("asRaw"), HeaderForm::raw},
      std::pair{std::string_view("asText"), HeaderForm::text},
      std::pair{std::string_view("asAddresses"), HeaderForm::addresses},
      std::pair{std::string_view("asGroupedAddresses"), HeaderForm::grouped_addresses},
      std::pair{std::string_view("asMessageIds"), HeaderForm::message_ids},
      std::pair{std::string_view("asDate"), HeaderForm::date},
      std::pair{std::string_view("asURLs"), HeaderForm::urls}};
  std::size_t at = 2;
  if (at < fields.size() && fields[at] != "all") {
    const auto found =
        std::ranges::find_if(kForms, [&](const auto& form) { return form.first == fields[at]; });
    if (found == kForms.end()) return wrong();
    out.form = found->second;
    ++at;
  }
  if (at < fields.size()) {
    if (fields[at] != "all" || at + 1 != fields.size()) return wrong();
    out.which = HeaderProperty::Which::all;
  }
  if (!fits(out.name, out.form)) return wrong();
  return out;
}

Json addresses_json(const std::vector<mime::Address>& list) {
  JsonArray out;
  for (const mime::Address& address : list)
    if (address.kind == mime::Address::Kind::mailbox) out.push_back(address_json(address));
  return out.empty() ? Json() : Json(std::move(out));
}

Json message_ids_json(std::string_view body) {
  JsonArray out;
  for (const std::string& id : mime::parse_message_ids(body))
    out.emplace_back(id.substr(1, id.size() - 2));
  return out.empty() ? Json() : Json(std::move(out));
}

Json date_json(std::string_view body) {
  const auto parsed = codec::parse_date(body);
  if (!parsed) return nullptr;
  std::string text = utc_date(to_micros(parsed->at + parsed->zone));
  if (parsed->zone.count() != 0) {
    const auto minutes = std::abs(parsed->zone.count());
    char zone[16];
    std::snprintf(zone, sizeof zone, "%c%02d:%02d", parsed->zone.count() < 0 ? '-' : '+',
                  int(minutes / 60), int(minutes % 60));
    text.replace(text.size() - 1, 1, zone);
  }
  return text;
}

Json field_json(std::string_view body, HeaderForm form) {
  switch (form) {
    case HeaderForm::raw:
      return codec::to_valid_utf8(body);
    case HeaderForm::text:
      return mime::decode_unstructured(body);
    case HeaderForm::addresses:
      return addresses_json(mime::parse_addresses(body));
    case HeaderForm::grouped_addresses:
      return groups_json(mime::parse_addresses(body));
    case HeaderForm::message_ids:
      return message_ids_json(body);
    case HeaderForm::date:
      return date_json(mime::unfold(body));
    case HeaderForm::urls:
      return urls_json(body);
  }
  return nullptr;
}

Json header_value(std::string_view block, const HeaderProperty& property) {
  const auto bodies = mime::find_fields(block, property.name);
  if (property.which == HeaderProperty::Which::last)
    return bodies.empty() ? Json() : field_json(bodies.back(), property.form);
  JsonArray out;
  for (const std::string_view body : bodies)
    out.push_back(field_json(body, property.form));
  return out;
}

}  // namespace fumi::jmap
