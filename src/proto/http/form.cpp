#include "proto/http/form.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "proto/http/target.h"

namespace fumi::http {
namespace {

constexpr std::size_t kBoundaryOctetsMax = 200;  // RFC 2046 says 70; some clients make longer ones

std::unexpected<Error> malformed(std::string detail) {
  return fail(Code::invalid, "reading a form", std::move(detail));
}

// A quoted-string or token behind "name=". Only \" and \\ are escapes: old browsers send Windows
// paths with plain backslashes.
std::string take_parameter_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest[0] != '"') {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    value = ascii::trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return value;
}

// Browsers write '"' as %22 and line ends as %0D%0A in quoted parameters (WHATWG HTML, multipart
// form data) and leave all other "%" alone.
std::string unescape_browser(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = text.substr(i, 3);
    if (three == "%22") {
      out += '"';
      i += 2;
    } else if (ascii::iequals(three, "%0d") || ascii::iequals(three, "%0a")) {
      i += 2;
    } else if (static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7f) {
      out += text[i];
    }
  }
  return out;
}

std::string as_utf8(std::string text) {
  return codec::is_utf8(text) ? text : codec::decode_text(text, "");
}

// RFC 8187: UTF-8''%e6%97%a5; nullopt when it is not.
std::optional<std::string> extended_value(std::string_view text) {
  const std::size_t first = text.find('\'');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('\'', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto bytes = percent_decode(text.substr(second + 1), Plus::literal);
  if (!bytes) return std::nullopt;
  return codec::decode_text(*bytes, text.substr(0, first));
}

std::string last_component(std::string name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string::npos) name.erase(0, slash + 1);
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return name;
}

// Content-Disposition: form-data; name="…"; filename="…"; filename*=UTF-8''…
Status read_disposition(std::string_view value, FormField& part) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  if (!ascii::iequals(ascii::trim(value.substr(0, semicolon)), "form-data"))
    return malformed("a part's Content-Disposition is not form-data");
  std::string_view rest = value.substr(semicolon);
  std::optional<std::string> extended;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    const std::string name = ascii::to_lower(ascii::trim(rest.substr(0, equals)));
    rest.remove_prefix(equals + 1);
    while (!rest.empty() && ascii::is_space(rest[0]))
      rest.remove_prefix(1);
    std::string text = take_parameter_value(rest);
    if (name == "name") part.name = as_utf8(unescape_browser(text));
    if (name == "filename") part.file_name = as_utf8(unescape_browser(text));
    if (name == "filename*") extended = extended_value(text);
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  if (extended) part.file_name = std::move(extended);
  if (part.file_name) part.file_name = last_component(std::move(*part.file_name));
  return {};
}

class Collector final : public MultipartReader::Sink {
 public:
  Status on_part(FormField part) override {
    fields.push_back(std::move(part));
    return {};
  }
  Status on_bytes(std::string_view bytes) override {
    fields.back().value += bytes;
    return {};
  }
  std::vector<FormField> fields;
};

}  // namespace

Result<std::vector<FormField>> parse_urlencoded(std::string_view body, const FormLimits& limits) {
  std::vector<FormField> out;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (pair.empty()) continue;
    if (out.size() == limits.fields_max)
      return fail(Code::too_large, "reading a form", "it has too many fields");
    const std::size_t equals = std::min(pair.find('='), pair.size());
    FormField field;
    FUMI_TRY(field.name, percent_decode(pair.substr(0, equals), Plus::space));
    if (field.name.size() > limits.name_octets_max)
      return fail(Code::too_large, "reading a form", "a field's name is too long");
    if (equals < pair.size()) {
      FUMI_TRY(field.value, percent_decode(pair.substr(equals + 1), Plus::space));
    }
    out.push_back(std::move(field));
  }
  return out;
}

MultipartReader::MultipartReader(std::string_view boundary, FormLimits limits, Sink& sink)
    : delimiter_("\r\n--" + std::string(boundary)), limits_(limits), sink_(sink), held_("\r\n") {
  // The body may begin with the boundary; the CRLF in front makes that the ordinary case.
  if (boundary.empty() || boundary.size() > kBoundaryOctetsMax)
    error_ = malformed("the boundary is missing or too long").error();
}

Status MultipartReader::feed(std::string_view bytes) {
  if (error_) return std::unexpected(*error_);
  held_ += bytes;
  for (bool progress = true; progress;) {
    progress = false;
    Status done = step(progress);
    if (!done) {
      error_ = done.error();
      return done;
    }
  }
  return {};
}

Status MultipartReader::finish() const {
  if (error_) return std::unexpected(*error_);
  if (state_ != State::epilogue) return malformed("the closing boundary is missing");
  return {};
}

Status MultipartReader::step(bool& progress) {
  switch (state_) {
    case State::preamble: {
      const std::size_t at = held_.find(delimiter_);
      if (at == std::string::npos) {
        if (held_.size() > delimiter_.size()) held_.erase(0, held_.size() - delimiter_.size());
        return {};
      }
      held_.erase(0, at + delimiter_.size());
      state_ = State::after_boundary;
      progress = true;
      return {};
    }
    case State::after_boundary: {
      // Padding may stand between the boundary and its line end (RFC 2046 §5.1.1).
      const std::size_t blank = std::min(held_.find_first_not_of(" \t"), held_.size());
      if (blank > limits_.name_octets_max) return malformed("a boundary line is too long");
      if (held_.size() < blank + 2) return {};
      const std::string_view next = std::string_view(held_).substr(blank, 2);
      if (next != "--" && next != "\r\n")
        return malformed("a boundary is not followed by a line end");
      state_ = next == "--" ? State::epilogue : State::header;
      // The CRLF stays: a part without any header begins with the empty line itself.
      held_.erase(0, next == "--" ? blank + 2 : blank);
      progress = true;
      return {};
    }
    case State::header: {
      const std::size_t end = held_.find("\r\n\r\n");
      if (end == std::string::npos || end > limits_.part_header_octets_max) {
        if (std::min(end, held_.size()) > limits_.part_header_octets_max)
          return fail(Code::too_large, "reading a form", "a part's header is too long");
        return {};
      }
      const std::string header = held_.substr(0, end);
      held_.erase(0, end + 2);  // the last CRLF may begin the delimiter of an empty part
      FUMI_CHECK(on_header(header));
      state_ = State::body;
      progress = true;
      return {};
    }
    case State::body:
      return on_body(progress);
    case State::epilogue:
      held_.clear();
      return {};
  }
  return {};
}

Status MultipartReader::on_header(std::string_view header) {
  if (++parts_ > limits_.fields_max)
    return fail(Code::too_large, "reading a form", "it has too many fields");
  FormField part;
  std::string_view rest = header;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a part's header line has no colon");
    const std::string_view name = ascii::trim(line.substr(0, colon));
    const std::string_view value = ascii::trim(line.substr(colon + 1));
    if (ascii::iequals(name, "content-disposition")) FUMI_CHECK(read_disposition(value, part));
    if (ascii::iequals(name, "content-type")) part.content_type = value;
  }
  if (part.name.empty()) return malformed("a part has no name");
  if (part.name.size() > limits_.name_octets_max)
    return fail(Code::too_large, "reading a form", "a field's name is too long");
  return sink_.on_part(std::move(part));
}

// The body begins behind the CRLF that ended the header and was left in `held_`: that CRLF can be
// the start of the delimiter, so it is looked at with it and dropped on the first bytes.
Status MultipartReader::on_body(bool& progress) {
  const std::size_t at = held_.find(delimiter_);
  if (at != std::string::npos) {
    if (at > 2) FUMI_CHECK(sink_.on_bytes(std::string_view(held_).substr(2, at - 2)));
    held_.erase(0, at + delimiter_.size());
    state_ = State::after_boundary;
    progress = true;
    return {};
  }
  // Two octets stand for the CRLF; the last delimiter's worth may be its beginning.
  const std::size_t keep = delimiter_.size();
  if (held_.size() <= keep + 2) return {};
  const std::size_t give = held_.size() - keep - 2;
  FUMI_CHECK(sink_.on_bytes(std::string_view(held_).substr(2, give)));
  held_.erase(2, give);
  held_[0] = 'x';  // no longer a line end before the body's first octet
  held_[1] = 'x';
  return {};
}

Result<std::vector<FormField>> parse_multipart(std::string_view body, std::string_view boundary,
                                               const FormLimits& limits) {
  Collector collector;
  MultipartReader reader(boundary, limits, collector);
  FUMI_CHECK(reader.feed(body));
  FUMI_CHECK(reader.finish());
  return std::move(collector.fields);
}

}  // namespace fumi::http
