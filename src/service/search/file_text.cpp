#include "service/search/file_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/log.h"
#include "codec/fold.h"
#include "mime/body.h"

namespace fumi::service {
namespace {

constexpr std::string_view kVersion = "1\n";

constexpr std::array<std::string_view, 8> kTypes{
    "application/pdf",       "application/x-pdf",
    "application/rtf",       "application/x-rtf",
    "application/xhtml+xml", "application/json",
    "application/xml",       "application/vnd.ms-excel.sheet.macroenabled.12"};
constexpr std::array<std::string_view, 2> kTypeFamilies{
    "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."};
constexpr std::array<std::string_view, 27> kEndings{
    ".pdf",  ".docx", ".docm", ".dotx", ".dotm", ".xlsx", ".xlsm", ".xltx",  ".pptx",
    ".pptm", ".ppsx", ".potx", ".odt",  ".ods",  ".odp",  ".ott",  ".rtf",   ".txt",
    ".text", ".csv",  ".tsv",  ".md",   ".log",  ".json", ".html", ".xhtml", ".htm"};

bool is_file(const mime::Part& part) {
  if (part.is_multipart() || part.is_message()) return false;
  if (part.type == "text") return part.subtype == "rtf";
  const std::string type = part.type + "/" + part.subtype;
  if (std::ranges::find(kTypes, type) != kTypes.end()) return true;
  const auto begins = [&](std::string_view family) { return type.starts_with(family); };
  if (std::ranges::any_of(kTypeFamilies, begins)) return true;
  const std::string name = ascii::to_lower(mime::file_name(part));
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

void collect(const mime::Part& part, std::vector<const mime::Part*>& files) {
  for (const mime::Part& child : part.children)
    collect(child, files);
  if (part.children.empty() && is_file(part)) files.push_back(&part);
}

std::string_view take_until(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
  return taken;
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::vector<const mime::Part*> files_of(const mime::Part& root) {
  std::vector<const mime::Part*> files;
  collect(root, files);  // depth is bounded by mime::ParseLimits
  return files;
}

std::string encode_file_texts(std::span<const FileText> files) {
  std::string out(kVersion);
  for (const auto& [file, text] : files) {
    out += std::to_string(file) + " " + std::to_string(int(text.outcome)) + " " +
           std::to_string(text.text.size()) + " " + text.form + "\n" + text.reason + "\n" +
           text.text;
  }
  return out;
}

Result<std::vector<FileText>> decode_file_texts(std::string_view bytes) {
  const auto damaged = fail(Code::corrupt, "reading text of attached files", "damaged");
  if (!bytes.starts_with(kVersion)) return damaged;
  bytes.remove_prefix(kVersion.size());
  std::vector<FileText> files;
  while (!bytes.empty()) {
    std::uint64_t file = 0;
    std::uint64_t outcome = 0;
    std::uint64_t octets = 0;
    if (!read_number(take_until(bytes, ' '), file) ||
        !read_number(take_until(bytes, ' '), outcome) ||
        !read_number(take_until(bytes, ' '), octets) ||
        outcome < std::uint64_t(ExtractedText::Outcome::whole) ||
        outcome > std::uint64_t(ExtractedText::Outcome::over_limit)) {
      return damaged;
    }
    FileText one;
    one.file = std::uint32_t(file);
    one.text.outcome = static_cast<ExtractedText::Outcome>(outcome);
    one.text.form = take_until(bytes, '\n');
    one.text.reason = take_until(bytes, '\n');
    if (octets > bytes.size()) return damaged;
    one.text.text = bytes.substr(0, octets);
    bytes.remove_prefix(octets);
    files.push_back(std::move(one));
  }
  return files;
}

Result<std::vector<FileText>> kept_file_texts(AttachmentTextStore& store, AccountId account,
                                              EmailId email) {
  const auto kept = store.find(account, email);
  if (!kept && kept.error().code != Code::corrupt) return std::unexpected(kept.error());
  if (kept && !*kept) return {};
  auto files = kept ? decode_file_texts(**kept) : std::unexpected(kept.error());
  if (!files) {
    log::warning("search", "text of attached files is damaged",
                 {{"account", account.text()}, {"email", email.text()}});
    return {};
  }
  std::erase_if(*files, [](const FileText& file) { return file.text.text.empty(); });
  return files;
}

void add_file_texts(SearchDocument& document, std::span<const FileText> files,
                    DocumentOptions::Form form) {
  for (const auto& [file, text] : files) {
    if (text.text.empty()) continue;
    document.sections.push_back({text_class::kBody,
                                 {},
                                 form == DocumentOptions::Form::folded
                                     ? codec::fold(text.text)
                                     : codec::fold_keeping_kana(text.text)});
  }
}

}  // namespace fumi::service
