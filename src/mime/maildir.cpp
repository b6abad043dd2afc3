#include "mime/maildir.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "codec/utf7.h"

namespace fumi::mime {
namespace {

constexpr std::string_view kInfo = ":2,";
constexpr std::string_view kDot = "&AC4-";
// In the order of the letters, as the format asks.
constexpr std::array<std::pair<char, std::uint32_t>, 5> kLetters{{{'D', FileFlags::draft},
                                                                  {'F', FileFlags::flagged},
                                                                  {'R', FileFlags::answered},
                                                                  {'S', FileFlags::seen},
                                                                  {'T', FileFlags::deleted}}};

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

}  // namespace

std::string_view maildir_base(std::string_view file) { return file.substr(0, file.find(kInfo)); }

FileFlags maildir_flags(std::string_view file, const std::vector<std::string>& keywords) {
  FileFlags flags;
  const std::size_t at = file.find(kInfo);
  if (at == std::string_view::npos) return flags;
  for (const char letter : file.substr(at + kInfo.size())) {
    for (const auto& [known, bit] : kLetters)
      if (letter == known) flags.bits |= bit;
    const std::size_t index = std::size_t(letter - 'a');
    if (letter < 'a' || index >= keywords.size() || keywords[index].empty()) continue;
    if (std::find(flags.keywords.begin(), flags.keywords.end(), keywords[index]) ==
        flags.keywords.end())
      flags.keywords.push_back(keywords[index]);
  }
  return flags;
}

std::string maildir_info(const FileFlags& flags, const std::vector<std::string>& keywords) {
  std::string out(kInfo);
  for (const auto& [letter, bit] : kLetters)
    if ((flags.bits & bit) != 0) out += letter;
  for (std::size_t i = 0; i < std::min(keywords.size(), kMaildirKeywordsMax); ++i)
    if (std::find(flags.keywords.begin(), flags.keywords.end(), keywords[i]) !=
        flags.keywords.end())
      out += char('a' + int(i));
  return out;
}

std::vector<std::string> parse_maildir_keywords(std::string_view text) {
  std::vector<std::string> keywords;
  for (const std::string_view row : ascii::split(text, '\n')) {
    const std::string_view line = ascii::trim(row);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    std::size_t index = 0;
    const auto [end, failed] = std::from_chars(line.data(), line.data() + space, index);
    if (failed != std::errc() || end != line.data() + space || index >= kMaildirKeywordsMax)
      continue;
    if (keywords.size() <= index) keywords.resize(index + 1);
    keywords[index] = line.substr(space + 1);
  }
  return keywords;
}

std::string write_maildir_keywords(const std::vector<std::string>& keywords) {
  std::string out;
  for (std::size_t i = 0; i < std::min(keywords.size(), kMaildirKeywordsMax); ++i)
    out += std::to_string(i) + " " + keywords[i] + "\n";
  return out;
}

std::optional<std::string> maildir_folder(std::string_view mailbox) {
  std::string out;
  for (const std::string_view level : ascii::split(mailbox, '/')) {
    const auto encoded = codec::to_modified_utf7(level);
    if (level.empty() || !encoded) return std::nullopt;
    out += "." + replace_all(*encoded, ".", kDot);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<std::string> maildir_mailbox(std::string_view folder) {
  if (!folder.starts_with('.')) return std::nullopt;
  std::string out;
  for (const std::string_view level : ascii::split(folder.substr(1), '.')) {
    const auto decoded = codec::from_modified_utf7(replace_all(level, kDot, "."));
    if (!decoded || decoded->empty() || decoded->contains('/')) return std::nullopt;
    if (!out.empty()) out += '/';
    out += *decoded;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace fumi::mime
