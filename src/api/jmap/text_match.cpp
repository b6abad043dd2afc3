#include "api/jmap/text_match.h"

#include <algorithm>
#include <tuple>

#include "base/ascii.h"
#include "codec/fold.h"
#include "codec/utf8.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kWordsMax = 32;
constexpr std::size_t kFindsMax = 100;  // that a snippet looks at

// In one line: runs of white space that hold a line end become one space.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c != '\n' && c != '\r')
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
}

// What folds into the character before it.
bool is_mark(char32_t point) {
  return (point >= 0x300 && point <= 0x36f) || point == 0x3099 || point == 0x309a ||
         point == 0xff9e || point == 0xff9f;
}

bool is_space(char32_t point) { return point <= ' ' || point == 0xa0 || point == 0x3000; }

// A folded text whose octets know where they came from: folded character by character, each with
// its marks, and white space by what stands on either side of it.
class Mapped {
 public:
  explicit Mapped(std::string_view text) : text_(text) {
    std::string_view before;  // the character before white space
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = character_end(at);
      if (is_space(first(at))) {
        while (end < text.size() && is_space(first(end)))
          end = character_end(end);
        const std::size_t next = end < text.size() ? character_end(end) : end;
        add(at, end, gap(before, text.substr(at, end - at), text.substr(end, next - end)));
      } else {
        before = text.substr(at, end - at);
        add(at, end, codec::fold(before));
      }
      at = end;
    }
  }

  struct Find {
    std::size_t begin, end;  // in the original
  };
  void find(const std::string& word, std::size_t finds_max, std::vector<Find>& finds) const {
    if (word.empty()) return;
    for (std::size_t at = folded_.find(word); at != std::string::npos && finds.size() < finds_max;
         at = folded_.find(word, at + word.size())) {
      finds.push_back({from_[at].begin, from_[at + word.size() - 1].end});
    }
  }

 private:
  struct From {
    std::uint32_t begin, end;
  };

  [[nodiscard]] char32_t first(std::size_t at) const {
    std::string_view rest = text_.substr(at);
    return codec::take_code_point(rest);
  }
  [[nodiscard]] std::size_t character_end(std::size_t at) const {
    std::string_view rest = text_.substr(at);
    std::ignore = codec::take_code_point(rest);
    for (std::string_view after = rest; !after.empty() && is_mark(codec::take_code_point(after));)
      rest = after;
    return text_.size() - rest.size();
  }
  // A line end inside Japanese vanishes: whether it does, fold() knows.
  static std::string gap(std::string_view before, std::string_view space, std::string_view after) {
    if (before.empty() || after.empty() || space.find('\n') == std::string_view::npos) return " ";
    std::string all(before);
    all.append(space).append(after);
    const std::size_t ends = codec::fold(before).size() + codec::fold(after).size();
    return codec::fold(all).size() > ends ? " " : "";
  }
  void add(std::size_t begin, std::size_t end, std::string_view folded) {
    folded_ += folded;
    from_.resize(folded_.size(), {std::uint32_t(begin), std::uint32_t(end)});
  }

  std::string_view text_;
  std::string folded_;
  std::vector<From> from_;  // of each folded octet
};

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  const std::string folded = codec::fold(text);
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
  std::vector<Mapped::Find> finds;
  for (const std::string& word : words)
    mapped.find(word, kFindsMax, finds);
  if (finds.empty()) return {};
  std::ranges::sort(finds, {}, &Mapped::Find::begin);
  std::size_t from = 0;
  if (text.size() > octets_max && finds.front().begin > octets_max / 4) {
    from = finds.front().begin - octets_max / 4;
    while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xc0U) == 0x80)
      --from;
  }
  const std::size_t to = from + codec::utf8_prefix(text.substr(from), octets_max).size();
  std::string out;
  std::size_t at = from;
  for (const Mapped::Find& find : finds) {
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
