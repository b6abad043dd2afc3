// Charsets of mail to UTF-8 and back, with the Japanese ones as mail really uses them.
//
// Decoding: ISO-2022-JP, Shift_JIS and EUC-JP take the vendor characters (NEC row 13, IBM
// extensions), and the Microsoft names (windows-50221, cp50220, cp932, windows-31j, eucJP-ms …)
// mean the same decoders. JIS-Roman is read as ASCII, as Windows does, so that "~" and "\" survive.
// ISO-8859-1 is read as windows-1252, as every mail client does.
// Pure functions, any thread; output is bounded by about four times the input.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fumi::codec {

// Whether to_utf8() knows this name (IANA names and aliases, case-insensitive).
[[nodiscard]] bool is_charset(std::string_view name);

struct Decoded {
  std::string text;          // valid UTF-8
  std::size_t replaced = 0;  // malformed or unassigned sequences that became U+FFFD
};

// Code::unsupported for an unknown charset.
[[nodiscard]] Result<Decoded> to_utf8(std::string_view bytes, std::string_view charset);

// Never fails: an unknown, empty or plainly wrong label (8-bit text called us-ascii or ISO-2022-JP,
// ISO-2022-JP called us-ascii) is replaced by a guess. For showing and searching mail.
[[nodiscard]] std::string decode_text(std::string_view bytes, std::string_view charset);

// One of us-ascii, utf-8, iso-2022-jp, euc-jp, shift_jis, windows-1252.
[[nodiscard]] std::string_view guess_charset(std::string_view bytes);

// ISO-2022-JP and its kin carry a state from one octet to the next (RFC 1468).
[[nodiscard]] bool is_iso_2022_jp(std::string_view charset);

struct Encoded {
  std::string bytes;                 // unmappable characters became "?" (Japanese charsets: U+3013)
  std::vector<char32_t> unmappable;  // the first kUnmappableMax of them
};
inline constexpr std::size_t kUnmappableMax = 100;

// Code::unsupported for an unknown charset, Code::invalid if `text` is not UTF-8. Into Japanese
// charsets characters with two Unicode readings (U+301C and U+FF5E, U+2212 and U+FF0D, …) are
// folded to the one that the charset has; into ISO-2022-JP half-width kana become full-width, and
// the result is in ASCII state at each line end and at the end.
[[nodiscard]] Result<Encoded> from_utf8(std::string_view text, std::string_view charset);

// Half-width katakana to full-width, voiced marks joined ("ｶﾞ" becomes "ガ").
[[nodiscard]] std::string widen_kana(std::string_view text);

}  // namespace fumi::codec
