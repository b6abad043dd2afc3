#include "mailauth/dkim_canonical.h"

#include "base/ascii.h"

namespace fumi::mailauth {
namespace {

bool is_wsp(char c) { return c == ' ' || c == '\t'; }

// Runs of white space become one space; those at the end of the line go. `line` has no CRLF.
void append_relaxed(std::string& out, std::string_view line) {
  std::size_t end = line.size();
  while (end > 0 && is_wsp(line[end - 1]))
    --end;
  bool space = false;
  for (std::size_t i = 0; i < end; ++i) {
    if (is_wsp(line[i])) {
      space = true;
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += line[i];
  }
}

}  // namespace

std::string canonical_field(std::string_view field, Canonicalization form) {
  if (form == Canonicalization::simple) return std::string(field);
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return std::string(field);
  std::string unfolded;
  unfolded.reserve(field.size());
  for (const char c : field.substr(colon + 1)) {
    if (c != '\r' && c != '\n') unfolded += c;
  }
  std::string out = ascii::to_lower(ascii::trim(field.substr(0, colon)));
  out += ':';
  append_relaxed(out, ascii::trim(unfolded));
  out += "\r\n";
  return out;
}

std::string canonical_body(std::string_view body, Canonicalization form) {
  std::string out;
  out.reserve(body.size() + 2);
  std::size_t empty_lines = 0;
  while (!body.empty()) {
    const std::size_t end = body.find("\r\n");
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
    std::string kept;
    if (form == Canonicalization::relaxed) {
      append_relaxed(kept, line);
    } else {
      kept = line;
    }
    if (kept.empty()) {
      ++empty_lines;  // only those that something follows stay
      continue;
    }
    for (; empty_lines > 0; --empty_lines)
      out += "\r\n";
    out += kept;
    out += "\r\n";
  }
  // §3.4.3: an empty body is one CRLF in the simple form; in the relaxed form it is nothing.
  if (out.empty() && form == Canonicalization::simple) out = "\r\n";
  return out;
}

}  // namespace fumi::mailauth
