// parse_parameterized(): RFC 2045 §5.1 parameters with the extensions of RFC 2231.
#include <charconv>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "mime/header.h"

namespace fumi::mime {
namespace {

// One "name=value" as written; RFC 2231 §3 and §4 put the section and "is encoded" into the name.
struct Segment {
  std::string name;
  int section = -1;  // -1: not cut into sections
  bool encoded = false;
  std::string value;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool done() const { return at_ >= text_.size(); }

  // Up to ';' (taken off) or the end, without comments.
  std::string value() {
    std::string out;
    while (!done() && text_[at_] != ';') {
      if (text_[at_] == '(') {
        comment();
      } else {
        out += text_[at_++];
      }
    }
    ++at_;
    return unfold(out);
  }

  std::optional<Segment> segment() {
    const std::size_t start = at_;
    while (!done() && text_[at_] != '=' && text_[at_] != ';')
      ++at_;
    const std::string name = ascii::to_lower(ascii::trim(text_.substr(start, at_ - start)));
    if (done() || text_[at_] == ';') {
      ++at_;
      return std::nullopt;
    }
    ++at_;
    while (!done() && ascii::is_space(text_[at_]))
      ++at_;
    std::string content;
    if (!done() && text_[at_] == '"') {
      content = quoted();
      static_cast<void>(value());  // whatever stands between the quotes and the next ';'
    } else {
      content = value();
    }
    return named(name, std::move(content));
  }

 private:
  void comment() {
    int depth = 0;
    for (; !done(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && --depth == 0) {
        ++at_;
        return;
      }
    }
  }

  // A backslash escapes only what needs it: raw Shift_JIS has 0x5C as a second octet, and Windows
  // programs send paths. Raw ISO-2022-JP may hold quotes between its escapes.
  std::string quoted() {
    std::string out;
    bool kanji = false;
    for (++at_; !done(); ++at_) {
      const char c = text_[at_];
      if (c == '\x1b') kanji = at_ + 1 < text_.size() && text_[at_ + 1] == '$';
      if (c == '\r' || c == '\n') {
        kanji = false;
        continue;
      }
      if (!kanji && c == '"') {
        ++at_;
        return out;
      }
      const bool escape = !kanji && c == '\\' && at_ + 1 < text_.size() &&
                          (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
      if (escape) ++at_;
      out += text_[at_];
    }
    return out;
  }

  static std::optional<Segment> named(std::string_view name, std::string content) {
    Segment segment;
    segment.value = std::move(content);
    if (name.ends_with('*')) {
      segment.encoded = true;
      name.remove_suffix(1);
    }
    if (const std::size_t star = name.find('*'); star != std::string_view::npos) {
      const std::string_view digits = name.substr(star + 1);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), segment.section);
      const bool good = error == std::errc{} && end == digits.data() + digits.size();
      if (!good || segment.section < 0 || segment.section > 999) return std::nullopt;
      name = name.substr(0, star);
    }
    if (name.empty()) return std::nullopt;
    segment.name = name;
    return segment;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::optional<std::string> octet;
    if (text[i] == '%' && i + 2 < text.size()) octet = ascii::from_hex(text.substr(i + 1, 2));
    out += octet ? octet->front() : text[i];
    if (octet) i += 2;
  }
  return out;
}

std::string to_text(std::string_view bytes, std::string_view charset, bool encoded) {
  const bool plain = codec::is_ascii(bytes) && bytes.find('\x1b') == std::string_view::npos;
  if (plain && !encoded) return std::string(bytes);
  std::string text = codec::decode_text(bytes, charset);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return text;
}

const Segment* find_section(const std::vector<Segment>& all, std::string_view name, int section) {
  for (const Segment& segment : all) {
    if (segment.name == name && segment.section == section) return &segment;
  }
  return nullptr;
}

// The sections of one parameter from 0 up to the first that is missing, or the single "name*=".
std::optional<std::string> extended(const std::vector<Segment>& all, std::string_view name) {
  std::vector<const Segment*> chosen;
  for (const Segment& segment : all) {
    if (segment.name == name && segment.section < 0 && segment.encoded) {
      chosen.push_back(&segment);
      break;
    }
  }
  if (chosen.empty()) {
    for (int i = 0;; ++i) {
      const Segment* segment = find_section(all, name, i);
      if (segment == nullptr) break;
      chosen.push_back(segment);
    }
  }
  if (chosen.empty()) return std::nullopt;
  std::string bytes;
  std::string charset;
  bool encoded = false;
  for (const Segment* segment : chosen) {
    std::string_view value = segment->value;
    if (segment == chosen.front() && segment->encoded) {  // charset'language'text
      const std::size_t first = value.find('\'');
      const std::size_t second =
          first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value = value.substr(second + 1);
      }
    }
    encoded = encoded || segment->encoded;
    bytes += segment->encoded ? percent_decode(value) : std::string(value);
  }
  return to_text(bytes, charset, encoded);
}

}  // namespace

std::optional<std::string_view> Parameterized::find(std::string_view name) const {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

Parameterized parse_parameterized(std::string_view body) {
  Scanner scanner(body);
  Parameterized out;
  out.value = ascii::to_lower(scanner.value());
  std::vector<Segment> segments;
  while (!scanner.done() && segments.size() < kParametersMax) {
    if (auto segment = scanner.segment()) segments.push_back(std::move(*segment));
  }
  for (const Segment& segment : segments) {
    if (out.find(segment.name)) continue;
    if (auto value = extended(segments, segment.name)) {
      out.parameters.push_back({segment.name, std::move(*value)});
    } else if (segment.section < 0) {
      out.parameters.push_back({segment.name, to_text(segment.value, "", false)});
    }
  }
  return out;
}

}  // namespace fumi::mime
