#include "api/jmap/text_match.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/utf8.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kWordsMax = 32;

void append_folded(std::string& out, char32_t point) {
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;
  if (point == 0x3000) point = ' ';
  if (point >= 'A' && point <= 'Z') point += 32;
  codec::append_utf8(out, point);
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
}

// A folded text whose octets know where they came from. Kana keep their width here: a voiced pair
// becomes one character, which has no single place.
struct Mapped {
  std::string folded;
  std::vector<std::uint32_t> begin;  // of each folded octet in the original

  explicit Mapped(std::string_view text) {
    for (std::string_view rest = text; !rest.empty();) {
      const auto at = static_cast<std::uint32_t>(text.size() - rest.size());
      const char32_t point = codec::take_code_point(rest);
      append_folded(folded, point);
      begin.resize(folded.size(), at);
    }
    begin.push_back(static_cast<std::uint32_t>(text.size()));
  }
};

}  // namespace

std::string fold(std::string_view text) {
  const std::string wide = codec::widen_kana(text);
  std::string out;
  out.reserve(wide.size());
  for (std::string_view rest = wide; !rest.empty();)
    append_folded(out, codec::take_code_point(rest));
  return out;
}

std::vector<std::string> search_words(std::string_view text) {
  const std::string folded = fold(text);
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  const auto end_word = [&] {
    if (!word.empty() && words.size() < kWordsMax) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : folded) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
        end_word();
      } else {
        word += c;
      }
    } else if ((c == '"' || c == '\'') && word.empty()) {
      quote = c;
    } else if (ascii::is_space(c)) {
      end_word();
    } else {
      word += c;
    }
  }
  end_word();
  return words;
}

bool holds_all(const std::string& folded, const std::vector<std::string>& words) {
  return std::ranges::all_of(words, [&](const std::string& word) { return folded.contains(word); });
}

std::string snippet(std::string_view text, const std::vector<std::string>& words,
                    std::size_t octets_max) {
  const Mapped mapped(text);
  struct Find {
    std::size_t begin, end;  // in the original
  };
  std::vector<Find> finds;
  for (const std::string& word : words) {
    for (std::size_t at = mapped.folded.find(word); at != std::string::npos && finds.size() < 100;
         at = mapped.folded.find(word, at + word.size())) {
      finds.push_back({mapped.begin[at], mapped.begin[at + word.size()]});
    }
  }
  if (finds.empty()) return {};
  std::ranges::sort(finds, {}, &Find::begin);
  std::size_t from = 0;
  if (text.size() > octets_max && finds.front().begin > octets_max / 4) {
    from = finds.front().begin - octets_max / 4;
    while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xc0U) == 0x80)
      --from;
  }
  const std::size_t to = from + codec::utf8_prefix(text.substr(from), octets_max).size();
  std::string out;
  std::size_t at = from;
  for (const Find& find : finds) {
    if (find.begin < at) continue;
    if (find.end > to) break;
    append_escaped(out, text.substr(at, find.begin - at));
    out += "<mark>";
    append_escaped(out, text.substr(find.begin, find.end - find.begin));
    out += "</mark>";
    at = find.end;
  }
  append_escaped(out, text.substr(at, to - at));
  return out;
}

}  // namespace fumi::jmap
