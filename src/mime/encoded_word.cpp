// decode_unstructured(): RFC 2047, with what mailers do instead of it.
#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/quoted_printable.h"
#include "codec/utf8.h"
#include "mime/header.h"

namespace fumi::mime {
namespace {

struct Word {
  std::string_view charset;
  char encoding = 'b';
  std::string_view text;
  std::size_t end = 0;  // behind "?="
};

bool is_blank(std::string_view text) {
  for (const char c : text) {
    if (!ascii::is_space(c)) return false;
  }
  return true;
}

class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  std::string run() {
    std::size_t literal = 0;
    std::size_t search = 0;
    bool after_word = false;
    while (search < text_.size()) {
      const std::size_t at = text_.find("=?", search);
      if (at == std::string_view::npos) break;
      const std::optional<Word> word = word_at(at);
      if (!word) {
        search = at + 2;
        continue;
      }
      const std::string_view between = text_.substr(literal, at - literal);
      const bool adjacent = after_word && is_blank(between);
      if (!adjacent) put_literal(between);
      put_word(*word, adjacent);
      after_word = true;
      literal = search = word->end;
    }
    put_literal(text_.substr(literal));
    for (char& c : out_)
      c = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    return std::move(out_);
  }

 private:
  // encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=". White space in
  // the encoded text is a mailer's mistake that hurts nobody.
  std::optional<Word> word_at(std::size_t at) {
    constexpr std::size_t kCharsetMax = 60;
    const std::string_view rest = text_.substr(at + 2);
    const std::size_t mark = rest.substr(0, kCharsetMax).find('?');
    if (mark == std::string_view::npos || mark == 0 || mark + 2 >= rest.size()) return std::nullopt;
    Word word;
    word.charset = rest.substr(0, mark);
    word.charset = word.charset.substr(0, word.charset.find('*'));
    word.encoding = ascii::lower(rest[mark + 1]);
    if ((word.encoding != 'b' && word.encoding != 'q') || rest[mark + 2] != '?')
      return std::nullopt;
    for (const char c : word.charset) {
      if (c <= ' ' || c > '~') return std::nullopt;
    }
    const std::size_t begin = at + 2 + mark + 3;
    if (begin >= no_end_from_) return std::nullopt;
    const std::size_t end = text_.find("?=", begin);
    if (end == std::string_view::npos) {
      no_end_from_ = begin;  // keeps many openings without an end linear
      return std::nullopt;
    }
    word.text = text_.substr(begin, end - begin);
    word.end = end + 2;
    return word;
  }

  void put_word(const Word& word, bool adjacent) {
    std::string bytes =
        word.encoding == 'b' ? codec::base64_decode_lenient(word.text) : codec::q_decode(word.text);
    if (!adjacent || !joins(word.charset, bytes)) {
      flush();
      charset_ = word.charset;
    }
    pending_ += bytes;
  }

  // STACK §5: ISO-2022-JP begins anew in each word, unless a mailer cut the bytes without thought.
  [[nodiscard]] bool joins(std::string_view charset, std::string_view bytes) const {
    if (!ascii::iequals(charset, charset_)) return false;
    if (!codec::is_iso_2022_jp(charset)) return true;
    const std::size_t escape = pending_.rfind('\x1b');
    const bool shifted =
        escape != std::string::npos && escape + 1 < pending_.size() && pending_[escape + 1] == '$';
    return shifted && !bytes.starts_with('\x1b');
  }

  void flush() {
    if (!pending_.empty()) out_ += codec::decode_text(pending_, charset_);
    pending_.clear();
  }

  void put_literal(std::string_view text) {
    flush();
    const bool plain = codec::is_ascii(text) && text.find('\x1b') == std::string_view::npos;
    if (plain) {
      out_ += text;
    } else {
      out_ += codec::decode_text(text, "");
    }
  }

  std::string_view text_;
  std::string out_;
  std::string pending_;
  std::string_view charset_;
  std::size_t no_end_from_ = std::string_view::npos;
};

}  // namespace

std::string decode_unstructured(std::string_view body) {
  const std::string text = unfold(body);
  return Decoder(text).run();
}

std::string decode_parameter(std::string_view value) {
  return value.find("=?") == std::string_view::npos ? unfold(value) : decode_unstructured(value);
}

}  // namespace fumi::mime
