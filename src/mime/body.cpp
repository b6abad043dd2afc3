#include "mime/body.h"

#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/quoted_printable.h"
#include "mime/header.h"

namespace fumi::mime {
namespace {

// "begin 644 name", lines of a length letter and groups of four, "end".
std::string uudecode(std::string_view text) {
  std::string out;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t at = text.find('\n');
    std::string_view line = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!inside) {
      inside = line.starts_with("begin ");
      continue;
    }
    if (line.empty() || line == "end") break;
    const auto value = [](char c) { return (static_cast<unsigned char>(c) - 32U) & 63U; };
    std::size_t left = value(line.front());
    line.remove_prefix(1);
    for (std::size_t i = 0; left > 0 && i < line.size(); i += 4) {
      std::uint32_t group = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        group = group << 6U | (i + k < line.size() ? value(line[i + k]) : 0);
      }
      for (unsigned k = 0; k < 3 && left > 0; ++k, --left)
        out += char(group >> (16 - 8 * k));
    }
  }
  return out;
}

}  // namespace

std::string_view raw_body(const Part& part, std::string_view raw) {
  if (part.body_begin > part.body_end || part.body_end > raw.size()) return {};
  return raw.substr(part.body_begin, part.body_end - part.body_begin);
}

std::string_view raw_header(const Part& part, std::string_view raw) {
  if (part.header_begin > part.body_begin || part.body_begin > raw.size()) return {};
  return raw.substr(part.header_begin, part.body_begin - part.header_begin);
}

std::string decode_transfer(std::string_view body, std::string_view encoding) {
  if (ascii::iequals(encoding, "base64")) return codec::base64_decode_lenient(body);
  if (ascii::iequals(encoding, "quoted-printable")) return codec::quoted_printable_decode(body);
  if (ascii::iequals(encoding, "x-uuencode") || ascii::iequals(encoding, "uuencode") ||
      ascii::iequals(encoding, "x-uue")) {
    return uudecode(body);
  }
  return std::string(body);
}

std::string content(const Part& part, std::string_view raw) {
  if (part.is_multipart() || part.is_message()) return std::string(raw_body(part, raw));
  return decode_transfer(raw_body(part, raw), part.encoding);
}

std::string text_content(const Part& part, std::string_view raw, std::uint64_t octets_max) {
  const std::string_view body = raw_body(part, raw).substr(0, octets_max);
  const std::string* charset = find_parameter(part.parameters, "charset");
  return codec::decode_text(decode_transfer(body, part.encoding),
                            charset == nullptr ? std::string_view() : std::string_view(*charset));
}

const std::string* find_parameter(const std::vector<Parameter>& list, std::string_view name) {
  for (const Parameter& parameter : list) {
    if (parameter.name == name) return &parameter.value;
  }
  return nullptr;
}

std::string file_name(const Part& part) {
  const std::string* written = find_parameter(part.disposition_parameters, "filename");
  if (written == nullptr || written->empty()) written = find_parameter(part.parameters, "name");
  if (written == nullptr) return {};
  std::string name = decode_parameter(*written);
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string::npos) {
    name.erase(0, slash + 1);
  }
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (name == "." || name == "..") name.clear();
  return name;
}

}  // namespace fumi::mime
