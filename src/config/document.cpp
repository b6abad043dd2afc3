#include "config/document.h"

#include <algorithm>
#include <fstream>

#include "base/ascii.h"
#include "config/detail/toml.h"

namespace fumi::config {
namespace {

using detail::TomlAssertion;

constexpr std::size_t kFileOctetsMax = 1'048'576;
constexpr std::size_t kEntriesMax = 10'000;

std::unexpected<Error> refuse(const Origin& origin, std::string_view what) {
  return fail(Code::invalid, "reading the configuration",
              locate(origin) + ": " + std::string(what));
}

std::string toml_type(toml::node_type type) {
  switch (type) {
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::array:
      return "an array that is not of texts";
    default:
      return "a value of another type";
  }
}

Raw raw_of(const toml::node& node) {
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* array = node.as_array()) {
    std::vector<std::string> list;
    for (const toml::node& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) return Unusable{toml_type(toml::node_type::array)};
      list.push_back(text->get());
    }
    return list;
  }
  return Unusable{toml_type(node.type())};
}

// Recursion is bounded by toml++'s own limit on nested tables (TOML_MAX_NESTED_VALUES).
Status flatten(const toml::table& table, const std::string& prefix, const std::string& file,
               std::map<std::string, Entry, std::less<>>& out) {
  for (const auto& [key, node] : table) {
    const std::string name =
        prefix.empty() ? std::string(key.str()) : prefix + '.' + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      FUMI_CHECK(flatten(*inner, name, file, out));
      continue;
    }
    const Origin origin{Source::file, file, std::uint32_t(key.source().begin.line)};
    if (out.size() >= kEntriesMax) return refuse(origin, "too many options");
    // toml++ refuses a key given twice; this finds `"a.b".c` beside `a.b.c`.
    if (!out.emplace(name, Entry{raw_of(node), origin}).second) {
      return refuse(origin, name + " is set twice");
    }
  }
  return {};
}

// The line at which toml++ fails without saying where: the first whose inclusion makes it fail.
std::uint32_t failing_line(std::string_view toml) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; (at = toml.find('\n', at)) != std::string_view::npos;)
    ends.push_back(++at);
  const auto fails = [toml](std::size_t end) {
    try {
      (void)toml::parse(toml.substr(0, end));
    } catch (const TomlAssertion&) {
      return true;
    } catch (const toml::parse_error&) {  // the cut, in the middle of a value
    }
    return false;
  };
  const auto at = std::ranges::partition_point(ends, [&](std::size_t end) { return !fails(end); });
  return std::uint32_t(at - ends.begin()) + 1;
}

}  // namespace

std::string locate(const Origin& origin) {
  switch (origin.source) {
    case Source::file:
      return origin.file + ':' + std::to_string(origin.line);
    case Source::environment:
      return "environment " + origin.file;
    case Source::command_line:
      return "command line";
  }
  return "unknown place";
}

std::string_view type_name(const Raw& raw) {
  struct Visitor {
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(std::int64_t) const { return "a number"; }
    std::string_view operator()(const std::string&) const { return "a text"; }
    std::string_view operator()(const std::vector<std::string>&) const { return "a list"; }
    std::string_view operator()(const Text&) const { return "a text"; }
    std::string_view operator()(const Unusable& unusable) const { return unusable.type; }
  };
  return std::visit(Visitor{}, raw);
}

Result<Document> Document::parse(std::string_view toml, std::string file) {
  if (toml.size() > kFileOctetsMax) {
    return fail(Code::too_large, "reading the configuration", file + " is over 1 MiB");
  }
  Document document;
  try {
    const toml::table table = toml::parse(toml);
    FUMI_CHECK(flatten(table, {}, file, document.entries_));
  } catch (const toml::parse_error& error) {
    const Origin origin{Source::file, file, std::uint32_t(error.source().begin.line)};
    return refuse(origin, error.description());
  } catch (const TomlAssertion&) {
    return refuse({Source::file, file, failing_line(toml)}, "malformed key or table name");
  }
  return document;
}

Result<Document> Document::load(const std::filesystem::path& file) {
  const std::string doing = "reading the configuration";
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fail(Code::not_found, doing, file.string() + ": no such file");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return fail(Code::denied, doing, file.string() + ": not a readable regular file");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Code::denied, doing, file.string() + ": can't be opened");
  std::string text(kFileOctetsMax + 1, '\0');
  stream.read(text.data(), std::streamsize(text.size()));
  if (stream.bad()) return fail(Code::denied, doing, file.string() + ": can't be read");
  text.resize(std::size_t(stream.gcount()));
  return parse(text, file.string());
}

Status Document::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string name(ascii::trim(assignment.substr(0, equals)));
  if (equals == std::string_view::npos || name.empty()) {
    return fail(Code::invalid, "reading the command line",
                "expected name=value, got \"" + ascii::printable(assignment, 60) + '"');
  }
  const Origin origin{Source::command_line, {}, 0};
  Entry& entry = entries_[name];
  if (entry.origin == origin) {
    return fail(Code::conflict, "reading the command line", name + " is set twice");
  }
  entry = Entry{Text{std::string(ascii::trim(assignment.substr(equals + 1)))}, origin};
  return {};
}

void Document::set_from_environment(std::string_view name, std::string variable,
                                    std::string_view value) {
  Entry& entry = entries_[std::string(name)];
  if (entry.origin.source == Source::command_line) return;
  entry = Entry{Text{std::string(value)}, Origin{Source::environment, std::move(variable), 0}};
}

const Entry* Document::find(std::string_view name) const {
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : &at->second;
}

}  // namespace fumi::config
