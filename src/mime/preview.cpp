#include "mime/preview.h"

#include "codec/html_text.h"
#include "codec/utf8.h"
#include "mime/body.h"

namespace fumi::mime {
namespace {

constexpr std::uint64_t kPlainOctets = 4'096;
constexpr std::uint64_t kHtmlOctets = 32'768;  // much of it is style

// The first text part of this subtype in the order of the tree. The tree's depth is limited.
const Part* find_text(const Part& part, std::string_view subtype) {
  if (part.disposition == "attachment" || part.is_message()) return nullptr;
  if (part.type == "text" && part.subtype == subtype && part.children.empty()) return &part;
  for (const Part& child : part.children) {
    if (const Part* const found = find_text(child, subtype)) return found;
  }
  return nullptr;
}

bool is_space(char32_t c) {
  return c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Takes room and shows nothing: senders of bulk mail fill the preview with it. Marks that turn the
// direction of text would turn the list around it.
bool is_invisible(char32_t c) {
  return c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == codec::kReplacement;
}

class Line {
 public:
  [[nodiscard]] bool full() const { return characters_ == kPreviewCharacters; }
  void add(std::string_view text) {
    while (!text.empty() && !full()) {
      const char32_t c = codec::take_code_point(text);
      if (is_invisible(c)) continue;
      if (is_space(c)) {
        gap_ = characters_ > 0;
        continue;
      }
      if (gap_) put(U' ');
      gap_ = false;
      if (!full()) put(c);
    }
    gap_ = characters_ > 0;
  }
  [[nodiscard]] std::string take() {
    if (out_.ends_with(' ')) out_.pop_back();
    return std::move(out_);
  }

 private:
  void put(char32_t c) {
    codec::append_utf8(out_, c);
    ++characters_;
  }
  std::string out_;
  std::size_t characters_ = 0;
  bool gap_ = false;
};

std::string shorten(std::string_view text) {
  Line line;
  while (!text.empty() && !line.full()) {
    const std::string_view one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (!one.starts_with('>')) line.add(one);
  }
  return line.take();
}

}  // namespace

std::string preview(const Summary& summary, std::string_view raw) {
  if (const Part* const plain = find_text(summary.root, "plain")) {
    std::string text = shorten(text_content(*plain, raw, kPlainOctets));
    if (!text.empty()) return text;
  }
  if (const Part* const html = find_text(summary.root, "html")) {
    return shorten(codec::html_text(text_content(*html, raw, kHtmlOctets)));
  }
  return {};
}

}  // namespace fumi::mime
