#include "api/jmap/email_view.h"

#include <algorithm>
#include <array>
#include <map>

#include "api/jmap/blobs.h"
#include "base/ascii.h"
#include "codec/charset.h"
#include "codec/html_text.h"
#include "codec/utf8.h"
#include "mime/body.h"
#include "mime/header.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kPreviewOctets = 256;
constexpr std::size_t kPropertiesMax = 200;

constexpr std::array<std::string_view, 24> kDefault{
    "id",        "blobId",    "threadId",   "mailboxIds", "keywords",      "size",    "receivedAt",
    "messageId", "inReplyTo", "references", "sender",     "from",          "to",      "cc",
    "bcc",       "replyTo",   "subject",    "sentAt",     "hasAttachment", "preview", "bodyValues",
    "textBody",  "htmlBody",  "attachments"};
constexpr std::array<std::string_view, 2> kOther{"bodyStructure", "headers"};
// What the stored summary and the rows can't answer.
constexpr std::array<std::string_view, 8> kOfRaw{"references",    "preview",  "bodyValues",
                                                 "textBody",      "htmlBody", "attachments",
                                                 "bodyStructure", "headers"};
constexpr std::array<std::string_view, 10> kBodyDefault{
    "partId",  "blobId",      "size", "name",     "type",
    "charset", "disposition", "cid",  "language", "location"};
constexpr std::array<std::string_view, 2> kBodyOther{"headers", "subParts"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json headers_json(std::string_view block) {
  JsonArray out;
  for (const mime::HeaderField& field : mime::header_fields(block)) {
    out.emplace_back(JsonObject{{"name", codec::to_valid_utf8(field.name)},
                                {"value", codec::to_valid_utf8(field.body)}});
  }
  return out;
}

// Numbers the leaves of a tree as part_by_number() finds them.
using Numbers = std::map<const mime::Part*, std::string>;
void number_parts(const mime::Part& part, const std::string& prefix, Numbers& into) {
  if (!part.is_multipart()) {
    into[&part] = prefix.empty() ? "1" : prefix;
    return;
  }
  for (std::size_t i = 0; i < part.children.size(); ++i) {
    number_parts(part.children[i], prefix + (prefix.empty() ? "" : ".") + std::to_string(i + 1),
                 into);
  }
}

std::uint64_t content_octets(const mime::Part& part, std::string_view raw) {
  const bool plain = part.encoding != "base64" && part.encoding != "quoted-printable" &&
                     part.encoding != "x-uuencode";
  if (plain) return part.body_end - part.body_begin;
  return mime::decode_transfer(mime::raw_body(part, raw), part.encoding).size();
}

class Viewer {
 public:
  Viewer(const EmailSource& source, const EmailRequest& request)
      : source_(source), request_(request) {
    number_parts(source.summary.root, "", numbers_);
  }

  Json email() {
    Json out = JsonObject{};
    for (const std::string& property : request_.properties)
      out.set(property, value(property));
    return out;
  }

 private:
  Json value(const std::string& property) {
    if (property.starts_with("header:")) {
      const auto parsed = parse_header_property(property);
      return parsed ? header_value(source_.raw, *parsed) : Json();
    }
    const mime::Envelope& envelope = source_.summary.envelope;
    if (property == "from") return addresses_json(envelope.from);
    if (property == "sender") return addresses_json(envelope.sender);
    if (property == "replyTo") return addresses_json(envelope.reply_to);
    if (property == "to") return addresses_json(envelope.to);
    if (property == "cc") return addresses_json(envelope.cc);
    if (property == "bcc") return addresses_json(envelope.bcc);
    if (property == "subject") {
      if (!envelope.subject.empty()) return mime::decode_unstructured(envelope.subject);
      return nullptr;
    }
    if (property == "sentAt") return date_json(envelope.date);
    if (property == "messageId") return message_ids_json(envelope.message_id);
    if (property == "inReplyTo") return message_ids_json(envelope.in_reply_to);
    if (property == "references")
      return header_value(source_.raw, {"References", HeaderForm::message_ids, {}});
    if (property == "hasAttachment") return source_.summary.has_attachment;
    if (property == "size") return std::int64_t(source_.summary.size);
    if (property == "blobId") return source_.blob_id;
    if (property == "preview") return preview(source_.summary, source_.raw);
    if (property == "headers") return headers_json(header_block());
    if (property == "bodyStructure") return part_json(source_.summary.root, Below::yes);
    if (property == "bodyValues") return body_values();
    if (property == "textBody") return list(parts().text);
    if (property == "htmlBody") return list(parts().html);
    if (property == "attachments") return list(parts().attachments);
    return metadata(property);
  }

  Json metadata(const std::string& property) {
    if (source_.email == nullptr) return nullptr;
    const Email& email = source_.email->email;
    if (property == "id") return email.id.text();
    if (property == "threadId") return email.thread.text();
    if (property == "receivedAt") return utc_date(to_micros(email.received));
    if (property == "keywords") return keywords_json(source_.email->places);
    if (property == "mailboxIds") {
      Json ids = JsonObject{};
      for (const Place& place : source_.email->places)
        ids.set(place.mailbox.text(), true);
      return ids;
    }
    return nullptr;
  }

  [[nodiscard]] std::string_view header_block() const {
    return mime::raw_header(source_.summary.root, source_.raw);
  }

  const BodyParts& parts() {
    if (!parts_) parts_ = body_parts(source_.summary.root);
    return *parts_;
  }

  enum class Below : std::uint8_t { no, yes };
  Json part_json(const mime::Part& part, Below below) {
    Json out = JsonObject{};
    for (const std::string& property : request_.body_properties)
      if (property != "subParts") out.set(property, part_value(part, property));
    if (below == Below::yes && part.is_multipart()) {
      JsonArray children;
      for (const mime::Part& child : part.children)
        children.push_back(part_json(child, Below::yes));
      out.set("subParts", std::move(children));
    }
    return out;
  }

  Json part_value(const mime::Part& part, const std::string& property) {
    const bool leaf = !part.is_multipart();
    if (property.starts_with("header:")) {
      const auto parsed = parse_header_property(property);
      return parsed ? header_value(mime::raw_header(part, source_.raw), *parsed) : Json();
    }
    if (property == "partId") return leaf ? Json(numbers_[&part]) : Json();
    if (property == "blobId") return leaf ? Json(source_.blob_id + "-" + numbers_[&part]) : Json();
    if (property == "size") {
      return std::int64_t(leaf ? content_octets(part, source_.raw)
                               : part.body_end - part.body_begin);
    }
    if (property == "name") return or_null(mime::file_name(part));
    if (property == "type") return part.type + "/" + part.subtype;
    if (property == "charset") {
      if (part.type != "text") return nullptr;
      const std::string* charset = mime::find_parameter(part.parameters, "charset");
      return charset == nullptr ? Json("us-ascii") : Json(*charset);
    }
    if (property == "disposition") return or_null(part.disposition);
    if (property == "cid") return or_null(content_id(part));
    if (property == "location") return or_null(part.location);
    if (property == "headers") return headers_json(mime::raw_header(part, source_.raw));
    if (property == "language") {
      JsonArray languages;
      for (const std::string& language : part.language)
        languages.emplace_back(language);
      return languages.empty() ? Json() : Json(std::move(languages));
    }
    return nullptr;
  }

  static std::string content_id(const mime::Part& part) {
    const std::string_view id = ascii::trim(part.id);
    const bool bracketed = id.size() > 2 && id.front() == '<' && id.back() == '>';
    return std::string(bracketed ? id.substr(1, id.size() - 2) : id);
  }

  Json list(const std::vector<const mime::Part*>& of) {
    JsonArray out;
    for (const mime::Part* part : of)
      out.push_back(part_json(*part, Below::no));
    return out;
  }

  Json body_values() {
    std::vector<const mime::Part*> wanted;
    const auto add = [&](const std::vector<const mime::Part*>& of) {
      for (const mime::Part* part : of)
        if (part->type == "text" && std::ranges::find(wanted, part) == wanted.end())
          wanted.push_back(part);
    };
    if (request_.text_values == Flag::yes) add(parts().text);
    if (request_.html_values == Flag::yes) add(parts().html);
    if (request_.all_values == Flag::yes) {
      for (const auto& [part, number] : numbers_)
        add({part});
    }
    Json out = JsonObject{};
    for (const mime::Part* part : wanted)
      out.set(numbers_[part], body_value(*part));
    return out;
  }

  Json body_value(const mime::Part& part) {
    std::string text = mime::text_content(part, source_.raw);
    std::erase(text, '\r');
    const std::string* charset = mime::find_parameter(part.parameters, "charset");
    const bool problem =
        (charset != nullptr && !codec::is_charset(*charset)) || text.contains("\xef\xbf\xbd");
    const bool cut = request_.value_octets_max != 0 && text.size() > request_.value_octets_max;
    if (cut) text = std::string(codec::utf8_prefix(text, std::size_t(request_.value_octets_max)));
    return JsonObject{
        {"value", std::move(text)}, {"isEncodingProblem", problem}, {"isTruncated", cut}};
  }

  const EmailSource& source_;
  const EmailRequest& request_;
  Numbers numbers_;
  std::optional<BodyParts> parts_;
};

bool is_inline_media(const mime::Part& part) {
  return part.type == "image" || part.type == "audio" || part.type == "video";
}

// RFC 8621 §4.1.4, the algorithm that it suggests.
class Structure {
 public:
  void walk(const std::vector<const mime::Part*>& parts, std::string_view multipart,
            bool in_alternative,  // lint: bool-ok as in the RFC
            std::vector<const mime::Part*>* html, std::vector<const mime::Part*>* text) {
    const std::size_t text_before = text ? text->size() : 0;
    const std::size_t html_before = html ? html->size() : 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const mime::Part& part = *parts[i];
      if (part.is_multipart()) {
        std::vector<const mime::Part*> children;
        for (const mime::Part& child : part.children)
          children.push_back(&child);
        walk(children, part.subtype, in_alternative || part.subtype == "alternative", html, text);
        continue;
      }
      if (!is_inline(part, i, multipart)) {
        out.attachments.push_back(&part);
        continue;
      }
      add_inline(part, multipart, in_alternative, html, text);
    }
    if (multipart == "alternative" && text != nullptr && html != nullptr) {
      // Found one of the two only: it stands for both.
      if (text_before == text->size() && html_before != html->size())
        text->insert(text->end(), html->begin() + std::ptrdiff_t(html_before), html->end());
      if (html_before == html->size() && text_before != text->size())
        html->insert(html->end(), text->begin() + std::ptrdiff_t(text_before), text->end());
    }
  }

  BodyParts out;

 private:
  static bool is_inline(const mime::Part& part, std::size_t index, std::string_view multipart) {
    const bool plain = part.type == "text" && part.subtype == "plain";
    const bool html = part.type == "text" && part.subtype == "html";
    return part.disposition != "attachment" && (plain || html || is_inline_media(part)) &&
           (index == 0 ||
            (multipart != "related" && (is_inline_media(part) || mime::file_name(part).empty())));
  }

  void add_inline(const mime::Part& part, std::string_view multipart,
                  bool in_alternative,  // lint: bool-ok as in the RFC
                  std::vector<const mime::Part*>* html, std::vector<const mime::Part*>* text) {
    const bool is_text = part.type == "text";
    if (multipart == "alternative") {
      if (is_text && part.subtype == "plain") {
        if (text) text->push_back(&part);
      } else if (is_text) {
        if (html) html->push_back(&part);
      } else {
        out.attachments.push_back(&part);
      }
      return;
    }
    if (in_alternative) {
      if (is_text && part.subtype == "plain") html = nullptr;
      if (is_text && part.subtype == "html") text = nullptr;
    }
    if (text) text->push_back(&part);
    if (html) html->push_back(&part);
    if ((!text || !html) && is_inline_media(part)) out.attachments.push_back(&part);
  }
};

}  // namespace

bool EmailRequest::needs_raw() const {
  return std::ranges::any_of(properties, [](const std::string& name) {
    return name.starts_with("header:") || among(kOfRaw, name);
  });
}

MethodResult<EmailRequest> email_request(const Json& arguments) {
  EmailRequest request;
  auto properties = list_argument(arguments, "properties");
  if (!properties) return std::unexpected(properties.error());
  if (*properties) {
    request.properties = std::move(**properties);
    if (request.properties.size() > kPropertiesMax) return invalid_arguments("too many properties");
    request.properties.insert(request.properties.begin(), "id");
  } else {
    request.properties.assign(kDefault.begin(), kDefault.end());
  }
  for (const std::string& name : request.properties) {
    if (name.starts_with("header:")) {
      const auto parsed = parse_header_property(name);
      if (!parsed) return std::unexpected(parsed.error());
    } else if (!among(kDefault, name) && !among(kOther, name)) {
      return invalid_arguments("there is no property " + ascii::printable(name));
    }
  }
  auto body = list_argument(arguments, "bodyProperties");
  if (!body) return std::unexpected(body.error());
  if (*body)
    request.body_properties = std::move(**body);
  else
    request.body_properties.assign(kBodyDefault.begin(), kBodyDefault.end());
  if (request.body_properties.size() > kPropertiesMax)
    return invalid_arguments("too many properties");
  for (const std::string& name : request.body_properties) {
    if (name.starts_with("header:")) {
      const auto parsed = parse_header_property(name);
      if (!parsed) return std::unexpected(parsed.error());
    } else if (!among(kBodyDefault, name) && !among(kBodyOther, name)) {
      return invalid_arguments("there is no body property " + ascii::printable(name));
    }
  }
  const auto text = flag_argument(arguments, "fetchTextBodyValues");
  if (!text) return std::unexpected(text.error());
  const auto html = flag_argument(arguments, "fetchHTMLBodyValues");
  if (!html) return std::unexpected(html.error());
  const auto all = flag_argument(arguments, "fetchAllBodyValues");
  if (!all) return std::unexpected(all.error());
  request.text_values = *text;
  request.html_values = *html;
  request.all_values = *all;
  const auto most = number_argument(arguments, "maxBodyValueBytes");
  if (!most) return std::unexpected(most.error());
  if (*most && **most < 0) return invalid_arguments("maxBodyValueBytes must be 0 or more");
  request.value_octets_max = std::uint64_t(most->value_or(0));
  return request;
}

BodyParts body_parts(const mime::Part& root) {
  Structure structure;
  structure.walk({&root}, "mixed", false, &structure.out.html, &structure.out.text);
  return std::move(structure.out);
}

Json email_json(const EmailSource& source, const EmailRequest& request) {
  return Viewer(source, request).email();
}

namespace {

struct SystemKeyword {
  std::string_view name;
  std::uint32_t bit;
};
constexpr std::array kSystemKeywords{
    SystemKeyword{"$seen", Flags::seen}, SystemKeyword{"$answered", Flags::answered},
    SystemKeyword{"$flagged", Flags::flagged}, SystemKeyword{"$draft", Flags::draft}};

}  // namespace

JsonObject keywords_json(const std::vector<Place>& places) {
  Flags all;
  for (const Place& place : places)
    all = apply(std::move(all), FlagsOperation::add, place.flags);
  JsonObject out;
  for (const auto& [name, bit] : kSystemKeywords)
    if (all.has(bit)) out.push_back({std::string(name), true});
  for (const std::string& keyword : all.keywords)
    out.push_back({ascii::to_lower(keyword), true});
  return out;
}

std::optional<Flags> flags_of_keywords(const Json& keywords) {
  if (keywords.object() == nullptr) return std::nullopt;
  Flags flags;
  for (const JsonMember& member : *keywords.object()) {
    const bool* set = member.value.boolean();
    // RFC 8621 §4.1.1: 1 to 255 characters that an IMAP keyword may have.
    const bool good = set != nullptr && *set && !member.name.empty() && member.name.size() <= 255 &&
                      std::ranges::all_of(member.name, [](char c) {
                        return c > ' ' && c < '\x7f' && !std::string_view("(){]%*\"\\").contains(c);
                      });
    if (!good) return std::nullopt;
    const std::string name = ascii::to_lower(member.name);
    const auto system = std::ranges::find(kSystemKeywords, name, &SystemKeyword::name);
    if (system != kSystemKeywords.end())
      flags.bits |= system->bit;
    else
      flags.keywords.push_back(name);
  }
  return apply(Flags{}, FlagsOperation::replace, flags);
}

std::string preview(const mime::Summary& summary, std::string_view raw) {
  constexpr std::uint64_t kLook = 16 * 1024;
  const BodyParts parts = body_parts(summary.root);
  for (const auto* list : {&parts.text, &parts.html}) {
    for (const mime::Part* part : *list) {
      if (part->type != "text") continue;
      std::string text = mime::text_content(*part, raw, kLook);
      if (part->subtype == "html") text = codec::html_text(text);
      std::string out;
      for (std::string_view rest = text; !rest.empty() && out.size() < kPreviewOctets * 2;) {
        const char32_t point = codec::take_code_point(rest);
        const bool space = point <= ' ' || point == 0xa0 || point == 0x3000 || point == 0x200b;
        if (!space)
          codec::append_utf8(out, point);
        else if (!out.empty() && out.back() != ' ')
          out += ' ';
      }
      if (ascii::trim(out).empty()) continue;
      return std::string(codec::utf8_prefix(ascii::trim(out), kPreviewOctets));
    }
  }
  return {};
}

}  // namespace fumi::jmap
