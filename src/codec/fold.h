// Folding: the form in which search compares texts, and the pieces of it that an index knows.
//
// fold() takes away what people don't type the same way twice: case, width, compatibility forms
// (㈱ → (株), Ⅲ → iii), hiragana or katakana, accents on Latin and Greek letters, the Japanese
// charsets' double readings of dashes and waves, invisible characters. Any white space becomes one
// space; one line end between two letters of a script that is written without spaces vanishes,
// since Japanese mail is wrapped inside words (an empty line is a paragraph's end and a space).
// Voiced kana and long vowel marks stay: か is not が. fold(fold(x)) = fold(x). Malformed UTF-8
// becomes U+FFFD. Any thread; linear in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"

namespace fumi::codec {

[[nodiscard]] std::string fold(std::string_view text);

// The same with kana as written: what cut_terms() takes, because where katakana ends is where words
// end. fold_kana() of it, which keeps its length, is fold().
[[nodiscard]] std::string fold_keeping_kana(std::string_view text);
void fold_kana(std::string& folded);

// The pieces of a text by which an index finds it:
//   gram   each letter or digit; two that stand together of any script but Latin; three together of
//          a-z0-9. Anything else separates.
//   word   each run of one script, if it is neither so short that grams say it nor endless.
// A text contains each of its pieces, and each piece of what it contains.
enum class TermKind : std::uint8_t { gram, word };
using TermVisitor = FunctionRef<void(TermKind kind, std::string_view piece)>;

// `text` is fold_keeping_kana()'s; it is kana-folded in place. Pieces are views of it and repeat.
void cut_terms(std::string& text, TermVisitor visit);

// How the texts that contain a needle are found by their pieces.
struct NeedleTerms {
  std::vector<std::string> all;  // grams that each of them has
  // If not empty: each of them has at least one of these (the ways to be a piece of a Latin run).
  std::vector<std::pair<TermKind, std::string>> any;
  enum class Means : std::uint8_t {
    maybe,   // texts with those pieces must be looked at
    surely,  // they contain it
  } means = Means::maybe;
  std::string word;  // if not empty: a text with this word surely contains it
};
// `needle`: fold()'s. With neither `all` nor `any` the index knows nothing of it: nothing but
// punctuation and space.
[[nodiscard]] NeedleTerms needle_terms(std::string_view needle);

}  // namespace fumi::codec
