#include "codec/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include <array>
#include <memory>
#include <optional>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

struct Alias {
  std::string_view from;
  const char* to;
};
// Names that ICU lacks, or gives a narrower meaning than mail does. ISO-2022-JP goes to the widest
// variant (8-bit kana, JIS X 0212).
constexpr char kJis[] = "ISO_2022,locale=ja,version=4";
constexpr std::array kAliases{
    Alias{"iso-2022-jp", kJis},
    Alias{"iso-2022-jp-1", kJis},
    Alias{"iso-2022-jp-2", kJis},
    Alias{"iso-2022-jp-3", kJis},
    Alias{"iso-2022-jp-2004", kJis},
    Alias{"iso-2022-jp-ms", kJis},
    Alias{"csiso2022jp", kJis},
    Alias{"csiso2022jp2", kJis},
    Alias{"windows-50220", kJis},
    Alias{"windows-50221", kJis},
    Alias{"windows-50222", kJis},
    Alias{"cp50220", kJis},
    Alias{"cp50221", kJis},
    Alias{"cp50222", kJis},
    Alias{"jis", kJis},
    Alias{"jis7", kJis},
    Alias{"shift_jis", "Shift_JIS"},
    Alias{"shift-jis", "Shift_JIS"},
    Alias{"x-sjis", "Shift_JIS"},
    Alias{"sjis", "Shift_JIS"},
    Alias{"cp932", "Shift_JIS"},
    Alias{"ms932", "Shift_JIS"},
    Alias{"windows-932", "Shift_JIS"},
    Alias{"windows-31j", "Shift_JIS"},
    Alias{"cswindows31j", "Shift_JIS"},
    Alias{"ms_kanji", "Shift_JIS"},
    Alias{"euc-jp", "EUC-JP"},
    Alias{"eucjp", "EUC-JP"},
    Alias{"x-euc-jp", "EUC-JP"},
    Alias{"eucjp-ms", "EUC-JP"},
    Alias{"eucjpms", "EUC-JP"},
    Alias{"cp51932", "EUC-JP"},
    Alias{"iso-8859-1", "windows-1252"},
    Alias{"latin1", "windows-1252"},
    Alias{"iso8859-1", "windows-1252"},
    Alias{"iso_8859-1", "windows-1252"},
    Alias{"gb2312", "GB18030"},
    Alias{"gbk", "GB18030"},
    Alias{"euc-kr", "windows-949"},
    Alias{"ks_c_5601-1987", "windows-949"},
    Alias{"iso-8859-8-i", "iso-8859-8"},
    Alias{"unicode-1-1-utf-7", "UTF-7"},
};

enum class Family { other, ascii, utf8, jis, japanese };

struct Name {
  Family family = Family::other;
  std::string icu;  // empty: no name that could be a charset
};

// RFC 2045 §5.1 token characters only: ICU takes option lists and looks for files by name.
Name resolve(std::string_view charset) {
  charset = ascii::trim(charset);
  if (charset.empty() || charset.size() > 40) return {};
  for (const char c : charset) {
    if (!ascii::is_alnum(c) && c != '-' && c != '_' && c != '.' && c != ':' && c != '+') return {};
  }
  const std::string name = ascii::to_lower(charset);
  if (name == "utf-8" || name == "utf8" || name == "unicode-1-1-utf-8") return {Family::utf8, name};
  if (name == "us-ascii" || name == "ascii" || name == "ansi_x3.4-1968")
    return {Family::ascii, name};
  for (const Alias& alias : kAliases) {
    if (name != alias.from) continue;
    const bool jis = alias.to == std::string_view(kJis);
    const bool japanese =
        alias.to == std::string_view("Shift_JIS") || alias.to == std::string_view("EUC-JP");
    return {jis ? Family::jis : japanese ? Family::japanese : Family::other, alias.to};
  }
  return {Family::other, name};
}

struct Closer {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, Closer>;

Converter open_converter(const char* name) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(name, &error));
  if (U_FAILURE(error)) return nullptr;
  return converter;
}

void count_and_replace(const void* context, UConverterToUnicodeArgs* args, const char*, int32_t,
                       UConverterCallbackReason reason, UErrorCode* error) {
  if (reason > UCNV_IRREGULAR) return;
  ++*static_cast<std::size_t*>(const_cast<void*>(context));
  *error = U_ZERO_ERROR;
  const UChar replacement = 0xfffd;
  ucnv_cbToUWriteUChars(args, &replacement, 1, 0, error);
}

// Appends UTF-16 to UTF-8; a high surrogate at the end waits in `pending` for the next call.
void append_utf16(std::string& out, const UChar* from, const UChar* to, char32_t& pending) {
  for (; from != to; ++from) {
    const char32_t unit = *from;
    if (pending != 0) {
      const char32_t high = std::exchange(pending, 0);
      if (unit >= 0xdc00 && unit <= 0xdfff) {
        append_utf8(out, 0x10000 + ((high - 0xd800) << 10U) + (unit - 0xdc00));
        continue;
      }
      append_utf8(out, kReplacement);
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
      pending = unit;
    } else {
      append_utf8(out, unit);
    }
  }
}

std::optional<Decoded> decode_with(const char* name, std::string_view bytes) {
  const Converter converter = open_converter(name);
  if (!converter) return std::nullopt;
  Decoded out;
  UErrorCode error = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.get(), count_and_replace, &out.replaced, nullptr, nullptr, &error);
  out.text.reserve(bytes.size() + bytes.size() / 2);
  std::array<UChar, 2048> buffer;
  const char* from = bytes.data();
  const char* const end = from + bytes.size();
  char32_t pending = 0;
  do {
    error = U_ZERO_ERROR;
    UChar* to = buffer.data();
    ucnv_toUnicode(converter.get(), &to, buffer.data() + buffer.size(), &from, end, nullptr, true,
                   &error);
    append_utf16(out.text, buffer.data(), to, pending);
  } while (error == U_BUFFER_OVERFLOW_ERROR);
  if (pending != 0) append_utf8(out.text, kReplacement);
  return out;
}

// JIS-Roman (and the wrong "ESC ( H" of old programs) designated as ASCII.
std::string without_roman(std::string_view bytes) {
  std::string out(bytes);
  for (std::size_t at = out.find("\x1b("); at != std::string::npos;
       at = out.find("\x1b(", at + 2)) {
    if (at + 2 < out.size() && (out[at + 2] == 'J' || out[at + 2] == 'H')) out[at + 2] = 'B';
  }
  return out;
}

Decoded replace_malformed(std::string_view bytes) {
  Decoded out;
  if (is_utf8(bytes)) {
    out.text = bytes;
    return out;
  }
  while (!bytes.empty()) {
    const bool genuine = bytes.starts_with("\xef\xbf\xbd");
    const char32_t c = take_code_point(bytes);
    if (c == kReplacement && !genuine) ++out.replaced;
    append_utf8(out.text, c);
  }
  return out;
}

Decoded decode_ascii(std::string_view bytes) {
  Decoded out;
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x80) {
      out.text += c;
    } else {
      append_utf8(out.text, kReplacement);
      ++out.replaced;
    }
  }
  return out;
}

// One Unicode character that Japanese tables know by another; see STACK's note on 1-33.
char32_t japanese_twin(char32_t c) {
  switch (c) {
    case 0x301c:
      return 0xff5e;
    case 0x2212:
      return 0xff0d;
    case 0x2016:
      return 0x2225;
    case 0x2014:
      return 0x2015;
    case 0x00a2:
      return 0xffe0;
    case 0x00a3:
      return 0xffe1;
    case 0x00a5:
      return 0xffe5;
    case 0x00a6:
      return 0xffe4;
    case 0x00ac:
      return 0xffe2;
    case 0x203e:
      return 0xffe3;
    case 0x00a0:
      return 0x0020;
    case 0x2022:
      return 0x30fb;
    default:
      return c;
  }
}

bool is_variation_selector(char32_t c) { return (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff; }

struct EncodeContext {
  Encoded* out;
  std::string_view substitute;
};

void note_unmappable(Encoded& out, char32_t c) {
  if (out.unmappable.size() < kUnmappableMax) out.unmappable.push_back(c);
}

void substitute(const void* context, UConverterFromUnicodeArgs* args, const UChar*, int32_t,
                UChar32 c, UConverterCallbackReason reason, UErrorCode* error) {
  if (reason > UCNV_IRREGULAR) return;
  const auto& encode = *static_cast<const EncodeContext*>(context);
  note_unmappable(*encode.out, char32_t(c));
  *error = U_ZERO_ERROR;
  ucnv_cbFromUWriteBytes(args, encode.substitute.data(), int32_t(encode.substitute.size()), 0,
                         error);
}

std::u16string utf16_of(std::string_view text, Family family) {
  std::u16string out;
  out.reserve(text.size());
  const bool japanese = family == Family::jis || family == Family::japanese;
  while (!text.empty()) {
    char32_t c = take_code_point(text);
    if (japanese) {
      if (is_variation_selector(c)) continue;
      c = japanese_twin(c);
    }
    if (c < 0x10000) {
      out += char16_t(c);
    } else {
      out += char16_t(0xd800 + ((c - 0x10000) >> 10U));
      out += char16_t(0xdc00 + ((c - 0x10000) & 0x3ffU));
    }
  }
  return out;
}

std::optional<Encoded> encode_with(const char* name, std::string_view text, Family family) {
  const Converter converter = open_converter(name);
  if (!converter) return std::nullopt;
  Encoded out;
  std::string_view geta = "?";
  if (family != Family::other)
    geta = name == std::string_view("Shift_JIS") ? "\x81\xac" : "\xa2\xae";
  const EncodeContext context{&out, geta};
  UErrorCode error = U_ZERO_ERROR;
  ucnv_setFromUCallBack(converter.get(), substitute, &context, nullptr, nullptr, &error);
  const std::u16string units = utf16_of(text, family);
  const UChar* from = units.data();
  const UChar* const end = from + units.size();
  std::array<char, 2048> buffer;
  do {
    error = U_ZERO_ERROR;
    char* to = buffer.data();
    ucnv_fromUnicode(converter.get(), &to, buffer.data() + buffer.size(), &from, end, nullptr, true,
                     &error);
    out.bytes.append(buffer.data(), to);
  } while (error == U_BUFFER_OVERFLOW_ERROR);
  return out;
}

// EUC-JP holds the JIS rows shifted by 0x80, vendor rows included, which ICU's own ISO-2022-JP
// encoder leaves out. JIS X 0212 (three octets in EUC) has no place in ISO-2022-JP.
Encoded euc_to_jis(Encoded euc) {
  Encoded out;
  out.unmappable = std::move(euc.unmappable);
  bool kanji = false;
  const auto shift = [&](bool to_kanji) {
    if (kanji != to_kanji) out.bytes += to_kanji ? "\x1b$B" : "\x1b(B";
    kanji = to_kanji;
  };
  const std::string& in = euc.bytes;
  for (std::size_t i = 0; i < in.size();) {
    const auto octet = static_cast<unsigned char>(in[i]);
    if (octet >= 0xa1 && i + 1 < in.size()) {
      shift(true);
      out.bytes += char(octet & 0x7fU);
      out.bytes += char(static_cast<unsigned char>(in[i + 1]) & 0x7fU);
      i += 2;
    } else if (octet >= 0x80) {
      const std::size_t length = octet == 0x8f ? 3 : octet == 0x8e ? 2 : 1;
      const auto back = decode_with("EUC-JP", std::string_view(in).substr(i, length));
      std::string_view rest = back ? std::string_view(back->text) : std::string_view();
      note_unmappable(out, rest.empty() ? kReplacement : take_code_point(rest));
      shift(true);
      out.bytes += "\x22\x2e";  // U+3013, the geta mark
      i += length;
    } else {
      shift(false);
      out.bytes += in[i++];
    }
  }
  shift(false);
  return out;
}

bool in(unsigned char c, unsigned low, unsigned high) { return c >= low && c <= high; }

struct Score {
  bool valid = true;
  int kana = 0;   // hiragana and katakana, which nearly all Japanese text holds
  int pairs = 0;  // two-octet characters
  int ascii = 0;  // of them, those whose second octet is ASCII
};

Score score_euc(std::string_view bytes) {
  Score score;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c < 0x80) continue;
    const std::size_t more = c == 0x8f ? 2 : 1;
    if (c != 0x8e && c != 0x8f && !in(c, 0xa1, 0xfe)) return {.valid = false};
    for (std::size_t k = 0; k < more; ++k) {
      if (++i >= bytes.size() || !in(static_cast<unsigned char>(bytes[i]), 0xa1, 0xfe)) {
        return {.valid = false};
      }
    }
    ++score.pairs;
    if (c == 0xa4 || c == 0xa5) ++score.kana;
  }
  return score;
}

Score score_shift_jis(std::string_view bytes) {
  Score score;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c < 0x80 || in(c, 0xa1, 0xdf)) continue;
    if (!in(c, 0x81, 0x9f) && !in(c, 0xe0, 0xfc)) return {.valid = false};
    if (++i >= bytes.size()) return {.valid = false};
    const auto second = static_cast<unsigned char>(bytes[i]);
    if (!in(second, 0x40, 0x7e) && !in(second, 0x80, 0xfc)) return {.valid = false};
    ++score.pairs;
    if (second < 0x80) ++score.ascii;
    if ((c == 0x82 && in(second, 0x9f, 0xf1)) || (c == 0x83 && in(second, 0x40, 0x96)))
      ++score.kana;
  }
  return score;
}

bool has_jis_escape(std::string_view bytes) {
  for (std::size_t at = bytes.find('\x1b'); at != std::string_view::npos;
       at = bytes.find('\x1b', at + 1)) {
    const std::string_view next = bytes.substr(at + 1, 2);
    if (next == "$B" || next == "$@" || next == "(J" || next == "(I" || next == "$(") return true;
  }
  return false;
}

}  // namespace

bool is_charset(std::string_view name) {
  const Name resolved = resolve(name);
  if (resolved.icu.empty()) return false;
  if (resolved.family == Family::utf8 || resolved.family == Family::ascii) return true;
  return open_converter(resolved.icu.c_str()) != nullptr;
}

bool is_iso_2022_jp(std::string_view charset) { return resolve(charset).family == Family::jis; }

Result<Decoded> to_utf8(std::string_view bytes, std::string_view charset) {
  const Name name = resolve(charset);
  if (name.family == Family::utf8) return replace_malformed(bytes);
  if (name.family == Family::ascii) return decode_ascii(bytes);
  std::optional<Decoded> decoded;
  if (name.family == Family::jis) {
    decoded = decode_with(name.icu.c_str(), without_roman(bytes));
  } else if (!name.icu.empty()) {
    decoded = decode_with(name.icu.c_str(), bytes);
  }
  if (!decoded) {
    return fail(Code::unsupported, "decoding text",
                "unknown charset \"" + ascii::printable(charset, 40) + '"');
  }
  return std::move(*decoded);
}

std::string_view guess_charset(std::string_view bytes) {
  if (is_ascii(bytes)) return has_jis_escape(bytes) ? "iso-2022-jp" : "us-ascii";
  if (is_utf8(bytes)) return "utf-8";
  const Score euc = score_euc(bytes);
  const Score sjis = score_shift_jis(bytes);
  if (euc.valid && (!sjis.valid || euc.kana >= sjis.kana)) return "euc-jp";
  if (sjis.valid && (sjis.kana > 0 || sjis.pairs == 0 || sjis.pairs > 2 * sjis.ascii)) {
    return "shift_jis";
  }
  return "windows-1252";
}

std::string decode_text(std::string_view bytes, std::string_view charset) {
  const Family family = resolve(charset).family;
  const bool seven_bit = family == Family::ascii || family == Family::jis;
  const bool ascii_only = is_ascii(bytes);
  if (ascii_only && family == Family::utf8 && !has_jis_escape(bytes)) return std::string(bytes);
  const bool wrong = (seven_bit && !ascii_only && !has_jis_escape(bytes)) ||
                     (family == Family::ascii && ascii_only);
  if (!wrong) {
    if (auto decoded = to_utf8(bytes, charset)) {
      const bool mislabelled = family == Family::utf8 && decoded->replaced != 0;
      if (!mislabelled || guess_charset(bytes) == "windows-1252") return std::move(decoded->text);
    }
  }
  if (auto decoded = to_utf8(bytes, guess_charset(bytes))) return std::move(decoded->text);
  return to_valid_utf8(bytes);
}

Result<Encoded> from_utf8(std::string_view text, std::string_view charset) {
  if (!is_utf8(text)) return fail(Code::invalid, "encoding text", "the text is not UTF-8");
  const Name name = resolve(charset);
  if (name.family == Family::utf8) return Encoded{std::string(text), {}};
  std::optional<Encoded> encoded;
  if (name.family == Family::jis) {
    encoded = encode_with("EUC-JP", widen_kana(text), Family::japanese);
    if (encoded) encoded = euc_to_jis(std::move(*encoded));
  } else if (!name.icu.empty()) {
    encoded = encode_with(name.icu.c_str(), text, name.family);
  }
  if (!encoded) {
    return fail(Code::unsupported, "encoding text",
                "unknown charset \"" + ascii::printable(charset, 40) + '"');
  }
  return std::move(*encoded);
}

std::string widen_kana(std::string_view text) {
  // U+FF61..U+FF9D in order; the voiced and semi-voiced marks follow as U+FF9E and U+FF9F.
  static constexpr char32_t kWide[] =
      U"。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘ"
      U"ホマミムメモヤユヨラリルレロワン";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    if (c < 0xff61 || c > 0xff9f) {
      append_utf8(out, c);
      continue;
    }
    if (c >= 0xff9e) {
      append_utf8(out, c == 0xff9e ? 0x309b : 0x309c);
      continue;
    }
    char32_t wide = kWide[c - 0xff61];
    const bool ha_row = wide >= U'ハ' && wide <= U'ホ';
    const bool voices = (wide >= U'カ' && wide <= U'ト' && wide != U'ッ') || ha_row;
    if (text.starts_with("\xef\xbe\x9e") && (voices || wide == U'ウ')) {
      wide = wide == U'ウ' ? U'ヴ' : wide + 1;
      text.remove_prefix(3);
    } else if (text.starts_with("\xef\xbe\x9f") && ha_row) {
      wide += 2;
      text.remove_prefix(3);
    }
    append_utf8(out, wide);
  }
  return out;
}

}  // namespace fumi::codec
