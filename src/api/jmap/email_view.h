// An email as JSON (RFC 8621 §4.1): metadata, header forms, the part tree and what it means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/jmap/header_forms.h"
#include "domain/ports/email_store.h"
#include "mime/structure.h"
#include "proto/jmap/arguments.h"

namespace fumi::jmap {

// Email/get's and Email/parse's arguments beyond the ids (RFC 8621 §4.2).
struct EmailRequest {
  std::vector<std::string> properties;
  std::vector<std::string> body_properties;
  Flag text_values = Flag::no, html_values = Flag::no, all_values = Flag::no;
  std::uint64_t value_octets_max = 0;  // 0: no limit

  // Whether an answer needs more than the stored summary.
  [[nodiscard]] bool needs_raw() const;
};
[[nodiscard]] MethodResult<EmailRequest> email_request(const Json& arguments);

// The parts that a reader shows, and those it offers as files (RFC 8621 §4.1.4).
struct BodyParts {
  std::vector<const mime::Part*> text, html, attachments;
};
[[nodiscard]] BodyParts body_parts(const mime::Part& root);

struct EmailSource {
  const FoundEmail* email = nullptr;  // null for Email/parse: its metadata is null
  std::string blob_id;                // of the whole message
  const mime::Summary& summary;
  std::string_view raw;  // empty where needs_raw() said no
};
[[nodiscard]] Json email_json(const EmailSource& source, const EmailRequest& request);

// The places' flags as JMAP keywords: all that any place has.
[[nodiscard]] JsonObject keywords_json(const std::vector<Place>& places);
// nullopt: a keyword that can't be.
[[nodiscard]] std::optional<Flags> flags_of_keywords(const Json& keywords);

// Up to 256 characters of what a reader would see first.
[[nodiscard]] std::string preview(const mime::Summary& summary, std::string_view raw);

}  // namespace fumi::jmap
