#include "api/cmc/parameters.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "proto/http/form.h"

namespace fumi::cmc {
namespace {

constexpr std::size_t kAddressesMax = 10;
constexpr std::size_t kSubjectCharactersMax = 512;
constexpr std::size_t kFilesMax = 10;
constexpr std::size_t kHeadersMax = 100;

std::unexpected<Fault> fault(Fault::Kind kind, std::string field, std::string detail = {}) {
  return std::unexpected(Fault{kind, std::move(field), std::move(detail)});
}

// CLIENT: the PHP library, and every multipart client, sends lists and objects as JSON text.
api::Json as_json(const api::Json& value) {
  const std::string* text = value.string();
  if (text == nullptr) return value;
  const std::string_view trimmed = ascii::trim(*text);
  if (!trimmed.starts_with('[') && !trimmed.starts_with('{')) return value;
  Result<api::Json> parsed = api::parse_json(trimmed);
  return parsed ? std::move(*parsed) : value;
}

// CLIENT: unset parameters come as null, "", [] or {}.
bool is_absent(const api::Json* value) {
  if (value == nullptr || value->is_null()) return true;
  if (const std::string* text = value->string()) return text->empty();
  if (const api::JsonArray* list = value->array()) return list->empty();
  if (const api::JsonObject* object = value->object()) return object->empty();
  return false;
}

std::string scalar_text(const api::Json& value) {
  if (const std::string* text = value.string()) return *text;
  if (const std::int64_t* number = value.integer()) return std::to_string(*number);
  if (const bool* flag = value.boolean()) return *flag ? "true" : "false";
  return {};
}

// Type 2: {"name", "address"}; type 1: the bare address, where it is allowed.
Parsed<service::Party> party(const api::Json& value, const std::string& field) {
  if (const std::string* address = value.string()) return service::Party{{}, *address};
  const api::Json* address = value.find("address");
  if (address == nullptr || address->string() == nullptr) {
    return fault(Fault::Kind::wrong_format, field,
                 R"(an address object is {"name":"…","address":"user@example.com"})");
  }
  service::Party out;
  out.address = *address->string();
  if (const api::Json* name = value.find("name")) out.name = scalar_text(*name);
  return out;
}

Parsed<std::vector<service::Party>> parties(const Parameters& parameters,
                                            const std::string& field) {
  std::vector<service::Party> out;
  const api::Json* raw = parameters.values.find(field);
  if (is_absent(raw)) return out;
  const api::Json value = as_json(*raw);
  const api::JsonArray* list = value.array();
  if (list == nullptr) {
    auto one = party(value, field);
    if (!one) return std::unexpected(one.error());
    out.push_back(std::move(*one));
    return out;
  }
  if (list->size() > kAddressesMax) {
    return fault(Fault::Kind::too_many, field, std::to_string(kAddressesMax));
  }
  for (const api::Json& item : *list) {
    // Lists are type 3: a list of plain strings is what 11-006 was seen for.
    if (item.string() != nullptr) {
      return fault(Fault::Kind::wrong_format, field,
                   R"(a list holds objects {"name":"…","address":"…"}, not plain addresses)");
    }
    auto one = party(item, field);
    if (!one) return std::unexpected(one.error());
    out.push_back(std::move(*one));
  }
  return out;
}

Parsed<std::vector<service::SendHeader>> header_list(const Parameters& parameters) {
  std::vector<service::SendHeader> out;
  const api::Json* raw = parameters.values.find("headers");
  if (is_absent(raw)) return out;
  const api::Json value = as_json(*raw);
  // CLIENT: the JavaScript library sends a plain map instead of a list.
  if (const api::JsonObject* map = value.object();
      map != nullptr && value.find("name") == nullptr) {
    for (const api::JsonMember& member : *map) {
      out.push_back({member.name, scalar_text(member.value)});
    }
  } else {
    const api::JsonArray one{value};
    const api::JsonArray& list = value.array() != nullptr ? *value.array() : one;
    for (const api::Json& item : list) {
      const api::Json* name = item.find("name");
      const api::Json* text = item.find("value");
      if (name == nullptr || name->string() == nullptr || text == nullptr) {
        return fault(Fault::Kind::wrong_format, "headers", R"(it is a list of {"name","value"})");
      }
      out.push_back({*name->string(), scalar_text(*text)});
    }
  }
  if (out.size() > kHeadersMax) {
    return fault(Fault::Kind::too_many, "headers", std::to_string(kHeadersMax));
  }
  return out;
}

std::size_t characters(std::string_view utf8) {
  return std::size_t(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

Parsed<std::vector<service::SendFile>> take_files(Parameters& parameters) {
  std::vector<service::SendFile> out;
  const std::string announced = parameters.text("attachments");
  if (announced.empty()) return out;
  std::size_t count = 0;
  const auto [end, error] =
      std::from_chars(announced.data(), announced.data() + announced.size(), count);
  if (error != std::errc{} || end != announced.data() + announced.size()) {
    return fault(Fault::Kind::wrong_format, "attachments", "it is the number of files");
  }
  if (count > kFilesMax) {
    return fault(Fault::Kind::too_many, "attachments", std::to_string(kFilesMax));
  }
  for (std::size_t number = 1; number <= count; ++number) {
    const std::string name = "attachment" + std::to_string(number);
    const auto found = std::ranges::find(parameters.names, name);
    if (found == parameters.names.end()) return fault(Fault::Kind::missing, name);
    out.push_back(std::move(parameters.files[std::size_t(found - parameters.names.begin())]));
  }
  return out;
}

Parsed<Parameters> from_fields(std::vector<http::FormField> fields) {
  Parameters out;
  out.values = api::JsonObject{};
  for (http::FormField& field : fields) {
    const bool is_file = field.file_name.has_value() || field.name.starts_with("attachment");
    if (is_file && field.name != "attachments") {
      std::string type = field.content_type;
      // CLIENT: charset parameters of text files are the program's, not ours to repeat.
      type = ascii::trim(std::string_view(type).substr(0, type.find(';')));
      out.names.push_back(field.name);
      out.files.push_back(
          {field.file_name.value_or(field.name), std::move(type), std::move(field.value)});
    } else {
      out.values.set(std::move(field.name), std::move(field.value));
    }
  }
  return out;
}

}  // namespace

std::string Parameters::text(std::string_view name) const {
  const api::Json* value = values.find(name);
  return value == nullptr ? std::string() : scalar_text(*value);
}

Parsed<Parameters> read_parameters(const http::Request& request) {
  const auto type = http::media_type(request.headers.value("Content-Type"));
  const std::string kind = type ? type->type : std::string();
  if (kind == "multipart/form-data") {
    auto fields = http::parse_multipart(request.body, type->parameter("boundary"), {});
    if (!fields) return fault(Fault::Kind::wrong_format, "", fields.error().detail);
    return from_fields(std::move(*fields));
  }
  if (kind == "application/x-www-form-urlencoded") {
    auto fields = http::parse_urlencoded(request.body, {});
    if (!fields) return fault(Fault::Kind::wrong_format, "", fields.error().detail);
    return from_fields(std::move(*fields));
  }
  // JSON, and programs that name no type at all.
  Result<api::Json> parsed = api::parse_json(request.body);
  if (!parsed || parsed->object() == nullptr) {
    return fault(Fault::Kind::wrong_format, "",
                 parsed ? std::string("the body is no JSON object") : parsed.error().detail);
  }
  Parameters out;
  out.values = std::move(*parsed);
  return out;
}

Parsed<service::SendRequest> read_send_request(Parameters parameters) {
  service::SendRequest out;
  for (const char* required : {"to", "from", "subject"}) {
    if (is_absent(parameters.values.find(required))) return fault(Fault::Kind::missing, required);
  }
  auto to = parties(parameters, "to");
  auto cc = parties(parameters, "cc");
  auto bcc = parties(parameters, "bcc");
  for (const auto* list : {&to, &cc, &bcc}) {
    if (!*list) return std::unexpected(list->error());
  }
  out.to = std::move(*to);
  out.cc = std::move(*cc);
  out.bcc = std::move(*bcc);
  auto from = party(as_json(*parameters.values.find("from")), "from");
  if (!from) return std::unexpected(from.error());
  out.from = std::move(*from);
  if (const api::Json* reply = parameters.values.find("replyto"); !is_absent(reply)) {
    auto parsed = party(as_json(*reply), "replyto");
    if (!parsed) return std::unexpected(parsed.error());
    if (!parsed->address.empty()) out.reply_to = std::move(*parsed);
  }
  auto headers = header_list(parameters);
  if (!headers) return std::unexpected(headers.error());
  out.headers = std::move(*headers);
  out.envelope_from = parameters.text("envfrom");
  const std::string charset = ascii::to_upper(parameters.text("charset"));
  if (charset == "ISO-2022-JP") {
    out.charset = service::SendCharset::iso_2022_jp;
  } else if (!charset.empty() && charset != "UTF-8") {
    return fault(Fault::Kind::wrong_format, "charset", "it is UTF-8 or ISO-2022-JP");
  }
  out.subject = parameters.text("subject");
  if (characters(out.subject) > kSubjectCharactersMax) {
    return fault(Fault::Kind::too_long, "subject", std::to_string(kSubjectCharactersMax));
  }
  std::string text = parameters.text("text");
  std::string html = parameters.text("html");
  if (text.empty() && html.empty()) return fault(Fault::Kind::missing, "text");
  if (!text.empty()) out.text = std::move(text);
  if (!html.empty()) out.html = std::move(html);
  auto files = take_files(parameters);
  if (!files) return std::unexpected(files.error());
  out.files = std::move(*files);
  return out;
}

}  // namespace fumi::cmc
