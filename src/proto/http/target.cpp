#include "proto/http/target.h"

#include "base/ascii.h"
#include "codec/utf8.h"
#include "proto/http/form.h"

namespace fumi::http {
namespace {

constexpr std::string_view kDoing = "reading a request target";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Status check_segment(std::string_view segment) {
  if (segment == "." || segment == "..")
    return fail(Code::invalid, std::string(kDoing), "dot segments are not taken");
  for (const char c : segment)
    if (c == '/' || c == '\\' || is_control(c))
      return fail(Code::invalid, std::string(kDoing), "a path segment holds a forbidden character");
  if (!codec::is_utf8(segment))
    return fail(Code::invalid, std::string(kDoing), "the path is not UTF-8");
  return {};
}

// "http://host:port/path" to "/path"; the host is the Host field's business.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!ascii::istarts_with(target, scheme)) continue;
    const std::size_t slash = target.find_first_of("/?", scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii::lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(Code::invalid, "percent-decoding", "% without two hexadecimal digits");
      out += char(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[octet >> 4U];
      out += kHex[octet & 15U];
    }
  }
  return out;
}

Result<Target> parse_target(std::string_view target) {
  Target out;
  if (target == "*") {
    out.path = "*";
    return out;
  }
  target = origin_form(target);
  target = target.substr(0, target.find('#'));
  std::string_view query;
  if (const std::size_t mark = target.find('?'); mark != std::string_view::npos) {
    query = target.substr(mark + 1);
    target = target.substr(0, mark);
  }
  if (target.empty()) target = "/";
  if (target[0] != '/') return fail(Code::invalid, std::string(kDoing), "it is no path");
  for (const std::string_view raw : ascii::split(target.substr(1), '/')) {
    FUMI_TRY(std::string segment, percent_decode(raw, Plus::literal));
    FUMI_CHECK(check_segment(segment));
    out.path += '/';
    out.path += segment;
    out.segments.push_back(std::move(segment));
  }
  if (out.path.empty()) out.path = "/";
  if (out.segments.empty()) out.segments.emplace_back();
  FormLimits limits;
  limits.fields_max = kQueryParametersMax;
  FUMI_TRY(auto fields, parse_urlencoded(query, limits));
  for (FormField& field : fields)
    out.query.push_back({std::move(field.name), std::move(field.value)});
  return out;
}

}  // namespace fumi::http
