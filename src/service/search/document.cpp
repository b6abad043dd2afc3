#include "service/search/document.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "codec/fold.h"
#include "codec/html_text.h"
#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/header.h"

namespace fumi::service {
namespace {

constexpr std::array<std::string_view, 13> kTraceFields{"received",
                                                        "x-received",
                                                        "received-spf",
                                                        "dkim-signature",
                                                        "domainkey-signature",
                                                        "x-google-dkim-signature",
                                                        "arc-seal",
                                                        "arc-message-signature",
                                                        "arc-authentication-results",
                                                        "authentication-results",
                                                        "autocrypt",
                                                        "face",
                                                        "x-face"};

// Of a message that is attached, what somebody would look for.
constexpr std::array<std::string_view, 4> kAttachedFields{"subject", "from", "to", "cc"};

class Reader {
 public:
  Reader(std::string_view raw, const DocumentOptions& options)
      : raw_(raw), options_(options), left_(options.text_octets_max) {}

  SearchDocument read(const mime::Part& root) {
    for (const mime::HeaderField& field : mime::header_fields(mime::raw_header(root, raw_))) {
      const std::uint8_t where = class_of_field(field.name);
      if ((options_.wanted & where) == 0) continue;
      add(where, ascii::to_lower(field.name), mime::decode_unstructured(field.body));
    }
    if ((options_.wanted & text_class::kBody) != 0) part(root);
    return std::move(document_);
  }

 private:
  void add(std::uint8_t where, std::string name, std::string_view text) {
    text = codec::utf8_prefix(text, left_);
    left_ -= text.size();
    document_.sections.push_back({where, std::move(name),
                                  options_.form == DocumentOptions::Form::folded
                                      ? codec::fold(text)
                                      : codec::fold_keeping_kana(text)});
  }
  void add_body(std::string_view text) {
    if (!text.empty()) add(text_class::kBody, {}, text);
  }

  // Depth is bounded by mime::ParseLimits.
  void part(const mime::Part& part) {
    if (left_ == 0) return;
    if (part.is_message() && !part.children.empty()) attached(part.children.front());
    for (const mime::Part& child : part.children)
      this->part(child);
    if (!part.children.empty()) return;
    add_body(mime::file_name(part));
    if (part.type != "text" || part.subtype == "rtf") return;  // RTF: file_text.h
    // An encoded body is at most a few times longer than its text.
    const std::string text = mime::text_content(part, raw_, left_ * 4);
    add_body(part.subtype == "html" ? codec::html_text(text) : text);
  }

  void attached(const mime::Part& root) {
    const std::string_view header = mime::raw_header(root, raw_);
    for (const std::string_view name : kAttachedFields) {
      const auto body = mime::find_field(header, name);
      if (body) add_body(mime::decode_unstructured(*body));
    }
  }

  std::string_view raw_;
  const DocumentOptions& options_;
  std::uint64_t left_;
  SearchDocument document_;
};

}  // namespace

SearchDocument read_document(std::string_view raw, const mime::Part& root,
                             const DocumentOptions& options) {
  return Reader(raw, options).read(root);
}

std::uint8_t class_of_field(std::string_view name) {
  if (ascii::iequals(name, "subject")) return text_class::kSubject;
  if (ascii::iequals(name, "from")) return text_class::kFrom;
  if (ascii::iequals(name, "to")) return text_class::kTo;
  if (ascii::iequals(name, "cc")) return text_class::kCc;
  if (ascii::iequals(name, "bcc")) return text_class::kBcc;
  const bool trace = std::ranges::any_of(
      kTraceFields, [&](std::string_view field) { return ascii::iequals(field, name); });
  return trace ? text_class::kTrace : text_class::kHeader;
}

std::uint8_t classes_of(SearchQuery::Field field, std::string_view name) {
  switch (field) {
    case SearchQuery::Field::any:
      return text_class::kAny;
    case SearchQuery::Field::body:
      return text_class::kBody;
    case SearchQuery::Field::subject:
      return text_class::kSubject;
    case SearchQuery::Field::from:
      return text_class::kFrom;
    case SearchQuery::Field::to:
      return text_class::kTo;
    case SearchQuery::Field::cc:
      return text_class::kCc;
    case SearchQuery::Field::bcc:
      return text_class::kBcc;
    case SearchQuery::Field::header:
      return class_of_field(name);
  }
  return text_class::kAny;
}

bool contains(const SearchDocument& document, SearchQuery::Field field, std::string_view name,
              std::string_view needle) {
  const std::uint8_t wanted = classes_of(field, name);
  return std::ranges::any_of(document.sections, [&](const SearchDocument::Section& section) {
    if ((section.where & wanted) == 0) return false;
    if (field == SearchQuery::Field::header && section.name != name) return false;
    return section.text.find(needle) != std::string::npos;
  });
}

}  // namespace fumi::service
