#include "codec/html_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

struct Named {
  std::string_view name;
  char32_t value;
};

// Those beyond Latin-1.
constexpr std::array kNamed{
    Named{"amp", '&'},      Named{"lt", '<'},        Named{"gt", '>'},       Named{"quot", '"'},
    Named{"apos", '\''},    Named{"ndash", 0x2013},  Named{"mdash", 0x2014}, Named{"lsquo", 0x2018},
    Named{"rsquo", 0x2019}, Named{"ldquo", 0x201c},  Named{"rdquo", 0x201d}, Named{"sbquo", 0x201a},
    Named{"bdquo", 0x201e}, Named{"hellip", 0x2026}, Named{"bull", 0x2022},  Named{"euro", 0x20ac},
    Named{"trade", 0x2122}, Named{"larr", 0x2190},   Named{"rarr", 0x2192},  Named{"ensp", 0x2002},
    Named{"emsp", 0x2003},  Named{"thinsp", 0x2009}, Named{"zwnj", 0x200c},  Named{"zwj", 0x200d},
    Named{"OElig", 0x152},  Named{"oelig", 0x153},   Named{"Scaron", 0x160}, Named{"scaron", 0x161},
    Named{"Yuml", 0x178},   Named{"infin", 0x221e},
};

// U+00A0 on.
constexpr std::array<std::string_view, 96> kLatin1{
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

constexpr std::array<std::string_view, 38> kBlocks{
    "address", "article",  "aside",  "blockquote", "body", "caption", "center", "dd",  "div", "dl",
    "dt",      "fieldset", "figure", "footer",     "form", "h1",      "h2",     "h3",  "h4",  "h5",
    "h6",      "head",     "header", "hr",         "html", "li",      "main",   "nav", "ol",  "p",
    "pre",     "section",  "table",  "td",         "th",   "title",   "tr",     "ul"};

constexpr std::size_t kNameMax = 8;

// The reference that `rest`, behind its "&", begins with; 0 if there is none.
char32_t reference(std::string_view& rest) {
  if (rest.starts_with('#')) {
    const bool hex = rest.size() > 1 && (rest[1] == 'x' || rest[1] == 'X');
    const char* const begin = rest.data() + (hex ? 2 : 1);
    const char* const end = rest.data() + std::min<std::size_t>(rest.size(), 12);
    std::uint32_t value = 0;
    if (begin >= end) return 0;
    const auto [stop, error] = std::from_chars(begin, end, value, hex ? 16 : 10);
    if (error != std::errc{} || value == 0 || value > 0x10ffff) return 0;
    rest.remove_prefix(std::size_t(stop - rest.data()));
    if (rest.starts_with(';')) rest.remove_prefix(1);
    return value;
  }
  const std::size_t end = rest.substr(0, kNameMax + 1).find(';');
  if (end == std::string_view::npos) return 0;
  const std::string_view name = rest.substr(0, end);
  char32_t value = 0;
  const auto named = std::ranges::find(kNamed, name, &Named::name);
  if (named != kNamed.end()) {
    value = named->value;
  } else {
    const auto latin1 = std::ranges::find(kLatin1, name);
    if (latin1 == kLatin1.end()) return 0;
    value = char32_t(0xa0 + (latin1 - kLatin1.begin()));
  }
  rest.remove_prefix(end + 1);
  return value;
}

void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t at = text.find('&');
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + 1);
    const char32_t c = reference(text);
    if (c == 0) {
      out.push_back('&');
    } else {
      append_utf8(out, c);
    }
  }
}

// Case-insensitive find of a lower-case ASCII needle.
std::size_t find_lower(std::string_view text, std::string_view needle, std::size_t from) {
  for (std::size_t i = from; i + needle.size() <= text.size(); ++i) {
    i = text.find(needle.front(), i);
    if (i == std::string_view::npos || i + needle.size() > text.size()) break;
    if (ascii::iequals(text.substr(i, needle.size()), needle)) return i;
  }
  return std::string_view::npos;
}

// Where the tag that begins at `at` ends, behind its ">"; quotation marks hide one.
std::size_t tag_end(std::string_view html, std::size_t at) {
  char quote = 0;
  for (std::size_t i = at + 1; i < html.size(); ++i) {
    const char c = html[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '>') {
      return i + 1;
    } else if ((c == '"' || c == '\'') && html[i - 1] == '=') {
      quote = c;
    }
  }
  return html.size();
}

// alt="…" of an <img …>.
void append_alternative(std::string& out, std::string_view tag) {
  const std::size_t at = find_lower(tag, "alt=", 0);
  if (at == std::string_view::npos || at + 5 > tag.size()) return;
  const char quote = tag[at + 4];
  if (quote != '"' && quote != '\'') return;
  const std::string_view value = tag.substr(at + 5);
  out.push_back(' ');
  append_text(out, value.substr(0, value.find(quote)));
  out.push_back(' ');
}

class Reader {
 public:
  explicit Reader(std::string_view html) : html_(html) { out_.reserve(html.size() / 2); }

  std::string run() {
    while (at_ < html_.size()) {
      const std::size_t open = html_.find('<', at_);
      append_text(out_, html_.substr(at_, open - at_));
      if (open == std::string_view::npos) break;
      tag(open);
    }
    return std::move(out_);
  }

 private:
  void tag(std::size_t open) {
    const std::string_view rest = html_.substr(open);
    if (rest.starts_with("<!--")) {
      const std::size_t end = html_.find("-->", open + 4);
      at_ = end == std::string_view::npos ? html_.size() : end + 3;
      return;
    }
    const char next = rest.size() > 1 ? rest[1] : ' ';
    if (!ascii::is_alpha(next) && next != '/' && next != '!' && next != '?') {
      out_.push_back('<');  // "1 < 2"
      at_ = open + 1;
      return;
    }
    at_ = tag_end(html_, open);
    std::size_t begin = open + (next == '/' ? 2 : 1);
    std::size_t end = begin;
    while (end < at_ && (ascii::is_alnum(html_[end])))
      ++end;
    const std::string name = ascii::to_lower(html_.substr(begin, end - begin));
    if (next != '/' && (name == "script" || name == "style")) {
      const std::size_t close = find_lower(html_, "</" + name, at_);
      at_ = close == std::string_view::npos ? html_.size() : tag_end(html_, close);
    } else if (name == "br") {
      out_.push_back('\n');
    } else if (name == "img") {
      append_alternative(out_, html_.substr(open, at_ - open));
    } else if (std::ranges::binary_search(kBlocks, name)) {
      out_.append("\n\n");
    }
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string html_text(std::string_view html) { return Reader(html).run(); }

}  // namespace fumi::codec
