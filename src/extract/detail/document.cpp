#include "extract/detail/document.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/html_text.h"
#include "codec/utf8.h"

namespace fumi::extract::detail {
namespace {

using Outcome = ExtractedText::Outcome;

constexpr std::string_view kCompoundFile = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
// The stream that holds an Office document that has a password ([MS-OFFCRYPTO] 2.3.4).
constexpr std::string_view kEncryptedPackage{"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
                                             32};
constexpr std::size_t kSignatureWithin = 1024;

constexpr std::array<std::string_view, 4> kHtmlEndings{".html", ".htm", ".xhtml", ".xht"};
constexpr std::array<std::string_view, 11> kTextEndings{
    ".txt", ".text", ".csv", ".tsv", ".md", ".log", ".json", ".xml", ".yaml", ".yml", ".ini"};

bool ends_with_any(std::string_view name, std::span<const std::string_view> endings) {
  const std::string lower = ascii::to_lower(name);
  return std::ranges::any_of(endings, [&](std::string_view end) { return lower.ends_with(end); });
}

// The charset that a byte order mark or the places of NULs tell; empty: they don't.
std::string_view unicode_form(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) return "utf-8";
  if (bytes.starts_with(std::string_view("\xff\xfe\0\0", 4))) return "utf-32le";
  if (bytes.starts_with(std::string_view("\0\0\xfe\xff", 4))) return "utf-32be";
  if (bytes.starts_with("\xff\xfe")) return "utf-16le";
  if (bytes.starts_with("\xfe\xff")) return "utf-16be";
  const std::string_view begin = bytes.substr(0, 512);
  std::array<std::size_t, 2> nuls{};
  for (std::size_t i = 0; i < begin.size(); ++i)
    nuls[i % 2] += begin[i] == '\0' ? 1 : 0;
  if (nuls[1] * 4 > begin.size() && nuls[0] == 0) return "utf-16le";
  if (nuls[0] * 4 > begin.size() && nuls[1] == 0) return "utf-16be";
  return {};
}

// What an HTML file says of itself in its first kilobyte.
std::string_view declared_charset(std::string_view html) {
  static constexpr std::string_view kName = "charset=";
  const std::string_view begin = html.substr(0, kSignatureWithin);
  for (std::size_t at = 0; at + kName.size() < begin.size(); ++at) {
    if (!ascii::istarts_with(begin.substr(at), kName)) continue;
    std::string_view value = begin.substr(at + kName.size());
    if (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
    value = value.substr(0, value.find_first_of("\"'/> ;\r\n\t"));
    if (codec::is_charset(value)) return value;
  }
  return {};
}

std::string decoded(std::string_view bytes, std::string_view charset) {
  const std::string_view form = unicode_form(bytes);
  std::string text;
  if (form.empty()) {
    text = codec::decode_text(bytes, charset);
  } else if (auto converted = codec::to_utf8(bytes, form)) {
    text = std::move(converted->text);
  }
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  return text;
}

// Conversion may make four octets of one, and HTML less of more: nothing beyond this is converted.
std::string_view convertible(std::string_view bytes, const DocumentLimits& limits,
                             std::uint64_t times, ExtractedText& found) {
  const std::uint64_t most = limits.text_octets_max * times;
  if (bytes.size() <= most) return bytes;
  found.outcome = Outcome::over_limit;
  found.reason = "too much text";
  return bytes.substr(0, most);
}

}  // namespace

bool is_pdf(std::string_view bytes) {
  return bytes.substr(0, kSignatureWithin).find("%PDF-") != std::string_view::npos;
}

void keep_to_limit(ExtractedText& found, const DocumentLimits& limits) {
  if (found.text.size() <= limits.text_octets_max) return;
  found.text.resize(codec::utf8_prefix(found.text, limits.text_octets_max).size());
  found.outcome = Outcome::over_limit;
  found.reason = "too much text";
}

ExtractedText read_text(std::string_view bytes, const DocumentLimits& limits) {
  ExtractedText found;
  found.form = "text";
  if (unicode_form(bytes).empty() && bytes.find('\0') != std::string_view::npos) {
    found.reason = "binary data";
    return found;
  }
  found.outcome = Outcome::whole;
  found.text = decoded(convertible(bytes, limits, 2, found), {});
  keep_to_limit(found, limits);
  return found;
}

ExtractedText read_html(std::string_view bytes, const DocumentLimits& limits) {
  ExtractedText found;
  found.form = "html";
  found.outcome = Outcome::whole;
  const std::string_view some = convertible(bytes, limits, 8, found);
  found.text = codec::html_text(decoded(some, declared_charset(some)));
  keep_to_limit(found, limits);
  return found;
}

ExtractedText read_document(std::string_view type, std::string_view name, std::string_view bytes,
                            const DocumentLimits& limits) {
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
    return read_package(bytes, limits);
  }
  if (bytes.starts_with("{\\rtf")) return read_rtf(bytes, limits);
  if (bytes.starts_with(kCompoundFile)) {
    ExtractedText found;
    found.form = "ole";
    found.reason = "an old binary format";
    if (bytes.find(kEncryptedPackage) != std::string_view::npos) {
      found.outcome = Outcome::encrypted;
      found.reason = "with a password";
    }
    return found;
  }
  if (type == "text/html" || type == "application/xhtml+xml" || ends_with_any(name, kHtmlEndings)) {
    return read_html(bytes, limits);
  }
  if (type.starts_with("text/") || type == "application/json" || type == "application/xml" ||
      ends_with_any(name, kTextEndings)) {
    return read_text(bytes, limits);
  }
  ExtractedText found;
  found.reason = "not a known format";
  return found;
}

}  // namespace fumi::extract::detail
