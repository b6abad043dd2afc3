#include "api/jmap/compose.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/jmap/email_view.h"
#include "base/ascii.h"
#include "mime/address.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kPartsMax = 500;
constexpr int kDepthMax = 10;

SetResult<std::vector<mime::Mailbox>> read_addresses(const std::string& property,
                                                     const Json& value) {
  std::vector<mime::Mailbox> out;
  if (value.is_null()) return out;
  if (value.array() == nullptr) return invalid_property(property, "a list of addresses");
  for (const Json& each : *value.array()) {
    const auto address = mime::parse_addr_spec(each.text("email"));
    if (!address) return invalid_property(property, "a mail address can't be read");
    out.push_back({std::string(each.text("name")), address->local, address->domain});
  }
  return out;
}

SetResult<std::vector<std::string>> read_message_ids(const std::string& property,
                                                     const Json& value) {
  std::vector<std::string> out;
  if (value.is_null()) return out;
  if (value.array() == nullptr) return invalid_property(property, "a list of message ids");
  for (const Json& each : *value.array()) {
    if (each.string() == nullptr) return invalid_property(property, "a list of message ids");
    const std::string bracketed = "<" + *each.string() + ">";
    if (mime::parse_message_ids(bracketed) != std::vector{bracketed})
      return invalid_property(property, "that is no message id");
    out.push_back(bracketed);
  }
  return out;
}

// "header:Subject:asText" and its kin are the same as the convenience property.
std::string convenience(const HeaderProperty& header) {
  struct Same {
    std::string_view field;
    HeaderForm form;
    std::string_view property;
  };
  constexpr std::array kSame{Same{"From", HeaderForm::addresses, "from"},
                             Same{"Sender", HeaderForm::addresses, "sender"},
                             Same{"Reply-To", HeaderForm::addresses, "replyTo"},
                             Same{"To", HeaderForm::addresses, "to"},
                             Same{"Cc", HeaderForm::addresses, "cc"},
                             Same{"Bcc", HeaderForm::addresses, "bcc"},
                             Same{"Subject", HeaderForm::text, "subject"},
                             Same{"Date", HeaderForm::date, "sentAt"},
                             Same{"Message-ID", HeaderForm::message_ids, "messageId"},
                             Same{"In-Reply-To", HeaderForm::message_ids, "inReplyTo"},
                             Same{"References", HeaderForm::message_ids, "references"}};
  for (const Same& same : kSame)
    if (ascii::iequals(same.field, header.name) && same.form == header.form)
      return std::string(same.property);
  return {};
}

class Reader {
 public:
  Reader(const Json& object, Composition& out) : object_(object), out_(out) {}

  SetResult<void> headers() {
    for (const JsonMember& member : *object_.object()) {
      std::string property = member.name;
      if (property.starts_with("header:")) {
        const auto header = parse_header_property(property);
        if (!header || header->which == HeaderProperty::Which::all)
          return invalid_property(property, "it can't be set in that form");
        property = convenience(*header);
        if (property.empty()) {
          auto done = custom(member.name, *header, member.value);
          if (!done) return done;
          continue;
        }
      }
      if (!seen_.insert(property).second) return invalid_property(member.name, "it comes twice");
      auto done = known(property, member.value);
      if (!done) return done;
    }
    return {};
  }

  SetResult<void> body() {
    const Json* structure = object_.find("bodyStructure");
    const bool lists =
        object_.find("textBody") || object_.find("htmlBody") || object_.find("attachments");
    if (structure != nullptr && !structure->is_null()) {
      if (lists) return invalid_property("bodyStructure", "textBody and the like are there too");
      return part(*structure, "bodyStructure", Inside::mixed, 0);
    }
    auto text = single("textBody", "text/plain", out_.draft.text);
    if (!text) return text;
    auto html = single("htmlBody", "text/html", out_.draft.html);
    if (!html) return html;
    const Json* files = object_.find("attachments");
    if (files == nullptr || files->is_null()) return {};
    if (files->array() == nullptr) return invalid_property("attachments", "a list of parts");
    for (const Json& each : *files->array()) {
      auto done = file(each, "attachments", Inside::mixed);
      if (!done) return done;
    }
    return {};
  }

 private:
  enum class Inside : std::uint8_t { mixed, alternative, related };

  template <class T>
  static SetResult<void> put(SetResult<T> value, T& into) {
    if (!value) return std::unexpected(std::move(value).error());
    into = std::move(*value);
    return {};
  }

  SetResult<void> known(const std::string& property, const Json& value) {
    static constexpr std::array<std::string_view, 8> kElsewhere{
        "mailboxIds", "keywords", "receivedAt", "bodyStructure",
        "bodyValues", "textBody", "htmlBody",   "attachments"};
    if (std::ranges::find(kElsewhere, property) != kElsewhere.end()) return {};
    mime::Draft& draft = out_.draft;
    if (property == "from" || property == "sender") {
      std::vector<mime::Mailbox> list;
      auto done = put(read_addresses(property, value), list);
      if (!done || list.empty()) return done;
      if (property == "from")
        draft.from = std::move(list);
      else
        draft.sender = list.front();
      return {};
    }
    if (property == "to") return put(read_addresses(property, value), draft.to);
    if (property == "cc") return put(read_addresses(property, value), draft.cc);
    if (property == "bcc") return put(read_addresses(property, value), out_.bcc);
    if (property == "replyTo") return put(read_addresses(property, value), draft.reply_to);
    if (property == "references") return put(read_message_ids(property, value), draft.references);
    if (property == "messageId" || property == "inReplyTo") {
      std::vector<std::string> ids;
      auto done = put(read_message_ids(property, value), ids);
      if (!done || ids.empty()) return done;
      (property == "messageId" ? draft.message_id : draft.in_reply_to) = ids.front();
      return {};
    }
    if (property == "subject") {
      if (value.is_null()) return {};
      if (value.string() == nullptr) return invalid_property(property, "a string");
      draft.subject = *value.string();
      return {};
    }
    if (property == "sentAt") {
      if (value.is_null()) return {};
      const auto date = value.string() ? parse_date(*value.string()) : std::nullopt;
      if (!date) return invalid_property(property, "a date");
      draft.date = from_micros(date->micros);
      draft.zone = std::chrono::minutes(date->zone_minutes);
      return {};
    }
    return invalid_property(property, "it can't be set");
  }

  SetResult<void> custom(const std::string& property, const HeaderProperty& header,
                         const Json& value) {
    if (value.is_null()) return {};
    std::string text;
    if ((header.form == HeaderForm::raw || header.form == HeaderForm::text) && value.string()) {
      text = std::string(ascii::trim(*value.string()));
    } else if (header.form == HeaderForm::message_ids || header.form == HeaderForm::urls) {
      if (value.array() == nullptr) return invalid_property(property, "a list of strings");
      for (const Json& each : *value.array()) {
        const bool good = each.string() && !each.string()->contains('>');
        if (!good) return invalid_property(property, "a list of strings");
        if (!text.empty()) text += header.form == HeaderForm::urls ? ", " : " ";
        text += "<" + *each.string() + ">";
      }
    } else {
      return invalid_property(property, "it can't be set in that form");
    }
    if (!mime::check_field(header.name, text) || ascii::istarts_with(header.name, "Content-"))
      return invalid_property(property, "that can't be written");
    out_.draft.extra.push_back({header.name, std::move(text)});
    return {};
  }

  // The text of a part from bodyValues.
  SetResult<std::string> value_of(const Json& part, const std::string& property) {
    const Json* values = object_.find("bodyValues");
    const Json* value = values ? values->find(part.text("partId")) : nullptr;
    if (value == nullptr || value->find("value") == nullptr ||
        value->find("value")->string() == nullptr) {
      return invalid_property(property, "bodyValues has no such part");
    }
    for (const char* flag : {"isEncodingProblem", "isTruncated"}) {
      const Json* set = value->find(flag);
      if (set != nullptr && set->boolean() != nullptr && *set->boolean())
        return invalid_property("bodyValues", "a value that is broken or cut can't be sent");
    }
    return *value->find("value")->string();
  }

  SetResult<void> single(const char* property, std::string_view type,
                         std::optional<std::string>& into) {
    const Json* list = object_.find(property);
    if (list == nullptr || list->is_null()) return {};
    if (list->array() == nullptr || list->array()->size() != 1)
      return invalid_property(property, "exactly one part");
    const Json& part = list->array()->front();
    const Json* given = part.find("type");
    if (given != nullptr && !given->is_null() && part.text("type") != type)
      return invalid_property(property, "its type is " + std::string(type));
    SetResult<std::string> text = value_of(part, property);
    if (!text) return std::unexpected(std::move(text).error());
    into = std::move(*text);
    return {};
  }

  // Trees of mixed, related and alternative; what the writer makes has the same meaning.
  SetResult<void> part(const Json& node, const std::string& property, Inside inside, int depth) {
    const std::string type = ascii::to_lower(node.text("type"));
    if (!type.starts_with("multipart/")) return leaf(node, property, type, inside);
    const bool known =
        type == "multipart/mixed" || type == "multipart/alternative" || type == "multipart/related";
    if (!known || depth > kDepthMax)
      return invalid_property(property, "only mixed, related and alternative parts can be written");
    const Json* children = node.find("subParts");
    if (children == nullptr || children->array() == nullptr)
      return invalid_property(property, "a multipart has subParts");
    const Inside below = type == "multipart/alternative" ? Inside::alternative
                         : type == "multipart/related"   ? Inside::related
                                                         : inside;
    for (const Json& child : *children->array()) {
      auto done = part(child, property, below, depth + 1);
      if (!done) return done;
    }
    return {};
  }

  SetResult<void> leaf(const Json& node, const std::string& property, const std::string& type,
                       Inside inside) {
    const bool attached = node.text("disposition") == "attachment" ||
                          node.find("partId") == nullptr || node.find("partId")->is_null();
    auto& into = type == "text/html" ? out_.draft.html : out_.draft.text;
    const bool text = type == "text/plain" || type == "text/html" || type.empty();
    if (attached || !text) return file(node, property, inside);
    if (into) return invalid_property(property, "more than one text of a kind can't be written");
    SetResult<std::string> value = value_of(node, property);
    if (!value) return std::unexpected(std::move(value).error());
    into = std::move(*value);
    return {};
  }

  SetResult<void> file(const Json& node, const std::string& property, Inside inside) {
    if (out_.draft.attachments.size() >= kPartsMax)
      return invalid_property(property, "too many parts");
    mime::Attachment attachment;
    attachment.file_name = std::string(node.text("name"));
    if (!node.text("type").empty()) attachment.type = ascii::to_lower(node.text("type"));
    attachment.content_id = std::string(node.text("cid"));
    const bool shown = node.text("disposition") == "inline" ||
                       (inside == Inside::related && node.text("disposition").empty());
    if (shown) attachment.placement = mime::Placement::inline_;
    const std::string_view blob = node.text("blobId");
    if (blob.empty()) {
      SetResult<std::string> value = value_of(node, property);
      if (!value) return std::unexpected(std::move(value).error());
      attachment.bytes = std::move(*value);
    } else {
      out_.files.push_back({std::string(blob), out_.draft.attachments.size()});
    }
    out_.draft.attachments.push_back(std::move(attachment));
    return {};
  }

  const Json& object_;
  Composition& out_;
  std::set<std::string> seen_;
};

}  // namespace

SetResult<void> read_placement(const Json& object, const CreatedIds& created, Composition& into) {
  const Json* mailboxes = object.find("mailboxIds");
  if (mailboxes == nullptr || mailboxes->object() == nullptr || mailboxes->object()->empty())
    return invalid_property("mailboxIds", "an email is in at least one mailbox");
  for (const JsonMember& member : *mailboxes->object()) {
    const bool* set = member.value.boolean();
    const auto id = resolve_id(member.name, created);
    if (set == nullptr || !*set || !id) return invalid_property("mailboxIds");
    into.mailboxes.push_back(*id);
  }
  if (const Json* keywords = object.find("keywords"); keywords && !keywords->is_null()) {
    auto flags = flags_of_keywords(*keywords);
    if (!flags) return invalid_property("keywords");
    into.flags = std::move(*flags);
  }
  if (const Json* received = object.find("receivedAt"); received && !received->is_null()) {
    const auto date = received->string() ? parse_date(*received->string()) : std::nullopt;
    if (!date) return invalid_property("receivedAt");
    into.received = from_micros(date->micros);
  }
  return {};
}

SetResult<Composition> read_composition(const Json& object, const CreatedIds& created,
                                        const mime::Mailbox& sender, Instant now) {
  if (object.object() == nullptr) return refuse_object("invalidProperties", "not an object");
  Composition out;
  out.draft.date = now;
  auto placed = read_placement(object, created, out);
  if (!placed) return std::unexpected(std::move(placed).error());
  Reader reader(object, out);
  auto headers = reader.headers();
  if (!headers) return std::unexpected(std::move(headers).error());
  auto body = reader.body();
  if (!body) return std::unexpected(std::move(body).error());
  if (out.draft.from.empty()) out.draft.from.push_back(sender);
  return out;
}

SetResult<std::string> write_composition(Composition composition, std::string seed,
                                         std::string message_id) {
  mime::Draft& draft = composition.draft;
  draft.boundary_seed = std::move(seed);
  if (draft.message_id.empty()) draft.message_id = std::move(message_id);
  Result<std::string> written = mime::write_message(draft);
  if (!written) {
    if (written.error().code == Code::too_large) return refuse_object("tooLarge");
    return refuse_object("invalidProperties", written.error().text());
  }
  if (composition.bcc.empty()) return std::move(*written);
  mime::HeaderWriter writer;
  if (!writer.mailboxes("Bcc", composition.bcc)) return invalid_property("bcc");
  return writer.take() + *written;
}

}  // namespace fumi::jmap
