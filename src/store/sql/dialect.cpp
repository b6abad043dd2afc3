#include "store/sql/dialect.h"

#include "base/ascii.h"

namespace fumi::sql {
namespace {

// The position behind the quoted text that starts at `at`; a doubled quote reads as two texts.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const auto end = text.find(text[at], at + 1);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::size_t end_of(std::string_view text, std::size_t at, std::string_view mark) {
  const auto end = text.find(mark, at);
  return end == std::string_view::npos ? text.size() : end + mark.size();
}

}  // namespace

std::string expand_dialect(Engine engine, std::string_view text) {
  const std::string_view own = engine == Engine::postgres ? "/*pg " : "/*sqlite ";
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    std::size_t end = at + 1;
    if (rest[0] == '\'' || rest[0] == '"') {
      end = end_of_quoted(text, at);
    } else if (rest.starts_with("--")) {
      end = end_of(text, at, "\n");
    } else if (rest.starts_with(own)) {
      end = end_of(text, at, "*/");
      const std::size_t inner = at + own.size();
      const bool closed = end >= inner + 2 && text.substr(end - 2, 2) == "*/";
      out.append(text.substr(inner, (closed ? end - 2 : end) - inner));
      at = end;
      continue;
    } else if (rest.starts_with("/*")) {
      end = end_of(text, at + 2, "*/");
    }
    out.append(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string brief(std::string_view text) {
  constexpr std::size_t kOctetsMax = 80;
  std::string out;
  for (const char c : text) {
    if (out.size() >= kOctetsMax) break;
    if (!ascii::is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

}  // namespace fumi::sql
