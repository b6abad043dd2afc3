#include "mime/base_subject.h"

#include <optional>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::mime {
namespace {

constexpr std::size_t kSubjectOctets = 4'096;

bool is_wsp(char c) { return c == ' ' || c == '\t'; }

// Step (1): tabs and line ends to spaces, several spaces to one.
std::string one_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool space = ascii::is_space(c);
    if (!space) out += c;
    if (space && (out.empty() || out.back() != ' ')) out += ' ';
  }
  return out;
}

std::string_view skip_wsp(std::string_view text) {
  while (!text.empty() && is_wsp(text.front()))
    text.remove_prefix(1);
  return text;
}

// subj-blob = "[" *BLOBCHAR "]" *WSP: what follows it
std::optional<std::string_view> after_blob(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const std::size_t end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] == '[') return std::nullopt;
  return skip_wsp(text.substr(end + 1));
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
std::optional<std::string_view> after_refwd(std::string_view text) {
  std::size_t word = 0;
  for (const std::string_view known : {"re", "fwd", "fw"}) {
    if (word == 0 && ascii::istarts_with(text, known)) word = known.size();
  }
  if (word == 0) return std::nullopt;
  text = skip_wsp(text.substr(word));
  if (const auto behind = after_blob(text)) text = *behind;
  if (!text.starts_with(':')) return std::nullopt;
  return text.substr(1);
}

class Subject {
 public:
  explicit Subject(std::string_view text) : rest_(text) {}

  BaseSubject base() {
    do {
      while (drop_trailer()) {
      }
      while (drop_leader() || drop_blob()) {
      }
    } while (drop_forward_frame());
    return {std::string(rest_), kind_};
  }

 private:
  void replied() { kind_ = BaseSubject::Kind::reply_or_forward; }

  // subj-trailer = "(fwd)" / WSP
  bool drop_trailer() {
    if (!rest_.empty() && is_wsp(rest_.back())) {
      rest_.remove_suffix(1);
      return true;
    }
    constexpr std::string_view kForwarded = "(fwd)";
    if (rest_.size() < kForwarded.size() ||
        !ascii::iequals(rest_.substr(rest_.size() - kForwarded.size()), kForwarded)) {
      return false;
    }
    rest_.remove_suffix(kForwarded.size());
    replied();
    return true;
  }

  // subj-leader = (*subj-blob subj-refwd) / WSP
  bool drop_leader() {
    if (!rest_.empty() && is_wsp(rest_.front())) {
      rest_.remove_prefix(1);
      return true;
    }
    std::string_view at = rest_;
    while (const auto behind = after_blob(at))
      at = *behind;
    const auto behind = after_refwd(at);
    if (!behind) return false;
    rest_ = *behind;
    replied();
    return true;
  }

  // Step (4): a blob goes if something is left behind it.
  bool drop_blob() {
    const auto behind = after_blob(rest_);
    if (!behind || behind->empty()) return false;
    rest_ = *behind;
    return true;
  }

  // Step (6): "[fwd:" … "]"
  bool drop_forward_frame() {
    if (!ascii::istarts_with(rest_, "[fwd:") || !rest_.ends_with(']')) return false;
    rest_ = rest_.substr(5, rest_.size() - 6);
    replied();
    return true;
  }

  std::string_view rest_;
  BaseSubject::Kind kind_ = BaseSubject::Kind::original;
};

}  // namespace

BaseSubject base_subject(std::string_view subject) {
  const std::string text = one_space(codec::utf8_prefix(subject, kSubjectOctets));
  return Subject(text).base();
}

}  // namespace fumi::mime
