#include "config/option.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace fumi::config {
namespace {

std::unexpected<Error> refuse(std::string detail) {
  return fail(Code::invalid, "reading an option", std::move(detail));
}

std::unexpected<Error> wrong_type(const OptionInfo& option, const Entry& entry) {
  return refuse("expected " + std::string(to_string(option.kind)) + ", got " +
                std::string(type_name(entry.raw)));
}

Result<Value> flag_of(const OptionInfo& option, const Entry& entry) {
  if (const auto* flag = std::get_if<bool>(&entry.raw)) return Value(*flag);
  const auto* text = std::get_if<Text>(&entry.raw);
  if (text == nullptr) return wrong_type(option, entry);
  for (const std::string_view yes : {"true", "on", "yes"}) {
    if (ascii::iequals(text->text, yes)) return Value(true);
  }
  for (const std::string_view no : {"false", "off", "no"}) {
    if (ascii::iequals(text->text, no)) return Value(false);
  }
  return refuse("expected true or false, got \"" + ascii::printable(text->text, 60) + '"');
}

Result<Value> integer_of(const OptionInfo& option, const Entry& entry) {
  if (const auto* number = std::get_if<std::int64_t>(&entry.raw)) return Value(*number);
  const auto* text = std::get_if<Text>(&entry.raw);
  if (text == nullptr) return wrong_type(option, entry);
  std::int64_t number = 0;
  const char* const end = text->text.data() + text->text.size();
  const auto parsed = std::from_chars(text->text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    return refuse("expected a whole number, got \"" + ascii::printable(text->text, 60) + '"');
  }
  return Value(number);
}

// A TOML string, or text from outside the file; null if it is neither.
const std::string* string_of(const Raw& raw) {
  if (const auto* quoted = std::get_if<std::string>(&raw)) return quoted;
  if (const auto* text = std::get_if<Text>(&raw)) return &text->text;
  return nullptr;
}

Result<Value> list_of(const OptionInfo& option, const Entry& entry) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&entry.raw)) return Value(*list);
  const auto* text = std::get_if<Text>(&entry.raw);
  if (text == nullptr) return wrong_type(option, entry);
  std::vector<std::string> list;
  for (const std::string_view part : ascii::split(text->text, ',')) {
    const std::string_view word = ascii::trim(part);
    if (!word.empty()) list.emplace_back(word);
  }
  return Value(std::move(list));
}

Result<Value> string_kind_of(const OptionInfo& option, const Entry& entry) {
  const std::string* text = string_of(entry.raw);
  if (text == nullptr) return wrong_type(option, entry);
  switch (option.kind) {
    case Kind::duration: {
      FUMI_TRY(Duration duration, parse_duration(*text));
      return Value(duration);
    }
    case Kind::bytes: {
      FUMI_TRY(ByteCount bytes, parse_bytes(*text));
      return Value(bytes);
    }
    case Kind::choice:
      if (std::ranges::find(option.choices, *text) == option.choices.end()) {
        return refuse("expected " + format_range(option) + ", got \"" +
                      ascii::printable(*text, 60) + '"');
      }
      return Value(*text);
    case Kind::path:
    case Kind::secret_file: {
      const std::filesystem::path path(*text);
      const bool from_file = entry.origin.source == Source::file;
      if (text->empty() || path.is_absolute() || !from_file) return Value(*text);
      return Value((std::filesystem::path(entry.origin.file).parent_path() / path).string());
    }
    default:
      return Value(*text);
  }
}

Result<Value> typed(const OptionInfo& option, const Entry& entry) {
  switch (option.kind) {
    case Kind::flag:
      return flag_of(option, entry);
    case Kind::integer:
      return integer_of(option, entry);
    case Kind::list:
      return list_of(option, entry);
    default:
      return string_kind_of(option, entry);
  }
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

}  // namespace

Result<Value> decode(const OptionInfo& option, const Entry& entry) {
  FUMI_TRY(Value value, typed(option, entry));
  if (option.range && (value < option.range->first || option.range->second < value)) {
    return refuse(format(value) + " is outside " + format_range(option));
  }
  return value;
}

Result<Value> effective(const OptionInfo& option, const Document& document) {
  const Entry* entry = document.find(option.name);
  if (entry == nullptr) return option.fallback;
  auto value = decode(option, *entry);
  if (value) return value;
  // A redacted option's error must not quote what was given.
  const bool quote = option.shown == Shown::clear;
  return fail(
      Code::invalid, "reading the configuration",
      locate(entry->origin) + ": " + option.name + ": " +
          (quote ? value.error().detail : "expected " + std::string(to_string(option.kind))));
}

std::string format(const Value& value) {
  struct Visitor {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(Duration duration) const { return format_duration(duration); }
    std::string operator()(ByteCount bytes) const { return format_bytes(bytes); }
    std::string operator()(const std::vector<std::string>& list) const {
      return list.empty() ? "[]" : "[\"" + joined(list, "\", \"") + "\"]";
    }
  };
  return std::visit(Visitor{}, value);
}

std::string format_redacted(const OptionInfo& option, const Value& value) {
  std::string text = format(value);
  if (option.shown == Shown::clear) return text;
  return text.empty() ? "(not set)" : "(set, not shown)";
}

std::string format_range(const OptionInfo& option) {
  if (!option.choices.empty()) return joined(option.choices, " | ");
  if (!option.range) return {};
  return format(option.range->first) + ".." + format(option.range->second);
}

std::string environment_name(std::string_view option_name) {
  std::string out = "FUMI_SET_";
  for (const char c : option_name)
    out += c == '.' ? '_' : ascii::upper(c);
  return out;
}

}  // namespace fumi::config
