// Rich Text Format: control words, groups, and octets in the code page of their font.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "extract/detail/document.h"

namespace fumi::extract::detail {
namespace {

using Outcome = ExtractedText::Outcome;

// Groups that hold tables and pictures rather than text.
constexpr std::array<std::string_view, 17> kNoText{
    "colortbl", "datafield", "datastore",         "filetbl",   "fldinst",  "info",
    "keycode",  "listtable", "listoverridetable", "objdata",   "operator", "pict",
    "revtbl",   "rsidtbl",   "stylesheet",        "themedata", "xmlnstbl"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kSymbols{
    std::pair<std::string_view, std::string_view>{"par", "\n"},
    {"line", "\n"},
    {"row", "\n"},
    {"sect", "\n"},
    {"page", "\n"},
    {"tab", "\t"},
    {"cell", "\t"},
    {"nestcell", "\t"},
    {"nestrow", "\n"},
    {"emdash", "\xe2\x80\x94"},
    {"endash", "\xe2\x80\x93"},
    {"lquote", "\xe2\x80\x98"},
    {"rquote", "\xe2\x80\x99"},
    {"ldblquote", "\xe2\x80\x9c"},
    {"rdblquote", "\xe2\x80\x9d"},
    {"bullet", "\xe2\x80\xa2"}};
// \fcharset to code page.
constexpr std::array<std::pair<int, int>, 14> kFontCharsets{std::pair<int, int>{0, 1252},
                                                            {128, 932},
                                                            {129, 949},
                                                            {134, 936},
                                                            {136, 950},
                                                            {161, 1253},
                                                            {162, 1254},
                                                            {163, 1258},
                                                            {177, 1255},
                                                            {178, 1256},
                                                            {186, 1257},
                                                            {204, 1251},
                                                            {222, 874},
                                                            {238, 1250}};
constexpr std::size_t kFontsMax = 1'000;

std::string_view charset_of(int code_page, std::string& name) {
  if (code_page == 932) return "shift_jis";
  if (code_page == 65001) return "utf-8";
  if (code_page == 936) return "gbk";
  if (code_page == 950) return "big5";
  if (code_page == 949) return "euc-kr";
  name = "windows-" + std::to_string(code_page);
  return name;
}

class Rtf {
 public:
  Rtf(std::string_view bytes, const DocumentLimits& limits) : rest_(bytes), limits_(limits) {
    found_.form = "rtf";
    found_.outcome = Outcome::whole;
  }

  ExtractedText read() {
    while (!rest_.empty() && found_.outcome == Outcome::whole) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      step(c);
      if (found_.text.size() + octets_.size() > limits_.text_octets_max + 4) break;
    }
    flush();
    if (found_.outcome == Outcome::whole && rest_.empty() && (groups_.size() > 1 || !closed_)) {
      say(Outcome::damaged, "it ends inside a group");
    }
    return std::move(found_);
  }

 private:
  struct Group {
    enum class Holds : std::uint8_t { text, nothing, fonts } holds = Holds::text;
    int code_page = 0;        // 0: the document's
    std::size_t instead = 1;  // octets that stand in for a \u
  };

  void say(Outcome outcome, const char* reason) {
    found_.outcome = outcome;
    found_.reason = reason;
  }
  Group& group() { return groups_.back(); }

  void step(char c) {
    switch (c) {
      case '{':
        if (groups_.size() > limits_.depth_max) return say(Outcome::over_limit, "too deep");
        groups_.push_back(group());
        skip_ = 0;
        return;
      case '}':
        flush();
        if (groups_.size() > 1) groups_.pop_back();
        closed_ = groups_.size() == 1;
        skip_ = 0;
        return;
      case '\\':
        return control();
      case '\r':
      case '\n':
        return;
      default:
        return octet(c);
    }
  }

  void octet(char c) {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    if (group().holds == Group::Holds::text && c != '\0') octets_ += c;
  }

  void put(std::string_view text) {
    if (group().holds != Group::Holds::text) return;
    flush();
    found_.text += text;
  }

  // Octets are converted together: a character may be of two.
  void flush() {
    if (octets_.empty()) return;
    const int code_page = group().code_page != 0 ? group().code_page : code_page_;
    std::string name;
    const auto decoded = codec::to_utf8(octets_, charset_of(code_page, name));
    found_.text += decoded ? decoded->text : codec::decode_text(octets_, {});
    octets_.clear();
  }

  void control() {
    if (rest_.empty()) return;
    const char c = rest_.front();
    if (!ascii::is_alpha(c)) {
      rest_.remove_prefix(1);
      return control_symbol(c);
    }
    std::size_t letters = 0;
    while (letters < rest_.size() && letters < 32 && ascii::is_alpha(rest_[letters]))
      ++letters;
    const std::string_view word = rest_.substr(0, letters);
    rest_.remove_prefix(letters);
    int number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    const bool numbered = error != std::errc::invalid_argument;
    if (error == std::errc::result_out_of_range) number = 0;
    if (numbered) rest_.remove_prefix(std::size_t(end - rest_.data()));
    if (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    control_word(word, numbered ? number : 1);
  }

  void control_symbol(char c) {
    if (c == '\'') {
      const auto value = ascii::from_hex(rest_.substr(0, 2));
      rest_.remove_prefix(std::min<std::size_t>(2, rest_.size()));
      if (value && value->size() == 1) octet(value->front());
      return;
    }
    if (c == '*') {
      group().holds = Group::Holds::nothing;
    } else if (c == '~') {
      put(" ");
    } else if (c == '_') {
      put("-");
    } else if (c == '\r' || c == '\n') {
      put("\n");
    } else if (c == '\\' || c == '{' || c == '}') {
      octet(c);
    }
  }

  void control_word(std::string_view word, int number) {
    if (word == "u") return unicode(number);
    if (word == "uc") {
      group().instead = std::size_t(std::clamp(number, 0, 16));
    } else if (word == "bin") {
      rest_.remove_prefix(std::min(rest_.size(), std::size_t(std::max(number, 0))));
    } else if (word == "ansicpg") {
      code_page_ = number;
    } else if (word == "fonttbl") {
      group().holds = Group::Holds::fonts;
    } else if (word == "f" || word == "fcharset") {
      font(word, number);
    } else if (std::ranges::find(kNoText, word) != kNoText.end()) {
      group().holds = Group::Holds::nothing;
    } else {
      const auto symbol = std::ranges::find(kSymbols, word, [](const auto& s) { return s.first; });
      if (symbol != kSymbols.end()) put(symbol->second);
    }
  }

  void font(std::string_view word, int number) {
    if (word == "f") {
      font_ = number;
      const auto known = fonts_.find(number);
      if (group().holds != Group::Holds::text || known == fonts_.end()) return;
      flush();
      group().code_page = known->second;
    } else if (group().holds == Group::Holds::fonts && fonts_.size() < kFontsMax) {
      for (const auto& [charset, code_page] : kFontCharsets)
        if (charset == number && charset != 0) fonts_[font_] = code_page;
    }
  }

  void unicode(int number) {
    const char32_t unit = static_cast<char32_t>(number) & 0xffffU;
    skip_ = group().instead;
    if (unit >= 0xd800 && unit < 0xdc00) {
      high_ = unit;
      return;
    }
    char32_t c = unit;
    if (unit >= 0xdc00 && unit < 0xe000 && high_ != 0) {
      c = 0x10000 + ((high_ - 0xd800) << 10U) + (unit - 0xdc00);
    }
    high_ = 0;
    std::string utf8;
    codec::append_utf8(utf8, c);
    put(utf8);
  }

  std::string_view rest_;
  const DocumentLimits& limits_;
  std::vector<Group> groups_{Group{}};
  std::map<int, int> fonts_;  // to code pages
  std::string octets_;        // text not yet converted
  int code_page_ = 1252;
  int font_ = 0;
  std::size_t skip_ = 0;
  char32_t high_ = 0;
  bool closed_ = false;
  ExtractedText found_;
};

}  // namespace

ExtractedText read_rtf(std::string_view bytes, const DocumentLimits& limits) {
  ExtractedText found = Rtf(bytes, limits).read();
  keep_to_limit(found, limits);
  return found;
}

}  // namespace fumi::extract::detail
