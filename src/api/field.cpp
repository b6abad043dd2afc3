#include "api/field.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::api {
namespace {

std::unexpected<FieldProblem> problem(const FieldInfo& field, std::string what,
                                      std::string what_ja) {
  return std::unexpected(FieldProblem{field.name, std::move(what), std::move(what_ja)});
}

std::string bounds(const FieldInfo& field) {
  const bool open = field.max == std::numeric_limits<std::int64_t>::max();
  return open ? "at least " + std::to_string(field.min)
              : std::to_string(field.min) + " to " + std::to_string(field.max);
}

std::string bounds_ja(const FieldInfo& field) {
  const bool open = field.max == std::numeric_limits<std::int64_t>::max();
  return open ? std::to_string(field.min) + " 以上"
              : std::to_string(field.min) + " から " + std::to_string(field.max) + " まで";
}

bool within(std::int64_t value, const FieldInfo& field) {
  return value >= field.min && value <= field.max;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

// Takes exactly `digits` digits off the text.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!ascii::is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || ascii::upper(text[0]) != c) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+09:00": minutes east. nullopt: not a zone, or something behind it.
std::optional<int> take_zone(std::string_view& text) {
  if (take(text, 'Z')) return text.empty() ? std::optional(0) : std::nullopt;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return west ? -total : total;
}

}  // namespace

std::expected<std::string, FieldProblem> read_text(const Json& value, const FieldInfo& field) {
  const std::string* text = value.string();
  if (text == nullptr) return problem(field, "must be a string", "文字列で指定してください");
  if (!codec::is_utf8(*text)) return problem(field, "is not UTF-8", "UTF-8 ではありません");
  if (!within(std::int64_t(text->size()), field))
    return problem(field, "must have " + bounds(field) + " octets",
                   "長さ(バイト)は " + bounds_ja(field) + "です");
  const auto& choices = field.type.choices;
  if (!choices.empty() && std::ranges::find(choices, *text) == choices.end())
    return problem(field, "must be one of " + joined(choices),
                   "次のいずれかを指定してください: " + joined(choices));
  return *text;
}

std::expected<std::int64_t, FieldProblem> read_integer(const Json& value, const FieldInfo& field) {
  const std::int64_t* number = value.integer();
  if (number == nullptr) return problem(field, "must be a whole number", "整数で指定してください");
  if (!within(*number, field))
    return problem(field, "must be " + bounds(field), "値は " + bounds_ja(field) + "です");
  return *number;
}

std::expected<bool, FieldProblem> read_boolean(const Json& value, const FieldInfo& field) {
  if (const bool* flag = value.boolean()) return *flag;
  return problem(field, "must be true or false", "true または false で指定してください");
}

std::expected<std::int64_t, FieldProblem> read_micros(const Json& value, const FieldInfo& field) {
  const std::string* text = value.string();
  const auto micros = text ? parse_rfc3339_micros(*text) : std::nullopt;
  if (!micros)
    return problem(field, "must be a date-time such as 2026-11-23T01:02:03Z",
                   "2026-11-23T01:02:03Z の形式の日時で指定してください");
  return *micros;
}

std::expected<const JsonArray*, FieldProblem> read_array(const Json& value,
                                                         const FieldInfo& field) {
  const JsonArray* array = value.array();
  if (array == nullptr) return problem(field, "must be an array", "配列で指定してください");
  if (!within(std::int64_t(array->size()), field))
    return problem(field, "must have " + bounds(field) + " items",
                   "個数は " + bounds_ja(field) + "です");
  return array;
}

FieldStatus check_object(const Json& value, const SchemaInfo& schema) {
  const JsonObject* members = value.object();
  if (members == nullptr)
    return std::unexpected(
        FieldProblem{"", "must be a JSON object", "JSON オブジェクトで指定してください"});
  for (const JsonMember& member : *members) {
    const bool known = std::ranges::any_of(
        schema.fields, [&](const FieldInfo& field) { return field.name == member.name; });
    if (!known)
      return std::unexpected(FieldProblem{ascii::printable(member.name, 64), "is not known here",
                                          "この名前の項目はありません"});
  }
  for (const FieldInfo& field : schema.fields) {
    const Json* present = value.find(field.name);
    if (field.use == Use::required && (present == nullptr || present->is_null()))
      return problem(field, "is missing", "必須です");
  }
  return {};
}

Json typed_query(const std::vector<std::pair<std::string, std::string>>& parameters,
                 const SchemaInfo& schema) {
  Json out = JsonObject();
  for (const auto& [name, text] : parameters) {
    const auto field = std::ranges::find(schema.fields, name, &FieldInfo::name);
    Json value = text;
    if (field != schema.fields.end() && field->type.type == Type::integer) {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc() && end == text.data() + text.size()) value = number;
    } else if (field != schema.fields.end() && field->type.type == Type::boolean) {
      if (text == "true" || text == "false") value = text == "true";
    }
    out.set(name, std::move(value));
  }
  return out;
}

std::optional<std::int64_t> parse_rfc3339_micros(std::string_view text) {
  using namespace std::chrono;
  const auto y = take_number(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto m = take_number(text, 2);
  if (!m || !take(text, '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year(*y), month(unsigned(*m)), day(unsigned(*d))};
  if (!date.ok()) return std::nullopt;
  const sys_time<microseconds> midnight{sys_days(date)};
  if (text.empty()) return midnight.time_since_epoch().count();
  if (!take(text, 'T')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::int64_t fraction = 0;
  if (take(text, '.')) {
    std::int64_t unit = 100'000;
    std::size_t digits = 0;
    for (; !text.empty() && ascii::is_digit(text[0]); text.remove_prefix(1), unit /= 10, ++digits)
      fraction += (text[0] - '0') * unit;
    if (digits == 0) return std::nullopt;
  }
  const auto zone = take_zone(text);
  if (!zone) return std::nullopt;
  const auto at = midnight + hours(*hour) + minutes(*minute - *zone) + seconds(*second) +
                  microseconds(fraction);
  return at.time_since_epoch().count();
}

}  // namespace fumi::api
