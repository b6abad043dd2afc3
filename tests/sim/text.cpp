#include "tests/sim/text.h"

#include <charconv>

#include "base/ascii.h"
#include "tests/sim/expect.h"

namespace fumi::sim {

void broken(std::string_view what, const std::string& how, Where where) {
  const std::string_view file(where.file_name());
  std::string text(file.substr(file.rfind('/') + 1));
  text += ":" + std::to_string(where.line()) + ": " + std::string(what);
  if (!how.empty()) text += "\n" + how;
  throw Failure(text);
}

void expect_same(const std::string& is, const std::string& must, std::string_view what,
                 Where where) {
  if (is == must) return;
  broken(what, "  is:      " + is + "\n  must be: " + must, where);
}

std::uint64_t number_at(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<std::uint64_t> value_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at(line.substr(at + name.size()));
}

std::optional<std::string> inside(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + name.size());
  return std::string(rest.substr(0, rest.find(')')));
}

Words words_of(std::string_view list) {
  Words out;
  for (const std::string_view word : ascii::split(list, ' '))
    if (!word.empty() && word != "\\Recent") out.emplace(word);
  return out;
}

std::string joined(const Words& words) {
  std::string out;
  for (const std::string& word : words)
    out += word + " ";
  return out;
}

std::string text_of(const UidFlags& messages) {
  std::string out;
  for (const auto& [uid, flags] : messages)
    out += std::to_string(uid) + " (" + joined(flags) + ") ";
  return out;
}

std::vector<UidRange> ranges_of(std::string_view set) {
  std::vector<UidRange> out;
  for (const std::string_view part : ascii::split(set, ',')) {
    const auto first = std::uint32_t(number_at(part));
    const std::size_t colon = part.find(':');
    const auto last =
        colon == std::string_view::npos ? first : std::uint32_t(number_at(part.substr(colon + 1)));
    out.push_back({first, last});
  }
  return out;
}

}  // namespace fumi::sim
