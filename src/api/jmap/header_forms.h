// header:{name}:{form}:all properties (RFC 8621 §4.1.2): one header field in the form asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"
#include "proto/jmap/errors.h"

namespace fumi::jmap {

enum class HeaderForm : std::uint8_t {
  raw,
  text,
  addresses,
  grouped_addresses,
  message_ids,
  date,
  urls,
};

struct HeaderProperty {
  std::string name;  // of the field, as asked for
  HeaderForm form = HeaderForm::raw;
  enum class Which : std::uint8_t { last, all } which = Which::last;
};

// "header:List-Post:asURLs:all". invalidArguments: a form that this field doesn't have.
[[nodiscard]] MethodResult<HeaderProperty> parse_header_property(std::string_view property);

// From a header block, or a message up to its body: null, or [] for all, where there is none.
[[nodiscard]] Json header_value(std::string_view block, const HeaderProperty& property);

[[nodiscard]] Json field_json(std::string_view body, HeaderForm form);
// EmailAddress[]; null for an empty list. Group markers go.
[[nodiscard]] Json addresses_json(const std::vector<mime::Address>& list);
// Without brackets; null where there is none.
[[nodiscard]] Json message_ids_json(std::string_view body);
[[nodiscard]] Json date_json(std::string_view body);  // Date with its zone, or null

}  // namespace fumi::jmap
