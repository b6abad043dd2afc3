#include "mime/header_writer.h"

#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/quoted_printable.h"
#include "codec/utf8.h"
#include "mime/address.h"

namespace fumi::mime {
namespace {

constexpr std::size_t kLineMax = 76;
constexpr std::size_t kWordMax = 75;  // of an encoded-word, RFC 2047 §2
constexpr std::size_t kUnfoldableMax = 900;
constexpr std::size_t kNone = std::string_view::npos;

std::unexpected<Error> invalid(std::string_view name, std::string why) {
  return fail(Code::invalid, "writing header field " + ascii::printable(name, 70), std::move(why));
}

// One field under construction; pieces begin with the white space at which a line may be folded.
class Line {
 public:
  Line(std::string& out, std::string_view name) : out_(out) {
    out_ += name;
    out_ += ':';
    column_ = name.size() + 1;
  }
  ~Line() { out_ += "\r\n"; }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void piece(std::string_view text) {
    if (!first_ && column_ + text.size() > kLineMax) {
      out_ += "\r\n";
      column_ = 0;
    }
    out_ += text;
    column_ += text.size();
    first_ = false;
  }

  [[nodiscard]] std::size_t column() const { return column_; }

 private:
  std::string& out_;
  std::size_t column_ = 0;
  bool first_ = true;
};

// Cuts text into runs of white space with the word behind it.
std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> out;
  text = ascii::trim(text);
  bool first = true;
  while (!text.empty()) {
    const std::size_t word = text.find_first_not_of(" \t");
    const std::size_t end = text.find_first_of(" \t", word);
    std::string piece(text.substr(0, end));
    if (first) piece.insert(0, " ");
    first = false;
    out.push_back(std::move(piece));
    text.remove_prefix(end == kNone ? text.size() : end);
  }
  return out;
}

bool has_long_word(std::string_view text) {
  for (const std::string& piece : pieces(text)) {
    if (piece.size() > kUnfoldableMax) return true;
  }
  return false;
}

std::size_t base64_octets(std::size_t octets) { return (octets + 2) / 3 * 4; }

// The encoded-words of a text, none cutting a character. `room` is what the first line has left.
std::vector<std::string> utf8_words(std::string_view text, std::size_t room) {
  constexpr std::size_t kFrame = 12;  // =?UTF-8?B??=
  const bool q = codec::q_octets(text) < base64_octets(text.size());
  std::vector<std::string> words;
  std::size_t limit = room >= kFrame + 12 && room < kWordMax ? room : kWordMax;
  while (!text.empty()) {
    std::string_view rest = text;
    std::size_t cost = 0;
    while (!rest.empty()) {
      std::string_view next = rest;
      static_cast<void>(codec::take_code_point(next));
      const std::size_t taken = text.size() - next.size();
      const std::string_view character = rest.substr(0, rest.size() - next.size());
      const std::size_t then = q ? cost + codec::q_octets(character) : base64_octets(taken);
      if (then > limit - kFrame) break;
      cost = then;
      rest = next;
    }
    const std::string_view chunk = text.substr(0, text.size() - rest.size());
    words.push_back(q ? "=?UTF-8?Q?" + codec::q_encode(chunk) + "?="
                      : "=?UTF-8?B?" + codec::base64_encode(chunk) + "?=");
    text = rest;
    limit = kWordMax;
  }
  return words;
}

std::vector<std::string> jis_words(std::string_view text, std::size_t room) {
  constexpr std::size_t kFrame = 18;  // =?ISO-2022-JP?B??=
  std::vector<std::string> words;
  std::size_t limit = room >= kFrame + 16 && room < kWordMax ? room : kWordMax;
  while (!text.empty()) {
    std::string_view rest = text;
    std::size_t octets = 0;  // in JIS, without the last escape
    bool kanji = false;
    while (!rest.empty()) {
      std::string_view next = rest;
      const bool wide = codec::take_code_point(next) >= 0x80;
      const std::size_t then = octets + (wide != kanji ? 3 : 0) + (wide ? 2 : 1);
      if (base64_octets(then + (wide ? 3 : 0)) > limit - kFrame) break;
      octets = then;
      kanji = wide;
      rest = next;
    }
    const auto encoded = codec::from_utf8(text.substr(0, text.size() - rest.size()), "iso-2022-jp");
    words.push_back("=?ISO-2022-JP?B?" + codec::base64_encode(encoded ? encoded->bytes : "") +
                    "?=");
    text = rest;
    limit = kWordMax;
  }
  return words;
}

std::vector<std::string> encoded_words(std::string_view text, TextCharset charset,
                                       std::size_t room) {
  if (charset == TextCharset::iso_2022_jp) {
    const std::string wide = codec::widen_kana(text);
    const auto encoded = codec::from_utf8(wide, "iso-2022-jp");
    if (encoded && encoded->unmappable.empty()) return jis_words(wide, room);
  }
  return utf8_words(text, room);
}

void put_encoded(Line& line, std::string_view text, TextCharset charset) {
  const std::size_t room = line.column() + 1 < kLineMax ? kLineMax - line.column() - 1 : 0;
  for (const std::string& word : encoded_words(text, charset, room))
    line.piece(' ' + word);
}

// The words before `text` needs encoding and behind it, which may stay readable.
struct Span {
  std::string_view head;
  std::string_view middle;
  std::string_view tail;
};

Span span_to_encode(std::string_view text) {
  const auto is_wide = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const auto stays = [](std::string_view part) {
    return !part.empty() && part.front() != ' ' && part.back() != ' ' && part.find("=?") == kNone &&
           part.find('\t') == kNone && !has_long_word(part);
  };
  std::size_t first = 0;
  std::size_t last = text.size();
  while (first < text.size() && !is_wide(text[first]))
    ++first;
  while (last > first && !is_wide(text[last - 1]))
    --last;
  Span span{.head = {}, .middle = text, .tail = {}};
  if (first == text.size()) return span;
  const std::size_t before = text.rfind(' ', first);
  const std::size_t after = text.find(' ', last);
  if (after != kNone && stays(text.substr(after + 1))) {
    span.tail = text.substr(after + 1);
    span.middle = text.substr(0, after);
  }
  if (before != kNone && stays(text.substr(0, before))) {
    span.head = text.substr(0, before);
    span.middle.remove_prefix(before + 1);
  }
  return span;
}

// phrase = atoms, a quoted-string, or encoded-words.
void put_phrase(Line& line, std::string_view name, TextCharset charset) {
  bool atoms = true;
  for (const char c : name)
    atoms = atoms && (ascii::is_alnum(c) || c == ' ' || c == '-' || c == '_');
  const bool odd = name.find("=?") != kNone || name.size() > 200 || name.find('\t') != kNone ||
                   name.front() == ' ' || name.back() == ' ' || name.find("  ") != kNone;
  if (!codec::is_ascii(name) || odd) return put_encoded(line, name, charset);
  for (const char c : name) {
    if (c < ' ' || c == 0x7f) return put_encoded(line, name, charset);
  }
  if (atoms) {
    for (const std::string& piece : pieces(name))
      line.piece(piece);
    return;
  }
  std::string quoted = " \"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  line.piece(quoted + '"');
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || std::string_view("()<>@,;:\\\"/[]?='*%").find(c) != kNone)
      return false;
  }
  return !text.empty();
}

// RFC 2231 §3, §4: attribute-char stays, the rest is %XX; cut where a line is full, octet by octet.
void put_extended(Line& line, const Parameter& parameter) {
  constexpr std::size_t kChunk = 54;
  std::vector<std::string> chunks(1, "UTF-8''");
  for (const char c : parameter.value) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(c);
    if (chunks.back().size() + 3 > kChunk) chunks.emplace_back();
    const bool plain = ascii::is_alnum(c) || c == '.' || c == '-' || c == '_';
    if (plain) {
      chunks.back() += c;
    } else {
      chunks.back() += {'%', kHex[octet >> 4U], kHex[octet & 15U]};
    }
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::string section = chunks.size() == 1 ? "*=" : '*' + std::to_string(i) + "*=";
    line.piece(' ' + parameter.name + section + chunks[i] + (i + 1 < chunks.size() ? ";" : ""));
  }
}

void put_parameter(Line& line, const Parameter& parameter, ParameterStyle style,
                   TextCharset charset, std::string_view end) {
  bool printable = parameter.value.size() <= 200;
  for (const char c : parameter.value)
    printable = printable && c >= ' ' && c <= '~';
  if (printable && is_token(parameter.value)) {
    line.piece(' ' + parameter.name + '=' + parameter.value + std::string(end));
  } else if (printable && parameter.value.find("=?") == kNone) {
    std::string quoted = ' ' + parameter.name + "=\"";
    for (const char c : parameter.value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    line.piece(quoted + '"' + std::string(end));
  } else if (style == ParameterStyle::encoded_word) {
    const auto words = encoded_words(parameter.value, charset, kLineMax - 16);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string open = i == 0 ? ' ' + parameter.name + "=\"" : " ";
      const std::string close = i + 1 == words.size() ? "\"" + std::string(end) : "";
      line.piece(open + words[i] + close);
    }
  } else {
    put_extended(line, parameter);
    line.piece(end);
  }
}

}  // namespace

Status check_field(std::string_view name, std::string_view value) {
  if (name.empty() || name.size() > 70) return invalid(name, "the name is empty or over 70 octets");
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == ':') return invalid(name, "illegal character in the name");
  }
  for (const char c : value) {
    if (c == '\r' || c == '\n' || c == '\0') return invalid(name, "CR, LF or NUL in the value");
  }
  if (!codec::is_utf8(value)) return invalid(name, "the value is not UTF-8");
  return {};
}

Status HeaderWriter::unstructured(std::string_view name, std::string_view value) {
  FUMI_CHECK(check_field(name, value));
  value = ascii::trim(value);
  bool plain = value.find("=?") == kNone && !has_long_word(value);
  for (const char c : value)
    plain = plain && (c == '\t' || (c >= ' ' && c <= '~'));
  Line line(out_, name);
  if (value.empty()) {
    line.piece(" ");
    return {};
  }
  const Span span = plain ? Span{.head = value, .middle = {}, .tail = {}} : span_to_encode(value);
  for (const std::string& piece : pieces(span.head))
    line.piece(piece);
  if (!span.middle.empty()) put_encoded(line, span.middle, charset_);
  for (const std::string& piece : pieces(span.tail))
    line.piece(piece);
  return {};
}

Status HeaderWriter::structured(std::string_view name, std::string_view value) {
  FUMI_CHECK(check_field(name, value));
  if (has_long_word(value)) {
    return fail(Code::too_large, "writing header field " + std::string(name),
                "a word of over 900 octets can't be folded");
  }
  Line line(out_, name);
  for (const std::string& piece : pieces(value))
    line.piece(piece);
  return {};
}

Status HeaderWriter::mailboxes(std::string_view name, std::span<const Mailbox> list) {
  if (list.empty()) return {};
  std::vector<std::string> specs;
  for (const Mailbox& mailbox : list) {
    FUMI_CHECK(check_field(name, mailbox.name));
    specs.push_back(write_addr_spec(mailbox.local, mailbox.domain));
    const auto parsed = parse_addr_spec(specs.back());
    if (!parsed || parsed->local != mailbox.local || parsed->domain != mailbox.domain) {
      return invalid(name, "not an address: " + ascii::printable(specs.back(), 100));
    }
  }
  Line line(out_, name);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string comma = i + 1 < list.size() ? "," : "";
    if (list[i].name.empty()) {
      line.piece(' ' + specs[i] + comma);
    } else {
      put_phrase(line, list[i].name, charset_);
      line.piece(" <" + specs[i] + '>' + comma);
    }
  }
  return {};
}

Status HeaderWriter::parameterized(std::string_view name, std::string_view value,
                                   std::span<const Parameter> parameters, ParameterStyle style) {
  FUMI_CHECK(check_field(name, value));
  for (const Parameter& parameter : parameters) {
    FUMI_CHECK(check_field(name, parameter.value));
    if (!is_token(parameter.name) || parameter.name.size() > 40) {
      return invalid(name, "illegal parameter name");
    }
    if (parameter.value.size() > 1000) return invalid(name, "a parameter over 1000 octets");
  }
  if (value.size() > 200) return invalid(name, "a value over 200 octets");
  Line line(out_, name);
  line.piece(' ' + std::string(value) + (parameters.empty() ? "" : ";"));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    put_parameter(line, parameters[i], style, charset_, i + 1 < parameters.size() ? ";" : "");
  }
  return {};
}

std::string HeaderWriter::take() { return std::exchange(out_, {}); }

Result<std::string> prepend_fields(std::span<const RawField> fields, std::string_view raw) {
  HeaderWriter writer;
  for (const RawField& field : fields) {
    FUMI_CHECK(writer.structured(field.name, field.value));
  }
  std::string out = writer.take();
  out.reserve(out.size() + raw.size());
  out += raw;
  return out;
}

}  // namespace fumi::mime
