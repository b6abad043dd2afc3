// Documents that are ZIP packages of XML: Office Open XML (ECMA-376) and OpenDocument.
#include <zip.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "extract/detail/document.h"
#include "extract/detail/xml_text.h"

namespace fumi::extract::detail {
namespace {

using Outcome = ExtractedText::Outcome;
using Names = std::string_view;

constexpr std::size_t kChunk = 64 * 1024;

// WordprocessingML. Formatting, phonetic guides' twins and what was moved away are no text.
constexpr Names kWordKeep[]{"t"};
constexpr Names kWordSkip[]{"Fallback", "moveFrom", "pPr", "rPr", "sectPr", "rt"};
constexpr Names kWordBreaks[]{"p", "br", "cr", "tr"};
constexpr Names kWordGaps[]{"tab", "tc"};
constexpr XmlRules kWord{kWordKeep, kWordSkip, kWordBreaks, kWordGaps, {}, {}, {}, {}};

constexpr Names kSlideKeep[]{"t"};
constexpr Names kSlideSkip[]{"Fallback", "pPr", "rPr"};
constexpr Names kSlideBreaks[]{"p", "br", "text"};
constexpr XmlRules kSlide{kSlideKeep, kSlideSkip, kSlideBreaks, {}, {}, {}, {}, {}};

// SpreadsheetML: strings stand in a table of their own, numbers in their cells.
constexpr Names kStringsKeep[]{"t"};
constexpr Names kStringsSkip[]{"rPh"};
constexpr Names kStringsBreaks[]{"si", "comment"};
constexpr XmlRules kStrings{kStringsKeep, kStringsSkip, kStringsBreaks, {}, {}, {}, {}, {}};
constexpr Names kSheetKeep[]{"v", "t"};
constexpr Names kSheetBreaks[]{"row"};
constexpr Names kSheetGaps[]{"c"};
constexpr XmlRules kSheet{kSheetKeep, kStringsSkip, kSheetBreaks, kSheetGaps, {}, "c", "s", "v"};
constexpr XmlRules kWorkbook{{}, {}, {}, {}, "sheet", {}, {}, {}};

constexpr Names kCoreKeep[]{"title", "subject", "keywords", "description"};
constexpr XmlRules kCore{kCoreKeep, {}, kCoreKeep, {}, {}, {}, {}, {}};

constexpr Names kOpenKeep[]{"p", "h"};
constexpr Names kOpenSkip[]{"tracked-changes", "ruby-text"};
constexpr Names kOpenBreaks[]{"p", "h", "line-break"};
constexpr Names kOpenGaps[]{"tab", "s"};
constexpr XmlRules kOpen{kOpenKeep, kOpenSkip, kOpenBreaks, kOpenGaps, {}, {}, {}, {}};

// Which parts of which form hold text: names that begin and end so.
struct PartRule {
  Names form, begin, end;
  const XmlRules* rules;
};
constexpr std::array kParts{
    PartRule{"docx", "docProps/core", ".xml", &kCore},
    PartRule{"docx", "word/document", ".xml", &kWord},
    PartRule{"docx", "word/header", ".xml", &kWord},
    PartRule{"docx", "word/footer", ".xml", &kWord},
    PartRule{"docx", "word/footnotes", ".xml", &kWord},
    PartRule{"docx", "word/endnotes", ".xml", &kWord},
    PartRule{"docx", "word/comments", ".xml", &kWord},
    PartRule{"xlsx", "docProps/core", ".xml", &kCore},
    PartRule{"xlsx", "xl/workbook", ".xml", &kWorkbook},
    PartRule{"xlsx", "xl/sharedStrings", ".xml", &kStrings},
    PartRule{"xlsx", "xl/worksheets/sheet", ".xml", &kSheet},
    PartRule{"xlsx", "xl/comments", ".xml", &kStrings},
    PartRule{"pptx", "docProps/core", ".xml", &kCore},
    PartRule{"pptx", "ppt/slides/slide", ".xml", &kSlide},
    PartRule{"pptx", "ppt/notesSlides/", ".xml", &kSlide},
    PartRule{"pptx", "ppt/comments/", ".xml", &kSlide},
    PartRule{"odf", "content.xml", "", &kOpen},
};
// The part by which a form is known.
constexpr std::array<std::pair<Names, Names>, 4> kForms{
    std::pair<Names, Names>{"word/document.xml", "docx"},
    {"xl/workbook.xml", "xlsx"},
    {"ppt/presentation.xml", "pptx"},
    {"content.xml", "odf"}};

class Package {
 public:
  explicit Package(const DocumentLimits& limits) : limits_(limits) {}
  ~Package() {
    if (zip_ != nullptr) zip_discard(zip_);
  }
  Package(const Package&) = delete;
  Package& operator=(const Package&) = delete;

  ExtractedText read(std::string_view bytes) {
    found_.form = "zip";
    if (!open(bytes)) return std::move(found_);
    const zip_int64_t count = zip_get_num_entries(zip_, 0);
    if (std::uint64_t(count) > limits_.entries_max) {
      return say(Outcome::over_limit, "too many entries");
    }
    for (const auto& [name, form] : kForms) {
      if (zip_name_locate(zip_, std::string(name).c_str(), ZIP_FL_ENC_RAW) < 0) continue;
      found_.form = form;
      break;
    }
    if (found_.form == "zip") return say(Outcome::unsupported, "an archive");
    found_.outcome = Outcome::whole;
    if (found_.form == "odf" && has_encrypted_content()) {
      return say(Outcome::encrypted, "with a password");
    }
    for (const PartRule& rule : kParts) {
      if (rule.form != found_.form) continue;
      if (!read_parts(rule, count)) break;
    }
    return std::move(found_);
  }

 private:
  ExtractedText say(Outcome outcome, const char* reason) {
    note(outcome, reason);
    return std::move(found_);
  }
  // The first thing that went wrong is what is told.
  void note(Outcome outcome, const char* reason) {
    if (!found_.reason.empty()) return;
    found_.outcome = outcome;
    found_.reason = reason;
  }
  bool open(std::string_view bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source != nullptr) zip_ = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip_ == nullptr) {
      if (source != nullptr) zip_source_free(source);
      const bool memory = zip_error_code_zip(&error) == ZIP_ER_MEMORY;
      note(memory ? Outcome::over_limit : Outcome::damaged, "no directory of entries");
    }
    zip_error_fini(&error);
    return zip_ != nullptr;
  }

  // OpenDocument keeps encrypted parts as stored entries that its manifest tells of.
  bool has_encrypted_content() {
    const zip_int64_t at = zip_name_locate(zip_, "META-INF/manifest.xml", ZIP_FL_ENC_RAW);
    if (at < 0) return false;
    std::string manifest;
    const auto keep = [&](std::string_view chunk) {
      manifest += chunk;
      return manifest.size() < 1024 * 1024;
    };
    static_cast<void>(inflate(zip_uint64_t(at), keep));
    return manifest.find("encryption-data") != std::string::npos;
  }

  // Every part of the rule, in the order of their numbers; false: no more is to be read.
  bool read_parts(const PartRule& rule, zip_int64_t count) {
    std::vector<std::pair<std::string, zip_uint64_t>> parts;
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(zip_, zip_uint64_t(i), ZIP_FL_ENC_RAW);
      const std::string_view view = name == nullptr ? "" : name;
      if (view.starts_with(rule.begin) && view.ends_with(rule.end)) parts.emplace_back(view, i);
    }
    std::ranges::sort(parts, [](const auto& a, const auto& b) {
      return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first);
    });
    for (const auto& [name, at] : parts) {
      read_part(at, *rule.rules);
      if (found_.outcome == Outcome::over_limit) return false;
    }
    return true;
  }

  void read_part(zip_uint64_t at, const XmlRules& rules) {
    zip_stat_t stat;
    if (zip_stat_index(zip_, at, 0, &stat) == 0 && (stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
        stat.encryption_method != ZIP_EM_NONE) {
      return note(Outcome::encrypted, "with a password");
    }
    XmlText xml(rules, found_.text, limits_.text_octets_max, limits_.depth_max);
    auto state = XmlText::State::reading;
    const auto parse = [&](std::string_view chunk) {
      state = xml.feed(chunk);
      return state == XmlText::State::reading;
    };
    const bool complete = inflate(at, parse);
    if (complete) state = xml.finish();
    switch (state) {
      case XmlText::State::reading:
        return;
      case XmlText::State::malformed:
        return note(Outcome::damaged, "malformed XML");
      case XmlText::State::declares_types:
        return note(Outcome::damaged, "a document type declaration");
      case XmlText::State::too_deep:
        return note(Outcome::over_limit, "too deep");
      case XmlText::State::full:
        return note(Outcome::over_limit, "too much text");
    }
  }

  // Hands out an entry's octets until `take` has enough; false: not all could be given.
  template <class Take>
  bool inflate(zip_uint64_t at, const Take& take) {
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(zip_, at, 0),
                                                                 zip_fclose);
    if (!file) {
      note(Outcome::damaged, "an entry can't be opened");
      return false;
    }
    std::string chunk(kChunk, '\0');
    for (;;) {
      const zip_int64_t got = zip_fread(file.get(), chunk.data(), chunk.size());
      if (got == 0) return true;
      if (got < 0) {
        note(Outcome::damaged, "an entry is damaged");
        return false;
      }
      inflated_ += std::uint64_t(got);
      if (inflated_ > limits_.inflated_octets_max) {
        note(Outcome::over_limit, "inflates to too much");
        return false;
      }
      if (!take(std::string_view(chunk.data(), std::size_t(got)))) return false;
    }
  }

  const DocumentLimits& limits_;
  zip_t* zip_ = nullptr;
  std::uint64_t inflated_ = 0;
  ExtractedText found_;
};

}  // namespace

ExtractedText read_package(std::string_view bytes, const DocumentLimits& limits) {
  return Package(limits).read(bytes);
}

}  // namespace fumi::extract::detail
