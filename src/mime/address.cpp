#include "mime/address.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::mime {
namespace {

// What ends an atom here; dots are left inside, since half of the world's dot-atoms are none.
bool is_special(char c) {
  return ascii::is_space(c) || c == ',' || c == ';' || c == ':' || c == '<' || c == '>' ||
         c == '@' || c == '"' || c == '(' || c == ')';
}

struct Word {
  std::string text;
  bool spaced = false;  // white space or a comment stood before it
};

// The last '@' outside quotes.
std::size_t last_at(std::string_view spec) {
  std::size_t found = std::string_view::npos;
  bool quoted = false;
  for (std::size_t i = 0; i < spec.size(); ++i) {
    if (spec[i] == '\\' && quoted) {
      ++i;
    } else if (spec[i] == '"') {
      quoted = !quoted;
    } else if (spec[i] == '@' && !quoted) {
      found = i;
    }
  }
  return found;
}

// Quotes, comments and white space outside quotes taken away.
std::string bare(std::string_view text) {
  std::string out;
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (quoted || depth > 0)) {
      ++i;
      if (depth == 0 && text[i] != '\r' && text[i] != '\n') out += text[i];
    } else if (c == '"' && depth == 0) {
      quoted = !quoted;
    } else if (c == '(' && !quoted) {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0 && (quoted ? c != '\r' && c != '\n' : !ascii::is_space(c))) {
      out += c;
    }
  }
  return out;
}

class Parser {
 public:
  Parser(std::string_view text, std::size_t limit) : text_(text), limit_(limit) {}

  std::vector<Address> run() {
    while (at_ < text_.size() && list_.size() < limit_)
      step();
    finish();
    if (in_group_) push({.name = {}, .local = {}, .domain = {}, .kind = Address::Kind::group_end});
    return std::move(list_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (ascii::is_space(c)) {
      spaced_ = true;
      ++at_;
    } else if (c == '(') {
      comment();
    } else if (c == '"') {
      words_.push_back({quoted(), spaced_});
      spaced_ = false;
    } else if (c == '<') {
      angle();
    } else if (c == '@') {
      ++at_;
      at_sign();
    } else if (c == ',') {
      ++at_;
      finish();
    } else if (c == ';') {
      ++at_;
      finish();
      if (in_group_)
        push({.name = {}, .local = {}, .domain = {}, .kind = Address::Kind::group_end});
      in_group_ = false;
    } else if (c == ':') {
      ++at_;
      colon();
    } else if (c == '>' || c == ')') {
      ++at_;
    } else {
      words_.push_back({std::string(atom()), spaced_});
      spaced_ = false;
    }
  }

  // group = display-name ":" [group-list] ";"
  void colon() {
    if (in_group_ || have_address_ || words_.empty()) return;
    push({.name = {},
          .local = phrase(words_.size()),
          .domain = {},
          .kind = Address::Kind::group_start});
    words_.clear();
    in_group_ = true;
  }

  // An encoded-word is taken whole: mailers leave commas and brackets in the Q encoding.
  std::string_view atom() {
    const std::size_t start = at_;
    const std::string_view rest = text_.substr(at_, 1000);
    if (rest.starts_with("=?")) {
      const std::size_t charset = rest.find('?', 2);
      const std::size_t begin = charset == std::string_view::npos ? charset : charset + 3;
      const std::size_t end = begin < rest.size() && rest[charset + 2] == '?'
                                  ? rest.find("?=", begin)
                                  : std::string_view::npos;
      if (end != std::string_view::npos &&
          rest.substr(0, end).find_first_of(" \t\r\n\"") == std::string_view::npos) {
        at_ += end + 2;
        return text_.substr(start, at_ - start);
      }
    }
    while (at_ < text_.size() && !is_special(text_[at_]))
      ++at_;
    return text_.substr(start, at_ - start);
  }

  // Raw ISO-2022-JP may hold quotes and backslashes between its escapes.
  std::string quoted() {
    std::string out;
    bool kanji = false;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '\x1b') kanji = at_ + 1 < text_.size() && text_[at_ + 1] == '$';
      if (c == '\r' || c == '\n') {
        kanji = false;
        continue;
      }
      if (!kanji && c == '"') {
        ++at_;
        break;
      }
      if (!kanji && c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
      if (c != '\r' && c != '\n') out += c;
    }
    return out;
  }

  void comment() {
    const std::size_t start = at_ + 1;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && --depth == 0) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
    comment_ = text_.substr(start, at_ - start);
    if (at_ < text_.size()) ++at_;
    spaced_ = true;
  }

  std::string phrase(std::size_t count) const {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0 && words_[i].spaced) out += ' ';
      out += words_[i].text;
    }
    return out;
  }

  // angle-addr = "<" [obs-route] addr-spec ">"
  void angle() {
    if (angle_done_) {  // a comma is missing: the words since then name the next one
      std::vector<Word> words = std::move(words_);
      words_.clear();
      finish();
      words_ = std::move(words);
    }
    std::string name = phrase(words_.size());
    if (have_address_) {  // "a@b <a@b>": what looked like an address is the name
      const std::string shown = address_.local + '@' + address_.domain;
      name = address_.name.empty() ? shown : address_.name + ' ' + shown;
    }
    const std::size_t start = ++at_;
    bool in_quotes = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && in_quotes) {
        ++at_;
      } else if (c == '"') {
        in_quotes = !in_quotes;
      } else if (!in_quotes && (c == '>' || c == '<')) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
    std::string_view spec = ascii::trim(text_.substr(start, at_ - start));
    if (at_ < text_.size() && text_[at_] == '>') ++at_;
    if (spec.starts_with('@')) {  // obs-route
      const std::size_t end = spec.find(':');
      if (end != std::string_view::npos) spec.remove_prefix(end + 1);
    }
    const std::size_t sign = last_at(spec);
    address_ = {};
    address_.name = std::move(name);
    address_.local = bare(spec.substr(0, sign));
    if (sign != std::string_view::npos) address_.domain = bare(spec.substr(sign + 1));
    have_address_ = angle_done_ = true;
    words_.clear();
  }

  // addr-spec without brackets: the words that touch the sign are the local-part.
  void at_sign() {
    if (angle_done_) return;
    std::string local;
    if (have_address_) {
      local = address_.local + '@' + address_.domain;
    } else {
      std::size_t first = words_.size();
      while (first > 0) {
        const bool joined = first == words_.size() || !words_[first].spaced ||
                            words_[first].text.starts_with('.') ||
                            words_[first - 1].text.ends_with('.');
        if (!joined) break;
        --first;
      }
      for (std::size_t i = first; i < words_.size(); ++i)
        local += words_[i].text;
      address_ = {};
      address_.name = phrase(first);
    }
    address_.local = std::move(local);
    address_.domain = domain();
    have_address_ = true;
    words_.clear();
  }

  std::string domain() {
    std::string out;
    for (;;) {
      while (at_ < text_.size() && (ascii::is_space(text_[at_]) || text_[at_] == '(')) {
        if (text_[at_] == '(') {
          comment();
        } else {
          ++at_;
        }
      }
      if (at_ < text_.size() && text_[at_] == '[') {  // domain-literal
        const std::size_t end = text_.find(']', at_);
        const std::size_t stop = end == std::string_view::npos ? text_.size() : end + 1;
        out += bare(text_.substr(at_, stop - at_));
        at_ = stop;
        return out;
      }
      const bool more =
          out.empty() || out.ends_with('.') || (at_ < text_.size() && text_[at_] == '.');
      if (!more || at_ >= text_.size() || is_special(text_[at_])) return out;
      while (at_ < text_.size() && !is_special(text_[at_]))
        out += text_[at_++];
    }
  }

  void finish() {
    if (have_address_) {
      if (address_.name.empty() && !comment_.empty()) address_.name = unfold_comment();
      const bool empty = address_.name.empty() && address_.local.empty() && address_.domain.empty();
      if (!empty) push(std::move(address_));
    } else if (!words_.empty()) {
      push({.name = {}, .local = phrase(words_.size()), .domain = {}});
    }
    address_ = {};
    have_address_ = angle_done_ = spaced_ = false;
    words_.clear();
    comment_ = {};
  }

  [[nodiscard]] std::string unfold_comment() const {
    std::string out;
    const std::string_view text = ascii::trim(comment_);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      if (text[i] != '\r' && text[i] != '\n') out += text[i];
    }
    return out;
  }

  void push(Address address) {
    if (list_.size() < limit_) list_.push_back(std::move(address));
  }

  std::string_view text_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::vector<Address> list_;
  std::vector<Word> words_;
  std::string_view comment_;
  Address address_;
  bool have_address_ = false;
  bool angle_done_ = false;
  bool in_group_ = false;
  bool spaced_ = false;
};

bool is_atext(char c) {
  return ascii::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         (c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos);
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_atext(text[i]) && (text[i] != '.' || text[i - 1] == '.')) return false;
  }
  return true;
}

}  // namespace

std::vector<Address> parse_addresses(std::string_view body, std::size_t limit) {
  return Parser(body, limit).run();
}

Result<Address> parse_addr_spec(std::string_view text) {
  const auto bad = [](const char* why) { return fail(Code::invalid, "reading an address", why); };
  if (text.empty() || text.size() > 320) return bad("empty or over 320 octets");
  if (!codec::is_utf8(text)) return bad("not UTF-8");
  const std::size_t sign = last_at(text);
  if (sign == std::string_view::npos || sign == 0) return bad("no local-part or no domain");
  std::string_view local = text.substr(0, sign);
  const std::string_view domain = text.substr(sign + 1);
  Address out;
  if (local.size() >= 3 && local.front() == '"' && local.back() == '"') {
    out.local = bare(local);
    for (const char c : out.local) {
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return bad("control character");
    }
    if (write_addr_spec(out.local, domain) != text && '"' + out.local + '"' != local) {
      return bad("quotes inside the local-part");
    }
  } else {
    for (const char c : local) {
      if (!is_atext(c) && c != '.') return bad("illegal character in the local-part");
    }
    out.local = local;
  }
  const bool literal = domain.size() > 2 && domain.front() == '[' && domain.back() == ']';
  for (const char c : literal ? domain.substr(1, domain.size() - 2) : domain) {
    const bool good = ascii::is_alnum(c) || c == '.' || c == '-' || (literal && c == ':') ||
                      (!literal && (c == '_' || static_cast<unsigned char>(c) >= 0x80));
    if (!good) return bad("illegal character in the domain");
  }
  if (!literal && (domain.empty() || domain.front() == '.' || domain.back() == '.' ||
                   domain.find("..") != std::string_view::npos)) {
    return bad("empty label in the domain");
  }
  out.domain = domain;
  return out;
}

std::string write_addr_spec(std::string_view local, std::string_view domain) {
  std::string out;
  if (is_dot_atom(local)) {
    out = local;
  } else {
    out += '"';
    for (const char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!domain.empty()) {
    out += '@';
    out += domain;
  }
  return out;
}

std::vector<std::string> parse_message_ids(std::string_view body) {
  constexpr std::size_t kOctetsMax = 998;
  std::vector<std::string> ids;
  std::size_t at = 0;
  while ((at = body.find('<', at)) != std::string_view::npos) {
    const std::size_t end = body.find_first_of("<>", at + 1);
    if (end == std::string_view::npos) break;
    if (body[end] == '>') {
      std::string id;
      for (const char c : body.substr(at, end + 1 - at)) {
        if (static_cast<unsigned char>(c) > ' ' && c != 0x7f) id += c;
      }
      if (id.size() > 2 && id.size() <= kOctetsMax) ids.push_back(std::move(id));
    }
    at = end;
  }
  if (ids.size() > kMessageIdsMax) {  // the root of the thread and its newest part
    ids.erase(ids.begin() + 1, ids.end() - std::ptrdiff_t(kMessageIdsMax - 1));
  }
  return ids;
}

}  // namespace fumi::mime
