#include "codec/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "codec/utf8.h"

namespace fumi::codec {
namespace {

enum class Class : std::uint8_t { separator, space, latin, han, kana_hira, kana_kata, other };

bool is_gram_letter(Class what) { return what >= Class::han; }
// Scripts that are written without spaces between words.
bool is_dense(Class what) {
  return what == Class::han || what == Class::kana_hira || what == Class::kana_kata;
}

// Characters that one Japanese charset position decodes to, or that stand for each other in use.
char32_t unify(char32_t c) {
  switch (c) {
    case 0x301c:  // WAVE DASH; FULLWIDTH TILDE becomes "~" by NFKC
    case 0x223c:
      return '~';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2212:
      return '-';
    case 0x2015:
      return 0x2014;
    case 0x2225:
      return 0x2016;
    case 0x2018:
    case 0x2019:
      return '\'';
    case 0x201c:
    case 0x201d:
      return '"';
    default:
      return c;
  }
}

char32_t to_hiragana(char32_t c) {
  if (c >= 0x30a1 && c <= 0x30f6) return c - 0x60;
  if (c == 0x30fd || c == 0x30fe) return c - 0x60;
  return c;
}

Class classify(char32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return Class::latin;
  if (c <= 0x20 || c == 0x7f || u_isUWhiteSpace(UChar32(c)) || (c >= 0x80 && c < 0xa0)) {
    return Class::space;
  }
  if (c == 0x30fc) return Class::kana_kata;  // the long vowel mark is of the common script
  constexpr std::uint32_t kLetters =
      U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_SO_MASK | U_GC_CO_MASK;
  if ((U_GET_GC_MASK(UChar32(c)) & kLetters) == 0) return Class::separator;
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(UChar32(c), &error)) {
    case USCRIPT_HAN:
      return Class::han;
    case USCRIPT_HIRAGANA:
      return Class::kana_hira;
    case USCRIPT_KATAKANA:
      return Class::kana_kata;
    default:
      return Class::other;
  }
}

using Utf16 = std::basic_string<UChar>;

Utf16 normalized(const UNormalizer2* normalizer, const Utf16& text) {
  Utf16 out(text.size() * 3 + 16, u'\0');
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = unorm2_normalize(normalizer, text.data(), int32_t(text.size()), out.data(),
                                    int32_t(out.size()), &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) {
    error = U_ZERO_ERROR;
    out.resize(std::size_t(length) + 1);
    length = unorm2_normalize(normalizer, text.data(), int32_t(text.size()), out.data(),
                              int32_t(out.size()), &error);
  }
  if (U_FAILURE(error)) return text;
  out.resize(std::size_t(length));
  return out;
}

// Double readings become one, and accents go from what stands before Cyrillic in Unicode: Latin and
// Greek. Elsewhere a mark makes another letter (й, が).
Utf16 unified(const Utf16& text) {
  Utf16 out;
  bool strip = false;
  for (const UChar written : text) {
    const auto unit = UChar(unify(written));
    const bool mark = unit >= 0x300 && unit <= 0x36f;
    if (mark && strip) continue;
    // White space of any kind will be a space, and lose its mark the next time at the latest.
    if (!mark) strip = unit < 0x400 || u_isUWhiteSpace(unit) != 0;
    out.push_back(unit);
  }
  return out;
}

// Everything about the characters of the basic plane that folding asks, looked up instead of asked
// of ICU again and again. A character that begins a normalization segment and has none behind it
// that continues the segment folds alone.
class Tables {
 public:
  static constexpr char16_t kSlow = 0xffff;

  static const Tables& get() {
    static const Tables tables;
    return tables;
  }

  [[nodiscard]] bool begins(char32_t c) const {
    return c < 0x10000 ? rows_[c].begins != 0 : unorm2_hasBoundaryBefore(folding_, UChar32(c)) != 0;
  }
  [[nodiscard]] char32_t alone(char32_t c) const { return c < 0x10000 ? rows_[c].alone : kSlow; }
  [[nodiscard]] Class class_of(char32_t c) const {
    return c < 0x10000 ? rows_[c].what : classify(c);
  }

  // A whole segment, by ICU.
  [[nodiscard]] Utf16 segment(const Utf16& text) const {
    const Utf16 folded = normalized(folding_, text);
    const Utf16 bare = unified(normalized(decomposing_, folded));
    // What was under the accent may have a case that only shows now.
    return normalized(composing_, normalized(folding_, bare));
  }

 private:
  struct RowOf {
    char16_t alone = kSlow;
    std::uint8_t begins = 0;
    Class what = Class::separator;
  };

  Tables() : rows_(0x10000) {
    UErrorCode error = U_ZERO_ERROR;
    folding_ = unorm2_getNFKCCasefoldInstance(&error);
    decomposing_ = unorm2_getNFDInstance(&error);
    composing_ = unorm2_getNFCInstance(&error);
    for (char32_t c = 0; c < 0x10000; ++c) {
      RowOf& row = rows_[c];
      if (c >= 0xd800 && c < 0xe000) continue;
      row.begins = unorm2_hasBoundaryBefore(folding_, UChar32(c)) != 0 ? 1 : 0;
      row.what = classify(c);
      const bool folds_to_itself = (c >= 0x3400 && c < 0xa000) || (c >= 0xac00 && c < 0xd7a4);
      if (folds_to_itself || (c >= 0xe000 && c < 0xf900)) {  // ideographs, Hangul, private use
        row.alone = char16_t(c);
        continue;
      }
      const Utf16 folded = segment(Utf16(1, UChar(c)));
      if (folded.size() == 1 && folded[0] != kSlow) row.alone = char16_t(folded[0]);
    }
  }

  const UNormalizer2* folding_ = nullptr;
  const UNormalizer2* decomposing_ = nullptr;
  const UNormalizer2* composing_ = nullptr;
  std::vector<RowOf> rows_;
};

// Writes folded characters, with white space brought into order.
class Writer {
 public:
  Writer(const Tables& tables, std::string& out) : tables_(tables), out_(out) {}

  void put(char32_t c) {
    const Class what = tables_.class_of(c);
    if (what == Class::space) {
      space_ = true;
      if (c == '\n') ++line_ends_;
      return;
    }
    if (space_) {
      if (line_ends_ != 1 || !is_dense(last_) || !is_dense(what)) out_.push_back(' ');
      space_ = false;
      line_ends_ = 0;
    }
    append_utf8(out_, c);
    last_ = what;
  }
  void finish() {
    if (space_) out_.push_back(' ');
  }

 private:
  const Tables& tables_;
  std::string& out_;
  Class last_ = Class::separator;
  bool space_ = false;
  std::size_t line_ends_ = 0;
};

void put_segment(const Tables& tables, const Utf16& segment, Writer& writer) {
  const Utf16 folded = tables.segment(segment);
  for (std::size_t i = 0; i < folded.size();) {
    UChar32 c = 0;
    U16_NEXT(folded.data(), i, folded.size(), c);
    writer.put(char32_t(c));
  }
}

void append_utf16(Utf16& out, char32_t c) {
  if (c < 0x10000) {
    out.push_back(UChar(c));
  } else {
    out.push_back(U16_LEAD(c));
    out.push_back(U16_TRAIL(c));
  }
}

constexpr std::size_t kSegmentMax = 64;  // code points; the rest of a pile of marks is dropped

std::string to_utf8(const char32_t* from, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    append_utf8(out, from[i]);
  return out;
}

struct WordLength {
  std::size_t least, most;
};
// In characters. Grams say alone what is shorter; what is longer is no word that anybody types.
WordLength word_length(Class what) {
  if (what == Class::latin) return {4, 40};
  if (what == Class::han) return {3, 12};
  return {3, 24};
}

// Walks runs of letters. One run is of letters that form grams with each other: Latin, or the rest.
class Cutter {
 public:
  explicit Cutter(TermVisitor visit) : visit_(visit) {}

  // The letter's octets are [begin, end) of a text that stays where it is.
  void letter(Class what, const char* begin, const char* end) {
    if (count_ > 0 && is_gram_letter(what) != is_gram_letter(what_)) finish();
    if (count_ > 0 && what != what_) finish_word();
    what_ = what;
    starts_[count_ % starts_.size()] = begin;
    if (word_letters_++ == 0) word_ = begin;
    ++count_;
    end_ = end;
    const auto gram = [&](std::size_t letters) {
      const char* from = starts_[(count_ - letters) % starts_.size()];
      visit_(TermKind::gram, std::string_view(from, std::size_t(end - from)));
    };
    gram(1);
    if (is_gram_letter(what)) {
      if (count_ >= 2) gram(2);
    } else if (count_ >= 3) {
      gram(3);
    }
  }
  void finish() {
    if (count_ > 0) finish_word();
    count_ = 0;
  }

 private:
  void finish_word() {
    const WordLength length = word_length(what_);
    const bool pair = what_ == Class::latin && word_letters_ == 2;  // no gram says it
    if (pair || (word_letters_ >= length.least && word_letters_ <= length.most)) {
      visit_(TermKind::word, std::string_view(word_, std::size_t(end_ - word_)));
    }
    word_letters_ = 0;
  }

  TermVisitor visit_;
  std::array<const char*, 4> starts_{};
  const char* word_ = nullptr;
  const char* end_ = nullptr;
  std::size_t count_ = 0;
  std::size_t word_letters_ = 0;
  Class what_ = Class::separator;
};

constexpr std::string_view kLatin = "abcdefghijklmnopqrstuvwxyz0123456789";

struct Run {
  std::vector<char32_t> letters;
  bool latin = false;
  bool one_class = true;
};

std::vector<Run> runs_of(std::string_view needle, bool& separators) {
  const Tables& tables = Tables::get();
  std::vector<Run> runs;
  Class last = Class::separator;
  while (!needle.empty()) {
    const char32_t c = take_code_point(needle);
    const Class what = tables.class_of(c);
    if (what != Class::latin && !is_gram_letter(what)) {
      separators = true;
      last = what;
      continue;
    }
    const bool latin = what == Class::latin;
    const bool goes_on =
        (last == Class::latin || is_gram_letter(last)) && runs.back().latin == latin;
    if (!goes_on) runs.push_back({{}, latin, true});
    runs.back().letters.push_back(c);
    last = what;
  }
  return runs;
}

// A run of two Latin letters is the start or the end of a triple, or a word of its own.
void any_of_pair(NeedleTerms& terms, const std::string& pair) {
  terms.any.emplace_back(TermKind::word, pair);
  for (const char c : kLatin) {
    terms.any.emplace_back(TermKind::gram, c + pair);
    terms.any.emplace_back(TermKind::gram, pair + c);
  }
}

}  // namespace

std::string fold_keeping_kana(std::string_view text) {
  const Tables& tables = Tables::get();
  std::string out;
  out.reserve(text.size());
  Writer writer(tables, out);
  Utf16 segment;
  bool more = !text.empty();
  char32_t next = more ? take_code_point(text) : 0;
  while (more) {
    const char32_t c = next;
    more = !text.empty();
    if (more) next = take_code_point(text);
    if (!more || tables.begins(next)) {
      const char32_t alone = tables.alone(c);
      if (alone != Tables::kSlow) {
        writer.put(alone);
        continue;
      }
    }
    segment.clear();
    append_utf16(segment, c);
    for (std::size_t i = 1; more && !tables.begins(next); ++i) {
      if (i < kSegmentMax) append_utf16(segment, next);
      more = !text.empty();
      if (more) next = take_code_point(text);
    }
    put_segment(tables, segment, writer);
  }
  writer.finish();
  return out;
}

void fold_kana(std::string& folded) {
  // U+30A1…30FE are E3 82 A1 … E3 83 BE; what they become has three octets too.
  for (std::size_t i = 0; i + 2 < folded.size(); ++i) {
    if (folded[i] != '\xe3') continue;
    std::string_view rest = std::string_view(folded).substr(i, 3);
    const char32_t c = take_code_point(rest);
    if (!rest.empty()) continue;
    const char32_t to = to_hiragana(c);
    if (to == c) continue;
    folded[i + 1] = char(0x80U | (to >> 6U & 0x3fU));
    folded[i + 2] = char(0x80U | (to & 0x3fU));
    i += 2;
  }
}

std::string fold(std::string_view text) {
  std::string out = fold_keeping_kana(text);
  fold_kana(out);
  return out;
}

void cut_terms(std::string& text, TermVisitor visit) {
  const Tables& tables = Tables::get();
  const std::string as_written = text;
  fold_kana(text);
  Cutter cutter(visit);
  std::string_view rest = as_written;
  while (!rest.empty()) {
    const std::size_t begin = as_written.size() - rest.size();
    const Class what = tables.class_of(take_code_point(rest));
    if (what != Class::latin && !is_gram_letter(what)) {
      cutter.finish();
      continue;
    }
    cutter.letter(what, text.data() + begin, text.data() + (as_written.size() - rest.size()));
  }
  cutter.finish();
}

NeedleTerms needle_terms(std::string_view needle) {
  NeedleTerms terms;
  bool separators = false;
  const std::vector<Run> runs = runs_of(needle, separators);
  for (const Run& run : runs) {
    const std::size_t size = run.latin ? 3 : 2;
    for (std::size_t i = 0; i + size <= run.letters.size(); ++i)
      terms.all.push_back(to_utf8(run.letters.data() + i, size));
    if (!run.latin && run.letters.size() == 1) terms.all.push_back(to_utf8(run.letters.data(), 1));
  }
  if (terms.all.empty()) {
    for (const Run& run : runs) {
      if (run.letters.size() == 1) {
        terms.all.push_back(to_utf8(run.letters.data(), 1));
      } else if (terms.any.empty()) {
        any_of_pair(terms, to_utf8(run.letters.data(), 2));
      }
    }
  }
  std::ranges::sort(terms.all);
  const auto twice = std::ranges::unique(terms.all);
  terms.all.erase(twice.begin(), twice.end());
  if (runs.size() != 1 || separators) return terms;
  if (runs[0].letters.size() <= (runs[0].latin ? 3U : 2U)) {
    terms.means = NeedleTerms::Means::surely;
  } else {
    terms.word = std::string(needle);
  }
  return terms;
}

}  // namespace fumi::codec
