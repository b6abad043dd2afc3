#include "mime/header.h"

#include <cstring>

#include "base/ascii.h"

namespace fumi::mime {
namespace {

// field-name = 1*ftext (RFC 5322 §2.2), obsolete white space before the colon allowed.
std::string_view field_name(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view name = line.substr(0, colon);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t'))
    name.remove_suffix(1);
  for (const char c : name) {
    if (c <= ' ' || c > '~') return {};
  }
  return name;
}

// The offset behind the LF of the line that starts at `at`, or the end of the text.
std::size_t line_end(std::string_view text, std::size_t at) {
  const void* lf = std::memchr(text.data() + at, '\n', text.size() - at);
  return lf == nullptr ? text.size() : std::size_t(static_cast<const char*>(lf) - text.data()) + 1;
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool HeaderReader::next(HeaderField& field) {
  while (at_ < text_.size() && at_ < octets_max_) {
    const std::size_t start = at_;
    std::size_t end = line_end(text_, start);
    const std::string_view first = without_line_end(text_.substr(start, end - start));
    if (first.empty()) {
      at_ = end;
      octets_max_ = 0;  // the header is over, whatever is asked next
      return false;
    }
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) {
      if (end - start > octets_max_) break;
      end = line_end(text_, end);
    }
    at_ = end;
    const std::string_view name = field_name(first);
    if (name.empty()) continue;
    field.name = name;
    field.raw = text_.substr(start, end - start);
    field.offset = start;
    field.body = without_line_end(field.raw.substr(field.raw.find(':') + 1));
    return true;
  }
  return false;
}

std::vector<HeaderField> header_fields(std::string_view text) {
  std::vector<HeaderField> fields;
  HeaderReader reader(text);
  for (HeaderField field; reader.next(field);)
    fields.push_back(field);
  return fields;
}

std::size_t body_offset(std::string_view message) {
  HeaderReader reader(message);
  for (HeaderField field; reader.next(field);) {
  }
  return reader.body_offset();
}

std::optional<std::string_view> find_field(std::string_view text, std::string_view name) {
  HeaderReader reader(text);
  for (HeaderField field; reader.next(field);) {
    if (ascii::iequals(field.name, name)) return field.body;
  }
  return std::nullopt;
}

std::vector<std::string_view> find_fields(std::string_view text, std::string_view name) {
  std::vector<std::string_view> found;
  HeaderReader reader(text);
  for (HeaderField field; reader.next(field);) {
    if (ascii::iequals(field.name, name)) found.push_back(field.body);
  }
  return found;
}

std::string unfold(std::string_view body) {
  body = ascii::trim(body);
  if (body.find('\n') == std::string_view::npos && body.find('\r') == std::string_view::npos) {
    return std::string(body);
  }
  std::string out;
  out.reserve(body.size());
  for (const char c : body) {
    if (c != '\r' && c != '\n') out += c;
  }
  return out;
}

}  // namespace fumi::mime
