#include "codec/json.h"

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::codec {
namespace {

Json convert(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return {};
    case boost::json::kind::bool_:
      return value.get_bool();
    case boost::json::kind::int64:
      return std::int64_t(value.get_int64());
    case boost::json::kind::uint64:
      return double(value.get_uint64());
    case boost::json::kind::double_:
      return value.get_double();
    case boost::json::kind::string:
      return std::string(value.get_string().data(), value.get_string().size());
    case boost::json::kind::array: {
      JsonArray out;
      out.reserve(value.get_array().size());
      for (const auto& each : value.get_array())
        out.push_back(convert(each));
      return out;
    }
    case boost::json::kind::object: {
      JsonObject out;
      out.reserve(value.get_object().size());
      for (const auto& each : value.get_object())
        out.push_back({std::string(each.key().data(), each.key().size()), convert(each.value())});
      return out;
    }
  }
  return {};
}

class Writer {
 public:
  Writer(Layout layout, Angles angles) : layout_(layout), angles_(angles) {}

  void value(const Json& json) {
    if (const bool* flag = json.boolean()) {
      out += *flag ? "true" : "false";
    } else if (const std::int64_t* number = json.integer()) {
      out += std::to_string(*number);
    } else if (const double* real = json.real()) {
      put_real(*real);
    } else if (const std::string* text = json.string()) {
      put_string(*text);
    } else if (const JsonArray* array = json.array()) {
      put_array(*array);
    } else if (const JsonObject* object = json.object()) {
      put_object(*object);
    } else {
      out += "null";
    }
  }
  std::string out;

 private:
  void put_real(double real) {
    if (!std::isfinite(real)) {
      out += "null";
      return;
    }
    std::array<char, 40> buffer{};
    const int octets = std::snprintf(buffer.data(), buffer.size(), "%.17g", real);
    out.append(buffer.data(), std::size_t(octets));
  }
  void put_string(std::string_view raw) {
    std::string repaired;
    if (!codec::is_utf8(raw)) {
      repaired = codec::to_valid_utf8(raw);
      raw = repaired;
    }
    out += '"';
    for (const char c : raw) {
      switch (c) {
        case '"':
          out += "\\\"";
          break;
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += "\\u00" + ascii::to_hex(std::string_view(&c, 1));
          else if (angles_ == Angles::escaped && (c == '<' || c == '>'))
            out += c == '<' ? "\\u003C" : "\\u003E";
          else
            out += c;
      }
    }
    out += '"';
  }
  void put_array(const JsonArray& array) {
    out += '[';
    ++depth_;
    bool first = true;
    for (const Json& each : array) {
      separate(first);
      value(each);
    }
    close(array.empty(), ']');
  }
  void put_object(const JsonObject& object) {
    out += '{';
    ++depth_;
    bool first = true;
    for (const JsonMember& each : object) {
      separate(first);
      put_string(each.name);
      out += layout_ == Layout::pretty ? ": " : ":";
      value(each.value);
    }
    close(object.empty(), '}');
  }
  void separate(bool& first) {
    if (!first) out += ',';
    first = false;
    new_line();
  }
  void close(bool empty, char bracket) {
    --depth_;
    if (!empty) new_line();
    out += bracket;
  }
  void new_line() {
    if (layout_ == Layout::pretty) out += '\n' + std::string(depth_ * 2, ' ');
  }

  Layout layout_;
  Angles angles_;
  std::size_t depth_ = 0;
};

}  // namespace

Json::Json() = default;
Json::Json(bool value) : value_(value) {}
Json::Json(std::int64_t value) : value_(value) {}
Json::Json(int value) : value_(std::int64_t(value)) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;
Json::Json(JsonArray value) : value_(std::move(value)) {}
Json::Json(JsonObject value) : value_(std::move(value)) {}

const Json* Json::find(std::string_view name) const {
  const JsonObject* members = object();
  if (members == nullptr) return nullptr;
  for (const JsonMember& member : *members)
    if (member.name == name) return &member.value;
  return nullptr;
}

Json* Json::find(std::string_view name) {
  return const_cast<Json*>(std::as_const(*this).find(name));
}

void Json::erase(std::string_view name) {
  if (JsonObject* members = object(); members != nullptr)
    std::erase_if(*members, [name](const JsonMember& member) { return member.name == name; });
}

bool Json::operator==(const Json& other) const { return value_ == other.value_; }

std::string_view Json::text(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || found->string() == nullptr) return {};
  return *found->string();
}

std::int64_t Json::number(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || found->integer() == nullptr) return 0;
  return *found->integer();
}

Json& Json::set(std::string name, Json value) {
  if (is_null()) value_ = JsonObject();
  JsonObject* members = object();
  if (members == nullptr) return *this;
  for (JsonMember& member : *members) {
    if (member.name != name) continue;
    member.value = std::move(value);
    return *this;
  }
  members->push_back({std::move(name), std::move(value)});
  return *this;
}

Result<Json> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  const boost::json::value value =
      boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return fail(Code::invalid, "reading JSON", error.message());
  return convert(value);
}

std::string write_json(const Json& value, Layout layout, Angles angles) {
  Writer writer(layout, angles);
  writer.value(value);
  return std::move(writer.out);
}

}  // namespace fumi::codec
